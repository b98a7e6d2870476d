"""Week 1: read the colour-box packaging line; smaller transfer lots and FIFO lanes."""

from __future__ import annotations

from matplotlib.figure import Figure

from linelab.cases import load
from linelab.experiment import simulate
from linelab.plots import line_figure
from linelab.texts import text
from linelab.widgets import LabPanel


def panel(language: str) -> LabPanel:
    return LabPanel(load("w01"), language)


def still(language: str) -> Figure:
    """The picture that stands in the page before the lab is started, and in print."""
    case = load("w01")
    run = simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=100, seed=2026)
    return line_figure(case, {text("lab.today", language): run}, language)
