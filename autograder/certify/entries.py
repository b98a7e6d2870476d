"""What may stand in the ledger: every kind of entry, who signs it, and every field with its meaning.

This is the one place where kinds are told; what each field means stands in `fields.py`. The form of a field
leaves no room for a name or free text: numbers, dates, digests, codes. What people write (the reason
of an appeal, a project's documents) stays in files outside, named here by SHA-256 alone.

Trainees stand here by their trainee number. It is a random pseudonym; whom it belongs to is known from
``roster.csv`` alone, and people of the staff from ``people.yml`` alone. Once the line there is erased the
number says nothing about anybody, and the chain still verifies: nothing in the ledger has to be changed.

Every entry about a trainee names the trainee in `trainee`, or several of them in `trainees`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.certify.fields import ACTING, AUDITOR, DECIDER, EXAMINER, FIELDS, REGISTRAR, TRAINER
from autograder.errors import CourseError


@dataclass(frozen=True)
class Kind:
    """A kind of entry.

    `roles` may sign it, each entry by one person who has at least one of them; empty: the software notes
    it without a signature. `words` say an entry in English.
    """

    words: str
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()


KINDS: dict[str, Kind] = {
    # people: `by` is a registrar, and the first person of a ledger adds itself
    "person": Kind(
        "{person} joins as {roles}",
        ("person", "public", "proof", "roles"),
        ("is_trainee",),
        frozenset({REGISTRAR}),
    ),
    "person-roles": Kind(
        "{person} is now {roles}", ("person", "roles"), ("is_trainee",), frozenset({REGISTRAR})
    ),
    # by the person with the old key, or by a registrar once two others have reported it lost
    "person-key": Kind("{person} has a new key", ("person", "public", "proof"), (), ACTING | {AUDITOR}),
    "person-key-lost": Kind("the key of {person} is reported lost or stolen", ("person",), (), ACTING),
    # rules and the issuer's keys
    "rules": Kind(
        "rules {rules} are in force from {from}",
        ("rules", "rules_sha256", "from", "file_days", "decide_days"),
        (),
        frozenset({REGISTRAR}),
    ),
    "key": Kind("the issuer has the key {did}", ("did", "status_list"), ("method", "withdraws")),
    # the course
    "training": Kind(
        "{trainer} trained {trainees}", ("trainer", "trainees"), (), frozenset({TRAINER, REGISTRAR})
    ),
    "attempt": Kind(
        "{trainee} handed in {assignment}, attempt {number}", ("trainee", "assignment", "number", "attempt")
    ),
    "mark": Kind(
        "{trainee} {assignment}, attempt {number}: {points} of {max_points} points",
        (
            "trainee",
            "assignment",
            "number",
            "attempt",
            "points",
            "max_points",
            "late",
            "record",
            "graded_at",
            "marked_by",
        ),
        ("version",),
    ),
    # the exam
    "exam": Kind(
        "sitting {exam} ({part}): {event}",
        ("exam", "part", "event"),
        ("form", "trainees"),
        frozenset({EXAMINER}),
    ),
    "exam-result": Kind(
        "{trainee} {part} at sitting {exam}: {points} of {max_points} points",
        ("trainee", "exam", "part", "attempt", "points", "max_points", "sat_at"),
        (),
        frozenset({EXAMINER}),
    ),
    # the on-site project
    "evidence": Kind(
        "{trainee} project {project}: evidence taken in, {after_weeks} weeks of after-data",
        ("trainee", "project", "manifest", "after_weeks", "confirmed"),
        (),
        frozenset({TRAINER, EXAMINER}),
    ),
    "sign-off": Kind(
        "{trainee} project {project}: signed off as {role}",
        ("trainee", "project", "manifest", "role"),
        (),
        frozenset({TRAINER, EXAMINER}),
    ),
    "sign-off-withdrawn": Kind(
        "{trainee} project {project}: sign-off withdrawn",
        ("trainee", "project", "manifest"),
        (),
        frozenset({TRAINER, EXAMINER}),
    ),
    # decisions and what is issued on them
    "decision": Kind(
        "{trainee} is granted {target} under rules {rules}",
        ("trainee", "id", "level", "target", "rules", "rules_sha256", "used", "attempts", "valid_from"),
        ("valid_until", "renews"),
        frozenset({DECIDER}),
    ),
    "refusal": Kind(
        "{trainee} is refused {target} under rules {rules}",
        ("trainee", "level", "target", "rules", "rules_sha256", "used", "reason"),
        (),
        frozenset({DECIDER}),
    ),
    "allotment": Kind(
        "{trainee} certificate {id} gets a place in the status list",
        ("trainee", "id", "status_list", "status_index", "named"),
    ),
    "issue": Kind("{trainee} certificate {id} is issued", ("trainee", "id", "sha256")),
    "revocation": Kind(
        "{trainee} certificate {id} is revoked: {why}",
        ("trainee", "id", "why"),
        ("status_list", "status_index"),
        frozenset({DECIDER}),
    ),
    # appeals; filing needs no role
    "appeal": Kind(
        "{trainee} appeals {subject} (appeal {appeal}), to be decided by {decide_by}",
        ("trainee", "appeal", "subject", "contested", "reason", "file_by", "decide_by"),
    ),
    "regrade": Kind(
        "{trainee} appeal {appeal}: marked anew, {points} of {max_points} points",
        ("trainee", "appeal", "points", "max_points"),
        ("questions",),
        frozenset({TRAINER, EXAMINER}),
    ),
    "appeal-decision": Kind(
        "{trainee} appeal {appeal}: {outcome}",
        ("trainee", "appeal", "outcome", "reason"),
        (),
        frozenset({DECIDER}),
    ),
    # personal data
    "erasure": Kind("{trainee}: personal data erased", ("trainee",), (), frozenset({REGISTRAR})),
}


def check(kind: str, data: Mapping[str, Any]) -> None:
    """Raise CourseError if an entry of this kind may not look like this."""
    known = KINDS.get(kind)
    if known is None:
        raise CourseError(f"{kind[:40]!r}: no such kind of entry")
    for name in known.needs:
        if name not in data:
            raise CourseError(f"{kind}: {name} is missing ({FIELDS[name].meaning})")
    for name, value in data.items():
        if name not in known.needs and name not in known.may:
            raise CourseError(f"{kind}: {name[:40]!r}: such an entry has no such field")
        if not FIELDS[name].fits(value):
            raise CourseError(f"{kind}: {name}: {str(value)[:40]!r} is not {FIELDS[name].meaning}")


def about(data: Mapping[str, Any]) -> list[str]:
    """Return the trainees that an entry is about; EVERYBODY stands for all."""
    if "trainee" in data:
        return [data["trainee"]]
    return list(data.get("trainees", ()))


def say(kind: str, data: Mapping[str, Any]) -> str:
    """Return an entry in words."""
    shown = {
        name: ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else value
        for name, value in data.items()
    }
    return KINDS[kind].words.format(**shown)
