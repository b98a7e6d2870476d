"""Selection of the best: the guarantee of KN for normal systems, and lines of known order."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from linelab import Exponential, Line, Station
from linelab.samplers import Sampler
from linelab.selection import kn_constants, select_best, select_line


def recorded(values: np.ndarray) -> Sampler:
    return lambda replications: values[replications.start : replications.stop]


def slippage(systems: int, correlation: float, rng: np.random.Generator) -> Mapping[str, Sampler]:
    """Normal systems of deviation 2, all with mean 0 but the first, which has 1: the hardest case for KN."""
    shared, own = rng.standard_normal(1000), rng.standard_normal((systems, 1000))
    values = 2 * (math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own)
    values[0] += 1
    return {f"s{i}": recorded(row) for i, row in enumerate(values)}


def exponential_lines(*buffers: int) -> dict[str, Line]:
    stations = [Station("a", Exponential(1.0)), Station("b", Exponential(1.0))]
    return {f"b{b}": Line(stations, [b]) for b in buffers}


@pytest.mark.parametrize(("systems", "confidence", "n0"), [(2, 0.95, 10), (5, 0.95, 10), (10, 0.9, 24)])
def test_constants_solve_their_equation(systems: int, confidence: float, n0: int) -> None:
    """Kim & Nelson (2001) for c = 1: ½ (1 + 2η)^(-(n0-1)/2) = α / (k - 1), h² = 2 η (n0 - 1)."""
    eta, h2 = kn_constants(systems, confidence, n0)
    assert (1 + 2 * eta) ** (-(n0 - 1) / 2) / 2 == pytest.approx((1 - confidence) / (systems - 1))
    assert h2 == pytest.approx(2 * eta * (n0 - 1))


@pytest.mark.parametrize(
    ("systems", "correlation", "confidence"), [(2, 0.0, 0.9), (2, 0.5, 0.95), (5, 0.0, 0.95), (8, 0.7, 0.9)]
)
def test_probability_of_correct_selection(systems: int, correlation: float, confidence: float) -> None:
    """At least the confidence, less 3 sigma of the binomial, when the best is better by the indifference."""
    rng, runs = np.random.default_rng(20), 600
    right = sum(
        select_best(slippage(systems, correlation, rng), 1.0, confidence=confidence).best == "s0"
        for _ in range(runs)
    )
    assert right / runs >= confidence - 3 * math.sqrt(confidence * (1 - confidence) / runs)


def test_common_random_numbers_save_replications() -> None:
    """Correlation ρ takes the variance of a difference down by 1 - ρ, and with it the replications."""
    rng = np.random.default_rng(21)

    def used(correlation: float) -> float:
        found = [select_best(slippage(3, correlation, rng), 1.0) for _ in range(100)]
        return float(np.mean([sum(f.replications.values()) for f in found]))

    assert used(0.5) < 0.7 * used(0.0)


def test_elimination_by_hand() -> None:
    """Differences 0, 2, 0, 2, ...: the pair parts once their sum reaches (h² S² / δ² - r) δ / 2.

    S² = 10/9 over ten of them; with n0 = 10 and α = 0.05 of two systems η = ½ (0.1^(-2/9) - 1).
    """
    better = np.tile([0.0, 2.0], 50)
    h2 = 9 * (0.1 ** (-2 / 9) - 1)
    reach = h2 * (10 / 9) / 0.2**2
    sums = np.cumsum(better)
    expected = next(r for r in range(10, 100) if sums[r - 1] >= 0.1 * (reach - r))
    found = select_best({"worse": recorded(np.zeros(100)), "better": recorded(better)}, 0.2)
    assert found.best == "better"
    assert 10 < expected == found.replications["better"] == found.replications["worse"]
    assert found.history == ((expected, ("better",)),)
    assert found.means == pytest.approx({"worse": 0.0, "better": sums[expected - 1] / expected})
    lowest = select_best(
        {"worse": recorded(np.zeros(100)), "better": recorded(-better)}, 0.2, larger_is_better=False
    )
    assert lowest.best == "better"
    assert lowest.means["better"] == pytest.approx(-found.means["better"])


def test_a_dropped_system_is_sampled_no_more() -> None:
    rng = np.random.default_rng(22)
    values = rng.standard_normal((3, 2000)) + np.array([[0.0], [0.3], [-50.0]])
    found = select_best({f"s{i}": recorded(row) for i, row in enumerate(values)}, 0.3)
    assert found.replications["s2"] == 10
    assert found.history[0] == (10, ("s0", "s1"))
    assert found.replications["s0"] == found.replications["s1"] > 10


def test_certain_systems_are_told_apart_at_once() -> None:
    found = select_best({"low": recorded(np.full(50, 1.0)), "high": recorded(np.full(50, 1.1))}, 0.5)
    assert found.best == "high"
    assert set(found.replications.values()) == {10}
    equal = select_best({"one": recorded(np.ones(50)), "other": recorded(np.ones(50))}, 0.5)
    assert equal.best == "one"


def test_lines_of_known_order() -> None:
    """Two exponential stations of rate 1: TH = (b + 2) / (b + 3) is 0.67, 0.75, 0.83, 0.88 parts a second."""
    lines = exponential_lines(0, 1, 3, 5)
    found = select_line(lines, 0.04, larger_is_better=True, horizon=600, warm_up=100, seed=3)
    assert found.best == "b5"
    assert list(found.replications) == list(lines)


def test_shortest_flow_time() -> None:
    """The smaller the buffer, the shorter the wait in it."""
    found = select_line(
        exponential_lines(0, 4), 0.5, "lead_time", larger_is_better=False, horizon=600, warm_up=100, seed=3
    )
    assert found.best == "b0"


def test_bad_input_is_refused() -> None:
    pair = slippage(2, 0.0, np.random.default_rng(1))
    with pytest.raises(ValueError, match="two systems"):
        select_best({"s0": pair["s0"]}, 1.0)
    with pytest.raises(ValueError, match="indifference"):
        select_best(pair, 0.0)
    with pytest.raises(ValueError, match="confidence"):
        select_best(pair, 1.0, confidence=0.5)
    with pytest.raises(ValueError, match="n0"):
        select_best(pair, 1.0, n0=1)
    with pytest.raises(ValueError, match="raise limit"):
        select_best(pair, 0.01, limit=50)
