"""Deadlines, lateness and attempts: the file is checked, and receipts, marks and feedback follow it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from autograder import work
from autograder.cohort import Cohort
from autograder.collect import Attempt, attempts, collect
from autograder.collect.standing import marked, standings
from autograder.errors import CourseError
from autograder.gradebook import marks
from autograder.records import history, read_record
from autograder.rules import FILE, Rule, Rules, load_rules
from course import main

Maker = Callable[..., Path]
DUE = datetime(2026, 11, 20, 10, tzinfo=UTC)


def set_rules(cohort: Cohort, **exercises: Any) -> None:
    rules = {"format": "course-exercise-rules/1", "exercises": exercises}
    (cohort.path / FILE).write_text(yaml.safe_dump(rules), "utf-8")


def course(cohort: Cohort, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [*arguments, "-C", str(cohort.path)])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


# -- the file


def test_a_new_cohort_has_rules_that_forbid_nothing(cohort: Cohort) -> None:
    assert (cohort.path / FILE).is_file()
    said = course(cohort, "cohort", "rules").splitlines()
    assert said[0] == "times are those of Asia/Ho_Chi_Minh"
    assert said[1] == "w01: no deadline; any number of attempts; the last that counts is marked"
    rule = load_rules(cohort.path).of("w01")
    assert (rule.deadline, rule.attempts) == (None, None)


def test_a_cohort_without_the_file_has_the_same_rules(cohort: Cohort) -> None:
    before = load_rules(cohort.path)
    (cohort.path / FILE).unlink()
    assert load_rules(cohort.path) == before


def test_the_examples_in_the_file_are_rules(cohort: Cohort) -> None:
    """Whoever takes away the comment signs has what the comments say."""
    path = cohort.path / FILE
    text = path.read_text("utf-8").replace("exercises: {}", "")
    head, _, examples = text.partition("# What differs")
    lines = [line.removeprefix("#") for line in examples.splitlines() if line.startswith("#   w")]
    text = head.replace("# deadline", "deadline") + "\nexercises:\n" + "\n".join(lines)
    path.write_text(text, "utf-8")
    said = course(cohort, "cohort", "rules")
    assert (
        "w01: due 2027-01-15 23:59; on time up to 15 minutes later; each day begun after it costs 10 % of "
        "the points, at most 50 %; any number of attempts; the last that counts is marked" in said
    )
    assert "w02: due 2027-01-22 17:00" in said
    assert "at most 3 attempts" in said
    assert "w03: due 2027-01-29 23:59; on time up to 15 minutes later; later work does not count" in said
    assert load_rules(cohort.path).of("w04").deadline is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "not readable YAML"),
        ("3", "top level: 3 is not of type 'object'"),
        ("format: x", "format: 'course-exercise-rules/1' was expected"),
        ("time_zone: Asia/Hanoi", "time_zone: 'Asia/Hanoi' is none; write one such as Asia/Ho_Chi_Minh"),
        ("default: {deadline: tomorrow}", "default.deadline: 'tomorrow' is no date; write 2027-01-15"),
        ("exercises: {w01: {deadline: 2027-02-30}}", "exercises.w01.deadline: '2027-02-30' is no date"),
        ("exercises: {w13: {}}", "exercises: 'w13' does not match"),
        ("exercises: {w01: {dead_line: 2027-01-01}}", "exercises.w01: Additional properties"),
        ("exercises: {w01: {attempts: 0}}", "exercises.w01.attempts: 0 is not valid"),
        ("exercises: {w01: {late: sometimes}}", "exercises.w01.late: 'sometimes' is not valid"),
        ("exercises: {w01: {late: {percent_a_day: 120}}}", "exercises.w01.late"),
        ("exercises: {w01: {}, w01: {}}", "'w01' is there twice, keep one"),
    ],
)
def test_a_faulty_file_names_the_field_and_stops_collecting(
    cohort: Cohort, tmp_path: Path, text: str, said: str
) -> None:
    path = cohort.path / FILE
    path.write_text(
        text if text.startswith(("format", "[", "3")) else f"format: course-exercise-rules/1\n{text}"
    )
    for command in (["cohort", "rules"], ["collect", str(tmp_path)]):
        output = course(cohort, *command, code=1)
        assert output.count("\n") == 1
        assert FILE in output
        assert said in output


def test_times_are_meant_in_the_zone_of_the_class_unless_they_have_one(cohort: Cohort) -> None:
    set_rules(
        cohort,
        w01={"deadline": "2026-11-20 17:00"},
        w02={"deadline": "2026-11-20T17:00+00:00"},
        w03={"deadline": "2026-11-20"},
    )
    rules = load_rules(cohort.path)
    assert rules.of("w01").deadline == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert rules.of("w02").deadline == datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert rules.of("w03").deadline == datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC)


# -- what they mean

LATE = Rule(DUE, timedelta(minutes=15), a_day=0.1, at_most=0.25)


@pytest.mark.parametrize(
    ("after", "lost"),
    [
        (timedelta(days=-1), 0),
        (timedelta(minutes=15), 0),
        (timedelta(minutes=16), 0.1),
        (timedelta(days=1), 0.1),
        (timedelta(days=1, seconds=1), 0.2),
        (timedelta(days=2, seconds=1), 0.25),
        (timedelta(days=900), 0.25),
    ],
)
def test_each_day_begun_costs_its_share_up_to_the_most(after: timedelta, lost: float) -> None:
    assert LATE.lost(DUE + after) == lost


@given(
    hours=st.lists(st.floats(-100, 100), min_size=2, max_size=2), days=st.floats(0, 1), most=st.floats(0, 1)
)
def test_handing_in_earlier_never_costs_more(hours: list[float], days: float, most: float) -> None:
    rule = Rule(DUE, timedelta(hours=1), a_day=days, at_most=most)
    first, second = (rule.lost(DUE + timedelta(hours=h)) for h in sorted(hours))
    assert 0 <= first <= second <= 1


def made_at(*hours: float) -> list[Attempt]:
    """Attempts so many hours after the deadline."""
    return [
        Attempt("K7P2QD4P", "w01", n, f"{n}", Path(), DUE + timedelta(hours=h), DUE)
        for n, h in enumerate(hours, 1)
    ]


@pytest.mark.parametrize(
    ("rule", "hours", "counts", "chosen"),
    [
        (Rule(), [1, 2, 3], [True, True, True], 3),
        (Rule(attempts=2), [1, 2, 3], [True, True, False], 2),
        (Rule(DUE, a_day=0.1), [-1, 5], [True, True], 2),  # the last counts, though it is late
        (Rule(DUE, refuse=True), [-2, -1, 5], [True, True, False], 2),
        (Rule(DUE, refuse=True, attempts=1), [-2, -1, 5], [True, False, False], 1),
        (Rule(DUE, refuse=True), [1, 5], [False, False], None),
        (Rule(DUE, timedelta(hours=2), refuse=True), [1, 5], [True, False], 1),
        (Rule(attempts=2), [], [], None),
    ],
)
def test_the_last_attempt_that_counts_is_marked(
    cohort: Cohort, rule: Rule, hours: list[float], counts: list[bool], chosen: int | None
) -> None:
    found = standings(made_at(*hours), Rules(load_rules(cohort.path).zone, rule))
    assert [standing.counts for standing in found] == counts
    best = marked(found)
    assert (best.attempt.number if best else None) == chosen


# -- receipts


def test_attempts_over_the_limit_are_kept_and_the_receipt_says_that_they_do_not_count(
    cohort: Cohort, hand_in: Maker
) -> None:
    set_rules(cohort, w01={"attempts": 1})
    trainee = cohort.enrol(language="en").id
    collect(cohort, [hand_in(trainee)])
    (receipt,) = collect(cohort, [hand_in(trainee, changed={"w01-q1-answer": 'answer("q1", 3)'})])
    assert receipt.status == "accepted"
    assert "It does not count: attempts allowed: 1." in receipt.reason
    assert len(attempts(cohort, trainee, "w01")) == 2
    text = (cohort.path / "receipts" / f"{trainee}.txt").read_text("utf-8-sig")
    assert [line.rpartition(", ")[2] for line in text.splitlines() if line.startswith("- Attempt")] == [
        "is marked",
        "does not count",
    ]


def test_late_work_is_said_with_the_clock_that_it_goes_by(cohort: Cohort, hand_in: Maker) -> None:
    set_rules(cohort, w01={"deadline": "2026-11-20 17:00", "late": {"percent_a_day": 10}})
    trainee, other = cohort.enrol(language="en").id, cohort.enrol(language="en").id
    output = course(cohort, "collect", str(hand_in(trainee)), "--handed-in", "2026-11-21 20:30")
    assert (
        "Handed in 2026-11-21 20:30 (as the instructor says), 1 d 3 h after the deadline 2026-11-20 17:00: "
        "20 % of the points are taken off." in output
    )
    assert f"w01, due 2026-11-20 17:00: nothing from 1 of 2: {other[:4]}-{other[4:]}" in output
    output = course(cohort, "collect", str(hand_in(other)))
    assert "(when it was collected)" in output
    assert "1 count as late by the time of collecting" in output


def test_lateness_that_is_refused_is_kept_and_said(cohort: Cohort, hand_in: Maker) -> None:
    set_rules(cohort, w01={"deadline": "2026-11-20", "late": "refuse"})
    trainee = cohort.enrol().id
    (receipt,) = collect(cohort, [hand_in(trainee)])
    assert receipt.status == "accepted"
    assert receipt.reason.startswith("Không tính: nộp lúc")


# -- marks and feedback


def test_marks_follow_the_rules_without_running_anything_again(
    graded: tuple[Cohort, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort, good, weak = graded
    before = {mark.trainee: mark.points for mark in marks(cohort)}
    monkeypatch.setattr(work, "execute", lambda *_, **__: pytest.fail("it was run again"))
    due = attempts(cohort, weak, "w01")[-1].handed_in - timedelta(days=1, hours=12)
    set_rules(cohort, w01={"deadline": due.isoformat(), "late": {"percent_a_day": 15}})
    assert "2 graded, 0 unchanged, 0 failed" in course(cohort, "grade")
    assert {m.trainee: m.points for m in marks(cohort)} == {
        trainee: round(points * 0.7, 2) for trainee, points in before.items()
    }
    assert {m.late for m in marks(cohort)} == {0.3}
    assert len(history(cohort.path, weak, "w01")) == 2
    course(cohort, "feedback")
    for trainee, words in ((good, "muộn 1 ngày 12 giờ"), (weak, "1 d 12 h after the deadline")):
        page = (cohort.path / "feedback" / trainee / "w01.html").read_text("utf-8")
        assert words in page
        assert "30 %" in page
    assert "0 graded, 2 unchanged" in course(cohort, "grade")
    set_rules(cohort)
    course(cohort, "grade")
    assert {mark.trainee: mark.points for mark in marks(cohort)} == before
    assert read_record(cohort.path, weak, "w01").remarks == []


def test_an_attempt_too_many_is_not_marked_and_the_feedback_says_so(
    graded: tuple[Cohort, str, str], hand_in: Maker
) -> None:
    cohort, _, weak = graded
    (first,) = attempts(cohort, weak, "w01")
    set_rules(cohort, w01={"attempts": 1})
    collect(cohort, [hand_in(weak, "en")])
    course(cohort, "grade")
    record = read_record(cohort.path, weak, "w01")
    assert record.attempt == first.sha256
    assert record.remarks[0]["en"] == (
        "Attempts allowed: 1; handed in beyond that and not counted: 1. Attempt 1 is marked."
    )


def test_work_that_is_refused_as_late_has_feedback_and_no_points(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, _ = graded
    set_rules(cohort, w01={"deadline": "2020-01-01", "late": "refuse"})
    course(cohort, "grade")
    assert [m.points for m in marks(cohort)] == [0, 0]
    assert "It does not count" in read_record(cohort.path, good, "w01").remarks[0]["en"]


def test_faulty_rules_stop_grading_with_one_line(cohort: Cohort) -> None:
    (cohort.path / FILE).write_text("format: x", "utf-8")
    assert course(cohort, "grade", code=1).count("\n") == 1
    with pytest.raises(CourseError, match="format"):
        load_rules(cohort.path)
