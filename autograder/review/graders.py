"""How well two graders agree on texts that both marked, neither seeing the other's mark.

The measure is Cohen's weighted kappa with quadratic weights (J. Cohen, Weighted kappa, Psychological Bulletin
70, 1968, 213-220, DOI 10.1037/h0026256): one less the disagreement that is there over the disagreement that
two graders with the same habits would have by chance. Its interval is the percentile bootstrap's over answers
(B. Efron, R. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.markings import Marking, folded
from autograder.review.answers import Answer, reviewed, texts
from linelab.estimate import CONFIDENCE, Estimate

RESAMPLES = 4000
SEED = 1968
NEAR = 0.5  # half a level, or half a point of all points
THRESHOLD = 0.5  # points; two marks that differ by more, or by a whole level in a row, need to be settled
Values = NDArray[np.float64]
Pair = tuple[Marking, Marking]


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; infinitely wide when there is too little to tell."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Agreement:
    """How well two graders agree on one criterion, or on all points.

    Attributes
    ----------
    assignment, question : str
        Of which question.
    criterion : str
        Row of its rubric, in levels 0, ½, 1; empty for all points.
    graders : (str, str)
        Who; both empty for all pairs of graders together, when there are several.
    answers : int
        How many both marked.
    exact, near : float
        Share of them on which both gave the same, and differ by no more than `NEAR`.
    kappa : Interval or None
        Quadratic weighted kappa; None if it is not defined since both gave all of them one same mark.
    difference : Interval or None
        What the first named gives more on average, with its Student interval; None for all pairs together.
    """

    assignment: str
    question: str
    criterion: str
    graders: tuple[str, str]
    answers: int
    exact: float
    near: float
    kappa: Interval | None
    difference: Interval | None


def agreement(cohort: Any) -> list[Agreement]:
    """Agreement on all that was marked twice: by question, pair of graders and criterion, the points last.

    Parameters
    ----------
    cohort : Cohort or path
        Anything with a `path`, or the folder itself.
    """
    found: list[Agreement] = []
    for (assignment, question), answers in groupby(reviewed(cohort), lambda a: (a.assignment, a.question)):
        pairs = [pair for pair in map(_pair, answers) if pair is not None]
        sets: dict[tuple[str, ...], list[Pair]] = {}
        for pair in pairs:
            sets.setdefault(tuple(folded(marking.grader) for marking in pair), []).append(pair)
        named = [((both[0][0].grader, both[0][1].grader), both) for both in sets.values()]
        for graders, both in [*named, (("", ""), pairs)] if len(named) > 1 else named:
            for criterion in [*_criteria(assignment, question), ""]:
                values = _values(both, criterion)
                if values.size:
                    found.append(_agreement(assignment, question, criterion, graders, values))
    return found


def differing(answers: Sequence[Answer], threshold: float = THRESHOLD) -> list[Answer]:
    """Answers whose two marks differ by more than `threshold` points, or by a whole level in any row."""
    return [answer for answer in answers if _differs(answer, threshold)]


def weighted_kappa(one: Values, other: Values) -> Values:
    """Cohen's kappa with quadratic weights; nan where it is not defined.

    Parameters
    ----------
    one, other : ndarray, shape ``(…, answers)``
        What two graders gave. With quadratic weights both sums of the formula are moments of these, so that
        no table is needed: Σ w p₀ is the mean squared difference, Σ w pₑ that of two independent draws.
    """
    observed = np.mean((one - other) ** 2, axis=-1)
    by_chance = np.var(one, axis=-1) + np.var(other, axis=-1) + (one.mean(axis=-1) - other.mean(axis=-1)) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(by_chance > 1e-12, 1 - observed / by_chance, np.nan)


def _agreement(
    assignment: str, question: str, criterion: str, graders: tuple[str, str], values: Values
) -> Agreement:
    one, other = values
    gap = np.abs(one - other)
    return Agreement(
        assignment, question, criterion, graders,
        answers=len(gap),
        exact=float(np.mean(gap < 1e-9)),
        near=float(np.mean(gap < NEAR + 1e-9)),
        kappa=_kappa(one, other),
        difference=_difference(one - other) if any(graders) else None,
    )  # fmt: skip


def _kappa(one: Values, other: Values) -> Interval | None:
    value = float(weighted_kappa(one, other))
    if np.isnan(value):
        return None
    random = np.random.Generator(np.random.PCG64(SEED))
    draws = (random.integers(len(one), size=(200, len(one))) for _ in range(RESAMPLES // 200))
    again = np.concatenate([weighted_kappa(one[draw], other[draw]) for draw in draws])
    # a resample in which all got one same mark says that they agree
    again = np.where(np.isnan(again), 1.0, again)
    low, high = np.quantile(again, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value, float(low), float(high)) if len(one) > 1 else Interval(value, -np.inf, np.inf)


def _difference(differences: Values) -> Interval:
    estimate = Estimate(differences, "1")
    return Interval(estimate.mean, estimate.low, estimate.high)


def _pair(answer: Answer) -> Pair | None:
    """Both marks, in the order of the graders' names, so that a pair of graders has one direction."""
    if answer.first is None or answer.second is None:
        return None
    one, other = sorted((answer.first, answer.second), key=lambda m: folded(m.grader))
    return one, other


def _criteria(assignment: str, question: str) -> Iterator[str]:
    return (row.id for q in texts(assignment) if q.id == question for row in q.rubric)


def _values(pairs: Sequence[Pair], criterion: str) -> Values:
    """What both gave, shape ``(2, answers)``; a mark in points alone says nothing of a criterion."""
    if criterion:
        rows = [[m.levels[criterion] for m in pair if criterion in m.levels] for pair in pairs]
        both = [row for row in rows if len(row) == 2]
    else:
        both = [[m.points or 0.0 for m in pair] for pair in pairs]
    return np.array(both, dtype=float).T


def _differs(answer: Answer, threshold: float) -> bool:
    one, other = answer.first, answer.second
    if one is None or other is None:
        return False
    if abs((one.points or 0.0) - (other.points or 0.0)) > threshold + 1e-9:
        return True
    return any(abs(share - other.levels.get(row, share)) > 1 - 1e-9 for row, share in one.levels.items())
