"""Marks out of nbgrader's gradebook."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import func, select

from autograder.database import open_gradebook
from autograder.errors import CourseError
from autograder.records import Reason, Record, entered, entered_number, read_record
from autograder.settings import has_gradebook

PAGE = 200  # trainees that are read at a time


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


@dataclass(frozen=True)
class GradeRow:
    """One question's line: `manual` if a person gave a mark, `waiting` if one is needed.

    While one is needed, a mark that is still there was for another answer, and does not count.
    """

    points: float
    max_points: float
    manual: bool
    waiting: bool


@dataclass(frozen=True)
class Standing:
    """What the tables say of one hand-in, by question id."""

    trainee: str
    assignment: str
    max_points: float
    grades: dict[str, GradeRow] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float:
        return sum(row.points for row in self.grades.values())

    @property
    def waiting(self) -> bool:
        return any(row.waiting for row in self.grades.values())


def marks(cohort: Any, trainees: Container[str] | None = None) -> list[Mark]:
    """All marks of a cohort, by trainee and assignment.

    Parameters
    ----------
    cohort : Cohort or path
        Anything with a `path`, or the folder itself.
    trainees : container of str, optional
        Whose; by default everybody's.
    """
    folder = _folder(cohort)
    return [
        _mark(standing, *_newest(folder, standing.trainee, standing.assignment))
        for standing in _standings(folder)
        if trainees is None or standing.trainee in trainees
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


def _read(session: Any, trainee: str = "", assignment: str = "") -> Iterator[Standing]:
    """All hand-ins that are entered, by trainee and assignment, or those of one trainee at one assignment.

    A page of trainees is read at a time, whole: neither memory nor locks grow with the class.
    """
    there = session.scalars(select(SubmittedAssignment.student_id).distinct())
    people = [trainee] if trainee else sorted(there)
    names = dict(session.execute(select(Assignment.id, Assignment.name)).all())
    worth = select(Notebook.assignment_id, func.sum(_MOST)).select_from(_CELLS)
    worth = worth.group_by(Notebook.assignment_id)
    most = {names[of]: float(points) for of, points in session.execute(worth)}
    for first in range(0, len(people), PAGE):
        some = people[first : first + PAGE]
        found = {
            (student, names[of]): Standing(student, names[of], most.get(names[of], 0.0))
            for student, of in session.execute(
                select(SubmittedAssignment.student_id, SubmittedAssignment.assignment_id).where(
                    SubmittedAssignment.student_id.in_(some)
                )
            )
            if assignment in ("", names[of])
        }
        for student, of, cell, *row in session.execute(_lines(Grade, some)):
            if (student, names[of]) in found:
                score, automatic, most_here, manual, waits = row
                found[student, names[of]].grades[cell.removeprefix(f"{names[of]}-")] = GradeRow(
                    float((automatic or 0.0) if waits else score),
                    float(most_here),
                    manual is not None,
                    bool(waits),
                )
        for student, of, cell, comment in session.execute(_lines(Comment, some)):
            if (student, names[of]) in found and comment:
                found[student, names[of]].comments[cell.removeprefix(f"{names[of]}-")] = str(comment)
        session.rollback()  # nothing is held while somebody works with the page
        yield from (found[key] for key in sorted(found))


_MOST = func.coalesce(GradeCell.__table__.c.max_score, TaskCell.__table__.c.max_score, 0.0)
_CELLS = (
    Notebook.__table__.join(BaseCell.__table__)
    .outerjoin(GradeCell.__table__, GradeCell.__table__.c.id == BaseCell.__table__.c.id)
    .outerjoin(TaskCell.__table__, TaskCell.__table__.c.id == BaseCell.__table__.c.id)
)


def _lines(kind: Any, students: Sequence[str]) -> Any:
    """Query of the lines of the grade or the comment table that belong to these students."""
    cells = BaseCell.__table__
    if kind is Grade:
        columns = [Grade.score, Grade.auto_score, _MOST, Grade.manual_score, Grade.needs_manual_grade]
    else:
        columns = [Comment.manual_comment]
    query = (
        select(SubmittedAssignment.student_id, SubmittedAssignment.assignment_id, cells.c.name, *columns)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(kind, kind.notebook_id == SubmittedNotebook.id)
        .join(cells, cells.c.id == kind.cell_id)
    )
    if kind is Grade:
        for table in (GradeCell.__table__, TaskCell.__table__):
            query = query.outerjoin(table, table.c.id == cells.c.id)
    return query.where(SubmittedAssignment.student_id.in_(students))


def _standings(folder: Path, trainee: str = "", assignment: str = "") -> Iterator[Standing]:
    if has_gradebook(folder):
        with open_gradebook(folder) as gradebook:
            yield from _read(gradebook.db, trainee, assignment)


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
            comment="" if standing.grades[question].waiting else standing.comments.get(question, ""),
            manual=standing.grades[question].manual,
            waiting=standing.grades[question].waiting,
        )
        for question in record.points
        if question in standing.grades  # else the exercise has lost it since
    ]


def _folder(cohort: Any) -> Path:
    return Path(getattr(cohort, "path", cohort)).resolve()
