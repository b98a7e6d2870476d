"""What a cohort's ledger says about its credentials: decided, given a place, issued, revoked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from autograder.certify.chain import Entry


@dataclass
class Credential:
    """The life of one credential: what was decided, whether it was issued, why it was revoked.

    `place` has the issuer's status list, the index in it, and whether the name is shown; None until it is
    about to be issued.
    """

    decision: dict[str, Any]
    place: dict[str, Any] | None = None
    sha256: str | None = None
    revoked: str | None = None

    @property
    def id(self) -> str:
        """The credential's identifier."""
        return str(self.decision["id"])

    @property
    def trainee(self) -> str:
        """Whose it is."""
        return str(self.decision["trainee"])


def read(entries: Iterable[Entry]) -> dict[str, Credential]:
    """Return every decided credential by its identifier, in the order of the decisions."""
    found: dict[str, Credential] = {}
    for entry in entries:
        if entry.kind == "decision":
            found[entry.data["id"]] = Credential(entry.data)
        elif entry.kind == "allotment":
            found[entry.data["id"]].place = entry.data
        elif entry.kind == "issue":
            found[entry.data["id"]].sha256 = entry.data["sha256"]
        elif entry.kind == "revocation":
            found[entry.data["id"]].revoked = entry.data["why"]
    return found
