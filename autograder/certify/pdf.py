"""The certificate as a PDF: A4, in both languages, the signed credential attached, a QR code to check it.

Everything printed is read from the credential, so the page says nothing that is not signed. The file
follows PDF/A-3, the archival format that allows attachments.
"""

from __future__ import annotations

import base64
import re
import zlib
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib
import segno
from fpdf import FPDF

from autograder.certify.credential import DEMO, DEMO_VI, dump, marked_demo

Json = dict[str, Any]

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"  # DejaVu: every Vietnamese letter
INK, MUTED, GREEN, GOLD, AMBER = (28, 39, 51), (92, 103, 114), (11, 93, 78), (190, 140, 40), (247, 201, 84)
WIDTH, HEIGHT, CENTRE = 297.0, 210.0, 148.5
QR_SIZE = 46.0  # millimetres; some 130 modules, so about 0.35 mm each: a phone reads it from paper
COURSE = ("Khóa học Chuyên gia nhà máy thông minh", "Smart-factory expert course")
MAX_ATTACHMENT = 200_000


def verify_link(document: Json, site: str) -> str:
    """Return the link of the verify page that carries the whole credential behind its ``#``."""
    packed = base64.urlsafe_b64encode(zlib.compress(dump(document), 9)).decode().rstrip("=")
    return f"{site}vi/verify.html#{packed}"


def render(document: Json, site: str) -> bytes:
    """Return the certificate of a signed credential as a PDF file."""
    page = FPDF(orientation="L", format="A4", enforce_compliance="PDF/A-3B")
    page.set_auto_page_break(False)
    for family, style, file in (
        ("serif", "", "DejaVuSerif.ttf"),
        ("serif", "B", "DejaVuSerif-Bold.ttf"),
        ("sans", "", "DejaVuSans.ttf"),
        ("sans", "B", "DejaVuSans-Bold.ttf"),
    ):
        page.add_font(family, style, FONTS / file)
    vi, en = _halves(document["name"].removeprefix(f"{DEMO}: "))
    page.set_title(f"{vi} / {en}")
    page.set_lang("vi")
    page.set_creation_date(datetime.fromisoformat(document["validFrom"]))
    page.add_page()
    _frame(page)
    if marked_demo(document):
        _demo(page)
    _words(page, document)
    _foot(page, document, site)
    page.embed_file(
        bytes=dump(document),
        basename="credential.json",
        mime_type="application/json",
        associated_file_relationship="Data",
        desc="Open Badges 3.0 credential",
        creation_date=datetime.fromisoformat(document["validFrom"]),
        modification_date=datetime.fromisoformat(document["validFrom"]),
    )
    return bytes(page.output())


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


def _frame(page: FPDF) -> None:
    page.set_draw_color(*GREEN)
    page.set_line_width(1.1)
    page.rect(8, 8, WIDTH - 16, HEIGHT - 16)
    page.set_draw_color(*GOLD)
    page.set_line_width(0.3)
    page.rect(10.2, 10.2, WIDTH - 20.4, HEIGHT - 20.4)
    # A production line: stations joined by a flow, with one buffer place between each two.
    page.set_line_width(0.5)
    y, step = 30.0, 13.0
    for station in range(5):
        x = CENTRE + (station - 2) * step
        page.set_fill_color(*GREEN)
        page.rect(x - 2.6, y - 2.6, 5.2, 5.2, style="F", round_corners=True, corner_radius=1)
        if station < 4:
            page.set_draw_color(*GREEN)
            page.line(x + 2.6, y, x + step - 2.6, y)
            page.set_fill_color(*GOLD)
            page.ellipse(x + step / 2 - 1.1, y - 1.1, 2.2, 2.2, style="F")


def _demo(page: FPDF) -> None:
    page.set_fill_color(*AMBER)
    page.rect(10.4, 10.4, WIDTH - 20.8, 9.4, style="F")
    page.set_text_color(*INK)
    page.set_font("sans", "B", 9.5)
    page.set_xy(10.4, 10.4)
    page.cell(WIDTH - 20.8, 9.4, f"{DEMO_VI}  ·  {DEMO}", align="C")
    page.set_text_color(243, 240, 232)
    page.set_font("sans", "B", 150)
    with page.rotation(24, CENTRE, 112):
        page.set_xy(0, 82)
        page.cell(WIDTH, 60, "DEMO", align="C")


def _words(page: FPDF, document: Json) -> None:
    achievement = document["credentialSubject"]["achievement"]
    level = _halves(achievement["description"])
    whole = _halves(achievement["name"])
    # "Certificate of module completion: Seeing the factory" -> what was completed: a module, or the course
    subject = [
        name.removeprefix(f"{kind}: ") if name != kind else course
        for name, kind, course in zip(whole, level, COURSE, strict=True)
    ]
    criteria = _halves(achievement["criteria"]["narrative"])
    open_ids = {
        one["identityType"]: one["identityHash"] for one in document["credentialSubject"]["identifier"]
    }
    code = re.sub(r"^(.{4})(.{4})$", r"\1-\2", open_ids["identifier"])
    _line(page, 37, f"{COURSE[0]}  ·  {COURSE[1]}", "sans", "", 9, MUTED)
    _line(page, 45, level[0], "serif", "B", 25, GREEN)
    _line(page, 57.5, level[1], "serif", "", 14, MUTED)
    _line(page, 75, "Chứng nhận học viên  ·  This certifies that the trainee", "sans", "", 9, MUTED)
    _line(page, 82, open_ids.get("name") or code, "serif", "B", 24, INK)
    number = f" {code}" if open_ids.get("name") else ""
    _line(page, 95, f"Mã học viên · Trainee number{number}", "sans", "", 8.5, MUTED)
    page.set_draw_color(*GOLD)
    page.set_line_width(0.4)
    page.line(CENTRE - 45, 102.5, CENTRE + 45, 102.5)
    _line(page, 106, "đã hoàn thành  ·  has completed", "sans", "", 9, MUTED)
    _line(page, 113, subject[0], "serif", "B", 18, INK)
    _line(page, 123.5, subject[1], "serif", "", 12, INK)
    _line(page, 134, criteria[0], "sans", "", 8.5, MUTED)
    _line(page, 138.5, criteria[1], "sans", "", 8.5, MUTED)


def _foot(page: FPDF, document: Json, site: str) -> None:
    left, right = 20.0, WIDTH - 20.0 - QR_SIZE
    issued = datetime.fromisoformat(document["validFrom"])
    rows = (
        ("Đơn vị cấp · Issuer", document["issuer"]["name"]),
        ("Ngày cấp · Date of issue", f"{issued:%d/%m/%Y}  ({issued:%Y-%m-%d})"),
        ("Số · Certificate number", document["id"].removeprefix("urn:uuid:")),
    )
    for number, (label, value) in enumerate(rows):
        y = 150.0 + number * 9.6
        _text(page, left, y, right - left - 8, label, 7, MUTED)
        _text(page, left, y + 3.6, right - left - 8, value, 9.5, INK)
    note = (
        "Bản in là bản sao. Bản để kiểm tra là tệp đã ký đính kèm tệp PDF này; mã QR chứa cùng nội dung. "
        "Đây không phải chữ ký số theo Luật Giao dịch điện tử.",
        "Print is a copy. What can be checked is the signed file attached to this PDF; "
        "the QR code holds the same. "
        "This is no digital signature in the sense of the Vietnamese law on electronic transactions.",
    )
    page.set_text_color(*MUTED)
    page.set_font("sans", "", 6.6)
    page.set_xy(left, 180.5)
    page.multi_cell(right - left - 14, 3.3, "\n".join(note), align="L")
    code = segno.make(verify_link(document, site), error="l", boost_error=False, micro=False)
    _qr(page, code, right, 144.0)
    page.set_xy(right - 12, 144.0 + QR_SIZE + 0.8)
    page.set_text_color(*INK)
    page.set_font("sans", "", 7)
    page.cell(QR_SIZE + 24, 3.4, "Quét để kiểm tra · Scan to check", align="C")
    address = f"{site}vi/verify.html"
    page.set_xy(right - 12, 144.0 + QR_SIZE + 4.1)
    _fit(page, address, "sans", "", 5.8, QR_SIZE + 20)
    page.set_text_color(*MUTED)
    page.cell(QR_SIZE + 24, 3, address, align="C", link=address)


def _qr(page: FPDF, code: Any, x: float, y: float) -> None:
    # Vector squares, one for each run of dark modules, so that the code is sharp at any size.
    rows = [list(row) for row in code.matrix]
    module = QR_SIZE / len(rows)
    page.set_fill_color(0, 0, 0)
    for i, row in enumerate(rows):
        start = None
        for j, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = j
            elif not dark and start is not None:
                # a hair of overlap downward keeps viewers from drawing white seams
                page.rect(x + start * module, y + i * module, (j - start) * module, module + 0.02, style="F")
                start = None


def _line(
    page: FPDF, y: float, text: str, family: str, style: str, size: float, colour: tuple[int, ...]
) -> None:
    _fit(page, text, family, style, size, WIDTH - 60)
    page.set_text_color(*colour)
    page.set_xy(30, y)
    page.cell(WIDTH - 60, page.font_size * 1.25, text, align="C")


def _text(
    page: FPDF, x: float, y: float, width: float, text: str, size: float, colour: tuple[int, ...]
) -> None:
    _fit(page, text, "sans", "", size, width)
    page.set_text_color(*colour)
    page.set_xy(x, y)
    page.cell(width, page.font_size * 1.25, text)


def _fit(page: FPDF, text: str, family: str, style: str, size: float, width: float) -> None:
    """Set the font, smaller if the text would not fit."""
    page.set_font(family, style, size)
    wide = page.get_string_width(text)
    if wide > width - 4:
        page.set_font(family, style, size * (width - 4) / wide)


def _halves(text: str) -> tuple[str, str]:
    vi, _, en = text.partition(" · ")
    return vi, en or vi
