"""The free-text answers of a cohort, with the marks that people gave them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Assignment, BaseCell, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook

from autograder.assignments import assignments
from autograder.gradebook import open_gradebook
from autograder.markings import FIRST, SECOND, SETTLED, Marking, markings, same_person, standing
from autograder.settings import gradebook_url
from linelab.cases import load
from linelab.cases.questions import Question


@dataclass(frozen=True)
class Answer:
    """A free text that a person has to mark or has marked.

    Attributes
    ----------
    notebook : str
        nbgrader's id of the hand-in, which says nothing about the trainee.
    trainee, assignment, question : str
        Whose, and which.
    waiting : bool
        Whether no mark counts yet: there was none, or it was for another text.
    points : float or None
        The mark that counts, as nbgrader's gradebook has it; None while it waits.
    mark : Marking or None
        The line that this mark comes from; None while it waits, or if it was entered outside of
        `course review`.
    first, second : Marking or None
        The newest marks that two persons gave this text independently.
    """

    notebook: str
    trainee: str
    assignment: str
    question: str
    waiting: bool
    points: float | None
    mark: Marking | None = None
    first: Marking | None = None
    second: Marking | None = None

    @property
    def settled(self) -> bool:
        """Whether a person has ended a difference of the first and the second mark."""
        return self.mark is not None and self.mark.role == SETTLED


def texts(assignment: str) -> list[Question]:
    """The questions of an assignment that a person marks."""
    return [question for question in load(assignment).questions.values() if question.kind == "text"]


def reviewed(cohort: Any) -> list[Answer]:
    """All free texts that were handed in, by assignment, question and trainee; what is empty needs nobody.

    Parameters
    ----------
    cohort : Cohort or path
        Anything with a `path`, or the folder itself.
    """
    folder = Path(getattr(cohort, "path", cohort)).resolve()
    url = gradebook_url(folder)
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite:///")).is_file():
        return []
    with open_gradebook(folder) as gradebook:
        return [answer for name in assignments() for answer in _answers(folder, gradebook, name)]


def answers_to(cohort: Path, assignment: str, question: str) -> list[Answer]:
    """The texts that were handed in for one question."""
    with open_gradebook(cohort) as gradebook:
        return [a for a in _answers(cohort, gradebook, assignment) if a.question == question]


def _answers(folder: Path, gradebook: Gradebook, assignment: str) -> Iterator[Answer]:
    cells = {f"{assignment}-{question.id}": question.id for question in texts(assignment)}
    columns = (SubmittedNotebook.id, SubmittedAssignment.student_id, BaseCell.name, Grade.manual_score)
    rows = (
        gradebook.db.query(*columns, Grade.needs_manual_grade)
        .select_from(Grade)
        .join(BaseCell, BaseCell.id == Grade.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == Grade.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        # judging gives an empty text its 0 points; one that a person is to mark, none
        .filter(Assignment.name == assignment, BaseCell.name.in_(cells), Grade.auto_score.is_(None))
        .order_by(BaseCell.name, SubmittedAssignment.student_id)
    )
    lines = markings(folder, assignment)
    for notebook, trainee, cell, points, waiting in rows:
        question = cells[cell]
        found = lines.get((trainee, question), [])
        mark = None if waiting else standing(found, points)
        first, second = _independent(found, mark)
        yield Answer(
            notebook, trainee, assignment, question, waiting, None if waiting else points, mark, first, second
        )


def _independent(found: list[Marking], mark: Marking | None) -> tuple[Marking | None, Marking | None]:
    """The newest first and second mark for the text that the mark in force is for."""
    if mark is None:
        return None, None
    same = [m for m in reversed(found) if m.answer == mark.answer and m.points is not None]
    first = next((m for m in same if m.role == FIRST), None)
    if first is None:
        return None, None
    second = (m for m in same if m.role == SECOND and not same_person(m.grader, first.grader))
    return first, next(second, None)
