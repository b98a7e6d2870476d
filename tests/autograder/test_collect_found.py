"""What is found in folders, zips and e-mails, and what is refused; nothing is unpacked to the disk."""

from __future__ import annotations

import io
import json
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.cohort import Cohort
from autograder.collect import Receipt, archives, attempts, collect, intake
from autograder.collect.disk import list_files
from autograder.collect.unpack import Unpacker
from course import main

Maker = Callable[..., Path]
Content = bytes | str


@pytest.fixture
def member(cohort: Cohort) -> str:
    """Somebody on the roster, who reads English."""
    return cohort.enrol(name="Nguyễn Văn An", email="an@example.org", language="en").id


@pytest.fixture
def work(member: str, hand_in: Maker) -> bytes:
    """A hand-in file of that person's."""
    path = hand_in(member)
    content = path.read_bytes()
    path.unlink()
    return content


def zipped(files: Mapping[str, Content], **more: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **more) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def one(cohort: Cohort, path: Path) -> Receipt:
    (receipt,) = collect(cohort, [path])
    return receipt


def letter(files: Mapping[str, bytes], **headers: str) -> bytes:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name] = value
    mail.set_content("Thưa thầy, em nộp bài.")
    for name, content in files.items():
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes()


# -- what is taken


def test_folders_zips_and_a_zip_in_a_zip_are_looked_through(
    cohort: Cohort, hand_in: Maker, tmp_path: Path
) -> None:
    trainees = [cohort.enrol().id for _ in range(4)]
    files = [hand_in(t).rename(tmp_path / f"{t}.json").read_bytes() for t in trainees]
    folder = tmp_path / "export"
    put(folder / "deep" / "er" / "a.json", files[0])
    put(folder / "b.zip", zipped({"x/b.json": files[1], "c.zip": zipped({"y/c.json": files[2]})}))
    found = collect(cohort, [folder, tmp_path / f"{trainees[3]}.json"])
    assert [r.status for r in found] == ["accepted"] * 4
    assert {r.trainee for r in found} == set(trainees)
    assert any("b.zip › c.zip › y/c.json" in r.file for r in found)


def test_what_systems_leave_behind_is_passed_over_in_silence(
    cohort: Cohort, work: bytes, tmp_path: Path
) -> None:
    junk = {
        "__MACOSX/._w01.ipynb": b"{",
        ".ipynb_checkpoints/w01-checkpoint.ipynb": b"{",
        "a/Thumbs.db": b"{",
        "a/.DS_Store": b"{",
        "a/desktop.ini": b"{",
        "~$w01.docx": b"{",
    }
    for name, content in junk.items():
        put(tmp_path / "in" / name, content)
    put(tmp_path / "in" / "b.zip", zipped(junk | {"work.json": work}))
    passed: list[str] = []
    assert [r.status for r in collect(cohort, [tmp_path / "in"], passed=passed)] == ["accepted"]
    assert passed == []


def test_other_files_are_counted_and_named_and_one_that_is_named_itself_is_refused(
    cohort: Cohort, work: bytes, tmp_path: Path
) -> None:
    put(tmp_path / "in" / "photo.png", b"\x89PNG")
    put(tmp_path / "in" / "work.json", work)
    command = ["collect", "-C", str(cohort.path)]
    result = CliRunner().invoke(main, [*command, str(tmp_path / "in")])
    assert result.exit_code == 0, result.output
    assert "passed over 1 files that are no hand-ins, such as photo.png" in result.output
    assert "no hand-in" in one(cohort, tmp_path / "in" / "photo.png").reason


def test_a_notebook_that_the_browser_named_txt_is_taken(cohort: Cohort, work: bytes, tmp_path: Path) -> None:
    put(tmp_path / "in" / "w01.ipynb.txt", b"\xef\xbb\xbf  " + work)
    assert one(cohort, tmp_path / "in").status == "accepted"


def test_the_cohort_folder_itself_holds_no_hand_ins_but_those_put_there(
    cohort: Cohort, work: bytes, tmp_path: Path
) -> None:
    collect(cohort, [put(tmp_path / "work.json", work)])
    assert collect(cohort, [cohort.path]) == []
    put(cohort.path / "inbox" / "work.json", work)
    assert [r.status for r in collect(cohort, [cohort.path])] == ["duplicate"]


@pytest.mark.parametrize("is_zip", [True, False])
@pytest.mark.parametrize(
    "name",
    [
        "Nguyễn Văn An_12345_assignsubmission_file_/w01.ipynb",
        "Nguyễn Văn An_12345_assignsubmission_file_w01.ipynb",
        "An Nguyễn Văn_12345_assignsubmission_file_/nộp bài/bài.ipynb",
    ],
)
def test_moodles_download_is_taken_zipped_or_not(
    cohort: Cohort, member: str, solve: Any, tmp_path: Path, name: str, is_zip: bool
) -> None:
    """A notebook without a number in it: Moodle's folder says whose it is."""
    content = json.dumps(solve("")).encode()
    nfd = unicodedata.normalize("NFD", name)
    path = put(tmp_path / "m.zip", zipped({nfd: content})) if is_zip else put(tmp_path / "m" / nfd, content)
    receipt = one(cohort, path if is_zip else tmp_path / "m")
    assert (receipt.status, receipt.trainee) == ("accepted", member), receipt.reason
    assert "by the name" in receipt.repairs


def test_classrooms_folder_is_taken(cohort: Cohort, member: str, solve: Any, tmp_path: Path) -> None:
    other = cohort.enrol().id
    put(tmp_path / "w01" / "w01 - Nguyen Van An.ipynb", json.dumps(solve("")).encode())
    put(tmp_path / "w01" / "Copy of w01.ipynb", json.dumps(solve(other)).encode())
    found = collect(cohort, [tmp_path / "w01"])
    assert [(r.status, r.trainee) for r in found] == [("accepted", other), ("accepted", member)]


def test_names_of_old_zips_are_read_as_their_system_wrote_them(
    cohort: Cohort, member: str, solve: Any, tmp_path: Path
) -> None:
    """macOS writes UTF-8 and does not say so; Windows writes code page 437, and backslashes."""
    cohort.enrol(name="Élodie Müller")
    content = json.dumps(solve("")).encode()
    names = {
        "Nguyễn Văn An/w01.ipynb": unicodedata.normalize("NFD", "Nguyễn Văn An/w01.ipynb").encode("utf-8"),
        "Élodie Müller\\w01.ipynb": "Élodie Müller\\w01.ipynb".encode("cp437"),
    }
    for n, (name, raw) in enumerate(names.items()):
        plain = "x" * len(raw)
        data = zipped({plain: content}).replace(plain.encode(), raw)
        receipt = one(cohort, put(tmp_path / f"{n}.zip", data))
        assert receipt.status == "accepted", (name, receipt.reason)
        assert name.replace("\\", "/") in receipt.file


# -- e-mails


def test_attachments_of_saved_e_mails_are_taken(cohort: Cohort, work: bytes, tmp_path: Path) -> None:
    mail = letter(
        {"bài nộp.json": work, "logo.png": b"\x89PNG"},
        From="An <an@example.org>",
        Date="Fri, 20 Nov 2026 09:00:00 +0700",
        Received="from x by mx.example.org; Fri, 20 Nov 2026 09:00:05 +0700",
    )
    receipt = one(cohort, put(tmp_path / "mails" / "a.eml", mail).parent)
    assert (receipt.status, receipt.time_by) == ("accepted", "mail_server")
    assert receipt.handed_in == "2026-11-20T02:00:05+00:00"
    assert "bài nộp.json" in receipt.file


def test_an_e_mail_says_whose_a_notebook_is_that_does_not_say_so(
    cohort: Cohort, member: str, solve: Any, tmp_path: Path
) -> None:
    notebook = zipped({"w01.ipynb": json.dumps(solve("")).encode()})
    mail = letter(
        {"w01.zip": notebook}, From="A. N. <AN@example.org>", Date="Fri, 20 Nov 2026 09:00:00 +0700"
    )
    receipt = one(cohort, put(tmp_path / "b.zip", zipped({"b.eml": mail})))
    assert (receipt.status, receipt.trainee, receipt.time_by) == ("accepted", member, "mail_sender")


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        (letter({}, From="an@example.org"), "No exercise is attached"),
        (letter({"a.png": b"\x89PNG"}, From="an@example.org"), "No exercise is attached"),
        (b"\0\1\2\3", "The e-mail cannot be read"),
        (letter({f"{n}.json": b"{}" for n in range(250)}, From="an@example.org"), "more than 200 parts"),
        (letter({"a.eml": letter({"b.eml": letter({"c.json": b"{}"})})}, From="x"), "too many others"),
    ],
    ids=["empty", "a picture", "no e-mail", "many parts", "deep"],  # each letter has a random boundary
)
def test_an_e_mail_without_work_or_made_to_keep_us_busy_is_refused(
    cohort: Cohort, member: str, tmp_path: Path, mail: bytes, said: str
) -> None:
    receipt = one(cohort, put(tmp_path / "an@example.org" / "a.eml", mail))
    assert (receipt.status, receipt.trainee) == ("rejected", member)
    assert said in receipt.reason


# -- whose clock


def moodle(work: bytes, date: tuple[int, ...], folder: str = "A_1_assignsubmission_file_") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo(f"{folder}/w.json", date), work)  # type: ignore[arg-type]
    return out.getvalue()


def test_moodles_dates_are_believed_and_meant_in_the_zone_of_the_class(
    cohort: Cohort, work: bytes, tmp_path: Path
) -> None:
    receipt = one(cohort, put(tmp_path / "m.zip", moodle(work, (2026, 11, 20, 17, 0, 0))))
    when = datetime(2026, 11, 20, 17, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(UTC)
    assert (receipt.handed_in, receipt.time_by) == (when.isoformat(), "moodle")


def test_the_utc_date_of_newer_zips_goes_before_the_old_one(
    cohort: Cohort, work: bytes, tmp_path: Path
) -> None:
    when = datetime(2026, 11, 19, 1, 2, 3, tzinfo=UTC)
    info = zipfile.ZipInfo("A_1_assignsubmission_file_/w.json", (2026, 11, 20, 17, 0, 0))
    info.extra = struct.pack("<HHBi", 0x5455, 5, 1, int(when.timestamp()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, work)
    assert one(cohort, put(tmp_path / "m.zip", out.getvalue())).handed_in == when.isoformat()


@pytest.mark.parametrize("how", ["home", "inside", "future", "none"])
def test_dates_that_the_trainee_can_set_are_not_believed(
    cohort: Cohort, work: bytes, tmp_path: Path, how: str
) -> None:
    past = (2020, 1, 1, 0, 0, 0)
    content = {
        "home": moodle(work, past, "at home"),
        "inside": zipped({"B_2_assignsubmission_file_/x.zip": moodle(work, past)}),
        "future": moodle(work, (2100, 1, 1, 0, 0, 0)),
        "none": moodle(work, (1980, 1, 1, 0, 0, 0)),
    }[how]
    before = datetime.now(UTC)
    receipt = one(cohort, put(tmp_path / "m.zip", content))
    assert receipt.status == "accepted"
    assert datetime.fromisoformat(receipt.handed_in) >= before - timedelta(days=1)


# -- what is refused


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.rar", b"Rar!\x1a\x07\x00", "Hand in the file itself, or a .zip"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c", "Hand in the file itself, or a .zip"),
        ("a.ipynb", b"Rar!\x1a\x07\x00", "Hand in the file itself, or a .zip"),
        ("w01.py", b"print(1)", "An export of a notebook"),
        ("w01.html", b"<html>", "An export of a notebook"),
        ("w01.docx", b"PK\x03\x04", "An export of a notebook"),
        ("w01.pdf", b"%PDF-1.7", "An export of a notebook"),
        ("w01.ipynb", b"%PDF-1.7", "An export of a notebook"),
        ("mails.mbox", b"From x", "Save each e-mail as an .eml"),
        ("w01.ipynb", b"", "The file is empty"),
        ("w01.ipynb", b"\xff\xfe{\x00", "damaged or no hand-in file"),
        ("w01.ipynb", b'{"worksheets": []}', "not of format 4"),
        ("w01.zip", b"not a zip", "The zip is damaged"),
        ("w01.zip", b"PK\x03\x04" + bytes(36), "The zip is damaged"),  # cut off after its first header
    ],
)
@pytest.mark.parametrize("around", ["folder", "zip", "mail"])
def test_files_that_cannot_be_graded_are_refused_with_what_to_do(
    cohort: Cohort, member: str, tmp_path: Path, name: str, content: bytes, said: str, around: str
) -> None:
    """In the language of whom the folder's name tells."""
    if around == "folder":
        path = put(tmp_path / "Nguyễn Văn An" / name, content).parent
    elif around == "zip":
        path = put(tmp_path / "a.zip", zipped({f"Nguyễn Văn An/{name}": content}))
    else:
        path = put(tmp_path / "a.eml", letter({name: content}, From="Nguyễn Văn An <x@example.org>"))
    receipt = one(cohort, path)
    assert (receipt.status, receipt.trainee) == ("rejected", member)
    assert said in receipt.reason
    assert "\n" not in receipt.reason


def entry(info: zipfile.ZipInfo, content: bytes = b"{}") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(info, content)
    return out.getvalue()


def link() -> bytes:
    info = zipfile.ZipInfo("w01.ipynb")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return entry(info, b"/etc/passwd")


def encrypted() -> bytes:
    data = bytearray(zipped({"w01.ipynb": b"{}"}))
    data[6] |= 1  # the flag, at the entry and in the list
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def packed_rarely() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("w01.ipynb", b"{}")
    return out.getvalue()


def declared_small() -> bytes:
    """An entry that says that it is small, and is 50 MB."""
    data = bytearray(zipped({"w01.ipynb": b" " * 50_000_000}))
    at = data.index(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 1000)
    data[22:26] = struct.pack("<I", 1000)
    return bytes(data)


def overlapping() -> bytes:
    """Many entries that are one and the same bytes, as in Fifield's bomb."""
    data = zipped({"w01.ipynb": bytes(zlib.crc32(bytes([n % 251])) % 256 for n in range(20_000))})
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    body, item = data[:at], data[at:end]
    count = 200
    tail = bytearray(data[end:])
    tail[8:12] = struct.pack("<HH", count, count)
    tail[12:20] = struct.pack("<II", count * len(item), at)
    return body + item * count + bytes(tail)


BAD_ZIPS: dict[str, tuple[Callable[[], bytes], str]] = {
    "encrypted": (encrypted, "has a password"),
    "link": (link, "This is a link"),
    "absolute": (lambda: entry(zipfile.ZipInfo("/etc/w01.ipynb")), "points out of it"),
    "drive": (lambda: entry(zipfile.ZipInfo("C:\\w01.ipynb")), "points out of it"),
    "traversal": (lambda: entry(zipfile.ZipInfo("../../w01.ipynb")), "points out of it"),
    "backslash traversal": (lambda: entry(zipfile.ZipInfo("..\\..\\w01.ipynb")), "points out of it"),
    "rare method": (packed_rarely, "packed in a rare way"),
    "ratio": (lambda: zipped({"w01.ipynb": b" " * 15_000_000}), "swells beyond reason"),
    "too big": (lambda: zipped({"w01.ipynb": noise(20_000_001)}), "over 20 MB"),
    "declared small": (declared_small, "The zip is damaged"),
    "overlapping": (overlapping, "swells beyond reason"),
    "deep": (lambda: zipped({"a.zip": zipped({"b.zip": zipped({"w01.ipynb": b"{}"})})}), "too many other"),
    "bomb inside": (lambda: zipped({"a.zip": zipped({"w01.ipynb": b" " * 15_000_000})}), "swells beyond"),
    "entries": (
        lambda: zipped({"a.zip": zipped({f"{n}.json": b"{}" for n in range(1_001)})}),
        "holds 1001 files",
    ),
}


def noise(count: int) -> bytes:
    """Text that hardly shrinks."""
    import random

    return random.Random(1).randbytes(count)


@pytest.mark.parametrize("how", BAD_ZIPS)
def test_zips_made_to_do_harm_are_refused_and_write_nothing(
    cohort: Cohort, member: str, work: bytes, tmp_path: Path, how: str
) -> None:
    make, said = BAD_ZIPS[how]
    path = put(tmp_path / "an@example.org" / "bad.zip", make())
    good = put(tmp_path / "z" / "good.zip", zipped({"work.json": work}))
    before = sorted(p for p in tmp_path.rglob("*") if cohort.path not in p.parents)
    bad, fine = collect(cohort, [path, good])
    assert (bad.status, fine.status) == ("rejected", "accepted")
    assert said in bad.reason
    assert len(attempts(cohort, member, "w01")) == 1
    assert sorted(p for p in tmp_path.rglob("*") if cohort.path not in p.parents) == before


def test_a_bad_entry_does_not_hold_up_the_ones_beside_it(
    cohort: Cohort, member: str, work: bytes, tmp_path: Path
) -> None:
    content = zipped({"../x.ipynb": b"{}", "Nguyễn Văn An/w01.pdf": b"%PDF", "w.json": work, "y.json": b"{"})
    found = collect(cohort, [put(tmp_path / "m.zip", content)])
    assert [r.status for r in found] == ["rejected", "rejected", "accepted", "rejected"]


def test_all_that_a_persons_zip_may_hold_has_a_limit(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_ALL_INSIDE", 3_000)
    inner = zipped({f"{n}.json": b"{" + noise(1_000) for n in range(5)})
    found = collect(cohort, [put(tmp_path / "m.zip", zipped({"a.zip": inner}))])
    assert "swells beyond reason" in found[-1].reason or "phình to" in found[-1].reason


def test_links_in_folders_are_refused_and_not_followed(cohort: Cohort, work: bytes, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "work.json", work)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.json").symlink_to(tmp_path / "elsewhere" / "work.json")
    (folder / "more").symlink_to(tmp_path / "elsewhere")
    found = collect(cohort, [folder])
    assert [r.status for r in found] == ["rejected", "rejected"]
    assert all("liên kết" in r.reason for r in found)


def test_a_fault_of_ours_with_one_file_does_not_stop_the_others(
    cohort: Cohort, work: bytes, hand_in: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = cohort.enrol().id
    real = intake.restore

    def restore(notebook: Any, which: Any) -> Any:
        if other in str(notebook):
            raise KeyError("boom")
        return real(notebook, which)

    monkeypatch.setattr(intake, "restore", restore)
    found = collect(cohort, [hand_in(other), put(tmp_path / "work.json", work)])
    assert [r.status for r in found] == ["rejected", "accepted"]
    assert "KeyError: 'boom'; please report this" in found[0].reason
    assert "boom" not in (cohort.path / "receipts" / f"{other}.txt").read_text("utf-8-sig")


def test_control_codes_and_formulas_in_names_reach_neither_terminal_nor_spreadsheet(
    cohort: Cohort, work: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "=cmd.zip", zipped({"a\x1b]0;x\x07\n.json": b"{"}))
    result = CliRunner().invoke(main, ["collect", "-C", str(cohort.path), "=cmd.zip"])
    assert "\x1b" not in result.output
    line = (cohort.path / "receipts.csv").read_text("utf-8").splitlines()[1]
    assert line.split(",")[1].startswith("'=cmd.zip")


def test_a_name_that_is_no_unicode_is_shown_and_the_rest_goes_on(
    cohort: Cohort, work: bytes, tmp_path: Path
) -> None:
    """As an old zip leaves it when it is unpacked on Linux."""
    folder = tmp_path / "in"
    put(folder / "good.json", work)
    (tmp_path / "in" / b"b\xe0i.json".decode("utf-8", "surrogateescape")).write_bytes(b"{")
    assert sorted(r.status for r in collect(cohort, [folder])) == ["accepted", "rejected"]


SAMPLES = {
    "a.zip": zipped({"a.json": b'{"cells": []}', "b.zip": zipped({"ü.ipynb": b"{}" * 50})}),
    "a.eml": letter({"bài.json": b'{"cells": []}'}, From="An <an@example.org>", Date="x"),
}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6)), min_size=1, max_size=4),
    cut=st.integers(0, 400),
)
def test_a_damaged_zip_or_e_mail_is_taken_or_refused_and_no_more(
    tmp_path: Path, name: str, changes: list[tuple[int, bytes]], cut: int
) -> None:
    content = bytearray(SAMPLES[name])
    for at, new in changes:
        at %= len(content)
        content[at : at + len(new)] = new
    (lying,) = list_files([put(tmp_path / name, bytes(content[: len(content) - cut // 40]))])
    for found in Unpacker(UTC, datetime.now(UTC)).unpack(lying):
        assert found.refused or isinstance(found.content, bytes)
        assert "\n" not in found.place
