"""The ledger finds what was done to it, and loses nothing to a crash."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.certify import ledger as module
from autograder.certify.ledger import Ledger
from autograder.errors import CourseError

from .cohorts import new_signer


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
for number in range(0, 20, 2):
    ledger.append("note", {"by": sys.argv[2], "number": number})
    ledger.append_all([("note", {"by": sys.argv[2], "number": number + 1})])
ledger.append_all([("note", {"by": sys.argv[2], "number": number}) for number in range(20, 30)])
"""


def test_four_writers_at_the_same_time_are_safe(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in "abcd"]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    entries = Ledger(path).entries()
    assert len(entries) == 120
    for name in "abcd":
        assert [entry.data["number"] for entry in entries if entry.data["by"] == name] == list(range(30))


# Says each number once its entry is acknowledged; some come in batches.
RECORDER = """
import sys; from pathlib import Path; from autograder.certify.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
number = int(sys.argv[2])
while number < 200:
    several = 5 if number % 4 == 0 else 1
    ledger.append_all([("note", {"number": number + i}) for i in range(several)])
    number += several
    print(number, flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_loses_no_acknowledged_entry(tmp_path: Path) -> None:
    path, dice, known, kills = tmp_path / "ledger.jsonl", random.Random(7), 0, 0
    while known < 200 and kills < 40:
        command = [sys.executable, "-c", RECORDER, str(path), str(known)]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        acknowledged = known
        for _ in range(dice.randint(1, 20)):
            acknowledged = int(writer.stdout.readline() or acknowledged)
        time.sleep(dice.random() * 0.02)
        writer.send_signal(signal.SIGKILL)
        rest = writer.communicate()[0].split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        kills += 1
        entries = Ledger(path).entries()
        assert [entry.data["number"] for entry in entries] == list(range(len(entries)))
        assert len(entries) >= acknowledged
        known = len(entries)
    assert known >= 200
    assert kills > 5
    assert Ledger(path).verify() is not None


def test_a_batch_is_one_write_and_all_of_it_is_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (calls.append(handle), real(handle))[1])
    made = Ledger(path).append_all([("note", {"number": number}) for number in range(500)])
    assert [entry.seq for entry in made] == list(range(7, 507))
    assert len(calls) < 10
    assert len(Ledger(path).entries()) == 506
    assert Ledger(path).append_all([]) == []


def test_a_batch_torn_at_any_line_is_repaired(path: Path) -> None:
    good = path.read_bytes()
    head = path.with_suffix(".head").read_text("ascii").strip()
    Ledger(path).append_all([("note", {"number": number}) for number in range(4)])
    batch = lines(path)[6:]
    for whole in range(5):
        for rest in (b"", b'{"by":"","da', b"\x00\x00\n\x00"):
            path.write_bytes(good + b"".join(batch[:whole]) + rest)
            path.with_suffix(".head").write_text(f"{head} +4\n", "ascii")
            assert len(Ledger(path).entries()) == 6 + whole
            assert path.read_bytes() == good + b"".join(batch[:whole])
            assert Ledger(path).append("note", {"after": "the crash"}).seq == 7 + whole
            assert Ledger(path).verify() is not None


def test_more_lines_than_a_batch_had_are_found(path: Path) -> None:
    head = path.with_suffix(".head").read_text("ascii").strip()
    Ledger(path).append_all([("note", {"number": number}) for number in range(4)])
    path.with_suffix(".head").write_text(f"{head} +3\n", "ascii")
    with pytest.raises(CourseError, match="were not written by this program"):
        Ledger(path).entries()


def test_a_full_disk_leaves_nothing_half_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, good = Ledger(path), path.read_bytes()

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(module.os, "fsync", full)
        with pytest.raises(CourseError, match="No space left"):
            ledger.append("note", {"number": 6})
    assert path.read_bytes() == good
    assert ledger.append("note", {"number": 6}).seq == 7
    assert Ledger(path).verify() is not None


def test_a_clock_set_back_makes_no_entry_older_than_the_one_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    class Past(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Past:
            return cls(2020, 1, 1, tzinfo=UTC)

    before = Ledger(path).entries()[-1]
    monkeypatch.setattr(module, "datetime", Past)
    assert Ledger(path).append("note", {"number": 6}).time == before.time


def test_two_ledgers_share_no_hash(tmp_path: Path) -> None:
    first, second = (Ledger(tmp_path / name / "ledger.jsonl").append("note", {}) for name in "ab")
    assert first.prev != second.prev
    assert first.hash != second.hash


def test_who_may_only_read_can_verify_repairs_nothing_and_cannot_append(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def refusing(self: Path, mode: str = "r", *arguments: object, **more: object) -> object:
        if mode == "a":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(self, mode, *arguments, **more)  # type: ignore[call-overload]

    torn = path.read_bytes() + b'{"by":'
    path.write_bytes(torn)
    with monkeypatch.context() as reader:
        reader.setattr(Path, "open", refusing)
        assert len(Ledger(path).entries()) == 6
        with pytest.raises(CourseError, match="may not be written"):
            Ledger(path).append("note", {})
    assert path.read_bytes() == torn


def test_appending_takes_no_longer_as_the_ledger_grows(path: Path) -> None:
    """A long-lived ledger reads only what is new: the work of an append does not depend on its length."""
    ledger = Ledger(path)
    ledger.append_all([("note", {"number": number}) for number in range(3000)])
    read: list[int] = []
    real = ledger._check
    ledger._check = lambda seq, line: (read.append(seq), real(seq, line))[1]  # type: ignore[method-assign]
    for number in range(5):
        ledger.append("note", {"number": number})
    assert read == []
    Ledger(path).append("note", {})
    ledger.append("note", {})
    assert len(read) == 1


def test_every_byte_of_a_signed_ledger_counts(tmp_path: Path) -> None:
    from autograder.certify.book import Book

    book = Book.open(tmp_path)
    first, second = new_signer(), new_signer()
    for signer, role in ((first, "registrar"), (second, "decider")):
        book.append("person", {**vars(signer.card), "roles": [role]}, first)
    path = book.path
    good = path.read_bytes()
    assert Book.open(tmp_path).verify() is not None
    for position in range(len(good)):
        bad = bytearray(good)
        bad[position] ^= 1 << position % 8
        path.write_bytes(bytes(bad))
        with pytest.raises(CourseError):
            Book.open(tmp_path)
    path.write_bytes(good)
    Book.open(tmp_path)


def test_a_long_lived_ledger_sees_what_another_wrote(path: Path) -> None:
    first, second = Ledger(path), Ledger(path)
    assert len(first.entries()) == 6
    second.append("note", {"number": 6})
    assert first.append("note", {"number": 7}).seq == 8
