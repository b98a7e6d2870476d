"""Marks out of nbgrader's gradebook, and a person's marks into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.database import open_gradebook
from autograder.errors import CourseError
from autograder.records import Reason, Record, entered, entered_number, read_record
from autograder.settings import has_gradebook
from autograder.tables import Standing, standings


@dataclass(frozen=True)
class Mark:
    """The mark for one assignment; `complete` is False while it may still change.

    That is while a free text waits for a person, a hidden test is broken, or grading was interrupted.
    `points` are what is left when the share `late` is taken off.
    """

    trainee: str
    assignment: str
    points: float
    max_points: float
    attempt: str
    graded_at: str
    complete: bool
    late: float = 0.0


@dataclass(frozen=True)
class Detail:
    """The mark for one question. `waiting`: a person has to mark it; its points do not count yet."""

    question: str
    points: float
    max_points: float
    reasons: list[Reason]
    comment: str
    manual: bool
    waiting: bool


def marks(cohort: Any) -> list[Mark]:
    """All marks of a cohort, by trainee and assignment.

    Parameters
    ----------
    cohort : Cohort or path
        Anything with a `path`, or the folder itself.
    """
    folder = _folder(cohort)
    return [
        _mark(standing, *_newest(folder, standing.trainee, standing.assignment))
        for standing in _standings(folder)
    ]


def details(cohort: Any, trainee: str, assignment: str) -> list[Detail]:
    """The marks question by question, in the order of the exercise."""
    folder = _folder(cohort)
    record = entered(folder, trainee, assignment)
    for standing in _standings(folder, trainee, assignment):
        return _details(standing, record)
    raise CourseError(f"{trainee} {assignment}: nothing is graded there")


def judged(cohort: Any, problems: list[str]) -> Iterator[tuple[Mark, list[Detail]]]:
    """Each mark with its questions; one whose grading did not end goes into `problems`, the rest go on."""
    folder = _folder(cohort)
    for standing in _standings(folder):
        trainee, assignment = standing.trainee, standing.assignment
        try:
            record, done = _newest(folder, trainee, assignment)
        except CourseError as error:
            problems.append(f"{trainee} {assignment}: {error.message}")
            continue
        if done:
            yield _mark(standing, record, done), _details(standing, record)
        else:
            problems.append(f"{trainee} {assignment}: grading was interrupted; run course grade again")


def _standings(folder: Path, trainee: str = "", assignment: str = "") -> Iterator[Standing]:
    if has_gradebook(folder):
        with open_gradebook(folder) as gradebook:
            yield from standings(gradebook.db, trainee, assignment)


def _newest(folder: Path, trainee: str, assignment: str) -> tuple[Record, bool]:
    """The newest record, and whether nbgrader has it."""
    record = read_record(folder, trainee, assignment)
    return record, entered_number(folder, trainee, assignment) == record.number


def _mark(standing: Standing, record: Record, done: bool) -> Mark:
    return Mark(
        trainee=standing.trainee,
        assignment=standing.assignment,
        points=round(standing.points * (1 - record.late), 2),
        max_points=standing.max_points,
        attempt=record.attempt,
        graded_at=record.graded_at,
        complete=done and not record.faults and not standing.waiting,
        late=record.late,
    )


def _details(standing: Standing, record: Record) -> list[Detail]:
    return [
        Detail(
            question=question,
            points=standing.grades[question].points,
            max_points=standing.grades[question].max_points,
            reasons=record.reasons.get(question, []),
            comment=standing.comments.get(question, ""),
            manual=standing.grades[question].manual,
            waiting=standing.grades[question].waiting,
        )
        for question in record.points
        if question in standing.grades  # else the exercise has lost it since
    ]


def set_manual(
    cohort: Any, trainee: str, assignment: str, question: str, points: float, comment: str = ""
) -> None:
    """Enter a person's mark for a question; it counts instead of the automatic one.

    Parameters
    ----------
    cohort : Cohort or path
        The cohort.
    trainee, assignment, question : str
        Which answer.
    points : float
        From 0 to what the question is worth.
    comment : str
        What the trainee reads beside it.
    """
    with open_gradebook(_folder(cohort)) as gradebook:
        grade = _grade(gradebook, trainee, assignment, question)
        if not 0 <= points <= grade.max_score:
            raise CourseError(
                f"{trainee} {assignment} {question}: {points:g} points; give 0 to {grade.max_score:g}"
            )
        grade.manual_score, grade.needs_manual_grade = float(points), False
        entry = _comment_entry(gradebook, trainee, assignment, question)
        if entry is not None:
            entry.manual_comment = comment or None
        elif comment:
            raise CourseError(f"{assignment} {question}: takes no comment; leave it out")
        gradebook.db.commit()


def _folder(cohort: Any) -> Path:
    return Path(getattr(cohort, "path", cohort)).resolve()


def _grade(gradebook: Gradebook, trainee: str, assignment: str, question: str) -> Any:
    try:
        return gradebook.find_grade(f"{assignment}-{question}", assignment, assignment, trainee)
    except MissingEntry:
        raise CourseError(f"{trainee} {assignment} {question}: nothing is graded there") from None


def _comment_entry(gradebook: Gradebook, trainee: str, assignment: str, question: str) -> Any:
    try:
        return gradebook.find_comment(f"{assignment}-{question}", assignment, assignment, trainee)
    except MissingEntry:
        return None  # nbgrader keeps comments for answer cells only
