# ruff: noqa: N999 (the name is what ipywidgets imports)
"""Stands for IPython where there is none: in a lab in the page, which has no shell and no notebook.

ipywidgets imports IPython, and uses it only to find the shell that it runs in. The real one costs a lab
4 MB and a second; JupyterLite has the real one.
"""

from __future__ import annotations

version_info = (8, 23, 0)


def get_ipython() -> None:
    """There is no shell here."""
    return None
