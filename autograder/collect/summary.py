"""What the operator reads at the end of collecting: how many of what, and of whom nothing has come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.collect.attempts import attempt_files
from autograder.collect.receipts import Receipt
from autograder.collect.words import one_line
from autograder.errors import CourseError
from autograder.rules import load_rules
from linelab.trainees import written

NAMED = 20  # trainees in a line; of a large class the rest is counted


def moment(cohort: Cohort, stated: str) -> datetime | None:
    """A time that the operator states, meant in the zone of the class; CourseError if it is none."""
    if not stated:
        return None
    try:
        found = load_rules(cohort.path).moment(stated)
    except ValueError:
        raise CourseError(
            f"--handed-in: {stated!r} is no time; write 2027-01-15 or '2027-01-15 17:00'"
        ) from None
    if found.date() > datetime.now(UTC).date():
        raise CourseError(f"--handed-in: {stated!r} is still to come; give a time that has passed")
    return min(found, datetime.now(UTC))


def summary(cohort: Cohort, receipts: Sequence[Receipt], passed: Sequence[str]) -> Iterator[str]:
    """Lines for the terminal; the last one counts."""
    if passed:
        shown = one_line(", ".join(list(dict.fromkeys(passed))[:3]))
        yield f"passed over {len(passed)} files that are no hand-ins, such as {shown}"
    rules, roster = load_rules(cohort.path), cohort.roster()
    by_now = sum(r.status == "accepted" and r.time_by == "collected" and is_late(r) for r in receipts)
    if by_now:
        yield (
            f"{by_now} count as late by the time of collecting; if they had been handed in before, "
            "collect them again with --handed-in TIME"
        )
    doubted = sum(any(note.key == "collect.whose_differs" for note in r.done) for r in receipts)
    if doubted:
        yield f"{doubted} with the number of one trainee and the name of another; ask whose work it is"
    now = datetime.now(UTC)
    for assignment in assignments():
        deadline = rules.of(assignment).deadline
        if deadline is None or deadline > now:
            continue
        missing = [t for t in roster.values() if not attempt_files(cohort, t.id, assignment)]
        if missing:
            more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
            names = ", ".join(map(_called, missing[:NAMED]))
            yield (
                f"{assignment}, due {rules.shown(deadline)}: nothing from {len(missing)} of {len(roster)}: "
                f"{names}{more}"
            )
    states = ("accepted", "duplicate", "rejected")
    yield ", ".join(f"{sum(r.status == state for r in receipts)} {state}" for state in states)


def is_late(receipt: Receipt) -> bool:
    """Whether it was handed in after the deadline."""
    return any(note.key in ("collect.late", "collect.late_refused") for note in receipt.why)


def _called(trainee: Trainee) -> str:
    return f"{written(trainee.id)} {trainee.name}".rstrip()
