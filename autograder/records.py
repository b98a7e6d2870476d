"""What grading found, one record each time: COHORT/answers/<trainee>/<assignment>/<number>.json.

A record holds all that a mark rests on: the answers, the points with their reasons, and what is needed to
come to them again. It is never changed; grading again adds another. nbgrader's gradebook is filled from it.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.files import write

Reason = dict[str, Any]  # {"vi", "en", "points", "max"}
Problem = dict[str, str]  # {"vi", "en"}


@dataclass(frozen=True)
class Record:
    """One grading of one hand-in.

    Attributes
    ----------
    trainee, assignment : str
        Whose, and which.
    answers : dict
        Question id to value, as the notebook recorded it.
    attempt : str
        SHA-256 of the notebook.
    graded_at : str
        When, ISO 8601.
    problems : list of dict
        What happened as the notebook ran, in both languages; the trainee reads it, too.
    points : dict
        Question id to automatic points; None where a person has to mark.
    reasons : dict
        Question id to the reasons that its test gave.
    faults : list of str
        Hidden tests that are broken; such a question has no points until the test is mended.
    late : float
        Share of the points that is lost to lateness.
    remarks : list of dict
        What the trainee should know of it, and of attempts that do not count, in each language.
    trace : dict
        Version of the exercise, edition, hidden seeds, versions of Python and the packages, who graded.
    number : int
        1 for the first grading of this trainee and assignment.
    """

    trainee: str
    assignment: str
    answers: dict[str, Any]
    attempt: str
    graded_at: str
    problems: Sequence[Problem | str]  # a line of an older record is in English alone
    points: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, list[Reason]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    late: float = 0.0
    remarks: list[dict[str, str]] = field(default_factory=list)
    trace: dict[str, Any] = field(default_factory=dict)
    number: int = 0


def in_language(problem: Problem | str, language: str) -> str:
    """A line of what happened; one of an older record is there in English only."""
    return problem if isinstance(problem, str) else problem[language]


def history(cohort: Path, trainee: str, assignment: str) -> list[Path]:
    """The files of all records, oldest first."""
    return sorted(
        (Path(cohort) / "answers" / trainee / assignment).glob("[0-9][0-9][0-9]*.json"), key=_number
    )


def write_record(cohort: Path, record: Record) -> Record:
    """Add a record, whole or not at all; it comes back with its number."""
    before = history(cohort, record.trainee, record.assignment)
    numbered = replace(record, number=_number(before[-1]) + 1 if before else 1)
    folder = Path(cohort) / "answers" / record.trainee / record.assignment
    content = json.dumps(asdict(numbered), ensure_ascii=False, indent=1, allow_nan=False)
    write(folder / f"{numbered.number:03d}.json", content)
    return numbered


def read_record(cohort: Path, trainee: str, assignment: str) -> Record:
    """The newest record; CourseError if there is none or it is damaged."""
    found = history(cohort, trainee, assignment)
    if not found:
        raise CourseError(f"{trainee} {assignment}: there are no marks yet; run course grade first")
    return read(found[-1])


def read(path: Path) -> Record:
    """Read one record; CourseError if it is damaged."""
    try:
        return Record(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(f"{path}: is damaged ({error}); remove it and run course grade again") from None


def notebook_path(cohort: Path, trainee: str, assignment: str) -> Path:
    """The notebook that formgrader shows; it names the record that it was made from."""
    return Path(cohort) / "nbgrader" / "autograded" / trainee / assignment / f"{assignment}.ipynb"


def entered_number(cohort: Path, trainee: str, assignment: str) -> int | None:
    """The record that nbgrader has; None if it has none, 0 if its notebook is damaged."""
    try:
        text = notebook_path(cohort, trainee, assignment).read_text("utf-8")
        return int(json.loads(text)["metadata"]["course"]["record"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError):
        return 0


def entered(cohort: Path, trainee: str, assignment: str) -> Record:
    """The newest record; CourseError if it was not entered in nbgrader to the end."""
    record = read_record(cohort, trainee, assignment)
    if entered_number(cohort, trainee, assignment) != record.number:
        raise CourseError(f"{trainee} {assignment}: grading was interrupted; run course grade again")
    return record


def operator() -> str:
    """Who is at work here: the login name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user number without a name, as in a container
        return "unknown"


def _number(path: Path) -> int:
    return int(path.stem)
