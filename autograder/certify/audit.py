"""What an auditor looks for besides the chain: decisions that the rules and records do not bear."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.certify import rulebook
from autograder.certify.book import Book
from autograder.certify.chain import Entry
from autograder.certify.decide import ends
from autograder.certify.explain import explain
from autograder.certify.history import deeds
from autograder.errors import CourseError


def audit(book: Book) -> Iterator[str]:
    """Return a line for each decision that should not have been made.

    Each is explained anew from the records that stood before it, by the rules in force on its day, as kept in
    the cohort's folder.
    """
    for decision in book.history.decisions.values():
        problem = _unmet(book, decision) or _late_confession(book, decision)
        if problem:
            yield f"line {decision.seq}: {problem}"


def _unmet(book: Book, decision: Entry) -> str:
    data = decision.data
    try:
        rules = rulebook.by_digest(book, data["rules_sha256"])
    except CourseError as error:
        return f"cannot be checked: {error.message}"
    records = [one for one in book.history.records(data["trainee"]) if one.seq < decision.seq]
    outcomes = explain(records, rules, decision.time)
    outcome = next((one for one in outcomes if one.target == data["target"]), None)
    if outcome is None or not outcome.due:
        return f"{data['trainee']} was granted {data['target']} without meeting the rules {rules.version}"
    until = ends(book, rules.level(data["level"]), data["valid_from"], data.get("renews", ""))
    if until != data.get("valid_until"):
        return f"{data['target']} of {data['trainee']} is not valid for as long as the rules say"
    if list(outcome.used) != data["used"]:
        return f"the decision on {data['trainee']} names other records than those it rests on"
    return ""


def _late_confession(book: Book, decision: Entry) -> str:
    """Training or examining that was put on record only after the same person had decided."""
    for entry in book.history.of(decision.data["trainee"]):
        for person, deed in deeds(entry):
            if entry.seq > decision.seq and person == decision.by and _is_old(entry, decision):
                return f"{person} decided, and is on record in line {entry.seq} as having {deed} the trainee"
    return ""


def _is_old(entry: Entry, decision: Entry) -> bool:
    """Whether what an entry tells was before the decision, as far as it says."""
    when = entry.data.get("graded_at") or entry.data.get("sat_at")
    return when is None or when <= decision.time
