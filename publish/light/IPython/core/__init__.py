# ruff: noqa: N999 (the name is what ipywidgets imports)
"""Only `interactiveshell`."""
