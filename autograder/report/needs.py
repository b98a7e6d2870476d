"""Who needs help now, by rules that the page states in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from autograder.standing import PASS, Line

FALL = 0.2  # of the points, below the mean of the marks before
PATIENCE = timedelta(days=7)  # that a trainee waits for a mark
RULES = ("missing", "below", "falling", "waiting")
VALUES = {"mark": PASS, "fall": round(100 * FALL), "days": PATIENCE.days}


@dataclass(frozen=True)
class Need:
    """Why a trainee needs help: the rule, and in which assignment."""

    rule: str
    assignment: str


def needs(
    lines: Sequence[Line], now: datetime, due: Mapping[str, datetime] | None = None
) -> dict[str, list[Need]]:
    """Trainee to what speaks for helping now.

    Parameters
    ----------
    lines : sequence of Line
        The standing of a cohort.
    now : datetime
        Today.
    due : mapping, optional
        Deadlines by assignment. Where there is none, an assignment is missing once half of the class has
        handed it in.
    """
    late = {x.assignment for x in lines if _is_due(x.assignment, lines, now, due or {})}
    found: dict[str, list[Need]] = {}
    by_trainee: dict[str, list[Line]] = {}
    for line in lines:
        by_trainee.setdefault(line.trainee.id, []).append(line)
    for trainee, own in by_trainee.items():
        reasons = [Need("missing", x.assignment) for x in own if not x.times and x.assignment in late]
        reasons += [Need("below", x.assignment) for x in own if x.state[1] == "below"]
        marked = [(x.assignment, x.share) for x in own if x.share is not None]
        if len(marked) > 1:
            (last, share), before = marked[-1], [s for _, s in marked[:-1]]
            if sum(before) / len(before) - share >= FALL - 1e-9:
                reasons.append(Need("falling", last))
        reasons += [
            Need("waiting", x.assignment)
            for x in own
            if x.times and x.share is None and now - x.times[-1] > PATIENCE
        ]
        if reasons:
            found[trainee] = reasons
    return found


def _is_due(assignment: str, lines: Sequence[Line], now: datetime, due: Mapping[str, datetime]) -> bool:
    if assignment in due:
        return now > due[assignment]
    own = [bool(x.times) for x in lines if x.assignment == assignment]
    return any(own) and 2 * sum(own) >= len(own)
