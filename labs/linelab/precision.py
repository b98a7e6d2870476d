"""Replications until an interval is as narrow as wanted."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

from linelab.estimate import CONFIDENCE, Estimate, student_quantile
from linelab.model import Line
from linelab.results import Run
from linelab.samplers import LineSampler, Sampler, checked

LIMIT = 10_000  # replications


@dataclass(frozen=True)
class Precision:
    """Outcome of a sequential procedure.

    Attributes
    ----------
    estimate : Estimate
        Over all replications made.
    reached : bool
        False if the limit came before the wanted half-width.
    steps : tuple of int
        Number of replications at each look at the half-width.
    """

    estimate: Estimate
    reached: bool
    steps: tuple[int, ...]

    @property
    def replications(self) -> int:
        return len(self.estimate.samples)


def wanted_half_width(estimate: Estimate, half_width: float, relative: bool) -> float:
    """Half-width that `estimate` must get down to, in its unit.

    A relative error of at most γ needs a half-width of at most γ / (1 + γ) times the mean that was found,
    since that mean itself is off by up to the half-width (Law, *Simulation Modeling and Analysis*, 5th ed.,
    section 9.4.1).
    """
    return half_width / (1 + half_width) * abs(estimate.mean) if relative else half_width


def replications_needed(
    pilot: Estimate, half_width: float, *, relative: bool = True, limit: int = LIMIT
) -> int:
    """Replications that should give the wanted half-width, judged by the variance of a pilot.

    The least i >= n for which t_{i-1, 1-α/2} · s(n) / √i is narrow enough: n_a*(β) and n_r*(γ) of Law,
    *Simulation Modeling and Analysis*, 5th ed., section 9.4.1.

    Parameters
    ----------
    pilot : Estimate
        Of two replications or more.
    half_width : float
        Wanted: a share of the mean if `relative`, else in the unit of the pilot.
    relative : bool
        Which of the two `half_width` is.
    limit : int
        Returned if even so many are too few.
    """
    n = len(pilot.samples)
    _check(half_width, n, limit)
    wanted = wanted_half_width(pilot, half_width, relative)
    deviation = float(np.std(pilot.samples, ddof=1))

    def narrow(i: int) -> bool:
        t = student_quantile(0.5 + pilot.confidence / 2, i - 1)
        return t * deviation <= wanted * math.sqrt(i)

    if wanted == 0:
        return limit
    # t falls from that of the pilot to the normal quantile as i grows, so the answer lies between theirs
    p, ratio = 0.5 + pilot.confidence / 2, deviation / wanted
    most = min(ratio * ratio * student_quantile(p, n - 1) ** 2, limit)
    least = min(ratio * ratio * NormalDist().inv_cdf(p) ** 2, limit)
    first = max(math.ceil(least), n)
    return first + bisect_left(range(first, max(math.ceil(most), n)), True, key=narrow)


def until(
    sampler: Sampler,
    half_width: float,
    *,
    relative: bool = True,
    confidence: float = CONFIDENCE,
    start: int = 10,
    step: int | None = None,
    limit: int = LIMIT,
    unit: str = "",
) -> Precision:
    """Add replications until the Student interval is as narrow as wanted.

    Law's sequential procedure (*Simulation Modeling and Analysis*, 5th ed., section 9.4.1), which rests on
    Chow & Robbins (1965), *Annals of Mathematical Statistics* 36(2), doi:10.1214/aoms/1177700156: coverage
    comes close to `confidence` as `half_width` gets small. Law advises a relative error of at most 0.15 and
    at least 10 replications to start with.

    Parameters
    ----------
    sampler : callable
        Replication numbers to their values; see `linelab.samplers`.
    half_width : float
        Wanted: a share of the mean if `relative`, else in the unit of the samples.
    relative : bool
        Which of the two `half_width` is.
    confidence : float
        Of the interval.
    start : int
        Replications before the first look, 2 or more.
    step : int, optional
        Replications from one look to the next; Law's procedure has 1. By default as many as
        `replications_needed` predicts, at most doubling them: fewer looks, and none of them wasted.
    limit : int
        Replications at which to give up.
    unit : str
        Of the samples.

    Returns
    -------
    Precision

    Raises
    ------
    ValueError
        If an argument makes no sense or the sampler gives what is no number.
    """
    _check(half_width, start, limit)
    if step is not None and step < 1:
        raise ValueError(f"step: {step!r} must be 1 or more; leave it out to take the predicted number")
    estimate = Estimate(checked(sampler, range(start)), unit, confidence)
    steps = [start]
    while not (reached := estimate.half_width <= wanted_half_width(estimate, half_width, relative)):
        n = len(estimate.samples)
        if n == limit:
            break
        if step is None:
            more = replications_needed(estimate, half_width, relative=relative, limit=limit)
            more = min(max(more, n + 1), 2 * n)
        else:
            more = n + step
        fresh = checked(sampler, range(n, min(more, limit)))
        estimate = replace(estimate, samples=np.concatenate([estimate.samples, fresh]))
        steps.append(len(estimate.samples))
    return Precision(estimate, reached, tuple(steps))


def simulate_until(
    line: Line,
    metric: str | Callable[[Run], Estimate] = "throughput",
    *,
    relative_half_width: float | None = None,
    half_width: float | None = None,
    confidence: float = CONFIDENCE,
    start: int = 10,
    limit: int = LIMIT,
    **settings: Any,
) -> Precision:
    """Simulate `line` with as many replications as the wanted half-width of `metric` takes.

    Replication numbers fix the random numbers, so `simulate` with as many replications as the answer has,
    and the same settings, gives the whole run.

    Parameters
    ----------
    line : Line
        What to simulate.
    metric : str or callable
        As `LineSampler` takes it.
    relative_half_width, half_width : float
        One of the two: a share of the mean, or in the unit of the metric.
    confidence, start, limit
        As `until` takes them.
    **settings
        Horizon, warm-up, seed and engine, as `simulate` takes them.
    """
    if (half_width is None) == (relative_half_width is None):
        raise ValueError("half_width, relative_half_width: give one of the two")
    sampler = LineSampler(line, metric, **settings)
    wanted = relative_half_width if half_width is None else half_width
    found = until(
        sampler, wanted or 0.0, relative=half_width is None, confidence=confidence, start=start, limit=limit
    )
    return replace(found, estimate=replace(found.estimate, unit=sampler.unit))


def _check(half_width: float, start: int, limit: int) -> None:
    if not (math.isfinite(half_width) and half_width > 0):
        raise ValueError(f"half_width: {half_width!r} must be a finite number above zero")
    if not 2 <= start <= limit:
        raise ValueError(
            f"start, limit: {start!r} to {limit!r} replications; give 2 or more, and a limit beyond"
        )
