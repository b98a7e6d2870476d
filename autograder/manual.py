"""A person's mark: into nbgrader's gradebook, where it counts, and onto the record.

Several graders may work at once, each with a server of their own, on one gradebook. A mark is entered while
its row is held, and only if the answer and its mark are still what the grader was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.api import Grade, Gradebook, MissingEntry
from sqlalchemy.exc import SQLAlchemyError

from autograder.assignments import version
from autograder.errors import CourseError
from autograder.gradebook import hold, open_gradebook
from autograder.markings import FIRST, SECOND, Marking, append_marking, fingerprint, markings
from autograder.records import Record, entered, operator


class OvertakenError(CourseError):
    """Somebody else marked the answer, or it changed, since the grader saw it."""


def set_manual(
    cohort: Any,
    trainee: str,
    assignment: str,
    question: str,
    points: float | None,
    comment: str = "",
    *,
    grader: str = "",
    levels: Mapping[str, float] | None = None,
    role: str = FIRST,
    seen: str | None = None,
) -> Marking:
    """Enter a person's mark for a question; it counts instead of the automatic one, and is recorded.

    Parameters
    ----------
    cohort : Cohort or path
        The cohort.
    trainee, assignment, question : str
        Which answer.
    points : float or None
        From 0 to what the question is worth; None takes a mark back.
    comment : str
        What the trainee reads beside it.
    grader : str
        Who gives it; the login name if empty.
    levels : dict, optional
        The levels that the points come from, by criterion of the rubric.
    role : str
        A `SECOND` mark is recorded, and does not count.
    seen : str, optional
        What `state_of` gave when the grader was shown the answer.

    Raises
    ------
    CourseError
        If there is no such answer, the points are out of range or the gradebook cannot be written.
    OvertakenError
        If the answer, or its mark, is not what the grader has seen; nothing is entered.
    """
    folder = Path(getattr(cohort, "path", cohort)).resolve()
    with open_gradebook(folder) as gradebook:
        grade = _grade(gradebook, trainee, assignment, question)
        comments = _comment_entry(gradebook, trainee, assignment, question)
        if points is not None and not 0 <= points <= grade.max_score:
            raise CourseError(
                f"{trainee} {assignment} {question}: {points:g} points; give 0 to {grade.max_score:g}"
            )
        if comments is None and comment:
            raise CourseError(f"{assignment} {question}: takes no comment; leave it out")
        with _held(gradebook, grade):
            record = entered(folder, trainee, assignment)
            if seen is not None and seen != _state(folder, record, grade, comments, question, role):
                raise OvertakenError(f"{assignment} {question}: was marked or handed in anew in the meantime")
            marking = Marking(
                trainee, assignment, question, role, grader or operator(),
                datetime.now(UTC).isoformat(timespec="seconds"), None if points is None else float(points),
                dict(levels or {}), comment, fingerprint(record.answers.get(question)), version(assignment),
            )  # fmt: skip
            if role != SECOND:
                grade.manual_score = marking.points
                grade.needs_manual_grade = points is None and grade.auto_score is None
                if comments is not None:
                    comments.manual_comment = comment or None
            gradebook.db.flush()
            append_marking(
                folder, marking
            )  # a line without its mark does no harm, a mark without its line would
    return marking


def state_of(cohort: Any, trainee: str, assignment: str, question: str, role: str = FIRST) -> str:
    """What a grader sees of an answer and its mark, in short: for `set_manual` to know whether it changed."""
    folder = Path(getattr(cohort, "path", cohort)).resolve()
    record = entered(folder, trainee, assignment)
    with open_gradebook(folder) as gradebook:
        grade = _grade(gradebook, trainee, assignment, question)
        comments = _comment_entry(gradebook, trainee, assignment, question)
        return _state(folder, record, grade, comments, question, role)


def _state(folder: Path, record: Record, grade: Any, comments: Any, question: str, role: str) -> str:
    found = markings(folder, record.assignment).get((record.trainee, question), [])
    count = sum((m.role == SECOND) == (role == SECOND) for m in found)
    text = comments.manual_comment if comments is not None else None
    mark = [] if role == SECOND else [grade.manual_score, grade.needs_manual_grade, text or ""]
    return fingerprint([record.answers.get(question), count, mark])


@contextmanager
def _held(gradebook: Gradebook, grade: Any) -> Iterator[None]:
    """The grade as it is now, and as nobody else can change it until the block has ended and is kept."""
    try:
        hold(gradebook, Grade.id == grade.id)
        yield
        gradebook.db.commit()
    except SQLAlchemyError as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CourseError(f"the gradebook cannot be written now ({said}); enter the mark again") from None
    finally:
        gradebook.db.rollback()  # without effect once it is kept


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
