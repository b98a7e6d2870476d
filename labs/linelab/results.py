"""What a run says, each figure with its confidence interval."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from linelab import metrics
from linelab.distributions import Floats
from linelab.estimate import Estimate
from linelab.model import Line
from linelab.paths import Paths


@dataclass(frozen=True)
class StationRun:
    """One station's part of a run; `states` maps working, starved, blocked and down to shares of time."""

    name: str
    states: dict[str, Estimate]

    @property
    def utilisation(self) -> Estimate:
        """Share of time that the station holds on to its capacity: working or under repair."""
        return Estimate(self.states["working"].samples + self.states["down"].samples, "1")


@dataclass(frozen=True)
class Run:
    """Result of `simulate`: estimates over the window from `warm_up` to `horizon` seconds."""

    line: Line
    paths: Paths
    warm_up: float
    horizon: float

    @cached_property
    def throughput(self) -> Estimate:
        """Parts a second."""
        return Estimate(metrics.throughput(self.paths, self.warm_up, self.horizon), "parts/s")

    @cached_property
    def wip(self) -> Estimate:
        """Parts in the line, time average."""
        return Estimate(metrics.wip(self.paths, self.warm_up, self.horizon), "parts")

    @cached_property
    def lead_time(self) -> Estimate:
        """Seconds from first start to leaving the line."""
        return Estimate(metrics.lead_time(self.paths, self.warm_up, self.horizon), "s")

    @cached_property
    def stations(self) -> tuple[StationRun, ...]:
        shares = metrics.states(self.paths, self.warm_up, self.horizon)
        return tuple(
            StationRun(name, {state: Estimate(shares[state][:, j], "1") for state in metrics.STATES})
            for j, name in enumerate(self.line.names)
        )

    def station(self, name: str) -> StationRun:
        """The station called `name`; KeyError names those there are."""
        for station in self.stations:
            if station.name == name:
                return station
        raise KeyError(f"{name}: no such station; there are {', '.join(self.line.names)}")

    def lane_wait(self, lane: int) -> Estimate:
        """Seconds that a part spends between station `lane` and the next: its lot gathers, moves, queues."""
        return Estimate(metrics.lane_wait(self.paths, self.warm_up, self.horizon, lane), "s")

    def lane_level(self, lane: int) -> float:
        """Parts between station `lane` and the next, mean over the window."""
        times = np.linspace(self.warm_up, self.horizon, 41)
        return float(metrics.lane_levels(self.paths, times, lane).mean())

    @property
    def bottleneck(self) -> str:
        """Name of the station with the highest utilisation, repairs counted as use of its capacity."""
        return max(self.stations, key=lambda s: s.utilisation.mean).name

    @property
    def little_gap(self) -> float:
        """|WIP - TH · CT| / WIP: how far the window is from Little's law, WIP = TH · CT (Little 1961)."""
        wip = self.wip.mean
        return abs(wip - self.throughput.mean * self.lead_time.mean) / wip if wip else 0.0

    @property
    def departures(self) -> Floats:
        """Time at which each part left the line, seconds; shape ``(replications, parts)``."""
        return np.asarray(self.paths.leave[:, :, -1])
