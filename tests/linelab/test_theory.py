"""What the field knows about lines, asserted of the simulation.

Statistical tests use fixed seeds and a 99.9 % interval of at most 1 % of the mean: they do not flake, and a
bias of 1 % in throughput fails them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from linelab import Buffer, Deterministic, Estimate, Exponential, Failures, Gamma, Line, Station, simulate
from linelab.estimate import student_cdf, student_quantile


def contains(estimate: Estimate, exact: float) -> bool:
    wide = replace(estimate, confidence=0.999)
    assert wide.half_width < 0.01 * exact
    return wide.low <= exact <= wide.high


def exponential_line(stations: int, buffer: int) -> Line:
    return Line([Station(f"s{i}", Exponential(1.0)) for i in range(stations)], [buffer] * (stations - 1))


@pytest.mark.parametrize("buffer", [0, 1, 4, 10])
def test_two_exponential_stations(buffer: int) -> None:
    """Exact by the birth-death chain of b + 3 states: TH = (b + 2) / (b + 3) for equal rates of 1."""
    run = simulate(exponential_line(2, buffer), horizon=22_000, warm_up=2000, replications=100, seed=5)
    assert contains(run.throughput, (buffer + 2) / (buffer + 3))


@pytest.mark.parametrize(("stations", "exact"), [(3, 22 / 39), (4, 0.5148)])
def test_hunt_lines_without_buffers(stations: int, exact: float) -> None:
    """Hunt (1956), Sequential arrays of waiting lines, Operations Research 4, doi:10.1287/opre.4.6.674."""
    run = simulate(exponential_line(stations, 0), horizon=22_000, warm_up=2000, replications=100, seed=6)
    assert contains(run.throughput, exact)


def test_deterministic_line_runs_at_its_slowest_station() -> None:
    line = Line(
        [Station("a", Deterministic(2)), Station("b", Deterministic(5)), Station("c", Deterministic(3))],
        [1, 1],
    )
    run = simulate(line, horizon=1000, warm_up=100, replications=1)
    assert run.throughput.mean == pytest.approx(1 / 5)
    assert run.bottleneck == "b"
    assert run.station("b").states["working"].mean == pytest.approx(1)
    # b holds a part at 5 s each; the lane before it is full, so a part waits for two others: 2+... exactly
    assert run.lead_time.mean == pytest.approx(5 + 5 + 5 + 3)


def test_best_case_without_waiting() -> None:
    """A balanced deterministic line without buffers: CT = T_0 and WIP = W_0 (Hopp & Spearman, ch. 7)."""
    line = Line([Station(f"s{i}", Deterministic(2)) for i in range(4)], [0, 0, 0])
    run = simulate(line, horizon=1000, warm_up=100, replications=1)
    assert run.lead_time.mean == pytest.approx(line.raw_process_time) == 8
    assert run.wip.mean == pytest.approx(line.bottleneck_rate * line.raw_process_time)


def test_failing_station_keeps_its_availability() -> None:
    """Operating clock: TH = A / t_0 with A = MTBF / (MTBF + MTTR)."""
    failures = Failures(Exponential(100), Gamma(25, 0.5))
    line = Line([Station("a", Deterministic(1), failures)])
    run = simulate(line, horizon=60_000, warm_up=1000, replications=60, seed=2)
    assert contains(run.throughput, 0.8)
    assert contains(Estimate(run.station("a").utilisation.samples, "1"), 1.0)
    assert run.station("a").states["down"].mean == pytest.approx(0.2, abs=0.003)


def test_little_and_conservation() -> None:
    line = Line(
        [Station("a", Gamma(3, 0.4)), Station("b", Exponential(3.2)), Station("c", Exponential(3))],
        [Buffer(12, 4, 2.0), Buffer(6)],
    )
    run = simulate(line, horizon=200_000, warm_up=5000, replications=10, seed=1)
    assert run.little_gap < 0.001
    for station in run.stations:
        assert sum(e.mean for e in station.states.values()) == pytest.approx(1)


def test_transfer_lot_waits_for_its_last_part() -> None:
    """Lots of k from a machine of time t: parts wait (k - 1)/2 · t on average to be moved on."""
    line = Line([Station("a", Deterministic(10)), Station("b", Deterministic(1))], [Buffer(20, 5, 3.0)])
    run = simulate(line, parts=5, replications=1)
    # the lot is complete at 50 s, moved by 53 s, then worked off one a second
    assert run.departures[0].tolist() == [54, 55, 56, 57, 58]


def test_student_against_the_printed_table() -> None:
    """Abramowitz & Stegun, table 26.10."""
    for df, t in {1: 12.706, 2: 4.303, 5: 2.571, 10: 2.228, 29: 2.045, 120: 1.980}.items():
        assert student_quantile(0.975, df) == pytest.approx(t, abs=5e-4)
        assert student_cdf(student_quantile(0.9, df), df) == pytest.approx(0.9)


def test_interval_covers_as_often_as_it_says() -> None:
    """95 % intervals of 20 replications hold the exact throughput in 95 % of 400 studies, within 3 sigma."""
    line, exact = exponential_line(2, 2), 4 / 5
    covered = 0
    for seed in range(400):
        t = simulate(line, horizon=1100, warm_up=100, replications=20, seed=seed).throughput
        covered += t.low <= exact <= t.high
    assert 0.95 - 3 * 0.011 <= covered / 400 <= 0.95 + 3 * 0.011
