"""Queues and lines of failing machines against theory: Pollaczek-Khinchine, Erlang, Buzacott."""

from __future__ import annotations

from dataclasses import replace

import pytest

from linelab import (
    Arrivals,
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
