"""The ledger finds what was done to it, and loses nothing to a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.certify.ledger import Ledger
from autograder.errors import CourseError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(6):
        ledger.append("note", {"number": number, "text": "Đạt"})
    return ledger.path


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def test_a_whole_ledger_verifies_and_names_its_head(path: Path) -> None:
    last = Ledger(path).verify()
    assert last is not None
    assert last.seq == 6
    assert Ledger(path).verify(expect=last.hash) == last


def test_no_ledger_is_an_empty_ledger(tmp_path: Path) -> None:
    assert Ledger(tmp_path / "ledger.jsonl").verify() is None
    assert list(tmp_path.iterdir()) == []


def test_a_change_of_any_byte_is_found(path: Path) -> None:
    good = path.read_bytes()
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1
        path.write_bytes(bytes(bad))
        with pytest.raises(CourseError):
            Ledger(path).verify()
        assert path.read_bytes() == bytes(bad), "a check must not touch what it finds wrong"


def test_removal_of_any_line_is_found(path: Path) -> None:
    whole = lines(path)
    for gone in range(len(whole)):
        path.write_bytes(b"".join(whole[:gone] + whole[gone + 1 :]))
        with pytest.raises(CourseError):
            Ledger(path).verify()


def test_removal_of_all_lines_is_found(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(CourseError, match="missing"):
        Ledger(path).verify()
    path.unlink()
    with pytest.raises(CourseError, match="missing"):
        Ledger(path).verify()


def test_insertion_and_reordering_are_found(path: Path) -> None:
    whole = lines(path)
    for place in range(len(whole)):
        path.write_bytes(b"".join([*whole[:place], whole[0], *whole[place:]]))
        with pytest.raises(CourseError):
            Ledger(path).verify()
    for place in range(len(whole) - 1):
        swapped = [*whole[:place], whole[place + 1], whole[place], *whole[place + 2 :]]
        path.write_bytes(b"".join(swapped))
        with pytest.raises(CourseError):
            Ledger(path).verify()


def test_a_forged_entry_needs_more_than_a_right_hash(path: Path, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other" / "ledger.jsonl")
    for number in range(6):
        other.append("note", {"number": number, "text": "Đạt"})
    other.append("note", {"forged": 1})
    other.append("note", {"forged": 2})
    path.write_bytes(path.read_bytes() + b"".join(lines(other.path)[6:]))
    with pytest.raises(CourseError):
        Ledger(path).verify()


def test_a_rewritten_chain_does_not_hold_the_head_noted_before(path: Path) -> None:
    noted = Ledger(path).verify()
    assert noted is not None
    for file in (path, path.with_suffix(".head")):
        file.unlink()
    Ledger(path).append("note", {"all": "new"})
    Ledger(path).verify()
    with pytest.raises(CourseError, match="rewritten"):
        Ledger(path).verify(expect=noted.hash)


def test_a_torn_line_is_repaired_and_nothing_before_it_is_lost(path: Path) -> None:
    good = path.read_bytes()
    head = path.with_suffix(".head").read_bytes()
    Ledger(path).append("note", {"number": 6})
    line = path.read_bytes()[len(good) :]
    for length in range(len(line) + 1):  # a crash after any byte of the line, before the head moved
        path.write_bytes(good + line[:length])
        path.with_suffix(".head").write_bytes(head)
        entries = Ledger(path).entries()
        whole = length >= len(line) - 1
        assert len(entries) == (7 if whole else 6)
        assert path.read_bytes() == (good + line if whole else good)
        Ledger(path).append("note", {"after": "the crash"})
        assert Ledger(path).verify() is not None


def test_a_crash_while_the_head_moves_is_harmless(path: Path) -> None:
    path.with_suffix(".head.new").write_text("7 hal")
    Ledger(path).append("note", {"number": 6})
    last = Ledger(path).verify()
    assert last is not None
    assert last.seq == 7


WRITER = """
import sys; from pathlib import Path; from autograder.certify.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(20): ledger.append("note", {"by": sys.argv[2], "number": number})
"""


def test_writers_at_the_same_time_are_safe(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    entries = Ledger(path).entries()
    assert len(entries) == 40
    for name in "ab":
        assert [entry.data["number"] for entry in entries if entry.data["by"] == name] == list(range(20))


def test_a_long_lived_ledger_sees_what_another_wrote(path: Path) -> None:
    first, second = Ledger(path), Ledger(path)
    assert len(first.entries()) == 6
    second.append("note", {"number": 6})
    assert first.append("note", {"number": 7}).seq == 8
