"""Week 2: the right answers get all points in any variant; the usual wrong approaches get what they must."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from autograder import plan as plan_module
from linelab.cases import Case
from linelab.experiment import simulate

WEEK = "w02"
MACHINE = ("q1", "q2", "q3", "q4", "q5", "q6")  # q7 is marked by a person
PLAN = {"test_fixtures": 2, "wip_cap": 9}
Answers = dict[str, Any]
Points = Callable[[str, Any], float]


def measured(case: Case, cards: int, seed: int = 7) -> float:
    """Throughput in trays an hour with so many trays, simulated by somebody with seeds of their own."""
    line = case.line.change({"control.cards": cards})
    run = simulate(line, horizon=case.horizon, warm_up=case.warm_up, replications=100, seed=seed)
    return 3600 * run.throughput.mean


def smallest_cap(case: Case, target: float, seed: int = 7) -> int:
    return next(w for w in range(1, 41) if measured(case, w, seed) >= target)


def answers_of(case: Case, seed: int = 7) -> Answers:
    """Answers as somebody who knows finds them, from the times of the stations alone."""
    times = [station.process_time.average for station in case.line.stations]
    rate, content = 3600 / max(times), sum(times) / 60
    critical = rate * content / 60
    return {
        "q1": rate,
        "q2": content,
        "q3": critical,
        "q4": rate * 8 / (critical + 7),
        "q5": smallest_cap(case, 0.9 * rate, seed),
        "q6": PLAN,
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
    """One clear bottleneck, and all points for the right sweep and the best plan, whatever the variant."""
    for i, trainee in enumerate(people[:8]):
        case = own(trainee)
        assert max(case.line.stations, key=lambda s: s.process_time.average).name == "test"
        times = sorted(s.process_time.average for s in case.line.stations)
        assert times[-2] < 0.97 * times[-1]
        answers = answers_of(case, seed=100 + i)
        assert mark(case, "q5", answers["q5"]) == 3, trainee
        if i < 2:  # each takes seconds
            assert mark(case, "q6", answers["q6"]) == 6, trainee


@pytest.mark.parametrize(
    ("question", "mistake", "wrong"),
    [
        ("q1", "an hour of seconds forgotten", lambda a, c: a["q1"] / 3600),
        ("q1", "trays a minute", lambda a, c: a["q1"] / 60),
        ("q1", "minutes a tray", lambda a, c: 60 / a["q1"]),
        ("q1", "the slowest but one", lambda a, c: 3600 / c.line.stations[1].process_time.average),
        ("q1", "mean of the stations", lambda a, c: 4 * 60 / a["q2"]),
        ("q1", "the rate that customers ask", lambda a, c: 3600 / c.takt),
        ("q2", "seconds", lambda a, c: a["q2"] * 60),
        ("q2", "hours", lambda a, c: a["q2"] / 60),
        ("q2", "the bottleneck four times", lambda a, c: 4 * 60 / a["q1"]),
        ("q2", "with the queues", lambda a, c: 60 * 24 / measured(c, 24)),
        ("q3", "number of stations", lambda a, c: 4),
        ("q3", "an hour's rate times minutes", lambda a, c: a["q1"] * a["q2"]),
        ("q3", "divided", lambda a, c: a["q2"] / a["q1"]),
        ("q3", "the trays of today", lambda a, c: 24),
        ("q4", "best case", lambda a, c: a["q1"]),
        ("q4", "worst case", lambda a, c: 60 / a["q2"]),
        ("q4", "8 in place of 8 - 1", lambda a, c: 8 / (a["q3"] + 8) * a["q1"]),
        ("q4", "number of stations for W_0", lambda a, c: 8 / (4 + 7) * a["q1"]),
        ("q4", "today's 24 trays", lambda a, c: 24 / (a["q3"] + 23) * a["q1"]),
        ("q4", "simulated", lambda a, c: measured(c, 8)),
        ("q5", "W_0 rounded up", lambda a, c: 4),
        ("q5", "by the practical worst case", lambda a, c: round(9 * (a["q3"] - 1))),
        ("q5", "today's cap", lambda a, c: 24),
        ("q5", "90 % of the rate that customers ask", lambda a, c: smallest_cap(c, 0.9 * 3600 / c.takt)),
        ("q6", "nothing but a display", lambda a, c: {"display": 1}),
        ("q6", "fewest trays", lambda a, c: {"wip_cap": 1}),
        ("q6", "W_0 as the cap", lambda a, c: {"wip_cap": 4}),
        ("q6", "too few trays", lambda a, c: {"wip_cap": 6, "test_fixtures": 2}),
        ("q6", "over the budget", lambda a, c: PLAN | {"test_scatter": 0.6}),
        ("q6", "a setting that is not sold", lambda a, c: {"wip_cap": 8, "test_fixtures": 2}),
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


def test_half_a_plan_gets_a_part(points: Points, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fixture alone lifts the rate and leaves the queue; a cap alone must stay wide; both is best."""
    monkeypatch.setattr(plan_module, "REPLICATIONS", 12)
    fixture, cap = points("q6", {"test_fixtures": 2}), points("q6", {"wip_cap": 16})
    scatter, wide = points("q6", {"wip_cap": 12, "test_scatter": 0.6}), points("q6", PLAN | {"wip_cap": 12})
    assert 0 < fixture < 2 < cap < scatter < wide < 6


def test_judging_the_plan_takes_seconds(points: Points) -> None:
    """Two fixtures need the slow engine; the whole list of plans has to be judged in 15 s all the same."""
    begun = time.monotonic()
    assert points("q6", PLAN | {"wip_cap": 10}) > 5
    assert time.monotonic() - begun < 15
