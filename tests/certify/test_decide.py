"""Decisions in a batch, refusals, and what an auditor finds of decisions that should not have been made."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.certify import decide, letters, rulebook, rules
from autograder.certify.audit import audit
from autograder.certify.book import Book
from autograder.certify.dates import months_later
from autograder.certify.explain import Outcome
from autograder.errors import CourseError

from .cohorts import Cohort, drafts, number


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return Cohort(tmp_path / "cohort")


def of_level(level: str) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.level == level


def docket(cohort: Cohort, level: str = "module", again: bool = False) -> decide.Docket:
    return decide.docket(cohort.book, cohort.trainees, of_level(level), cohort.decider.id, again)


def test_only_what_is_met_and_not_held_comes_before_the_decider(cohort: Cohort) -> None:
    one, two, three = cohort.trainees
    cohort.marks(one, 8, 5)
    cohort.marks(two, 4)
    found = docket(cohort)
    assert [(case.trainee, case.outcome.target) for case in found.cases] == [(one, "w01")]
    assert {case.trainee for case in found.open} == {one, two, three}
    made = decide.grant(cohort.book, found, cohort.decider)
    assert made[0].data["used"] == list(found.cases[0].outcome.used)
    assert docket(cohort).cases == []


def test_the_same_docket_cannot_be_signed_twice(cohort: Cohort) -> None:
    cohort.marks(cohort.trainees[0], 8)
    found = docket(cohort)
    decide.grant(cohort.book, found, cohort.decider)
    with pytest.raises(CourseError, match="holds w01 already"):
        decide.grant(cohort.book, found, cohort.decider)


def test_if_one_of_a_batch_is_refused_none_is_recorded(cohort: Cohort) -> None:
    for trainee in cohort.trainees:
        cohort.marks(trainee, 8)
    found = docket(cohort)
    other = Book.open(cohort.path)  # meanwhile somebody else puts training on record
    data = {"trainer": cohort.trainer.id, "trainees": [cohort.trainees[2]]}
    other.append("training", data, cohort.trainer)
    both = {"person": cohort.trainer.id, "roles": ["trainer", "decider"]}
    other.append("person-roles", both, cohort.registrar)
    before = other.path.read_bytes()
    with pytest.raises(CourseError, match="trained"):
        decide.grant(cohort.book, found, cohort.trainer)
    assert other.path.read_bytes() == before
    assert len(decide.grant(cohort.book, found, cohort.decider)) == 3


def test_a_batch_does_not_undo_a_refusal_or_a_revocation(cohort: Cohort) -> None:
    one, two = cohort.trainees[:2]
    cohort.marks(one, 8)
    cohort.marks(two, 8)
    decide.refuse(cohort.book, one, "w01", "Copied from a colleague.", cohort.decider)
    (granted,) = decide.grant(cohort.book, docket(cohort), cohort.decider)
    revocation = {"trainee": two, "id": granted.data["id"], "why": "misconduct"}
    cohort.book.append("revocation", revocation, cohort.decider)
    found = docket(cohort)
    assert found.cases == []
    assert {case.trainee for case, _ in found.barred} == {one, two}
    assert all("--again" in reason for _, reason in found.barred)
    assert len(docket(cohort, again=True).cases) == 2


def test_the_reason_of_a_refusal_stays_outside_the_ledger_and_can_be_erased(cohort: Cohort) -> None:
    entry = decide.refuse(cohort.book, cohort.trainees[0], "w01", "Bài chép lại.", cohort.decider)
    assert "Bài" not in cohort.book.path.read_text("utf-8")
    assert letters.read(cohort.path, entry.data["reason"]) == "Bài chép lại.\n"
    letters.path(cohort.path, entry.data["reason"]).unlink()
    assert letters.read(cohort.path, entry.data["reason"]) is None
    assert Book.open(cohort.path).verify() is not None
    with pytest.raises(CourseError, match="text is empty"):
        decide.refuse(cohort.book, cohort.trainees[0], "w01", " \n", cohort.decider)
    with pytest.raises(CourseError, match="offer no such certificate"):
        decide.refuse(cohort.book, cohort.trainees[0], "w99", "No.", cohort.decider)


def test_a_changed_letter_is_found(cohort: Cohort) -> None:
    digest = letters.keep(cohort.path, "Why.")
    path = letters.path(cohort.path, digest)
    path.write_text(path.read_text("utf-8") + "More.", "utf-8")
    with pytest.raises(CourseError, match="was changed"):
        letters.read(cohort.path, digest)


def test_without_rules_in_force_nothing_is_decided(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path / "cohort", adopt=False)
    with pytest.raises(CourseError, match="course certify rules adopt"):
        docket(cohort)


def test_a_consultant_is_granted_for_three_years_and_renewed_for_three_more(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, *[8] * 12)
    cohort.sat(trainee)
    cohort.project(trainee)
    (first,) = decide.grant(cohort.book, docket(cohort, "consultant"), cohort.decider)
    start = first.data["valid_from"]
    assert first.data["valid_until"] == f"{int(start[:4]) + 3}{start[4:]}"
    cohort.project(trainee, "p2")
    assert docket(cohort, "consultant").cases == [], "renewal opens a year before the end"
    assert "Renewal opens on" in str(docket(cohort, "consultant").open[0].outcome.requirements)


# -- the auditor


def sound(cohort: Cohort) -> list[str]:
    return list(audit(Book.open(cohort.path)))


def test_decisions_by_the_rules_pass_the_audit(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, *[8] * 12)
    cohort.sat(trainee)
    cohort.project(trainee)
    for level in rules.load().levels:
        decide.grant(cohort.book, docket(cohort, level.id), cohort.decider)
    cohort.marks(cohort.trainees[1], 8)  # later records do not matter
    assert len(cohort.book.history.decisions) == 15
    assert sound(cohort) == []


def test_a_signed_decision_against_the_rules_is_found(cohort: Cohort) -> None:
    """A decider who bypasses the program signs what the records do not bear."""
    cohort.marks(cohort.trainees[0], 8)
    found = docket(cohort)
    (case,) = found.cases
    empty = decide.Outcome("module", "w01", case.outcome.title, True, (), ())
    found.cases = [decide.Case(cohort.trainees[1], empty)]
    (entry,) = decide.grant(cohort.book, found, cohort.decider)
    assert sound(cohort) == [
        f"line {entry.seq}: {cohort.trainees[1]} was granted w01 without meeting the rules 2026-2"
    ]


def test_a_decision_that_names_other_records_is_found(cohort: Cohort) -> None:
    cohort.marks(cohort.trainees[0], 8, 9)
    found = docket(cohort)
    first, second = found.cases
    swapped = decide.Outcome("module", "w01", first.outcome.title, True, second.outcome.requirements, ())
    found.cases = [decide.Case(first.trainee, swapped)]
    decide.grant(cohort.book, found, cohort.decider)
    assert "names other records" in sound(cohort)[0]


def test_a_certificate_that_is_valid_for_longer_than_the_rules_say_is_found(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, *[8] * 12)
    cohort.sat(trainee)
    cohort.project(trainee)
    found = docket(cohort, "consultant")
    kind, data = decide.draft(cohort.book, found, found.cases[0])
    cohort.book.append(kind, {**data, "valid_until": "2099-01-01T00:00:00Z"}, cohort.decider)
    assert "is not valid for as long as the rules say" in sound(cohort)[0]


def test_training_put_on_record_only_after_the_decision_is_found(cohort: Cohort) -> None:
    both = cohort.person("trainer", "decider")
    cohort.marks(cohort.trainees[0], 8)
    found = decide.docket(cohort.book, cohort.trainees, of_level("module"), both.id)
    decide.grant(cohort.book, found, both)
    assert sound(cohort) == []
    cohort.book.append("training", {"trainer": both.id, "trainees": ["*"]}, both)
    assert "as having trained the trainee" in sound(cohort)[0]


def test_a_missing_copy_of_the_rules_is_said(cohort: Cohort) -> None:
    cohort.marks(cohort.trainees[0], 8)
    decide.grant(cohort.book, docket(cohort), cohort.decider)
    (cohort.path / rulebook.FOLDER / "2026-2.yml").unlink()
    assert "cannot be checked" in sound(cohort)[0]


@pytest.mark.slow
def test_ten_thousand_are_decided_in_well_under_a_minute(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path / "cohort", trainees=10_000)
    cohort.book.append_all([draft for trainee in cohort.trainees for draft in drafts(trainee, 8)])
    used = time.process_time()
    found = decide.docket(cohort.book, cohort.trainees, lambda one: one.target == "w01", cohort.decider.id)
    made = decide.grant(cohort.book, found, cohort.decider)
    used = time.process_time() - used
    assert len(made) == 10_000
    assert made[-1].data["trainee"] == number(9_999)
    assert used < 50, f"{used:.0f} s of processor time"
    again = Book.open(cohort.path)
    assert len(again.history.decisions) == 10_000


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2028-02-29T09:00:00Z", 36, "2031-02-28T09:00:00Z"),  # no such day in that year
        ("2026-11-30T09:00:00Z", 3, "2027-02-28T09:00:00Z"),
        ("2026-12-31T09:00:00Z", -13, "2025-11-30T09:00:00Z"),
    ],
)
def test_a_date_that_does_not_exist_becomes_the_last_day_of_its_month(
    start: str, months: int, end: str
) -> None:
    assert months_later(start, months) == end
