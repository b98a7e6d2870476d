"""The best of several systems, with a guaranteed probability of choosing it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from linelab.estimate import CONFIDENCE, Estimate
from linelab.model import Line
from linelab.results import Run
from linelab.samplers import LineSampler, Sampler, checked

LIMIT = 10_000  # replications of a system


@dataclass(frozen=True)
class Selection:
    """Outcome of a selection.

    Attributes
    ----------
    best : str
    means : dict of str to float
        Of each system over the replications used of it; those of systems dropped early are rough.
    replications : dict of str to int
        Used of each system.
    history : tuple of (int, tuple of str)
        Who was left after so many replications, each time that someone dropped out.
    """

    best: str
    means: dict[str, float]
    replications: dict[str, int]
    history: tuple[tuple[int, tuple[str, ...]], ...]


def kn_constants(systems: int, confidence: float, n0: int) -> tuple[float, float]:
    """η and h² of the KN procedure for c = 1: ½ (1 + 2η)^(-(n0-1)/2) = α / (k - 1) and h² = 2 η (n0 - 1).

    α / (k - 1) is the choice that holds for dependent systems too, as common random numbers make them.
    """
    share = (1 - confidence) / (systems - 1)
    eta = ((2 * share) ** (-2 / (n0 - 1)) - 1) / 2
    return eta, 2 * eta * (n0 - 1)


def select_best(
    samplers: Mapping[str, Sampler],
    indifference: float,
    *,
    confidence: float = CONFIDENCE,
    n0: int = 10,
    larger_is_better: bool = True,
    limit: int = LIMIT,
) -> Selection:
    """Choose the system with the best mean, dropping others as soon as they are clearly worse.

    The fully sequential procedure KN of S.-H. Kim & B. L. Nelson (2001), "A fully sequential procedure for
    indifference-zone selection in simulation", *ACM Transactions on Modeling and Computer Simulation* 11(3),
    251-273, doi:10.1145/502109.502111, with c = 1. If the best mean is better than all others by
    `indifference` or more, it is chosen with probability `confidence` or more. That holds for jointly normal
    replications (means over a long horizon nearly are), independent or under common random numbers; the
    latter need fewer replications.

    Parameters
    ----------
    samplers : mapping of str to callable
        Two systems or more; see `linelab.samplers`. For common random numbers replication r of each uses the
        same ones.
    indifference : float
        Smallest difference of means worth finding, in the unit of the samples.
    confidence : float
        Probability of the right choice, above 1 / systems and below 1.
    n0 : int
        First replications, of which the variances are estimated; 2 or more, 10 to 20 advised.
    larger_is_better : bool
        False for flow time, cost and the like.
    limit : int
        Replications of a system at which to give up.

    Returns
    -------
    Selection

    Raises
    ------
    ValueError
        If an argument makes no sense, or the limit comes before the choice.
    """
    names, k = list(samplers), len(samplers)
    if k < 2:
        raise ValueError(f"samplers: {k} given; a choice needs two systems or more")
    if not (math.isfinite(indifference) and indifference > 0):
        raise ValueError(f"indifference: {indifference!r} must be a finite number above zero")
    if not 1 / k < confidence < 1:
        raise ValueError(f"confidence: {confidence!r} must be above 1/{k}, which is chance, and below 1")
    if not 2 <= n0 <= limit:
        raise ValueError(f"n0, limit: {n0!r} to {limit!r} replications; give 2 or more, and a limit beyond")

    sign = 1.0 if larger_is_better else -1.0
    first = sign * np.array([checked(samplers[name], range(n0)) for name in names])
    variances = np.var(first[:, None, :] - first[None, :, :], axis=2, ddof=1)  # S²_il of the differences
    _, h2 = kn_constants(k, confidence, n0)
    reach = h2 * variances / indifference**2  # replications after which a pair leaves no doubt

    sums, used, r = first.sum(axis=1), np.full(k, n0), n0
    alive, history = np.arange(k), []
    while True:
        means = sums[alive] / r
        doubt = np.maximum(indifference / (2 * r) * (reach[np.ix_(alive, alive)] - r), 0.0)  # W_il(r)
        keep = (means[:, None] >= means[None, :] - doubt).all(axis=1)
        if not keep.all():
            alive = alive[keep]
            history.append((r, tuple(names[i] for i in alive)))
        if len(alive) == 1 or r > reach[np.ix_(alive, alive)].max():
            break
        if r >= limit:
            raise ValueError(
                f"limit: {len(alive)} systems are left after {r} replications; raise limit or indifference"
            )
        sums[alive] += [sign * checked(samplers[names[i]], range(r, r + 1))[0] for i in alive]
        r += 1
        used[alive] = r
    best = alive[np.argmax(sums[alive])]
    return Selection(
        names[best],
        {name: float(sign * s / n) for name, s, n in zip(names, sums, used, strict=True)},
        {name: int(n) for name, n in zip(names, used, strict=True)},
        tuple(history),
    )


def select_line(
    lines: Mapping[str, Line],
    indifference: float,
    metric: str | Callable[[Run], Estimate] = "throughput",
    *,
    larger_is_better: bool,
    confidence: float = CONFIDENCE,
    n0: int = 10,
    limit: int = LIMIT,
    **settings: Any,
) -> Selection:
    """Choose the best of several lines by `select_best`, under common random numbers.

    Parameters
    ----------
    lines : mapping of str to Line
        Two or more.
    indifference : float
        Smallest difference worth finding, in the unit of the metric.
    metric : str or callable
        As `LineSampler` takes it.
    larger_is_better : bool
        True for throughput, False for flow time.
    confidence, n0, limit
        As `select_best` takes them.
    **settings
        Horizon, warm-up, seed and engine, as `simulate` takes them.
    """
    return select_best(
        {name: LineSampler(line, metric, **settings) for name, line in lines.items()},
        indifference,
        confidence=confidence,
        n0=n0,
        larger_is_better=larger_is_better,
        limit=limit,
    )
