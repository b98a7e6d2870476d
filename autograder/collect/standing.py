"""How attempts stand by the rules of the class: late or not, one too many or not, and which one is marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from autograder.collect.attempts import Attempt
from autograder.collect.words import Note, note
from autograder.rules import Rule, Rules
from linelab.texts import LANGUAGES


@dataclass(frozen=True)
class Standing:
    """An attempt by the rules.

    Attributes
    ----------
    attempt : Attempt
    late : timedelta
        How much after the deadline; zero if on time.
    lost : float
        Share of the points that this costs.
    counts : bool
        Whether it may be marked; if not, it is one too many, or too late.
    is_extra : bool
        It is one too many.
    """

    attempt: Attempt
    late: timedelta
    lost: float
    counts: bool
    is_extra: bool

    def notes(self, rules: Rules) -> list[Note]:
        """What is to be said of it; nothing if there is no deadline and it counts."""
        said = []
        rule = rules.of(self.attempt.assignment)
        if rule.deadline is not None:
            said.append(self._time(rules, rule))
        if self.is_extra:
            said.append(note("extra", limit=rule.attempts))
        return said

    def _time(self, rules: Rules, rule: Rule) -> Note:
        assert rule.deadline is not None
        times = {"when": rules.shown(self.attempt.handed_in), "by": note(f"time_{self.attempt.time_by}")}
        if not self.late:
            return note("on_time", **times)
        times |= {"late": span(self.late), "deadline": rules.shown(rule.deadline)}
        if rule.refuse:
            return note("late_refused", **times)
        return note("late", percent=f"{100 * self.lost:g}", **times)


def standings(attempts: Sequence[Attempt], rules: Rules) -> list[Standing]:
    """All attempts of a trainee at one assignment by the rules, in the order of the attempts.

    What is refused as late is none of the attempts that are counted.
    """
    found: list[Standing] = []
    for attempt in attempts:
        rule = rules.of(attempt.assignment)
        late = rule.lateness(attempt.handed_in)
        refused = bool(late) and rule.refuse
        so_far = sum(standing.counts for standing in found)
        is_extra = not refused and rule.attempts is not None and so_far >= rule.attempts
        lost = 0.0 if refused else rule.lost(attempt.handed_in) if late else 0.0
        found.append(Standing(attempt, late, lost, not refused and not is_extra, is_extra))
    return found


def marked(found: Sequence[Standing]) -> Standing | None:
    """The one that is marked: the last that counts."""
    return next((standing for standing in reversed(found) if standing.counts), None)


def remarks(found: Sequence[Standing], rules: Rules) -> list[dict[str, str]]:
    """What the trainee should know beside the mark, in both languages: lateness, what does not count."""
    chosen = marked(found)
    if chosen is None:
        said = [line for standing in found[-1:] for line in standing.notes(rules)]
    else:
        rule, number = rules.of(chosen.attempt.assignment), chosen.attempt.number
        said = chosen.notes(rules) if chosen.late else []
        if extra := sum(standing.is_extra for standing in found):
            said.append(note("remark_extra", limit=rule.attempts, count=extra, number=number))
        if too_late := sum(not standing.counts and not standing.is_extra for standing in found):
            said.append(note("remark_refused", count=too_late, number=number))
    return [{language: line.text(language) for language in LANGUAGES} for line in said]


def span(late: timedelta) -> Note:
    """A time of lateness in two units."""
    minutes = max(1, round(late.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return note("span_days", days=days, hours=hours)
    if hours:
        return note("span_hours", hours=hours, minutes=minutes % 60)
    return note("span_minutes", minutes=minutes)
