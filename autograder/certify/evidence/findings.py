"""What the data of a project say: before against after, with 95 % intervals, and what to be careful about."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.certify.evidence.interrupted import Fit, Interval, fit, segments
from autograder.certify.evidence.series import AFTER, BEFORE, Point, Series, pairs
from autograder.certify.evidence.sheet import PAIRED, SMALLER, Sheet
from linelab.estimate import Estimate

# With fewer pairs than six even the same sign in all of them is no rare chance: 2 · 0.5⁵ = 6 %.
LEAST_PAIRS = 6
# Points on each side of a change, as Penfold & Zhang ask for, "Use of interrupted time series analysis in
# evaluating health care quality improvements", Academic Pediatrics 13 (2013) S38-S44.
LEAST_POINTS = 8
ALIKE = 0.3  # ρ from which on the page says that successive values resemble each other
BETTER, WORSE, UNCLEAR, FEW = "better", "worse", "unclear", "few"
Note = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Findings:
    """What a comparison found.

    Attributes
    ----------
    kind : str
        Paired or interrupted.
    verdict : str
        `BETTER` or `WORSE` if the effect is distinguishable from chance, else `UNCLEAR`; `FEW` with too few
        data to say.
    before, after : float
        Means of the values of each period.
    counts : (int, int)
        Points before and after, or pairs twice.
    effect : Interval or None
        Paired: mean difference, after less before. Interrupted: how far the values after the change lie, on
        average, from the line before it, prolonged. None if it cannot be computed.
    level, slope : Interval or None
        Interrupted: the step at the change, and by how much the trend (per week) is another one since.
    trend : Interval or None
        The trend (per week) before the change.
    lines : dict
        Interrupted: period to the coefficients of its line, value at the change and trend per week.
    notes : list
        What to be careful about: keys of texts with their values.
    """

    kind: str
    verdict: str
    before: float
    after: float
    counts: tuple[int, int]
    effect: Interval | None = None
    level: Interval | None = None
    slope: Interval | None = None
    trend: Interval | None = None
    lines: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def compare(series: Series, sheet: Sheet) -> Findings:
    """Compare before and after in the way that the sheet says."""
    return _paired(series, sheet) if sheet.comparison == PAIRED else _interrupted(series, sheet)


def _paired(series: Series, sheet: Sheet) -> Findings:
    """Student's paired comparison: the mean of the pairs' differences, with its t interval."""
    whole, single = pairs(series.rows)
    notes: list[Note] = []
    if single:
        notes.append(("unpaired", {"count": len(single), "pairs": ", ".join(single[:8])}))
    differences = np.array([after - before for before, after in whole.values()])
    effect = None
    if len(differences) >= 2:
        found = Estimate(differences, sheet.unit)
        effect = Interval(found.mean, found.low, found.high)
    exact = effect is not None and effect.low == effect.high
    if exact:
        notes.append(("exact", {}))
    if len(differences) < LEAST_PAIRS:
        notes.append(("few_pairs", {"count": len(differences), "least": LEAST_PAIRS}))
    trend, line = _trend_before(series, sheet)
    if trend and trend.is_distinct:
        notes.append(("trend_paired", {}))
    before, after = (
        statistics.fmean(side) if side else math.nan
        for side in ([x[n] for x in whole.values()] for n in (0, 1))
    )
    return Findings(
        PAIRED,
        _verdict(effect, sheet, enough=len(differences) >= LEAST_PAIRS and not exact),
        before,
        after,
        (len(differences),) * 2,
        effect,
        trend=trend,
        lines=line,
        notes=tuple(notes + _periods(series)),
    )


def _interrupted(series: Series, sheet: Sheet) -> Findings:
    """Segmented regression, see `interrupted`."""
    points = series.points
    weeks, values, after = _arrays(points, sheet)
    counts = int(np.sum(after == 0)), int(np.sum(after == 1))
    notes: list[Note] = []
    enough = min(counts) >= LEAST_POINTS
    if not enough:
        notes.append(("few_points", {"before": counts[0], "after": counts[1], "least": LEAST_POINTS}))
    before, since = (
        statistics.fmean(p.value for p in points if p.period == period) for period in (BEFORE, AFTER)
    )
    if min(counts) < 3:
        return Findings(sheet.comparison, FEW, before, since, counts, notes=tuple(notes + _periods(series)))
    found = fit(segments(weeks, after), values)
    if found is None:
        notes.append(("exact", {}))
        return Findings(sheet.comparison, FEW, before, since, counts, notes=tuple(notes + _periods(series)))
    middle = float(np.mean(weeks[after == 1]))
    effect, level, slope, trend = (
        found.interval(np.array(terms, float))
        for terms in ([0, 0, 1, middle], [0, 0, 1, 0], [0, 0, 0, 1], [0, 1, 0, 0])
    )
    if trend.is_distinct:
        notes.append(("trend", {}))
    if found.rho >= ALIKE:
        notes.append(("alike", {"rho": found.rho}))
    return Findings(
        sheet.comparison,
        _verdict(effect, sheet, enough=enough),
        before,
        since,
        counts,
        effect,
        level,
        slope,
        trend,
        _lines(found),
        tuple(notes + _periods(series)),
    )


def _verdict(effect: Interval | None, sheet: Sheet, *, enough: bool) -> str:
    if effect is None or not enough:
        return FEW
    if not effect.is_distinct:
        return UNCLEAR
    return BETTER if (effect.mean < 0) == (sheet.better == SMALLER) else WORSE


def _arrays(points: list[Point], sheet: Sheet) -> tuple[Any, Any, Any]:
    weeks = np.array([(point.day - sheet.changed).days / 7 for point in points])
    after = np.array([float(point.period == AFTER) for point in points])
    return weeks, np.array([point.value for point in points]), after


def _trend_before(series: Series, sheet: Sheet) -> tuple[Interval | None, dict[str, tuple[float, float]]]:
    """The trend of the values before the change, if there are enough of them to say."""
    points = [point for point in series.points if point.period == BEFORE]
    if len(points) < LEAST_POINTS:
        return None, {}
    weeks, values, _ = _arrays(points, sheet)
    found = fit(np.column_stack([np.ones_like(weeks), weeks]), values)
    if found is None:
        return None, {}
    level, slope = found.weights @ found.coefficients
    return found.interval(np.array([0.0, 1.0])), {BEFORE: (float(level), float(slope))}


def _lines(found: Fit) -> dict[str, tuple[float, float]]:
    level, trend, step, bend = map(float, found.weights @ found.coefficients)
    return {BEFORE: (level, trend), AFTER: (level + step, trend + bend)}


def _periods(series: Series) -> list[Note]:
    """What is to be said of the days that are compared."""
    notes: list[Note] = []
    if series.left_out:
        notes.append(("left_out", {"count": series.left_out}))
    last = max(row.last for row in series.of(BEFORE))
    first = min(row.first for row in series.of(AFTER))
    if (first - last).days > 8:
        notes.append(("gap", {"days": (first - last).days - 1}))
    return notes
