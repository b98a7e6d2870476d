"""The rules are a pure function of the marks: monotone, blind to order, honest about what waits."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest

from autograder.certify import rules
from autograder.certify.explain import Outcome, explain, percent
from autograder.errors import CourseError

from .samples import TRAINEE, Mark

RULES = rules.load()
MODULES = [module.id for module in RULES.modules]


def course(*points: float, complete: bool = True) -> list[Mark]:
    return [
        Mark(TRAINEE, module, value, complete=complete)
        for module, value in zip(MODULES, points, strict=False)
    ]


def earned(marks: list[Mark]) -> set[str]:
    return {outcome.target for outcome in explain(marks, RULES) if outcome.met}


def of(target: str, marks: list[Mark]) -> Outcome:
    return next(outcome for outcome in explain(marks, RULES) if outcome.target == target)


def test_the_published_rules_are_those_of_the_curriculum() -> None:
    assert [f"w{week:02d}" for week in range(1, 13)] == MODULES
    assert RULES.level("module").each == 60
    assert (RULES.level("completion").each, RULES.level("completion").average) == (60, 70)
    assert not RULES.level("associate").offered
    assert not RULES.level("consultant").offered


@pytest.mark.parametrize(("points", "passed"), [(6.0, True), (5.999, False), (10.0, True), (0.0, False)])
def test_a_module_is_passed_from_sixty(points: float, passed: bool) -> None:
    assert ("w01" in earned(course(points))) is passed


def test_completion_needs_all_modules_and_the_average() -> None:
    assert "completion" in earned(course(*[7] * 12))
    assert "completion" not in earned(course(*[7] * 11))
    assert "completion" not in earned(course(*[6] * 12))  # each passed, average 60
    assert "completion" not in earned(course(5.9, *[10] * 11))  # average far above, one module failed


def test_a_mark_that_waits_for_a_person_never_counts() -> None:
    outcome = of("w01", course(10, complete=False))
    assert not outcome.met
    assert "waits for a person" in outcome.requirements[0].text["en"]
    assert "chờ người chấm" in outcome.requirements[0].text["vi"]


def test_levels_not_offered_are_never_met() -> None:
    outcomes = explain(course(*[10] * 12), RULES)
    later = [outcome for outcome in outcomes if outcome.level in ("associate", "consultant")]
    assert len(later) == 2
    assert not any(outcome.met for outcome in later)


@pytest.mark.parametrize(
    ("points", "top"), [(float("nan"), 10), (5, 0), (-3, 10), (float("inf"), 10), (5, -1)]
)
def test_impossible_marks_count_as_nothing(points: float, top: float) -> None:
    assert percent(Mark(TRAINEE, "w01", points, top)) == 0


def test_a_shown_mark_is_never_rounded_up_to_the_pass_mark() -> None:
    outcome = of("w01", course(5.9999))
    assert not outcome.met
    assert "59.9/100" in outcome.requirements[0].text["en"]


def test_a_better_mark_never_loses_anything() -> None:
    rng = random.Random(1)
    for _ in range(300):
        marks = course(*[rng.choice([0, 5.9, 6, 6.5, 7, 8, 10]) for _ in range(rng.randint(0, 12))])
        if not marks:
            continue
        before = earned(marks)
        place = rng.randrange(len(marks))
        old = marks[place]
        better = Mark(TRAINEE, old.assignment, min(10, old.points + rng.random() * 5))
        assert before <= earned([*marks[:place], better, *marks[place + 1 :]])
        # and a further attempt, good or bad, complete or not, takes nothing away either
        more = Mark(TRAINEE, old.assignment, rng.random() * 10, complete=rng.random() < 0.5)
        assert before <= earned([*marks, more])


def test_order_does_not_matter() -> None:
    marks = [
        Mark(TRAINEE, "w01", 5, attempt="a"),
        Mark(TRAINEE, "w01", 8, attempt="b"),
        Mark(TRAINEE, "w01", 8, attempt="c"),
        Mark(TRAINEE, "w02", 7, complete=False),
    ]
    results = [explain(order, RULES) for order in itertools.permutations(marks)]
    assert all(result == results[0] for result in results)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("each: 60", "each: 160", "levels.0.each"),
        ('version: "2026-1"', "version: 2026", "version"),
        ("id: w02", "id: w01", "w01 is there twice"),
        ("id: w02", "id: week2", "modules.1.id"),
        ("offered: false", "offered: true", "levels.2"),
        ("modules:", "modulus:", "top level"),
        ("format:", "format: [", "not readable YAML"),
    ],
)
def test_a_faulty_rules_file_is_one_clear_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "rules.yml"
    text = rules.DEFAULT.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CourseError) as caught:
        rules.load(path)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_rules_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"none\.yml"):
        rules.load(tmp_path / "none.yml")
