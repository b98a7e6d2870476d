"""The simulation case: other figures for everybody, and as hard: 40 seeds, today's line and the best plan.

What may differ is stated here: today's flow time in units of takt, and the gain that can be reached.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from autograder.certify.exam import case as cases
from autograder.certify.exam import notebook
from autograder.certify.exam.judging import judge
from autograder.certify.exam.paper import Paper
from autograder.certify.exam.template import generator
from autograder.errors import CourseError
from autograder.plan import FULL_SHARE, attainable_gain, measured
from linelab.cases import Case, read
from linelab.experiment import simulate
from linelab.results import Run
from linelab.texts import LANGUAGES

TEMPLATE = cases.load()
BASELINE, GAIN = 0.06, 0.06  # of the middle
BEST = {  # by budget, which tells the offers apart; "twice" stands for the better setting of a lever
    95: {"wip_cap": 9, "repair": "twice", "scatter": "twice"},
    85: {"wip_cap": 9, "repair": "twice", "first_machine": "twice"},
    110: {"wip_cap": 8, "repair": "twice", "scatter": "twice"},
    75: {"wip_cap": 8, "repair": "twice", "first_machine": "twice"},
}


def drawn(number: int) -> Case:
    own = cases.fresh(TEMPLATE, generator("seed", f"trainee {number}"))
    return read(yaml.safe_dump(own, sort_keys=False), "case.yml")


def best(case: Case) -> dict[str, Any]:
    plan = BEST[int(case.budget)]
    return {name: list(case.lever(name).costs)[1] if s == "twice" else s for name, s in plan.items()}


def run(case: Case, plan: dict[str, Any], replications: int = 16) -> Run:
    return simulate(
        case.apply(plan), horizon=case.horizon, warm_up=case.warm_up, replications=replications, seed=11
    )


def spread(values: list[float]) -> float:
    """Largest distance from the middle, as a share of the middle."""
    middle = float(np.median(values))
    return max(abs(value / middle - 1) for value in values)


CASES = [drawn(number) for number in range(40)]


def test_figures_are_fresh() -> None:
    flows = [tuple(station.process_time.average for station in case.line.stations) for case in CASES]
    assert len(set(flows)) > 38
    assert max(map(sum, flows)) > 2 * min(map(sum, flows))
    assert len({case.demand for case in CASES}) > 20
    assert len({case.title["vi"] for case in CASES}) == len(TEMPLATE["exam"]["stories"])
    assert {case.budget for case in CASES} == set(BEST)
    assert {tuple(s.name for s in case.line.stations if s.failures) for case in CASES} == {("st2",), ("st3",)}


@pytest.mark.slow
def test_baseline_and_attainable_gain_hardly_differ() -> None:
    today, shares = [], []
    for case in CASES:
        plan = best(case)
        assert not case.faults(plan)
        before, after = run(case, {}), run(case, plan)
        today.append(before.lead_time.mean / case.takt)
        shares.append(1 - after.lead_time.mean / before.lead_time.mean)
        # luck must not decide whether the best plan is allowed, nor which station limits
        assert after.throughput.mean > (case.keep_share + 0.003) * before.throughput.mean
        slowest, second = sorted((s.effective_time for s in case.line.stations), reverse=True)[:2]
        assert second < 0.9 * slowest
        assert case.takt > slowest
    assert spread(today) < BASELINE
    assert spread(shares) < GAIN


@pytest.mark.slow
def test_the_best_plan_is_the_best_of_all() -> None:
    """So the gain stated above is the attainable one, which is what the judge compares with."""
    for budget in (95, 75):  # one for each pair of levers that go together
        case = next(case for case in CASES if case.budget == budget)
        today = measured(case, [5])
        gain = today.lead_time.mean - measured(case, [5], best(case)).lead_time.mean
        likely = attainable_gain(case, [5], today, own=True)
        assert FULL_SHARE * likely <= gain <= likely, budget


@pytest.mark.slow
def test_the_likely_plans_miss_nothing() -> None:
    """The judge tries the plans that are best in a few replications; trying all gives the same."""
    case = next(case for case in CASES if case.budget == 75)
    likely = attainable_gain(case, [5], own=True)
    assert 0.995 * attainable_gain(case, [5], exhaustive=True) <= likely


def paper(number: int = 0) -> Paper:
    text, questions = cases.draw_case(TEMPLATE, "seed", f"trainee {number}", [5], "case.yml")
    return Paper("autumn", "case", "K7P2QD4P", "0123456789ab", 240, tuple(questions), text)


def test_the_same_seed_draws_the_same_case() -> None:
    assert paper(1) == paper(1)
    assert paper(1).case != paper(2).case


def test_right_answers_by_hand_and_by_simulation() -> None:
    own = paper()
    case = own.line
    assert case is not None
    run_today, changed = (run(case, plan, 100) for plan in ({}, {"wip_cap": 16}))
    times = [station.effective_time for station in case.line.stations]
    mine: dict[str, Any] = {
        "case-takt": case.shift / case.demand,
        "case-critical-wip": sum(times) / max(times),
        "case-flow-time": run_today.lead_time.mean / 60,
        "case-effect": run_today.lead_time.minus(changed.lead_time).mean / 60,
    }
    for question in own.questions:
        if question.item in mine:
            assert isinstance(question.right, float)
            # other days than the judge's: half of the tolerance is enough
            assert mine[question.item] == pytest.approx(question.right, abs=question.tolerance / 2)
    (asked,) = [question for question in own.questions if question.item == "case-bottleneck"]
    slowest = case.line.stations[times.index(max(times))].name
    assert asked.options["ABCD".index(str(asked.right))] == case.station_labels[slowest]


def test_answers_and_plans_get_the_points_of_a_table() -> None:
    own = paper()
    case = own.line
    assert case is not None
    name = own.questions[-1].id
    answers = {question.id: question.right for question in own.questions[:-1]} | {name: best(case)}
    assert sum(mark.points for mark in judge(own, answers, [5])) == own.most == 30
    table: list[tuple[Any, float, float]] = [
        ({"wip_cap": 16}, 6, 11),  # a part of the gain
        ({"wip_cap": 5}, 0, 0),  # keeps too little throughput
        ({"display": 1}, 0, 0),
        ({"wip_cap": 6.5}, 0, 0),
        ({"robot": 1}, 0, 0),
        ({lever.name: list(lever.costs)[-1] for lever in case.levers}, 0, 0),  # over the budget
        (None, 0, 0),
    ]
    for plan, least, most in table:
        (mark,) = [x for x in judge(own, {name: plan}, [5]) if x.question == name]
        assert least <= mark.points <= most, (plan, mark)
        assert all(mark.reason[language] for language in LANGUAGES)


def test_the_notebook_holds_the_case_and_no_answer() -> None:
    own = paper()
    for language in LANGUAGES:
        document = json.loads(notebook.make(own, language))
        code = "\n".join(cell["source"] for cell in document["cells"] if cell["cell_type"] == "code")
        assert "CASE" in code
        assert "variant: []" in code
        assert "offers" not in code
        assert "pace" not in code
        for question in own.questions[:-1]:
            assert f'answer("{question.id}", None)' in code
            if isinstance(question.right, float):
                assert f"{question.right:.4g}" not in code


# -- a case of one's own


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: exam", "id: [", "not a case"),
        ("shift: 27000", "", "not a case .*shift is missing"),
        ("mean: 500.0", "mean: -5", "not a case"),
        ("  minutes: 240\n", "", "exam: 'minutes' is a required property"),
        ("  plan: 16", "  plan: 0", "exam.plan: 0 is less than or equal"),
        ("answer: takt(shift, demand)", "answer: takt(shift)", None),
    ],
)
def test_a_fault_of_a_case_is_named(tmp_path: Path, old: str, new: str, said: str | None) -> None:
    path = tmp_path / "own.yml"
    text = cases.TEMPLATE.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(CourseError, match=said or "own.yml: case-takt: 'takt"):
        cases.draw_case(cases.load(path), "seed", "T", [5], path.name)
