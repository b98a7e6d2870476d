"""Figures of a run, with labels in the reader's language. Colours come with patterns, for everyone's eyes."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle

from linelab.cases import Case
from linelab.results import Run
from linelab.tally import STATES
from linelab.texts import number, text

# Okabe & Ito's palette for colour-blind readers, and a hatch for those who see none of it
COLOURS = {
    "working": "#009E73",
    "starved": "#BBD9EE",
    "blocked": "#E69F00",
    "down": "#D55E00",
    "stopped": "#CC79A7",
    "changeover": "#0072B2",
    "waiting": "#F0E442",
    "maintenance": "#999999",
    "off": "#FFFFFF",
}
HATCHES = {
    "working": "",
    "starved": "..",
    "blocked": "//",
    "down": "xx",
    "stopped": "++",
    "changeover": "\\\\",
    "waiting": "oo",
    "maintenance": "--",
    "off": "",
}
USUAL = STATES[:4]  # shown in every figure; the others where they occur
INK = "#1f2933"


def states_of(run: Run) -> list[str]:
    """The states to show: the usual ones, and those that some station of the run was in."""
    return [s for s in STATES if s in USUAL or any(x.states[s].mean > 0 for x in run.stations)]


def line_figure(case: Case, runs: Mapping[str, Run], language: str) -> Figure:
    """The line as it stands: a row for each run, stations with their states and lanes with what lies in them.

    Parameters
    ----------
    case : Case
        For the words.
    runs : mapping of str to Run
        Row title to run; at most two rows are readable.
    language : {"vi", "en"}
        Of the labels.
    """
    figure = Figure(figsize=(9.2, 2.35 * len(runs) + 0.45), layout="constrained")
    rows = figure.subplots(len(runs), 1, squeeze=False)[:, 0]
    for axes, (title, run) in zip(rows, runs.items(), strict=True):
        _draw_line(axes, case, run, language)
        axes.set_title(title, loc="left", fontsize=11, fontweight="bold", color=INK)
    shown = [s for s in STATES if any(s in states_of(run) for run in runs.values())]
    keys = [
        Patch(facecolor=COLOURS[s], hatch=HATCHES[s], edgecolor=INK, label=text(f"state.{s}", language))
        for s in shown
    ]
    columns = min(len(keys), 5)
    figure.legend(handles=keys, loc="outside lower center", ncols=columns, frameon=False, fontsize=9.5)
    return figure


def _draw_line(axes: Axes, case: Case, run: Run, language: str) -> None:
    step, width, height = 2.0, 0.9, 1.0
    bottleneck = run.bottleneck
    for j, station in enumerate(run.stations):
        x, y = j * step, 0.0
        for state in states_of(run):
            share = station.states[state].mean
            axes.add_patch(
                Rectangle(
                    (x, y),
                    width,
                    share * height,
                    facecolor=COLOURS[state],
                    hatch=HATCHES[state],
                    edgecolor="white" if state != "starved" else "#6b7c8c",
                    linewidth=0.4,
                )
            )
            y += share * height
        is_bottleneck = station.name == bottleneck
        axes.add_patch(
            Rectangle((x, 0), width, height, fill=False, edgecolor=INK, linewidth=3 if is_bottleneck else 1.2)
        )
        axes.text(
            x + width / 2, height + 0.09, case.station_labels[station.name][language],
            ha="center", va="bottom", fontsize=11, fontweight="bold", color=INK,
        )  # fmt: skip
        under = f"{100 * station.utilisation.mean:.0f} %"
        if is_bottleneck:
            under += f"\n{text('figure.bottleneck', language)}"
        axes.text(x + width / 2, -0.09, under, ha="center", va="top", fontsize=9.5, color=INK)
    for j, lane in enumerate(run.line.buffers):
        left, room = j * step + width + 0.12, step - width - 0.24
        level = run.lane_level(j).mean
        axes.add_patch(FancyArrowPatch((left - 0.1, 0.22), (left + room + 0.1, 0.22), arrowstyle="-|>",
                                       mutation_scale=11, color=INK, linewidth=1.2))  # fmt: skip
        axes.add_patch(Rectangle((left, 0.34), room, 0.3, facecolor="white", edgecolor=INK, linewidth=1))
        if lane.capacity:
            share = min(level / lane.capacity, 1.0)
            axes.add_patch(Rectangle((left, 0.34), room * share, 0.3, facecolor="#8C7AA9", linewidth=0))
        places = text("figure.places", language, level=number(level, language, 0), capacity=lane.capacity)
        axes.text(left + room / 2, 0.7, places, ha="center", va="bottom", fontsize=9, color=INK)
        lot = text("figure.lot", language, lot=lane.transfer_lot)
        axes.text(left + room / 2, 0.13, lot, ha="center", va="top", fontsize=9, color=INK)
    axes.set_xlim(-0.15, (len(run.stations) - 1) * step + width + 0.15)
    axes.set_ylim(-0.5, 1.35)
    axes.set_axis_off()


def svg(figure: Figure) -> bytes:
    """The figure as SVG; the same figure gives the same bytes."""
    out = io.BytesIO()
    with rc_context({"svg.hashsalt": "linelab", "hatch.linewidth": 0.6}):
        figure.savefig(out, format="svg", facecolor="white", metadata={"Date": None})
    return out.getvalue()


def img(figure: Figure, alt: str, *, caption: str = "") -> str:
    """The figure as an HTML image that needs no file, with its alternative text and, if given, a caption.

    On a phone it scrolls sideways rather than shrink until its words cannot be read.
    """
    data = base64.b64encode(svg(figure)).decode()
    shown = (
        '<div style="overflow-x:auto" tabindex="0">'
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/svg+xml;base64,{data}" '
        'style="width:100%;min-width:34rem;height:auto;background:#fff;border-radius:6px"></div>'
    )
    if not caption:
        return shown
    return f'<figure class="course-figure">{shown}<figcaption>{html.escape(caption)}</figcaption></figure>'


def describe(case: Case, run: Run, language: str) -> str:
    """What the line figure shows, in words, for readers who cannot see it."""
    said = []
    for station in run.stations:
        shares = ", ".join(
            f"{text(f'state.{s}', language).lower()} {100 * station.states[s].mean:.0f} %"
            for s in states_of(run)
        )
        said.append(f"{case.station_labels[station.name][language]}: {shares}")
    name = case.station_labels[run.bottleneck][language]
    said.append(f"{text('figure.bottleneck', language)}: {name}")
    return f"{text('figure.line', language)}. " + "; ".join(said)
