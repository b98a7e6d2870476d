"""Appeals: in time, marked anew by another, decided by somebody without a part in it; all on the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder.certify import appeals, decide, export, ledger, letters
from autograder.certify.book import Book
from autograder.certify.dates import days_later
from autograder.certify.explain import explain
from autograder.certify.facts import Facts
from autograder.certify.rules import load
from autograder.cohort import Cohort as Folder
from autograder.errors import CourseError
from autograder.gradebook import Mark

from .cohorts import Cohort, digest

WHY = "Câu 8 bị chấm thiếu phần thứ hai."


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    made = Cohort(tmp_path / "cohort")
    made.marks(made.trainees[0], 5, marked_by=(made.trainer.id,))
    return made


@pytest.fixture
def folder(cohort: Cohort) -> Folder:
    return Folder.open(cohort.path)


def file(cohort: Cohort, subject: str = "w01") -> int:
    return int(appeals.file(cohort.book, cohort.trainees[0], subject, WHY).data["appeal"])


def met(cohort: Cohort, target: str = "w01") -> bool:
    book = cohort.book
    outcomes = explain(book.history.records(cohort.trainees[0]), load(), book.now())
    return next(outcome.met for outcome in outcomes if outcome.target == target)


def move_clock(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Then:
            return cls.fromisoformat(f"{day}T12:00:00+00:00").astimezone(UTC)

    monkeypatch.setattr(ledger, "datetime", Then)


def test_an_appeal_goes_from_filing_to_a_new_mark(cohort: Cohort, folder: Folder) -> None:
    appeal = file(cohort)
    (one,) = appeals.waiting(cohort.book)
    assert one.days_left == 30
    assert "course appeal regrade" in one.step
    assert one.not_by == (cohort.trainer.id,)
    appeals.regrade(cohort.book, folder, appeal, cohort.examiner, points=7)
    (one,) = appeals.waiting(cohort.book)
    assert "course appeal decide" in one.step
    assert not met(cohort)
    appeals.decide(cohort.book, folder, appeal, True, "The second part is there.", cohort.decider)
    assert met(cohort)
    assert appeals.waiting(cohort.book) == []
    kinds = [entry.kind for entry in Book.open(cohort.path).history.of(cohort.trainees[0])]
    assert kinds[-3:] == ["appeal", "regrade", "appeal-decision"]


@pytest.mark.parametrize(("upheld", "points"), [(True, 7), (False, 5)])
def test_a_learning_platform_is_told_what_an_appeal_gave(
    cohort: Cohort, folder: Folder, upheld: bool, points: float
) -> None:
    who, (other, *_) = cohort.trainees[0], cohort.trainees[1:]
    cohort.marks(other, 5)
    appeal = file(cohort)
    appeals.regrade(cohort.book, folder, appeal, cohort.examiner, points=points)
    appeals.decide(cohort.book, folder, appeal, upheld, "As the rubric says.", cohort.decider)
    given = [Mark(t, "w01", 5, 10, digest(t, "w01"), "2026-11-01T00:00:00Z", True) for t in (who, other)]
    now = cohort.book.now()
    found = export.after_appeals(given, lambda t: Facts(cohort.book.history.records(t), now))
    assert [mark.points for mark in found] == [points, 5]


def test_the_texts_stay_outside_of_the_ledger(cohort: Cohort) -> None:
    entry = appeals.file(cohort.book, cohort.trainees[0], "w01", WHY)
    assert "Câu 8" not in cohort.book.path.read_text("utf-8")
    assert letters.read(cohort.path, entry.data["reason"]) == f"{WHY}\n"


def test_whoever_gave_the_mark_does_not_mark_it_anew(cohort: Cohort, folder: Folder) -> None:
    appeal = file(cohort)
    with pytest.raises(CourseError, match="another person marks it anew"):
        appeals.regrade(cohort.book, folder, appeal, cohort.trainer, points=7)
    with pytest.raises(CourseError, match="is no examiner or trainer"):
        appeals.regrade(cohort.book, folder, appeal, cohort.decider, points=7)


def test_an_examiner_does_not_mark_the_own_exam_anew(cohort: Cohort, folder: Folder) -> None:
    cohort.sat(cohort.trainees[0], exam=60)
    appeal = file(cohort, "exam")
    with pytest.raises(CourseError, match="another person"):
        appeals.regrade(cohort.book, folder, appeal, cohort.examiner, points=72)
    appeals.regrade(cohort.book, folder, appeal, cohort.assessor, points=72)
    with pytest.raises(CourseError, match="marked it anew already"):
        appeals.regrade(cohort.book, folder, appeal, cohort.trainer, points=100)


def test_nobody_with_a_part_in_it_decides(cohort: Cohort, folder: Folder) -> None:
    appeal = file(cohort)
    with pytest.raises(CourseError, match="has to mark it anew first"):
        appeals.decide(cohort.book, folder, appeal, True, "Yes.", cohort.decider)
    marker = cohort.person("examiner", "decider")
    appeals.regrade(cohort.book, folder, appeal, marker, points=7)
    with pytest.raises(CourseError, match="marked anew"):
        appeals.decide(cohort.book, folder, appeal, True, "Yes.", marker)
    trainer = {"person": cohort.trainer.id, "roles": ["trainer", "decider"]}
    cohort.book.append("person-roles", trainer, cohort.registrar)
    with pytest.raises(CourseError, match="marked"):
        appeals.decide(cohort.book, folder, appeal, True, "Yes.", cohort.trainer)
    appeals.decide(cohort.book, folder, appeal, True, "Yes.", cohort.decider)
    with pytest.raises(CourseError, match="was decided in line"):
        appeals.decide(cohort.book, folder, appeal, True, "Yes.", cohort.decider)


@pytest.mark.parametrize(("points", "upheld"), [(7, False), (5, True), (4, True)])
def test_more_points_mean_upheld_and_a_mark_never_goes_down(
    cohort: Cohort, folder: Folder, points: float, upheld: bool
) -> None:
    appeal = file(cohort)
    appeals.regrade(cohort.book, folder, appeal, cohort.examiner, points=points)
    with pytest.raises(CourseError, match="more means upheld"):
        appeals.decide(cohort.book, folder, appeal, upheld, "So.", cohort.decider)
    appeals.decide(cohort.book, folder, appeal, not upheld, "So.", cohort.decider)


def test_an_appeal_too_late_is_refused_with_the_days(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    marked = cohort.book.history.entries[-1].time
    move_clock(monkeypatch, days_later(marked, 61))
    until = days_later(marked, 60)
    with pytest.raises(CourseError, match=f"was to be filed by {until}"):
        file(cohort)
    assert not (cohort.path / letters.FOLDER).exists()
    move_clock(monkeypatch, until)
    file(cohort)


def test_setting_the_clock_back_brings_no_late_appeal_in(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = cohort.book.history.entries[-1].time
    move_clock(monkeypatch, days_later(marked, 61))
    cohort.book.append("training", {"trainer": cohort.trainer.id, "trainees": ["*"]}, cohort.trainer)
    move_clock(monkeypatch, days_later(marked, 1))
    with pytest.raises(CourseError, match="was to be filed by"):
        file(cohort)


def test_what_is_overdue_says_so(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    file(cohort)
    move_clock(monkeypatch, days_later(cohort.book.now(), 33))
    (one,) = appeals.waiting(cohort.book)
    assert one.days_left == -3


def test_there_is_one_appeal_against_a_mark(cohort: Cohort) -> None:
    file(cohort)
    with pytest.raises(CourseError, match="there is one against entry"):
        file(cohort)


def test_only_ones_own_and_existing_marks_are_appealed(cohort: Cohort) -> None:
    for trainee, subject in ((cohort.trainees[0], "w02"), (cohort.trainees[1], "w01")):
        with pytest.raises(CourseError, match="nothing that can be appealed"):
            appeals.file(cohort.book, trainee, subject, WHY)
    seq = cohort.book.history.entries[-1].seq
    with pytest.raises(CourseError, match="nothing that can be appealed"):
        appeals.file(cohort.book, cohort.trainees[1], "w01", WHY, seq)
    assert appeals.file(cohort.book, cohort.trainees[0], "w01", WHY, seq).data["contested"] == seq
    with pytest.raises(CourseError, match="there is none"):
        appeals.decide(cohort.book, Folder.open(cohort.path), 9, True, "So.", cohort.decider)


def test_a_refusal_is_appealed_to_another_decider(cohort: Cohort, folder: Folder) -> None:
    decide.refuse(cohort.book, cohort.trainees[0], "w01", "Copied.", cohort.decider)
    appeal = file(cohort, "decision")
    with pytest.raises(CourseError, match="a decision is not marked anew"):
        appeals.regrade(cohort.book, folder, appeal, cohort.examiner, points=7)
    with pytest.raises(CourseError, match="made the decision that is appealed"):
        appeals.decide(cohort.book, folder, appeal, True, "So.", cohort.decider)
    other = cohort.person("decider")
    appeals.decide(cohort.book, folder, appeal, True, "So.", other)
    assert appeals.waiting(cohort.book) == []


@pytest.mark.parametrize("upheld", [True, False])
def test_an_upheld_appeal_against_a_refusal_lifts_it(cohort: Cohort, folder: Folder, upheld: bool) -> None:
    trainee = cohort.trainees[1]
    cohort.marks(trainee, 8)
    decide.refuse(cohort.book, trainee, "w01", "Copied.", cohort.decider)
    appeal = appeals.file(cohort.book, trainee, "decision", WHY).data["appeal"]
    other = cohort.person("decider")
    appeals.decide(cohort.book, folder, appeal, upheld, "So.", other)
    found = decide.docket(cohort.book, [trainee], lambda outcome: outcome.target == "w01", other.id)
    assert bool(found.cases) is upheld
    assert bool(found.barred) is not upheld


def test_an_appeal_of_whom_was_erased_waits_for_nobody(cohort: Cohort) -> None:
    file(cohort)
    cohort.book.append("erasure", {"trainee": cohort.trainees[0]}, cohort.registrar)
    assert appeals.waiting(cohort.book) == []
    with pytest.raises(CourseError, match="were erased"):
        cohort.marks(cohort.trainees[0], 8)


def test_without_rules_there_are_no_appeals(tmp_path: Path) -> None:
    made = Cohort(tmp_path / "other", adopt=False)
    made.marks(made.trainees[0], 5)
    with pytest.raises(CourseError, match="no rules are in force"):
        file(made)
