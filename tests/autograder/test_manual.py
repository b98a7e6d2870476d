"""Marks that people give: recorded with who and when, never over another's, never for another answer."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from autograder.cohort import Cohort
from autograder.entry import Entries
from autograder.errors import CourseError
from autograder.files import append
from autograder.gradebook import details, marks, open_gradebook
from autograder.manual import OvertakenError, set_manual, state_of
from autograder.markings import SECOND, append_marking, markings
from autograder.records import notebook_path, read_record, write_record

Graded = tuple[Cohort, str, str]
Enter = Callable[..., None]


@pytest.fixture
def enter(graded: Graded, solve: Callable[..., Any]) -> Enter:
    """Grades the good trainee's work again, with other answers than before."""
    cohort, good, _ = graded

    def enter(**answers: Any) -> None:
        record = read_record(cohort.path, good, "w01")
        again = write_record(cohort.path, replace(record, answers=record.answers | answers))
        with Entries.open(cohort.path) as entries:
            entries.enter(again, solve(good), datetime.now(UTC))

    return enter


def q8(cohort: Cohort, trainee: str) -> Any:
    return next(d for d in details(cohort, trainee, "w01") if d.question == "q8")


def total(cohort: Cohort, trainee: str) -> float:
    return next(m.points for m in marks(cohort) if m.trainee == trainee)


def test_each_mark_is_a_line_that_says_who_gave_it_and_for_what(graded: Graded) -> None:
    cohort, good, _ = graded
    levels = {"decision": 1.0, "figures": 0.5, "why": 0.0, "risk": 1.0}
    set_manual(cohort, good, "w01", "q8", 2.5, "Rõ.", grader="An", levels=levels)
    set_manual(cohort, good, "w01", "q8", 3, grader="Bình")
    set_manual(cohort, good, "w01", "q8", 1, grader="Chi", role=SECOND)
    lines = (cohort.path / "reviews" / "w01.jsonl").read_text("utf-8").splitlines()
    first, changed, second = (json.loads(line) for line in lines)
    assert (first["grader"], first["points"], first["levels"]) == ("An", 2.5, levels)
    assert first["comment"] == "Rõ."
    assert abs(datetime.fromisoformat(first["at"]) - datetime.now(UTC)).total_seconds() < 60
    assert (changed["grader"], changed["points"]) == ("Bình", 3)
    assert first["answer"] == changed["answer"] == second["answer"]
    assert (q8(cohort, good).points, q8(cohort, good).comment) == (3, "")  # a second mark does not count


def test_a_mark_that_was_overtaken_is_not_entered(graded: Graded) -> None:
    cohort, good, _ = graded
    seen = state_of(cohort, good, "w01", "q8")
    set_manual(cohort, good, "w01", "q8", 4, "An was first", grader="An", seen=seen)
    with pytest.raises(OvertakenError, match="in the meantime"):
        set_manual(cohort, good, "w01", "q8", 0, grader="Bình", seen=seen)
    assert (q8(cohort, good).points, q8(cohort, good).comment) == (4, "An was first")
    assert [m.grader for m in markings(cohort.path, "w01")[good, "q8"]] == ["An"]
    set_manual(cohort, good, "w01", "q8", 2, grader="An", seen=state_of(cohort, good, "w01", "q8"))
    assert q8(cohort, good).points == 2


def _race(folder: Path, trainee: str, points: float, seen: str, ready: Any, results: Any) -> None:
    ready.wait()
    try:
        set_manual(folder, trainee, "w01", "q8", points, grader=f"grader {points:g}", seen=seen)
        results.put(points)
    except OvertakenError:
        results.put(None)


def test_of_graders_who_save_at_once_one_is_entered_and_all_others_are_told(graded: Graded) -> None:
    cohort, good, _ = graded
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        seen = state_of(cohort, good, "w01", "q8")
        ready, results = context.Barrier(4), context.Queue()
        graders = [
            context.Process(target=_race, args=(cohort.path, good, points, seen, ready, results))
            for points in (0.0, 1.0, 2.0, 3.0)
        ]
        for grader in graders:
            grader.start()
        entered = [points for points in (results.get(timeout=60) for _ in graders) if points is not None]
        for grader in graders:
            grader.join()
        assert entered == [q8(cohort, good).points]
        assert markings(cohort.path, "w01")[good, "q8"][-1].points == entered[0]
    assert len(markings(cohort.path, "w01")[good, "q8"]) == 5


def test_a_mark_counts_for_its_own_text_only(graded: Graded, enter: Enter) -> None:
    cohort, good, _ = graded
    text, before = read_record(cohort.path, good, "w01").answers["q8"], total(cohort, good)
    set_manual(cohort, good, "w01", "q8", 3, "Rõ ràng.", grader="An")
    for changed in ("Khác.", "Khác nữa.", "Khác nữa."):  # the last is graded once more
        enter(q8=changed)
        assert q8(cohort, good).waiting
        assert (q8(cohort, good).points, q8(cohort, good).comment) == (0, "")
        assert total(cohort, good) == before
    enter(q8=text)  # what An has marked
    assert (q8(cohort, good).waiting, q8(cohort, good).points) == (False, 3)
    enter(q8="Khác.")
    set_manual(cohort, good, "w01", "q8", 1, grader="An")
    enter(q8=text)
    assert q8(cohort, good).waiting


def test_a_damaged_notebook_does_not_carry_a_mark_to_another_text(graded: Graded, enter: Enter) -> None:
    cohort, good, _ = graded
    set_manual(cohort, good, "w01", "q8", 3, grader="An")
    notebook_path(cohort.path, good, "w01").write_text("{", "utf-8")
    enter(q8="Khác.")
    assert q8(cohort, good).waiting


@pytest.mark.parametrize("damaged", [False, True])
def test_nor_does_a_mark_from_outside_of_course_review(graded: Graded, enter: Enter, damaged: bool) -> None:
    cohort, good, _ = graded
    with open_gradebook(cohort.path) as gradebook:  # as nbgrader's own server enters it
        grade = gradebook.find_grade("w01-q8", "w01", "w01", good)
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    enter()
    assert (q8(cohort, good).waiting, q8(cohort, good).points) == (False, 3)
    if damaged:
        notebook_path(cohort.path, good, "w01").write_text("{", "utf-8")
    enter(q8="Khác.")
    assert q8(cohort, good).waiting
    enter(q8="Khác.")
    assert q8(cohort, good).waiting


def test_a_mark_in_place_of_an_automatic_one_does_not_stay_for_another_plan(
    graded: Graded, enter: Enter
) -> None:
    cohort, good, _ = graded
    set_manual(cohort, good, "w01", "q7", 1, grader="An")
    enter(q8="Khác.")
    assert {d.question: d.waiting for d in details(cohort, good, "w01")}["q7"] is False
    enter(q7={"transfer_lot": 30})
    assert {d.question: d.waiting for d in details(cohort, good, "w01")}["q7"] is True


def test_nobody_marks_a_text_that_grading_is_about_to_replace(graded: Graded) -> None:
    cohort, good, _ = graded
    record = read_record(cohort.path, good, "w01")
    write_record(cohort.path, replace(record, answers=record.answers | {"q8": "Khác."}))
    with pytest.raises(CourseError, match="run course grade again"):
        set_manual(cohort, good, "w01", "q8", 3)
    assert not (cohort.path / "reviews").exists()


def test_a_line_that_a_crash_cut_short_never_counted(graded: Graded) -> None:
    cohort, good, _ = graded
    set_manual(cohort, good, "w01", "q8", 3, grader="An")
    file = cohort.path / "reviews" / "w01.jsonl"
    with file.open("a", encoding="utf-8") as lines:
        lines.write('{"trainee": "K7')
    assert len(markings(cohort.path, "w01")[good, "q8"]) == 1
    set_manual(cohort, good, "w01", "q8", 2, grader="An")
    assert [m.points for m in markings(cohort.path, "w01")[good, "q8"]] == [3, 2]


def test_a_damaged_line_is_named(graded: Graded) -> None:
    cohort, good, _ = graded
    set_manual(cohort, good, "w01", "q8", 3, grader="An")
    append(cohort.path / "reviews" / "w01.jsonl", "{}")
    with pytest.raises(CourseError, match=r"w01\.jsonl: line 2: is damaged"):
        markings(cohort.path, "w01")


def _many(folder: Path, name: str, count: int, marking: Any) -> None:
    for number in range(count):
        append_marking(folder, replace(marking, grader=name, points=float(number)))


def test_lines_of_several_processes_do_not_mix(graded: Graded, tmp_path: Path) -> None:
    cohort, good, _ = graded
    marking = set_manual(cohort, good, "w01", "q8", 3, "Dài. " * 2000, grader="An")
    context = multiprocessing.get_context("fork")
    names = [f"grader {n}" for n in range(os.cpu_count() or 2)]
    writers = [context.Process(target=_many, args=(tmp_path, name, 40, marking)) for name in names]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = markings(tmp_path, "w01")[good, "q8"]
    for name in names:
        assert [m.points for m in found if m.grader == name] == [float(n) for n in range(40)]
    assert len(found) == 40 * len(names)
