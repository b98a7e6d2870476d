"""The answers of a hand-in, as stage one found them: COHORT/answers/<trainee>/<assignment>.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.files import write


@dataclass(frozen=True)
class Record:
    """Answers that were taken from a hand-in, with the SHA-256 of its notebook and when it was graded."""

    trainee: str
    assignment: str
    answers: dict[str, Any]
    attempt: str
    graded_at: str
    problems: list[str]


def record_path(cohort: Path, trainee: str, assignment: str) -> Path:
    """Where the record of a hand-in lies."""
    return Path(cohort) / "answers" / trainee / f"{assignment}.json"


def write_record(cohort: Path, record: Record) -> Path:
    """Write a record, whole or not at all."""
    content = json.dumps(asdict(record), ensure_ascii=False, indent=1, allow_nan=False)
    return write(record_path(cohort, record.trainee, record.assignment), content)


def read_record(cohort: Path, trainee: str, assignment: str) -> Record:
    """Read a record; CourseError if there is none or it is damaged."""
    path = record_path(cohort, trainee, assignment)
    try:
        return Record(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise CourseError(f"{path}: is not there; run course grade first") from None
    except (ValueError, TypeError) as error:
        raise CourseError(f"{path}: is damaged ({error}); run course grade again") from None
