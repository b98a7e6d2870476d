"""Who may do what: the reasons for which an entry is refused, when it is written and whenever it is read."""

from __future__ import annotations

from autograder.certify import people, permit_appeals, permit_cases, permit_people
from autograder.certify.chain import Entry
from autograder.certify.entries import KINDS, about
from autograder.certify.fields import ACTING
from autograder.certify.history import History

REFUSALS = {**permit_people.REFUSALS, **permit_cases.REFUSALS, **permit_appeals.REFUSALS}
AFTER_ERASURE = ("revocation", "erasure")


def problem(history: History, entry: Entry) -> str | None:
    """Return why this entry may not follow the history, or None.

    What is asked: a person acts in a role they have, on somebody else, having had no part in what they
    decide on. The signature itself is `signature_problem`'s matter.
    """
    kind, person = KINDS[entry.kind], history.people.get(entry.by)
    first = entry.kind == "person" and not history.people
    if kind.roles and not first:
        if person is None:
            return f"{entry.kind}: " + (
                f"{entry.by} is not on the list of people" if entry.by else "is not signed"
            )
        if not person.roles & kind.roles:
            asked = " or ".join(sorted(kind.roles & ACTING))
            return f"{entry.kind}: {entry.by} is no {asked}"
        if person.is_trainee and person.is_trainee in about(entry.data):
            return f"{entry.kind}: {entry.by} is {person.is_trainee}, and nobody acts on their own case"
    elif not kind.roles and entry.by:
        return f"{entry.kind}: is noted by the software, not by a person"
    if entry.kind not in AFTER_ERASURE:
        gone = next((one for one in about(entry.data) if one in history.erased), None)
        if gone:
            return f"{entry.kind}: the data of {gone} were erased"
    special = REFUSALS.get(entry.kind)
    return special(history, entry) if special else None


def signature_problem(history: History, entry: Entry) -> str | None:
    """Return what is wrong with an entry's signature, or None."""
    if not entry.by:
        return f"{entry.kind}: has a signature and no author" if entry.sig else None
    content = entry.signed_content()
    person = history.people.get(entry.by)
    if person is None:
        if entry.kind != "person" or history.people:
            return f"{entry.kind}: {entry.by} is not on the list of people"
        good = people.is_signed(content, entry.sig, entry.data["public"])  # the first vouches for itself
        return None if good else f"{entry.kind}: the signature of {entry.by} is wrong"
    if person.key and people.is_signed(content, entry.sig, person.key.public):
        return None
    for old in person.keys:
        if people.is_signed(content, entry.sig, old.public):
            gone = f"replaced in line {old.until}" if old.until else "reported lost"
            return f"{entry.kind}: {entry.by} signed with a key that was {gone}"
    if person.lost:
        return f"{entry.kind}: the key of {entry.by} was reported lost; a registrar gives a new one"
    return f"{entry.kind}: the signature of {entry.by} is wrong"
