"""Sequential stopping: Law's worked numbers, coverage, and simulated lines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from linelab import Estimate, Exponential, Line, Station, simulate
from linelab.estimate import student_quantile
from linelab.precision import replications_needed, simulate_until, until
from linelab.samplers import LineSampler, Sampler

LINE = Line([Station("a", Exponential(1.0)), Station("b", Exponential(1.0))], [1])


def recorded(values: np.ndarray) -> Sampler:
    return lambda replications: values[replications.start : replications.stop]


def normal(seed: int, mean: float = 10.0, deviation: float = 3.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(mean, deviation, 5000)


def pilot(n: int, mean: float, variance: float, confidence: float) -> Estimate:
    """Samples of exactly this mean and variance."""
    raw = np.arange(n) - (n - 1) / 2
    return Estimate(mean + raw * math.sqrt(variance / np.var(raw, ddof=1)), "min", confidence)


def test_replications_needed_at_laws_bank() -> None:
    """Law, Simulation Modeling and Analysis, section 9.4.1: ten days of a bank, mean 2.03, variance 0.31.

    By a t table: t_15 √(0.31/16) = 0.244 <= 0.25 < t_14 √(0.31/15) = 0.253 at 90 %, and
    t_26 √(0.31/27) / 2.03 = 0.0900 <= 0.1/1.1 < t_25 √(0.31/26) / 2.03 = 0.0919.
    """
    bank = pilot(10, 2.03, 0.31, 0.9)
    assert replications_needed(bank, 0.25, relative=False) == 16
    assert replications_needed(bank, 0.10) == 27
    assert replications_needed(bank, 0.10, limit=20) == 20
    assert replications_needed(bank, 5.0) == 10


@pytest.mark.parametrize("half_width", [0.2, 0.5, 0.8, 1.1, 1.4, 1.7])
def test_replications_needed_are_the_least(half_width: float) -> None:
    """By search: so many are enough and one less is not."""
    few = pilot(3, 5.0, 1.0, 0.95)
    i = replications_needed(few, half_width, relative=False)

    def expected(n: int) -> float:
        return student_quantile(0.975, n - 1) / math.sqrt(n)

    assert expected(i) <= half_width
    assert i == 3 or expected(i - 1) > half_width


def test_stops_at_the_first_look_that_is_narrow_enough() -> None:
    values = normal(1)
    found = until(recorded(values), 0.1, step=1)
    assert found.reached
    assert found.steps == tuple(range(10, found.replications + 1))
    ratios = [
        Estimate(values[:n], "").half_width / abs(values[:n].mean())
        for n in range(10, found.replications + 1)
    ]
    assert ratios[-1] <= 0.1 / 1.1 < min(ratios[:-1])
    assert found.estimate.samples == pytest.approx(values[: found.replications])


def test_no_look_more_than_doubles() -> None:
    found = until(recorded(normal(2)), 0.2, relative=False)
    assert found.reached
    assert found.estimate.half_width <= 0.2
    assert all(a < b <= 2 * a for a, b in zip(found.steps, found.steps[1:], strict=False))


def test_coverage() -> None:
    """The interval holds the mean, and the relative error is in bounds, 95 % of the time (3 sigma below)."""
    runs = 400
    found = [until(recorded(normal(seed)), 0.05).estimate for seed in range(runs)]
    least = 0.95 - 3 * math.sqrt(0.95 * 0.05 / runs)
    assert np.mean([e.low <= 10 <= e.high for e in found]) >= least
    assert np.mean([abs(e.mean - 10) <= 0.05 * 10 for e in found]) >= least


def test_gives_up_at_the_limit() -> None:
    found = until(recorded(normal(3)), 0.001, limit=25)
    assert not found.reached
    assert found.replications == 25
    around_zero = np.tile([1.0, -1.0], 50)
    assert not until(recorded(around_zero), 0.1, limit=100).reached


def test_a_certain_value_takes_no_more_than_the_start() -> None:
    found = until(recorded(np.full(100, 4.0)), 0.01, start=3)
    assert found.reached
    assert found.replications == 3


def test_line_until_precise() -> None:
    """Two exponential stations of rate 1 with one place: TH = 3/4 exactly."""
    found = simulate_until(
        LINE, relative_half_width=0.009, confidence=0.999, horizon=6000, warm_up=500, seed=11
    )
    assert found.reached
    assert found.estimate.half_width < 0.01 * 0.75
    assert found.estimate.low <= 0.75 <= found.estimate.high
    assert found.estimate.unit == "parts/s"
    whole = simulate(LINE, horizon=6000, warm_up=500, seed=11, replications=found.replications)
    assert found.estimate.samples == pytest.approx(whole.throughput.samples, rel=1e-12)


def test_line_until_precise_in_the_unit_of_the_metric() -> None:
    found = simulate_until(
        LINE, lambda run: run.station("b").utilisation, half_width=0.02, start=4, horizon=400, seed=2
    )
    assert found.reached
    assert found.estimate.half_width <= 0.02


def test_sampler_gives_the_replications_asked_for() -> None:
    sampler = LineSampler(LINE, "lead_time", horizon=300, seed=7)
    late = sampler(range(5, 8))
    all_of_them = simulate(LINE, horizon=300, seed=7, replications=8).lead_time
    assert late == pytest.approx(all_of_them.samples[5:8], rel=1e-12)
    assert sampler(range(2)) == pytest.approx(all_of_them.samples[:2], rel=1e-12)
    assert sampler.unit == "s"


def test_bad_input_is_refused() -> None:
    values = recorded(normal(1))
    with pytest.raises(ValueError, match="half_width"):
        until(values, 0.0)
    with pytest.raises(ValueError, match="start"):
        until(values, 0.1, start=1)
    with pytest.raises(ValueError, match="limit"):
        until(values, 0.1, start=20, limit=10)
    with pytest.raises(ValueError, match="step"):
        until(values, 0.1, step=0)
    with pytest.raises(ValueError, match="shape"):
        until(recorded(np.zeros(5)), 0.1)
    with pytest.raises(ValueError, match="finite"):
        until(recorded(np.full(50, np.nan)), 0.1)
    with pytest.raises(ValueError, match="one of the two"):
        simulate_until(LINE, horizon=100)
    with pytest.raises(ValueError, match="replications"):
        LineSampler(LINE, replications=5)
    with pytest.raises(ValueError, match="metric"):
        simulate_until(LINE, "bottleneck", half_width=1.0, horizon=100)
