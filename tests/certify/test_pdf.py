"""The PDF carries the signed file unchanged, says what is signed, and its QR code leads to the same."""

from __future__ import annotations

import base64
import io
import subprocess
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import pypdf
import pytest

from autograder.certify import credential, keys, pdf, verify

from .samples import Signed, make

SITE = "http://localhost:8000/"


@pytest.fixture(scope="module")
def printed(signed: Signed) -> bytes:
    return pdf.render(signed.document, SITE)


def words(data: bytes) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(data)).pages
    return " ".join(page.extract_text().split())


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


def test_a_compressed_attachment_is_read(signed: Signed) -> None:
    packed = zlib.compress(signed.data)
    head = b"<< /Type /EmbeddedFile /Filter /FlateDecode /Length %d >>\nstream\r\n" % len(packed)
    data = b"%PDF-1.7\n1 0 obj\n" + head + packed + b"\nendstream\nendobj\n"
    assert pdf.attached(data) == signed.data


def test_a_change_of_any_byte_of_the_attachment_is_found(signed: Signed, printed: bytes) -> None:
    start = printed.find(signed.data)
    for position in range(start, start + len(signed.data), 41):
        bad = bytearray(printed)
        bad[position] ^= 1
        try:
            document = verify.parse(pdf.attached(bytes(bad)))
        except ValueError:
            continue
        assert verify.verify(document, signed.trust).verdict == "invalid"


def test_a_pdf_without_or_with_two_credentials_is_refused(signed: Signed, printed: bytes) -> None:
    with pytest.raises(ValueError, match="no credential"):
        pdf.attached(b"%PDF-1.7\n%%EOF")
    with pytest.raises(ValueError, match="more than one"):
        pdf.attached(printed + printed)


def test_the_page_says_in_both_languages_what_is_signed(printed: bytes) -> None:
    text = words(printed)
    for part in (
        "Nguyễn Thị Ánh",
        "K7P2-QD4M",
        "Nhìn thấy nhà máy",
        "Seeing the factory",
        "Giấy chứng nhận hoàn thành học phần",
        "Certificate of module completion",
        "20/11/2026",
        credential.DEMO,
        credential.DEMO_VI,
    ):
        assert part in text


def test_without_consent_the_page_has_the_trainee_number_alone(signer: keys.Signer) -> None:
    text = words(pdf.render(make(signer, name=""), SITE))
    assert "K7P2-QD4M" in text
    assert "Nguyễn" not in text


def test_a_very_long_name_stays_on_the_page(signer: keys.Signer) -> None:
    name = " ".join(["Nguyễn Phước Bảo Hoàng"] * 6)
    assert name in words(pdf.render(make(signer, name=name), SITE))


def test_the_qr_link_carries_the_whole_credential_behind_the_hash(signed: Signed) -> None:
    link = urlsplit(pdf.verify_link(signed.document, SITE))
    assert link.path == "/vi/verify.html"
    assert link.query == ""  # what is behind the # is never sent to a server
    packed = base64.urlsafe_b64decode(link.fragment + "=" * (-len(link.fragment) % 4))
    assert zlib.decompress(packed) == signed.data


def test_it_draws_without_a_complaint(printed: bytes, tmp_path: Path) -> None:
    (tmp_path / "c.pdf").write_bytes(printed)
    command = ["pdftoppm", "-r", "40", "-png", str(tmp_path / "c.pdf"), str(tmp_path / "c")]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("pdftoppm is not installed")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("c*.png"))
