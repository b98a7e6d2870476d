"""Marks out of nbgrader's gradebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CourseError
from autograder.nbgrader_course import program_path
from autograder.records import Reason, Record, entered, read_record
from autograder.settings import gradebook_url


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
    with _maybe(folder) as gradebook:
        return [_mark(folder, submission) for submission in _submissions(gradebook)]


def details(cohort: Any, trainee: str, assignment: str) -> list[Detail]:
    """The marks question by question, in the order of the exercise."""
    folder = _folder(cohort)
    record = entered(folder, trainee, assignment)
    with open_gradebook(folder) as gradebook:
        try:
            submission = gradebook.find_submission(assignment, trainee)
        except MissingEntry:
            raise CourseError(f"{trainee} {assignment}: nothing is graded there") from None
        return _details(submission, record)


def judged(cohort: Any, problems: list[str]) -> Iterator[tuple[Mark, list[Detail]]]:
    """Each mark with its questions; one whose grading did not end goes into `problems`, the rest go on."""
    folder = _folder(cohort)
    with _maybe(folder) as gradebook:
        for submission in _submissions(gradebook):
            trainee, assignment = submission.student.id, submission.assignment.name
            try:
                found = _details(submission, entered(folder, trainee, assignment))
                yield _mark(folder, submission), found
            except CourseError as error:
                problems.append(f"{trainee} {assignment}: {error.message}")


def _submissions(gradebook: Gradebook | None) -> list[Any]:
    if gradebook is None:
        return []
    found = [s for assignment in gradebook.assignments for s in assignment.submissions]
    return sorted(found, key=lambda s: (s.student.id, s.assignment.name))


def _mark(folder: Path, submission: Any) -> Mark:
    trainee, assignment = submission.student.id, submission.assignment.name
    record = read_record(folder, trainee, assignment)
    try:
        done = not entered(folder, trainee, assignment).faults
    except CourseError:
        done = False
    return Mark(
        trainee=trainee,
        assignment=assignment,
        points=round(_score(submission) * (1 - record.late), 2),
        max_points=float(submission.assignment.max_score),
        attempt=record.attempt,
        graded_at=record.graded_at,
        complete=done and not submission.needs_manual_grade,
        late=record.late,
    )


def _score(submission: Any) -> float:
    if not submission.needs_manual_grade:
        return float(submission.score)
    return sum(_counted(grade) for notebook in submission.notebooks for grade in notebook.grades)


def _counted(grade: Any) -> float:
    """Its points; while a person has to mark, a mark that is still there was for another answer."""
    return float((grade.auto_score or 0.0) if grade.needs_manual_grade else grade.score)


def _comment(grade: Any, text: str | None) -> str:
    return "" if grade.needs_manual_grade else str(text or "")


def _details(submission: Any, record: Record) -> list[Detail]:
    (notebook,) = submission.notebooks
    prefix = f"{record.assignment}-"
    grades = {grade.cell.name: grade for grade in notebook.grades}
    comments = {entry.cell.name: entry.manual_comment for entry in notebook.comments}
    return [
        Detail(
            question=question,
            points=_counted(grades[prefix + question]),
            max_points=float(grades[prefix + question].max_score),
            reasons=record.reasons.get(question, []),
            comment=""
            if grades[prefix + question].needs_manual_grade
            else comments.get(prefix + question) or "",
            manual=grades[prefix + question].manual_score is not None,
            waiting=bool(grades[prefix + question].needs_manual_grade),
        )
        for question in record.points
    ]


def _folder(cohort: Any) -> Path:
    return Path(getattr(cohort, "path", cohort)).resolve()


@contextmanager
def open_gradebook(folder: Path) -> Iterator[Gradebook]:
    """nbgrader's gradebook of a cohort folder; CourseError if there is none or it cannot be reached."""
    url = gradebook_url(folder)
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).is_file():
        raise CourseError(f"{folder}: has no gradebook yet; run course grade first")
    try:
        with program_path():
            gradebook = Gradebook(url)
    except (SQLAlchemyError, ImportError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CourseError(f"{folder / 'cohort.yml'}: gradebook: cannot be reached ({said})") from None
    with gradebook:
        try:
            yield gradebook
        finally:
            gradebook.engine.dispose()


def hold(gradebook: Gradebook, which: Any) -> None:
    """Let all others who would write these grades wait until this session commits; it sees them as they are.

    Writing to a row does that in every database.
    """
    own = update(Grade).where(which).values(auto_score=Grade.auto_score)
    gradebook.db.execute(own, execution_options={"synchronize_session": False})
    gradebook.db.expire_all()


@contextmanager
def _maybe(folder: Path) -> Iterator[Gradebook | None]:
    url = gradebook_url(folder)
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).is_file():
        yield None
        return
    with open_gradebook(folder) as gradebook:
        yield gradebook
