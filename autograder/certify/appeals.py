"""Appeals: filed by a trainee, marked anew by another person, decided by a decider who had no part in it.

Who may do which step, and until when, is checked in `permit.py`, with each entry. A mark that is appealed
goes up or stays: marked anew with more points the appeal is upheld and the new mark counts, else it is
rejected and the old one does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from autograder.certify import letters
from autograder.certify.book import Book
from autograder.certify.chain import Entry, Signer
from autograder.certify.history import Appeal
from autograder.certify.permit_appeals import markers, subject
from autograder.cohort import Cohort
from autograder.errors import CourseError

NEXT = {
    "regrade": "another person marks it anew: course appeal regrade",
    "decide": "a decider who had no part in it decides: course appeal decide",
}


@dataclass(frozen=True)
class Open:
    """An appeal that waits, with the days left to decide it (negative: overdue) and the next step."""

    appeal: Appeal
    days_left: int
    step: str
    not_by: tuple[str, ...]  # people who gave the mark


def file(book: Book, trainee: str, about: str, reason: str, entry: int | None = None) -> Entry:
    """File an appeal against the newest mark, result or decision of this kind, or against `entry`.

    `about` is an exercise such as ``w03``, ``exam``, ``case`` or ``decision``. `reason` is the trainee's
    text; it stays outside of the ledger.
    """
    book.catch_up()
    found = [one for one in book.history.of(trainee) if subject(one) == about]
    contested = found[-1] if found else None
    if entry is not None:
        contested = next((one for one in found if one.seq == entry), None)
    if contested is None:
        where = f"entry {entry} of the ledger is" if entry else "the ledger has"
        raise CourseError(f"{trainee} {about}: {where} nothing that can be appealed")
    now = book.now()
    data = {
        "trainee": trainee,
        "appeal": len(book.history.appeals) + 1,
        "subject": about,
        "contested": contested.seq,
        "reason": "0" * 64,
        "file_by": book.history.file_by(contested, now),
        "decide_by": book.history.decide_by(now),
    }
    if data["decide_by"] is None:
        raise CourseError(
            f"{book.cohort}: no rules are in force there yet; a registrar runs `course certify rules adopt`"
        )
    refused = book.refuses(("appeal", data), "")
    if refused:
        raise CourseError(refused)
    data["reason"] = letters.keep(book.cohort, reason)
    return book.append("appeal", data)


def waiting(book: Book) -> list[Open]:
    """Return the open appeals, the most urgent first."""
    book.catch_up()
    today = date.fromisoformat(book.now()[:10])
    found = []
    for appeal in book.history.appeals.values():
        if appeal.decision or appeal.data["trainee"] in book.history.erased:
            continue
        contested = book.history.entries[appeal.data["contested"] - 1]
        has_mark = contested.kind in ("mark", "exam-result")
        step = NEXT["regrade" if has_mark and not appeal.regrade else "decide"]
        left = (date.fromisoformat(appeal.data["decide_by"]) - today).days
        found.append(Open(appeal, left, step, tuple(sorted(markers(contested))) if has_mark else ()))
    return sorted(found, key=lambda one: (one.days_left, one.appeal.data["appeal"]))


def story(book: Book, number: int) -> list[Entry]:
    """Return what is appealed and every step since, oldest first."""
    appeal, contested = _open(book, number)
    steps = (contested, appeal.filed, appeal.regrade, appeal.decision)
    return [entry for entry in steps if entry is not None]


def regrade(
    book: Book,
    cohort: Cohort,
    number: int,
    signer: Signer,
    questions: Mapping[str, float] | None = None,
    points: float | None = None,
) -> Entry:
    """Record what another person found on marking anew.

    `questions` are new points by question of an exercise; the other questions stay as they are. `points` is
    the new total instead, after what lateness costs. Neither: the mark is confirmed.
    """
    appeal, contested = _open(book, number)
    if questions and points is not None:
        raise CourseError("--set and --points: give one of them")
    if contested.kind not in ("mark", "exam-result"):
        raise CourseError(f"appeal {number}: a decision is not marked anew; {NEXT['decide']}")
    data = {
        "trainee": appeal.data["trainee"],
        "appeal": number,
        "points": contested.data["points"] if points is None else points,
        "max_points": contested.data["max_points"],
    }
    if questions:
        data["points"] = _total(cohort, contested, questions)
        data["questions"] = dict(questions)
    return book.append("regrade", data, signer)


def decide(book: Book, cohort: Cohort, number: int, upheld: bool, reason: str, signer: Signer) -> Entry:
    """Record a decider's decision on an appeal; enter the new points of an upheld one in the gradebook."""
    appeal, _ = _open(book, number)
    data = {
        "trainee": appeal.data["trainee"],
        "appeal": number,
        "outcome": "upheld" if upheld else "rejected",
        "reason": "0" * 64,
    }
    refused = book.refuses(("appeal-decision", data), signer.id)
    if refused:
        raise CourseError(refused)
    data["reason"] = letters.keep(book.cohort, reason)
    entry = book.append("appeal-decision", data, signer)
    enter(book, cohort, number)
    return entry


def enter(book: Book, cohort: Cohort, number: int) -> bool:
    """Enter the new points of an upheld appeal in the gradebook, for the feedback; may be done again.

    The ledger's own mark counts for certificates whether this succeeds or not. Returns False where there is
    nothing to enter: another attempt is in the gradebook by now, or the appeal gave only a total.
    """
    appeal = book.history.appeals[number]
    contested = book.history.entries[appeal.data["contested"] - 1]
    upheld = appeal.decision is not None and appeal.decision.data["outcome"] == "upheld"
    questions = appeal.regrade.data.get("questions", {}) if appeal.regrade else {}
    if not upheld or not questions or not _is_current(cohort, contested):
        return False
    from autograder import gradebook, manual  # they load nbgrader, for which other commands need not wait

    trainee, assignment = contested.data["trainee"], contested.data["assignment"]
    comments = {one.question: one.comment for one in gradebook.details(cohort, trainee, assignment)}
    for question, points in questions.items():
        by = appeal.regrade.by if appeal.regrade else ""
        manual.set_manual(cohort, trainee, assignment, question, points, comments[question], grader=by)
    return True


def _open(book: Book, number: int) -> tuple[Appeal, Entry]:
    book.catch_up()
    appeal = book.history.appeals.get(number)
    if appeal is None:
        raise CourseError(f"appeal {number}: there is none; `course appeal list --all` shows them")
    return appeal, book.history.entries[appeal.data["contested"] - 1]


def _is_current(cohort: Cohort, contested: Entry) -> bool:
    from autograder import gradebook

    found = gradebook.marks(cohort, [contested.data["trainee"]])
    return any(
        (one.assignment, one.attempt) == (contested.data["assignment"], contested.data["attempt"])
        for one in found
    )


def _total(cohort: Cohort, contested: Entry, questions: Mapping[str, float]) -> float:
    """The points of an exercise with some questions marked anew, after what lateness costs."""
    from autograder import gradebook

    if contested.kind != "mark" or not _is_current(cohort, contested):
        raise CourseError("--set: the gradebook does not hold the attempt that is appealed; give --points")
    known = {
        one.question: one
        for one in gradebook.details(cohort, contested.data["trainee"], contested.data["assignment"])
    }
    for question, points in questions.items():
        if question not in known:
            raise CourseError(f"--set {question}: no such question; there are {', '.join(known)}")
        if not 0 <= points <= known[question].max_points:
            raise CourseError(f"--set {question}: give 0 to {known[question].max_points:g} points")
    total = sum(questions.get(name, one.points) for name, one in known.items())
    return float(round(total * (1 - contested.data["late"]), 2))
