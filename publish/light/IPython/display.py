"""What ipywidgets imports from IPython.display; a lab in the page shows widgets only."""

from __future__ import annotations


def display(*objects: object, **options: object) -> None:
    """Nothing outside the lab's widget is shown."""
    raise RuntimeError("a lab in the page shows its widget only; put the output into a widget")


def clear_output(wait: bool = False) -> None:
    """There is no output to clear."""
