"""Marks that people gave, a line each: COHORT/reviews/<assignment>.jsonl.

A line is never changed; another mark, or a second person's, is another line. nbgrader's gradebook is what
counts; these lines say who gave what there, and when, and hold the second marks, which do not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.files import append

FIRST, SECOND, SETTLED = (
    "first",
    "second",
    "settled",
)  # the mark, another person's, what ends their difference


@dataclass(frozen=True)
class Marking:
    """One mark by one person.

    Attributes
    ----------
    trainee, assignment, question : str
        For which answer.
    role : str
        `FIRST`, `SECOND` or `SETTLED`.
    grader : str
        Who.
    at : str
        When, ISO 8601.
    points : float or None
        None takes a mark back.
    levels : dict
        Criterion of the rubric to the share that was given, of `linelab.cases.questions.LEVELS`; empty for a
        mark that was given as points alone.
    comment : str
        What the trainee reads beside the mark.
    answer : str
        `fingerprint` of the answer that was marked: the mark is for that answer and no other.
    version : str
        Of the exercise and its rubric.
    """

    trainee: str
    assignment: str
    question: str
    role: str
    grader: str
    at: str
    points: float | None
    levels: dict[str, float] = field(default_factory=dict)
    comment: str = ""
    answer: str = ""
    version: str = ""


Key = tuple[str, str]  # trainee, question


def append_marking(cohort: Path, marking: Marking) -> None:
    """Add a mark to the lines of its assignment; it is on the disk when this returns."""
    append(
        _file(cohort, marking.assignment), json.dumps(asdict(marking), ensure_ascii=False, allow_nan=False)
    )


def markings(cohort: Path, assignment: str) -> Mapping[Key, list[Marking]]:
    """All marks of an assignment, oldest first, by trainee and question; CourseError names a damaged line."""
    file = _file(cohort, assignment)
    try:
        about = file.stat()
    except FileNotFoundError:
        return {}
    return _read(file, about.st_mtime_ns, about.st_size)


def standing(found: list[Marking], points: float | None) -> Marking | None:
    """The line that the gradebook's mark comes from; None if it was entered by another program."""
    last = next((m for m in reversed(found) if m.role != SECOND), None)
    return last if last is not None and points is not None and last.points == points else None


def fingerprint(answer: Any) -> str:
    """Which answer: the same for equal answers and for no others."""
    content = json.dumps(answer, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def folded(grader: str) -> str:
    """A grader's name as it is compared: one person's, however it is typed."""
    return " ".join(grader.split()).casefold()


def same_person(one: str, other: str) -> bool:
    """Whether two graders' names are one person's."""
    return folded(one) == folded(other)


def _file(cohort: Path, assignment: str) -> Path:
    return Path(cohort) / "reviews" / f"{assignment}.jsonl"


@lru_cache(maxsize=32)
def _read(file: Path, _changed: int, _size: int) -> Mapping[Key, list[Marking]]:
    text = file.read_text("utf-8")
    found: dict[Key, list[Marking]] = {}
    for number, line in enumerate(text[: text.rfind("\n") + 1].split("\n")[:-1], 1):
        try:
            marking = Marking(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise CourseError(f"{file}: line {number}: is damaged ({error}); remove this line") from None
        found.setdefault((marking.trainee, marking.question), []).append(marking)
    return found
