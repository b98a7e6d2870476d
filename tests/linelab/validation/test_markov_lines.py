"""Exponential lines: simulation against two chains that share no code.

One chain is `linelab.exact`, the other is solved here in counters (see conftest.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from linelab import Exponential, Failures, Line, Run, Station, simulate
from linelab.exact import exact

# work, failure and repair rates of each station; places between
RELIABLE = [
    ([(1.0,), (1.0,)], [0]),
    ([(1.0,), (0.8,)], [3]),
    ([(1.0,), (1.0,), (1.0,)], [1, 1]),
    ([(1.2,), (0.9,), (1.1,)], [4, 0]),
    ([(1.0,), (1.0,), (1.0,), (1.0,)], [2, 2, 2]),
    ([(1.3,), (0.9,), (1.0,), (1.1,)], [0, 3, 1]),
]
OPERATING = [
    ([(1.0, 0.05, 0.2), (1.0, 0.05, 0.2)], [0]),
    ([(1.0, 0.05, 0.2), (0.9,)], [5]),
    ([(1.0, 0.02, 0.1), (1.1, 0.1, 0.3), (0.9,)], [2, 3]),
    ([(1.0, 0.05, 0.25), (1.2,), (1.0, 0.1, 0.5), (1.1, 0.05, 0.25)], [1, 0, 2]),
]
CALENDAR = [
    ([(1.0, 0.05, 0.2), (1.0, 0.05, 0.2)], [0]),
    ([(1.0, 0.1, 0.4), (0.9, 0.05, 0.2)], [3]),
    ([(1.0,), (1.1, 0.1, 0.3), (1.0, 0.05, 0.5)], [0, 2]),
]
CASES = [(s, b, "operating") for s, b in RELIABLE + OPERATING] + [(s, b, "calendar") for s, b in CALENDAR]


def described(stations: Sequence[Sequence[float]], buffers: Sequence[int], clock: str) -> Line:
    def failures(failure: float, repair: float) -> Failures:
        return Failures(Exponential(1 / failure), Exponential(1 / repair), clock)

    return Line(
        [
            Station(f"s{i}", Exponential(1 / work), failures(*outage) if outage else None)
            for i, (work, *outage) in enumerate(stations)
        ],
        buffers,
    )


def run_of(line: Line, clock: str, seed: int) -> Run:
    """The calendar clock takes the slower engine: less of it, and a wider band."""
    if clock == "calendar":
        return simulate(line, horizon=13_000, warm_up=1000, replications=24, seed=seed)
    return simulate(line, horizon=22_000, warm_up=2000, replications=160, seed=seed)


@pytest.mark.parametrize(("stations", "buffers", "clock"), CASES, ids=str)
def test_both_chains_agree(stations: Any, buffers: list[int], clock: str, chain: Any, rates: Any) -> None:
    solved = chain([rates(*s, calendar=clock == "calendar") for s in stations], buffers)
    ours = exact(described(stations, buffers, clock))
    assert ours.throughput == pytest.approx(solved.throughput, abs=1e-9)
    assert ours.wip == pytest.approx(solved.wip, abs=1e-9)
    for name, shares in zip(ours.states, solved.states, strict=True):
        assert ours.states[name] == pytest.approx(shares, abs=1e-9)


@pytest.mark.parametrize(("stations", "buffers", "clock"), CASES[:-3] + CASES[-2:], ids=str)
def test_simulation_holds_the_chain(
    stations: Any, buffers: list[int], clock: str, chain: Any, rates: Any, holds: Any
) -> None:
    solved = chain([rates(*s, calendar=clock == "calendar") for s in stations], buffers)
    slow = clock == "calendar"
    run = run_of(described(stations, buffers, clock), clock, seed=31)
    holds(run.throughput, solved.throughput, 0.02 if slow else 0.01)
    holds(run.wip, solved.wip, 0.05 if slow else 0.02)
    for station, shares in zip(run.stations, solved.states, strict=True):
        for state, share in shares.items():
            # of all time, as small shares have wide intervals; these are many, so at 99.99 %
            figure = replace(station.states[state], confidence=0.9999)
            assert figure.half_width < 0.02
            assert figure.low - 1e-12 <= share <= figure.high + 1e-12, (station.name, state)


def test_a_bias_of_one_per_cent_shows(holds: Any, chain: Any, rates: Any) -> None:
    """The criterion has the power that it claims: a line that works 1 % faster or slower fails it."""
    truth = chain([rates(1.0)] * 3, [1, 1]).throughput
    for pace, right in ((1.0, True), (0.99, False), (1.01, False)):
        line = Line([Station(f"s{i}", Exponential(pace)) for i in range(3)], [1, 1])
        run = simulate(line, horizon=22_000, warm_up=2000, replications=160, seed=32)
        if right:
            holds(run.throughput, truth)
        else:
            with pytest.raises(AssertionError):
                holds(run.throughput, truth)
