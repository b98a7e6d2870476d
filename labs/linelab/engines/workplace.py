"""The machines of the SimPy engine that need more than a part: batches, components, setups, people, cards.

An operation here is a list of steps, each a state, its seconds and the skill that it needs: changing over,
working, being repaired, working on. A `Workplace` starts when all is there (`look`), goes through the steps
(`next_step`), judges what it has made (`complete`) and passes it on (`deliver`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

import simpy

from linelab.distributions import Distribution
from linelab.engines.calendar import Calendar, calendar_of
from linelab.engines.machine import Lane, Part
from linelab.engines.service import MACHINE, Wear, operating_stops
from linelab.model import Buffer, Inspection, Line, Operators, Quality, Station
from linelab.streams import CHANGEOVER, DEFECT, INSPECTION, PROCESS, Feed
from linelab.tally import STATES

PRODUCT = 100  # process-time streams of the second product begin here


class Workplace:
    """One machine of a station, with all that it may need."""

    def __init__(self, floor: Any, line: Line, station: Station, place: int, number: int) -> None:
        self.floor, self.env, self.model = floor, floor.env, station
        self.station, self.number = place, number
        self.inbound: Any = None
        self.outbound: Any = None
        self.feeds: list[tuple[Lane, int]] = []  # lanes of components, and how many each part needs
        self.cards: Cards | None = None  # kanban of this station
        self.rope = False  # whether this is the drum
        self.crews: dict[str, list[Crew]] = {}
        self.operator: Operator | None = None
        self.called: list[Crew] = []
        self.log: list[tuple[Any, ...]] | None = None
        self.stops: list[tuple[int, float, float]] = []
        self.parts: list[Part] = []  # in work
        self.out: deque[Part] = deque()  # finished, on their way out
        self.began = self.until = 0.0
        self.state, self.since = "starved", 0.0
        self.totals = dict.fromkeys(STATES, 0.0)
        self.counts = {"made": 0.0, "defects": 0.0, "scrapped": 0.0, "reworked": 0.0, "standard": 0.0}
        self._steps: deque[Step] = deque()
        self._begun = False
        self._will_look = False  # an alarm is set for when the machine can work again
        self._components: list[Lane] = []  # lane of each component in hand
        self._places = 0  # that the parts in hand took in the lane before
        self._product: int | None = None  # set up for
        self._startup = 0  # parts that will still be wrong
        feed = self._feed
        self.calendar = calendar_of(station, feed)
        times = [station.process_time] * len(line.products)
        for i, product in enumerate(line.mix.products if line.mix else ()):
            times[i] = dict(product.process_times).get(station.name, station.process_time)
        self._standard = [time.average for time in times]  # seconds of an operation, by product
        self._work = [feed(time, PROCESS + PRODUCT * i) for i, time in enumerate(times)]
        self._wear = [
            (state, Wear(feed(f.time_to_failure, fail), feed(f.time_to_repair, repair)))
            for state, f, fail, repair in operating_stops(station)
        ]
        self._names = line.products
        self._setups: dict[str, Feed] = {}
        if station.changeover:
            pairs = {"": station.changeover.time, **dict(station.changeover.between)}
            self._setups = {
                pair: feed(time, CHANGEOVER + PRODUCT * i) for i, (pair, time) in enumerate(pairs.items())
            }
        self._luck = feed(CHANCE, DEFECT)
        self._eye = feed(CHANCE, INSPECTION)
        self._event = floor.env.event()
        self._event._ok, self._event._value = True, None
        self._done = [self.finished]

    def _feed(self, distribution: Distribution, purpose: int) -> Feed:
        floor = self.floor
        return Feed(
            distribution, floor.plan.seed, self.station, purpose + MACHINE * self.number, floor.replication
        )

    # looking for work

    def look(self) -> bool:
        """Start an operation if all is there that it needs; only called while idle."""
        model, inbound = self.model, self.inbound
        need, here = model.batch * model.joins, inbound.ready()
        if here < need and not (self.floor.closing and here):
            self.enter("starved")
            return False
        taken = int(min(need, here))
        outputs = -(-taken // model.joins) * model.splits
        if self.feeds and any(len(lane.waiting) < each * outputs for lane, each in self.feeds):
            self.enter("starved")
            return False
        if self.cards and self.cards.free < outputs:
            self.enter("blocked")
            return False
        if self.calendar and self._kept_away(self.calendar):
            return False
        inbound.idle.remove(self)
        inbound.reserved += taken
        self.parts = [inbound.next()] if taken == 1 else [inbound.next() for _ in range(taken)]
        if self.cards:
            self.cards.free -= outputs
        if self.feeds:
            self._components = [
                lane for lane, each in self.feeds for _ in range(each * outputs) if lane.next()
            ]
        self._plan_steps()
        self._begun = False
        self.next_step()
        return True

    def _kept_away(self, calendar: Calendar) -> bool:
        """Whether the machine cannot start now; it then looks again as soon as it can."""
        now = self.env.now
        wait = calendar.ready(now) - now
        if wait > 0 and not self._will_look:
            self._will_look = True
            self.env.timeout(wait).callbacks.append(self._look_again)
        return bool(wait > 0)

    def _look_again(self, _event: Any) -> None:
        self._will_look = False
        self.inbound.wake()

    def _plan_steps(self) -> None:
        """What has to be done for the parts in hand."""
        steps, product = self._steps, self.parts[0].product
        if self._setups and self._product is not None and product != self._product:
            pair = f"{self._names[self._product]}>{self._names[product]}"
            length = self._setups.get(pair, self._setups[""]).next()
            steps.append(Step("changeover", length, "changeover"))
            self._restart()
        self._product = product
        work = self._work[product].next() / self.model.speed
        done = 0.0
        if self._wear:
            stops = [(at, length, state) for state, wear in self._wear for at, length in wear.stops(work)]
            for at, length, state in sorted(stops):
                steps.append(Step("working", at - done, "work"))
                steps.append(Step(state, length, "repair" if state == "down" else "work"))
                done = at
        steps.append(Step("working", work - done, "work"))

    def _restart(self) -> None:
        if self.model.quality:
            self._startup = self.model.quality.startup

    # doing it

    def next_step(self) -> None:
        if not self._steps:
            self.complete()
            return
        step = self._steps[0]
        if self.operator and step.task not in self.operator.crew.does:
            self._dismiss()
        crews = self.crews.get(step.task)
        if crews and not self.operator:
            self.enter(step.state if step.task == "repair" else "waiting")
            call(self, crews)
            return
        self._steps.popleft()
        self.enter(step.state)
        now = self.env.now
        self.until = self.calendar.finish(now, step.seconds) if self.calendar else now + step.seconds
        if step.state in ("down", "stopped"):
            self.stops.append((STATES.index(step.state), now, self.until))
            if step.state == "down":
                self._restart()
        self._event.callbacks = self._done
        self.env.schedule(self._event, delay=self.until - now)
        if not self._begun:
            self._begin(now)

    def finished(self, _event: Any) -> None:
        self.next_step()

    def attended(self, operator: Operator) -> None:
        """An operator is on the way to this machine."""
        self.operator = operator
        walk = operator.walk_to(self.station)
        if walk:
            self.env.timeout(walk).callbacks.append(self.finished)
        else:
            self.next_step()

    def _begin(self, now: float) -> None:
        """The first step has begun: the places and cards of what was taken are free."""
        self._begun, self.began = True, now
        self.inbound.reserved -= len(self.parts)
        for lane in self._components:
            lane.taken(now)
        self._places = sum(not part.on_shelf for part in self.parts)
        for part in self.parts:
            if part.stage >= 0:
                self.floor.kanban[part.stage].back()
                part.stage = -1
            if part.on_shelf:
                part.on_shelf = False
                self.inbound.area += now
            else:
                self.inbound.taken(now)

    def _dismiss(self) -> None:
        if self.operator:
            operator, self.operator = self.operator, None
            operator.crew.release(operator)

    def complete(self) -> None:
        """The operation is over: judge what was made, then pass it on."""
        made, model = self._outputs(), self.model
        self.counts["made"] += len(made)
        self.counts["standard"] += self._standard[self._product or 0]
        for part in made:
            if model.quality:
                self._spoil(part, model.quality)
            if self.cards:
                part.stage = self.station
            if self.rope and part.roped:
                part.roped = False
                self.floor.release.card_back(part.cards, part.product)
            if model.inspection is None or not self._rejected(part, model.inspection):
                self.out.append(part)
            elif model.inspection.rework and part.attempts < model.inspection.attempts:
                self._rework(part, model.inspection.rework)
            else:
                self.counts["scrapped"] += 1
                self.floor.scrap(part)
        self._dismiss()
        self.deliver()

    def _outputs(self) -> list[Part]:
        """What the parts in hand have become: one of several (assembly), or several of one (disassembly)."""
        joins, splits = self.model.joins, self.model.splits
        if joins == splits == 1:
            return self.parts
        made: list[Part] = []
        for i in range(0, len(self.parts), joins):
            first, *others = self.parts[i : i + joins]
            first.cards = sum(p.cards for p in (first, *others))
            first.roped = first.roped or any(p.roped for p in others)
            first.defective = first.defective or any(p.defective for p in others)
            pieces = [first]
            for _ in range(splits - 1):
                piece = Part(first.number, first.released)
                piece.product, piece.due, piece.defective = first.product, first.due, first.defective
                piece.cards, piece.attempts = 0, first.attempts
                pieces.append(piece)
            made += pieces
            self.floor.change(len(pieces) - 1 - len(others))
        return made

    def _spoil(self, part: Part, quality: Quality) -> None:
        bad = self._luck.next() < quality.defect_rate
        if self._startup:
            self._startup -= 1
            bad = True
        if bad:
            part.defective = True
            self.counts["defects"] += 1

    def _rejected(self, part: Part, inspection: Inspection) -> bool:
        return self._eye.next() < (inspection.catches if part.defective else inspection.false_alarms)

    def _rework(self, part: Part, station: str) -> None:
        self.counts["reworked"] += 1
        if part.stage >= 0:
            self.floor.kanban[part.stage].back()
            part.stage = -1
        part.attempts += 1
        part.defective = False
        part.on_shelf = True
        self.floor.send_back(part, station)

    # passing it on

    def deliver(self) -> None:
        while self.out:
            lane = self.outbound
            if not lane.free:
                self.enter("blocked")
                lane.blocked.append(self)
                return
            lane.free -= 1
            self._pass_on()
        self.parts = []
        self.enter("starved")
        self.inbound.idle.append(self)
        for _ in range(self._places):
            self.inbound.emptied(self.env.now)
        self.inbound.wake()

    def unblocked(self, now: float) -> None:
        self._pass_on()
        self.deliver()

    def _pass_on(self) -> None:
        part = self.out.popleft()
        if self.log is not None:
            self.log.append(
                (part.number, self.station, self.number, part.product, self.began, self.until, self.env.now)
            )
        self.outbound.put(part, self.env.now)

    # keeping the books

    def enter(self, state: str) -> None:
        now = self.env.now
        self._account(self.totals, now)
        self.state, self.since = state, now

    def _account(self, totals: dict[str, float], now: float) -> None:
        """Book the time since the last change; what the calendar takes goes before all else."""
        rest = now - self.since
        if self.calendar and rest:
            for state, seconds in self.calendar.shares(self.since, now):
                totals[state] += seconds
                rest -= seconds
        totals[self.state] += rest

    def read(self, now: float) -> tuple[dict[str, float], dict[str, float]]:
        self.enter(self.state)
        return dict(self.totals), dict(self.counts)


class Step(NamedTuple):
    """A part of an operation: the state of the machine meanwhile, how long, and the skill it takes."""

    state: str
    seconds: float
    task: str


class _Chance(Distribution):
    """A number from 0 to 1, all equally likely."""

    def sample(self, rng: Any, size: int) -> Any:
        return rng.random(size)


CHANCE = _Chance()


class Operator:
    """One person, and where they stand."""

    def __init__(self, crew: Crew, place: int) -> None:
        self.crew, self.place = crew, place

    def walk_to(self, place: int) -> float:
        """Seconds to get there."""
        distance, self.place = abs(place - self.place), place
        return distance * self.crew.walking_time


class Crew:
    """People with one set of skills: the nearest free one goes where one is called first."""

    def __init__(self, env: simpy.Environment, model: Operators, place: int) -> None:
        self.env, self.walking_time, self.does = env, model.walking_time, model.does
        self.free = [Operator(self, place) for _ in range(model.count)]
        self.calls: deque[Workplace] = deque()
        self._count, self._area = model.count, 0.0

    def send(self, machine: Workplace) -> None:
        operator = min(self.free, key=lambda o: abs(o.place - machine.station))
        self.free.remove(operator)
        self._area -= self.env.now
        machine.attended(operator)

    def release(self, operator: Operator) -> None:
        self._area += self.env.now
        self.free.append(operator)
        if self.calls:
            machine = self.calls[0]
            for crew in machine.called:
                crew.calls.remove(machine)
            self.send(machine)

    def busy_seconds(self, now: float) -> float:
        return self._area + now * (self._count - len(self.free))


def call(machine: Any, crews: list[Crew]) -> None:
    """Ask for one of the crews: whoever is free at once, or the first to be."""
    for crew in crews:
        if crew.free:
            crew.send(machine)
            return
    machine.called = crews
    for crew in crews:
        crew.calls.append(machine)


class Cards:
    """The kanban of one station: a free card is leave to start."""

    def __init__(self, cards: int) -> None:
        self.free = cards
        self.inbound: Any = None  # lane before the station: its machines may be waiting for a card

    def back(self) -> None:
        self.free += 1
        self.inbound.wake()


class Stage(Lane):
    """A lane before workplaces: whatever comes, all that wait look again. It may have a rule, a milk run."""

    def __init__(
        self,
        env: simpy.Environment,
        buffer: Buffer,
        parts: int | None,
        hand_to_hand: int = 0,
        rank: Callable[[Part], float] | None = None,
        fleet: Fleet | None = None,
    ) -> None:
        super().__init__(env, buffer, parts)
        self.hand_to_hand = bool(hand_to_hand)
        if hand_to_hand:
            self.free = hand_to_hand
        self.serves: Stage | None = None  # of components: the lane of the station that joins them
        self._rank, self._fleet, self._waking = rank, fleet, False
        self.reserved = 0  # parts that a machine has chosen, but not begun on
        self._called = False  # whether the next milk run has something to come for

    def put(self, part: Part, now: float) -> None:
        if not self.buffer.interval:
            super().put(part, now)
            return
        self.area -= now
        self.gathered.append(part)
        if not self._called:
            self._called = True
            runs = math.floor(now / self.buffer.interval) + 1
            self.env.timeout(max(runs * self.buffer.interval - now, 0.0)).callbacks.append(self._milk_run)

    def _milk_run(self, _event: Any) -> None:
        """The carrier comes by and takes all whole lots that have gathered."""
        self._called = False
        whole = len(self.gathered) - len(self.gathered) % self.buffer.transfer_lot
        if whole:
            lot, self.gathered = self.gathered[:whole], self.gathered[whole:]
            self.move(lot)

    def move(self, lot: list[Part]) -> None:
        if self._fleet is None:
            super().move(lot)
            return
        self.moving += len(lot)
        self.env.process(self._drive(self._fleet, lot))

    def _drive(self, fleet: Fleet, lot: list[Part]) -> Any:
        """A vehicle comes free, takes the lot over and returns empty."""
        with fleet.vehicles.request() as vehicle:
            yield vehicle
            fleet.area -= self.env.now
            yield self.env.timeout(self.buffer.transfer_time)
            self.unload(lot)
            yield self.env.timeout(self.buffer.transfer_time)
            fleet.area += self.env.now

    def arrive(self, part: Part, now: float) -> None:
        self.waiting.append(part)
        (self.serves or self).wake()

    def part_seconds(self, now: float) -> float:
        return super().part_seconds(now) + now * self.reserved

    def ready(self) -> float:
        """Parts that can be taken up."""
        return len(self.waiting)

    def shelve(self, part: Part, now: float) -> None:
        """A part is back for rework and goes first."""
        self.area -= now
        self.waiting.appendleft(part)
        self.wake()

    def wake(self) -> None:
        """Machines that are idle look whether they can start, the longest idle first."""
        if self._waking:  # one that starts may stir the lane again
            self._again = True
            return
        self._waking = self._again = True
        while self._again:
            self._again = False
            for machine in tuple(self.idle):
                if not self.waiting and not self.ready():
                    break
                if machine in self.idle:
                    machine.look()
        self._waking = False

    def next(self) -> Part | None:
        if not self.waiting:
            return None
        if self._rank is None:
            part = self.waiting.popleft()
        else:
            part = min(self.waiting, key=self._rank)
            self.waiting.remove(part)
        return part

    def taken(self, now: float) -> None:
        if self.hand_to_hand:
            self.area += now
        else:
            super().taken(now)

    def emptied(self, now: float) -> None:
        if self.hand_to_hand:
            if self.blocked:
                self.blocked.popleft().unblocked(now)
            else:
                self.free += 1


class Fleet:
    """The vehicles of one kind."""

    def __init__(self, env: simpy.Environment, count: int) -> None:
        self.vehicles = simpy.Resource(env, capacity=count)
        self.area = 0.0

    def busy_seconds(self, now: float) -> float:
        return self.area + now * self.vehicles.count
