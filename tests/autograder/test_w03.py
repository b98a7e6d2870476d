"""Week 3: the right answers get all points in any variant; the usual wrong approaches get what they must."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from autograder.assignments import source_notebook
from autograder.execute import execute
from autograder.judge_cells import hidden_seeds, run_test
from autograder.marking import REASON
from linelab.cases import Case, load
from linelab.experiment import simulate
from linelab.precision import replications_needed
from linelab.trainees import check_character

TRAINEE = "K7P2QD4P"
SEEDS = hidden_seeds("5ec7e7", "w03")
MACHINE = ("q1", "q2", "q3", "q4", "q5", "q6")  # q7 is marked by a person
PLANT = {"inject_repair": 720, "pack_failures": 3600, "lanes": 15}
Answers = dict[str, Any]
Points = Callable[[str, Any], float]


def own(trainee: str) -> Case:
    return load("w03").variant(trainee, "2026-1")


def others(count: int) -> list[str]:
    return [f"{i:07d}" + check_character(f"{i:07d}") for i in range(count)]


def gain(case: Case, plan: dict[str, Any], replications: int = 200, seed: int = 7) -> float:
    """Per cent that the robot adds, simulated by somebody with seeds of their own."""
    extent: dict[str, Any] = {"horizon": case.horizon, "warm_up": case.warm_up, "seed": seed}
    runs = [
        simulate(case.apply({**plan, **more}), replications=replications, **extent).throughput.mean
        for more in ({}, {"robot": 32})
    ]
    return 100 * (runs[1] / runs[0] - 1)


def pilot(case: Case) -> Any:
    return simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=10, seed=5).lead_time


def answers_of(case: Case, seed: int = 7) -> Answers:
    """Answers as somebody who knows finds them."""
    _, trim, pack = (s.process_time.average for s in case.line.stations)
    return {
        "q1": 3600 / max(32, trim, pack),
        "q2": replications_needed(pilot(case), 0.01, relative=True),
        "q3": "paired",
        "q4": PLANT,
        "q5": gain(case, PLANT, seed=seed),
        "q6": "reject",
    }


@pytest.fixture(scope="module")
def case() -> Case:
    return own(TRAINEE)


@pytest.fixture(scope="module")
def right(case: Case) -> Answers:
    return answers_of(case)


@pytest.fixture(scope="module")
def mark() -> Callable[[Case, str, Any], float]:
    """Points of one answer to one question in one variant, by its real hidden test."""
    graded = [
        c
        for c in source_notebook("w03").cells
        if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("grade")
    ]
    tests = {c.metadata.nbgrader.grade_id.removeprefix("w03-"): c.source for c in graded}

    def points(case: Case, question: str, value: Any) -> float:
        answers = dict.fromkeys(case.questions) | {question: value}
        outputs = run_test(tests[question], case.questions[question].points, answers, case, SEEDS)
        assert [o.output_type for o in outputs] == ["display_data", "execute_result"], outputs
        reason = outputs[0].data[REASON]
        assert reason["vi"]
        assert reason["en"]
        return float(reason["points"])

    return points


@pytest.fixture
def points(mark: Callable[[Case, str, Any], float], case: Case) -> Points:
    return lambda question, value: mark(case, question, value)


def test_twenty_points_in_both_languages() -> None:
    assert sum(q.points for q in load("w03").questions.values()) == 20
    for language in ("vi", "en"):
        cells = source_notebook("w03", language).cells
        assert sum(c.metadata.get("nbgrader", {}).get("points", 0) for c in cells) == 20


def test_the_instructors_solution_gets_all_points(mark: Callable[[Case, str, Any], float]) -> None:
    """Executed as a trainee's notebook is, with seeds that are not the judge's."""
    for language, trainee in zip(("vi", "en"), others(2), strict=True):
        notebook = source_notebook("w03", language)
        for cell in notebook.cells:
            cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        answers = execute(notebook, "w03").answers
        case = own(trainee)
        for question in MACHINE:
            assert mark(case, question, answers[question]) == case.questions[question].points, question


def test_right_answers(points: Points, right: Answers, case: Case) -> None:
    for question in MACHINE:
        assert points(question, right[question]) == case.questions[question].points, question
        assert points(question, None) == 0


def test_every_variant_is_fair(mark: Callable[[Case, str, Any], float]) -> None:
    """The right gain is accepted, the gain of the model as received refused, and the promise is far off."""
    for i, trainee in enumerate(others(6)):
        case = own(trainee)
        answers = answers_of(case, seed=100 + i)
        assert mark(case, "q5", answers["q5"]) == 3, trainee
        assert mark(case, "q4", PLANT) == 6, trainee
        assert mark(case, "q5", gain(case, {"inject_repair": 720})) == 0, trainee
        assert answers["q5"] < 16


@pytest.mark.parametrize(
    ("question", "mistake", "wrong"),
    [
        ("q1", "the robot's own rate", lambda a, c: 3600 / 32),
        ("q1", "today's rate", lambda a, c: 90.0),
        ("q1", "stops counted", lambda a, c: 0.9 * a["q1"]),
        ("q1", "stations added up", lambda a, c: 3600 / c.apply({"robot": 32}).raw_process_time),
        ("q1", "a minute", lambda a, c: a["q1"] / 60),
        ("q2", "square forgotten", lambda a, c: math.sqrt(a["q2"])),
        ("q2", "standard error for half-width", lambda a, c: a["q2"] / 4),
        ("q2", "only those that are missing", lambda a, c: a["q2"] * 0.7),
        ("q2", "the pilot's ten", lambda a, c: 10),
        ("q2", "twice the width", lambda a, c: a["q2"] * 4),
        ("q3", "overlap for no difference", lambda a, c: "same"),
        ("q3", "warm-up for noise", lambda a, c: "longer"),
        ("q4", "a setting that is not there", lambda a, c: {"lanes": 16}),
        ("q4", "not a plan", lambda a, c: "720"),
        ("q5", "gain of the moulding cycle", lambda a, c: 25.0),
        ("q5", "share in place of per cent", lambda a, c: a["q5"] / 100),
        ("q5", "in the model as received", lambda a, c: gain(c, {})),
        ("q5", "with lanes without end", lambda a, c: gain(c, {"inject_repair": 720, "pack_failures": 3600})),
        ("q5", "to the limit of trimming", lambda a, c: 100 * (a["q1"] / 90 - 1)),
        ("q6", "believes", lambda a, c: "accept"),
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
    ("plan", "got"),
    [
        ({"trim_scatter": 0.45, **PLANT}, 6),
        ({**PLANT, "robot": 32}, 6),  # the robot is not part of the model
        ({"inject_repair": 720, "pack_failures": 3600}, 3),  # agrees today, and for the wrong reason
        ({**PLANT, "trim_scatter": 0.1}, 4),
        ({"inject_repair": 720}, 1),
        ({"inject_repair": 720, "lanes": 15}, 1),
        ({"pack_failures": 3600, "lanes": 15}, 0),
        ({"robot": 32}, 0),
    ],
)
def test_a_model_gets_what_it_agrees_on(points: Points, plan: dict[str, Any], got: float) -> None:
    assert points("q4", plan) == got
