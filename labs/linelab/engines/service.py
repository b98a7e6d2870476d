"""How long a part occupies a machine: its work, and the stops on the operating clock that fall into it.

The operating clock runs only with work, whatever the rest of the line does. So these times can be had before
the line is simulated, for all replications at once, and both engines take them from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linelab.distributions import Distribution, Floats
from linelab.model import Failures, Station
from linelab.streams import FAILURE, MINOR_STOP, PROCESS, REPAIR, RESTART, Draws, Feed
from linelab.tally import STATE

MACHINE = 1000  # streams of a station's second machine begin here


def operating_stops(station: Station) -> list[tuple[str, Failures, int, int]]:
    """A station's outages on its operating clock: state, what they are, purposes of their two streams."""
    kinds = (
        ("down", station.failures, FAILURE, REPAIR),
        ("stopped", station.minor_stops, MINOR_STOP, RESTART),
    )
    return [(s, f, a, b) for s, f, a, b in kinds if f and f.clock == "operating"]


@dataclass(frozen=True)
class Stops:
    """Stops as columns of one length: in which part, of which replication, how far into it, how long."""

    part: NDArray[np.int64]
    replication: NDArray[np.int64]
    state: NDArray[np.int64]
    offset: Floats
    duration: Floats


Block = tuple[Floats, Stops | None]


class Memory:
    """Occupied times that runs leave for later ones.

    A station that a lever does not touch draws the same numbers again under the same seed; a lab that keeps
    them answers in less than half the time. What was used longest ago goes first when `limit` is reached.

    Parameters
    ----------
    limit : int
        Most numbers to keep.
    """

    BLOCK = 512  # parts; one size for all runs, or they could not share

    def __init__(self, limit: int = 12_000_000) -> None:
        self._limit = limit
        self._kept: dict[tuple[Any, ...], tuple[Service, list[Block]]] = {}

    def blocks(self, station: Station, seed: int, place: int, replications: range) -> Iterator[Block]:
        """The blocks of `Service.next`, made only once."""
        key = (station, seed, place, replications)
        if key not in self._kept:
            self._kept[key] = Service(station, seed, place, 0, replications), []
        service, blocks = self._kept[key] = self._kept.pop(key)  # to the end: used last
        at = 0
        while True:
            if at == len(blocks):
                blocks.append(service.next(self.BLOCK))
                self._forget(key)
            yield blocks[at]
            at += 1

    @property
    def size(self) -> int:
        """Numbers kept."""
        return sum(block[0].size for _, blocks in self._kept.values() for block in blocks)

    def _forget(self, spared: tuple[Any, ...]) -> None:
        while self.size > self._limit and len(self._kept) > 1:
            oldest = next(key for key in self._kept if key != spared)
            del self._kept[oldest]


class Service:
    """The occupied times of one machine in all replications, in blocks of parts."""

    def __init__(self, station: Station, seed: int, place: int, machine: int, replications: range) -> None:
        def draws(distribution: Distribution, purpose: int) -> Draws:
            return Draws(distribution, seed, place, purpose + MACHINE * machine, replications)

        self._process = draws(station.process_time, PROCESS)
        self._speed = station.speed
        self._worked = np.zeros(len(replications))
        self._clocks = [
            _Clock(
                STATE[state],
                draws(f.time_to_failure, fail),
                draws(f.time_to_repair, repair),
                f.time_to_failure.average,
            )
            for state, f, fail, repair in operating_stops(station)
        ]
        self._parts = 0

    def next(self, size: int) -> tuple[Floats, Stops | None]:
        """Occupied seconds of the next `size` parts, shape ``(size, R)``, and the stops in them."""
        work = self._process.next(size)
        if self._speed != 1.0:
            work = work / self._speed
        first, self._parts = self._parts, self._parts + size
        if not self._clocks:
            return work, None
        worked = _running_total(self._worked, work)  # before the first part, after each
        self._worked = worked[-1].copy()
        columns = [clock.until(worked) for clock in self._clocks]
        part, replication, state, offset, duration = (np.concatenate(c) for c in zip(*columns, strict=True))
        order = np.lexsort((offset, replication, part))
        part, replication, state, offset, duration = (
            column[order] for column in (part, replication, state, offset, duration)
        )
        occupied = work.copy()
        np.add.at(occupied, (part, replication), duration)
        # a later stop in the same part comes after the repair of the earlier ones
        before = np.cumsum(duration) - duration
        new = np.ones(part.size, dtype=bool)
        new[1:] = (part[1:] != part[:-1]) | (replication[1:] != replication[:-1])
        group = np.maximum.accumulate(np.where(new, np.arange(part.size), 0))
        offset = offset + before - before[group]
        return occupied, Stops(part + first, replication, state, offset, duration)


def _running_total(first: Floats, rows: Floats) -> Floats:
    """Totals down the rows, `first` on top; row by row where rows are long, which is many times as fast."""
    if len(first) < 16:
        return np.cumsum(np.vstack([first, rows]), axis=0)
    total = np.empty((len(rows) + 1, len(first)))
    total[0] = first
    for before, more, after in zip(total, rows, total[1:], strict=False):
        np.add(before, more, out=after)
    return total


class _Clock:
    """One kind of stop: the operating times at which it comes, and how long each lasts."""

    def __init__(self, state: int, gaps: Draws, lengths: Draws, average: float) -> None:
        self._state, self._gaps, self._lengths = state, gaps, lengths
        self._average = average
        self._due = gaps.next(1)
        self._length = lengths.next(1)

    def until(self, worked: Floats) -> tuple[NDArray[Any], ...]:
        """The stops while the operating clock goes from ``worked[0]`` to ``worked[-1]``."""
        begin, end = worked[0], worked[-1]
        while (self._due[-1] < end).any():
            missing = float((end - self._due[-1]).max()) / self._average
            size = math.ceil(missing + 3 * math.sqrt(missing) + 2)
            more = np.cumsum(np.vstack([self._due[-1], self._gaps.next(size)]), axis=0)[1:]
            self._due = np.vstack([self._due, more])
            self._length = np.vstack([self._length, self._lengths.next(size)])
        which, replication = np.nonzero((self._due >= begin) & (self._due < end))
        due, length = self._due[which, replication], self._length[which, replication]
        part = _last_at_or_before(worked, due, replication)
        offset = due - worked[part, replication]
        passed = int((self._due < end).sum(axis=0).min())  # what every replication has behind it
        if passed:
            self._due, self._length = self._due[passed:], self._length[passed:]
        return part, replication, np.full(part.size, self._state), offset, length


def _last_at_or_before(worked: Floats, due: Floats, replication: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each `due`, the last row of its replication's column that is not beyond it; bisection."""
    if worked.shape[1] == 1:
        return np.searchsorted(worked[:, 0], due, side="right") - 1
    low = np.zeros(due.size, dtype=np.int64)
    high = np.full(due.size, len(worked) - 1)
    while (high - low > 1).any():
        middle = (low + high) // 2
        beyond = worked[middle, replication] > due
        high = np.where(beyond, middle, high)
        low = np.where(beyond, low, middle)
    return low


class Wear:
    """The same stops for one machine in one replication, asked for operation by operation."""

    def __init__(self, gaps: Feed, lengths: Feed) -> None:
        self._gaps, self._lengths = gaps, lengths
        self._worked, self._due = 0.0, gaps.next()

    def stops(self, work: float) -> list[tuple[float, float]]:
        """The stops in the next `work` seconds: seconds of work before each, and how long it lasts."""
        before, self._worked = self._worked, self._worked + work
        found = []
        while self._due < self._worked:
            found.append((self._due - before, self._lengths.next()))
            self._due += self._gaps.next()
        return found
