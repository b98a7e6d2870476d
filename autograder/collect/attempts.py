"""The attempts of a class on the disk: COHORT/attempts/<trainee>/<assignment>/<number>-<hash>.ipynb.

Beside each notebook lies a note that says when it was handed in and which files brought it. The notebook is
written last: with it the attempt is there. It is never changed; a note only learns of further files that
brought the same work, and of an earlier time at which it was handed in.

Attempts are in order of the time at which they were handed in, so that it makes no difference in which order
files are collected, or how often.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat

from autograder.cohort import Cohort
from autograder.errors import CourseError

COLLECTED = "collected"  # the time is that of collecting: nobody else said when


@dataclass(frozen=True)
class Brought:
    """A file that brought an attempt: its hash, and when it was sent if each sending has its own time."""

    sha256: str
    sent: str = ""


@dataclass(frozen=True)
class Attempt:
    """An accepted notebook in the cohort folder.

    Attributes
    ----------
    trainee, assignment : str
    number : int
        In order of taking in.
    sha256 : str
        Of the notebook.
    path : Path
    handed_in : datetime
        When, as far as anybody but the trainee can say.
    collected : datetime
        When it was taken in first.
    time_by : str
        Who says so: the key of the words.
    made : str
        When the trainee's own machine says that it was made; decides between attempts of the same time.
    same_as : int
        Number of an earlier attempt with the same content; 0 if there is none.
    brought : tuple of Brought
    """

    trainee: str
    assignment: str
    number: int
    sha256: str
    path: Path
    handed_in: datetime
    collected: datetime
    time_by: str = COLLECTED
    made: str = ""
    same_as: int = 0
    brought: tuple[Brought, ...] = field(default=(), repr=False)

    @property
    def order(self) -> tuple[datetime, str, int]:
        """What attempts are sorted by."""
        return self.handed_in, self.made, self.number

    def read(self) -> nbformat.NotebookNode:
        """The notebook as handed in."""
        notebook: nbformat.NotebookNode = nbformat.from_dict(json.loads(self.path.read_text("utf-8")))
        return notebook


def attempts(cohort: Cohort, trainee: str, assignment: str) -> list[Attempt]:
    """All attempts of a trainee at an assignment, oldest first; CourseError if one was changed."""
    found = []
    for path in attempt_files(cohort, trainee, assignment):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        number, _, short = path.stem.partition("-")
        if not digest.startswith(short):
            raise CourseError(f"{path}: was changed after it was handed in; restore it from a copy")
        dated = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        found.append(_with_note(Attempt(trainee, assignment, int(number), digest, path, dated, dated)))
    return sorted(found, key=lambda attempt: attempt.order)


def attempt_files(cohort: Cohort, trainee: str, assignment: str) -> list[Path]:
    """The files of the attempts, unread and in no order."""
    return list((cohort.path / "attempts" / trainee / assignment).glob("[0-9][0-9][0-9]*-*.ipynb"))


def note_of(attempt: Attempt) -> dict[str, Any]:
    """What the note beside an attempt says."""
    return {
        "number": attempt.number,
        "sha256": attempt.sha256,
        "handed_in": attempt.handed_in.isoformat(),
        "time_by": attempt.time_by,
        "made": attempt.made,
        "collected": attempt.collected.isoformat(),
        "same_as": attempt.same_as,
        "brought": [[file.sha256, file.sent] for file in attempt.brought],
    }


def _with_note(attempt: Attempt) -> Attempt:
    """The attempt with what its note says; without a note its file's own date has to do."""
    path = attempt.path.with_suffix(".json")
    try:
        note = json.loads(path.read_text("utf-8"))
        return replace(
            attempt,
            handed_in=_moment(note["handed_in"]),
            collected=_moment(note["collected"]),
            time_by=str(note["time_by"]),
            made=str(note["made"]),
            same_as=int(note["same_as"]),
            brought=tuple(Brought(str(sha256), str(sent)) for sha256, sent in note["brought"]),
        )
    except FileNotFoundError:
        return attempt
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(f"{path}: is damaged ({type(error).__name__}); restore it from a copy") from None


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
