"""The picture of a project's data: values over time, the day of the change, and the lines of both periods."""

from __future__ import annotations

import math
from datetime import date, timedelta
from html import escape

from autograder.certify.evidence.findings import Findings
from autograder.certify.evidence.series import AFTER, BEFORE, Series
from autograder.certify.evidence.sheet import Sheet
from linelab.texts import number

WIDTH, HEIGHT, LEFT, FOOT, HEAD = 640, 260, 56, 26, 12

STYLE = """
ul.boxes { list-style: none; padding-left: 0; }
figure { margin: .8rem 0; }
figure svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font-size: 12px; }
svg .axis { stroke: var(--line); }
svg .change { stroke: var(--part); stroke-width: 2; }
svg circle.before { fill: none; stroke: var(--bar); stroke-width: 1.5; }
svg circle.after { fill: var(--bar); }
svg .fit { stroke: var(--ink); stroke-width: 2; }
svg .prolonged { stroke: var(--ink); stroke-dasharray: 6 5; }
"""


def chart(series: Series, sheet: Sheet, findings: Findings, title: str, language: str) -> str:
    """The picture as HTML; `title` says in words what it shows."""
    points = series.points
    days = [point.day for point in points]
    first, last = min(*days, sheet.changed), max(*days, sheet.changed)
    drawn = _lines(sheet, findings, series)
    values = [point.value for point in points] + [y for _, (_, y1), (_, y2) in drawn for y in (y1, y2)]
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    low, high = low - 0.06 * spread, high + 0.06 * spread

    def x(day: date) -> float:
        share = (day - first).days / max((last - first).days, 1)
        return LEFT + 8 + share * (WIDTH - LEFT - 16)

    def y(value: float) -> float:
        return HEAD + (high - value) / (high - low) * (HEIGHT - HEAD - FOOT)

    digits = min(max(2 - math.floor(math.log10(spread)), 0), 6)
    parts = [
        f'<line class="axis" x1="{LEFT}" y1="{HEIGHT - FOOT}" x2="{WIDTH}" y2="{HEIGHT - FOOT}"/>',
        f'<line class="change" x1="{x(sheet.changed):.1f}" y1="{HEAD}" x2="{x(sheet.changed):.1f}" '
        f'y2="{HEIGHT - FOOT}"/>',
    ]
    for value in (low + 0.06 * spread, high - 0.06 * spread):
        shown = number(value, language, digits)
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{shown}</text>')
    for day, anchor in ((first, "start"), (sheet.changed, "middle"), (last, "end")):
        parts.append(f'<text x="{x(day):.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{day:%d/%m}</text>')
    for css, (day1, y1), (day2, y2) in drawn:
        parts.append(
            f'<line class="{css}" x1="{x(day1):.1f}" y1="{y(y1):.1f}" x2="{x(day2):.1f}" y2="{y(y2):.1f}"/>'
        )
    for point in points:
        parts.append(
            f'<circle class="{point.period}" cx="{x(point.day):.1f}" cy="{y(point.value):.1f}" r="3.5"/>'
        )
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg><figcaption>{escape(title)}</figcaption></figure>"
    )


End = tuple[date, float]


def _lines(sheet: Sheet, findings: Findings, series: Series) -> list[tuple[str, End, End]]:
    """Each period's line from its first to its last day, and the one before the change, prolonged."""
    ends = {}
    for period in (BEFORE, AFTER):
        days = [row.first for row in series.of(period)]
        ends[period] = min(days), max(days)

    def at(period: str, day: date) -> End:
        level, trend = findings.lines[period]
        return day, level + trend * (day - sheet.changed) / timedelta(weeks=1)

    found = [("fit", at(period, ends[period][0]), at(period, ends[period][1])) for period in findings.lines]
    if AFTER in findings.lines:
        found.append(("prolonged", at(BEFORE, ends[BEFORE][1]), at(BEFORE, ends[AFTER][1])))
    return found
