"""Warm-up: series of known truth, and a line whose steady state is exact."""

from __future__ import annotations

import numpy as np
import pytest

from linelab import Estimate, Exponential, Line, Station, simulate
from linelab.texts import text
from linelab.warm_up import binned_throughput, mser5, warm_up_from, welch, welch_figure


def contains(samples: np.ndarray, exact: float) -> bool:
    """Whether the 99.9 % interval, narrower than 1 %, holds the truth."""
    wide = Estimate(samples, "", 0.999)
    assert wide.half_width < 0.01 * exact
    return wide.low <= exact <= wide.high


def autoregressive(shape: tuple[int, int], phi: float, seed: int) -> np.ndarray:
    """Stationary AR(1) series of mean 0 and unit noise, a row each."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    series = np.empty(shape)
    series[:, 0] = noise[:, 0] / np.sqrt(1 - phi * phi)
    for i in range(1, shape[1]):
        series[:, i] = phi * series[:, i - 1] + noise[:, i]
    return series


def test_bins_hold_their_begin_and_not_their_end() -> None:
    departures = np.array([[0.0, 9.9, 10.0, 25.0, np.inf], [30.0, 20.0, np.inf, np.inf, np.inf]])
    assert binned_throughput(departures, 10, 30) == pytest.approx(
        np.array([[0.2, 0.1, 0.1], [0.0, 0.0, 0.1]])
    )
    assert binned_throughput(departures, 0.1, 0.3).shape == (2, 3)
    assert binned_throughput(departures, 10, 29).shape == (2, 2)


def test_bins_add_up_to_the_throughput_of_the_run() -> None:
    run = simulate(
        Line([Station("a", Exponential(2.0)), Station("b", Exponential(2.0))], [3]),
        horizon=1000,
        replications=4,
        seed=3,
    )
    assert binned_throughput(run.departures, 20, 1000).mean(axis=1) == pytest.approx(run.throughput.samples)


def test_welch_by_hand() -> None:
    series = np.array([[1.0, 2.0, 6.0, 4.0, 8.0, 3.0, 5.0, 7.0], [3.0, 4.0, 0.0, 2.0, 4.0, 5.0, 3.0, 1.0]])
    mean = np.array([2, 3, 3, 3, 6, 4, 4, 4])
    expected = [2, 8 / 3, np.mean(mean[:5]), np.mean(mean[1:6]), np.mean(mean[2:7]), np.mean(mean[3:8])]
    assert welch(series, 2) == pytest.approx(np.array(expected))
    assert welch(series, 0) == pytest.approx(mean)


def test_welch_keeps_a_straight_line() -> None:
    """A symmetric average of a straight line is that line, at the beginning too."""
    assert welch(np.arange(100.0), 20) == pytest.approx(np.arange(80.0))


@pytest.mark.parametrize(("step", "cut"), [(0, 0), (5, 5), (100, 100), (103, 105)])
def test_mser5_cuts_a_step_off(step: int, cut: int) -> None:
    """Only what is left after the step, in whole batches, has no variance."""
    series = np.where(np.arange(400) < step, -3.0, 8.0)
    assert mser5(series) == mser5(1e6 + 0.25 * series) == cut


def test_mser5_is_the_minimum_of_its_definition() -> None:
    for series in 1e3 + np.cumsum(autoregressive((20, 163), 0.5, 4), axis=1):
        z = series[:160].reshape(32, 5).mean(axis=1)
        statistic = [np.sum((z[d:] - z[d:].mean()) ** 2) / len(z[d:]) ** 2 for d in range(32 - 4)]
        assert mser5(series) == 5 * np.argmin(statistic)


def test_mser5_removes_an_initial_transient() -> None:
    """AR(1) around 10 that starts 10 below with time constant 30: biased by 3 % until it is cut."""
    periods = np.arange(1000)
    series = 10 + autoregressive((200, 1000), 0.5, 1) - 10 * np.exp(-periods / 30)
    found = warm_up_from(series, 60.0)
    assert found.settled
    assert found.time == 60 * found.truncation
    assert 10 * np.exp(-found.truncation / 30) < 0.1
    assert contains(series[:, found.truncation :].mean(axis=1), 10.0)
    assert not contains(series.mean(axis=1), 10.0)


def test_a_series_that_never_settles_is_told() -> None:
    assert not warm_up_from(np.arange(400.0), 1.0).settled
    assert warm_up_from(np.where(np.arange(400) < 150, 0.0, 1.0), 1.0).settled


def test_warm_up_of_a_line_that_starts_empty() -> None:
    """Two exponential stations of rate 1 with b places: TH = (b + 2) / (b + 3) in steady state."""
    line = Line([Station("a", Exponential(1.0)), Station("b", Exponential(1.0))], [20])
    run = simulate(line, horizon=8000, replications=40, seed=2)
    found = warm_up_from(binned_throughput(run.departures, 20, 8000), 20.0)
    assert found.settled
    again = simulate(line, horizon=8000, warm_up=found.time, replications=40, seed=2)
    assert contains(again.throughput.samples, 22 / 23)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_figure_shows_the_truncation_in_the_language(language: str) -> None:
    found = warm_up_from(np.where(np.arange(400) < 100, 0.0, 1.0), 36.0)
    (axes,) = welch_figure(found, language, scale=3600).axes
    assert axes.get_xlabel() == text("warm_up.time", language)
    assert axes.get_ylabel() == text("warm_up.throughput", language)
    assert axes.get_ylim()[1] > 3600
    assert axes.lines[2].get_xdata() == pytest.approx([1.0, 1.0])  # hours
    assert welch_figure(found, language, label="WIP").axes[0].get_ylabel() == "WIP"


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="departures"):
        binned_throughput(np.zeros(3), 1, 10)
    with pytest.raises(ValueError, match="width"):
        binned_throughput(np.zeros((1, 3)), 20, 10)
    with pytest.raises(ValueError, match="window"):
        welch(np.zeros(20), 6)
    with pytest.raises(ValueError, match="50 or more"):
        mser5(np.zeros(49))
    with pytest.raises(ValueError, match="series"):
        mser5(np.full(100, np.nan))
    with pytest.raises(ValueError, match="width"):
        warm_up_from(np.zeros(100), 0.0)
