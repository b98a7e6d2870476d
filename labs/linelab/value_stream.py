"""The current state of a line as a value-stream map: stations, what waits between them, and the time ladder.

The picture follows Rother & Shook, *Learning to See*: a data box a station, a triangle where goods wait, and
below them a line that steps up for waiting and down for work.
"""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle

from linelab.cases import Case
from linelab.plots import INK, img
from linelab.results import Run
from linelab.texts import number, text

WAIT, WORK = "#8C7AA9", "#009E73"
STEP, WIDTH = 2.14, 1.06  # from one station to the next, and the width of a station's box


def value_stream_figure(case: Case, run: Run, language: str) -> Figure:
    """Draw the map of `run`, with the words of `case`.

    Parameters
    ----------
    case : Case
        For the words.
    run : Run
        A simulation of the line as it stands.
    language : {"vi", "en"}
        Of the labels.
    """
    figure = Figure(figsize=(6.6, 3.5))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    for j in range(len(run.stations)):
        _station(axes, case, run, j, language)
    for j in range(len(run.line.buffers)):
        _lane(axes, case, run, j, language)
    _ladder(axes, run, language)
    axes.set_xlim(-0.12, (len(run.stations) - 1) * STEP + WIDTH + 0.12)
    axes.set_ylim(-2.28, 1.56)
    axes.set_axis_off()
    return figure


def describe_value_stream(case: Case, run: Run, language: str) -> str:
    """The map in words, for readers who cannot see it."""
    said = []
    for j, station in enumerate(run.line.stations):
        said.append(f"{case.station_labels[station.name][language]} C/T {_time(run, j, language)}")
        if j < len(run.line.buffers):
            said.append(f"{_level(case, run, j, language)}, {_wait(run, j, language)}")
    return f"{text('map.title', language)}: " + " → ".join(said)


def value_stream_html(case: Case, run: Run, language: str, *, caption: str = "") -> str:
    """The map for a page."""
    said = describe_value_stream(case, run, language)
    return img(value_stream_figure(case, run, language), said, caption=caption)


def _time(run: Run, j: int, language: str) -> str:
    return f"{number(run.line.stations[j].process_time.average, language, 0)} s"


def _level(case: Case, run: Run, lane: int, language: str) -> str:
    return f"{number(run.lane_level(lane).mean, language, 0)} {case.parts[language]}"


def _wait(run: Run, lane: int, language: str) -> str:
    minutes = number(run.lane_wait(lane).mean / 60, language, 0)
    return f"{minutes} {text('unit.minutes', language)}"


def _station(axes: Axes, case: Case, run: Run, j: int, language: str) -> None:
    x, station, ran = j * STEP, run.line.stations[j], run.stations[j]
    bottleneck = station.name == run.bottleneck
    axes.add_patch(Rectangle((x, 0.96), WIDTH, 0.36, facecolor="#e6ebf0", edgecolor=INK, linewidth=1))
    axes.add_patch(
        Rectangle((x, 0), WIDTH, 1.32, fill=False, edgecolor=INK, linewidth=3 if bottleneck else 1)
    )
    middle = x + WIDTH / 2
    name = case.station_labels[station.name][language]
    axes.text(middle, 1.14, name, ha="center", va="center", fontsize=10, fontweight="bold", color=INK)
    box = (
        f"C/T {_time(run, j, language)}",
        f"A {number(100 * station.availability, language, 0)} %",
        f"u {number(100 * ran.utilisation.mean, language, 0)} %",
    )
    for row, line in enumerate(box):
        axes.text(middle, 0.78 - 0.29 * row, line, ha="center", va="center", fontsize=9, color=INK)
    if bottleneck:
        label = text("figure.bottleneck", language)
        axes.text(middle, 1.38, label, ha="center", va="bottom", fontsize=9, fontweight="bold", color=INK)


def _lane(axes: Axes, case: Case, run: Run, j: int, language: str) -> None:
    middle = j * STEP + WIDTH + (STEP - WIDTH) / 2
    triangle = [(middle - 0.3, 0.62), (middle + 0.3, 0.62), (middle, 1.2)]
    axes.add_patch(Polygon(triangle, facecolor=WAIT, alpha=0.35, edgecolor=INK, linewidth=1))
    axes.text(middle, 0.76, "I", ha="center", va="center", fontsize=9, fontweight="bold", color=INK)
    axes.text(middle, 0.5, _level(case, run, j, language), ha="center", va="center", fontsize=9, color=INK)
    axes.add_patch(
        FancyArrowPatch((middle - 0.44, 0.28), (middle + 0.44, 0.28), arrowstyle="-|>", mutation_scale=11,
                        color=INK, linewidth=1.4)
    )  # fmt: skip
    lot = text("figure.lot", language, lot=run.line.buffers[j].transfer_lot)
    axes.text(middle, 0.08, lot, ha="center", va="center", fontsize=9, color=INK)


def _ladder(axes: Axes, run: Run, language: str) -> None:
    high, low, last = -0.62, -1.12, len(run.stations) - 1
    xs, ys = [], []
    for j in range(last + 1):
        xs += [j * STEP, j * STEP + WIDTH]
        ys += [low, low]
        axes.plot(xs[-2:], ys[-2:], color=WORK, linewidth=4, solid_capstyle="butt")
        middle = j * STEP + WIDTH / 2
        axes.text(middle, low - 0.1, _time(run, j, language), ha="center", va="top", fontsize=9.5, color=INK)
        if j < last:
            edge = (j * STEP + WIDTH, (j + 1) * STEP)
            xs += edge
            ys += [high, high]
            axes.plot(edge, [high, high], color=WAIT, linewidth=4, solid_capstyle="butt")
            axes.text(sum(edge) / 2, high + 0.08, _wait(run, j, language), ha="center", va="bottom",
                      fontsize=10.5, fontweight="bold", color=INK)  # fmt: skip
    axes.plot(xs, ys, color=INK, linewidth=0.9)
    ct, t0 = run.lead_time, run.line.raw_process_time
    minutes = text("unit.minutes", language)
    sums = (
        f"CT = {number(ct.mean / 60, language)} ± {number(ct.half_width / 60, language)} {minutes}",
        f"$T_0$ = {number(t0 / 60, language)} {minutes}",
        f"PCE = $T_0$/CT = {number(100 * t0 / ct.mean, language)} %",
    )
    axes.text(0, -1.82, "      ".join(sums), va="center", fontsize=10.5, fontweight="bold", color=INK)
    axes.text(0, -2.12, text("map.legend", language), va="center", fontsize=9, color=INK)
