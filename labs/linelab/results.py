"""What a run says, each figure with its confidence interval."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from linelab import bottleneck
from linelab.distributions import Floats
from linelab.engines import ENGINES
from linelab.estimate import Estimate
from linelab.model import Line, Operators, Station, Vehicles
from linelab.tally import STATE, STATES, Log, Plan, Tally

IN_USE = ("working", "changeover", "down", "stopped", "maintenance")  # states that take a station's capacity


@dataclass(frozen=True)
class StationRun:
    """One station's part of a run."""

    model: Station
    tally: Tally
    place: int

    @property
    def name(self) -> str:
        return self.model.name

    @cached_property
    def states(self) -> dict[str, Estimate]:
        """Share of the machines' time in each of `linelab.tally.STATES`."""
        machine_seconds = self.tally.window * self.model.machines
        return {
            state: Estimate(self.tally.states[:, self.place, i] / machine_seconds, "1")
            for i, state in enumerate(STATES)
        }

    def _seconds(self, *states: str) -> Floats:
        return np.asarray(sum(self.tally.states[:, self.place, STATE[s]] for s in states))

    @property
    def utilisation(self) -> Estimate:
        """Share of time that the station's capacity is taken: at work, being set up, or standing still."""
        return Estimate(np.asarray(sum(self.states[s].samples for s in IN_USE)), "1")

    @property
    def made(self) -> Estimate:
        """Parts finished in the window, good and bad."""
        return Estimate(self.tally.made[:, self.place], "parts")

    @property
    def scrapped(self) -> Estimate:
        """Parts thrown away here in the window."""
        return Estimate(self.tally.scrapped[:, self.place], "parts")

    @property
    def reworked(self) -> Estimate:
        """Parts sent back from here in the window."""
        return Estimate(self.tally.reworked[:, self.place], "parts")

    @property
    def availability(self) -> Estimate:
        """APT / PBT: production time over planned busy time (ISO 22400-2).

        Planned is all time in the shift but planned maintenance. Minor stops and a slow machine count as
        production time: nobody writes them down, and they show in the performance.
        """
        window = self.tally.window * self.model.machines
        planned = window - self._seconds("off", "maintenance")
        return Estimate(_ratio(self._seconds("working", "stopped"), planned), "1")

    @property
    def performance(self) -> Estimate:
        """PRI · PQ / APT: standard time of what was made over production time (ISO 22400-2)."""
        standard = self.tally.standard[:, self.place]
        return Estimate(_ratio(standard, self._seconds("working", "stopped")), "1")

    @property
    def quality(self) -> Estimate:
        """GQ / PQ: parts made right here over parts made (ISO 22400-2, quality ratio)."""
        made, defects = self.tally.made[:, self.place], self.tally.defects[:, self.place]
        return Estimate(_ratio(made - defects, made), "1")

    @property
    def oee(self) -> Estimate:
        """Availability · performance · quality (ISO 22400-2, OEE index); starving and blocking lower it."""
        samples = self.availability.samples * self.performance.samples * self.quality.samples
        return Estimate(samples, "1")

    @property
    def energy(self) -> Estimate:
        """kWh in the window; zero for a station without `power`."""
        power = self.model.power
        if power is None:
            return Estimate(np.zeros_like(self.tally.window), "kWh")
        working, off = self._seconds("working", "changeover"), self._seconds("off")
        ready = self.tally.window * self.model.machines - working - off
        return Estimate((working * power.working + ready * power.ready + off * power.off) / 3600, "kWh")


@dataclass(frozen=True)
class Run:
    """Result of `simulate`: estimates over the window from the warm-up to the end of the run."""

    line: Line
    plan: Plan
    engine: str
    tally: Tally

    @cached_property
    def throughput(self) -> Estimate:
        """Parts a second that left the line."""
        return Estimate(self.tally.left / self.tally.window, "parts/s")

    @cached_property
    def good_throughput(self) -> Estimate:
        """Parts a second that left the line without a defect."""
        return Estimate((self.tally.left - self.tally.bad) / self.tally.window, "parts/s")

    @cached_property
    def wip(self) -> Estimate:
        """Parts in the line, time average."""
        return Estimate(self.tally.inside / self.tally.window, "parts")

    @cached_property
    def lead_time(self) -> Estimate:
        """Seconds from release to leaving, of the parts that left in the window; nan if none did."""
        return Estimate(_ratio(self.tally.flow, self.tally.left), "s")

    def lead_time_quantile(self, share: float) -> Estimate:
        """Seconds within which `share` of the parts went through the line."""
        log, size = self.log, len(self.tally.window)
        inside = log.out_time >= self.plan.warm_up
        which = log.out_replication[inside] - self.plan.replications.start
        flow = log.out_flow[inside]
        per = [flow[which == r] for r in range(size)]
        return Estimate(np.array([np.quantile(f, share) if f.size else np.nan for f in per]), "s")

    @cached_property
    def fill_rate(self) -> Estimate:
        """Share of the customers who were served without waiting."""
        return Estimate(_ratio(self.tally.served_at_once, self.tally.asked), "1")

    @cached_property
    def backlog(self) -> Estimate:
        """Customers waiting, time average."""
        return Estimate(self.tally.waited / self.tally.window, "customers")

    @cached_property
    def late(self) -> Estimate:
        """Share of the parts that left after their due date."""
        return Estimate(_ratio(self.tally.late, self.tally.left), "1")

    @cached_property
    def tardiness(self) -> Estimate:
        """Mean seconds past the due date, on-time parts counted as zero."""
        return Estimate(_ratio(self.tally.tardiness, self.tally.left), "s")

    @cached_property
    def energy_per_part(self) -> Estimate:
        """kWh of all stations for each good part."""
        total = sum(s.energy.samples for s in self.stations)
        return Estimate(_ratio(np.asarray(total), self.tally.left - self.tally.bad), "kWh/part")

    @cached_property
    def stations(self) -> tuple[StationRun, ...]:
        """The line's own stations, then those of its feeders."""
        models = [*self.line.stations, *(s for f in self.line.feeders for s in f.line.stations)]
        return tuple(StationRun(model, self.tally, j) for j, model in enumerate(models))

    def station(self, name: str) -> StationRun:
        """The station called `name`; KeyError names those there are."""
        for station in self.stations:
            if station.name == name:
                return station
        raise KeyError(f"{name}: no such station; there are {', '.join(self.line.names)}")

    @cached_property
    def resources(self) -> dict[str, Estimate]:
        """Share of time that the people of each crew, and the vehicles of each kind, were in use."""
        owners: list[Operators | Vehicles] = [*self.line.operators, *self.line.vehicles]
        return {
            owner.name: Estimate(self.tally.busy[:, i] / self.tally.window / owner.count, "1")
            for i, owner in enumerate(owners)
        }

    def lane_level(self, lane: int) -> Estimate:
        """Parts between station `lane` and the next, time average."""
        return Estimate(self.tally.lanes[:, lane] / self.tally.window, "parts")

    def lane_wait(self, lane: int) -> Estimate:
        """Seconds between station `lane` and the next of the parts that left the line in the window."""
        leave = self.paths("leave")
        left = (leave[:, :, -1] >= self.plan.warm_up) & (leave[:, :, -1] <= self._end)
        with np.errstate(invalid="ignore"):  # parts that never came so far hold inf - inf
            spent = self.paths("start")[:, :, lane + 1] - leave[:, :, lane]
            total = np.where(left, spent, 0.0).sum(axis=1)
        return Estimate(_ratio(total, left.sum(axis=1)), "s")

    @property
    def bottleneck(self) -> str:
        """Name of the station whose capacity is taken the most; `linelab.bottleneck` has other methods."""
        return bottleneck.by_utilisation(self)

    @property
    def little_gap(self) -> float:
        """|WIP - TH · CT| / WIP: how far the window is from Little's law, WIP = TH · CT (Little 1961)."""
        wip = self.wip.mean
        return abs(wip - self.throughput.mean * self.lead_time.mean) / wip if wip else 0.0

    @cached_property
    def log(self) -> Log:
        """Every operation; made by running again with the same seed if the run was not recorded."""
        tally = (
            self.tally if self.tally.log else ENGINES[self.engine](self.line, replace(self.plan, record=True))
        )
        assert tally.log is not None
        return tally.log

    def events(self) -> Iterator[dict[str, Any]]:
        """The log as rows that process-mining tools read, in order of start within each replication.

        Case is replication and part (``0-17``), activity the station, resource the machine, start and end in
        seconds; an end that had not come when the run ended is None.
        """
        log = self.log
        for i in np.lexsort((log.start, log.replication)):
            finish = float(log.finish[i])
            station = self.line.names[log.station[i]]
            yield {
                "case": f"{log.replication[i]}-{log.part[i]}",
                "activity": station,
                "resource": f"{station}-{log.machine[i] + 1}",
                "product": self.line.products[log.product[i]],
                "start": float(log.start[i]),
                "end": finish if np.isfinite(finish) else None,
            }

    @cached_property
    def flow_times(self) -> tuple[Floats, ...]:
        """Seconds from release to leaving of each part, in order of leaving; an array a replication."""
        log, first = self.log, self.plan.replications.start
        return tuple(log.out_flow[log.out_replication - first == r] for r in range(len(self.tally.window)))

    def paths(self, what: str) -> Floats:
        """When each part did `what` (start, finish or leave) at each station.

        Shape ``(replications, parts, stations)``, in seconds, inf if it never came to it. A part that is
        reworked shows its last visit.
        """
        log = self.log
        parts = int(log.part.max()) + 1 if log.part.size else 0
        times = np.full((len(self.tally.window), parts, len(self.stations)), np.inf)
        own = log.part >= 0  # a feeder's parts have no number
        row = log.replication[own] - self.plan.replications.start
        times[row, log.part[own], log.station[own]] = getattr(log, what)[own]
        return times

    @cached_property
    def departures(self) -> Floats:
        """Time at which each part left the line, seconds, in order; shape ``(replications, parts)``.

        Padded with inf where a replication had fewer.
        """
        if self.tally.departures is not None:
            return self.tally.departures
        log, size = self.log, len(self.tally.window)
        which = log.out_replication - self.plan.replications.start
        per = [np.sort(log.out_time[which == r]) for r in range(size)]
        table = np.full((size, max((len(p) for p in per), default=0)), np.inf)
        for row, times in zip(table, per, strict=True):
            row[: len(times)] = times
        return table

    @property
    def _end(self) -> float:
        return np.inf if self.plan.horizon is None else self.plan.horizon


def _ratio(part: Floats, whole: Floats) -> Floats:
    """part / whole, nan where there is no whole."""
    return np.asarray(part / np.where(whole > 0, whole, np.nan))
