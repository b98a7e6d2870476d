"""Who joins, changes roles or keys, and which rules come into force: why an entry about that is refused."""

from __future__ import annotations

from collections.abc import Callable

from autograder.certify import people
from autograder.certify.chain import Entry
from autograder.certify.fields import AUDITOR, DECIDER, REGISTRAR
from autograder.certify.history import History, Person


def _person(history: History, entry: Entry) -> str | None:
    data = entry.data
    if data["person"] in history.people:
        return f"person: {data['person']} is there already"
    if data["person"] != people.number(data["public"]):
        return f"person: {data['person']} is not the number of that key"
    if not history.people and (entry.by != data["person"] or REGISTRAR not in data["roles"]):
        return f"person: the first person on a ledger is a {REGISTRAR}, who adds the others"
    return _new_key(history, data["person"], data["public"], data["proof"]) or _roles(data["roles"])


def _person_roles(history: History, entry: Entry) -> str | None:
    person = history.people.get(entry.data["person"])
    if person is None:
        return f"person-roles: {entry.data['person']} is not on the list of people"
    if REGISTRAR not in entry.data["roles"] and not _registrars(history, but=person):
        return f"person-roles: {person.id} is the last {REGISTRAR}; make another one first"
    if person.is_trainee and entry.data.get("is_trainee", person.is_trainee) != person.is_trainee:
        return f"person-roles: {person.id} is {person.is_trainee}, and stays it"
    return _roles(entry.data["roles"])


def _person_key(history: History, entry: Entry) -> str | None:
    data = entry.data
    person = history.people.get(data["person"])
    if person is None:
        return f"person-key: {data['person']} is not on the list of people"
    if not person.lost:
        if entry.by != person.id:
            return f"person-key: only {person.id} replaces that key, unless two others report it lost"
    elif entry.by == person.id or not history.people[entry.by].roles & _replacers(history, person):
        return f"person-key: the key was reported lost; a {REGISTRAR} gives {person.id} a new one"
    return _new_key(history, person.id, data["public"], data["proof"])


def _person_key_lost(history: History, entry: Entry) -> str | None:
    person = history.people.get(entry.data["person"])
    if person is None:
        return f"person-key-lost: {entry.data['person']} is not on the list of people"
    if entry.by == person.id:
        return "person-key-lost: whoever still has the key replaces it; the report is for two others"
    if entry.by in person.lost_by:
        return f"person-key-lost: {entry.by} reported it already; another person has to"
    return None


def _new_key(history: History, person: str, public: str, proof: str) -> str | None:
    if any(key.public == public for one in history.people.values() for key in one.keys):
        return "key: was used before; make a new one"
    if not people.is_owned(person, public, proof):
        return f"key: its owner did not show to have it; {person} has to make the file anew"
    return None


def _roles(roles: list[str]) -> str | None:
    if AUDITOR in roles and len(roles) > 1:
        return f"roles: an {AUDITOR} acts on nothing and has no other role"
    return None


def _registrars(history: History, but: Person) -> list[str]:
    return [
        one.id
        for one in history.people.values()
        if REGISTRAR in one.roles and not one.lost and one.id != but.id
    ]


def _replacers(history: History, person: Person) -> set[str]:
    return {REGISTRAR} if _registrars(history, but=person) else {DECIDER}


def _rules(history: History, entry: Entry) -> str | None:
    data = entry.data
    if data["from"] < entry.time[:10]:
        return f"rules: from {data['from']}: rules do not reach back before {entry.time[:10]}"
    for known in history.rules:
        if known.data["from"] > data["from"]:
            return f"rules: {known.data['rules']} come into force later, on {known.data['from']}"
        if known.data["rules"] == data["rules"]:
            return f"rules: there are rules {data['rules']} already; give changed ones a new version"
    return None


REFUSALS: dict[str, Callable[[History, Entry], str | None]] = {
    "person": _person,
    "person-roles": _person_roles,
    "person-key": _person_key,
    "person-key-lost": _person_key_lost,
    "rules": _rules,
}
