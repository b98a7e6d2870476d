"""The exact chain against closed forms, and the simulation against the exact chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linelab import (
    Arrivals,
    Buffer,
    Conwip,
    Estimate,
    Exponential,
    Failures,
    Gamma,
    Line,
    Operators,
    Station,
    simulate,
)
from linelab.exact import exact
from linelab.theory import two_exponential_machines


def line(times: list[float], buffers: list[int], failures: dict[int, Failures] | None = None) -> Line:
    fails = failures or {}
    return Line([Station(f"s{i}", Exponential(t), fails.get(i)) for i, t in enumerate(times)], buffers)


def holds(estimate: Estimate, truth: float, most: float) -> None:
    """The 99.99 % interval holds the truth (many figures are looked at), and is narrow enough to say so."""
    wide = replace(estimate, confidence=0.9999)
    assert wide.half_width < most
    assert wide.low - 1e-12 <= truth <= wide.high + 1e-12


@pytest.mark.parametrize("buffer", [0, 1, 4, 10])
def test_two_stations(buffer: int) -> None:
    """Birth-death chain: (b + 2) / (b + 3) for equal rates; `theory` has unequal ones."""
    assert exact(line([1, 1], [buffer])).throughput == pytest.approx((buffer + 2) / (buffer + 3), abs=1e-12)
    ours, theirs = exact(line([2, 3], [buffer])), two_exponential_machines(1 / 2, 1 / 3, buffer)
    assert ours.throughput == pytest.approx(theirs.throughput, abs=1e-12)
    assert ours.wip == pytest.approx(theirs.wip, abs=1e-10)


def test_hunts_lines() -> None:
    """Hunt (1956), Sequential arrays of waiting lines, Operations Research 4, doi:10.1287/opre.4.6.674."""
    assert exact(line([1, 1, 1], [0, 0])).throughput == pytest.approx(22 / 39, abs=1e-12)
    assert exact(line([1] * 4, [0] * 3)).throughput == pytest.approx(0.5148, abs=5e-5)


def test_reversed_line_has_the_same_throughput() -> None:
    """Muth (1979), The reversibility property of production lines, doi:10.1287/mnsc.25.2.152."""
    one, other = exact(line([1, 3, 2], [2, 1])), exact(line([2, 3, 1], [1, 2]))
    assert one.throughput == pytest.approx(other.throughput, abs=1e-12)


@pytest.mark.parametrize("clock", ["operating", "calendar"])
def test_one_failing_station_keeps_its_availability(clock: str) -> None:
    alone = exact(line([2.0], [], {0: Failures(Exponential(30), Exponential(10), clock)}))
    assert alone.throughput == pytest.approx(0.75 / 2)
    assert alone.states["s0"]["down"] == pytest.approx(0.25)


def test_two_failing_stations_by_another_chain() -> None:
    """Two stations with one place between, solved with the states written out."""
    mu, p, r = (1.0, 0.8), (0.05, 0.08), (0.2, 0.4)
    # n counts the parts that the first station has finished and the second has not: 3 means it is blocked
    states = [
        (n, a, b)
        for n in range(4)
        for a in (0, 1)
        for b in (0, 1)
        if not (n == 3 and a) and not (n == 0 and b)
    ]
    q = np.zeros((len(states), len(states)))
    for here, (n, a, b) in enumerate(states):
        moves = []
        if a:
            moves.append(((n, 0, b), r[0]))
        elif n < 3:
            moves += [((n + 1, a, b), mu[0]), ((n, 1, b), p[0])]
        if b:
            moves.append(((n, a, 0), r[1]))
        elif n > 0:
            moves += [((n - 1, a, b), mu[1]), ((n, a, 1), p[1])]
        for there, rate in moves:
            q[here, states.index(there)] += rate
            q[here, here] -= rate
    shares = np.linalg.lstsq(
        np.vstack([q.T, np.ones(len(states))]), np.append(np.zeros(len(states)), 1), rcond=None
    )[0]
    works = sum(share for share, (n, _, b) in zip(shares, states, strict=True) if n and not b)
    failures = {j: Failures(Exponential(1 / p[j]), Exponential(1 / r[j])) for j in range(2)}
    model = line([1 / mu[0], 1 / mu[1]], [1], failures)
    assert exact(model).throughput == pytest.approx(works * mu[1], abs=1e-12)


FAIL = Failures(Exponential(20), Exponential(4))
CALENDAR = replace(FAIL, clock="calendar")


@pytest.mark.parametrize(
    ("times", "buffers", "failures"),
    [
        ([1, 1], [3], {}),
        ([2, 1, 3], [1, 2], {}),
        ([1, 1.2, 1, 1.1], [0, 2, 1], {}),
        ([1, 1, 1], [2, 0], {0: FAIL, 1: FAIL, 2: FAIL}),
        ([1, 1.5], [5], {0: FAIL}),
        ([1, 1], [2], {0: CALENDAR, 1: CALENDAR}),
        ([1, 1.3, 1], [0, 1], {1: CALENDAR}),
        ([1, 1, 1], [1, 1], {0: FAIL, 2: CALENDAR}),
    ],
    ids=str,
)
def test_simulation_agrees(times: list[float], buffers: list[int], failures: dict[int, Failures]) -> None:
    model = line(times, buffers, failures)
    truth = exact(model)
    by_calendar = any(f.clock == "calendar" for f in failures.values())
    size = {"horizon": 9000, "replications": 30} if by_calendar else {"horizon": 21_000, "replications": 150}
    run = simulate(model, warm_up=1000, seed=12, **size)  # type: ignore[arg-type]
    holds(run.throughput, truth.throughput, (0.03 if by_calendar else 0.01) * truth.throughput)
    holds(run.wip, truth.wip, 0.03 * truth.wip)
    for name, shares in truth.states.items():
        for state, share in shares.items():
            holds(run.station(name).states[state], share, 0.02)
    for lane, level in enumerate(truth.levels):
        holds(run.lane_level(lane), level, 0.08)


A, B = Station("a", Exponential(1)), Station("b", Exponential(1))
ODD = Failures(Gamma(9, 1), Exponential(1))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"release": Arrivals(Exponential(3))}, "saturated"),
        ({"control": Conwip(3)}, "push"),
        ({"operators": [Operators("o", ["a"])]}, "operators"),
        ({"stations": [Station("a", Gamma(1, 0.5)), B]}, "a.process_time: gamma"),
        ({"stations": [Station("a", Exponential(1), machines=2), B]}, "stations.a: more than times"),
        ({"stations": [Station("a", Exponential(1), ODD), B]}, "time_to_failure: gamma"),
        ({"buffers": [Buffer(4, 2)]}, r"buffers\[0\]"),
        ({"buffers": [4000]}, "over 3000 states"),
    ],
)
def test_other_lines_are_refused(change: dict[str, Any], said: str) -> None:
    plain: dict[str, Any] = {"stations": [A, B], "buffers": [2]}
    with pytest.raises(ValueError, match=said):
        exact(Line(**(plain | change)))
