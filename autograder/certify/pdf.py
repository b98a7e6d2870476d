"""The certificate as a PDF: A4, in both languages, the signed credential attached, a QR code to check it.

Everything printed is read from the credential, so the page says nothing that is not signed. The page is
set by Typst from `certificate.typ`, which writes tagged PDF/A-3a, the archival format that allows
attachments, and PDF/UA-1, and refuses what these formats do not allow.
"""

from __future__ import annotations

import json
import re
import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
import typst

from autograder.certify.credential import DEMO, DEMO_VI, dump, marked_demo
from autograder.certify.link import link
from autograder.certify.report import day, time_of
from autograder.errors import CourseError
from autograder.texts import text
from linelab.texts import LANGUAGES

Json = dict[str, Any]

TEMPLATE = Path(__file__).with_name("certificate.typ")
WORDS = [
    "certifies",
    "number",
    "completed",
    "earned",
    "issuer",
    "issued",
    "until",
    "id",
    "scan",
    "code",
    "small",
]
STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]  # for archives, and for readers who do not see
MAX_ATTACHMENT = 200_000


def render(document: Json, site: str) -> bytes:
    """Return the certificate of a signed credential as a PDF file.

    Raises
    ------
    CourseError
        If a letter is in none of the fonts, see `settable`.
    """
    address, digits = link(document, site)
    # Any mask is right by the standard. The search for the best takes longer than all the rest, and
    # compressed content has no large even areas, which masks are there to break up.
    segments: Any = [address, digits]
    code = segno.make(segments, error="m", boost_error=False, micro=False, mask=4)
    inputs = {
        "page": json.dumps(_page(document, site, address + digits), ensure_ascii=False),
        "credential": dump(document).decode(),
        "code": code.svg_inline(border=0, omitsize=True),
    }
    made = time_of(document["validFrom"])
    try:
        data = _typesetter().compile(format="pdf", pdf_standards=STANDARDS, sys_inputs=inputs, timestamp=made)
    except typst.TypstError as error:
        raise CourseError(
            f"{document['id']}: the certificate cannot be set ({error.message}); a name must be written in "
            f"Latin letters, else leave it out"
        ) from error
    assert isinstance(data, bytes)
    return data


@lru_cache(maxsize=1)
def _typesetter() -> typst.Compiler:
    # Kept: it holds the fonts, and what of the page stays the same from one certificate to the next. They are
    # Typst's own, so that a certificate looks the same on every machine.
    return typst.Compiler(TEMPLATE, ignore_system_fonts=True)


def settable(text: str) -> bool:
    """Return whether the certificate's fonts have every letter of a text; an archival PDF must show them."""
    page = b'#set text(font: "Libertinus Serif", fallback: false)\n#sys.inputs.text'
    compiler = typst.Compiler(page, ignore_system_fonts=True, sys_inputs={"text": text})
    try:
        compiler.compile(format="pdf", pdf_standards="a-3u", timestamp=0)
    except typst.TypstError:
        return False
    return True


def _page(document: Json, site: str, whole_link: str) -> Json:
    """Return all that the page says."""
    says = {word: _text(f"certificate.{word}") for word in WORDS}
    course = _text("certificate.course")
    made = time_of(document["validFrom"])
    achievement = document["credentialSubject"]["achievement"]
    level, whole = _both(achievement["description"]), _both(achievement["name"])
    # "Certificate of module completion: Seeing the factory" -> what was completed: a module, or the course
    named = {x: whole[x].removeprefix(f"{level[x]}: ") for x in level} if whole != level else course
    completed = achievement["achievementType"] in ("MicroCredential", "CertificateOfCompletion")
    open_ids = {x["identityType"]: x["identityHash"] for x in document["credentialSubject"]["identifier"]}
    code = re.sub(r"^(.{4})(.{4})$", r"\1-\2", open_ids["identifier"])
    rows = [("issuer", document["issuer"]["name"]), ("issued", _dates(document["validFrom"]))]
    if "validUntil" in document:
        rows.append(("until", _dates(document["validUntil"])))
    rows.append(("id", document["id"].removeprefix("urn:uuid:")))
    return {
        "title": document["name"],
        "made": {x: getattr(made, x) for x in ("year", "month", "day", "hour", "minute", "second")},
        "demo": marked_demo(document),
        "demo-mark": {"vi": DEMO_VI, "en": DEMO},
        "course": course,
        "level": level,
        "holder": open_ids.get("name") or code,
        "number": f" {code}" if open_ids.get("name") else "",
        "achievement": named,
        "criteria": _both(achievement["criteria"]["narrative"]),
        "issuer": document["issuer"]["name"],
        "rows": [{"label": says[key], "value": value} for key, value in rows],
        "says": says | {"completed": says["completed" if completed else "earned"]},
        "link": whole_link,
        "address": f"{site}vi/verify.html".partition("://")[2],
    }


def _text(key: str) -> dict[str, str]:
    return {language: text(key, language) for language in LANGUAGES}


def _dates(written: str) -> str:
    when = time_of(written)
    return f"{day(when, 'vi')} · {day(when, 'en')}"


def _both(whole: str) -> dict[str, str]:
    vi, _, en = whole.partition(" · ")
    return {"vi": vi, "en": en or vi}


def attached(data: bytes) -> bytes:
    """Return the one JSON-LD file attached to a PDF; raise ValueError if there is none or more than one.

    Only the embedded streams are looked for, so that a damaged or hostile page cannot matter.
    """
    found = []
    for match in re.finditer(rb"/Type\s*/EmbeddedFile\b", data):
        start = data.find(b"stream", match.start())
        end = data.find(b"endstream", start + 6)
        if start < 0 or end < 0:
            continue
        dictionary = data[data.rfind(b" obj", 0, match.start()) : start]
        start += 8 if data[start + 6 : start + 8] == b"\r\n" else 7
        length = re.search(rb"/Length\s+(\d+)(?!\s+\d+\s+R)", dictionary)
        raw = data[start : start + int(length[1])] if length else data[start:end]
        if b"/FlateDecode" in dictionary:
            try:
                raw = zlib.decompressobj().decompress(raw, MAX_ATTACHMENT)
            except zlib.error:
                continue
        if raw.lstrip()[:1] == b"{" and b'"@context"' in raw:
            found.append(raw)
    if len(found) != 1:
        raise ValueError("no credential attached" if not found else "more than one credential attached")
    return found[0]
