"""One value a replication, asked for by number: all that a statistical procedure knows of a model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from linelab.distributions import Floats
from linelab.estimate import Estimate
from linelab.experiment import simulate
from linelab.model import Line
from linelab.results import Run

Sampler = Callable[[range], Floats]
"""Replication numbers to values, shape ``(len(range),)``; a number gives the same value each time."""


def checked(sampler: Sampler, replications: range) -> Floats:
    """Values of `replications` from `sampler`, shape ``(len(replications),)``.

    Raises
    ------
    ValueError
        If the sampler gives another number of values, or one that is not finite.
    """
    values = np.asarray(sampler(replications), dtype=float)
    if values.shape != (len(replications),):
        raise ValueError(
            f"sampler: gave shape {values.shape} for {len(replications)} replications; give one each"
        )
    if not np.isfinite(values).all():
        raise ValueError(
            "sampler: a replication has no finite value; lengthen the horizon so that parts leave in each"
        )
    return values


class LineSampler:
    """A metric of a simulated line, by replication number.

    Lines sampled with the same seed share their random numbers, replication by replication.

    Parameters
    ----------
    line : Line
    metric : str or callable
        Name of an `Estimate` of `Run` such as ``"lead_time"``, or a function of the run that returns one.
    **settings
        Horizon, warm-up, seed and engine, as `simulate` takes them.
    """

    def __init__(
        self, line: Line, metric: str | Callable[[Run], Estimate] = "throughput", **settings: Any
    ) -> None:
        if "replications" in settings:
            raise ValueError("replications: the procedure decides on them; leave it out")
        self._line, self._metric, self._settings = line, metric, settings
        self._known = Estimate(np.empty(0), "")

    @property
    def unit(self) -> str:
        """Unit of the metric; empty before the first value."""
        return self._known.unit

    def __call__(self, replications: range) -> Floats:
        have = len(self._known.samples)
        if replications.stop > have:
            # replications are cheapest together, so run ahead
            more = max(replications.stop - have, have // 2)
            run = simulate(self._line, first=have, replications=more, **self._settings)
            found = getattr(run, self._metric, None) if isinstance(self._metric, str) else self._metric(run)
            if not isinstance(found, Estimate):
                raise ValueError(
                    f"metric: {self._metric!r} is no estimate of a run; use throughput, wip or lead_time"
                )
            self._known = replace(found, samples=np.concatenate([self._known.samples, found.samples]))
        return self._known.samples[replications.start : replications.stop]
