"""Verify a credential without trusting the code that signed it: our own small second opinion.

The verify page in the browser makes the same checks in the same order (publish/assets/verify).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openvc.errors import OpenvcError
from openvc.multibase import decode_multibase
from openvc.status.bitstring import decode_bitstring, get_status_bit

from autograder.certify import terms
from autograder.certify.credential import marked_demo
from autograder.certify.keys import ED25519_CODE

Json = dict[str, Any]
MAX_BYTES = 200_000
STATUS_BITS = 131_072


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: `ok` is None where nothing could be said."""

    name: str
    ok: bool | None
    vi: str
    en: str


@dataclass(frozen=True)
class Trust:
    """What the verifier takes for granted.

    `issuers` maps a DID to the name it is known by. `lists` holds the latest signed status lists by
    their identifier; they are verified like any credential. `ledger` is what the cohort's own ledger says
    of each credential it issued: the reason of the revocation, or None.
    """

    issuers: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Json] = field(default_factory=dict)
    ledger: Mapping[str, str | None] = field(default_factory=dict)


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
        return marked_demo(self.credential) or _issuer(self.credential).startswith("did:key:")

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


def verify(document: Json, trust: Trust, now: datetime | None = None) -> Report:
    """Check terms, signature, issuer, demo mark, dates and status of a credential."""
    now = now or datetime.now(UTC)
    report = Report(document)
    if "OpenBadgeCredential" not in _types(document):
        report.add(
            "form",
            False,
            "Đây không phải giấy chứng nhận Open Badges 3.0",
            "This is no Open Badges 3.0 credential",
        )
        return report
    if not _signed(document, report):
        return report
    did = _issuer(document)
    if did in trust.issuers:
        name = trust.issuers[did]
        report.add("issuer", True, f"Đơn vị cấp được biết: {name}", f"Known issuer: {name}")
    else:
        report.add(
            "issuer",
            None,
            "Không rõ đơn vị cấp: ai cũng tạo được khóa như vậy",
            "Unknown issuer: anyone can make such a key",
        )
    if report.demo:
        report.add(
            "demo",
            marked_demo(document),
            "Bản trình diễn"
            if marked_demo(document)
            else "Khóa trình diễn nhưng không ghi là bản trình diễn",
            "A demo" if marked_demo(document) else "Signed by a demo key without saying that it is a demo",
        )
    _dates(document, report, now)
    _status(document, report, trust, now)
    return report


def _signed(document: Json, report: Report) -> bool:
    """Check terms and signature of any credential; the two only mean something together."""
    proof = document.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    if not isinstance(proof, dict):
        report.add("signature", False, "Không có chữ ký", "There is no signature")
        return False
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    config = {key: value for key, value in proof.items() if key != "proofValue"}
    if "@context" in proof:
        report.add("terms", False, "Chữ ký mang ngữ cảnh riêng", "The proof brings a context of its own")
        return False
    config["@context"] = document.get("@context")
    for part in (unsigned, config):
        wrong = terms.problem(part)
        if wrong:
            report.add(
                "terms",
                False,
                f"Có nội dung mà chữ ký không bảo vệ: {wrong[:80]}",
                f"Holds content that the signature does not protect: {wrong[:80]}",
            )
            return False
    report.add(
        "terms", True, "Mọi nội dung đều được chữ ký bảo vệ", "All content is protected by the signature"
    )
    if _signature_holds(document, unsigned, proof, config):
        report.add(
            "signature",
            True,
            "Chữ ký đúng, nội dung không bị sửa",
            "The signature is right: nothing was changed",
        )
        return True
    report.add(
        "signature",
        False,
        "Chữ ký sai: nội dung đã bị sửa hoặc không do đơn vị này ký",
        "The signature is wrong: the content was changed, or this issuer did not sign it",
    )
    return False


def _signature_holds(document: Json, unsigned: Json, proof: Json, config: Json) -> bool:
    did = _issuer(document)
    multibase = did.removeprefix("did:key:")
    expected = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{did}#{multibase}",
    }
    if not did.startswith("did:key:z") or any(proof.get(key) != value for key, value in expected.items()):
        return False
    try:
        key = decode_multibase(multibase)
        signature = decode_multibase(proof["proofValue"])
        if not key.startswith(ED25519_CODE) or len(key) != 34 or len(signature) != 64:
            return False
        hashed = b"".join(hashlib.sha256(terms.canonical(part)).digest() for part in (config, unsigned))
        Ed25519PublicKey.from_public_bytes(key[2:]).verify(signature, hashed)
    except (InvalidSignature, OpenvcError, KeyError, AttributeError, ValueError, TypeError):
        return False
    return True


def _dates(document: Json, report: Report, now: datetime) -> None:
    try:
        start = _time(document["validFrom"])
        end = _time(document["validUntil"]) if "validUntil" in document else None
    except (KeyError, ValueError, TypeError):
        report.add("dates", False, "Ngày tháng không đọc được", "The dates cannot be read")
        return
    issued, today = start.strftime("%d/%m/%Y"), start.strftime("%Y-%m-%d")
    if now < start:
        report.add("dates", False, f"Chưa có hiệu lực, từ {issued}", f"Not valid yet, from {today}")
    elif end is not None and now > end:
        report.add("dates", False, f"Đã hết hạn {end:%d/%m/%Y}", f"Expired on {end:%Y-%m-%d}")
    elif end is not None:
        report.add(
            "dates", True, f"Cấp {issued}, hạn {end:%d/%m/%Y}", f"Issued {today}, valid until {end:%Y-%m-%d}"
        )
    else:
        report.add("dates", True, f"Cấp {issued}, không có hạn", f"Issued {today}, does not expire")


def _status(document: Json, report: Report, trust: Trust, now: datetime) -> None:
    entry = document.get("credentialStatus")
    if entry is None:
        report.add(
            "status", None, "Giấy chứng nhận này không thể thu hồi", "This credential cannot be revoked"
        )
        return
    if document.get("id") in trust.ledger:
        reason = trust.ledger[document["id"]]
        if reason is None:
            report.add(
                "status",
                True,
                "Chưa bị thu hồi theo sổ của lớp",
                "Not revoked according to the cohort's ledger",
            )
        else:
            report.add("status", False, f"ĐÃ BỊ THU HỒI: {reason}", f"REVOKED: {reason}")
        return
    try:
        if entry["type"] != "BitstringStatusListEntry" or entry["statusPurpose"] != "revocation":
            raise ValueError("not a revocation entry")
        index, where = int(entry["statusListIndex"]), str(entry["statusListCredential"])
        if str(index) != entry["statusListIndex"] or not 0 <= index < STATUS_BITS:
            raise ValueError("index")
    except (KeyError, ValueError, TypeError):
        report.add("status", False, "Mục thu hồi không đọc được", "The revocation entry cannot be read")
        return
    listed = trust.lists.get(where)
    if listed is None:
        report.add(
            "status",
            None,
            "Không kiểm tra được việc thu hồi: không có danh sách",
            "Revocation could not be checked: no status list is at hand",
        )
        return
    bits, start, end = _status_list(listed, where, _issuer(document))
    if bits is None or start is None:
        report.add("status", False, "Danh sách thu hồi không hợp lệ", "The status list is not valid")
    elif get_status_bit(bits, index):
        report.add(
            "status",
            False,
            f"ĐÃ BỊ THU HỒI (danh sách ngày {start:%d/%m/%Y})",
            f"REVOKED (list of {start:%Y-%m-%d})",
        )
    elif start > now or (end is not None and now > end):
        report.add(
            "status",
            None,
            f"Chưa bị thu hồi tính đến {start:%d/%m/%Y}, nhưng danh sách này đã cũ",
            f"Not revoked as of {start:%Y-%m-%d}, but that list is out of date",
        )
    else:
        report.add(
            "status",
            True,
            f"Chưa bị thu hồi tính đến {start:%d/%m/%Y}",
            f"Not revoked as of {start:%Y-%m-%d}",
        )


def _status_list(listed: Json, where: str, did: str) -> tuple[bytes | None, datetime | None, datetime | None]:
    """Return bits and dates of a status list that its issuer signed, or Nones."""
    subject = listed.get("credentialSubject")
    right = (
        "BitstringStatusListCredential" in _types(listed)
        and listed.get("id") == where
        and _issuer(listed) == did
        and isinstance(subject, dict)
        and subject.get("type") == "BitstringStatusList"
        and subject.get("statusPurpose") == "revocation"
        and bool(_signed(listed, Report(listed)))
    )
    try:
        if not right or not isinstance(subject, dict):
            return None, None, None
        bits = decode_bitstring(subject["encodedList"])
        if len(bits) * 8 < STATUS_BITS:
            return None, None, None
        end = _time(listed["validUntil"]) if "validUntil" in listed else None
        return bits, _time(listed["validFrom"]), end
    except (OpenvcError, KeyError, ValueError, TypeError):
        return None, None, None


def _types(document: Json) -> list[Any]:
    types = document.get("type")
    return types if isinstance(types, list) else [types]


def _issuer(document: Json) -> str:
    issuer = document.get("issuer")
    found = issuer.get("id") if isinstance(issuer, dict) else issuer
    return found if isinstance(found, str) else ""


def _time(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    if "T" not in text or parsed.tzinfo is None:
        raise ValueError("no time zone")
    return parsed


def _no_doubles(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
