"""Week 3: the right answers get all points in any variant; the usual wrong approaches get what they must."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from autograder.judge import hidden_seeds
from autograder.marking import collecting, mark_model
from autograder.plan import judge_model
from linelab.cases import Case, load
from linelab.estimate import Estimate
from linelab.experiment import simulate
from linelab.plant import plant_record
from linelab.results import Run

WEEK = "w03"
TRAINEE = "K7P2QD4P"
SEEDS = hidden_seeds("5ec7e7", "w03")
MACHINE = ("q1", "q2", "q3", "q4", "q5", "q6")  # q7 is marked by a person
PLAN = {"inject_repair": 720, "pack_failures": 3600, "lanes": 15}
Answers = dict[str, Any]
Points = Callable[[str, Any], float]


def run(case: Case, plan: Mapping[str, Any], replications: int = 100, seed: int = 7) -> Run:
    """Simulated by somebody with seeds of their own."""
    return simulate(
        case.apply(plan), horizon=case.horizon, warm_up=case.warm_up, replications=replications, seed=seed
    )


def pilot(case: Case) -> Estimate:
    """The pilot that the exercise states: of the model as received."""
    return run(case, {}, 30, seed=1).lead_time


def gain(case: Case, plan: Mapping[str, Any], **extent: int) -> float:
    """Per cent that the robot adds to the throughput of a model with these settings."""
    today, robot = run(case, plan, **extent), run(case, {**plan, "robot": 32}, **extent)
    return 100 * robot.throughput.minus(today.throughput).mean / today.throughput.mean


def needed(estimate: Estimate, quantile: float, share: float = 0.03) -> float:
    """The sum by hand: half-width of the pilot, taken back to its standard deviation."""
    n = len(estimate.samples)
    deviation = float(estimate.samples.std(ddof=1))
    assert n == 30
    return (quantile * deviation / (share * estimate.mean)) ** 2


def answers_of(case: Case, seed: int = 7) -> Answers:
    """Answers as somebody who knows finds them: n by hand, with Student's quantile for 29 degrees."""
    times = [station.process_time.average for station in case.line.stations]
    return {
        "q1": 3600 / max(32, times[1], times[2]),
        "q2": round(needed(pilot(case), 2.045)),
        "q3": "real_difference",
        "q4": PLAN,
        "q5": gain(case, PLAN, seed=seed),
        "q6": "reject",
    }


@pytest.fixture(scope="module")
def right(case: Case) -> Answers:
    return answers_of(case)


def test_right_answers(points: Points, right: Answers, case: Case) -> None:
    for question in MACHINE:
        assert points(question, right[question]) == case.questions[question].points, question
        assert points(question, None) == 0


def test_every_variant_is_fair(
    mark: Callable[[Case, str, Any], float], own: Callable[[str], Case], people: list[str]
) -> None:
    """Moulding limits today and the robot moves the limit; the promise fails; right ways get all points."""
    for i, trainee in enumerate(people[:6]):
        case = own(trainee)
        plant, robot = case.apply(case.plant), case.apply({**case.plant, "robot": 32})
        assert max(plant.stations, key=lambda s: s.effective_time).name == "inject"
        assert max(robot.stations, key=lambda s: s.process_time.average).name != "inject"
        answers = answers_of(case, seed=100 + i)
        for question in MACHINE:
            assert mark(case, question, answers[question]) == case.questions[question].points, question
        today, more = run(case, PLAN), run(case, {**PLAN, "robot": 32})
        promised = today.throughput.scaled(1 + case.claim.share if case.claim else 1, "")
        assert more.throughput.minus(promised).high < 0


@pytest.mark.parametrize("quantile", [1.96, 2.045, 2.0])
@pytest.mark.parametrize("share", [0.03, 0.03 / 1.03])
def test_every_right_way_to_the_number_of_runs(
    points: Points, case: Case, quantile: float, share: float
) -> None:
    assert points("q2", needed(pilot(case), quantile, share)) == 3


def test_right_ways_to_the_gain(points: Points, case: Case) -> None:
    """Other seeds, more runs, unpaired means: the interval differs, the gain is the same."""
    assert points("q5", gain(case, PLAN, replications=300, seed=3)) == 3
    today, robot = run(case, PLAN, 400, seed=11), run(case, {**PLAN, "robot": 32}, 400, seed=12)
    assert points("q5", 100 * (robot.throughput.mean / today.throughput.mean - 1)) == 3


@pytest.mark.parametrize(
    ("question", "mistake", "wrong"),
    [
        ("q1", "moulding alone", lambda a, c: 3600 / 32),
        ("q1", "without the robot", lambda a, c: 3600 / 40),
        ("q1", "a tray goes through all three", lambda a, c: 3600 / c.line.raw_process_time),
        ("q1", "the rate today and the promise", lambda a, c: 1.25 * 3600 / 40),
        ("q1", "a minute", lambda a, c: a["q1"] / 60),
        ("q1", "seconds", lambda a, c: 3600 / a["q1"]),
        ("q2", "the pilot's own", lambda a, c: 30),
        ("q2", "in proportion, no square", lambda a, c: 30 * pilot(c).half_width / (0.03 * pilot(c).mean)),
        ("q2", "those that come on top", lambda a, c: a["q2"] - 30),
        ("q2", "no quantile", lambda a, c: needed(pilot(c), 1.0)),
        ("q2", "whole width for half", lambda a, c: 4 * a["q2"]),
        ("q2", "half of the 3 %", lambda a, c: a["q2"] / 4),
        ("q3", "overlap", lambda a, c: "no_difference"),
        ("q3", "shared numbers", lambda a, c: "cannot_tell"),
        ("q3", "run on", lambda a, c: "more_shifts"),
        ("q4", "the model as received", lambda a, c: {"robot": 32}),
        ("q4", "a setting that is not offered", lambda a, c: PLAN | {"lanes": 16}),
        ("q4", "no lever", lambda a, c: PLAN | {"speed": 1}),
        ("q4", "the jams alone", lambda a, c: {"pack_failures": 3600}),
        ("q5", "the moulding cycle alone", lambda a, c: 25),
        ("q5", "time saved in place of rate", lambda a, c: 20),
        ("q5", "the limits alone", lambda a, c: 100 * (a["q1"] / 90 - 1)),
        ("q5", "the limit against the plant", lambda a, c: 100 * (a["q1"] / 82 - 1)),
        ("q5", "as a share", lambda a, c: a["q5"] / 100),
        ("q5", "trays an hour", lambda a, c: 36 * a["q5"] * run(c, PLAN).throughput.mean * 1.5),
        ("q5", "the model as received", lambda a, c: gain(c, {})),
        ("q5", "lanes forgotten", lambda a, c: gain(c, {k: v for k, v in PLAN.items() if k != "lanes"})),
        ("q5", "repair alone", lambda a, c: gain(c, {"inject_repair": 720})),
        ("q5", "jams alone", lambda a, c: gain(c, {"pack_failures": 3600})),
        ("q5", "jams forgotten", lambda a, c: gain(c, {"inject_repair": 720, "lanes": 15})),
        ("q5", "repair forgotten", lambda a, c: gain(c, {"pack_failures": 3600, "lanes": 15})),
        ("q6", "trust", lambda a, c: "accept"),
        ("q6", "never decide", lambda a, c: "more_runs"),
    ],
)
def test_wrong_approaches_get_nothing(
    points: Points,
    right: Answers,
    case: Case,
    question: str,
    mistake: str,
    wrong: Callable[[Answers, Case], Any],
) -> None:
    assert points(question, wrong(right, case)) == 0, mistake


@pytest.mark.parametrize(
    ("plan", "low", "high"),
    [
        ({"inject_repair": 720}, 1, 1),  # throughput agrees today, and nothing else
        ({"lanes": 15}, 0, 2),
        ({"inject_repair": 720, "lanes": 15}, 1, 1),
        ({"pack_failures": 3600, "lanes": 15}, 0, 0),
        ({"inject_repair": 720, "pack_failures": 3600}, 1, 3),  # shows with the robot only
        (PLAN | {"lanes": 60}, 1, 3),
        (PLAN | {"lanes": 5}, 0, 0),
        (PLAN | {"inject_repair": 1440}, 0, 2),
        (PLAN | {"pack_failures": 1800}, 0, 0),
        (PLAN | {"trim_scatter": 0.1}, 3, 4),  # a right figure made wrong
        (PLAN | {"robot": 32}, 6, 6),  # the judge sets the robot
        (PLAN | {"trim_scatter": 0.45}, 6, 6),
    ],
)
def test_models_get_their_part(
    mark: Callable[[Case, str, Any], float],
    own: Callable[[str], Case],
    people: list[str],
    plan: Mapping[str, Any],
    low: float,
    high: float,
) -> None:
    for trainee in [TRAINEE, *people[:2]]:
        assert low <= mark(own(trainee), "q4", dict(plan)) <= high, trainee


def test_the_limit_of_the_lanes_cannot_be_seen_today(case: Case) -> None:
    """Against the plant's record a model without limits agrees; with the robot it does not."""
    forgotten = {k: v for k, v in PLAN.items() if k != "lanes"}
    record, model = plant_record(case), run(case, forgotten)
    for name in ("throughput", "lead_time", "wip"):
        ours, theirs = getattr(model, name), getattr(record, name)
        assert abs(ours.mean - theirs.mean) < ours.half_width + theirs.half_width, name
    verdict = judge_model(case, forgotten, SEEDS)
    assert "promise: none" in verdict.reason["en"]
    assert "today: none" not in verdict.reason["en"]


def test_the_reason_names_no_input(case: Case) -> None:
    levers = [lever.name for lever in case.levers]
    with collecting() as said:
        assert mark_model(case, {"inject_repair": 720}, SEEDS, points=6) == 1
        assert mark_model(case, None, SEEDS, points=6) == 0
        assert mark_model(case, PLAN, SEEDS, points=6) == 6
        assert mark_model(case, [1], SEEDS, points=6) == 0
    for reason in said:
        for word in [*levers, "720", "3600", "15 ", "lane", "làn", "repair", "kẹt"]:
            assert word not in reason["vi"] + reason["en"], word


def test_a_case_without_a_plant_is_no_model(case: Case) -> None:
    with pytest.raises(ValueError, match="w01: has no plant"):
        judge_model(load("w01"), {}, SEEDS)
    with pytest.raises(ValueError, match="no claim"):
        judge_model(replace(case, claim=None), {}, SEEDS)
    with pytest.raises(ValueError, match="w01: has no plant"):
        plant_record(load("w01"))


def test_judging_takes_no_time(points: Points) -> None:
    begun = time.monotonic()
    assert points("q4", PLAN) == 6
    assert time.monotonic() - begun < 5
