"""Max-plus recursion of a tandem line with blocking after service, all replications at once.

For part n at station j, with S the time that it occupies the machine, b_j the places of the lane after j, and
k_j the kanban cards of j:

    start[n, j]  = max(ready[n, j], leave[n-1, j], start[n - k_j, j+1])
    finish[n, j] = start[n, j] + S[n, j]
    leave[n, j]  = max(finish[n, j], start[n - b_j, j+1])      b_j >= 1
                   max(finish[n, j], leave[n - 1, j+1])        b_j  = 0

A part is ready downstream when the last part of its transfer lot has left upstream and the move is done; at
the first station when it has arrived and, under CONWIP with w cards, part n - w has left the line. The form
without lots and cards is in Dallery & Gershwin (1992), *Manufacturing flow line systems*, section 4,
doi:10.1007/BF01158636. Times are added in the order in which events happen, so that the results equal those
of the SimPy engine to the last bit.

Only what is still needed of the past is kept: memory does not grow with the number of parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linelab.distributions import Floats
from linelab.engines.service import Block, Service, Stops
from linelab.model import Arrivals, Conwip, DrumBufferRope, Kanban, Line, Schedule, Station
from linelab.streams import RELEASE, Draws
from linelab.tally import STATE, STATES, Log, Plan, Tally, divided

Row = Floats  # one time in each replication, shape (R,)
_BLOCK = 64  # parts between two counts
_NONE = (np.zeros((0, 0)), np.zeros((0, 0)))
_LOOK = 16  # parts between two looks at the clock


def outside(line: Line) -> str | None:
    """What puts a line outside the recursion's class, as ``path: reason``; None if it is inside."""
    for name in ("mix", "operators", "demand", "feeders"):
        if getattr(line, name):
            return f"{name}: only the SimPy engine knows them"
    for s in line.stations:
        path = f"stations.{s.name}"
        for name in ("machines", "batch", "joins", "splits"):
            if getattr(s, name) != 1:
                return f"{path}.{name}: more than one"
        for name in ("maintenance", "shift", "changeover", "quality", "inspection"):
            if getattr(s, name) is not None:
                return f"{path}.{name}: only the SimPy engine knows it"
        for name in ("failures", "minor_stops"):
            f = getattr(s, name)
            if f and f.clock != "operating":
                return f"{path}.{name}.clock: not the operating clock"
    for i, b in enumerate(line.buffers):
        if b.vehicle or b.interval or b.rule != "fifo":
            return f"buffers[{i}]: has a vehicle, a milk run or a rule other than fifo"
    return None


def shape(line: Line) -> Hashable:
    """What lines have in common that `run_alike` can take together: all but their stations' figures."""
    return line.names, line.buffers, line.release, line.control


def run(line: Line, plan: Plan, progress: Callable[[float], None] | None = None) -> Tally:
    """Simulate the replications of `plan` on `line`; see `linelab.simulate`."""
    return _Sweep([line], plan).run(progress)


def run_alike(lines: Sequence[Line], plan: Plan) -> list[Tally]:
    """The same for several lines of one `shape`, each to the bit what `run` gives.

    One sweep takes the replications of all of them side by side: most of a sweep's time goes into its steps,
    not into their width.
    """
    if len({shape(line) for line in lines}) > 1 or plan.record:
        raise ValueError("lines: differ in shape, or their events are to be recorded; run them one by one")
    return divided(_Sweep(lines, plan).run(None), len(lines))


class _Track:
    """One station: the rows of times that are still needed, and what has been counted of it."""

    def __init__(self, stations: Sequence[Station], place: int, plan: Plan, draws: int) -> None:
        self.size = len(plan.replications) * len(stations)
        self._blocks = _side_by_side([_blocks(s, place, plan, draws) for s in stations])
        self._coming: Iterator[Row] = iter(())
        self.base = 0  # number of the part whose rows come first
        self.ready: list[Row] = []
        self.free: list[Row] = []  # when the machine could have started but for a card
        self.start: list[Row] = []
        self.finish: list[Row] = []
        self.leave: list[Row] = []
        # where the rows of a block of parts lie side by side: start, finish, leave; used again in turn
        self.blocks = [np.empty((3, _BLOCK, self.size))]
        self.reach = math.inf  # blocks that may still be looked back on
        self.rows = [list(times) for times in self.block]
        self.counted = 0  # parts whose rows have been counted
        self.passed: list[Floats] = []  # leave times of counted blocks that the next station has yet to count
        self.stops: list[Stops] = []
        self.seconds = np.zeros((len(STATES), self.size))
        self.made = np.zeros(self.size)
        self.lane = np.zeros(self.size)  # part-seconds in the lane before it

    @property
    def block(self) -> Floats:
        return self.blocks[-1]

    def renew(self) -> None:
        """A block is full: go on in the next."""
        self.passed.append(self.block[2])
        if len(self.blocks) > self.reach:
            self.blocks.append(self.blocks.pop(0))
        else:
            self.blocks.append(np.empty_like(self.block))
        self.rows = [list(times) for times in self.block]

    def occupied(self) -> Row:
        """Seconds that the next part occupies the machine."""
        for row in self._coming:
            return row
        block, stops = next(self._blocks)
        if stops is not None and stops.part.size:
            self.stops.append(stops)
        self._coming = iter(block)
        return next(self._coming)


def _blocks(station: Station, place: int, plan: Plan, size: int) -> Iterator[Block]:
    """Occupied times in blocks of `size` parts, or what the plan's memory has of them."""
    if plan.memory is not None:
        yield from plan.memory.blocks(station, plan.seed, place, plan.replications)
    service = Service(station, plan.seed, place, 0, plan.replications)
    while True:
        yield service.next(size)


def _side_by_side(each: Sequence[Iterator[Block]]) -> Iterator[Block]:
    """The blocks of several machines as those of one that has the replications of all of them."""
    if len(each) == 1:
        yield from each[0]
    for blocks in zip(*each, strict=True):
        columns = [
            (stops.part, stops.replication + i * times.shape[1], stops.state, stops.offset, stops.duration)
            for i, (times, stops) in enumerate(blocks)
            if stops is not None
        ]
        stops = None
        if columns:
            joined = [np.concatenate(column) for column in zip(*columns, strict=True)]
            order = np.argsort(joined[0], kind="stable")  # as one machine has them: by part
            stops = Stops(*(column[order] for column in joined))
        yield np.hstack([times for times, _ in blocks]), stops


class _Sweep:
    """The part-by-part sweep through lines of one shape."""

    def __init__(self, lines: Sequence[Line], plan: Plan) -> None:
        self.lines, self.line, self.plan = lines, lines[0], plan
        line = self.line
        self.size = len(plan.replications) * len(lines)
        rate = max(one.bottleneck_rate for one in lines)
        expected = plan.parts or 1.02 * (plan.horizon or 0.0) * rate + 2 * _LOOK
        draws = max(32, min(int(expected), 16 * _BLOCK, 2**20 // self.size))
        stations = zip(*(one.stations for one in lines), strict=True)
        self.tracks = [_Track(alike, j, plan, draws) for j, alike in enumerate(stations)]
        self.low = plan.warm_up
        self.high = np.inf if plan.horizon is None else plan.horizon
        self.left, self.flow, self.inside = (np.zeros(self.size) for _ in range(3))
        self.released: list[Row] = []  # of the parts from the last station's base on
        self.departures: list[Row] = []
        self._scratch = np.empty((_BLOCK + 1, self.size))
        self.kept: list[list[tuple[Floats, Floats, Floats]]] = [[] for _ in self.tracks]
        self.kept_out: list[tuple[Floats, Floats]] = []
        self.kept_stops: list[tuple[NDArray[Any], ...]] = []
        control = line.control
        self.kanban = control.cards if isinstance(control, Kanban) else None
        # who gives back the card that a part needs to enter, and how many parts back
        self.gate, self.cards = -1, 0
        if isinstance(control, Conwip):
            self.gate, self.cards = len(self.tracks) - 1, control.cards
        elif isinstance(control, DrumBufferRope):
            self.gate, self.cards = line.names.index(control.drum), control.rope
        backs = [b.capacity for b in line.buffers] + [1]
        cards = self.kanban or [1] * len(backs)
        lots = [1] + [b.transfer_lot for b in line.buffers]
        reach = max(*backs, *cards, self.cards)
        # rows that a later part may look back on
        self.keep = [max(backs[j - 1] if j else 1, cards[j - 1] if j else 1, 1) for j in range(len(backs))]
        self.keep[-1] = max(self.keep[-1], cards[-1])  # the last station's cards come back from itself
        if self.gate >= 0:
            self.keep[self.gate] = max(self.keep[self.gate], reach)
        self.keep = [k + lot for k, lot in zip(self.keep, lots, strict=True)]
        if not plan.record:
            for track, keep, places in zip(self.tracks, self.keep, backs, strict=True):
                # a station is never further ahead of the next than the places between them
                track.reach = 1 + (max(keep, places + 1) + _BLOCK - 1) // _BLOCK

    def run(self, progress: Callable[[float], None] | None) -> Tally:
        plan, first = self.plan, self.tracks[0]
        arrivals = self._arrivals()
        n = 0
        for arrival in arrivals:
            first.ready.append(self._admitted(n, arrival))
            self._advance(n, 0)
            n += 1
            if n == plan.parts:
                break
            if n % _LOOK:
                continue
            now = float(np.min(self.released[-1]))  # parts that queue at the gate count, too
            if now > self.high:
                break
            if n % _BLOCK == 0:
                self._forget()
                if progress:
                    progress(n / plan.parts if plan.parts else min(now / self.high, 1.0))
        for j in range(len(self.tracks)):
            self._count(j)
        self._count_unfinished()
        return self._tally(n)

    def _arrivals(self) -> Iterator[Row | None]:
        """When each part arrives; None if it is there at all times."""
        release, plan = self.line.release, self.plan
        if isinstance(release, Schedule):
            for time in release.times:
                yield np.full(self.size, time)
            return
        if not isinstance(release, Arrivals):
            while True:
                yield None
        gaps = Draws(release.interarrival, plan.seed, 0, RELEASE, plan.replications)
        last = np.zeros(self.size)
        while True:
            drawn = np.tile(gaps.next(_BLOCK), len(self.lines))
            times = np.cumsum(np.vstack([last, drawn]), axis=0)
            yield from times[1:]
            last = times[-1]

    def _admitted(self, n: int, arrival: Row | None) -> Row:
        """When part n is ready for the first station, and noted as released."""
        track = self.tracks[self.gate]
        if self.gate >= 0 and n >= self.cards:
            card = track.finish[n - self.cards - track.base]  # the last station lets go as it finishes
            ready = card if arrival is None else np.maximum(arrival, card)
        else:
            ready = np.zeros(self.size) if arrival is None else arrival
        if arrival is not None or self.gate >= 0:
            self.released.append(ready)
        return ready

    def _advance(self, n: int, j: int) -> None:
        """Bring part n through station j, and every lot that this completes through the stations behind."""
        tracks, plan, last = self.tracks, self.plan, len(self.tracks) - 1
        while True:
            track = tracks[j]
            base, at = track.base, n % _BLOCK
            begin, done, leave = track.rows[0][at], track.rows[1][at], track.rows[2][at]
            np.maximum(track.ready[n - base], track.leave[n - 1 - base] if n else 0.0, out=begin)
            if self.kanban:
                track.free.append(begin.copy())
                self._hold(n, j, begin)
            np.add(begin, track.occupied(), out=done)
            track.start.append(begin)
            track.finish.append(done)
            track.leave.append(leave)
            if j == 0 and len(self.released) + tracks[last].base == n:
                self.released.append(begin)  # nothing held it back: it enters as it is started on
            if j == last:
                np.copyto(leave, done)
                if plan.parts is not None:
                    self.departures.append(done.copy())
                if at == _BLOCK - 1:
                    self._count(j)
                return
            lane, behind = self.line.buffers[j], tracks[j + 1]
            if lane.capacity == 0 and n:
                np.maximum(done, behind.leave[n - 1 - behind.base], out=leave)
            elif 0 < lane.capacity <= n:
                np.maximum(done, behind.start[n - lane.capacity - behind.base], out=leave)
            else:
                np.copyto(leave, done)
            if at == _BLOCK - 1:
                self._count(j)
            if lane.transfer_lot == 1:
                behind.ready.append(leave + lane.transfer_time if lane.transfer_time else leave)
                j += 1
                continue
            if (n + 1) % lane.transfer_lot == 0 or n + 1 == plan.parts:
                arrival = leave + lane.transfer_time
                for m in range(len(behind.ready) + behind.base, n + 1):
                    behind.ready.append(arrival)
                    self._advance(m, j + 1)
            return

    def _hold(self, n: int, j: int, begin: Row) -> None:
        """Let part n wait until a kanban card of station j is free."""
        assert self.kanban is not None
        back = n - self.kanban[j]
        if back < 0:
            return
        behind = self.tracks[min(j + 1, len(self.tracks) - 1)]
        given = behind.start if j + 1 < len(self.tracks) else behind.leave
        np.maximum(begin, given[back - behind.base], out=begin)

    def _count(self, j: int) -> None:
        """Count what station j has done since the last time; a full block is then let go of."""
        track = self.tracks[j]
        size = len(track.start) + track.base - track.counted
        if not size:
            return
        start, finish, leave = track.block[:, :size]
        self._add(track.seconds[STATE["working"]], start, finish)
        self._add(track.seconds[STATE["blocked"]], finish, leave)
        if self.kanban:
            free = np.array(track.free[track.counted - track.base :])
            self._add(track.seconds[STATE["blocked"]], free, start)
        track.made += self._happened(finish)
        self._count_stops(j, start)
        if j:
            before = self.tracks[j - 1]
            came = before.passed.pop(0) if before.passed else before.block[2]
            self._add(track.lane, came[:size], start)
        if j == len(self.tracks) - 1:
            skip = track.counted - track.base
            released = np.array(self.released[skip : skip + size])
            self._add(self.inside, released, leave)
            there = self._there(leave)
            self.left += size if there is None else there.sum(axis=0)
            spent = leave - released
            self._scratch[0] = self.flow
            self._scratch[1 : size + 1] = spent if there is None else np.where(there, spent, 0.0)
            self.flow[:] = _total(self._scratch[: size + 1])
            if self.plan.record:
                self.kept_out.append((leave, spent))
        if self.plan.record:
            self.kept[j].append((start, finish, leave))
        track.counted += size
        if size == _BLOCK:
            track.renew()

    def _forget(self) -> None:
        """Let go of the rows that no part looks back on."""
        for j, track in enumerate(self.tracks):
            behind = self.tracks[min(j + 1, len(self.tracks) - 1)].counted
            drop = min(track.counted - self.keep[j], behind) - track.base
            if drop > 0:
                for rows in (track.ready, track.start, track.finish, track.leave, track.free):
                    del rows[:drop]
                track.base += drop
                if track is self.tracks[-1]:
                    del self.released[:drop]

    def _count_unfinished(self) -> None:
        """Count the parts that are on their way when the sweep ends."""
        for track, behind in zip(self.tracks, self.tracks[1:], strict=False):
            if rows := track.leave[behind.counted - track.base :]:
                self._add(behind.lane, np.array(rows), np.inf)
        last = self.tracks[-1]
        if rows := self.released[last.counted - last.base :]:
            self._add(self.inside, np.array(rows), np.inf)

    def _count_stops(self, j: int, start: Floats) -> None:
        track, pending = self.tracks[j], self.tracks[j].stops
        first, end = track.counted, track.counted + len(start)
        for stops in pending:
            here = (stops.part >= first) & (stops.part < end)
            replication, state = stops.replication[here], stops.state[here]
            begin = start[stops.part[here] - first, replication] + stops.offset[here]
            until = begin + stops.duration[here]
            inside = np.maximum(np.minimum(until, self.high) - np.maximum(begin, self.low), 0.0)
            np.add.at(track.seconds, (state, replication), inside)
            np.add.at(track.seconds[STATE["working"]], replication, -inside)
            if self.plan.record:
                self.kept_stops.append((replication, np.full(state.size, j), state, begin, until))
        track.stops = [s for s in pending if s.part[-1] >= end]

    def _add(self, total: Row, begin: Floats, end: Floats | float) -> None:
        """Add the seconds of the intervals that lie in the window.

        One after another in the order of the parts, from the total on: then it makes no difference to the
        last bit where blocks end, which depends on what else is swept.
        """
        size = len(begin) + 1
        rows = self._scratch[:size] if size <= len(self._scratch) else np.empty((size, self.size))
        rows[0], spans = total, rows[1:]
        if isinstance(end, np.ndarray) and begin[0].min() >= self.low and end[-1].max() <= self.high:
            np.subtract(end, begin, out=spans)
        else:
            np.subtract(np.minimum(end, self.high), np.maximum(begin, self.low), out=spans)
            np.maximum(spans, 0.0, out=spans)
        total[:] = _total(rows)

    def _there(self, times: Floats) -> np.ndarray | None:
        """Which times lie in the window [low, high); None if all do."""
        if times[0].min() >= self.low and times[-1].max() < self.high:
            return None
        return np.asarray((times >= self.low) & (times < self.high))

    def _happened(self, times: Floats) -> Row | int:
        there = self._there(times)
        return len(times) if there is None else np.asarray(there.sum(axis=0))

    def _tally(self, parts: int) -> Tally:
        departures = None
        if self.plan.parts is not None:
            departures = np.array(self.departures).T
            window = departures[:, -1]
        else:
            window = np.full(self.size, self.high - self.low)
        seconds = np.array([t.seconds for t in self.tracks]).transpose(2, 0, 1)
        busy = np.array([_total(t.seconds) for t in self.tracks]).T
        seconds[:, :, STATE["starved"]] = np.maximum(window[:, None] - busy, 0.0)
        made = np.array([t.made for t in self.tracks]).T
        none, nothing = np.zeros(self.size), np.zeros_like(made)
        times = [[s.process_time.average for s in line.stations] for line in self.lines]
        return Tally(
            window=window,
            left=self.left,
            bad=none,
            late=none,
            flow=self.flow,
            tardiness=none,
            inside=self.inside,
            lanes=np.array([t.lane for t in self.tracks[1:]]).reshape(-1, self.size).T,
            states=seconds,
            made=made,
            defects=nothing,
            scrapped=nothing,
            reworked=nothing,
            standard=made * np.repeat(times, len(self.plan.replications), axis=0),
            asked=none,
            served_at_once=none,
            waited=none,
            busy=np.zeros((self.size, len(self.line.vehicles))),
            departures=departures,
            log=self._log() if self.plan.record else None,
        )

    def _log(self) -> Log:
        columns = []
        for j, blocks in enumerate(self.kept):
            if not blocks:
                continue
            start, finish, leave = (np.concatenate(times).ravel() for times in zip(*blocks, strict=True))
            part, replication = np.divmod(np.arange(start.size), self.size)
            columns.append((replication, part, np.full(start.size, j), start, finish, leave))
        replication, part, station, start, finish, leave = (
            np.concatenate(c) for c in zip(*columns, strict=True)
        )
        begun = start < self.high
        out, spent = (np.concatenate(c) for c in zip(*self.kept_out, strict=True)) if self.kept_out else _NONE
        _, who = np.nonzero(gone := out < self.high)
        stops = [np.concatenate(c) for c in zip(*self.kept_stops, strict=True)] or [np.zeros(0)] * 5
        offset, zero = self.plan.replications.start, np.zeros(int(begun.sum()), dtype=np.int64)
        return Log(
            replication[begun] + offset, part[begun], station[begun], zero, zero,
            start[begun], _cut(finish[begun], self.high), _cut(leave[begun], self.high),
            who + offset, out[gone], spent[gone],
            stops[0].astype(np.int64) + offset, stops[1].astype(np.int64), stops[2].astype(np.int64),
            stops[3], stops[4],
        )  # fmt: skip


def _total(rows: Floats) -> Row:
    """The sum of rows, added one after another for one replication as for many: figures equal to the bit."""
    return np.asarray(rows.sum(axis=0) if rows.shape[1] > 1 else np.add.accumulate(rows, axis=0)[-1])


def _cut(times: Floats, high: float) -> Floats:
    """Times with those that lie beyond the end of the run as inf."""
    return np.where(times < high, times, np.inf)
