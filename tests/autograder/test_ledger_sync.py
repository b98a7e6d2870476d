"""From the cohort folder onto the ledger: every attempt and every complete mark, each once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from autograder import gradebook
from autograder.certify import appeals, rulebook, rules, sync
from autograder.certify.book import Book
from autograder.certify.people import Signer, make, set_name
from autograder.cohort import Cohort
from autograder.collect import attempts, collect
from autograder.errors import CourseError
from autograder.manual import set_manual
from autograder.records import notebook_path, read_record, write_record

Graded = tuple[Cohort, str, str]


def marked(book: Book) -> list[tuple[str, float]]:
    return [(e.data["trainee"], e.data["points"]) for e in book.history.entries if e.kind == "mark"]


def mark_memos(cohort: Cohort, *trainees: str) -> None:
    """Points for the free text, out of 4."""
    for trainee in trainees:
        set_manual(cohort, trainee, "w01", "q8", 2)


def test_attempts_come_at_once_and_marks_once_they_are_complete(graded: Graded) -> None:
    cohort, good, weak = graded
    book = Book.open(cohort.path)
    # the memo of the good one waits for a person; the weak one left it empty, so that nothing waits
    assert sync.sync(cohort, book).counts == (2, 1)
    assert [trainee for trainee, _ in marked(book)] == [weak]
    mark_memos(cohort, good)
    assert sync.pending(cohort, book, [weak]).counts == (0, 0)
    assert sync.sync(cohort, book).counts == (0, 1)
    trainee, points = marked(book)[-1]
    (mark,) = [one for one in gradebook.marks(cohort) if one.trainee == good]
    assert (trainee, points) == (good, mark.points)
    entry = book.history.entries[-1].data
    assert entry["attempt"] == attempts(cohort, good, "w01")[-1].sha256
    assert entry["version"] == read_record(cohort.path, good, "w01").trace["version"]


def test_nothing_comes_twice_and_a_changed_mark_comes_anew(graded: Graded) -> None:
    cohort, good, weak = graded
    mark_memos(cohort, good, weak)
    book = Book.open(cohort.path)
    assert sync.sync(cohort, book).counts == (2, 2)
    assert sync.sync(cohort, Book.open(cohort.path)).counts == (0, 0)
    set_manual(cohort, weak, "w01", "q8", 4)
    assert sync.sync(cohort, book).counts == (0, 1)
    assert len([points for trainee, points in marked(book) if trainee == weak]) == 2


def test_a_grading_done_again_is_on_record_too(graded: Graded) -> None:
    cohort, good, _ = graded
    mark_memos(cohort, good)
    book = Book.open(cohort.path)
    sync.sync(cohort, book)
    record = read_record(cohort.path, good, "w01")
    again = write_record(cohort.path, replace(record, graded_at="2026-12-01T10:00:00+07:00"))
    path = notebook_path(cohort.path, good, "w01")
    notebook = json.loads(path.read_text("utf-8"))
    notebook["metadata"]["course"]["record"] = again.number
    path.write_text(json.dumps(notebook), "utf-8")
    assert sync.sync(cohort, book).counts == (0, 1)
    assert book.history.entries[-1].data["graded_at"] == "2026-12-01T03:00:00Z"
    assert book.history.entries[-1].data["record"] == again.number


def test_a_further_hand_in_is_on_record_before_it_is_graded(
    graded: Graded, hand_in: Callable[..., Path], weak_answers: Mapping[str, str]
) -> None:
    cohort, good, _ = graded
    book = Book.open(cohort.path)
    sync.sync(cohort, book)
    collect(cohort, [hand_in(good, "vi", weak_answers)])
    assert sync.sync(cohort, book).counts == (1, 0)
    assert book.history.entries[-1].data["number"] == 2


def test_who_marked_stands_there_by_number(graded: Graded, tmp_path: Path) -> None:
    cohort, good, weak = graded
    book = Book.open(cohort.path)
    signer, _ = make(tmp_path / "keys", "a passphrase for tests only")
    book.append("person", {**vars(signer.card), "roles": ["registrar", "trainer"]}, signer)
    set_name(cohort.path, signer.id, "Trần Thị Bình")
    set_manual(cohort, good, "w01", "q8", 2, grader="trần thị  bình")
    set_manual(cohort, weak, "w01", "q8", 1, grader=signer.id)
    set_manual(cohort, weak, "w01", "q8", 2, grader="Somebody Else")
    news = sync.sync(cohort, book)
    found = [entry.data["marked_by"] for entry in book.history.entries if entry.kind == "mark"]
    assert found == [[signer.id]] * 2
    assert not news.problems
    (warning,) = news.warnings
    assert warning.startswith("Somebody Else marked answers and is not on the list of people")
    assert "Bình" not in book.path.read_text("utf-8")
    assert "marked" in book.history.involved(weak)[signer.id]


def test_a_damaged_attempt_is_named_and_the_rest_goes_on(graded: Graded) -> None:
    cohort, good, weak = graded
    mark_memos(cohort, good, weak)
    attempt = attempts(cohort, good, "w01")[0]
    attempt.path.write_bytes(attempt.path.read_bytes() + b" ")
    book = Book.open(cohort.path)
    news = sync.sync(cohort, book)
    assert news.counts == (1, 1)
    assert [trainee for trainee, _ in marked(book)] == [weak]
    assert any("was changed after it was handed in" in line for line in news.problems)


@pytest.fixture
def appealed(graded: Graded, tmp_path: Path) -> tuple[Cohort, Book, str, Signer, Signer]:
    """The weak trainee appeals the mark of the memo."""
    cohort, good, weak = graded
    mark_memos(cohort, good, weak)
    book, signers = Book.open(cohort.path), []
    for role in ("registrar", "examiner", "decider"):
        signer, _ = make(tmp_path / "keys", "a passphrase for tests only")
        signers.append(signer)
        book.append("person", {**vars(signer.card), "roles": [role]}, signers[0])
    rulebook.adopt(book, rules.DEFAULT, "", signers[0])
    sync.sync(cohort, book)
    appeals.file(book, weak, "w01", "The memo was read too quickly.")
    return cohort, book, weak, signers[1], signers[2]


def test_an_upheld_appeal_goes_into_the_gradebook(appealed: tuple[Cohort, Book, str, Signer, Signer]) -> None:
    cohort, book, weak, examiner, decider = appealed
    (before,) = [one for one in gradebook.marks(cohort) if one.trainee == weak]
    set_manual(cohort, weak, "w01", "q8", 2, "Half of it.")
    entry = appeals.regrade(book, cohort, 1, examiner, {"q8": 3.5})
    assert entry.data["points"] == pytest.approx(before.points + 1.5)
    appeals.decide(book, cohort, 1, True, "It is all there.", decider)
    (after,) = [one for one in gradebook.marks(cohort) if one.trainee == weak]
    assert after.points == pytest.approx(before.points + 1.5)
    assert [d.comment for d in gradebook.details(cohort, weak, "w01") if d.question == "q8"] == [
        "Half of it."
    ]
    assert sync.sync(cohort, book).counts == (0, 1), "the ledger follows the gradebook"
    assert marked(book)[-1] == (weak, after.points)
    assert book.history.entries[-1].data["marked_by"] == [examiner.id]
    assert appeals.enter(book, cohort, 1), "a second time does no harm"


def test_a_question_that_is_not_there_or_too_many_points_are_named(
    appealed: tuple[Cohort, Book, str, Signer, Signer],
) -> None:
    cohort, book, _, examiner, _ = appealed
    with pytest.raises(CourseError, match="no such question"):
        appeals.regrade(book, cohort, 1, examiner, {"q99": 1})
    with pytest.raises(CourseError, match="give 0 to"):
        appeals.regrade(book, cohort, 1, examiner, {"q8": 100})
