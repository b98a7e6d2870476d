"""What a change of the line is worth. Money is in any one unit; time in periods, usually years.

Formulas: Park, *Contemporary Engineering Economics* (present worth, annuities, rate of return, payback).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from linelab.theory.require import count, finite, inside, non_negative, positive


@dataclass(frozen=True)
class Probability:
    """An estimated probability with its confidence interval."""

    share: float
    low: float
    high: float


def npv(rate: float, cash_flows: Sequence[float]) -> float:
    """NPV = Σ CF_k / (1 + i)^k, the first flow falling at k = 0.

    Parameters
    ----------
    rate : float
        i, interest a period; 0.12 for 12 %. Above -1.
    cash_flows : sequence of float
        CF_0 (usually the outlay, negative), CF_1, …
    """
    _flows(cash_flows)
    _rate(rate)
    return sum(flow / (1 + rate) ** k for k, flow in enumerate(cash_flows))


def annuity_factor(rate: float, periods: int) -> float:
    """Present worth of 1 at the end of each period: (1 - (1 + i)^-n) / i, or n without interest."""
    _rate(rate)
    count(1, periods=periods)
    # expm1 and log1p keep the digits that 1 - (1 + i)^-n loses for small i
    return -math.expm1(-periods * math.log1p(rate)) / rate if rate else float(periods)


def irr(cash_flows: Sequence[float]) -> float:
    """Internal rate of return: the rate at which the NPV is zero.

    Raises
    ------
    ValueError
        Unless the flows change sign exactly once; only then Descartes' rule gives one rate above -1.
    """
    _flows(cash_flows)
    signs = [flow > 0 for flow in cash_flows if flow]
    changes = sum(a != b for a, b in pairwise(signs))
    if changes != 1:
        raise ValueError(f"cash_flows: signs change {changes} times, so no single rate exists; compare npv")

    def early_sign_kept(discount: float) -> bool:
        """Whether the sum at x = 1 / (1 + i) has the sign of the first flows, as it has for small x."""
        worth = 0.0
        for flow in reversed(cash_flows):
            worth = worth * discount + flow
        return (worth > 0) == signs[0]

    low, high = 0.0, 1.0
    while early_sign_kept(high):
        low, high = high, high * 2
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if early_sign_kept(middle) else (low, middle)
    return 1 / high - 1


def payback(cash_flows: Sequence[float], rate: float = 0.0) -> float:
    """Periods until the outlay is earned back; discounted payback if `rate` is not zero.

    The first time that the sum of flows is back at zero, with flows even within their period; `inf` if it
    never is.
    """
    _flows(cash_flows)
    _rate(rate)
    if cash_flows[0] >= 0:
        raise ValueError(f"cash_flows: the first is {cash_flows[0]!r}; give the outlay as a negative flow")
    worth = cash_flows[0]
    for k, flow in enumerate(cash_flows[1:], start=1):
        gain = flow / (1 + rate) ** k
        if worth + gain >= 0:
            return k - 1 - worth / gain
        worth += gain
    return math.inf


def loss_probability(npvs: ArrayLike, confidence: float = 0.95) -> Probability:
    """Probability that the NPV is below zero, from independent samples of it, shape ``(samples,)``.

    With the interval of `wilson`, which holds up even where no sample, or every one, is a loss.
    """
    samples = np.asarray(npvs, dtype=np.float64)
    if samples.ndim != 1 or not samples.size or not np.isfinite(samples).all():
        raise ValueError("npvs: give one finite number a sample in one dimension, and at least one")
    return wilson(int(np.count_nonzero(samples < 0)), samples.size, confidence)


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Probability:
    """Score interval of a proportion.

    Wilson (1927), Probable inference, the law of succession, and statistical inference, *Journal of the
    American Statistical Association* 22(158), doi:10.1080/01621459.1927.10502953.
    """
    count(0, successes=successes)
    count(1, trials=trials)
    inside(confidence=confidence)
    if successes > trials:
        raise ValueError(f"successes: {successes!r} must be at most trials ({trials!r})")
    z2 = NormalDist().inv_cdf(0.5 + confidence / 2) ** 2
    share = successes / trials
    centre = (successes + z2 / 2) / (trials + z2)
    half_width = math.sqrt(z2 * (trials * share * (1 - share) + z2 / 4)) / (trials + z2)
    # at the ends a bound is 0 or 1 but for rounding
    low = 0.0 if successes == 0 else centre - half_width
    high = 1.0 if successes == trials else centre + half_width
    return Probability(share, low, high)


def throughput_lost(possible: float, achieved: float, time: float, contribution: float) -> float:
    """Money lost because the line made less than it could have: (possible - achieved) · time · contribution.

    Holds where every part more would be sold: then an hour lost at the bottleneck costs what the line would
    have earned in it (Goldratt & Cox, *The Goal*).

    Parameters
    ----------
    possible, achieved : float
        Throughputs, parts per unit of time.
    time : float
        In that unit.
    contribution : float
        Price less what a part costs only because it is made (material, energy).
    """
    positive(possible=possible, time=time)
    non_negative(achieved=achieved)
    finite(contribution=contribution)
    if achieved > possible:
        raise ValueError(f"achieved: {achieved!r} must be at most possible ({possible!r})")
    return (possible - achieved) * time * contribution


def _flows(cash_flows: Sequence[float]) -> None:
    if not len(cash_flows):
        raise ValueError("cash_flows: give at least one, the outlay")
    for flow in cash_flows:
        finite(cash_flows=flow)


def _rate(rate: float) -> None:
    finite(rate=rate)
    if rate <= -1:
        raise ValueError(f"rate: {rate!r} must be above -1; give 12 % as 0.12")
