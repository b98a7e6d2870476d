"""Enters records in nbgrader: the marks in its gradebook, and the notebook that formgrader shows.

nbgrader's `Autograde` does this a notebook at a time, in two passes through nbconvert, with a new connection
for each step. Here one connection serves a whole run, and one transaction a batch; what is entered is the
same. The order makes a kill at any moment harmless: first the records, then the gradebook, last the
notebooks, each of which names its record. What was not entered to the end is entered again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import nbformat
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError

from autograder.database import open_gradebook
from autograder.errors import CourseError
from autograder.files import write_all
from autograder.judge_cells import show
from autograder.records import Record, entered_number, history, notebook_path, read
from autograder.submission import as_json, rebuild
from autograder.tables import Points, add_indexes, enter, handed_in
from linelab.answers import schema


class UnreachableError(CourseError):
    """The gradebook cannot be written, so that it is no use to go on."""


@dataclass(frozen=True)
class Entry:
    """A record as written by `write_record`, the notebook as handed in, and when that was.

    Only the text of the answer cells is taken from the notebook.
    """

    record: Record
    notebook: nbformat.NotebookNode
    handed_in: datetime


@dataclass
class Entries:
    """Enters records of one cohort; open it as `with Entries.open(cohort) as entries`."""

    cohort: Path
    gradebook: Gradebook

    @classmethod
    @contextmanager
    def open(cls, cohort: Path) -> Iterator[Self]:
        """Open the gradebook of a cohort folder."""
        with open_gradebook(cohort) as gradebook:
            add_indexes(gradebook.db)
            yield cls(Path(cohort), gradebook)

    def known(self) -> set[tuple[str, str]]:
        """Trainee and assignment of all that the gradebook has."""
        return handed_in(self.gradebook.db)

    def enter(self, entries: Sequence[Entry]) -> None:
        """Enter records, all of them or, if one cannot be, none.

        Raises
        ------
        UnreachableError
            If the gradebook is locked for long, or gone.
        """
        submitted: dict[Path, str | bytes] = {}
        autograded: dict[Path, str | bytes] = {}
        for entry in entries:
            record = entry.record
            rebuilt = rebuild(entry.notebook, record.assignment, record.number)
            folder = self.cohort / "nbgrader" / "submitted" / record.trainee / record.assignment
            submitted[folder / f"{record.assignment}.ipynb"] = as_json(rebuilt)
            show(rebuilt, record)
            autograded[notebook_path(self.cohort, record.trainee, record.assignment)] = as_json(rebuilt)
        session = self.gradebook.db
        try:
            enter(session, [self._points(entry) for entry in entries])
            session.commit()
        except OperationalError as error:
            session.rollback()
            said = str(error.orig).strip().splitlines()[0]
            raise UnreachableError(
                f"{self.cohort}: the gradebook cannot be written ({said}); nothing is lost, "
                "run the command again"
            ) from None
        except BaseException:
            session.rollback()
            raise
        write_all(submitted)
        write_all(autograded)

    def _points(self, entry: Entry) -> Points:
        return Points(
            trainee=entry.record.trainee,
            assignment=entry.record.assignment,
            handed_in=entry.handed_in.astimezone(UTC).replace(tzinfo=None),
            points=entry.record.points,
            same_text=_same_text(self.cohort, entry.record),
        )


def _same_text(cohort: Path, record: Record) -> bool:
    """Whether the free texts are those that were entered last, so that a person's mark for them stands."""
    number = entered_number(cohort, record.trainee, record.assignment)
    if number is None:
        return False
    if number in (0, record.number):  # it was there but got damaged, or is entered once more
        return True
    texts = [q.id for q in schema(record.assignment).values() if q.kind == "text"]
    try:
        old = read(history(cohort, record.trainee, record.assignment)[number - 1]).answers
    except (CourseError, IndexError):
        return False
    return [old.get(q) for q in texts] == [record.answers.get(q) for q in texts]
