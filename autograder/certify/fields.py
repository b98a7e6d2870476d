"""The fields of ledger entries: each means the same wherever it stands, and has one form.

No form leaves room for a name or free text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from linelab.trainees import is_trainee_id, normalise

REGISTRAR, TRAINER, EXAMINER, DECIDER, AUDITOR = "registrar", "trainer", "examiner", "decider", "auditor"
ROLES = {
    REGISTRAR: "keeps the list of people and puts rules in force",
    TRAINER: "teaches; may mark, take in evidence and sign off",
    EXAMINER: "examines and marks; may take in evidence and sign off",
    DECIDER: "decides on certificates, revocations and appeals",
    AUDITOR: "reads and verifies everything; acts on nothing",
}
ACTING = frozenset(ROLES) - {AUDITOR}
LEVELS = ("module", "completion", "associate", "consultant")
EVERYBODY = "*"  # in `trainees`: the whole cohort, those who join later included


@dataclass(frozen=True)
class Field:
    """A field: what it means, and whether a value has the right form."""

    meaning: str
    fits: Callable[[Any], bool]


def _like(pattern: str) -> Callable[[Any], bool]:
    compiled = re.compile(pattern)
    return lambda value: isinstance(value, str) and bool(compiled.fullmatch(value))


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in values


def _list_of(fits: Callable[[Any], bool], least: int = 0) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, list)
        and len(value) >= least
        and all(map(fits, value))
        and len(set(value)) == len(value)
    )


def _whole(least: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and value >= least


def _number(least: float, most: float = math.inf) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and math.isfinite(value) and least <= value <= most


def _is_trainee(value: Any) -> bool:
    return isinstance(value, str) and _is_number(value)


@lru_cache(maxsize=100_000)
def _is_number(value: str) -> bool:
    return is_trainee_id(value) and normalise(value) == value


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


_SHA256 = _like(r"[0-9a-f]{64}")
_PERSON = _like(r"P-[0-9A-HJKMNP-TV-Z]{6}")
_TIME = _like(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_METHOD = _like(r"did:(key|web):[A-Za-z0-9.:%_#-]{1,300}")
_CODE = _like(r"[a-z0-9][a-z0-9-]{0,39}")
_ID = _like(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

FIELDS: dict[str, Field] = {
    # people
    "person": Field("whom the entry is about, a person of the staff", _PERSON),
    "public": Field("Ed25519 public key, 64 hexadecimal digits", _SHA256),
    "proof": Field("the new key's own signature, which shows that its owner has it", _like(r"[0-9a-f]{128}")),
    "roles": Field("what the person may do from now on; empty: nothing", _list_of(_one_of(*ROLES))),
    "is_trainee": Field("the trainee number of a person who is also a trainee of this cohort", _is_trainee),
    "trainer": Field("the person who trained", _PERSON),
    "marked_by": Field("the people who marked free text; empty: the software alone", _list_of(_PERSON)),
    # trainees and what they do
    "trainee": Field("trainee number", _is_trainee),
    "trainees": Field(
        "trainee numbers, or * alone for the whole cohort",
        lambda value: value == [EVERYBODY] or _list_of(_is_trainee, 1)(value),
    ),
    "assignment": Field("exercise, such as w03", _like(r"w\d\d")),
    "number": Field("which attempt, from 1", _whole(1)),
    "attempt": Field("SHA-256 of the notebook handed in", _SHA256),
    "points": Field("points after what lateness costs", _number(0)),
    "max_points": Field("points that could be had", _number(0)),
    "late": Field("share of the points lost to lateness", _number(0, 1)),
    "record": Field("which grading of this exercise, as numbered in answers/", _whole(0)),
    "version": Field("version of the exercise", _like(r"[0-9a-f]{16}")),
    "graded_at": Field("when it was graded", _TIME),
    "questions": Field(
        "points by question, as marked anew",
        lambda value: isinstance(value, dict) and all(_CODE(k) and _number(0)(v) for k, v in value.items()),
    ),
    # exam
    "exam": Field("code of the sitting", _CODE),
    "part": Field("exam: the item bank; case: the unseen simulation case", _one_of("exam", "case")),
    "event": Field("what happened", _one_of("open", "close")),
    "form": Field("SHA-256 of the form that was drawn", _SHA256),
    "sat_at": Field("when the exam was taken", _TIME),
    # project
    "project": Field("code of the on-site project, different for each project of a trainee", _CODE),
    "manifest": Field("SHA-256 of the list of the project's files", _SHA256),
    "after_weeks": Field("weeks of data after the change", _number(0)),
    "confirmed": Field("whether the company confirmed in writing", _is_flag),
    "role": Field("in which role the person signs off", _one_of(TRAINER, EXAMINER)),
    # rules and decisions
    "rules": Field("version of the rules", _like(r"\d{4}-\d+")),
    "rules_sha256": Field("SHA-256 of the rules file", _SHA256),
    "from": Field("the day from which the rules are in force", _is_date),
    "file_days": Field("days to file an appeal in", _whole(1)),
    "decide_days": Field("days to decide an appeal in", _whole(1)),
    "id": Field("number of the decision and of the certificate issued on it", _ID),
    "level": Field("kind of certificate", _one_of(*LEVELS)),
    "target": Field("a module such as w03, else the level", _like(rf"w\d\d|{'|'.join(LEVELS[1:])}")),
    "used": Field("numbers of the entries that the decision rests on", _list_of(_whole(1))),
    "attempts": Field("SHA-256 of the attempts among them", _list_of(_SHA256)),
    "valid_from": Field("from when the certificate is valid", _TIME),
    "valid_until": Field("until when", _TIME),
    "renews": Field("number of the decision that this one prolongs", _ID),
    "did": Field("identifier of the issuer", _like(r"did:(key|web):[A-Za-z0-9.:%_-]{1,200}")),
    "method": Field("the key within the issuer's DID document", _METHOD),
    "withdraws": Field("earlier keys of the issuer that no longer count", _list_of(_METHOD)),
    "status_list": Field("address of the issuer's status list", _like(r"https?://[^\s#?]{1,300}")),
    "status_index": Field("the certificate's place in it", _whole(0)),
    "named": Field("whether the certificate shows the name", _is_flag),
    "sha256": Field("SHA-256 of the file", _SHA256),
    "why": Field(
        "why it was revoked", _one_of("mistake", "misconduct", "on-request", "replaced", "key-lost")
    ),
    # appeals
    "appeal": Field("number of the appeal in this cohort", _whole(1)),
    "subject": Field(
        "what is appealed: an exercise, exam, case or decision", _like(r"w\d\d|exam|case|decision")
    ),
    "contested": Field("number of the entry that is appealed", _whole(1)),
    "reason": Field("SHA-256 of the text that gives the reasons", _SHA256),
    "file_by": Field("last day on which it could be filed", _is_date),
    "decide_by": Field("day by which it is to be decided", _is_date),
    "outcome": Field("upheld: the trainee was right; rejected", _one_of("upheld", "rejected")),
}
