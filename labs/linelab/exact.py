"""Exact figures of lines whose times are all exponential, by their Markov chain.

Beside a simulated figure and its interval this is the truth that the interval should hold. The states of the
chain are found by following the line from its empty start; its steady state solves pi Q = 0, sum(pi) = 1
(Kulkarni, *Modeling and Analysis of Stochastic Systems*, 3rd ed., ch. 6).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from linelab.distributions import Exponential
from linelab.model import Line, Push, Saturated, Station

MOST_STATES = 3000  # a dense solution of more takes minutes in a browser

IDLE, WORKING, FINISHED = range(3)
Machine = tuple[int, bool]  # what it does, and whether it is down
State = tuple[tuple[Machine, ...], tuple[int, ...]]  # machines, and parts in the lanes between them


@dataclass(frozen=True)
class Exact:
    """Steady state of a line.

    Attributes
    ----------
    throughput : float
        Parts a second.
    wip : float
        Parts in the line, mean.
    states : dict
        Station name to its shares of time working, starved, blocked and down.
    levels : tuple of float
        Parts in each lane, mean.
    """

    throughput: float
    wip: float
    states: dict[str, dict[str, float]]
    levels: tuple[float, ...]

    @property
    def lead_time(self) -> float:
        """Seconds in the line, by Little's law (Little 1961)."""
        return self.wip / self.throughput


def exact(line: Line) -> Exact:
    """Solve the Markov chain of a line.

    The line must be saturated and pushed, with exponential times only, single machines, and lanes without
    lots, transfer times or rules. Failures may be on either clock.

    Raises
    ------
    ValueError
        Naming what puts the line outside this class, or if its chain has too many states.
    """
    _check(line)
    chain = _Chain(line)
    states, q = chain.generator()
    balance = np.vstack([q.T[:-1], np.ones(len(states))])
    shares = np.linalg.solve(balance, np.append(np.zeros(len(states) - 1), 1.0))
    return _read(line, states, shares)


def _check(line: Line) -> None:
    if not isinstance(line.release, Saturated) or not isinstance(line.control, Push):
        raise ValueError("release, control: the exact chain knows saturated and push only; simulate instead")
    for name in ("mix", "operators", "demand", "feeders"):
        if getattr(line, name):
            raise ValueError(f"{name}: the exact chain knows none; simulate instead")
    for s in line.stations:
        plain = Station(s.name, s.process_time, s.failures, speed=s.speed, power=s.power)
        if s != plain:
            raise ValueError(f"stations.{s.name}: more than times and failures; simulate instead")
        times = {"process_time": s.process_time}
        if s.failures:
            times["failures.time_to_failure"] = s.failures.time_to_failure
            times["failures.time_to_repair"] = s.failures.time_to_repair
        for field, time in times.items():
            if not isinstance(time, Exponential):
                raise ValueError(
                    f"stations.{s.name}.{field}: {time.kind}; the exact chain needs exponential times"
                )
    for i, b in enumerate(line.buffers):
        if (b.transfer_lot, b.transfer_time, b.vehicle, b.interval, b.rule) != (1, 0, None, 0, "fifo"):
            raise ValueError(f"buffers[{i}]: lots, moves or a rule; the exact chain knows capacity only")


class _Chain:
    """The states of a line and the rates between them."""

    def __init__(self, line: Line) -> None:
        self.places = [b.capacity for b in line.buffers]
        self.work = [s.speed / s.process_time.average for s in line.stations]
        self.failures = [s.failures for s in line.stations]

    def generator(self) -> tuple[list[State], np.ndarray]:
        """The states that can be reached from the empty line, and their generator matrix Q."""
        first = self.settled([(IDLE, False)] * len(self.work), [0] * len(self.places))
        number, todo, rates = {first: 0}, [first], []
        for state in todo:
            for rate, following in self.moves(state):
                if following not in number:
                    number[following] = len(todo)
                    todo.append(following)
                    if len(todo) > MOST_STATES:
                        raise ValueError(
                            f"buffers: over {MOST_STATES} states; take smaller ones, or simulate"
                        )
                rates.append((number[state], number[following], rate))
        q = np.zeros((len(todo), len(todo)))
        for a, b, rate in rates:
            q[a, b] += rate
            q[a, a] -= rate
        return todo, q

    def moves(self, state: State) -> Iterator[tuple[float, State]]:
        """What can happen next, each with its rate a second."""
        machines, lanes = state
        for j, ((doing, down), failures) in enumerate(zip(machines, self.failures, strict=True)):
            after: list[tuple[float, Machine]] = []
            if failures and down:
                after.append((1 / failures.time_to_repair.average, (doing, False)))
            elif failures and (doing == WORKING or failures.clock == "calendar"):
                after.append((1 / failures.time_to_failure.average, (doing, True)))
            if doing == WORKING and not down:
                after.append((self.work[j], (FINISHED, False)))
            for rate, machine in after:
                yield rate, self.settled([*machines[:j], machine, *machines[j + 1 :]], list(lanes))

    def settled(self, machines: list[Machine], lanes: list[int]) -> State:
        """The state once every part that can move on has moved."""
        last, stirred = len(machines) - 1, True
        while stirred:
            stirred = False
            for j in range(last, -1, -1):
                doing, down = machines[j]
                if doing == FINISHED and (j == last or self.room(j, machines, lanes)):
                    if j < last:
                        lanes[j] += 1
                    machines[j], stirred = (IDLE, down), True
                elif doing == IDLE and not down and (j == 0 or lanes[j - 1]):
                    if j:
                        lanes[j - 1] -= 1
                    machines[j], stirred = (WORKING, down), True
        return tuple(machines), tuple(lanes)

    def room(self, j: int, machines: list[Machine], lanes: list[int]) -> bool:
        """Whether a part can leave station j; hand to hand, the empty machine behind is the place."""
        if self.places[j] == 0:
            return machines[j + 1][0] == IDLE and lanes[j] == 0
        return lanes[j] < self.places[j]


def _read(line: Line, states: list[State], shares: np.ndarray) -> Exact:
    doing = np.array([[m[0] for m in machines] for machines, _ in states])
    down = np.array([[m[1] for m in machines] for machines, _ in states])
    levels = np.array([lanes for _, lanes in states]).reshape(len(states), -1)
    what = {
        "working": (doing == WORKING) & ~down,
        "starved": (doing == IDLE) & ~down,
        "blocked": (doing == FINISHED) & ~down,
        "down": down,
    }
    by_station = {
        s.name: {name: float(shares @ mask[:, j]) for name, mask in what.items()}
        for j, s in enumerate(line.stations)
    }
    last = line.stations[-1]
    mean_levels = tuple(float(shares @ column) for column in levels.T)
    return Exact(
        throughput=by_station[last.name]["working"] * last.speed / last.process_time.average,
        wip=float(shares @ (doing != IDLE).sum(axis=1)) + sum(mean_levels),
        states=by_station,
        levels=mean_levels,
    )
