"""What stands on the floor: stations, and what interrupts, sets up, spoils, checks and powers them.

Every time is in seconds. A bare number in place of a distribution is a time that never varies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from linelab.distributions import Distribution, as_distribution
from linelab.model.faults import seconds, share, time, whole

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Failures:
    """Breakdowns, or other stops that come by themselves.

    Parameters
    ----------
    time_to_failure, time_to_repair : Distribution
        Their means are MTBF and MTTR. The interrupted part is finished after the repair.
    clock : {"operating", "calendar"}
        What the time to failure counts: only the time that the station works (a tool wears), or all time
        after the last repair (a power cut). Same MTBF and MTTR, different lines: choose with care.
    """

    time_to_failure: Distribution
    time_to_repair: Distribution
    clock: str = "operating"

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_to_failure", as_distribution(self.time_to_failure))
        object.__setattr__(self, "time_to_repair", as_distribution(self.time_to_repair))

    @property
    def availability(self) -> float:
        """MTBF / (MTBF + MTTR) (Hopp & Spearman, *Factory Physics*, 3rd ed., section 8.4.2)."""
        mtbf, mttr = self.time_to_failure.average, self.time_to_repair.average
        return mtbf / (mtbf + mttr)

    def faults(self, path: str) -> Iterator[str]:
        yield from time(self.time_to_failure, f"{path}.time_to_failure")
        yield from time(self.time_to_repair, f"{path}.time_to_repair")
        if self.clock not in ("operating", "calendar"):
            yield f"{path}.clock: {self.clock!r} is no clock; use operating or calendar"


@dataclass(frozen=True)
class Maintenance:
    """Planned maintenance: the station stands still for `duration` at the end of every `interval`.

    Work in hand is interrupted and taken up again afterwards.
    """

    interval: float
    duration: float

    def faults(self, path: str) -> Iterator[str]:
        yield from seconds(self.interval, f"{path}.interval", above_zero=True)
        yield from seconds(self.duration, f"{path}.duration", above_zero=True)
        good = all(isinstance(v, (int, float)) for v in (self.interval, self.duration))
        if good and self.duration >= self.interval > 0:
            yield f"{path}.duration: {self.duration!r} s does not fit into {self.interval!r} s; shorten it"


@dataclass(frozen=True)
class Shift:
    """When a station is manned: working windows ``(begin, end)`` in seconds, again in every `period`.

    Work in hand rests outside the windows. A break is the gap between two windows.
    """

    windows: tuple[tuple[float, float], ...]
    period: float = 86_400.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "windows", tuple(tuple(w) for w in self.windows))

    @property
    def share(self) -> float:
        """Share of all time that is worked."""
        return sum(end - begin for begin, end in self.windows) / self.period

    def faults(self, path: str) -> Iterator[str]:
        yield from seconds(self.period, f"{path}.period", above_zero=True)
        last = 0.0
        if not self.windows:
            yield f"{path}.windows: none given; a station that never works stops the line"
        for i, window in enumerate(self.windows):
            numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in window)
            if len(window) != 2 or not numbers or not last <= window[0] < window[1] <= self.period:
                yield f"{path}.windows[{i}]: {window!r} must be (begin, end), in order and inside the period"
                return
            last = window[1]


@dataclass(frozen=True)
class Changeover:
    """Setting up for another product.

    Parameters
    ----------
    time : Distribution
        From any product to any other.
    between : mapping of str to Distribution
        Where the order matters: ``{"white>black": 300}`` in place of `time` for that pair.
    """

    time: Distribution
    between: tuple[tuple[str, Distribution], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", as_distribution(self.time))
        pairs = self.between.items() if isinstance(self.between, dict) else self.between
        object.__setattr__(self, "between", tuple((pair, as_distribution(t)) for pair, t in pairs))

    def faults(self, path: str, products: tuple[str, ...]) -> Iterator[str]:
        yield from time(self.time, f"{path}.time", may_be_zero=True)
        for pair, value in self.between:
            yield from time(value, f"{path}.between.{pair}", may_be_zero=True)
            names = pair.split(">")
            if len(names) != 2 or not set(names) <= set(products):
                yield f"{path}.between.{pair}: must be 'one>other' of the products {', '.join(products)}"


@dataclass(frozen=True)
class Quality:
    """Defects that a station makes.

    Parameters
    ----------
    defect_rate : float
        Share of parts, 0 to 1, made wrong at random.
    startup : int
        Parts made wrong after each changeover and each breakdown, before the process runs true again.
    """

    defect_rate: float = 0.0
    startup: int = 0

    def faults(self, path: str) -> Iterator[str]:
        yield from share(self.defect_rate, f"{path}.defect_rate")
        yield from whole(self.startup, f"{path}.startup", low=0)


@dataclass(frozen=True)
class Inspection:
    """Looking at each part when it is finished here.

    Parameters
    ----------
    catches : float
        Share of the defective parts that are found.
    false_alarms : float
        Share of the good parts that are taken for defective.
    rework : str, optional
        Station that a rejected part goes back to, ahead of the others, on a shelf that never fills.
        Without one it is scrapped.
    attempts : int
        How often one part is reworked before it is scrapped.
    """

    catches: float = 1.0
    false_alarms: float = 0.0
    rework: str | None = None
    attempts: int = 1

    def faults(self, path: str, upstream: tuple[str, ...]) -> Iterator[str]:
        yield from share(self.catches, f"{path}.catches")
        yield from share(self.false_alarms, f"{path}.false_alarms")
        yield from whole(self.attempts, f"{path}.attempts", high=100)
        if self.rework is not None and self.rework not in upstream:
            there = ", ".join(upstream)
            yield f"{path}.rework: {self.rework!r} is no station up to this one; use one of {there}"


@dataclass(frozen=True)
class Power:
    """Electric power in kW while working, while standing ready, and outside the shift."""

    working: float
    ready: float = 0.0
    off: float = 0.0

    def faults(self, path: str) -> Iterator[str]:
        for name in ("working", "ready", "off"):
            yield from share(getattr(self, name), f"{path}.{name}", high=1e6)


@dataclass(frozen=True)
class Station:
    """A place where work is done: one machine, or several alike side by side.

    Parameters
    ----------
    name : str
    process_time : Distribution
        Of one operation at design speed.
    failures : Failures, optional
        Breakdowns, each machine on its own clock.
    machines : int
        Machines side by side; a part goes to the one that has been idle the longest.
    batch : int
        Parts that one operation treats together, as in an oven; it waits until they are there.
    joins, splits : int
        Parts that are joined into one (assembly), or that one part is split into (disassembly).
    speed : float
        Speed of today as a share of the design speed; below 1 is a speed loss.
    minor_stops : Failures, optional
        Short stops that nobody writes down.
    maintenance : Maintenance, optional
    shift : Shift, optional
        Without one the station is manned at all times.
    changeover : Changeover, optional
    quality : Quality, optional
    inspection : Inspection, optional
    power : Power, optional
    """

    name: str
    process_time: Distribution
    failures: Failures | None = None
    machines: int = 1
    batch: int = 1
    joins: int = 1
    splits: int = 1
    speed: float = 1.0
    minor_stops: Failures | None = None
    maintenance: Maintenance | None = None
    shift: Shift | None = None
    changeover: Changeover | None = None
    quality: Quality | None = None
    inspection: Inspection | None = None
    power: Power | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "process_time", as_distribution(self.process_time))

    @property
    def availability(self) -> float:
        """Share of the manned time that neither breakdowns, minor stops nor maintenance take."""
        outages = [f.availability for f in (self.failures, self.minor_stops) if f]
        # outages on one clock exclude each other, so that their downtimes per uptime add up
        lost = sum(1 / a - 1 for a in outages)
        planned = self.maintenance.duration / self.maintenance.interval if self.maintenance else 0.0
        return (1 - planned) / (1 + lost)

    @property
    def effective_time(self) -> float:
        """Mean seconds between parts taken up when never starved or blocked, changeovers left out.

        t_e = t_0 / A (Hopp & Spearman, eq. 8.4), shared by the machines and by the parts of one operation.
        """
        manned = self.shift.share if self.shift else 1.0
        operation = self.process_time.average / (self.speed * self.availability * manned)
        return operation / (self.machines * self.batch * self.joins)

    def faults(self, path: str, upstream: tuple[str, ...], products: tuple[str, ...]) -> Iterator[str]:
        yield from time(self.process_time, f"{path}.process_time")
        yield from whole(self.machines, f"{path}.machines", high=1000)
        for name in ("batch", "joins", "splits"):
            yield from whole(getattr(self, name), f"{path}.{name}", high=10_000)
        if self.joins != 1 and self.splits != 1:
            yield f"{path}: joins and splits in one station; use two stations"
        yield from share(self.speed, f"{path}.speed", low=0.01, high=10)
        for name in ("failures", "minor_stops", "maintenance", "shift", "quality", "power"):
            part = getattr(self, name)
            if part is not None:
                yield from part.faults(f"{path}.{name}")
        if self.changeover:
            yield from self.changeover.faults(f"{path}.changeover", products)
        if self.inspection:
            yield from self.inspection.faults(f"{path}.inspection", (*upstream, self.name))
