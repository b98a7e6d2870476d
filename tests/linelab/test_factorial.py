"""Factorial designs: effects known by construction, a textbook's, and those of a deterministic line."""

from __future__ import annotations

import math

import numpy as np
import pytest

from linelab import Deterministic, Exponential, Line, LineError, Station
from linelab.factorial import FactorialDesign


def coded(k: int, half: bool = False) -> FactorialDesign:
    return FactorialDesign(dict.fromkeys("abcdefgh"[:k], (-1, 1)), half)


@pytest.mark.parametrize(("k", "half"), [(1, False), (4, False), (8, False), (3, True), (6, True), (8, True)])
def test_design_is_orthogonal(k: int, half: bool) -> None:
    design = coded(k, half)
    runs = 2 ** (k - half)
    assert len({tuple(row) for row in design.signs}) == len(design.settings) == runs
    assert design.signs.T @ design.signs == pytest.approx(runs * np.eye(k))
    effects = design.effects(np.zeros((runs, 2)))
    assert len(effects.table) == runs - 1


def test_runs_are_in_standard_order() -> None:
    design = FactorialDesign({"t": (160, 180), "c": (20, 40)})
    assert design.settings == (
        {"t": 160, "c": 20},
        {"t": 180, "c": 20},
        {"t": 160, "c": 40},
        {"t": 180, "c": 40},
    )


def test_known_effects_are_recovered_exactly() -> None:
    """In coded units an effect is twice its coefficient."""
    design = coded(4)
    a, b, c, d = design.signs.T
    response = 10 + 3 * a - 2 * b + 1.5 * a * b + 0.5 * a * c * d
    effects = design.effects(np.column_stack([response, response]))
    expected = {("a",): 6.0, ("b",): -4.0, ("a", "b"): 3.0, ("a", "c", "d"): 1.0}
    for effect in effects.table:
        assert effect.estimate.mean == pytest.approx(expected.get(effect.levers, 0.0), abs=1e-12)
    assert [e.levers for e in effects.table[:4]] == list(expected)  # largest first
    assert effects["b", "a"] is effects["a", "b"]
    assert effects.mean.mean == pytest.approx(10)


def test_pilot_plant() -> None:
    """Box, Hunter & Hunter, Statistics for Experimenters: the 2³ pilot plant, yield in grams."""
    design = FactorialDesign({"T": (160, 180), "C": (20, 40), "K": ("A", "B")})
    effects = design.effects(np.array([[60], [72], [54], [68], [52], [83], [45], [80]]))
    expected = {"T": 23, "C": -5, "K": 1.5, "TC": 1.5, "TK": 10, "CK": 0, "TCK": 0.5}
    assert {"".join(e.levers): e.estimate.mean for e in effects.table} == pytest.approx(expected)
    assert effects.mean.mean == pytest.approx(64.25)


def test_half_fraction_gives_sums_of_aliases() -> None:
    design = coded(4, half=True)
    a, b, c, d = design.signs.T
    assert a * b * c == pytest.approx(d)
    effects = design.effects((5 + 2 * a + 3 * b * c * d + 1 * a * b + 4 * c * d)[:, None])
    assert design.resolution == 4
    assert effects["a"].alias == ("b", "c", "d")
    assert effects["a"].estimate.mean == pytest.approx(2 * (2 + 3))
    assert effects["c", "d"] is effects["a", "b"]
    assert effects["a", "b"].estimate.mean == pytest.approx(2 * (1 + 4))
    assert "AB + CD" in str(effects)


def test_common_random_numbers_cancel() -> None:
    """What moves every run of a replication alike moves no effect."""
    design = coded(3)
    shift = np.random.default_rng(1).normal(0, 100, 12)
    effects = design.effects(7 * design.signs[:, :1] + shift)
    assert effects["a"].estimate.mean == pytest.approx(14)
    assert all(e.estimate.half_width < 1e-10 for e in effects.table)
    assert effects.mean.half_width > 10


def test_coverage() -> None:
    """95 % of the intervals hold the effect, within 3 sigma; the mean of 2^k runs has variance σ² / 2^k."""
    design = coded(3)
    rng = np.random.default_rng(2)
    truth = 2 * design.signs[:, :1]
    found = [design.effects(truth + rng.standard_normal((8, 6)))["a"].estimate for _ in range(2000)]
    covered = np.mean([e.low <= 4 <= e.high for e in found])
    assert covered == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 2000))
    assert np.var([e.mean for e in found]) == pytest.approx(4 / 8 / 6, rel=4 * math.sqrt(2 / 2000))


def test_deterministic_line() -> None:
    """TH = 1 / max(t): 1/3, 1/4, 1/5, 1/5 parts a second."""
    base = Line([Station("a", Deterministic(2)), Station("b", Deterministic(3))], [1])
    levers = {"stations.a.process_time.mean": (2.0, 4.0), "stations.b.process_time.mean": (3.0, 5.0)}
    design = FactorialDesign(levers)
    effects = design.simulate(base, horizon=1000, warm_up=100, replications=2)
    a, b = levers
    assert effects[a].estimate.mean == pytest.approx((1 / 4 - 1 / 3) / 2)
    assert effects[b].estimate.mean == pytest.approx(2 / 5 / 2 - (1 / 3 + 1 / 4) / 2)
    assert effects[a, b].estimate.mean == pytest.approx((1 / 3 - 1 / 4) / 2)
    assert effects[b].estimate.unit == "parts/s"
    assert str(effects).splitlines()[0] == "A = stations.a.process_time.mean: 2.0 -> 4.0"


def test_exponential_line() -> None:
    """Two exponential stations with b places: TH = μ (b + 2) / (b + 3) for equal rates μ."""
    base = Line([Station("a", Exponential(1.0)), Station("b", Exponential(1.0))], [1])
    design = FactorialDesign({"stations[*].process_time.mean": (1.0, 0.5), "buffers[0].capacity": (1, 6)})
    effects = design.simulate(base, horizon=3000, warm_up=200, replications=60, confidence=0.999, seed=3)
    slow, fast = (3 / 4, 8 / 9), (3 / 2, 16 / 9)
    speed = effects["stations[*].process_time.mean"].estimate
    buffer = effects["buffers[0].capacity"].estimate
    both = effects["stations[*].process_time.mean", "buffers[0].capacity"].estimate
    assert speed.low <= (sum(fast) - sum(slow)) / 2 <= speed.high
    assert speed.half_width < 0.01 * speed.mean
    assert buffer.low <= (fast[1] - fast[0] + slow[1] - slow[0]) / 2 <= buffer.high
    assert both.low <= (fast[1] - fast[0] - slow[1] + slow[0]) / 2 <= both.high
    assert both.differs_from_zero


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        FactorialDesign({f"x{i}": (0, 1) for i in range(9)})
    with pytest.raises(ValueError, match="3 to 8"):
        coded(2, half=True)
    with pytest.raises(ValueError, match="two different settings"):
        FactorialDesign({"x": (1, 1)})
    with pytest.raises(ValueError, match="8 runs"):
        coded(3).effects(np.zeros((4, 5)))
    with pytest.raises(KeyError, match="levers are a, b"):
        coded(2).effects(np.zeros((4, 2)))["c"]
    base = Line([Station("a", Exponential(1.0))])
    with pytest.raises(LineError, match="no such place"):
        FactorialDesign({"stations.z.process_time.mean": (1.0, 2.0)}).simulate(base, horizon=100)
