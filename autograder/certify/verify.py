"""Verify a credential without trusting the code that signed it: our own small second opinion.

The verify page in the browser makes the same checks in the same order (publish/assets/verify).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from openvc.errors import OpenvcError
from openvc.status.bitstring import decode_bitstring, get_status_bit

from autograder.certify.credential import marked_demo
from autograder.certify.proof import signed
from autograder.certify.report import Check, Json, Report, issuer_of, parse, types

__all__ = ["Check", "Report", "Trust", "parse", "verify"]

STATUS_BITS = 131_072


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


def verify(document: Json, trust: Trust, now: datetime | None = None) -> Report:
    """Check terms, signature, issuer, demo mark, dates and status of a credential."""
    now = now or datetime.now(UTC)
    report = Report(document)
    if "OpenBadgeCredential" not in types(document):
        report.add(
            "form",
            False,
            "Đây không phải giấy chứng nhận Open Badges 3.0",
            "This is no Open Badges 3.0 credential",
        )
        return report
    if not signed(document, report):
        return report
    did = issuer_of(document)
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
    bits, start, end = _status_list(listed, where, issuer_of(document))
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
        "BitstringStatusListCredential" in types(listed)
        and listed.get("id") == where
        and issuer_of(listed) == did
        and isinstance(subject, dict)
        and subject.get("type") == "BitstringStatusList"
        and subject.get("statusPurpose") == "revocation"
        and bool(signed(listed, Report(listed)))
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


def _time(text: str) -> datetime:
    parsed = datetime.fromisoformat(text)
    if "T" not in text or parsed.tzinfo is None:
        raise ValueError("no time zone")
    return parsed
