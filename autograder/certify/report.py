"""What a verification says: a list of checks, each with its reason in both languages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from autograder.certify.credential import marked_demo

Json = dict[str, Any]
MAX_BYTES = 200_000


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `ok` is None where nothing could be said."""

    name: str
    ok: bool | None
    vi: str
    en: str


@dataclass
class Report:
    """The outcome: what was checked, in order, and the credential that it is about."""

    credential: Json
    checks: list[Check] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Return ``valid``, ``unknown-issuer`` (intact, but nobody known vouches for it) or ``invalid``."""
        if any(check.ok is False for check in self.checks):
            return "invalid"
        return "valid" if any(c.name == "issuer" and c.ok for c in self.checks) else "unknown-issuer"

    @property
    def demo(self) -> bool:
        """Return whether this is a demo credential."""
        return marked_demo(self.credential) or issuer_of(self.credential).startswith("did:key:")

    def add(self, name: str, ok: bool | None, vi: str, en: str) -> bool | None:
        """Record a check and return its outcome."""
        self.checks.append(Check(name, ok, vi, en))
        return ok


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


def _no_doubles(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
