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
from functools import partial
from pathlib import Path
from typing import Any, Self

import nbformat
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError

from autograder.database import open_gradebook
from autograder.errors import CourseError
from autograder.files import write_all
from autograder.judge_cells import show
from autograder.markings import fingerprint, markings, standing
from autograder.records import Record, entered_number, history, notebook_path, read
from autograder.submission import as_json, rebuild
from autograder.tables import Points, add_indexes, enter, handed_in


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

    def enter(self, record: Record, notebook: nbformat.NotebookNode, handed_in: datetime) -> None:
        """Enter one record; see `Entry` for what it takes."""
        self.enter_all([Entry(record, notebook, handed_in)])

    def enter_all(self, entries: Sequence[Entry]) -> None:
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
            looks_again=partial(_looks_again, self.cohort, entry.record),
        )


def _looks_again(cohort: Path, record: Record, question: str, points: float, waiting: bool) -> bool:
    """Whether the mark that a person gave for a question was for another answer than the record's."""
    given = record.answers.get(question)
    found = markings(cohort, record.assignment).get((record.trainee, question), [])
    mark = standing(found, points)
    if mark is not None:
        return mark.answer != fingerprint(given)
    # given in nbgrader's own pages, outside of `course review`: for the answer that was entered then
    try:
        before = _entered_answers(cohort, record, question)
    except CourseError:  # a damaged record
        return True
    return waiting or any(answer != given for answer in before)


def _entered_answers(cohort: Path, record: Record, question: str) -> list[Any]:
    """The answer that nbgrader has so far; if that cannot be known, all that it may have."""
    number = entered_number(cohort, record.trainee, record.assignment)
    before = history(cohort, record.trainee, record.assignment)[: record.number]
    if number:
        before = before[number - 1 : number]
    return [read(path).answers.get(question) for path in before]
