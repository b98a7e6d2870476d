"""Verify a credential without trusting the code that signed it: our own small second opinion.

The verify page in the browser makes the same checks in the same order and says the same
(publish/assets/verify/check.js).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from openvc.errors import OpenvcError
from openvc.status.bitstring import decode_bitstring, get_status_bit

from autograder.certify.credential import DEMO, marked_demo
from autograder.certify.did import Key, Known, own_keys
from autograder.certify.proof import signed, the_proof
from autograder.certify.report import (
    VIETNAM,
    Check,
    Json,
    Report,
    is_demo,
    issuer_of,
    parse,
    say,
    time_of,
    types,
)

__all__ = ["VIETNAM", "Check", "Report", "Trust", "parse", "say", "verify"]

STATUS_BITS = 131_072
LEEWAY = timedelta(minutes=5)  # by which the clocks of two honest machines may differ


@dataclass(frozen=True)
class Trust:
    """What the verifier takes for granted.

    `issuers` maps a DID to the name and keys it is known by. `lists` holds the latest signed status lists
    by their identifier; they are verified like any credential. `ledger` is what the cohort's own ledger
    says of each credential it issued: the reason of the revocation, or None.
    """

    issuers: Mapping[str, Known] = field(default_factory=dict)
    lists: Mapping[str, Json] = field(default_factory=dict)
    ledger: Mapping[str, str | None] = field(default_factory=dict)

    def keys(self, did: str) -> Mapping[str, Key] | None:
        """Return the keys of an issuer; of an unknown one those that its name holds, or None."""
        known = self.issuers.get(did)
        return known.keys if known else own_keys(did)


@dataclass(frozen=True)
class Listed:
    """What a status list says: its bits, and the time for which it speaks."""

    bits: bytes
    start: datetime
    end: datetime | None


def verify(document: Json, trust: Trust, now: datetime | None = None) -> Report:
    """Check terms, signature, issuer, demo mark, dates and status of a credential."""
    now = now or datetime.now(UTC)
    report = Report(document)
    if "OpenBadgeCredential" not in types(document):
        report.add("form", False, "not-a-badge")
        return report
    did = issuer_of(document)
    known = trust.issuers.get(did)
    if signed(document, trust.keys(did), report) is False:
        return report
    if known:
        report.add("issuer", True, "issuer-known", issuer=known.name)
    else:
        report.add("issuer", None, "issuer-unknown")
    if not report.trusted:
        return report
    if is_demo(document) or (known and known.name.startswith(DEMO)):
        marked = marked_demo(document)
        report.add("demo", marked, "demo" if marked else "demo-unmarked")
    listed = _list(document, trust)
    # A signed list shows that it is at least that late, whatever a clock that was set back says.
    _dates(document, report, now, max(now, listed.start) if isinstance(listed, Listed) else now)
    _status(document, report, trust, now, listed)
    return report


def _dates(document: Json, report: Report, now: datetime, at_least: datetime) -> None:
    try:
        start = time_of(document["validFrom"])
        end = time_of(document["validUntil"]) if "validUntil" in document else None
        created = (the_proof(document) or {}).get("created")
        begun = start if created is None else max(start, time_of(created))
    except (KeyError, ValueError, TypeError):
        report.add("dates", False, "dates-unreadable")
        return
    if now + LEEWAY < begun:
        report.add("dates", False, "not-yet", start=begun)
    elif end is not None and at_least > end:
        report.add("dates", False, "expired", end=end)
    elif end is not None:
        report.add("dates", True, "dates-until", start=start, end=end)
    else:
        report.add("dates", True, "dates", start=start)


def _status(document: Json, report: Report, trust: Trust, now: datetime, listed: Listed | str) -> None:
    entry = document.get("credentialStatus")
    if entry is None:
        report.add("status", None, "no-status")
    elif document.get("id") in trust.ledger:
        reason = trust.ledger[document["id"]]
        if reason is None:
            report.add("status", True, "status-ledger")
        else:
            report.add("status", False, "revoked-ledger", reason=reason)
    elif isinstance(listed, str):
        report.add("status", None if listed == "status-unchecked" else False, listed)
    elif get_status_bit(listed.bits, int(entry["statusListIndex"])):
        report.add("status", False, "revoked", asOf=listed.start)
    elif listed.start > now + LEEWAY:
        report.add("status", None, "status-future", asOf=listed.start)
    elif listed.end is not None and now > listed.end:
        report.add("status", None, "status-old", asOf=listed.start)
    else:
        report.add("status", True, "not-revoked", asOf=listed.start)


def _list(document: Json, trust: Trust) -> Listed | str:
    """Return the status list that a credential names, or the key of what is wrong with it or its entry."""
    try:
        entry = document["credentialStatus"]
        if entry["type"] != "BitstringStatusListEntry" or entry["statusPurpose"] != "revocation":
            return "status-unreadable"
        index, where = int(entry["statusListIndex"]), str(entry["statusListCredential"])
        if str(index) != entry["statusListIndex"] or not 0 <= index < STATUS_BITS:
            return "status-unreadable"
    except (KeyError, ValueError, TypeError):
        return "status-unreadable"
    listed = trust.lists.get(where)
    if listed is None:
        return "status-unchecked"
    did, subject = issuer_of(document), listed.get("credentialSubject")
    right = (
        "BitstringStatusListCredential" in types(listed)
        and listed.get("id") == where
        and issuer_of(listed) == did
        and isinstance(subject, dict)
        and subject.get("type") == "BitstringStatusList"
        and subject.get("statusPurpose") == "revocation"
        and signed(listed, trust.keys(did), Report(listed))
    )
    try:
        if not right or not isinstance(subject, dict):
            return "status-list-wrong"
        bits = decode_bitstring(subject["encodedList"])
        if len(bits) * 8 < STATUS_BITS:
            return "status-list-wrong"
        end = time_of(listed["validUntil"]) if "validUntil" in listed else None
        return Listed(bits, time_of(listed["validFrom"]), end)
    except (OpenvcError, KeyError, ValueError, TypeError):
        return "status-list-wrong"
