"""The reference engine: a SimPy process for each station, one replication after another.

Read it as a walk through the factory: a station waits for a part (starved), works on it, is repaired when it
fails, waits for a place in the lane behind it (blocked), and lets the part go.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy

from linelab.model import Buffer, Line, Station
from linelab.paths import Extent, Outages, Paths
from linelab.streams import FAILURE, PROCESS, REPAIR, Stream

Process = Generator[simpy.Event, Any, None]


def run(
    line: Line, extent: Extent, replications: int, seed: int, progress: Callable[[float], None] | None = None
) -> Paths:
    """Simulate `replications` paths of `line`; see `linelab.simulate`."""
    shifts = []
    for r in range(replications):
        shifts.append(_Shift(line, extent, seed, r))
        shifts[-1].run()
        if progress:
            progress((r + 1) / replications)
    parts = max(len(shift.start[0]) for shift in shifts)

    def stack(name: str) -> np.ndarray:
        table = np.full((replications, parts, len(line.stations)), np.inf)
        for r, shift in enumerate(shifts):
            for j, column in enumerate(getattr(shift, name)):
                table[r, : len(column), j] = column
        return table

    outages = [(r, *row) for r, shift in enumerate(shifts) for row in shift.outages]
    columns = np.array(outages, dtype=float).reshape(-1, 4).T
    return Paths(
        stack("start"),
        stack("finish"),
        stack("leave"),
        Outages(columns[0].astype(int), columns[1].astype(int), columns[2], columns[3]),
    )


class _Shift:
    """One replication: the clock, the lanes, and what was seen at each station."""

    def __init__(self, line: Line, extent: Extent, seed: int, replication: int) -> None:
        self.env = simpy.Environment()
        self.extent, self.seed = extent, seed
        self.which = range(replication, replication + 1)
        count = len(line.stations)
        self.start: list[list[float]] = [[] for _ in range(count)]
        self.finish: list[list[float]] = [[] for _ in range(count)]
        self.leave: list[list[float]] = [[] for _ in range(count)]
        self.outages: list[tuple[int, float, float]] = []
        lanes = [_Lane(self.env, buffer, extent.parts) for buffer in line.buffers]
        for j, station in enumerate(line.stations):
            inbound = lanes[j - 1] if j else None
            outbound = lanes[j] if j < len(lanes) else None
            self.env.process(self.operate(j, station, inbound, outbound))

    def run(self) -> None:
        self.env.run(until=self.extent.horizon)

    def operate(self, j: int, station: Station, inbound: _Lane | None, outbound: _Lane | None) -> Process:
        env, n = self.env, 0
        machine = _Machine(self, j, station)
        while n != self.extent.parts:
            if inbound:
                yield inbound.parts.get()  # starved until there is a part
                if not inbound.hand_to_hand:
                    inbound.places.put(1)
            self.start[j].append(env.now)
            yield from machine.work(n)
            self.finish[j].append(env.now)
            if outbound:
                yield outbound.places.get(1)  # blocked until there is a place
            self.leave[j].append(env.now)
            if inbound and inbound.hand_to_hand:
                inbound.places.put(1)
            if outbound:
                outbound.add()
            n += 1


class _Machine:
    """Works on a part and breaks down when its operating clock runs out."""

    def __init__(self, shift: _Shift, index: int, station: Station) -> None:
        self.shift, self.index, self.failures = shift, index, station.failures
        self.process = Stream(station.process_time, shift.seed, index, PROCESS, shift.which)
        if station.failures:
            self.ttf = Stream(station.failures.time_to_failure, shift.seed, index, FAILURE, shift.which)
            self.ttr = Stream(station.failures.time_to_repair, shift.seed, index, REPAIR, shift.which)
            self.left = float(self.ttf.draw(0)[0])
            self.count = 0

    def work(self, n: int) -> Process:
        env = self.shift.env
        work = float(self.process.draw(n)[0])
        if self.failures:
            while self.left < work:
                yield env.timeout(self.left)
                down = env.now
                repair = float(self.ttr.draw(self.count)[0])
                self.shift.outages.append((self.index, down, down + repair))
                yield env.timeout(repair)
                work -= self.left
                self.count += 1
                self.left = float(self.ttf.draw(self.count)[0])
            self.left -= work
        yield env.timeout(work)


class _Lane:
    """The places between two stations, with the transfer lot that gathers in them.

    Hand to hand (capacity 0) there is one place, the downstream machine itself.
    """

    def __init__(self, env: simpy.Environment, buffer: Buffer, last: int | None) -> None:
        self.env, self.buffer, self.last = env, buffer, last
        self.hand_to_hand = buffer.capacity == 0
        room = max(buffer.capacity, 1)
        self.places = simpy.Container(env, capacity=room, init=room)
        self.parts = simpy.Store(env)
        self.gathered = self.total = 0

    def add(self) -> None:
        self.gathered += 1
        self.total += 1
        if self.gathered == self.buffer.transfer_lot or self.total == self.last:
            self.env.process(self.move(self.gathered))
            self.gathered = 0

    def move(self, lot: int) -> Process:
        if self.buffer.transfer_time:
            yield self.env.timeout(self.buffer.transfer_time)
        for _ in range(lot):
            yield self.parts.put("part")
