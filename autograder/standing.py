"""Who stands where: each trainee of the roster in each assignment, from the first attempt to the mark."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.collect import attempt_files
from autograder.gradebook import Detail, Mark, judged
from autograder.records import Record, entered

PASS = 60  # percent, for the colours here; what a certificate needs is said by its rules


@dataclass(frozen=True)
class Line:
    """A trainee's standing in one assignment.

    Attributes
    ----------
    times : tuple of datetime
        When the attempts came in, oldest first.
    mark, record : Mark, Record or None
        None as long as nothing is graded to its end.
    details : list of Detail
        The questions; empty without a mark.
    """

    trainee: Trainee
    assignment: str
    times: tuple[datetime, ...]
    mark: Mark | None = None
    details: tuple[Detail, ...] = ()
    record: Record | None = None

    @property
    def attempts(self) -> int:
        return len(self.times)

    @property
    def share(self) -> float | None:
        """Share of the points, 0 to 1, of a mark that is final."""
        if self.mark is None or not self.mark.complete or not self.mark.max_points:
            return None
        return self.mark.points / self.mark.max_points

    @property
    def state(self) -> tuple[str, str]:
        """Colour and the key of the words."""
        if self.mark is None:
            return ("none", "missing") if not self.times else ("part", "ungraded")
        if self.share is None:
            return "part", "waiting"
        return ("good", "passed") if 100 * self.share >= PASS - 1e-9 else ("bad", "below")


def standing(cohort: Cohort, problems: list[str]) -> list[Line]:
    """All lines, by roster and assignment; what grading did not bring to its end, into `problems`."""
    marked = {(mark.trainee, mark.assignment): (mark, found) for mark, found in judged(cohort, problems)}
    lines = []
    for trainee in cohort.roster().values():
        for assignment in assignments():
            times = tuple(sorted(_when(path) for path in attempt_files(cohort, trainee.id, assignment)))
            mark, found = marked.get((trainee.id, assignment), (None, []))
            record = entered(cohort.path, trainee.id, assignment) if mark else None
            lines.append(Line(trainee, assignment, times, mark, tuple(found), record))
    return lines


def _when(path: Path) -> datetime:
    """When an attempt came in, by the receipt beside it, else by its file."""
    try:
        when = datetime.fromisoformat(json.loads(path.with_suffix(".json").read_text("utf-8"))["handed_in"])
    except (OSError, ValueError, TypeError, KeyError):
        when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
