"""Max-plus recursion of a tandem line with blocking after service, all replications at once.

For part n at station j, with S its working time and repairs, b_j the places of the lane after j:

    start[n, j]  = max(available[n, j], leave[n-1, j])
    finish[n, j] = start[n, j] + S[n, j]
    leave[n, j]  = max(finish[n, j], start[n - b_j, j+1])      b_j >= 1
                   max(finish[n, j], leave[n - 1, j+1])        b_j  = 0

A part is available downstream when the last part of its transfer lot has left upstream and the move is done.
The form without lots is in Dallery & Gershwin (1992), *Manufacturing flow line systems*, section 4,
doi:10.1007/BF01158636. Times are added in the order in which events happen, so that the results equal those
of the SimPy engine to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from linelab.distributions import Floats
from linelab.model import Line, Station
from linelab.paths import Extent, Outages, Paths
from linelab.streams import FAILURE, PROCESS, REPAIR, Stream


def run(
    line: Line, extent: Extent, replications: int, seed: int, progress: Callable[[float], None] | None = None
) -> Paths:
    """Simulate `replications` paths of `line`; see `linelab.simulate`."""
    stations = len(line.stations)
    workers = [_Worker(s, j, seed, replications) for j, s in enumerate(line.stations)]
    available: list[list[Floats]] = [[] for _ in range(stations)]
    start: list[list[Floats]] = [[] for _ in range(stations)]
    finish: list[list[Floats]] = [[] for _ in range(stations)]
    leave: list[list[Floats]] = [[] for _ in range(stations)]
    zero = np.zeros(replications)

    def advance(n: int, j: int) -> None:
        """Bring part n through station j, and every lot that this completes through the stations behind."""
        begin = np.maximum(available[j][n], leave[j][n - 1]) if n else available[j][n]
        start[j].append(begin)
        done = workers[j].work(n, begin)
        finish[j].append(done)
        if j == stations - 1:
            leave[j].append(done)
            return
        lane = line.buffers[j]
        if lane.capacity == 0:
            leave[j].append(np.maximum(done, leave[j + 1][n - 1]) if n else done)
        elif n >= lane.capacity:
            leave[j].append(np.maximum(done, start[j + 1][n - lane.capacity]))
        else:
            leave[j].append(done)
        if (n + 1) % lane.transfer_lot == 0 or n + 1 == extent.parts:
            arrival = leave[j][n] + lane.transfer_time
            for m in range(len(available[j + 1]), n + 1):
                available[j + 1].append(arrival)
                advance(m, j + 1)

    n = 0
    while n != extent.parts:
        available[0].append(zero)
        advance(n, 0)
        n += 1
        if extent.horizon is not None:
            now = float(np.min(start[0][-1]))
            if progress and n % 64 == 0:
                progress(min(now / extent.horizon, 1.0))
            if now > extent.horizon:
                break
        elif progress and extent.parts and n % 64 == 0:
            progress(n / extent.parts)

    def stack(times: list[list[Floats]]) -> Floats:
        table = np.full((stations, n, replications), np.inf)
        for j, column in enumerate(times):
            if column:
                table[j, : len(column)] = column
        return table.transpose(2, 1, 0)

    return Paths(stack(start), stack(finish), stack(leave), _gather(workers))


class _Worker:
    """One station's machine in all replications: adds repairs to work as its operating clock runs out."""

    def __init__(self, station: Station, index: int, seed: int, replications: int) -> None:
        reps = range(replications)
        self.index = index
        self._process = Stream(station.process_time, seed, index, PROCESS, reps)
        self._failures = station.failures
        self.log: list[tuple[np.ndarray, Floats, Floats]] = []
        if station.failures:
            self._ttf = Stream(station.failures.time_to_failure, seed, index, FAILURE, reps)
            self._ttr = Stream(station.failures.time_to_repair, seed, index, REPAIR, reps)
            self._left = self._ttf.draw(0).copy()  # operating time left before the next failure
            self._count = np.zeros(replications, dtype=int)

    def work(self, n: int, begin: Floats) -> Floats:
        work = self._process.draw(n)
        if not self._failures:
            return begin + work
        if not (self._left < work).any():
            self._left = self._left - work
            return begin + work
        now, work = begin.copy(), work.copy()
        while (which := np.flatnonzero(self._left < work)).size:
            down = now[which] + self._left[which]
            up = down + self._ttr.draw_each(self._count[which], which)
            self.log.append((which, down, up))
            now[which] = up
            work[which] -= self._left[which]
            self._count[which] += 1
            self._left[which] = self._ttf.draw_each(self._count[which], which)
        self._left = self._left - work
        return now + work


def _gather(workers: list[_Worker]) -> Outages:
    rows = [(which, np.full(which.size, w.index), down, up) for w in workers for which, down, up in w.log]
    if not rows:
        empty = np.zeros(0)
        return Outages(empty.astype(int), empty.astype(int), empty, empty)
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    return Outages(*columns)
