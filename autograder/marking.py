"""The words that hidden tests are written in.

Each function marks one answer, says why in both languages, and gives the points: the last line of a test
cell, which nbgrader reads as partial credit. Reasons teach; they never tell the expected value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from autograder.plan import judge_model, judge_plan, measured
from autograder.records import Reason
from linelab.cases import Case

MISSING = {"vi": "Chưa có câu trả lời nào được ghi.", "en": "No answer was recorded."}
RIGHT = {"vi": "Đúng.", "en": "Right."}
WRONG = {"vi": "Chưa đúng.", "en": "Not right."}

__all__ = ["collecting", "expecting", "mark_choice", "mark_model", "mark_number", "mark_plan", "measured"]
_collected: ContextVar[list[Reason] | None] = ContextVar("reasons", default=None)
_expected: ContextVar[list[float] | None] = ContextVar("expected", default=None)


@contextmanager
def collecting() -> Iterator[list[Reason]]:
    """Gather the reasons that are given inside the block."""
    reasons: list[Reason] = []
    token = _collected.set(reasons)
    try:
        yield reasons
    finally:
        _collected.reset(token)


@contextmanager
def expecting() -> Iterator[list[float]]:
    """Gather the numbers that the tests inside the block expect; for the instructor's eyes alone."""
    expected: list[float] = []
    token = _expected.set(expected)
    try:
        yield expected
    finally:
        _expected.reset(token)


def mark_number(
    value: Any,
    expected: float,
    *,
    rel: float = 0.0,
    abs_: float = 0.0,
    points: float,
    reason: Mapping[str, str],
) -> float:
    """Mark a number: all points within the tolerance, else none.

    Parameters
    ----------
    value : number or None
        The recorded answer.
    expected : float
        What it should be.
    rel, abs_ : float
        Tolerance as a share of `expected`, and as such; the wider one counts.
    points : float
        What the question is worth.
    reason : {"vi": str, "en": str}
        What the question teaches; shown with every verdict.
    """
    if not math.isfinite(expected):
        raise ValueError(f"the expected value is {expected}: the test or the case is wrong")
    wanted = _expected.get()
    if wanted is not None:
        wanted.append(float(expected))
    if value is None:
        return _give(0.0, points, MISSING, reason)
    number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    # a last place more, so that a value on the edge of the tolerance is in
    tolerance = max(rel * abs(expected), abs_) + 1e-12 * abs(expected)
    right = number and abs(value - expected) <= tolerance
    return _give(points if right else 0.0, points, RIGHT if right else WRONG, reason)


def mark_choice(value: Any, expected: str, *, points: float, reason: Mapping[str, str]) -> float:
    """Mark a choice: all points if it is the expected one, else none."""
    if value is None:
        return _give(0.0, points, MISSING, reason)
    right = isinstance(value, str) and value == expected
    return _give(points if right else 0.0, points, RIGHT if right else WRONG, reason)


def mark_plan(case: Case, plan: Any, seeds: Sequence[int], *, points: float) -> float:
    """Mark a plan by simulating it: points by the share of the attainable gain, to a tenth of a point."""
    verdict = judge_plan(case, plan, seeds)
    return _give(round(points * verdict.share, 1), points, None, verdict.reason)


def mark_model(case: Case, plan: Any, seeds: Sequence[int], *, points: float) -> float:
    """Mark a corrected model: points by the share of its figures that agree with the plant.

    Parameters
    ----------
    case : Case
        The trainee's variant; its `plant` and `claim` say what to agree with, and in which situations.
    plan : dict or None
        The recorded settings of the model.
    seeds : sequence of int
        Hidden seeds.
    points : float
        What the question is worth; given to a tenth of a point.
    """
    verdict = judge_model(case, plan, seeds)
    return _give(round(points * verdict.share, 1), points, None, verdict.reason)


def _give(points: float, most: float, verdict: Mapping[str, str] | None, reason: Mapping[str, str]) -> float:
    said: Reason = {"points": float(points), "max": float(most)}
    for language in ("vi", "en"):
        said[language] = f"{verdict[language]} {reason[language]}" if verdict else reason[language]
    collected = _collected.get()
    if collected is not None:
        collected.append(said)
    return float(points)
