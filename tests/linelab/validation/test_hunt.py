"""Lines without buffers.

Hunt (1956), Sequential arrays of waiting lines, *Operations Research* 4(6), doi:10.1287/opre.4.6.674: the
greatest utilisation of a saturated line of equal exponential stations with no room between them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from linelab import Exponential, Line, Station, simulate
from linelab.exact import exact

UTILISATION = {2: Fraction(2, 3), 3: Fraction(22, 39)}


def balanced(stations: int) -> Line:
    return Line([Station(f"s{i}", Exponential(1.0)) for i in range(stations)], [0] * (stations - 1))


def three_stations_by_hand() -> Fraction:
    """The chain of three stations in fractions, with the states written out: nothing is rounded.

    Of the second and third station, w works, b is blocked, i is idle; the first works unless B.
    """
    moves = {
        "ii": ["wi"],
        "wi": ["Bwi", "iw"],  # the first is done and waits, or the second is done and hands on
        "Bwi": ["ww"],
        "iw": ["ww", "ii"],
        "ww": ["Bww", "bw", "wi"],
        "Bww": ["Bbw", "Bwi"],
        "bw": ["Bbw", "iw"],
        "Bbw": ["ww"],
    }
    states = list(moves)
    # row: flow out of a state = flow into it, every rate being 1; the last row: shares add up to 1
    rows = [[Fraction(0)] * 9 for _ in states]
    for here, following in moves.items():
        for there in following:
            rows[states.index(here)][states.index(here)] -= 1
            rows[states.index(there)][states.index(here)] += 1
    rows[-1] = [Fraction(1)] * 9
    for i in range(8):
        pivot = next(r for r in range(i, 8) if rows[r][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(8):
            if r != i and rows[r][i]:
                rows[r] = [a - rows[r][i] * b for a, b in zip(rows[r], rows[i], strict=True)]
    return sum((rows[k][8] for k, state in enumerate(states) if not state.startswith("B")), Fraction(0))


def test_three_stations_in_fractions() -> None:
    """The first station works for every part that leaves: throughput is its share of working."""
    assert three_stations_by_hand() == Fraction(22, 39)


@pytest.mark.parametrize(("stations", "utilisation"), UTILISATION.items())
def test_chains(stations: int, utilisation: Fraction, chain: Any, rates: Any) -> None:
    assert chain([rates(1.0)] * stations, [0] * (stations - 1)).throughput == pytest.approx(
        float(utilisation), abs=1e-12
    )
    assert exact(balanced(stations)).throughput == pytest.approx(float(utilisation), abs=1e-12)


@pytest.mark.parametrize(("stations", "utilisation"), UTILISATION.items())
def test_simulation(stations: int, utilisation: Fraction, holds: Any) -> None:
    run = simulate(balanced(stations), horizon=22_000, warm_up=2000, replications=100, seed=41)
    holds(run.throughput, float(utilisation))
    for station in run.stations:  # each works as much as the line puts out
        holds(station.states["working"], float(utilisation))


@pytest.mark.parametrize(("first", "second"), [(1.0, 1.0), (1.0, 2.0), (3.0, 1.0)])
def test_two_stations_of_any_rates(first: float, second: float, chain: Any, rates: Any) -> None:
    """States 0, 1, 2 with weights 1, r, r² (r = first / second): TH = first · (1 + r) / (1 + r + r²)."""
    r = first / second
    expected = first * (1 + r) / (1 + r + r * r)
    assert chain([rates(first), rates(second)], [0]).throughput == pytest.approx(expected, abs=1e-12)
    line = Line([Station("a", Exponential(1 / first)), Station("b", Exponential(1 / second))], [0])
    assert exact(line).throughput == pytest.approx(expected, abs=1e-12)
