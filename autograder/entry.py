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
from typing import Any, Self

import nbformat
from nbgrader.api import Grade, Gradebook, MissingEntry
from sqlalchemy.exc import SAWarning

from autograder.errors import CourseError
from autograder.files import write
from autograder.gradebook import hold, open_gradebook
from autograder.judge_cells import show
from autograder.markings import fingerprint, markings, standing
from autograder.records import Record, entered_number, history, notebook_path, read
from autograder.submission import rebuild


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
        (entered,) = submission.notebooks
        hold(self.gradebook, Grade.notebook_id == entered.id)  # a person may be marking it
        for grade in entered.grades:
            question = grade.cell.name.removeprefix(f"{assignment}-")
            points = record.points.get(question)
            grade.auto_score = points
            if grade.manual_score is None:
                grade.needs_manual_grade = points is None
            else:  # a person looks at another answer, too, as nbgrader has it
                grade.needs_manual_grade = self._marked_otherwise(record, question, grade)
        self.gradebook.db.commit()

    def _marked_otherwise(self, record: Record, question: str, grade: Any) -> bool:
        """Whether the mark that a person gave for a question was for another answer than the record's."""
        given = record.answers.get(question)
        found = markings(self.cohort, record.assignment).get((record.trainee, question), [])
        mark = standing(found, grade.manual_score)
        if mark is not None:
            return mark.answer != fingerprint(given)
        # given in nbgrader's own pages, outside of `course review`: for the answer that was entered then
        try:
            before = _entered_answers(self.cohort, record, question)
        except CourseError:  # a damaged record
            return True
        return bool(grade.needs_manual_grade) or any(answer != given for answer in before)


def _entered_answers(cohort: Path, record: Record, question: str) -> list[Any]:
    """The answer that nbgrader has so far; if that cannot be known, all that it may have."""
    number = entered_number(cohort, record.trainee, record.assignment)
    before = history(cohort, record.trainee, record.assignment)[: record.number]
    if number:
        before = before[number - 1 : number]
    return [read(path).answers.get(question) for path in before]
