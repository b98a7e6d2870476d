"""nbgrader's own tables, read and filled for many hand-ins at a time.

nbgrader's Python interface takes dozens of queries for each hand-in, and its tables lack the indexes for
them: each of ten thousand hand-ins would take longer than the one before. What stands in the tables is the
same either way. What a person may change in formgrader meanwhile is decided inside one statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from nbgrader.api import (
    Assignment,
    BaseCell,
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
from sqlalchemy import Boolean, bindparam, case, func, insert, select, text, true, update
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CourseError

PAGE = 200  # trainees that are read at a time
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
    same_text : bool
        The free texts are those that a person may have marked already.
    """

    trainee: str
    assignment: str
    handed_in: datetime
    points: Mapping[str, float | None]
    same_text: bool


@dataclass(frozen=True)
class GradeRow:
    """One question's line: `manual` if a person's mark counts, `waiting` if one is needed."""

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
    """The lines of the grade table; a line that is there keeps what a person entered."""
    there = select(Grade.notebook_id, Grade.cell_id).where(Grade.notebook_id.in_(notebooks.values()))
    lines = {tuple(line) for line in session.execute(there)}
    new, old = [], []
    for one in entered:
        notebook = notebooks[one.trainee]
        for question, cell in layout.graded.items():
            points = one.points.get(question)
            if (notebook, cell) in lines:
                old.append(
                    {
                        "in_notebook": notebook,
                        "of_cell": cell,
                        "points": points,
                        "by_hand": points is None,
                        "same_text": one.same_text,
                    }
                )
            else:
                new.append(
                    {
                        "notebook_id": notebook,
                        "cell_id": cell,
                        "auto_score": points,
                        "needs_manual_grade": points is None,
                    }
                )
    _add(session, Grade, new)
    if old:
        session.execute(_REGRADED, old)


_submissions, _grades = SubmittedAssignment.__table__, Grade.__table__
_HANDED_IN = (
    update(_submissions)
    .where(_submissions.c.student_id == bindparam("who"))
    .values(timestamp=bindparam("when"))
)
_REGRADED = (
    update(_grades)
    .where(_grades.c.notebook_id == bindparam("in_notebook"), _grades.c.cell_id == bindparam("of_cell"))
    .values(
        auto_score=bindparam("points"),
        # a mark of a person stands, but for another text a person looks again, as nbgrader has it
        needs_manual_grade=case(
            (_grades.c.manual_score.is_(None), bindparam("by_hand", type_=Boolean)),
            (bindparam("same_text", type_=Boolean), _grades.c.needs_manual_grade),
            else_=true(),
        ),
    )
)


def handed_in(session: Any) -> set[tuple[str, str]]:
    """Trainee and assignment of all submissions that are there."""
    there = select(_submissions.c.student_id, Assignment.name)
    found = session.execute(there.join(Assignment, Assignment.id == _submissions.c.assignment_id))
    known = {(student, assignment) for student, assignment in found}
    session.rollback()
    return known


def standings(session: Any, trainee: str = "", assignment: str = "") -> Iterator[Standing]:
    """All hand-ins that are entered, by trainee and assignment, or those of one trainee at one assignment.

    A page of trainees is read at a time, whole: neither memory nor locks grow with the class.
    """
    people = [trainee] if trainee else sorted(session.scalars(select(_submissions.c.student_id).distinct()))
    names = dict(session.execute(select(Assignment.id, Assignment.name)).all())
    worth = select(Notebook.assignment_id, func.sum(_MOST)).select_from(_CELLS)
    worth = worth.group_by(Notebook.assignment_id)
    most = {names[of]: float(points) for of, points in session.execute(worth)}
    for first in range(0, len(people), PAGE):
        some = people[first : first + PAGE]
        found = {
            (student, names[of]): Standing(student, names[of], most.get(names[of], 0.0))
            for student, of in session.execute(
                select(_submissions.c.student_id, _submissions.c.assignment_id).where(
                    _submissions.c.student_id.in_(some)
                )
            )
            if assignment in ("", names[of])
        }
        for student, of, cell, *row in session.execute(_lines(Grade, some)):
            if (student, names[of]) in found:
                score, points, manual, waits = row
                found[student, names[of]].grades[cell.removeprefix(f"{names[of]}-")] = GradeRow(
                    float(score), float(points), manual is not None, bool(waits)
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
        columns = [Grade.score, _MOST, Grade.manual_score, Grade.needs_manual_grade]
    else:
        columns = [Comment.manual_comment]
    query = (
        select(_submissions.c.student_id, _submissions.c.assignment_id, cells.c.name, *columns)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == _submissions.c.id)
        .join(kind, kind.notebook_id == SubmittedNotebook.id)
        .join(cells, cells.c.id == kind.cell_id)
    )
    if kind is Grade:
        for table in (GradeCell.__table__, TaskCell.__table__):
            query = query.outerjoin(table, table.c.id == cells.c.id)
    return query.where(_submissions.c.student_id.in_(students))


def _among(session: Any, column: Any, values: set[str]) -> set[str]:
    return set(session.scalars(select(column).where(column.in_(values))))


def _add(session: Any, kind: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(insert(kind.__table__), list(rows))
