"""The labs: each is a case and its levers, opened by name in a page, a notebook or JupyterLite."""

from __future__ import annotations

from importlib import import_module
from typing import Any

LABS = ("lab01",)


def module(name: str) -> Any:
    """The module of a lab; ValueError names those there are."""
    if name not in LABS:
        raise ValueError(f"lab: {name!r} is unknown; there are {', '.join(LABS)}")
    return import_module(f"linelab.apps.{name}")


def open_lab(name: str, lang: str = "vi") -> Any:
    """The lab as an ipywidgets widget, in the language asked for.

    Parameters
    ----------
    name : str
        Such as ``"lab01"``.
    lang : {"vi", "en"}
        Language of every label.
    """
    return module(name).panel(lang).widget
