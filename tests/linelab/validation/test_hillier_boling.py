"""Balanced exponential lines with buffers, and the bowl phenomenon.

Hillier & Boling (1967), Finite queues in series with exponential or Erlang service times: a numerical
approach, *Operations Research* 15(2), doi:10.1287/opre.15.2.286. Hillier & Boling (1966), The effect of some
design factors on the efficiency of production lines with variable operation times, *Journal of Industrial
Engineering* 17.

Values with four digits are published ones; each is derived again here by a chain of its own.
"""

from __future__ import annotations

from typing import Any

import pytest

from linelab import Exponential, Line, Station, simulate
from linelab.exact import exact

PUBLISHED = {(3, 0): 0.5641, (3, 1): 0.6705, (4, 0): 0.5148}  # stations, places between two: throughput


def line(times: list[float], buffer: int) -> Line:
    return Line([Station(f"s{i}", Exponential(t)) for i, t in enumerate(times)], [buffer] * (len(times) - 1))


@pytest.mark.parametrize(("size", "throughput"), PUBLISHED.items(), ids=str)
def test_published_throughput(size: tuple[int, int], throughput: float, chain: Any, rates: Any) -> None:
    stations, buffer = size
    solved = chain([rates(1.0)] * stations, [buffer] * (stations - 1))
    assert solved.throughput == pytest.approx(throughput, abs=5e-5)
    assert exact(line([1.0] * stations, buffer)).throughput == pytest.approx(solved.throughput, abs=1e-12)


@pytest.mark.parametrize(("stations", "buffer"), [(3, 0), (3, 1), (3, 4), (4, 0), (4, 1), (5, 1)])
def test_simulation(stations: int, buffer: int, chain: Any, rates: Any, holds: Any) -> None:
    solved = chain([rates(1.0)] * stations, [buffer] * (stations - 1))
    run = simulate(line([1.0] * stations, buffer), horizon=22_000, warm_up=2000, replications=100, seed=51)
    holds(run.throughput, solved.throughput)
    holds(run.wip, solved.wip, 0.02)


def test_longer_lines_lose_and_buffers_win_back(chain: Any, rates: Any) -> None:
    def throughput(stations: int, buffer: int) -> float:
        value: float = chain([rates(1.0)] * stations, [buffer] * (stations - 1)).throughput
        return value

    by_length = [throughput(n, 1) for n in (1, 2, 3, 4, 5)]
    assert by_length == sorted(by_length, reverse=True)
    assert by_length[0] == pytest.approx(1.0)
    by_buffer = [throughput(3, b) for b in (0, 1, 2, 4, 8)]
    gains = [
        (more - less) / places
        for less, more, places in zip(by_buffer, by_buffer[1:], (1, 1, 2, 4), strict=False)
    ]
    assert by_buffer == sorted(by_buffer)
    assert gains == sorted(gains, reverse=True)  # each further place is worth less


def test_bowl_phenomenon(chain: Any, rates: Any, holds: Any) -> None:
    """Less work in the middle beats perfect balance; the same shape upside down loses more than balance."""
    bowl, level, hill = [1.05, 0.9, 1.05], [1.0, 1.0, 1.0], [0.95, 1.1, 0.95]
    by_chain = [chain([rates(1 / t) for t in times], [0, 0]).throughput for times in (bowl, level, hill)]
    assert by_chain[0] > by_chain[1] > by_chain[2]
    runs = [
        simulate(line(times, 0), horizon=22_000, warm_up=2000, replications=100, seed=52)
        for times in (bowl, level, hill)
    ]
    for run, throughput in zip(runs, by_chain, strict=True):
        holds(run.throughput, throughput)
    # common random numbers show the half per cent that the bowl gains
    assert runs[0].throughput.minus(runs[1].throughput).low > 0
    assert runs[1].throughput.minus(runs[2].throughput).low > 0


def test_reversed_line_puts_out_as_much(chain: Any, rates: Any, holds: Any) -> None:
    """Muth (1979), The reversibility property of production lines, *Management Science* 25(2),
    doi:10.1287/mnsc.25.2.152.
    """
    there = chain([rates(1.2), rates(0.9), rates(1.0)], [3, 0]).throughput
    back = chain([rates(1.0), rates(0.9), rates(1.2)], [0, 3]).throughput
    assert there == pytest.approx(back, abs=1e-12)
    model = Line([Station(f"s{i}", Exponential(1 / r)) for i, r in enumerate((1.0, 0.9, 1.2))], [0, 3])
    run = simulate(model, horizon=22_000, warm_up=2000, replications=100, seed=53)
    holds(run.throughput, there)
