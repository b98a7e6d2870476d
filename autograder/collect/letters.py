"""What the instructor can send on to a trainee: COHORT/receipts/<trainee>.txt, in the trainee's language.

It says what became of the files that were collected last, and which attempts there are. It is made anew each
time that something of the trainee is collected; receipts.csv keeps the whole course of events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.cohort import Cohort, Trainee
from autograder.collect.receipts import Receipt
from autograder.collect.standing import Standing, marked, span
from autograder.collect.words import note
from autograder.files import write
from autograder.rules import Rules
from linelab.trainees import written

# faults of the cohort folder, and names that may be other people's
FOR_THE_INSTRUCTOR = {"collect.detail", "collect.whose_differs"}


def write_letter(
    cohort: Cohort,
    trainee: Trainee,
    receipts: Sequence[Receipt],
    kept: Sequence[Sequence[Standing]],
    rules: Rules,
    now: str,
) -> Path:
    """Write a trainee's receipt.

    Parameters
    ----------
    cohort : Cohort
        The class.
    trainee : Trainee
        Whose receipt, in whose language.
    receipts : sequence of Receipt
        Of what was collected of the trainee this time.
    kept : sequence of sequences of Standing
        The attempts of each assignment, in order.
    rules : Rules
        The rules that the attempts stand by.
    now : str
        The time of collecting, as the class reads it.
    """
    lines = _lines(cohort, trainee, receipts, kept, rules, now)
    # Windows' editor has shown these line ends for longest, and knows UTF-8 by the mark at its start
    content = "\r\n".join(lines) + "\r\n"
    return write(cohort.path / "receipts" / f"{trainee.id}.txt", content, "utf-8-sig", sync=False)


def _lines(
    cohort: Cohort,
    trainee: Trainee,
    receipts: Sequence[Receipt],
    kept: Sequence[Sequence[Standing]],
    rules: Rules,
    now: str,
) -> Iterator[str]:
    def say(key: str, **values: Any) -> str:
        return note(f"letter_{key}", **values).text(trainee.language)

    yield say("title", trainee=written(trainee.id), cohort=cohort.path.name, edition=cohort.edition)
    yield say("made", when=now, zone=rules.zone.key)
    yield ""
    yield say("files")
    for receipt in receipts:
        name = receipt.file.rpartition("›")[2].strip().rpartition("/")[2]
        if any(line.key in FOR_THE_INSTRUCTOR for line in receipt.done):
            name = "…"
        what = f"{receipt.assignment}, " if receipt.assignment else ""
        number = say("number", number=receipt.number) if receipt.number else ""
        yield f"- {name}: {what}{say(receipt.status)}{number}"
        for line in (*receipt.why, *receipt.done):
            if line.key not in FOR_THE_INSTRUCTOR:
                yield f"  {line.text(trainee.language)}"
    for found in kept:
        if not found:
            continue
        assignment = found[0].attempt.assignment
        deadline = rules.of(assignment).deadline
        yield ""
        yield say("kept", assignment=assignment) + (
            say("due", deadline=rules.shown(deadline)) if deadline else ""
        )
        for standing in found:
            yield f"- {_attempt(standing, standing is marked(found), rules, trainee.language)}"
            yield f"  SHA-256 {standing.attempt.sha256}"


def _attempt(standing: Standing, is_marked: bool, rules: Rules, language: str) -> str:
    def say(key: str, **values: Any) -> str:
        return note(f"letter_{key}", **values).text(language)

    attempt = standing.attempt
    by = note(f"time_{attempt.time_by}")
    parts = [say("attempt", number=attempt.number, when=rules.shown(attempt.handed_in), by=by)]
    if attempt.same_as:
        parts.append(say("same_as", number=attempt.same_as))
    if standing.late:
        parts.append(say("late", late=span(standing.late)))
    elif rules.of(attempt.assignment).deadline:
        parts.append(say("on_time"))
    if not standing.counts:
        parts.append(say("not_counted"))
    elif standing.lost:
        parts.append(say("lost", percent=f"{100 * standing.lost:g}"))
    if is_marked:
        parts.append(say("marked"))
    return ", ".join(parts)
