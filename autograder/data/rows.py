"""Lines about one trainee in files that all trainees share, and rows of the gradebook: read and taken out."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, Comment, Grade, Student, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import delete, select, text

from autograder.cohort import Trainee
from autograder.consents import FILE as CONSENTS
from autograder.database import open_gradebook
from autograder.files import take_out, write
from autograder.review.blind import masked
from autograder.settings import gradebook_url, has_gradebook
from linelab.trainees import normalise

ROSTER, RECEIPTS, REVIEWS, TAKEN = "roster.csv", "receipts.csv", "reviews", "taken.jsonl"
Row = dict[str, Any]


def roster_row(cohort: Path, trainee: str) -> Row | None:
    """The trainee's line of the roster, with the columns that the instructor added."""
    _, rows = _table(cohort / ROSTER)
    return next((row for row in rows if normalise(row.get("trainee") or "") == trainee), None)


def remove_from_roster(cohort: Path, trainee: str) -> None:
    """Take the trainee's line out of the roster."""
    path = cohort / ROSTER
    fields, rows = _table(path)
    kept = [row for row in rows if normalise(row.get("trainee") or "") != trainee]
    if len(kept) < len(rows):
        write(path, _written(fields, kept))


def receipts(cohort: Path, trainee: str) -> list[Row]:
    """What became of each file of the trainee."""
    _, rows = _table(cohort / RECEIPTS)
    return [row for row in rows if normalise(row.get("trainee") or "") == trainee]


def remove_receipts(cohort: Path, who: Trainee) -> None:
    """Take the trainee's lines out of the receipts, and the name out of other people's lines."""
    path = cohort / RECEIPTS
    fields, rows = _table(path)
    tells = {bare for bare in map(_bare, (who.id, who.email, *who.name.split()[-1:])) if bare}

    def covered(value: Any) -> Any:
        is_told = isinstance(value, str) and any(tell in _bare(value) for tell in tells)
        return masked(value, who) if is_told else value

    kept = [
        {name: covered(value) for name, value in row.items()}
        for row in rows
        if normalise(row.get("trainee") or "") != who.id
    ]
    if kept != rows:
        write(path, _written(fields, kept))


def lines(cohort: Path, trainee: str) -> Iterator[tuple[Path, Row]]:
    """The trainee's lines of files of JSON lines: consents, marks by people, notebooks taken at exams."""
    for path in _json_files(cohort):
        for line in path.read_text("utf-8").splitlines():
            if _is_of(trainee)(line):
                yield path, json.loads(line)


def remove_lines(cohort: Path, trainee: str, of: Container[str] | None = None) -> int:
    """Take the trainee's lines out of all such files, or of those whose names without ending are in `of`."""
    return sum(
        take_out(path, _is_of(trainee)) for path in _json_files(cohort) if of is None or path.stem in of
    )


def _json_files(cohort: Path) -> list[Path]:
    found = [*(cohort / REVIEWS).glob("*.jsonl"), *(cohort / "exams").glob(f"*/{TAKEN}"), cohort / CONSENTS]
    return sorted(path for path in found if path.is_file())


def _is_of(trainee: str) -> Callable[[str], bool]:
    def is_of(line: str) -> bool:
        if trainee not in line:
            return False
        try:
            return bool(json.loads(line)["trainee"] == trainee)
        except (ValueError, TypeError, KeyError):
            return False

    return is_of


def _bare(text: str) -> str:
    """The text without what may differ where a name or number is written: case, accents, dashes."""
    letters = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(c for c in letters if not unicodedata.combining(c) and c != "-")


def _table(path: Path) -> tuple[list[str], list[Row]]:
    if not path.is_file():
        return [], []
    reader = csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
    rows = [{str(key): value for key, value in row.items() if key is not None} for row in reader]
    return list(reader.fieldnames or ()), rows


def _written(fields: list[str], rows: list[Row]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fields, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


# -- nbgrader's gradebook


def grades(cohort: Path, trainee: str) -> dict[str, list[Row]]:
    """The trainee's rows in nbgrader's tables, by table."""
    if not has_gradebook(cohort):
        return {}
    with open_gradebook(cohort) as gradebook:
        session, found = gradebook.db, {}
        for table, where in _where(trainee, None):
            rows = session.execute(select(table.__table__).where(where)).mappings()
            found[table.__tablename__] = [
                {key: value if value is None or isinstance(value, int | float | str) else str(value)
                 for key, value in row.items()}
                for row in rows
            ]  # fmt: skip
        session.rollback()
    return {name: rows for name, rows in found.items() if rows}


def remove_grades(cohort: Path, trainee: str, assignments: list[str] | None = None) -> None:
    """Take the trainee out of nbgrader's gradebook, or only these assignments."""
    if not has_gradebook(cohort):
        return
    with open_gradebook(cohort) as gradebook:
        session = gradebook.db
        if _is_file(cohort):
            session.execute(text("PRAGMA secure_delete = ON"))  # deleted rows are overwritten
        for table, where in reversed(_where(trainee, assignments)):
            session.execute(delete(table.__table__).where(where))
        session.commit()


def leave_nothing(cohort: Path) -> None:
    """Write the gradebook anew, without its free pages; a shared database does that by itself, later."""
    if has_gradebook(cohort) and _is_file(cohort):
        with open_gradebook(cohort) as gradebook:
            free = gradebook.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            with free as connection:
                connection.execute(text("VACUUM"))


def _is_file(cohort: Path) -> bool:
    return gradebook_url(cohort).startswith("sqlite")


def _where(trainee: str, assignments: list[str] | None) -> list[tuple[Any, Any]]:
    """nbgrader's tables, those first that others refer to, each with the condition for a trainee's rows."""
    own = SubmittedAssignment.student_id == trainee
    if assignments is not None:
        named = select(Assignment.id).where(Assignment.name.in_(assignments))
        own = own & SubmittedAssignment.assignment_id.in_(named)
    submissions = select(SubmittedAssignment.id).where(own)
    notebooks = select(SubmittedNotebook.id).where(SubmittedNotebook.assignment_id.in_(submissions))
    student = [(Student, Student.id == trainee)] if assignments is None else []
    return [
        *student,
        (SubmittedAssignment, own),
        (SubmittedNotebook, SubmittedNotebook.assignment_id.in_(submissions)),
        (Grade, Grade.notebook_id.in_(notebooks)),
        (Comment, Comment.notebook_id.in_(notebooks)),
    ]
