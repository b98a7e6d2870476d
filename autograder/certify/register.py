"""What a cohort's ledger says about its credentials: decided, issued, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.certify.ledger import Entry


@dataclass
class Credential:
    """The life of one credential: what was decided, whether it was issued, why it was revoked."""

    decision: dict[str, Any]
    sha256: str | None = None
    revoked: str | None = None

    @property
    def id(self) -> str:
        """The credential's identifier."""
        return str(self.decision["id"])

    @property
    def key(self) -> tuple[str, str]:
        """Who and what for: a trainee holds at most one live credential for each target."""
        return self.decision["trainee"], self.decision["target"]


def read(entries: Iterable[Entry]) -> dict[str, Credential]:
    """Return every decided credential by its identifier, in the order of the decisions."""
    found: dict[str, Credential] = {}
    for entry in entries:
        if entry.kind == "decision":
            found[entry.data["id"]] = Credential(entry.data)
        elif entry.kind == "issue":
            found[entry.data["id"]].sha256 = entry.data["sha256"]
        elif entry.kind == "revocation":
            found[entry.data["id"]].revoked = entry.data["reason"]
    return found
