"""Why a line did what it did, read from its log: who starved or blocked whom, for how long, and through what.

While a machine is starved, the transfer lot that will end the wait is somewhere upstream. As long as it is
not complete, the state of the station before is the cause: at work, standing still, or itself starved, which
passes the question on. Once complete, it is on the move. While a machine is blocked, the next station's state
is the cause in the same way; if that one starves, what lies between them is on the move.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linelab.distributions import Floats
from linelab.estimate import Estimate
from linelab.model import Conwip, Line
from linelab.results import Run
from linelab.tally import STATE

Cause = tuple[str, int]  # what: slow, stop, move, card or supply; and where: a station's number
STANDING = [STATE[s] for s in ("down", "stopped", "changeover", "maintenance", "off", "waiting")]


@dataclass(frozen=True)
class Idle:
    """A station's lost time of one kind.

    Attributes
    ----------
    station : int
    state : {"starved", "blocked"}
    share : Estimate
        Of its time.
    causes : list of (Cause, float)
        With the share of the lost time, largest first; they add up to one.
    """

    station: int
    state: str
    share: Estimate
    causes: list[tuple[Cause, float]]


def explains(line: Line) -> bool:
    """Whether causes can be told: one path, one machine a station, parts that stay one part."""
    plain = all(s.machines == s.batch == s.joins == s.splits == 1 and not s.inspection for s in line.stations)
    return plain and not line.feeders and all(b.rule == "fifo" for b in line.buffers)


def idle_times(run: Run) -> list[Idle]:
    """The starved and blocked time of each station of a recorded run, with its causes."""
    size, count = len(run.tally.window), len(run.line.stations)
    log, first = run.log, run.plan.replications.start
    low, high = run.plan.warm_up, run.plan.horizon or float(np.nanmax(log.start))
    seconds = {state: np.zeros((size, count)) for state in ("starved", "blocked")}
    causes: dict[tuple[str, int], dict[Cause, float]] = {}
    for r in range(size):
        replication = _Replication(run, first + r, low, high)
        for state, account in (("starved", replication.starved), ("blocked", replication.blocked)):
            for j in range(count):
                total, parts = account(j)
                seconds[state][r, j] = total
                into = causes.setdefault((state, j), {})
                for cause, amount in parts.items():
                    into[cause] = into.get(cause, 0.0) + amount
    found = []
    for (state, j), parts in causes.items():
        total = sum(parts.values())
        ranked = sorted(parts.items(), key=lambda item: -item[1])
        shares = [(cause, amount / total) for cause, amount in ranked if amount > 0] if total else []
        found.append(Idle(j, state, Estimate(seconds[state][:, j] / (high - low), "1"), shares))
    return found


class _Replication:
    """One replication's operations by station, and how long each station was in a state up to any moment."""

    def __init__(self, run: Run, replication: int, low: float, high: float) -> None:
        log, self.low, self.high = run.log, low, high
        self.line = run.line
        self.start: list[Floats] = []
        self.finish: list[Floats] = []
        self.leave: list[Floats] = []
        self.standing: list[Callable[[Floats], Floats]] = []
        mine = log.replication == replication
        halted = (log.stop_replication == replication) & np.isin(log.stop_state, STANDING)
        for j in range(len(run.line.stations)):
            rows = np.nonzero(mine & (log.station == j))[0]
            rows = rows[np.argsort(log.start[rows], kind="stable")]
            self.start.append(log.start[rows])
            self.finish.append(np.minimum(log.finish[rows], high))
            self.leave.append(np.minimum(log.leave[rows], high))
            stops = np.nonzero(halted & (log.stop_station == j))[0]
            stops = stops[np.argsort(log.stop_begin[stops], kind="stable")]
            self.standing.append(_elapsed(log.stop_begin[stops], np.minimum(log.stop_end[stops], high)))
        self.waits = [self._waits(j) for j in range(len(self.start))]
        self.starving = [_elapsed(a, b) for a, b in self.waits]
        self.blocking = [_elapsed(a, b) for a, b in zip(self.finish, self.leave, strict=True)]
        self._starved: dict[int, tuple[float, dict[Cause, float]]] = {}
        self._blocked: dict[int, tuple[float, dict[Cause, float]]] = {}

    def _waits(self, j: int) -> tuple[Floats, Floats]:
        """From when the machine was free until it started, for each part."""
        start, leave = self.start[j], self.leave[j]
        free = np.concatenate([[0.0], leave[:-1]])[: start.size]
        return np.minimum(free, start), start

    def _clip(self, begin: Floats, end: Floats) -> tuple[Floats, Floats]:
        begin, end = np.clip(begin, self.low, self.high), np.clip(end, self.low, self.high)
        return begin, np.maximum(begin, end)

    def starved(self, j: int) -> tuple[float, dict[Cause, float]]:
        """Starved seconds of station j in the window, and by cause."""
        if j in self._starved:
            return self._starved[j]
        begin, end = self._clip(*self.waits[j])
        stood = _between(self.standing[j], begin, end)  # outside the shift, say: not starved
        total = float((end - begin - stood).sum())
        parts: dict[Cause, float] = {}
        if j == 0:
            parts["card" if isinstance(self.line.control, Conwip) else "supply", 0] = total
        else:
            cut = np.clip(self._complete(j - 1, begin.size), begin, end)
            parts["move", j - 1] = float((end - cut).sum())
            stopped = _between(self.standing[j - 1], begin, cut)
            passed = _between(self.starving[j - 1], begin, cut)
            parts["stop", j - 1] = stopped
            parts["slow", j - 1] = max(float((cut - begin).sum()) - stopped - passed, 0.0)
            _pass_on(parts, passed, self.starved(j - 1))
        self._starved[j] = total, parts
        return self._starved[j]

    def _complete(self, lane: int, count: int) -> Floats:
        """When the lot of each part that left the station before a lane was complete; shape ``(count,)``."""
        leave, lot = self.leave[lane], self.line.buffers[lane].transfer_lot
        last = (np.arange(count) // lot + 1) * lot - 1
        return np.where(last < leave.size, leave[np.minimum(last, leave.size - 1)], np.inf)

    def blocked(self, j: int) -> tuple[float, dict[Cause, float]]:
        """Blocked seconds of station j in the window, and by cause."""
        if j in self._blocked:
            return self._blocked[j]
        begin, end = self._clip(self.finish[j], self.leave[j])
        total, parts = float((end - begin).sum()), dict[Cause, float]()
        if j + 1 < len(self.start):
            stopped = _between(self.standing[j + 1], begin, end)
            passed = _between(self.blocking[j + 1], begin, end)
            empty = _between(self.starving[j + 1], begin, end)
            parts["stop", j + 1] = stopped
            parts["move", j] = empty
            parts["slow", j + 1] = max(total - stopped - passed - empty, 0.0)
            _pass_on(parts, passed, self.blocked(j + 1))
        self._blocked[j] = total, parts
        return self._blocked[j]


def _pass_on(parts: dict[Cause, float], amount: float, other: tuple[float, dict[Cause, float]]) -> None:
    total = sum(other[1].values())
    for cause, seconds in other[1].items():
        if total > 0:
            parts[cause] = parts.get(cause, 0.0) + amount * seconds / total


def _elapsed(begin: NDArray[np.float64], end: NDArray[np.float64]) -> Callable[[Floats], Floats]:
    """Seconds of the disjoint intervals up to any moment, as a function of it."""
    if not begin.size:
        return lambda moments: np.zeros_like(moments)
    knots = np.column_stack([begin, np.maximum(begin, end)]).ravel()
    sums = np.column_stack([np.zeros(begin.size), np.cumsum(np.maximum(end - begin, 0.0))])
    sums[1:, 0] = sums[:-1, 1]
    values = sums.ravel()
    return lambda moments: np.asarray(np.interp(moments, knots, values))


def _between(elapsed: Callable[[Floats], Floats], begin: Floats, end: Floats) -> float:
    return float((elapsed(end) - elapsed(begin)).sum())
