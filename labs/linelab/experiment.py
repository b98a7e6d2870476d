"""Runs and comparisons: replications, warm-up, common random numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from linelab.engines import ENGINES, choose
from linelab.estimate import Estimate
from linelab.model import Line
from linelab.paths import Extent
from linelab.results import Run

MAX_WORK = 2_000_000_000  # part-operations; more is a slip of the pen, not a study


def simulate(
    line: Line,
    *,
    horizon: float | None = None,
    parts: int | None = None,
    warm_up: float = 0.0,
    replications: int = 20,
    seed: int = 1,
    engine: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Run:
    """Simulate a line.

    Parameters
    ----------
    line : Line
        What to simulate; the first station never lacks material.
    horizon : float, optional
        Seconds to simulate. Give this or `parts`.
    parts : int, optional
        Simulate exactly so many parts from an empty line until the last has left.
    warm_up : float
        Seconds at the start that no figure counts.
    replications : int
        Independent paths; every figure is a mean over them.
    seed : int
        The same seed gives the same random numbers to every line and engine.
    engine : {"auto", "simpy", "recursion"}
        auto takes the fastest that is exact for this line.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    Run

    Raises
    ------
    ValueError
        If the extent, warm-up, replications or engine make no sense.
    """
    if (horizon is None) == (parts is None):
        raise ValueError("horizon, parts: give one of the two")
    if horizon is not None and not (math.isfinite(horizon) and 0 <= warm_up < horizon):
        raise ValueError(f"horizon: {horizon!r} s must be finite and beyond the warm-up of {warm_up!r} s")
    if parts is not None and (parts < 1 or warm_up):
        raise ValueError("parts: needs one or more, and takes no warm_up; use horizon for a warm-up")
    if replications < 1:
        raise ValueError(f"replications: {replications!r} must be 1 or more")
    per_replication = parts if parts is not None else (horizon or 0.0) * line.bottleneck_rate
    if per_replication * len(line.stations) * replications > MAX_WORK:
        raise ValueError("horizon, parts, replications: this asks for over 2e9 operations; use fewer")
    extent = Extent(horizon, parts)
    paths = ENGINES[choose(engine)](line, extent, replications, seed, progress)
    return Run(line, paths, warm_up, float(np.max(paths.leave[:, -1, -1])) if horizon is None else horizon)


@dataclass(frozen=True)
class Comparison:
    """The runs of an experiment, all made with the same random numbers."""

    runs: dict[str, Run]

    def __getitem__(self, name: str) -> Run:
        return self.runs[name]

    def compare(self, name: str, metric: str = "throughput", base: str = "base") -> Estimate:
        """Paired difference `name` minus `base` of `metric`, with its interval."""
        there: Estimate = getattr(self.runs[name], metric)
        here: Estimate = getattr(self.runs[base], metric)
        return there.minus(here)


@dataclass(frozen=True)
class Experiment:
    """A base line and scenarios that differ from it by settings, compared under common random numbers.

    Parameters
    ----------
    base : Line
    scenarios : mapping of str to mapping
        Name to settings by path, as `Line.change` takes them.
    """

    base: Line
    scenarios: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    horizon: float = 100_000.0
    warm_up: float = 0.0
    replications: int = 30
    seed: int = 1
    engine: str = "auto"

    def run(self, progress: Callable[[float], None] | None = None) -> Comparison:
        lines = {"base": self.base} | {n: self.base.change(s) for n, s in self.scenarios.items()}
        runs = {}
        for i, (name, line) in enumerate(lines.items()):
            runs[name] = simulate(
                line,
                horizon=self.horizon,
                warm_up=self.warm_up,
                replications=self.replications,
                seed=self.seed,
                engine=self.engine,
            )
            if progress:
                progress((i + 1) / len(lines))
        return Comparison(runs)
