"""Item analysis: how hard each question was, and whether it tells strong from weak, with intervals.

Difficulty
    Mean share of the points, with Wilson's score interval (Wilson 1927,
    https://doi.org/10.1080/01621459.1927.10502953). Partial credit scatters less than all-or-nothing with
    the same mean, so the interval is on the safe side.
Corrected item-total correlation
    Pearson's r between the points of the question and those of all *other* questions; with the question in
    its own total r would be too large (Henrysson 1963, https://doi.org/10.1007/BF02289618). Interval by
    Fisher's z = atanh r ± 1.96 / √(n − 3).
Upper-lower index
    Mean share in the best 27 % less that in the weakest 27 %, by the points of the other questions
    (Kelley 1939, https://doi.org/10.1037/h0057123). Interval by Newcombe's method 10 (Newcombe 1998,
    Statistics in Medicine 17, 873–890).

Below `LEAST` or `LEAST_GROUPS` marked hand-ins the figure is not given: its interval would hold nearly all
that is possible.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Z = 1.959964  # 95 %
LEAST = 10  # hand-ins for a correlation: ± 0.6 at most
LEAST_GROUPS = 20  # hand-ins for groups of five
SHARE = 0.27


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval and the number of hand-ins that it rests on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Item:
    """A question: `difficulty` as mean share of the points; None for what cannot be said.

    Attributes
    ----------
    question : str
        Its id.
    difficulty : Figure or None
        None if nobody's answer is marked.
    correlation : Figure or None
        None below `LEAST` whole hand-ins, or if all got the same.
    upper_lower : Figure or None
        None below `LEAST_GROUPS` whole hand-ins.
    whole : int
        Hand-ins that are marked in all their questions.
    """

    question: str
    difficulty: Figure | None
    correlation: Figure | None
    upper_lower: Figure | None
    whole: int


def analyse(points: Sequence[Mapping[str, float | None]], most: Mapping[str, float]) -> list[Item]:
    """Analyse the questions of an assignment.

    Parameters
    ----------
    points : sequence of mapping
        For each hand-in, question to points; None where a person still has to mark.
    most : mapping
        Question to what it is worth, in the order wanted.
    """
    whole = [p for p in points if all(p.get(q) is not None for q in most)]
    table = np.array([[float(p[q] or 0.0) for q in most] for p in whole]).reshape(len(whole), len(most))
    found = []
    for column, (question, worth) in enumerate(most.items()):
        marked = [p[question] for p in points if p.get(question) is not None]
        shares = [float(x or 0.0) / worth for x in marked] if worth else []
        own = table[:, column]
        rest = table.sum(axis=1) - own
        found.append(
            Item(
                question,
                wilson(sum(shares) / len(shares), len(shares)) if shares else None,
                correlation(own, rest),
                upper_lower(own / worth, rest) if worth else None,
                len(whole),
            )
        )
    return found


def wilson(share: float, n: int) -> Figure:
    """A mean share of `n` hand-ins with Wilson's score interval."""
    z2 = Z * Z / n
    middle = (share + z2 / 2) / (1 + z2)
    half = Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n)) / (1 + z2)
    return Figure(share, max(middle - half, 0.0), min(middle + half, 1.0), n)


def correlation(x: np.ndarray, y: np.ndarray) -> Figure | None:
    """Pearson's r with Fisher's interval; None for fewer than `LEAST` or without any spread."""
    n = len(x)
    if n < LEAST or float(np.ptp(x)) < 1e-9 or float(np.ptp(y)) < 1e-9:
        return None
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1.0, 1.0))
    if abs(r) > 1 - 1e-12:
        return Figure(r, r, r, n)
    z, half = math.atanh(r), Z / math.sqrt(n - 3)
    return Figure(r, math.tanh(z - half), math.tanh(z + half), n)


def upper_lower(shares: np.ndarray, by: np.ndarray) -> Figure | None:
    """Mean share in the best 27 % less that in the weakest 27 % by `by`, with Newcombe's interval."""
    n = len(shares)
    if n < LEAST_GROUPS:
        return None
    size = round(SHARE * n)
    return difference(wilson(_top(shares, by, size), size), wilson(_top(shares, -by, size), size), n)


def difference(one: Figure, other: Figure, n: int) -> Figure:
    """Newcombe's interval for one mean share less another, out of their own Wilson intervals."""
    value = one.value - other.value
    down = math.hypot(one.value - one.low, other.high - other.value)
    up = math.hypot(one.high - one.value, other.value - other.low)
    return Figure(value, value - down, value + up, n)


def _top(shares: np.ndarray, by: np.ndarray, size: int) -> float:
    """Mean share of the `size` highest; those who tie for the last places count in equal parts."""
    edge = np.sort(by)[-size]
    above, at = shares[by > edge], shares[by == edge]
    return float((above.sum() + at.mean() * (size - len(above))) / size)
