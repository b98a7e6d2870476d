"""Decisions: a decider's signed yes or no to what the rules say about a trainee's records.

The rules only advise; whether the decider may decide, `permit.py` says. A batch goes onto the ledger at
once, and one signature stands under each decision.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from autograder.certify import letters, rulebook
from autograder.certify.book import Book
from autograder.certify.chain import Draft, Entry, Signer
from autograder.certify.dates import months_later
from autograder.certify.explain import Outcome, explain, explain_facts
from autograder.certify.facts import Facts
from autograder.certify.rules import Level, Rules
from autograder.errors import CourseError


@dataclass(frozen=True)
class Case:
    """A certificate that can be granted to a trainee now."""

    trainee: str
    outcome: Outcome


@dataclass
class Docket:
    """What is before the decider: what can be granted, and why the rest cannot."""

    rules: Rules
    time: str
    cases: list[Case] = field(default_factory=list)
    barred: list[tuple[Case, str]] = field(default_factory=list)  # this decider may not decide
    open: list[Case] = field(default_factory=list)  # the rules are not met


def docket(
    book: Book,
    trainees: Iterable[str],
    wanted: Callable[[Outcome], bool],
    decider: str,
    again: bool = False,
) -> Docket:
    """Return what `decider` can grant to these trainees, of the certificates that are wanted.

    What was refused or revoked before is granted only with `again`, unless an appeal was upheld: a batch must
    not undo it.
    """
    book.catch_up()
    found = Docket(rulebook.current(book), book.now())
    for trainee in trainees:
        facts = Facts(book.history.records(trainee), found.time)
        for outcome in explain_facts(facts, found.rules):
            if not wanted(outcome) or (outcome.holds and not outcome.renews):
                continue
            case = Case(trainee, outcome)
            if not outcome.due:
                found.open.append(case)
                continue
            undone = "" if again else _turned_down(facts, outcome.target)
            reason = undone or book.refuses(draft(book, found, case), decider)
            if reason:
                found.barred.append((case, reason))
            else:
                found.cases.append(case)
    return found


def grant(book: Book, found: Docket, signer: Signer) -> list[Entry]:
    """Sign and record the decisions: all of them, or, if one is refused, none."""
    return book.append_all([draft(book, found, case) for case in found.cases], signer)


def refuse(book: Book, trainee: str, target: str, reason: str, signer: Signer) -> Entry:
    """Sign and record that a trainee does not get a certificate; the text of the reason stays outside."""
    book.catch_up()
    rules, now = rulebook.current(book), book.now()
    outcomes = explain(book.history.records(trainee), rules, now)
    outcome = next((one for one in outcomes if one.target == target), None)
    if outcome is None or not outcome.offered:
        raise CourseError(f"{target}: the rules {rules.version} offer no such certificate")
    if outcome.holds and not outcome.renews:
        raise CourseError(f"{trainee} holds {target}; to take it back: course certify revoke")
    data = {**_basis(trainee, outcome, rules), "reason": letters.keep(book.cohort, reason)}
    return book.append("refusal", data, signer)


def _turned_down(facts: Facts, target: str) -> str:
    last, refusal = facts.last_decision(target), facts.refusal(target)
    revoked = facts.revocation(last) if last else None
    if refusal:
        return f"was refused in line {refusal.seq} of the ledger; to grant it all the same: --again"
    if revoked and revoked.seq not in facts.overturned:
        return f"was revoked in line {revoked.seq} of the ledger; to grant it anew: --again"
    return ""


def draft(book: Book, found: Docket, case: Case) -> Draft:
    """Return the entry by which a case is granted."""
    level = found.rules.level(case.outcome.level)
    data: dict[str, Any] = {
        **_basis(case.trainee, case.outcome, found.rules),
        "id": f"urn:uuid:{uuid.uuid4()}",
        "attempts": sorted(set(case.outcome.attempts)),
        "valid_from": found.time,
    }
    if case.outcome.renews:
        data["renews"] = case.outcome.renews
    until = ends(book, level, found.time, case.outcome.renews)
    if until:
        data["valid_until"] = until
    return "decision", data


def ends(book: Book, level: Level, start: str, renews: str) -> str | None:
    """Return until when a certificate of a level is valid; whoever renews early loses nothing."""
    if level.valid_years is None:
        return None
    before = book.history.decisions[renews].data["valid_until"] if renews else start
    return months_later(max(start, before), 12 * level.valid_years)


def _basis(trainee: str, outcome: Outcome, rules: Rules) -> dict[str, Any]:
    return {
        "trainee": trainee,
        "level": outcome.level,
        "target": outcome.target,
        "rules": rules.version,
        "rules_sha256": rules.digest,
        "used": list(outcome.used),
    }
