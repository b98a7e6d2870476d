"""Batch means: closed forms, and coverage for series of known mean."""

from __future__ import annotations

import math

import numpy as np
import pytest

from linelab import Exponential, Line, Station, simulate
from linelab.batch_means import batch_means, von_neumann


def autoregressive(shape: tuple[int, int], phi: float, seed: int) -> np.ndarray:
    """Stationary AR(1) series of mean 0 and unit noise, a row each."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    series = np.empty(shape)
    series[:, 0] = noise[:, 0] / np.sqrt(1 - phi * phi)
    for i in range(1, shape[1]):
        series[:, i] = phi * series[:, i - 1] + noise[:, i]
    return series


@pytest.mark.parametrize("k", [8, 20, 31])
def test_correlation_of_a_ramp(k: int) -> None:
    """Of 1, 2, ..., k: Σ (x_j - x_{j+1})² = k - 1 and Σ (x_j - x̄)² = k (k² - 1) / 12."""
    assert von_neumann(np.arange(1.0, k + 1))[0] == pytest.approx(1 - 6 / (k * (k + 1)))


@pytest.mark.parametrize("k", [10, 20, 30])
def test_correlation_of_independent_values(k: int) -> None:
    """Mean 0, variance (k - 2) / (k² - 1) and p-values below 5 % in 5 % of cases, within 4 sigma."""
    n = 5000
    found = np.array([von_neumann(row) for row in np.random.default_rng(k).standard_normal((n, k))])
    variance = (k - 2) / (k * k - 1)
    assert abs(found[:, 0].mean()) < 4 * math.sqrt(variance / n)
    assert found[:, 0].var() == pytest.approx(variance, rel=4 * math.sqrt(2 / n))
    assert np.mean(found[:, 1] < 0.05) == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / n))


@pytest.mark.filterwarnings("ignore:batches")
@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8])
def test_coverage(phi: float) -> None:
    """95 % of the intervals hold the mean of an AR(1) process, within 3 sigma of the binomial."""
    runs = 1500
    series = 7 + autoregressive((runs, 6000), phi, 1)
    found = [batch_means(row).estimate for row in series]
    covered = np.mean([e.low <= 7 <= e.high for e in found])
    assert covered == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / runs))


def test_a_run_too_short_for_its_correlation_warns() -> None:
    """AR(1) with φ = 0.99: batches of 60 have a correlation near 0.7."""
    (series,) = autoregressive((1, 600), 0.99, 2)
    with pytest.warns(UserWarning, match="lengthen the run"):
        found = batch_means(series)
    assert found.correlated
    assert len(found.estimate.samples) == 10


def test_fewer_batches_are_taken_if_many_are_correlated() -> None:
    """Ten stretches of ±1: C = 1 - 36 / 60 of 30 batches (p = 0.01), 1 - 36 / 40 of 20 (p = 0.3)."""
    series = np.repeat([1.0, -1.0] * 5, 60)
    found = batch_means(series, unit="s", confidence=0.9)
    assert len(found.estimate.samples) == 20
    assert found.size == 30
    assert found.correlation == pytest.approx(0.1)
    assert not found.correlated
    assert (found.estimate.unit, found.estimate.confidence) == ("s", 0.9)


def test_what_fills_no_batch_is_left_out_at_the_beginning() -> None:
    series = np.concatenate([[1e9, 1e9, 1e9], np.tile([1.0, 3.0], 20)])
    found = batch_means(series, batches=10)
    assert found.estimate.samples == pytest.approx(np.full(10, 2.0))
    assert found.estimate.half_width == 0
    assert not found.correlated


def test_one_long_run_of_a_line() -> None:
    """Two exponential stations of rate 1 with one place: a part leaves every (b + 3) / (b + 2) = 4/3 s."""
    line = Line([Station("a", Exponential(1.0)), Station("b", Exponential(1.0))], [1])
    run = simulate(line, parts=150_000, replications=1, seed=4)
    found = batch_means(np.diff(run.departures[0])[1000:], unit="s", confidence=0.999).estimate
    assert found.half_width < 0.01 * 4 / 3
    assert found.low <= 4 / 3 <= found.high


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="batches"):
        batch_means(np.zeros(59))
    with pytest.raises(ValueError, match="8 or more"):
        batch_means(np.zeros(100), batches=7)
    with pytest.raises(ValueError, match="series"):
        batch_means(np.zeros((2, 100)))
    with pytest.raises(ValueError, match="series"):
        batch_means(np.full(100, np.inf))
