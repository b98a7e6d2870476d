"""The reference engine: the line acted out on SimPy's clock, one replication after another.

`machine.py` and `workplace.py` have the people of the play; here they are put on the floor, with the gate
where parts come in, the door where they go out, and the books that are read at the end of the warm-up and of
the run.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import simpy
from simpy.events import URGENT

from linelab.engines.machine import HandToHand, Lane, Machine, Part
from linelab.engines.service import Service
from linelab.engines.workplace import CHANCE, Cards, Crew, Fleet, Stage, Workplace
from linelab.model import (
    Arrivals,
    Buffer,
    Conwip,
    DrumBufferRope,
    Kanban,
    Line,
    LineError,
    Mix,
    Saturated,
    Schedule,
    Station,
)
from linelab.streams import DEMAND, PRODUCT, RELEASE, Feed
from linelab.tally import STATES, Log, Plan, Tally, joined

Progress = Callable[[float], None]
_SLICES = 20  # looks at the clock while one replication runs, for the progress bar
_COUNTS = ("made", "defects", "scrapped", "reworked", "standard")


def run(line: Line, plan: Plan, progress: Progress | None = None) -> Tally:
    """Simulate the replications of `plan` on `line`; see `linelab.simulate`."""
    tallies, count = [], len(plan.replications)
    for i, replication in enumerate(plan.replications):

        def told(share: float, i: int = i) -> None:
            if progress:
                progress((i + share) / count)

        tallies.append(Floor(line, plan, replication).run(told))
    return joined(tallies)


class Floor:
    """One replication: the floor with all that stands on it, and its books."""

    def __init__(self, line: Line, plan: Plan, replication: int) -> None:
        self.line, self.plan, self.replication = line, plan, replication
        self.env = simpy.Environment()
        self.closing = False  # the last lots and batches of a run go incomplete
        self.finished = self.env.event()
        self.departures: list[float] = []
        self.out: list[tuple[float, float]] = []  # when each part left, and its flow time
        self.inside = 0
        self.sums = dict.fromkeys(("left", "bad", "late", "flow", "tardiness", "inside"), 0.0)
        self.kanban = [Cards(n) for n in line.control.cards] if isinstance(line.control, Kanban) else []
        self.fleets = {v.name: Fleet(self.env, v.count) for v in line.vehicles}
        self.release = Release(self)
        self.door = Market(self) if line.demand else Door(self)
        self.models = list(line.stations)
        self.machines: list[list[Any]] = []
        self.lanes = self._lay_out(line, self.release, self.door, 0)
        for cards, lane in zip(self.kanban, [self.release, *self.lanes], strict=False):
            cards.inbound = lane
        self._add_feeders()
        self.crews = self._hire()
        if plan.record:
            for machine in self._all():
                machine.log = []

    # putting it together

    def _lay_out(self, line: Line, source: Any, door: Any, first: int) -> list[Lane]:
        """Machines of each station, between the lanes."""
        simple = [
            self._is_simple(s, lane) for s, lane in zip(line.stations, [None, *line.buffers], strict=True)
        ]
        lanes = [
            self._lane(buffer, station, is_simple)
            for buffer, station, is_simple in zip(line.buffers, line.stations[1:], simple[1:], strict=True)
        ]
        for j, station in enumerate(line.stations):
            before, behind = [source, *lanes][j], [*lanes, door][j]
            row: list[Any] = []
            for number in range(station.machines):
                place, which = first + j, range(self.replication, self.replication + 1)
                if simple[j]:
                    service = Service(station, self.plan.seed, place, number, which)
                    row.append(Machine(self.env, place, number, service))
                else:
                    row.append(Workplace(self, self.line, station, place, number))
                row[-1].inbound, row[-1].outbound = before, behind
                before.idle.append(row[-1])
            self.machines.append(row)
            if self.kanban and line is self.line:
                for machine in row:
                    machine.cards = self.kanban[j]
        return lanes

    def _is_simple(self, s: Station, lane: Buffer | None) -> bool:
        """Whether a plain machine does for this station."""
        line, control = self.line, self.line.control
        several = s.batch != 1 or s.joins != 1 or s.splits != 1
        special = s.maintenance or s.shift or s.changeover or s.quality or s.inspection
        by_calendar = any(f and f.clock == "calendar" for f in (s.failures, s.minor_stops))
        served = any(s.name in crew.stations for crew in line.operators)
        served = served or any(f.into == s.name for f in line.feeders)
        drum = isinstance(control, DrumBufferRope) and control.drum == s.name
        timed = line.mix and any(s.name in dict(p.process_times) for p in line.mix.products)
        return not (several or special or by_calendar or served or drum or timed or self.kanban)

    def _lane(self, buffer: Buffer, station: Station, simple: bool) -> Lane:
        room = station.machines * station.batch * station.joins
        parts = self.plan.parts
        if simple and not (buffer.vehicle or buffer.interval or buffer.rule != "fifo"):
            if buffer.capacity:
                return Lane(self.env, buffer, parts)
            return HandToHand(self.env, buffer, parts, room)
        fleet = self.fleets[buffer.vehicle] if buffer.vehicle else None
        by_hand = 0 if buffer.capacity else room
        return Stage(self.env, buffer, parts, by_hand, self._rank(buffer, station), fleet)

    def _rank(self, buffer: Buffer, station: Station) -> Callable[[Part], float] | None:
        """What the rule of a lane takes the least of."""
        if buffer.rule == "lifo":
            arrived = iter(range(0, -(2**62), -1))
            order: dict[Part, int] = {}
            return lambda part: order.setdefault(part, next(arrived))
        if buffer.rule == "spt" and self.line.mix:
            times = [
                dict(p.process_times).get(station.name, station.process_time).average
                for p in self.line.mix.products
            ]
            return lambda part: times[part.product]
        if buffer.rule == "edd":
            return lambda part: part.due
        return None

    def _add_feeders(self) -> None:
        for feeder in self.line.feeders:
            into = self.line.names.index(feeder.into)
            lane = Stage(self.env, Buffer(feeder.capacity), None)
            first = len(self.machines)
            self.models += feeder.line.stations
            self.lanes += self._lay_out(feeder.line, Components(self), lane, first)
            for machine in self.machines[into]:
                machine.feeds.append((lane, feeder.per_part))
                lane.serves = machine.inbound

    def _hire(self) -> list[Crew]:
        crews = []
        for model in self.line.operators:
            places = [self.line.names.index(name) for name in model.stations]
            crew = Crew(self.env, model, places[0])
            crews.append(crew)
            for place in places:
                for machine in self.machines[place]:
                    for task in model.does:
                        machine.crews.setdefault(task, []).append(crew)
        control = self.line.control
        if isinstance(control, DrumBufferRope):
            for machine in self.machines[self.line.names.index(control.drum)]:
                machine.rope = True
        return crews

    def _all(self) -> Iterator[Any]:
        for row in self.machines:
            yield from row

    # running it

    def run(self, progress: Progress) -> Tally:
        env, plan = self.env, self.plan
        before = {name: np.zeros_like(now) for name, now in self._read().items()}
        if plan.warm_up:
            settled = env.event()
            settled._ok, settled._value = True, None
            settled.callbacks.append(lambda _: before.update(self._read()))
            env.schedule(settled, URGENT, plan.warm_up)
        self.release.open()
        for row in self.machines[len(self.line.stations) :]:
            for machine in row:
                machine.inbound.wake()
        if plan.horizon is None:
            self._until_all_are_out()
        else:
            for i in range(1, _SLICES + 1):
                env.run(until=plan.horizon if i == _SLICES else plan.horizon * i / _SLICES)
                progress(i / _SLICES)
            env.step()  # SimPy has put its stop event back in front
            if math.isinf(env.peek()) and self.inside and not isinstance(self.line.release, Schedule):
                raise self._stuck()
        progress(1.0)
        now = self._read()
        return self._tally({name: now[name] - before[name] for name in now})

    def _until_all_are_out(self) -> None:
        while True:
            try:
                self.env.run(until=self.finished)
                return
            except RuntimeError:  # nothing will happen any more
                self.close()

    def close(self) -> None:
        """What waits for company, in a lot or a batch, goes without; LineError if that moves nothing."""
        self.closing = True
        if not self._flush():
            raise self._stuck() from None

    def _flush(self) -> bool:
        """Send incomplete lots and batches on; whether there were any."""
        moved = False
        for lane in self.lanes:
            if lane.gathered:
                lot, lane.gathered = lane.gathered, []
                lane.move(lot)
                moved = True
        for lane in [self.release, *self.lanes]:
            if isinstance(lane, Stage):
                lane.wake()
        return moved or not math.isinf(self.env.peek())

    def _stuck(self) -> LineError:
        where = ", ".join(
            f"{lane.free:g} places free and {len(lane.waiting)} parts waiting after {name}"
            for name, lane in zip(self.line.names, self.lanes, strict=False)
        )
        return LineError([f"line: stands still, {where}; give it more places, cards or people"])

    def note_out(self) -> None:
        """A part is out of the line, delivered or scrapped."""
        if self.release.closed and not self.inside and not self.finished.triggered:
            self.finished.succeed()

    def change(self, parts: int) -> None:
        """Parts have come into the line, or gone."""
        self.inside += parts
        self.sums["inside"] -= parts * self.env.now

    def leave(self, part: Part, now: float) -> None:
        """A part leaves the line."""
        sums = self.sums
        sums["left"] += 1
        sums["flow"] += now - part.released
        self.inside -= 1
        sums["inside"] += now
        if part.defective:
            sums["bad"] += 1
        if now > part.due:
            sums["late"] += 1
            sums["tardiness"] += now - part.due
        if self.plan.parts is not None:
            self.departures.append(now)
        if self.plan.record:
            self.out.append((now, now - part.released))
        self._back(part)

    def scrap(self, part: Part) -> None:
        self.change(-1)
        if part.stage >= 0:
            self.kanban[part.stage].back()
        self._back(part)

    def _back(self, part: Part) -> None:
        """The cards of a part that is out come back; the last part ends the run."""
        if self.plan.parts is not None:
            self.note_out()
        if self.release.gated and (part.roped or isinstance(self.line.control, Conwip)):
            self.release.card_back(part.cards, part.product)

    def send_back(self, part: Part, station: str) -> None:
        """A part goes back to a station for rework."""
        lane: Any = [self.release, *self.lanes][self.line.names.index(station)]
        lane.shelve(part, self.env.now)

    # reading the books

    def _read(self) -> dict[str, np.ndarray]:
        now = self.env.now
        states = np.zeros((len(self.machines), len(STATES)))
        counts = np.zeros((len(_COUNTS), len(self.machines)))
        for j, row in enumerate(self.machines):
            for machine in row:
                seconds, made = machine.read(now)
                states[j] += [seconds[name] for name in STATES]
                if "standard" not in made:
                    made["standard"] = made["made"] * self.models[j].process_time.average
                counts[:, j] += [made.get(name, 0.0) for name in _COUNTS]
        sums = {name: np.array(value) for name, value in self.sums.items()}
        sums["inside"] = sums["inside"] + self.inside * now
        main = self.lanes[: len(self.line.buffers)]
        return (
            sums
            | {"states": states, "window": np.array(now), "busy": np.array(
                [crew.busy_seconds(now) for crew in self.crews]
                + [fleet.busy_seconds(now) for fleet in self.fleets.values()]
            )}
            | {"lanes": np.array([lane.part_seconds(now) for lane in main])}
            | dict(zip(_COUNTS, counts, strict=True))
            | {name: np.array(value) for name, value in self.door.customers().items()}
        )  # fmt: skip

    def _tally(self, sums: dict[str, np.ndarray]) -> Tally:
        departures = None
        if self.plan.parts is not None:
            departures = np.array([self.departures])
        return Tally(
            **{name: value[None] for name, value in sums.items()},
            departures=departures,
            log=self._log() if self.plan.record else None,
        )

    def _log(self) -> Log:
        now, rows, stops = self.env.now, [], []
        for machine in self._all():
            rows += machine.log
            if isinstance(machine, Machine) and machine.part is not None:
                part, until = machine.part, machine.until
                left = (until if until <= now else math.inf, math.inf)
                rows.append(
                    (part.number, machine.station, machine.number, part.product, machine.began, *left)
                )
            stops += [(machine.station, *stop) for stop in machine.stops]
        table = np.array(rows, dtype=float).reshape(-1, 7).T
        order = np.lexsort((table[0], table[1]))
        part, station, number, product = (column[order].astype(np.int64) for column in table[:4])
        halts = np.array(stops, dtype=float).reshape(-1, 4).T
        out = np.array(self.out, dtype=float).reshape(-1, 2).T
        return Log(
            np.full(part.size, self.replication), part, station, number, product,
            table[4][order], table[5][order], table[6][order],
            np.full(out.shape[1], self.replication), out[0], out[1],
            np.full(halts.shape[1], self.replication), halts[0].astype(np.int64), halts[1].astype(np.int64),
            halts[2], halts[3],
        )  # fmt: skip


class Release(Stage):
    """The gate: parts come in by themselves, or when a station asks for one, or when a card is free."""

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor.env, Buffer(1), None)
        self.floor, self.free = floor, math.inf
        line, plan = floor.line, floor.plan
        control = line.control
        self.model = line.release
        self.limit = math.inf if plan.parts is None else plan.parts
        if isinstance(self.model, Schedule):
            self.limit = min(self.limit, len(self.model.times))
        self.cards = math.inf
        if isinstance(control, Conwip):
            self.cards = control.cards
        elif isinstance(control, DrumBufferRope):
            self.cards = control.rope
        self.gated = not math.isinf(self.cards)
        self.endless = isinstance(self.model, Saturated) and not self.gated
        self.arrived: float = math.inf if isinstance(self.model, Saturated) else 0  # before the gate
        self.come = self.made = 0
        # products to replace what customers took; of each there is one to begin with
        self._wanted: deque[int] = deque(range(len(line.products)) if line.demand and self.gated else ())
        self._roped = isinstance(control, DrumBufferRope)
        self._sequence = _sequence(line.mix, floor)
        self._allowances = [p.allowance for p in line.mix.products] if line.mix else []
        if isinstance(self.model, Arrivals):
            self._gaps = Feed(self.model.interarrival, plan.seed, 0, RELEASE, floor.replication)

    @property
    def closed(self) -> bool:
        """Whether the last part of the run is in."""
        return self.made >= self.limit

    def open(self) -> None:
        """The run begins."""
        if isinstance(self.model, Saturated):
            self._admit()
            self.wake()
        else:
            self._await()

    def _await(self) -> None:
        """Wait for the next part to come."""
        if self.come >= self.limit:
            return
        if isinstance(self.model, Schedule):
            gap = max(self.model.times[self.come] - self.env.now, 0.0)  # rounding can leave it below
        else:
            gap = self._gaps.next()
        self.env.timeout(gap).callbacks.append(self._arrival)

    def _arrival(self, _event: Any) -> None:
        self.come += 1
        self.arrived += 1
        self._await()
        self._admit()

    def _admit(self) -> None:
        """Let in what has come, as far as there are cards."""
        while not self.endless and self.arrived and self.cards and not self.closed:
            self.arrived -= 1
            self.cards -= 1
            self.arrive(self._part(), self.env.now)

    def card_back(self, cards: int, product: int) -> None:
        self.cards += cards
        if self.floor.line.demand:
            self._wanted.extend([product] * cards)
        self._admit()

    def _part(self) -> Part:
        part = Part(self.made, self.env.now)
        self.made += 1
        self.floor.change(1)
        if self._sequence:
            part.product = self._wanted.popleft() if self._wanted else next(self._sequence)
            allowance = self._allowances[part.product]
            if allowance:
                part.due = part.released + allowance
        part.roped = self._roped
        return part

    def ready(self) -> float:
        more = self.limit - self.made if self.endless else 0
        return len(self.waiting) + more

    def next(self) -> Part | None:
        if self.waiting or not self.endless:
            return super().next()
        return None if self.closed else self._part()

    def taken(self, now: float) -> None:
        pass

    def shelve(self, part: Part, now: float) -> None:
        self.waiting.appendleft(part)
        self.wake()


class Components(Stage):
    """Raw material of a feeder: always there, and no part of the line."""

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor.env, Buffer(1), None)
        self.free = math.inf

    def ready(self) -> float:
        return math.inf

    def next(self) -> Part:
        return Part(-1, self.env.now)

    def taken(self, now: float) -> None:
        pass


def _sequence(mix: Mix | None, floor: Floor) -> Iterator[int] | None:
    """Products in the order in which they come, as their numbers."""
    if mix is None:
        return None
    shares = np.array([p.share for p in mix.products], dtype=float)
    shares /= shares.sum()
    if mix.order == "random":
        return _at_random(shares, Feed(CHANCE, floor.plan.seed, 0, PRODUCT, floor.replication))
    return _levelled(shares) if mix.order == "level" else _in_lots(shares, mix.lot)


def _at_random(shares: np.ndarray, luck: Feed) -> Iterator[int]:
    until = np.cumsum(shares)[:-1]
    while True:
        yield int(np.searchsorted(until, luck.next(), side="right"))


def _levelled(shares: np.ndarray) -> Iterator[int]:
    """Always the product that is the furthest behind its share."""
    made = np.zeros(len(shares))
    for n in range(1, 2**62):
        i = int(np.argmax(np.round(n * shares - made, 9)))
        made[i] += 1
        yield i


def _in_lots(shares: np.ndarray, lot: int) -> Iterator[int]:
    sizes = np.maximum(np.rint(lot * shares / shares.min()), 1).astype(int)
    while True:
        for i, size in enumerate(sizes):
            yield from [i] * int(size)


class Door:
    """Finished parts leave at once."""

    free = math.inf

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    def put(self, part: Part, now: float) -> None:
        if part.stage >= 0:
            self.floor.kanban[part.stage].back()
        self.floor.leave(part, now)

    def customers(self) -> dict[str, float]:
        return {"asked": 0.0, "served_at_once": 0.0, "waited": 0.0}


class Market(Door):
    """Finished parts wait in stock for customers, or customers for parts."""

    def __init__(self, floor: Floor) -> None:
        super().__init__(floor)
        line, plan = floor.line, floor.plan
        assert line.demand is not None
        self.stock: list[deque[Part]] = [deque() for _ in line.products]
        self.queue: list[deque[float]] = [deque() for _ in line.products]  # since when each waits
        self._books = {"asked": 0.0, "served_at_once": 0.0, "waited": 0.0}
        self._gaps = Feed(line.demand.interarrival, plan.seed, 0, DEMAND, floor.replication)
        shares = np.array([p.share for p in line.mix.products] if line.mix else [1.0])
        luck = Feed(CHANCE, plan.seed, 1, PRODUCT, floor.replication)
        self._wishes = _at_random(shares / shares.sum(), luck)
        self._await()

    def _await(self) -> None:
        self.floor.env.timeout(self._gaps.next()).callbacks.append(self._customer)

    def _customer(self, _event: Any) -> None:
        now, product = self.floor.env.now, next(self._wishes)
        self._books["asked"] += 1
        if self.floor.plan.parts is not None and not any(self.stock) and math.isinf(self.floor.env.peek()):
            self.floor.close()  # but for customers nothing would happen any more
        self._await()
        if self.stock[product]:
            self._books["served_at_once"] += 1
            super().put(self.stock[product].popleft(), now)
        else:
            self.queue[product].append(now)
            self._books["waited"] -= now

    def put(self, part: Part, now: float) -> None:
        if self.queue[part.product]:
            self.queue[part.product].popleft()
            self._books["waited"] += now
            super().put(part, now)
        else:
            self.stock[part.product].append(part)

    def customers(self) -> dict[str, float]:
        open_waits = sum(len(q) for q in self.queue) * self.floor.env.now
        return self._books | {"waited": self._books["waited"] + open_waits}
