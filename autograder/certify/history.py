"""What the ledger's entries add up to: people with their keys, rules in force, certificates, appeals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from autograder.certify import entries
from autograder.certify.chain import Entry
from autograder.certify.dates import days_later
from autograder.certify.fields import EVERYBODY

LOSS_REPORTS = 2  # people who must report a key lost before it counts as that


@dataclass(frozen=True)
class Key:
    """A public key of a person, and from and to which entry it was the one to sign with."""

    public: str
    since: int
    until: int | None = None


@dataclass
class Person:
    """Somebody of the staff, as the ledger has it now."""

    id: str
    roles: frozenset[str]
    keys: list[Key]
    is_trainee: str = ""
    lost_by: set[str] = field(default_factory=set)

    @property
    def key(self) -> Key | None:
        """The key to sign with; None once it was reported lost."""
        return None if self.lost else self.keys[-1]

    @property
    def lost(self) -> bool:
        """Whether enough others have reported the key lost."""
        return len(self.lost_by) >= LOSS_REPORTS


@dataclass
class Sitting:
    """A sitting of an exam: the entries that opened and closed it."""

    opened: Entry
    closed: Entry | None = None


@dataclass
class Appeal:
    """An appeal with what became of it."""

    filed: Entry
    regrade: Entry | None = None
    decision: Entry | None = None

    @property
    def data(self) -> dict[str, Any]:
        """What was filed."""
        return self.filed.data


class History:
    """All entries taken in so far, each found by what it is about."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.people: dict[str, Person] = {}
        self.rules: list[Entry] = []
        self.decisions: dict[str, Entry] = {}  # by id
        self.latest: dict[tuple[str, str], Entry] = {}  # the last decision by trainee and target
        self.allotments: dict[str, Entry] = {}
        self.indices: set[tuple[str, int]] = set()
        self.issues: dict[str, Entry] = {}
        self.revocations: dict[str, Entry] = {}
        self.appeals: dict[int, Appeal] = {}
        self.attempts: dict[tuple[str, str, str], int] = {}  # trainee, assignment, digest: which one
        self.marks: dict[tuple[str, str, str], Entry] = {}  # the newest of each attempt
        self.sittings: dict[tuple[str, str], Sitting] = {}  # by exam and part
        self.erased: set[str] = set()
        self._about: dict[str, list[Entry]] = {}

    def take(self, entry: Entry) -> None:
        """Take in the next entry, which is allowed."""
        self.entries.append(entry)
        for trainee in entries.about(entry.data):
            self._about.setdefault(trainee, []).append(entry)
        data = entry.data
        match entry.kind:
            case "person":
                keys = [Key(data["public"], entry.seq)]
                self.people[data["person"]] = Person(
                    data["person"], frozenset(data["roles"]), keys, data.get("is_trainee", "")
                )
            case "person-roles":
                person = self.people[data["person"]]
                person.roles = frozenset(data["roles"])
                person.is_trainee = data.get("is_trainee", person.is_trainee)
            case "person-key":
                person = self.people[data["person"]]
                old = person.keys.pop()
                person.keys += [Key(old.public, old.since, entry.seq), Key(data["public"], entry.seq)]
                person.lost_by.clear()
            case "person-key-lost":
                self.people[data["person"]].lost_by.add(entry.by)
            case "rules":
                self.rules.append(entry)
            case "attempt":
                self.attempts[data["trainee"], data["assignment"], data["attempt"]] = data["number"]
            case "mark":
                self.marks[data["trainee"], data["assignment"], data["attempt"]] = entry
            case "exam":
                key = (data["exam"], data["part"])
                if data["event"] == "open":
                    self.sittings[key] = Sitting(entry)
                else:
                    self.sittings[key].closed = entry
            case "decision":
                self.decisions[data["id"]] = entry
                self.latest[data["trainee"], data["target"]] = entry
            case "allotment":
                self.allotments[data["id"]] = entry
                self.indices.add((data["status_list"], data["status_index"]))
            case "issue":
                self.issues[data["id"]] = entry
            case "revocation":
                self.revocations[data["id"]] = entry
            case "appeal":
                self.appeals[data["appeal"]] = Appeal(entry)
            case "regrade":
                self.appeals[data["appeal"]].regrade = entry
            case "appeal-decision":
                self.appeals[data["appeal"]].decision = entry
            case "erasure":
                self.erased.add(data["trainee"])

    def of(self, trainee: str) -> list[Entry]:
        """Return all entries about a trainee, those about the whole cohort included, in their order."""
        own = [*self._about.get(trainee, ()), *self._about.get(EVERYBODY, ())]
        return sorted(own, key=lambda entry: entry.seq)

    def entry(self, seq: int) -> Entry | None:
        """Return the entry with this number, or None."""
        return self.entries[seq - 1] if 1 <= seq <= len(self.entries) else None

    def records(self, trainee: str) -> list[Entry]:
        """Return all that a decision about a trainee may rest on: what `of` gives, and the rules."""
        return [*self.of(trainee), *self.rules]

    def rules_at(self, time: str) -> Entry | None:
        """Return the entry of the rules in force at a time."""
        return in_force(self.rules, time)

    def held(self, trainee: str, target: str, time: str) -> Entry | None:
        """Return the decision by which a trainee holds a certificate at a time, or None."""
        found = self.latest.get((trainee, target))
        if found is None or found.data["id"] in self.revocations:
            return None
        return found if found.data.get("valid_until", "9999") > time else None

    # -- who had to do with a trainee, and so may not decide

    def trained(self, trainee: str) -> set[str]:
        """Return the people who trained a trainee."""
        return trainers(self.of(trainee))

    def involved(self, trainee: str) -> dict[str, str]:
        """Return everybody who trained, examined or signed off a trainee, with what they did."""
        found: dict[str, str] = {}
        for entry in self.of(trainee):
            for person, deed in deeds(entry):
                found.setdefault(person, deed)
        return found

    # -- appeals

    def file_by(self, contested: Entry, now: str) -> str | None:
        """Return the last day to appeal against an entry; None if no rules say so."""
        rules = self.rules_at(contested.time) or self.rules_at(now)
        return days_later(contested.time, rules.data["file_days"]) if rules else None

    def decide_by(self, now: str) -> str | None:
        """Return the day by which an appeal filed now is to be decided."""
        rules = self.rules_at(now)
        return days_later(now, rules.data["decide_days"]) if rules else None


def in_force(rules: Iterable[Entry], time: str) -> Entry | None:
    """Return the last entry of rules whose day had come at a time, or None."""
    due = [one for one in rules if one.time <= time and one.data["from"] <= time[:10]]
    return max(due, key=lambda one: (one.data["from"], one.seq), default=None)


def trainers(about: Iterable[Entry]) -> set[str]:
    """Return the people who trained the trainee that the entries are about."""
    return {entry.data["trainer"] for entry in about if entry.kind == "training"}


def deeds(entry: Entry) -> Iterator[tuple[str, str]]:
    """Return the people whom an entry involves with its trainee, and how."""
    if entry.kind == "training":
        yield entry.data["trainer"], "trained"
    elif entry.kind == "mark":
        yield from ((person, "marked") for person in entry.data["marked_by"])
    elif entry.kind in ("exam", "exam-result"):
        yield entry.by, "examined"
    elif entry.kind == "regrade":
        yield entry.by, "marked anew"
    elif entry.kind == "evidence":
        yield entry.by, "took in the evidence of"
    elif entry.kind == "sign-off":
        yield entry.by, "signed off"
