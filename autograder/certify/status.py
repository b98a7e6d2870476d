"""The status list: one bit for each credential of an issuer, rebuilt from the ledger, signed, published."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from openvc.status.bitstring import new_bitstring, set_status_bit
from openvc.status.issue import build_status_list_credential

from autograder.certify import credential
from autograder.certify.chain import Entry
from autograder.certify.credential import Json
from autograder.certify.keys import Issuer, Signer
from autograder.errors import CourseError

SIZE = 131_072  # the least the specification allows, so that an index tells little about a person
DAYS_VALID = 90  # how long a published list may be shown as current


def used_indices(entries: Iterable[Entry], issuer: Issuer) -> set[int]:
    """Return every index already given out, including to credentials never finished.

    Raises
    ------
    CourseError
        If an index was given out twice: to revoke one of the two would revoke the other.
    """
    used: dict[int, str] = {}
    for entry in entries:
        if entry.kind == "allotment" and entry.data["status_list"] == issuer.status_list:
            index, one = entry.data["status_index"], entry.data["id"]
            if used.setdefault(index, one) != one:
                raise CourseError(
                    f"ledger: {used[index]} and {one} share the status index {index}; revoke both, "
                    f"then start a new list with `course certify keygen --rotate`"
                )
    return set(used)


def free_index(used: set[int]) -> int:
    """Return a random index that no credential has; it tells nothing about order or time."""
    if len(used) > SIZE // 2:
        raise CourseError(
            "status list: more than half full; `course certify keygen --rotate` starts a new one"
        )
    while True:
        index = secrets.randbelow(SIZE)
        if index not in used:
            return index


def build(
    entries: Iterable[Entry], signer: Signer, now: datetime | None = None, issuer: Issuer | None = None
) -> Json:
    """Return the signed status list of a key, as the ledger has it.

    `issuer` is the key whose list it is, by default the signer's own: a retired key's is signed by its heir.
    """
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    whose = issuer or signer.issuer
    bits = new_bitstring(SIZE)
    last = ""
    for entry in entries:
        last = entry.time
        if entry.kind == "revocation" and entry.data.get("status_list") == whose.status_list:
            set_status_bit(bits, entry.data["status_index"], 1)
    if last and datetime.fromisoformat(last) > now + timedelta(minutes=5):
        raise CourseError(
            f"the clock of this machine is behind the ledger's last entry ({last}); set it right"
        )
    document = build_status_list_credential(
        id=whose.status_list,
        issuer={"id": whose.did},
        bitstring=bits,
        valid_from=now,
        valid_until=now + timedelta(days=DAYS_VALID),
    )
    if signer.issuer.demo:
        document["name"] = credential.DEMO
        document["issuer"] = {"id": whose.did, "name": credential.DEMO}
    return credential.sign(document, signer, created=now)
