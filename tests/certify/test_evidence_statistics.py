"""Before against after: closed forms, a published data set, and how often the intervals are right."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from autograder.certify.evidence.findings import (
    BETTER,
    FEW,
    LEAST_PAIRS,
    LEAST_POINTS,
    UNCLEAR,
    WORSE,
    Findings,
)
from autograder.certify.evidence.folder import read
from autograder.certify.evidence.interrupted import fit, segments, student_cdf
from linelab import estimate

from .projects import AFTER, BEFORE, CHANGED, TODAY, daily, project, table, values

# Hours of sleep won by two drugs in ten patients: Student, "The probable error of a mean", Biometrika 6
# (1908); R has them as `sleep`, and its t.test(…, paired = TRUE) gives this interval.
SLEEP = (
    (0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0),
    (1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4),
)
SLEEP_SAYS = (1.58, 0.7001142, 2.4598858)


def found(folder: Path, data: str, **changed: object) -> Findings:
    return read(project(folder, {"data.csv": data}, **changed), today=TODAY).findings


def in_pairs(before: tuple[float, ...], after: tuple[float, ...]) -> str:
    rows = [(BEFORE[i], x, f"p{i}") for i, x in enumerate(before)]
    rows += [(AFTER[i], x, f"p{i}") for i, x in enumerate(after)]
    return table(rows, "date,value,die")


PAIRED = {"data__comparison": "paired", "data__pair": "die"}


# -- pairs


def test_students_own_data_give_the_published_interval(tmp_path: Path) -> None:
    says = found(tmp_path, in_pairs(*SLEEP), **PAIRED, measure__better="larger")
    assert says.effect is not None
    assert (says.effect.mean, says.effect.low, says.effect.high) == pytest.approx(SLEEP_SAYS, abs=1e-6)
    assert says.verdict == BETTER
    assert found(tmp_path, in_pairs(*SLEEP), **PAIRED).verdict == WORSE  # if less sleep were wanted


def test_pairs_with_one_side_are_left_out_and_said(tmp_path: Path) -> None:
    data = in_pairs(*SLEEP) + f"{BEFORE[0]},99,lonely\n"
    says = found(tmp_path, data, **PAIRED)
    assert says.effect is not None
    assert says.effect.mean == pytest.approx(SLEEP_SAYS[0])
    assert ("unpaired", {"count": 1, "pairs": "lonely"}) in says.notes


def test_several_values_of_a_pair_count_as_their_mean(tmp_path: Path) -> None:
    data = in_pairs(*SLEEP)
    data += f"{BEFORE[20]},{SLEEP[0][0] + 1},p0\n{BEFORE[21]},{SLEEP[0][0] - 1},p0\n"
    says = found(tmp_path, data, **PAIRED)
    assert says.effect is not None
    assert says.effect.mean == pytest.approx(SLEEP_SAYS[0])
    assert says.counts == (10, 10)


def test_with_too_few_pairs_nothing_is_claimed(tmp_path: Path) -> None:
    few = LEAST_PAIRS - 1
    says = found(tmp_path, in_pairs((60.0,) * few, (40.0, 41.0, 42.0, 41.5, 40.5)), **PAIRED)
    assert says.effect is not None
    assert says.effect.high < 0  # however clear the figures look
    assert says.verdict == FEW


def test_pairs_cannot_tell_a_trend_apart_and_that_is_said(tmp_path: Path) -> None:
    falling = values(step=0, trend=-2)
    rows = [
        (day, x, f"d{day.weekday()}-{i % 7}")
        for i, (day, x) in enumerate(zip((*BEFORE, *AFTER), falling, strict=True))
    ]
    says = found(tmp_path, table(rows, "date,value,die"), **PAIRED)
    assert says.verdict == BETTER
    assert ("trend_paired", {}) in says.notes


# -- a series that is interrupted


def line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Level at 0 and slope of a least-squares line, by the textbook's sums."""
    slope = float(np.sum((x - x.mean()) * (y - y.mean())) / np.sum((x - x.mean()) ** 2))
    return float(y.mean() - slope * x.mean()), slope


def test_without_autocorrelation_it_is_the_normal_equations_solved_by_hand() -> None:
    """Step and bend are the differences of two lines; their errors follow from the two lines' own."""
    rng = np.random.default_rng(3)
    weeks = np.arange(-14, 12) / 5.0
    after = (weeks >= 0).astype(float)
    y = 50 - 2 * weeks + rng.normal(0, 3, len(weeks)) - 8 * after
    one = fit(segments(weeks, after), y, np.array([0.0]))
    assert one is not None
    (a1, b1), (a2, b2) = line(weeks[after == 0], y[after == 0]), line(weeks[after == 1], y[after == 1])
    assert one.coefficients[0] == pytest.approx([a1, b1, a2 - a1, b2 - b1])
    rest = sum(
        float(np.sum((y[after == side] - a - b * weeks[after == side]) ** 2))
        for side, a, b in ((0, a1, b1), (1, a2, b2))
    )
    df = len(weeks) - 4
    error = math.sqrt(
        rest
        / df
        * sum(
            1 / len(x) + x.mean() ** 2 / np.sum((x - x.mean()) ** 2)
            for x in (weeks[after == 0], weeks[after == 1])
        )
    )
    t = estimate.student_quantile(0.975, df)
    step = one.interval(np.array([0.0, 0, 1, 0]))
    assert (step.mean, step.low, step.high) == pytest.approx(
        (a2 - a1, a2 - a1 - t * error, a2 - a1 + t * error)
    )


def test_with_autocorrelation_it_is_generalised_least_squares_with_the_whole_matrix() -> None:
    rng = np.random.default_rng(4)
    weeks = np.arange(-12, 10) / 5.0
    x = segments(weeks, (weeks >= 0).astype(float))
    y = rng.normal(40, 4, len(weeks))
    rhos = np.array([-0.3, 0.2, 0.7])
    got = fit(x, y, rhos)
    assert got is not None
    n, k = x.shape
    log_likelihood = []
    for i, rho in enumerate(rhos):
        v = rho ** np.abs(np.subtract.outer(np.arange(n), np.arange(n))) / (1 - rho**2)
        inverse = np.linalg.inv(v)
        normal = x.T @ inverse @ x
        b = np.linalg.solve(normal, x.T @ inverse @ y)
        rest = float((y - x @ b) @ inverse @ (y - x @ b))
        assert got.coefficients[i] == pytest.approx(b)
        assert got.covariance[i] == pytest.approx(np.linalg.inv(normal) * rest / (n - k))
        log_likelihood.append(
            -np.linalg.slogdet(v)[1] / 2 - np.linalg.slogdet(normal)[1] / 2 - (n - k) / 2 * math.log(rest)
        )
    weights = np.exp(np.array(log_likelihood) - max(log_likelihood))
    assert got.weights == pytest.approx(weights / weights.sum())


def test_students_distribution_is_that_of_the_library() -> None:
    t = np.array([-4.0, -1.0, 0.0, 0.3, 2.5])
    for df in (1, 2, 5, 8, 57, 120):
        assert student_cdf(t, df) == pytest.approx([estimate.student_cdf(float(x), df) for x in t])


def noise(rng: np.random.Generator, n: int, rho: float) -> np.ndarray:
    e = np.empty(n)
    e[0] = rng.normal() / math.sqrt(1 - rho**2)
    for i in range(1, n):
        e[i] = rho * e[i - 1] + rng.normal()
    return e


def terms(weeks: np.ndarray) -> dict[str, np.ndarray]:
    middle = float(weeks[weeks >= 0].mean())
    return {
        "effect": np.array([0, 0, 1, middle]),
        "step": np.array([0.0, 0, 1, 0]),
        "bend": np.array([0.0, 0, 0, 1]),
    }


def covered(weeks: np.ndarray, rho: float, runs: int, seed: int) -> dict[str, float]:
    """How often the intervals hold what is true: nothing changed."""
    rng, x = np.random.default_rng(seed), segments(weeks, (weeks >= 0).astype(float))
    hits = dict.fromkeys(terms(weeks), 0)
    for _ in range(runs):
        one = fit(x, noise(rng, len(weeks), rho))
        assert one is not None
        for name, combination in terms(weeks).items():
            hits[name] += 0.025 < one.below(combination, 0.0) < 0.975
    return {name: count / runs for name, count in hits.items()}


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.6])
@pytest.mark.parametrize(("before", "after"), [(20, 20), (30, 28)])
def test_the_intervals_cover_in_92_to_97_of_100_cases(before: int, after: int, rho: float) -> None:
    says = covered(np.arange(-before, after) / 5.0, rho, 600, seed=before)
    assert all(0.92 <= share <= 0.975 for share in says.values()), says
    assert 0.92 <= sum(says.values()) / len(says) <= 0.97, says


def test_with_the_fewest_points_that_are_taken_they_hold_but_for_strong_likeness() -> None:
    weeks = np.arange(-LEAST_POINTS, LEAST_POINTS) / 5.0
    assert min(covered(weeks, 0.3, 600, seed=1).values()) > 0.93
    assert min(covered(weeks, 0.8, 600, seed=1).values()) == pytest.approx(0.84, abs=0.04)


def newey_west(weeks: np.ndarray, rho: float, runs: int) -> float:
    """Coverage of the usual remedy: least squares, Bartlett weights, lags by the rule 4·(n/100)^(2/9)."""
    rng, n = np.random.default_rng(5), len(weeks)
    x, c = segments(weeks, (weeks >= 0).astype(float)), terms(weeks)["effect"]
    inverse, lags = np.linalg.inv(x.T @ x), int(4 * (n / 100) ** (2 / 9))
    t, hits = estimate.student_quantile(0.975, n - 4), 0
    for _ in range(runs):
        e = noise(rng, n, rho)
        b = inverse @ x.T @ e
        moments = x * (e - x @ b)[:, None]
        middle = moments.T @ moments
        for lag in range(1, lags + 1):
            cross = moments[lag:].T @ moments[:-lag]
            middle = middle + (1 - lag / (lags + 1)) * (cross + cross.T)
        error = math.sqrt(float(c @ inverse @ middle @ inverse @ c) * n / (n - 4))
        hits += abs(float(c @ b)) <= t * error
    return hits / runs


def test_newey_west_would_cover_as_badly_as_the_module_says() -> None:
    weeks = np.arange(-20, 20) / 5.0
    assert newey_west(weeks, 0.3, 1000) == pytest.approx(0.81, abs=0.04)
    assert newey_west(weeks, 0.6, 1000) == pytest.approx(0.70, abs=0.05)


def test_a_clear_step_is_found_and_its_direction_judged(tmp_path: Path) -> None:
    says = found(tmp_path, daily(values(step=-15)))
    assert says.verdict == BETTER
    assert says.effect is not None
    assert says.effect.low < -15 < says.effect.high
    assert found(tmp_path, daily(values(step=-15)), measure__better="larger").verdict == WORSE
    assert found(tmp_path, daily(values(step=15)), measure__better="larger").verdict == BETTER


def test_what_was_on_its_way_before_the_change_is_no_effect_of_it(tmp_path: Path) -> None:
    """Means before and after differ by 12 minutes, all of which the old trend explains."""
    says = found(tmp_path, daily(values(step=0, trend=-2)))
    assert says.before - says.after > 10
    assert says.verdict == UNCLEAR
    assert ("trend", {}) in says.notes
    assert says.trend is not None
    assert says.trend.low < -2 < says.trend.high


def test_a_bend_without_a_step_is_found(tmp_path: Path) -> None:
    weeks = [(day - CHANGED).days / 7 for day in AFTER]
    bent = values(step=0)
    bent[len(BEFORE) :] = [x - 4 * week for x, week in zip(bent[len(BEFORE) :], weeks, strict=True)]
    says = found(tmp_path, daily(bent))
    assert says.verdict == BETTER
    assert says.slope is not None
    assert says.level is not None
    assert says.slope.is_distinct
    assert not says.level.is_distinct


def test_values_that_resemble_their_neighbours_widen_the_interval(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    drifting = 60 + 3 * noise(rng, len(BEFORE) + len(AFTER), 0.85)
    shuffled = rng.permutation(drifting)
    one, other = (found(tmp_path, daily([float(x) for x in some])) for some in (drifting, shuffled))
    assert one.effect is not None
    assert other.effect is not None
    assert one.effect.high - one.effect.low > 1.3 * (other.effect.high - other.effect.low)
    assert any(key == "alike" for key, _ in one.notes)
    assert not any(key == "alike" for key, _ in other.notes)


@pytest.mark.parametrize("count", [1, 2, 7])
def test_with_too_few_points_nothing_is_claimed(tmp_path: Path, count: int) -> None:
    rows = [(day, 60 + i % 3) for i, day in enumerate(BEFORE)] + [
        (day, 20 + i % 2) for i, day in enumerate(AFTER[:count])
    ]
    says = found(tmp_path, table(rows), confirmation=None)
    assert says.verdict == FEW
    assert any(key == "few_points" for key, _ in says.notes)


@pytest.mark.parametrize("make", [lambda day: 5.0, lambda day: float(day.toordinal())])
def test_figures_without_any_scatter_are_not_taken_for_measured_ones(
    tmp_path: Path, make: Callable[..., float]
) -> None:
    says = found(tmp_path, table([(day, make(day)) for day in (*BEFORE, *AFTER)]))
    assert says.verdict == FEW
    assert ("exact", {}) in says.notes


def test_several_values_a_day_count_as_one_point(tmp_path: Path) -> None:
    """Shifts of a day are not as many independent measurements."""
    once = found(tmp_path, daily(values()))
    twice = table([(day, x + d) for day, x in zip((*BEFORE, *AFTER), values(), strict=True) for d in (-1, 1)])
    again = found(tmp_path, twice)
    assert again.counts == once.counts
    assert again.effect is not None
    assert once.effect is not None
    assert again.effect.low == pytest.approx(once.effect.low, abs=1e-6)
