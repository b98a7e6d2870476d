"""Item analysis against published figures and against what must hold of any data."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from autograder.report.items import (
    LEAST,
    LEAST_GROUPS,
    analyse,
    correlation,
    difference,
    upper_lower,
    wilson,
)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilsons_interval_is_the_published_one(right: int, n: int, low: float, high: float) -> None:
    figure = wilson(right / n, n)
    assert figure.n == n
    assert (figure.low, figure.high) == pytest.approx((low, high), abs=5e-5)


def test_partial_credit_is_covered_at_least_as_often_as_said() -> None:
    """Mean shares of a question that gives 0, ½ or 1: the interval holds the true mean in 95 % or more."""
    rng = random.Random(1)
    held = 0
    for _ in range(2000):
        shares = [rng.choice([0.0, 0.5, 0.5, 1.0]) for _ in range(25)]
        figure = wilson(sum(shares) / 25, 25)
        held += figure.low <= 0.5 <= figure.high
    assert held >= 1900


def test_newcombes_interval_is_the_published_one() -> None:
    """Newcombe 1998, Statistics in Medicine 17, 873-890, method 10: 56 of 70 against 48 of 80."""
    figure = difference(wilson(56 / 70, 70), wilson(48 / 80, 80), 150)
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)


def test_fishers_interval_holds_the_correlation_as_often_as_it_says() -> None:
    rng, true, held = np.random.default_rng(3), 0.5, 0
    for _ in range(1000):
        x = rng.normal(size=30)
        y = true * x + math.sqrt(1 - true**2) * rng.normal(size=30)
        figure = correlation(x, y)
        assert figure is not None
        held += figure.low <= true <= figure.high
    assert 930 <= held <= 970


def test_a_question_is_not_compared_with_a_total_that_holds_itself() -> None:
    """Points given by lot: against its own total any question would seem to tell people apart."""
    rng, own, with_itself = random.Random(7), [], []
    for _ in range(300):
        points = [{q: float(rng.random() < 0.5) for q in ("a", "b", "c")} for _ in range(40)]
        found = analyse(points, {"a": 1.0, "b": 1.0, "c": 1.0})[0].correlation
        assert found is not None
        own.append(found.value)
        column = np.array([p["a"] for p in points])
        total = np.array([sum(p.values()) for p in points])
        with_itself.append(float(np.corrcoef(column, total)[0, 1]))
    assert abs(np.mean(own)) < 0.03
    assert np.mean(with_itself) > 0.5


def test_a_question_that_the_strong_get_right_tells_and_one_by_lot_does_not() -> None:
    rng = random.Random(5)
    points = []
    for n in range(60):
        strong = n / 60
        points.append(
            {"good": float(rng.random() < strong), "lot": float(rng.random() < 0.5), "other": 10 * strong}
        )
    good, lot, _ = analyse(points, {"good": 1.0, "lot": 1.0, "other": 10.0})
    assert good.correlation is not None
    assert lot.correlation is not None
    assert good.correlation.low > 0
    assert lot.correlation.low < 0 < lot.correlation.high
    assert good.upper_lower is not None
    assert good.upper_lower.low > 0


def test_few_hand_ins_say_nothing_and_say_so() -> None:
    points = [{"a": float(n % 2), "b": float(n % 3)} for n in range(LEAST_GROUPS)]
    worth = {"a": 1.0, "b": 2.0}
    (few, _) = analyse(points[: LEAST - 1], worth)
    assert few.correlation is None
    assert few.difficulty is not None
    assert few.difficulty.n == LEAST - 1
    (some, _) = analyse(points[: LEAST_GROUPS - 1], worth)
    assert some.correlation is not None
    assert some.upper_lower is None
    (enough, _) = analyse(points, worth)
    assert enough.upper_lower is not None
    assert analyse([], worth)[0].difficulty is None


def test_what_waits_for_a_person_counts_nowhere_but_the_rest_of_it_does() -> None:
    points: list[dict[str, float | None]] = [{"a": 1.0, "b": None}] * 5 + [{"a": 0.0, "b": 2.0}] * 15
    a, b = analyse(points, {"a": 1.0, "b": 2.0})
    assert a.difficulty is not None
    assert b.difficulty is not None
    assert (a.difficulty.n, b.difficulty.n, a.whole) == (20, 15, 15)
    assert a.difficulty.value == pytest.approx(0.25)
    assert a.correlation is None  # all the same


def test_ties_at_the_edge_of_a_group_count_in_equal_parts() -> None:
    """20 of whom 10 tie for the last of 5 places: who of them comes first in the file makes no difference."""
    by = np.array([3.0] * 2 + [2.0] * 10 + [1.0] * 8)
    shares = np.array([1.0] * 2 + [1.0] * 5 + [0.0] * 5 + [0.0] * 8)
    turned = np.concatenate([shares[:2], shares[11:1:-1], shares[12:]])
    first, second = upper_lower(shares, by), upper_lower(turned, by)
    assert first == second
    assert first is not None
    assert first.value == pytest.approx((2 + 3 * 0.5) / 5)
