"""The laws of the Penny Fab: best case, practical worst case and worst case of a line with constant WIP.

Hopp & Spearman, *Factory Physics*, 3rd ed., 2011, ISBN 978-1-57766-739-1, chapter 7.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from linelab import Conwip, Distribution, Exponential, Gamma, Line, Run, Station, simulate, theory
from linelab.distributions import Deterministic

TIME, STATIONS = 2.0, 4
FAB = theory.penny_fab([TIME] * STATIONS)  # r_b = 0.5 parts/s, T_0 = 8 s, W_0 = 4 parts


def fab(time: Distribution, cards: int, batch: int = 1) -> Line:
    stations = [Station(f"s{i}", time, batch=batch) for i in range(STATIONS)]
    return Line(stations, [cards] * (STATIONS - 1), control=Conwip(cards))


def exponential_run(cards: int) -> Run:
    return simulate(fab(Exponential(TIME), cards), horizon=42_000, warm_up=2000, replications=100, seed=71)


def normalisation(stations: int, cards: int) -> int:
    """Buzen's G(w) of a balanced line with loads of 1: the ways to put w parts at N stations."""
    g = [1] + [0] * cards
    for _ in range(stations):
        for n in range(1, cards + 1):
            g[n] += g[n - 1]
    return g[cards]


@pytest.mark.parametrize("stations", [1, 2, 4, 7])
@pytest.mark.parametrize("cards", [1, 2, 5, 20])
def test_practical_worst_case_is_the_product_form(stations: int, cards: int) -> None:
    """G(w - 1) / G(w) = w / (w + N - 1), in whole numbers."""
    exact = Fraction(normalisation(stations, cards - 1), normalisation(stations, cards))
    assert exact == Fraction(cards, cards + stations - 1)
    flow = theory.penny_fab([TIME] * stations).practical_worst_case(cards)
    assert flow.throughput == pytest.approx(float(exact) / TIME, rel=1e-12)


@pytest.mark.parametrize("cards", [1, 2, 4, 8, 16])
def test_practical_worst_case(cards: int, holds: Any) -> None:
    """Balanced exponential single machines: TH = w / (w + N - 1) r_b, CT = T_0 + (w - 1) / r_b."""
    run = exponential_run(cards)
    holds(run.throughput, cards / (cards + STATIONS - 1) / TIME)
    holds(run.lead_time, TIME * STATIONS + (cards - 1) * TIME)
    assert run.wip.mean == pytest.approx(cards)
    for station in run.stations:
        holds(station.states["working"], cards / (cards + STATIONS - 1))


@pytest.mark.parametrize("cards", [1, 3, 4, 6, 12])
def test_best_case(cards: int) -> None:
    """Nothing varies: TH = min(w / T_0, r_b) and CT = max(T_0, w / r_b)."""
    run = simulate(fab(Deterministic(TIME), cards), horizon=9600 + 960, warm_up=960, replications=1)
    assert run.throughput.mean == pytest.approx(min(cards / (TIME * STATIONS), 1 / TIME), rel=1e-3)
    assert run.lead_time.mean == pytest.approx(max(TIME * STATIONS, cards * TIME))
    assert run.little_gap < 1e-3


@pytest.mark.parametrize("cards", [2, 5])
def test_worst_case(cards: int) -> None:
    """All parts go from station to station as one lot: TH = 1 / T_0 and CT = w T_0, whatever w."""
    line = fab(Deterministic(TIME * cards), cards, batch=cards)
    lot = TIME * cards * STATIONS
    run = simulate(line, horizon=210 * lot, warm_up=10 * lot, replications=1)
    assert run.throughput.mean == pytest.approx(1 / (TIME * STATIONS), rel=1e-2)
    assert run.lead_time.mean == pytest.approx(cards * TIME * STATIONS)


def test_real_lines_lie_between(holds: Any) -> None:
    """Less variable than exponential is better than the practical worst case, more variable is worse."""
    cards = 6
    less, more = (
        simulate(fab(Gamma(TIME, cv), cards), horizon=42_000, warm_up=2000, replications=40, seed=72)
        for cv in (0.5, 1.6)
    )
    practical, best, worst = FAB.practical_worst_case(cards), FAB.best_case(cards), FAB.worst_case(cards)
    assert practical.throughput < less.throughput.low < less.throughput.high < best.throughput
    assert worst.throughput < more.throughput.low < more.throughput.high < practical.throughput
    assert best.flow_time < less.lead_time.low < less.lead_time.high < practical.flow_time


def test_more_cards_more_throughput() -> None:
    """Common random numbers: another card never costs throughput, in any replication."""
    runs = [exponential_run(cards) for cards in (1, 2, 4, 8)]
    for fewer, more in pairwise(runs):
        assert (more.throughput.samples >= fewer.throughput.samples).all()
