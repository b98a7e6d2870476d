"""Trainees' own variants are equally hard: 200 of each week are simulated, today's line and the best plan.

What may differ is stated here, week by week: today's flow time (or throughput, where flow times of a line
near saturation spread by nature) and the gain that can be reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from autograder.plan import FULL_SHARE, attainable_gain
from linelab import trainees
from linelab.cases import Case, load
from linelab.experiment import simulate
from linelab.results import Run

EDITION = "2026-1"
PEOPLE = [f"{i:07d}" + trainees.check_character(f"{i:07d}") for i in range(200)]
BEST = {
    "w01": {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240},
    "w02": {"test_fixtures": 2, "wip_cap": 9},
}


def run(case: Case, plan: Mapping[str, Any], replications: int = 8) -> Run:
    return simulate(
        case.apply(plan), horizon=case.horizon, warm_up=case.warm_up, replications=replications, seed=11
    )


def spread(values: list[float]) -> float:
    """Largest distance from the middle, as a share of the middle."""
    middle = float(np.median(values))
    return max(abs(value / middle - 1) for value in values)


@pytest.mark.slow
@pytest.mark.parametrize(("week", "baseline", "gain"), [("w01", 0.06, 0.01), ("w02", 0.06, 0.03)])
def test_baseline_and_attainable_gain_hardly_differ(week: str, baseline: float, gain: float) -> None:
    """`baseline`: of today's flow time; `gain`: of the share by which the best plan shortens it."""
    today, shares, bottlenecks = [], [], set()
    for person in PEOPLE:
        own = load(week).variant(person, EDITION)
        before, after = run(own, {}), run(own, BEST[week])
        today.append(before.lead_time.mean)
        shares.append(1 - after.lead_time.mean / before.lead_time.mean)
        # the plan must be allowed to everybody, and luck must not decide whether it is
        assert after.throughput.mean > (own.keep_share + 0.005) * before.throughput.mean, person
        slowest, second = sorted((s.effective_time for s in own.line.stations), reverse=True)[:2]
        assert second < 0.97 * slowest, f"{person}: nobody should have to guess which station limits"
        bottlenecks.add(max(own.line.stations, key=lambda s: s.effective_time).name)
        assert own.takt > slowest, person  # the bottleneck could serve the customers
    assert len(bottlenecks) == 1
    assert spread(today) < baseline
    assert spread(shares) < gain


@pytest.mark.slow
@pytest.mark.parametrize("week", sorted(BEST))
def test_the_best_plan_is_the_best_in_any_variant(week: str) -> None:
    """Against all plans that the rules allow; another may be better by less than the marks can tell."""
    for person in PEOPLE[100:103]:
        own = load(week).variant(person, EDITION)
        before, after = run(own, {}, 40), run(own, BEST[week], 40)
        gain = before.lead_time.mean - after.lead_time.mean
        assert gain >= FULL_SHARE * attainable_gain(own, [11], before, exhaustive=True)


@pytest.mark.slow
@pytest.mark.parametrize("week", sorted(BEST))
def test_the_short_list_misses_nothing(week: str) -> None:
    """The judge tries the case's best plans on a variant; trying all gives the same to half a percent."""
    for person in PEOPLE[50:60]:
        own = load(week).variant(person, EDITION)
        before = run(own, {}, 40)
        every = attainable_gain(own, [11], before, exhaustive=True)
        assert every > 0
        assert 0.995 * every <= attainable_gain(own, [11], before) <= every


@pytest.mark.slow
def test_models_of_week_3_are_equally_wrong() -> None:
    """The received model is far off in each variant, and the vendor's promise out of reach in each."""
    received, plants, gains = [], [], []
    for person in PEOPLE:
        own = load("w03").variant(person, EDITION)
        assert own.claim is not None
        robot = {own.claim.lever: own.claim.setting}
        model, plant, better = run(own, {}), run(own, own.plant), run(own, {**own.plant, **robot})
        received.append(model.throughput.mean)
        plants.append(plant.throughput.mean)
        gains.append(better.throughput.mean / plant.throughput.mean - 1)
        assert model.throughput.mean > 1.04 * plant.throughput.mean, person
        assert gains[-1] < own.claim.share / 2, person
    assert spread(received) < 0.01
    assert spread(plants) < 0.02
    assert max(gains) - min(gains) < 0.06
    assert min(gains) > 0.04
