"""Enters records in nbgrader: the marks in its gradebook, and the notebook that formgrader shows.

nbgrader's `Autograde` does this a notebook at a time, in two passes through nbconvert, with a new connection
for each step. Here one connection serves a whole run; what is entered is the same. The order makes a kill at
any moment harmless: first the record, then the gradebook, last the notebook, which names its record. What
was not entered to the end is entered again.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from sqlalchemy.exc import SAWarning

from autograder.errors import CourseError
from autograder.files import write
from autograder.gradebook import open_gradebook
from autograder.judge_cells import show
from autograder.records import Record, entered_number, history, notebook_path, read
from autograder.submission import rebuild
from linelab.answers import schema


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
            yield cls(Path(cohort), gradebook)

    def enter(self, record: Record, notebook: nbformat.NotebookNode, handed_in: datetime) -> None:
        """Enter a record.

        Parameters
        ----------
        record : Record
            As written by `write_record`.
        notebook : NotebookNode
            As handed in; only the text of the answer cells is taken from it.
        handed_in : datetime
            When; nbgrader shows it.
        """
        trainee, assignment = record.trainee, record.assignment
        rebuilt = rebuild(notebook, assignment)
        rebuilt.metadata["course"]["record"] = record.number
        plain = nbformat.writes(rebuilt)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own: it flushes a session later
            self._grades(record, handed_in)
        course = self.cohort / "nbgrader"
        write(course / "submitted" / trainee / assignment / f"{assignment}.ipynb", plain)
        show(rebuilt, record)
        write(notebook_path(self.cohort, trainee, assignment), nbformat.writes(rebuilt))

    def _grades(self, record: Record, handed_in: datetime) -> None:
        trainee, assignment = record.trainee, record.assignment
        try:
            self.gradebook.find_student(trainee)
        except MissingEntry:
            self.gradebook.add_student(trainee)
        when = handed_in.astimezone(UTC).replace(tzinfo=None)
        submission = self.gradebook.update_or_create_submission(assignment, trainee, timestamp=when)
        same_text = _same_text(self.cohort, record)
        (entered,) = submission.notebooks
        for grade in entered.grades:
            points = record.points.get(grade.cell.name.removeprefix(f"{assignment}-"))
            grade.auto_score = points
            if grade.manual_score is None:
                grade.needs_manual_grade = points is None
            elif not same_text:
                grade.needs_manual_grade = True  # as nbgrader has it: a person looks at the new one, too
        self.gradebook.db.commit()


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
