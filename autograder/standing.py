"""Who stands where: each trainee of the roster in each assignment, from the first attempt to the mark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.collect import attempt_files, attempts
from autograder.collect.standing import standings
from autograder.errors import CourseError
from autograder.gradebook import Detail, Mark, judged
from autograder.markings import Marking, markings
from autograder.markings import standing as counting
from autograder.records import Record, entered
from autograder.rules import Rules, load_rules

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
    levels : mapping
        Question to what a person gave for each row of its rubric, as a share of the row's points.
    void : int
        Attempts that do not count by the rules: too late, or one too many.
    """

    trainee: Trainee
    assignment: str
    times: tuple[datetime, ...]
    mark: Mark | None = None
    details: tuple[Detail, ...] = ()
    record: Record | None = None
    levels: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    void: int = 0

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
    lines, rules = [], load_rules(cohort.path)
    for trainee in cohort.roster().values():
        for assignment in assignments():
            times = tuple(sorted(_when(path) for path in attempt_files(cohort, trainee.id, assignment)))
            mark, found = marked.get((trainee.id, assignment), (None, []))
            record = entered(cohort.path, trainee.id, assignment) if mark else None
            levels = _levels(cohort, mark, found, problems) if mark else {}
            void = _void(cohort, trainee.id, assignment, rules) if times else 0
            lines.append(Line(trainee, assignment, times, mark, tuple(found), record, levels, void))
    return lines


@dataclass(frozen=True)
class Deadline:
    """When an assignment is due: the last moment that is on time, and the date as the class reads it."""

    last: datetime
    shown: str


def deadlines(cohort: Cohort) -> dict[str, Deadline]:
    """The deadlines that the class has set, by assignment."""
    rules = load_rules(cohort.path)
    found = {name: rules.of(name) for name in assignments()}
    return {
        name: Deadline(rule.deadline + rule.grace, rules.shown(rule.deadline))
        for name, rule in found.items()
        if rule.deadline
    }


def _levels(
    cohort: Cohort, mark: Mark, found: Sequence[Detail], problems: list[str]
) -> dict[str, Mapping[str, float]]:
    """The rubric's rows of the marks that a person gave and that stand."""
    try:
        given = markings(cohort.path, mark.assignment)
    except CourseError as error:  # a damaged line: the marks are in the gradebook all the same
        if error.message not in problems:
            problems.append(error.message)
        return {}
    by_hand: dict[str, Marking | None] = {
        detail.question: counting(given.get((mark.trainee, detail.question), []), detail.points)
        for detail in found
        if detail.manual and not detail.waiting
    }
    return {question: marking.levels for question, marking in by_hand.items() if marking and marking.levels}


def _void(cohort: Cohort, trainee: str, assignment: str, rules: Rules) -> int:
    """How many attempts do not count."""
    rule = rules.of(assignment)
    if rule.attempts is None and not rule.refuse:
        return 0
    try:
        return sum(not found.counts for found in standings(attempts(cohort, trainee, assignment), rules))
    except CourseError:  # a damaged attempt; grading says so
        return 0


def _when(path: Path) -> datetime:
    """When an attempt came in, by the receipt beside it, else by its file."""
    try:
        when = datetime.fromisoformat(json.loads(path.with_suffix(".json").read_text("utf-8"))["handed_in"])
    except (OSError, ValueError, TypeError, KeyError):
        when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return when if when.tzinfo else when.replace(tzinfo=UTC)
