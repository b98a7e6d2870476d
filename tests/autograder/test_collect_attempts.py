"""Attempts: the last that was handed in counts, whatever is collected when and how often."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.cohort import Cohort
from autograder.collect import attempts, collect, intake, receipts, shelf
from autograder.collect.shelf import HandIn, Shelf
from autograder.collect.unpack import Sent
from course import main

Maker = Callable[..., Path]
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


def days(count: float) -> datetime:
    return START + timedelta(days=count)


@pytest.fixture(autouse=True)
def _disk_that_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here cuts the power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def made(hand_in: Maker, tmp_path: Path) -> Callable[..., Path]:
    """A hand-in file with an answer to question 1, made by the page on the given day."""

    def make(trainee: str, answer: int, day: int) -> Path:
        changed = {"w01-q1-answer": f'answer("q1", {answer})'}
        path = hand_in(trainee, changed=changed, made=days(day).isoformat())
        return path.rename(tmp_path / f"{trainee}-{day}.json")

    return make


def contents(cohort: Cohort, trainee: str) -> list[str]:
    return [attempt.sha256 for attempt in attempts(cohort, trainee, "w01")]


def test_the_same_work_made_anew_after_another_is_the_latest(cohort: Cohort, made: Any) -> None:
    trainee = cohort.enrol().id
    files = [made(trainee, answer, day) for day, answer in enumerate((1, 2, 1))]
    receipts = [collect(cohort, [file])[0] for file in files]
    assert [r.status for r in receipts] == ["accepted"] * 3
    a, b, again = contents(cohort, trainee)
    assert a == again != b
    third = attempts(cohort, trainee, "w01")[-1]
    assert (third.number, third.same_as) == (3, 1)
    assert "same as attempt 1" in receipts[-1].reason
    assert third.read() == attempts(cohort, trainee, "w01")[0].read()


def test_the_same_work_made_anew_with_nothing_between_is_a_duplicate(cohort: Cohort, made: Any) -> None:
    trainee = cohort.enrol().id
    assert [collect(cohort, [made(trainee, 1, day)])[0].status for day in (0, 1)] == ["accepted", "duplicate"]


def test_an_old_file_collected_again_does_not_become_the_latest(cohort: Cohort, made: Any) -> None:
    trainee = cohort.enrol().id
    old, new = made(trainee, 1, 0), made(trainee, 2, 1)
    collect(cohort, [old, new])
    before = contents(cohort, trainee)
    (receipt,) = collect(cohort, [old])
    assert receipt.status == "duplicate"
    assert "Attempt 2 is later" in receipt.reason
    assert contents(cohort, trainee) == before


def test_a_folder_collected_twice_changes_nothing(cohort: Cohort, made: Any, tmp_path: Path) -> None:
    """Also what was a duplicate the first time: it must not pass for new once other work came after it."""
    trainee = cohort.enrol().id
    folder = tmp_path / "folder"
    folder.mkdir()
    for day, answer in ((0, 1), (1, 1)):
        made(trainee, answer, day).rename(folder / f"{day}.json")
    collect(cohort, [folder])
    collect(cohort, [made(trainee, 2, 2)])
    before = contents(cohort, trainee)
    assert len(before) == 2
    assert {r.status for r in collect(cohort, [folder])} == {"duplicate"}
    assert contents(cohort, trainee) == before


def test_of_files_collected_at_once_the_one_made_last_is_the_latest(cohort: Cohort, made: Any) -> None:
    trainee = cohort.enrol().id
    late, early = made(trainee, 2, 5), made(trainee, 1, 1)
    late_receipt, early_receipt = collect(cohort, [late, early])
    assert contents(cohort, trainee)[-1] == late_receipt.attempt != early_receipt.attempt
    assert "Attempt 1, which is here already, counts as later" in early_receipt.reason


def shelved(cohort: Cohort, trainee: str, day: int, content: str, file: str, sent: Sent | None) -> str:
    """Put work on the shelf in a run of its own, on a day; what it was taken for."""
    work = content.encode()
    given_ = HandIn(hashlib.sha256(work).hexdigest(), file, sent, "")
    return Shelf(cohort, days(day)).keep(trainee, "w01", work, given_)[0].value


def order(cohort: Cohort, trainee: str) -> list[tuple[str, datetime]]:
    """Content and time of a trainee's attempts, read anew."""
    return [(a.path.read_text(), a.handed_in) for a in attempts(cohort, trainee, "w01")]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    handed=st.lists(st.sampled_from("abc"), min_size=1, max_size=5),
    again=st.lists(st.integers(0, 4), max_size=6),
)
def test_the_last_new_file_counts_and_old_ones_change_nothing(
    cohort: Cohort, handed: list[str], again: list[int]
) -> None:
    """Files without any trustworthy time, each collected when it came in, then again in any order."""
    trainee = cohort.enrol().id
    for n, content in enumerate(handed):
        shelved(cohort, trainee, n, content, f"file {n}", None)
    kept = order(cohort, trainee)
    assert [content for content, _ in kept] == [content for content, _ in groupby(handed)]
    for later, n in enumerate(again):
        n %= len(handed)
        shelved(cohort, trainee, 10 + later, handed[n], f"file {n}", None)
    assert order(cohort, trainee) == kept


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), handed=st.lists(st.sampled_from("ab"), min_size=1, max_size=6))
def test_e_mails_give_the_same_attempts_in_whichever_order_they_are_collected(
    cohort: Cohort, data: st.DataObject, handed: list[str]
) -> None:
    """Each sending has a time of its own, so that the same file may be handed in twice."""
    trainee = cohort.enrol().id
    mails = [(content, days(n)) for n, content in enumerate(handed)]
    for day, (content, when) in enumerate(data.draw(st.permutations(mails))):
        shelved(cohort, trainee, 10 + day, content, f"file {content}", Sent(when, "mail_server"))
    # of the same work sent again with nothing between, the first time counts
    assert order(cohort, trainee) == [next(group) for _, group in groupby(mails, key=lambda mail: mail[0])]


def test_moodles_date_of_download_makes_nothing_new(cohort: Cohort) -> None:
    """Older Moodles date a file by the download; the same file in the next download is no further attempt."""
    trainee = cohort.enrol().id
    said = [
        shelved(cohort, trainee, day, content, f"file {content}", Sent(days(day), "moodle"))
        for content, day in (("a", 1), ("b", 2), ("a", 3), ("b", 3))
    ]
    assert said == ["new", "new", "same_file", "same_file"]
    assert order(cohort, trainee) == [("a", days(1)), ("b", days(2))]


def test_a_time_that_becomes_known_later_is_noted_if_it_is_earlier(cohort: Cohort, made: Any) -> None:
    trainee = cohort.enrol().id
    file = made(trainee, 1, 0)
    collect(cohort, [file])
    assert attempts(cohort, trainee, "w01")[0].time_by == "collected"
    (receipt,) = collect(cohort, [file], handed_in=days(1))
    (attempt,) = attempts(cohort, trainee, "w01")
    assert receipt.status == "duplicate"
    assert (attempt.handed_in, attempt.time_by) == (days(1), "stated")
    collect(cohort, [file], handed_in=days(2))
    assert attempts(cohort, trainee, "w01") == [attempt]


def test_a_stated_time_must_be_one_that_has_passed(cohort: Cohort, made: Any) -> None:
    file = str(made(cohort.enrol().id, 1, 0))
    for stated, said in (("soon", "is no time"), ("2999-01-01", "still to come")):
        result = CliRunner().invoke(main, ["collect", "-C", str(cohort.path), "--handed-in", stated, file])
        assert result.exit_code == 1
        assert said in result.output


def test_a_note_that_was_damaged_is_named(cohort: Cohort, made: Any) -> None:
    trainee = cohort.enrol(language="en").id
    collect(cohort, [made(trainee, 1, 0)])
    attempts(cohort, trainee, "w01")[0].path.with_suffix(".json").write_text("{", "utf-8")
    (receipt,) = collect(cohort, [made(trainee, 2, 1)])
    assert receipt.status == "rejected"
    assert "001-" in receipt.reason
    assert "is damaged" in receipt.reason


@pytest.mark.parametrize("nth", range(1, 8))
def test_a_kill_at_any_moment_loses_nothing_and_takes_nothing_twice(
    cohort: Cohort, made: Any, nth: int
) -> None:
    """Three files, two writes each, and a line of the log after each: killed before the nth of these."""
    one, two = cohort.enrol().id, cohort.enrol().id
    files = [made(one, 1, 0), made(two, 1, 0), made(one, 2, 1)]
    child = os.fork()
    if child == 0:
        count = 0

        def counting(real: Any) -> Any:
            def call(*arguments: Any, **more: Any) -> Any:
                nonlocal count
                count += 1
                if count == nth:
                    os._exit(9)
                return real(*arguments, **more)

            return call

        shelf.write = counting(shelf.write)
        intake.log = counting(receipts.log)
        collect(cohort, files)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    said = collect(cohort, files)
    assert {r.status for r in said} <= {"accepted", "duplicate"}
    assert [a.number for a in attempts(cohort, one, "w01")] == [1, 2]
    assert [a.number for a in attempts(cohort, two, "w01")] == [1]
    assert contents(cohort, one)[-1] == said[-1].attempt
    assert {r.status for r in collect(cohort, files)} == {"duplicate"}


def test_two_runs_at_once_are_refused(cohort: Cohort, made: Any) -> None:
    hold = (
        "import fcntl, sys\nlock = open(sys.argv[1], 'w')\nfcntl.lockf(lock, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    file = str(made(cohort.enrol().id, 1, 0))
    command = [sys.executable, "-c", hold, str(cohort.path / ".collecting")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        result = CliRunner().invoke(main, ["collect", "-C", str(cohort.path), file])
        assert "another course collect is at work" in result.output
        holder.communicate()
    assert CliRunner().invoke(main, ["collect", "-C", str(cohort.path), file]).exit_code == 0


def test_attempts_already_there_are_read_once_a_run(
    cohort: Cohort, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainee = cohort.enrol().id
    files = [made(trainee, day, day) for day in range(6)]
    read = []
    real = shelf.attempts
    monkeypatch.setattr(shelf, "attempts", lambda *x: (read.append(x[1:]), real(*x))[1])
    collect(cohort, files)
    assert read.count((trainee, "w01")) == 1


def test_the_trainee_gets_a_text_to_read_in_their_language(cohort: Cohort, made: Any, tmp_path: Path) -> None:
    trainee, other = cohort.enrol("Trần Thị Bình").id, cohort.enrol(language="en").id
    (tmp_path / "Trần Thị Bình.rar").write_bytes(b"Rar!\x1a\x07")
    collect(cohort, [made(trainee, 1, 0), made(other, 1, 0), tmp_path / "Trần Thị Bình.rar"])
    text = (cohort.path / "receipts" / f"{trainee}.txt").read_text("utf-8-sig")
    assert f"- {trainee}-0.json: w01, đã nhận, lần nộp 1" in text
    assert "- Trần Thị Bình.rar: không nhận" in text
    assert "nén thành tệp .zip" in text
    assert contents(cohort, trainee)[0] in text
    assert str(tmp_path) not in text
    english = (cohort.path / "receipts" / f"{other}.txt").read_text("utf-8-sig")
    assert "accepted, attempt 1" in english
    assert trainee not in english
