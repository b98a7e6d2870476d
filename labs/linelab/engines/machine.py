"""The simplest machines of the SimPy engine, and the lanes between them.

Read it as a walk through the factory. A `Machine` stands between two lanes. It takes a part from the lane
before it (`begin`), is done with it after a while (`finished`), waits while the lane behind it is full, lets
the part go (`let_go`) and looks for the next. A `Lane` has places; a machine that begins on a part of it
frees one, and the machine that waits for a place moves up. `workplace.py` has the machines that need more
than a part: batches, components, setups, people, cards. `simpy.py` puts them together.

A SimPy process for each machine would read the same and take three times as long: here a machine reuses one
event, and hands a part on by calling the next rather than by waking it through the event queue.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any

import simpy
from simpy.events import NORMAL

from linelab.engines.service import Service
from linelab.model import Buffer
from linelab.tally import STATES


class Part:
    """A part on its way; most lines need no more of it than when it was released."""

    product = 0
    due = math.inf
    defective = False
    attempts = 0  # times reworked
    cards = 1  # CONWIP cards that it carries; more when parts were joined
    stage = -1  # station whose kanban card it carries
    on_shelf = False  # back for rework: it takes no place in the lane
    roped = False  # counts for the rope from release to the drum

    def __init__(self, number: int, released: float) -> None:
        self.number = number
        self.released = released


class Lane:
    """The places between two stations, with the transfer lot that gathers in them."""

    def __init__(self, env: simpy.Environment, buffer: Buffer, parts: int | None) -> None:
        self.env, self.buffer = env, buffer
        self.free: float = buffer.capacity
        self.waiting: deque[Part] = deque()
        self.idle: deque[Any] = deque()  # machines behind it that wait for a part
        self.blocked: deque[Any] = deque()  # machines before it that wait for a place
        self.gathered: list[Part] = []
        self.moving = 0
        self.area = 0.0  # part-seconds, but for the parts that are here
        self._direct = buffer.transfer_lot == 1 and not buffer.transfer_time and not buffer.interval
        self._still_to_come = parts  # the last lot of a run goes incomplete

    def put(self, part: Part, now: float) -> None:
        """A part comes in, on the place that was taken for it."""
        self.area -= now
        if self._direct:
            self.arrive(part, now)
            return
        self.gathered.append(part)
        if self._still_to_come is not None:
            self._still_to_come -= 1
        if len(self.gathered) == self.buffer.transfer_lot or self._still_to_come == 0:
            lot, self.gathered = self.gathered, []
            self.move(lot)

    def move(self, lot: list[Part]) -> None:
        self.moving += len(lot)
        if not self.buffer.transfer_time:
            self.unload(lot)
        else:
            self.env.timeout(self.buffer.transfer_time).callbacks.append(lambda _: self.unload(lot))

    def unload(self, lot: list[Part]) -> None:
        self.moving -= len(lot)
        for part in lot:
            self.arrive(part, self.env.now)

    def arrive(self, part: Part, now: float) -> None:
        """A part can be taken up."""
        if self.idle:
            self.idle.popleft().begin(part, now)
        else:
            self.waiting.append(part)

    def next(self) -> Part | None:
        """The part to take up next."""
        return self.waiting.popleft() if self.waiting else None

    def taken(self, now: float) -> None:
        """A machine has begun on a part: its place is free."""
        self.area += now
        if self.blocked:
            self.blocked.popleft().unblocked(now)
        else:
            self.free += 1

    def emptied(self, now: float) -> None:
        """A machine behind the lane has let its part go."""

    def part_seconds(self, now: float) -> float:
        return self.area + now * (len(self.waiting) + len(self.gathered) + self.moving)


class HandToHand(Lane):
    """No place between: a part leaves when a machine behind is empty, which is the place."""

    def __init__(self, env: simpy.Environment, buffer: Buffer, parts: int | None, room: int) -> None:
        super().__init__(env, buffer, parts)
        self.free = room

    def taken(self, now: float) -> None:
        self.area += now

    def emptied(self, now: float) -> None:
        if self.blocked:
            self.blocked.popleft().unblocked(now)
        else:
            self.free += 1


class Machine:
    """A machine that needs nothing but a part to work on and a place to put it."""

    def __init__(self, env: simpy.Environment, station: int, number: int, service: Service) -> None:
        self.env, self.station, self.number = env, station, number
        self.inbound: Any = None
        self.outbound: Any = None
        self.log: list[tuple[Any, ...]] | None = None
        self.part: Any = None
        self.began = self.until = 0.0
        self.started = 0
        self.busy = self.blocked = 0.0
        self.stops: list[tuple[int, float, float]] = []  # state, begin, end
        self._service = service
        self._occupied: list[float] = []  # drawn ahead, the next one last
        self._coming: deque[tuple[int, int, float, float]] = deque()  # part, state, offset, duration
        self._block = 32
        # one event serves for every operation: it is set off again and again
        self._event = env.event()
        self._event._ok, self._event._value = True, None
        self._done: list[Callable[[Any], None]] = [self.finished]
        self._schedule = env.schedule

    def look(self) -> None:
        """Take up a part if there is one; only called while idle."""
        part = self.inbound.next()
        if part is not None:
            self.inbound.idle.remove(self)
            self.begin(part, self.env.now)

    def begin(self, part: Part, now: float) -> None:
        occupied = self._occupied
        if not occupied:
            occupied = self._draw()
        work = occupied.pop()
        self.part, self.began, self.until = part, now, now + work
        self.busy += work
        self._event.callbacks = self._done
        self._schedule(self._event, NORMAL, work)
        if self._coming and self._coming[0][0] == self.started:
            self._note_stops(now)
        self.started += 1
        self.inbound.taken(now)

    def finished(self, _event: Any) -> None:
        lane = self.outbound
        if lane.free:
            lane.free -= 1
            self.let_go(self.until)
        else:
            lane.blocked.append(self)

    def unblocked(self, now: float) -> None:
        """The place that was waited for is there."""
        self.blocked += now - self.until
        self.let_go(now)

    def let_go(self, now: float) -> None:
        part, inbound = self.part, self.inbound
        if self.log is not None:
            self.log.append(
                (part.number, self.station, self.number, part.product, self.began, self.until, now)
            )
        following = inbound.next()
        if following is None:
            self.part = None
            inbound.idle.append(self)
            self.outbound.put(part, now)
            inbound.emptied(now)
        else:
            self.outbound.put(part, now)
            self.begin(following, now)

    def read(self, now: float) -> tuple[dict[str, float], dict[str, float]]:
        """Seconds in each state so far, and parts made."""
        busy, blocked, working = self.busy, self.blocked, False
        if self.part is not None:
            working = self.until >= now  # what ends now ends after the books are read
            busy -= max(self.until - now, 0.0)
            blocked += max(now - self.until, 0.0)
        seconds = dict.fromkeys(STATES, 0.0)
        for state, begin, end in self.stops:
            seconds[STATES[state]] += max(min(end, now) - begin, 0.0)
        seconds |= {"working": busy - sum(seconds.values()), "blocked": blocked}
        seconds["starved"] = max(now - sum(seconds.values()), 0.0)
        return seconds, {"made": self.started - working}

    def _draw(self) -> list[float]:
        """The occupied times of the next parts, the next one last."""
        self._block = min(2 * self._block, 2048)
        first = self.started
        times, stops = self._service.next(self._block)
        if stops is not None:
            rows = (stops.part, stops.state, stops.offset, stops.duration)
            self._coming.extend(zip(*(row.tolist() for row in rows), strict=True))
        assert not self._coming or self._coming[0][0] >= first
        self._occupied = times[::-1, 0].tolist()
        return self._occupied

    def _note_stops(self, now: float) -> None:
        while self._coming and self._coming[0][0] == self.started:
            _, state, offset, duration = self._coming.popleft()
            self.stops.append((state, now + offset, now + offset + duration))
