"""What the modules of this folder share: a chain apart from linelab's own, and when a figure counts.

Every simulated figure is seeded, held against an exact value in a 99.9 % interval, and the interval must be
narrow enough to expose a bias of 1 % (or what the test says).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from linelab import Estimate
from linelab.distributions import Floats

Holds = Callable[..., None]


@dataclass(frozen=True)
class Rates:
    """A station of the chain: rates of work, failure and repair; on which clock it fails."""

    work: float
    failure: float = 0.0
    repair: float = 0.0
    calendar: bool = False


@dataclass(frozen=True)
class Solved:
    throughput: float
    wip: float
    states: list[dict[str, float]]
    size: int


def counter_chain(stations: Sequence[Rates], buffers: Sequence[int]) -> Solved:
    """Steady state of a saturated line of exponential times, in counters.

    A state is how many parts each station has started on and finished, less what the last one has let go,
    and which stations are down. The rules of the line are those of its max-plus recursion, read for numbers
    of parts instead of times (Baccelli, Cohen, Olsder & Quadrat, *Synchronization and Linearity*, 1992,
    chapter 2): with b places behind station j,

        left by j     = min(finished by j, started by j + 1 + b), hand to hand min(.., left by j + 1 + 1)
        started by j  = min(left by j - 1, left by j + 1), unless j is down

    The steady state is a dense linear solution. So nothing is shared with `linelab.exact` but the model.
    """
    last = len(stations) - 1

    def settle(started: list[int], finished: list[int], down: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        while True:
            left = finished[:]
            for j in range(last - 1, -1, -1):
                room = started[j + 1] + buffers[j] if buffers[j] else left[j + 1] + 1
                left[j] = min(finished[j], room)
            before = started[:]
            for j in range(last + 1):
                if not down[j]:
                    started[j] = left[j] + 1 if j == 0 else min(left[j - 1], left[j] + 1)
            if started == before:
                gone = left[last]
                return (*(tuple(n - gone for n in row) for row in (started, finished, left)), down)

    empty = settle([0] * (last + 1), [0] * (last + 1), (0,) * (last + 1))
    number, rows, moves = {empty: 0}, [empty], []
    for here, (started, finished, _, down) in enumerate(rows):  # `rows` grows meanwhile
        for j, s in enumerate(stations):
            has_work = started[j] > finished[j]
            changes: list[tuple[float, list[int], tuple[int, ...]]] = []
            if down[j]:
                changes.append((s.repair, list(finished), (*down[:j], 0, *down[j + 1 :])))
            else:
                if has_work:
                    more = [n + (i == j) for i, n in enumerate(finished)]
                    changes.append((s.work, more, down))
                if s.failure and (has_work or s.calendar):
                    changes.append((s.failure, list(finished), (*down[:j], 1, *down[j + 1 :])))
            for rate, now, broken in changes:
                there = settle(list(started), now, broken)
                if there not in number:
                    number[there] = len(rows)
                    rows.append(there)
                moves.append((here, number[there], rate))
    size = len(rows)
    generator = np.zeros((size, size))
    for here, there, rate in moves:
        generator[here, there] += rate
        generator[here, here] -= rate
    equations = generator.T
    equations[0] = 1.0  # one balance equation follows from the others
    shares: Floats = np.linalg.solve(equations, np.eye(size)[0])
    started, finished, left, down = np.array(rows).transpose(1, 2, 0)
    up = down == 0
    states = [
        {
            "working": float(shares @ ((started[j] > finished[j]) & up[j])),
            "starved": float(shares @ ((started[j] == left[j]) & up[j])),
            "blocked": float(shares @ ((finished[j] > left[j]) & up[j])),
            "down": float(shares @ ~up[j]),
        }
        for j in range(last + 1)
    ]
    inside = started[0] - left[last]
    return Solved(states[last]["working"] * stations[last].work, float(shares @ inside), states, size)


def contains(estimate: Estimate, exact: float, within: float = 0.01) -> None:
    """Assert that the 99.9 % interval holds `exact` and is inside a band of `within` of it on either side.

    The band gives the test its power: a bias of `within` moves such an interval off the value.
    """
    wide = replace(estimate, confidence=0.999)
    assert (1 - within) * exact < wide.low <= exact <= wide.high < (1 + within) * exact


@pytest.fixture
def holds() -> Holds:
    return contains


@pytest.fixture
def chain() -> Callable[[Sequence[Rates], Sequence[int]], Solved]:
    return counter_chain


@pytest.fixture
def rates() -> type[Rates]:
    return Rates
