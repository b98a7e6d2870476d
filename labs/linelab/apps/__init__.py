"""The labs: each is a case, its levers and its questions, opened by name in a page or a notebook."""

from __future__ import annotations

from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from linelab.cases import Case
from linelab.widgets.lab import Lab
from linelab.widgets.session import Session

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def names() -> list[str]:
    """Ids of the labs, in order."""
    return sorted(f.name.split(".")[0] for f in files(__package__).iterdir() if f.name.startswith("lab"))


def lab(name: str) -> Lab:
    """The lab of that id; ValueError names those there are."""
    if name not in names():
        raise ValueError(f"lab: {name!r} is unknown; there are {', '.join(names())}")
    found: Lab = import_module(f"linelab.apps.{name}").LAB
    return found


def session(name: str, lang: str = "vi", case: Case | None = None) -> Session:
    """A lab at work, for a page that shows its messages."""
    return Session(lab(name), lang, case)


def open_lab(which: str | Lab, lang: str = "vi", case: Case | None = None) -> Any:
    """The lab as a widget, in a notebook.

    Parameters
    ----------
    which : str or Lab
        Such as ``"lab01"``, or a lab of one's own.
    lang : {"vi", "en"}
        Language of every label.
    case : Case, optional
        A variant of the lab's case, such as a trainee's own.
    """
    from linelab.widgets.widget import LabWidget  # not in the page: it needs ipywidgets

    return LabWidget(Session(lab(which) if isinstance(which, str) else which, lang, case))


def still(name: str, lang: str) -> tuple[Figure, str]:
    """The picture that stands in the page before the lab is started, and in print; and what it shows."""
    from linelab.experiment import simulate
    from linelab.plots import describe, line_figure
    from linelab.texts import text

    case = lab(name).case
    run = simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=100, seed=2026)
    return line_figure(case, {text("lab.today", lang): run}, lang), describe(case, run, lang)
