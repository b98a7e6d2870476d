"""nbgrader's own tables, filled for many hand-ins at a time.

nbgrader's Python interface takes dozens of queries for each hand-in, and its tables lack the indexes for
them: each of ten thousand hand-ins would take longer than the one before. What stands in the tables is the
same either way. Lines that a person may change meanwhile are held while they are looked at and written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
)
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CourseError

INDEXES = {
    "submitted_assignment": "student_id",
    "submitted_notebook": "assignment_id",
    "grade": "notebook_id",
    "comment": "notebook_id",
}


@dataclass(frozen=True)
class Points:
    """What is entered of one hand-in.

    Attributes
    ----------
    handed_in : datetime
        In UTC, without saying so.
    points : mapping
        Question id to automatic points; None where a person has to mark.
    looks_again : callable
        Given a question, the mark that a person gave, and whether it waits already: whether a person is to
        look at the answer again.
    """

    trainee: str
    assignment: str
    handed_in: datetime
    points: Mapping[str, float | None]
    looks_again: Callable[[str, float, bool], bool]


def add_indexes(session: Any) -> None:
    """Give the tables the indexes that nbgrader's queries and ours need; done once, kept in the database."""
    with suppress(SQLAlchemyError):  # a shared database may not let us; it only takes longer then
        for table, column in INDEXES.items():
            session.execute(text(f"CREATE INDEX IF NOT EXISTS course_{table} ON {table} ({column})"))
        session.commit()
        return
    session.rollback()


def enter(session: Any, entered: Sequence[Points]) -> None:
    """Enter points, making what nbgrader needs around them; the caller commits."""
    known = _among(session, Student.id, {one.trainee for one in entered})
    new = sorted({one.trainee for one in entered} - known)
    _add(session, Student, [{"id": trainee} for trainee in new])
    for assignment in sorted({one.assignment for one in entered}):
        some = [one for one in entered if one.assignment == assignment]
        _enter_assignment(session, _Layout.of(session, assignment), some)


@dataclass(frozen=True)
class _Layout:
    """An exercise as nbgrader knows it: ids of its parts; cells by question id."""

    assignment: str
    notebook: str
    graded: dict[str, str]
    commented: list[str]

    @classmethod
    def of(cls, session: Any, name: str) -> _Layout:
        found = session.execute(
            select(Assignment.id, Notebook.id)
            .join(Notebook, Notebook.assignment_id == Assignment.id)
            .where(Assignment.name == name, Notebook.name == name)
        ).first()
        if found is None:
            raise CourseError(f"{name}: is not in nbgrader's gradebook; run the command again")
        assignment, notebook = found
        cells: dict[Any, dict[str, str]] = {
            kind: dict(session.execute(select(kind.name, kind.id).where(kind.notebook_id == notebook)).all())
            for kind in (GradeCell, TaskCell, SolutionCell)
        }
        graded = {n.removeprefix(f"{name}-"): i for n, i in (cells[GradeCell] | cells[TaskCell]).items()}
        commented = [*cells[SolutionCell].values(), *cells[TaskCell].values()]
        return cls(assignment, notebook, graded, commented)


def _enter_assignment(session: Any, layout: _Layout, entered: Sequence[Points]) -> None:
    there = dict(
        session.execute(
            select(SubmittedAssignment.student_id, SubmittedNotebook.id)
            .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .where(SubmittedAssignment.assignment_id == layout.assignment)
            .where(SubmittedNotebook.notebook_id == layout.notebook)
            .where(SubmittedAssignment.student_id.in_([one.trainee for one in entered]))
        ).all()
    )
    made = [
        {"submission": uuid4().hex, "notebook": uuid4().hex, "trainee": one.trainee, "when": one.handed_in}
        for one in entered
        if one.trainee not in there
    ]
    _add(
        session,
        SubmittedAssignment,
        [
            {
                "id": new["submission"],
                "assignment_id": layout.assignment,
                "student_id": new["trainee"],
                "timestamp": new["when"],
            }
            for new in made
        ],
    )
    _add(
        session,
        SubmittedNotebook,
        [
            {"id": new["notebook"], "assignment_id": new["submission"], "notebook_id": layout.notebook}
            for new in made
        ],
    )
    _add(
        session,
        Comment,
        [{"notebook_id": new["notebook"], "cell_id": cell} for new in made for cell in layout.commented],
    )
    again = [{"who": one.trainee, "when": one.handed_in} for one in entered if one.trainee in there]
    if again:
        session.execute(_HANDED_IN.where(_submissions.c.assignment_id == layout.assignment), again)
    _enter_grades(session, layout, entered, there | {new["trainee"]: new["notebook"] for new in made})


def _enter_grades(
    session: Any, layout: _Layout, entered: Sequence[Points], notebooks: Mapping[str, str]
) -> None:
    """The lines of the grade table; what a person entered there stays."""
    hold(session, _grades.c.notebook_id.in_(notebooks.values()))
    columns = (_grades.c.notebook_id, _grades.c.cell_id, _grades.c.manual_score, _grades.c.needs_manual_grade)
    there = select(*columns).where(_grades.c.notebook_id.in_(notebooks.values()))
    lines = {(notebook, cell): found for notebook, cell, *found in session.execute(there)}
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for one in entered:
        for question, cell in layout.graded.items():
            line = (notebooks[one.trainee], cell)
            points = one.points.get(question)
            manual, waiting = lines.get(line, (None, True))
            waits = points is None if manual is None else one.looks_again(question, manual, waiting)
            (old if line in lines else new).append(
                {"in_notebook": line[0], "of_cell": cell, "points": points, "waits": waits}
            )
    if new:
        session.execute(_GRADED, [row | {"new_id": uuid4().hex} for row in new])
    if old:
        session.execute(_REGRADED, old)


def hold(session: Any, which: Any) -> None:
    """Let all others who would write these grades wait until this session commits; it sees them as they are.

    Writing to a row does that in every database.
    """
    session.execute(update(_grades).where(which).values(auto_score=_grades.c.auto_score))
    session.expire_all()


_submissions, _grades = SubmittedAssignment.__table__, Grade.__table__
_HANDED_IN = (
    update(_submissions)
    .where(_submissions.c.student_id == bindparam("who"))
    .values(timestamp=bindparam("when"))
)
_GRADED = insert(_grades).values(
    id=bindparam("new_id"),
    notebook_id=bindparam("in_notebook"),
    cell_id=bindparam("of_cell"),
    auto_score=bindparam("points"),
    needs_manual_grade=bindparam("waits"),
)
_REGRADED = (
    update(_grades)
    .where(_grades.c.notebook_id == bindparam("in_notebook"), _grades.c.cell_id == bindparam("of_cell"))
    .values(auto_score=bindparam("points"), needs_manual_grade=bindparam("waits"))
)


def handed_in(session: Any) -> set[tuple[str, str]]:
    """Trainee and assignment of all submissions that are there."""
    there = select(_submissions.c.student_id, Assignment.name)
    found = session.execute(there.join(Assignment, Assignment.id == _submissions.c.assignment_id))
    known = {(student, assignment) for student, assignment in found}
    session.rollback()
    return known


def _among(session: Any, column: Any, values: set[str]) -> set[str]:
    return set(session.scalars(select(column).where(column.in_(values))))


def _add(session: Any, kind: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(kind.__table__), list(rows))
