"""Marks out of nbgrader's gradebook, and a person's marks into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from autograder.errors import CourseError
from autograder.judgement import judgement
from autograder.marking import Reason
from autograder.nbgrader_course import program_path
from autograder.records import read_record


@dataclass(frozen=True)
class Mark:
    """The mark for one assignment; `complete` is False while it may still change.

    That is while a free text waits for a person, a hidden test is broken, or judging was interrupted.
    """

    trainee: str
    assignment: str
    points: float
    max_points: float
    attempt: str
    graded_at: str
    complete: bool


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
    if not (folder / "nbgrader" / "gradebook.db").is_file():
        return []
    found = []
    with _open(folder) as gradebook:
        for assignment in gradebook.assignments:
            for submission in assignment.submissions:
                trainee = submission.student.id
                record = read_record(folder, trainee, assignment.name)
                found.append(
                    Mark(
                        trainee=trainee,
                        assignment=assignment.name,
                        points=round(float(submission.score), 2),
                        max_points=float(assignment.max_score),
                        attempt=record.attempt,
                        graded_at=record.graded_at,
                        complete=not submission.needs_manual_grade
                        and _is_judged(folder, trainee, assignment.name),
                    )
                )
    return sorted(found, key=lambda mark: (mark.trainee, mark.assignment))


def details(cohort: Any, trainee: str, assignment: str) -> list[Detail]:
    """The marks question by question, in the order of the exercise."""
    folder = _folder(cohort)
    judgement_ = judgement(folder / "nbgrader", trainee, assignment)
    found = []
    with _open(folder) as gradebook:
        for question in judgement_.points:
            grade = _grade(gradebook, trainee, assignment, question)
            found.append(
                Detail(
                    question=question,
                    points=float(grade.score),
                    max_points=float(grade.max_score),
                    reasons=judgement_.reasons[question],
                    comment=_comment(gradebook, trainee, assignment, question),
                    manual=grade.manual_score is not None,
                    waiting=bool(grade.needs_manual_grade),
                )
            )
    return found


def judged(cohort: Any, problems: list[str]) -> Iterator[tuple[Mark, list[Detail]]]:
    """Each mark with its questions; one whose judging did not end goes into `problems`, the rest go on."""
    for mark in marks(cohort):
        try:
            yield mark, details(cohort, mark.trainee, mark.assignment)
        except CourseError as error:
            problems.append(f"{mark.trainee} {mark.assignment}: {error.message}")


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
    with _open(_folder(cohort)) as gradebook:
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


def keep_manual(folder: Path, trainee: str, assignment: str) -> None:
    """After grading the same free text again: the person's mark for it stands, it need not be given anew."""
    with _open(folder.parent) as gradebook:
        notebook = gradebook.find_submission_notebook(assignment, assignment, trainee)
        for grade in notebook.grades:
            if grade.manual_score is not None and grade.auto_score is None:
                grade.needs_manual_grade = False
        gradebook.db.commit()


def _is_judged(folder: Path, trainee: str, assignment: str) -> bool:
    try:
        return not judgement(folder / "nbgrader", trainee, assignment).problems
    except CourseError:
        return False


def _folder(cohort: Any) -> Path:
    return Path(getattr(cohort, "path", cohort)).resolve()


@contextmanager
def _open(folder: Path) -> Iterator[Gradebook]:
    path = folder / "nbgrader" / "gradebook.db"
    if not path.is_file():
        raise CourseError(f"{path}: is not there; run course grade first")
    with program_path(), Gradebook(f"sqlite:///{path}") as gradebook:
        yield gradebook
        gradebook.engine.dispose()


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


def _comment(gradebook: Gradebook, trainee: str, assignment: str, question: str) -> str:
    entry = _comment_entry(gradebook, trainee, assignment, question)
    return str(entry.manual_comment or "") if entry is not None else ""
