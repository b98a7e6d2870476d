"""Economic measures against worked values, roots found another way, and published intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linelab import economics

INVESTMENT = [-300.0] + [95.0] * 5
rates = st.floats(-0.5, 2)


def test_worked_investment() -> None:
    """300 now for 95 a year over five years, at 12 %."""
    assert economics.npv(0.12, INVESTMENT) == pytest.approx(42.45, abs=0.005)
    assert economics.payback(INVESTMENT) == pytest.approx(3.16, abs=0.005)
    # 84.82 + 75.73 + 67.62 + 60.37 in four years leave 11.45 of the fifth year's 53.91
    assert economics.payback(INVESTMENT, 0.12) == pytest.approx(4 + 11.45 / 53.905, abs=5e-4)
    assert economics.payback([-100, 10, 20]) == math.inf
    assert economics.payback([-100, 60, 40]) == 2


def test_annuity_factor() -> None:
    """(P/A, 12 %, 5) = 3.6048 in every table of interest factors."""
    assert economics.annuity_factor(0.12, 5) == pytest.approx(3.6048, abs=5e-5)
    assert economics.annuity_factor(0.0, 7) == 7
    assert economics.annuity_factor(1e-12, 7) == pytest.approx(7, rel=1e-10)


@given(rates.filter(lambda rate: abs(rate) > 1e-9), st.integers(1, 40))
def test_annuity_is_the_sum_of_its_payments(rate: float, periods: int) -> None:
    assert economics.annuity_factor(rate, periods) == pytest.approx(
        economics.npv(rate, [0.0] + [1.0] * periods)
    )


def test_irr_worked() -> None:
    assert economics.irr([-100, 0, 121]) == pytest.approx(0.10)
    assert economics.irr([-100, 100]) == pytest.approx(0, abs=1e-12)
    assert economics.irr([-100, 25]) == pytest.approx(-0.75)
    assert economics.irr([100, -50, -70]) == pytest.approx(economics.irr([-100, 50, 70]))


@given(st.floats(1, 1e3), st.lists(st.floats(1, 1e3), min_size=1, max_size=12))
def test_irr_is_the_root_of_the_npv(outlay: float, returns: list[float]) -> None:
    """The only positive real root of Σ CF_k x^k, x = 1 / (1 + i), found as an eigenvalue."""
    flows = [-outlay, *returns]
    rate = economics.irr(flows)
    scale = economics.npv(rate, [outlay, *returns])
    assert economics.npv(rate, flows) == pytest.approx(0, abs=1e-9 * scale)
    roots = np.roots(flows[::-1])
    positive = [x.real for x in roots if abs(x.imag) < 1e-9 * abs(x) and x.real > 0]
    assert [1 / x - 1 for x in positive] == [pytest.approx(rate, rel=1e-6, abs=1e-6)]


@given(rates, rates, st.floats(1, 100), st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_npv_falls_with_the_rate(a: float, b: float, outlay: float, returns: list[float]) -> None:
    low, high = sorted((a, b))
    flows = [-outlay, *returns]
    assert economics.npv(high, flows) <= economics.npv(low, flows) + 1e-6
    assert economics.npv(0, flows) == pytest.approx(math.fsum(flows))


@given(st.floats(1, 100), st.lists(st.floats(0.1, 100), min_size=1, max_size=12), st.floats(0, 1))
def test_payback_fits_npv(outlay: float, returns: list[float], rate: float) -> None:
    """Paid back within the life if and only if the NPV is not negative."""
    flows = [-outlay, *returns]
    worth = economics.npv(rate, flows)
    if abs(worth) > 1e-9:
        assert math.isfinite(economics.payback(flows, rate)) == (worth > 0)
    assert economics.payback(flows, rate) >= economics.payback(flows) - 1e-9


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_published(successes: int, trials: int, low: float, high: float) -> None:
    """Newcombe (1998), *Statistics in Medicine* 17(8), table I, score method without correction."""
    found = economics.wilson(successes, trials)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 500), st.floats(0, 1), st.floats(0.5, 0.999))
def test_wilson_bounds_are_z_deviations_away(trials: int, part: float, confidence: float) -> None:
    """What defines it: (p - share)² = z² p (1 - p) / n at both bounds."""
    successes = round(part * trials)
    found = economics.wilson(successes, trials, confidence)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    for p in (found.low, found.high):
        assert (p - found.share) ** 2 == pytest.approx(z**2 * p * (1 - p) / trials, abs=1e-12)
    assert 0 <= found.low <= found.share <= found.high <= 1


def test_loss_probability_of_a_normal_npv() -> None:
    """Normal NPV of mean 42 and deviation 30: the 99.9 % interval of 200,000 samples holds Φ(-1.4)."""
    rng = np.random.Generator(np.random.PCG64(3))
    found = economics.loss_probability(rng.normal(42, 30, 200_000), confidence=0.999)
    exact = NormalDist().cdf(-1.4)
    assert found.low <= exact <= found.high
    assert found.high - found.low < 0.06 * exact
    never = economics.loss_probability([5.0, 0.0, 3.0])
    assert (never.share, never.low) == (0, 0)
    assert never.high == pytest.approx(economics.wilson(0, 3).high)


def test_throughput_lost() -> None:
    """107.1 boards an hour are possible, 95.2 achieved; 4000 hours a year, 2 a board."""
    assert economics.throughput_lost(107.1, 95.2, 4000, 2) == pytest.approx(95_200)
    assert economics.throughput_lost(10, 10, 1, 2) == 0


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: economics.npv(-1, INVESTMENT), "rate: -1 must be above -1"),
        (lambda: economics.npv(0.1, []), "cash_flows: give at least one"),
        (lambda: economics.npv(0.1, [-1, math.inf]), "cash_flows: inf must be a finite number"),
        (lambda: economics.annuity_factor(0.1, 0), "periods: 0 must be a whole number, 1 or more"),
        (lambda: economics.irr([100, 50]), "cash_flows: signs change 0 times"),
        (lambda: economics.irr([-100, 230, -132]), "cash_flows: signs change 2 times"),
        (lambda: economics.payback([0, 50]), "cash_flows: the first is 0"),
        (lambda: economics.loss_probability([]), "npvs: give one finite number"),
        (lambda: economics.loss_probability([1.0, math.nan]), "npvs: give one finite number"),
        (lambda: economics.wilson(5, 4), "successes: 5 must be at most trials (4)"),
        (lambda: economics.wilson(1, 4, 95), "confidence: 95 must be between 0 and 1"),
        (lambda: economics.throughput_lost(1, 2, 1, 1), "achieved: 2 must be at most possible (1)"),
    ],
)
def test_nonsense_is_refused(call: Callable[[], Any], named: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert str(refused.value).startswith(named)
