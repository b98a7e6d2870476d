"""What a verification says: a list of checks, each with its reason in both languages."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.certify.credential import marked_demo

Json = dict[str, Any]
MAX_BYTES = 200_000
COMMON = Path(__file__).parent / "common"  # what the verify page reads too; the site gets a copy
VIETNAM = timezone(timedelta(hours=7))  # the time zone of every date that people read
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `ok` is None where nothing could be said, `why` is a key of the texts."""

    name: str
    ok: bool | None
    why: str
    details: Json = field(default_factory=dict)

    def text(self, language: str) -> str:
        """Return the reason as a person reads it, the same as on the verify page."""
        return say(self.why, language, **self.details)


@dataclass
class Report:
    """The outcome: what was checked, in order, and the credential that it is about."""

    credential: Json
    checks: list[Check] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Return ``valid``, ``unknown`` (nobody known vouches for it) or ``invalid``."""
        if any(check.ok is False for check in self.checks):
            return "invalid"
        return "valid" if any(c.name == "issuer" and c.ok for c in self.checks) else "unknown"

    @property
    def trusted(self) -> bool:
        """Return whether the signature holds, so that the content may be shown."""
        return any(check.name == "signature" and check.ok for check in self.checks)

    @property
    def demo(self) -> bool:
        """Return whether this is a demo credential."""
        return self.trusted and is_demo(self.credential)

    @property
    def title(self) -> str:
        """Return the key of the sentence that sums it up."""
        if self.verdict == "unknown" and not self.trusted:
            return "verdict-unknown-key"
        return f"verdict-{self.verdict}{'-demo' if self.verdict == 'valid' and self.demo else ''}"

    def add(self, name: str, ok: bool | None, why: str, **details: Any) -> bool | None:
        """Record a check and return its outcome."""
        self.checks.append(Check(name, ok, why, details))
        return ok


def say(key: str, language: str, **details: Any) -> str:
    """Return one of the sentences that the verify page says, too; dates are those of Vietnam."""
    shown = {name: day(x, language) if isinstance(x, datetime) else x for name, x in details.items()}
    return texts()[key][language].format(**shown)


@lru_cache(maxsize=1)
def texts() -> dict[str, dict[str, str]]:
    """Return every sentence of verification by key and language."""
    found: dict[str, dict[str, str]] = json.loads((COMMON / "texts.json").read_text(encoding="utf-8"))
    return found


def time_of(text: object) -> datetime:
    """Return a time with its zone, as credentials write it; raise ValueError for anything else."""
    if not isinstance(text, str) or not TIME.fullmatch(text):
        raise ValueError("not a time")
    return datetime.fromisoformat(text)


def day(when: datetime, language: str) -> str:
    """Return a date as it is written in Vietnam and in English."""
    local = when.astimezone(VIETNAM)
    return f"{local:%d/%m/%Y}" if language == "vi" else f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def parse(data: bytes) -> Json:
    """Return the JSON object in `data`; raise ValueError for anything else, doubled keys included."""
    if len(data) > MAX_BYTES:
        raise ValueError("too large")
    document = json.loads(data.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constant)
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document


def types(document: Json) -> list[Any]:
    """Return the types of a credential."""
    types = document.get("type")
    return types if isinstance(types, list) else [types]


def issuer_of(document: Json) -> str:
    """Return the identifier of the issuer, empty if there is none."""
    issuer = document.get("issuer")
    found = issuer.get("id") if isinstance(issuer, dict) else issuer
    return found if isinstance(found, str) else ""


def is_demo(document: Json) -> bool:
    """Return whether a credential is a demo: anyone can make a ``did:key``, also without saying so."""
    return marked_demo(document) or issuer_of(document).startswith("did:key:")


def _no_doubles(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
