"""Queues and closed lines against theory: Pollaczek-Khinchine, Erlang, product forms, Penny Fab."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from linelab import (
    Arrivals,
    Conwip,
    Deterministic,
    Distribution,
    Estimate,
    Exponential,
    Failures,
    Gamma,
    Line,
    Lognormal,
    Station,
    simulate,
    theory,
)


def holds(estimate: Estimate, truth: float, most: float) -> None:
    """The 99.99 % interval (many are looked at) holds the truth; its half-width is below `most` of it."""
    wide = replace(estimate, confidence=0.9999)
    assert wide.half_width < most * truth
    assert wide.low <= truth <= wide.high


@pytest.mark.parametrize(
    "service", [Exponential(0.8), Deterministic(0.8), Gamma(0.8, 0.5), Lognormal(0.8, 1.2)], ids=str
)
def test_single_server(service: Distribution) -> None:
    line = Line([Station("a", service)], release=Arrivals(Exponential(1.0)))
    queue = theory.mg1(1.0, service.average, service.scv)
    run = simulate(line, horizon=60_000, warm_up=2000, replications=100, seed=21)
    holds(run.lead_time, queue.flow_time, 0.02)
    holds(run.wip, queue.wip, 0.02)
    holds(run.station("a").utilisation, 0.8, 0.005)


@pytest.mark.parametrize("servers", [2, 4])
def test_parallel_servers(servers: int) -> None:
    line = Line(
        [Station("a", Exponential(0.75 * servers), machines=servers)], release=Arrivals(Exponential(1))
    )
    queue = theory.mmc(1.0, 0.75 * servers, servers)
    run = simulate(line, horizon=11_000, warm_up=1000, replications=40, seed=22)
    holds(run.lead_time, queue.flow_time, 0.04)
    holds(run.wip, queue.wip, 0.05)


def mean_value_analysis(times: Sequence[float], cards: int) -> tuple[float, float]:
    """Throughput and flow time of a closed line of exponential single servers.

    Reiser & Lavenberg (1980), Mean-value analysis of closed multichain queuing networks,
    doi:10.1145/322186.322195.
    """
    length, throughput = [0.0] * len(times), 0.0
    for w in range(1, cards + 1):
        flow = [t * (1 + n) for t, n in zip(times, length, strict=True)]
        throughput = w / sum(flow)
        length = [throughput * f for f in flow]
    return throughput, cards / throughput


@pytest.mark.parametrize(
    ("times", "cards"), [((1.0, 2.0, 1.5), 4), ((3.0, 1.0), 7), ((1.0, 1.0, 1.0, 1.0), 1)]
)
def test_conwip_is_the_product_form(times: tuple[float, ...], cards: int) -> None:
    throughput, flow = mean_value_analysis(times, cards)
    line = Line(
        [Station(f"s{i}", Exponential(t)) for i, t in enumerate(times)],
        [cards] * (len(times) - 1),
        control=Conwip(cards),
    )
    run = simulate(line, horizon=31_000, warm_up=1000, replications=60, seed=23)
    holds(run.throughput, throughput, 0.01)
    holds(run.lead_time, flow, 0.01)


@pytest.mark.parametrize("cards", [1, 4, 12])
def test_penny_fab(cards: int) -> None:
    """Balanced lines are the practical worst case when exponential, the best case when nothing varies."""
    fab = theory.penny_fab([2.0] * 4)
    lanes = [cards] * 3
    for time, case, most in (
        (Exponential(2.0), fab.practical_worst_case(cards), 0.01),
        (Deterministic(2.0), fab.best_case(cards), 1e-3),
    ):
        line = Line([Station(f"s{i}", time) for i in range(4)], lanes, control=Conwip(cards))
        run = simulate(line, horizon=42_000, warm_up=2000, replications=40, seed=24)
        if most > 1e-3:
            holds(run.throughput, case.throughput, most)
            holds(run.lead_time, case.flow_time, most)
        else:
            assert run.throughput.mean == pytest.approx(case.throughput, rel=most)
            assert run.lead_time.mean == pytest.approx(case.flow_time, rel=most)


def test_worst_case() -> None:
    """All cards travel together in one lot: TH = 1 / T_0 whatever their number (Hopp & Spearman, ch. 7)."""
    cards, fab = 4, theory.penny_fab([2.0] * 4)
    batches = [Station(f"s{i}", 2.0 * cards, batch=cards) for i in range(4)]
    line = Line(batches, [cards] * 3, control=Conwip(cards))
    run = simulate(line, horizon=50_000, warm_up=2000, replications=1)
    case = fab.worst_case(cards)
    assert run.throughput.mean == pytest.approx(case.throughput, rel=2e-3)
    assert run.lead_time.mean == pytest.approx(case.flow_time)


def test_open_tandem_is_a_row_of_separate_queues() -> None:
    """Jackson (1957), Networks of waiting lines, doi:10.1287/opre.5.4.518."""
    times = (0.5, 0.7, 0.6)
    line = Line(
        [Station(f"s{i}", Exponential(t)) for i, t in enumerate(times)],
        [1000, 1000],
        release=Arrivals(Exponential(1.0)),
    )
    run = simulate(line, horizon=42_000, warm_up=2000, replications=60, seed=25)
    holds(run.wip, sum(theory.mm1(1.0, t).wip for t in times), 0.02)
    holds(run.lead_time, sum(theory.mm1(1.0, t).flow_time for t in times), 0.02)


def test_zero_buffer_line_of_failing_machines() -> None:
    """E = 1 / (1 + sum p_i / r_i) (Buzacott 1967), for equal work times that are short beside the outages."""
    outages = [(200.0, 20.0), (300.0, 15.0), (150.0, 10.0)]
    failures = [Failures(Exponential(up), Exponential(down)) for up, down in outages]
    line = Line([Station(f"s{i}", 1.0, f) for i, f in enumerate(failures)], [0, 0])
    run = simulate(line, horizon=201_000, warm_up=1000, replications=40, seed=26)
    truth = theory.zero_buffer_efficiency([1 / up for up, _ in outages], [1 / down for _, down in outages])
    # a part in each station's hands decouples outages by its work time, one part in some hundred
    wide = replace(run.throughput, confidence=0.9999)
    assert abs(wide.mean - truth) < wide.half_width + 0.002 * truth < 0.007 * truth
