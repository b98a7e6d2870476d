"""Erasure: nothing of a trainee is left in any file, the ledger verifies, a kill half-way is completed."""

from __future__ import annotations

import base64
import csv
import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder import consents
from autograder.certify import issue, keys, people, status
from autograder.certify.book import Book
from autograder.certify.exam import sitting, taking
from autograder.certify.exam.paper import name_of
from autograder.cohort import Cohort
from autograder.collect import collect
from autograder.data import erase as erasing
from autograder.data import rows
from autograder.data.held import files
from autograder.errors import CourseError
from autograder.feedback import write_feedback
from autograder.files import alone, append, take_out
from autograder.grade import grade
from autograder.gradebook import marks
from autograder.report import write_report
from course import main
from linelab.trainees import written

from .personal import (
    ANSWER,
    APPEAL,
    EMAIL,
    EXAM_TEXT,
    NAME,
    OTHER_NAME,
    PASSPHRASE,
    REMARK,
    SECOND_REMARK,
    Full,
    holds,
)  # fmt: skip

MEMO = "I propose smaller transfer lots"
PERSONAL = (NAME, EMAIL, REMARK, APPEAL, ANSWER, EXAM_TEXT, MEMO, "Hoa Sen", "Hồng Đào")


def run(*arguments: str | Path, code: int = 0, given: str | None = None) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments], input=given)
    assert result.exit_code == code, result.output
    return result


def erase(full: Full) -> None:
    erasing.erase(full.cohort, full.book, erasing.plan(full.cohort, full.book, full.trainee), full.registrar)


def gone(full: Full) -> None:
    """What must be true once it is done."""
    assert holds(full.path, *PERSONAL) == []
    number = (full.trainee, written(full.trainee))
    left = {line.partition(":")[0] for line in holds(full.path, *number)}
    assert left <= {"ledger.jsonl"}, left
    assert full.trainee not in full.cohort.roster()
    assert full.trainee not in consents.consented(full.path, consents.COURSE)
    assert Book(full.path).verify() is not None
    assert run("ledger", "verify").exit_code == 0


def others_stand(full: Full) -> None:
    """Nobody else loses anything."""
    assert full.cohort.roster()[full.other].name == OTHER_NAME
    assert full.other in consents.consented(full.path, consents.CREDENTIAL)
    (mark,) = marks(full.cohort)
    assert (mark.trainee, mark.complete) == (full.other, True)
    assert [path.name for path in sorted((full.path / "attempts").iterdir())] == [full.other]
    assert holds(full.path / "reviews", SECOND_REMARK)


def test_the_test_can_find_what_it_looks_for(full: Full) -> None:
    """Names and texts lie in many files before; the numbers of the search are not zero for another reason."""
    found = {line.partition(":")[0].partition("/")[0] for line in holds(full.path, *PERSONAL)}
    assert {"roster.csv", "receipts.csv", "nbgrader", "reviews", "letters", "credentials", "report"} <= found
    assert holds(full.path / "attempts", MEMO)
    assert REMARK.encode() in (full.path / "nbgrader" / "gradebook.db").read_bytes()


def test_after_erasing_nothing_is_left_and_the_ledger_verifies(full: Full) -> None:
    before = len(full.book.history.entries)
    own = holds(full.path / "attempts" / full.trainee, MEMO)
    assert own
    said = run("data", "erase", written(full.trainee).lower(), given="y\n").output
    assert "attempts/" in said
    assert "gradebook" in said
    assert "1 certificates: the copies here go" in said
    assert "with the name on it" in said
    assert "still has the name" not in said
    gone(full)
    others_stand(full)
    entries = Book.open(full.path).history.entries
    assert [entry.kind for entry in entries[before:]] == ["erasure"]
    assert entries[-1].by == full.registrar.id
    assert "is erased; nothing is left" in run("data", "erase", full.trainee).output


def test_what_sittings_keep_of_a_candidate_is_all_known(full: Full) -> None:
    """Nothing in their folder is left out, and the folder is called as the exam's own modules call it."""
    folder = full.path / sitting.FOLDER / name_of("autumn", "exam")
    held = {one for path in erasing.plan(full.cohort, full.book, full.trainee).paths for one in files(path)}
    shared = {folder / taking.LOG}
    assert len({path for path in folder.rglob("*") if path.is_file()} - shared) == 4
    assert {path for path in folder.rglob("*") if path.is_file()} - shared <= held
    assert taking.LOG == rows.TAKEN


def test_no_page_of_the_gradebook_keeps_what_was_deleted(full: Full) -> None:
    path = full.path / "nbgrader" / "gradebook.db"
    assert REMARK.encode() in path.read_bytes()
    erase(full)
    assert REMARK.encode() not in path.read_bytes()
    assert full.trainee.encode() not in path.read_bytes()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA freelist_count").fetchone() == (0,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert list(path.parent.glob("gradebook.db-*")) == []


def test_it_asks_first_and_no_means_no(full: Full) -> None:
    before = holds(full.path, *PERSONAL)
    run("data", "erase", full.trainee, given="n\n", code=1)
    assert holds(full.path, *PERSONAL) == before
    assert full.trainee not in Book.open(full.path).history.erased


def test_only_a_registrar_erases(full: Full) -> None:
    what = erasing.plan(full.cohort, full.book, full.trainee)
    for signer in (full.decider, None):
        with pytest.raises(CourseError):
            erasing.erase(full.cohort, full.book, what, signer)
    assert full.trainee in full.cohort.roster()
    assert (full.path / "attempts" / full.trainee).is_dir()


STEPS = [
    *((erasing.rows, name) for name in ("remove_grades", "leave_nothing", "remove_receipts", "remove_lines")),
    (erasing, "remove"), (erasing.rows, "remove_from_roster"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "step"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_a_kill_left_is_completed_by_the_same_command(
    full: Full, monkeypatch: pytest.MonkeyPatch, module: object, step: str, when: str
) -> None:
    class KilledError(BaseException):
        pass

    real = getattr(module, step)

    def killed(*arguments: object) -> None:
        if when == "after":
            real(*arguments)
        raise KilledError

    monkeypatch.setattr(module, step, killed)
    with pytest.raises(KilledError):
        erase(full)
    monkeypatch.setattr(module, step, real)
    assert full.trainee in Book.open(full.path).history.erased
    said = run("data", "erase", full.trainee, "--yes").output
    assert "erased" in said
    gone(full)
    others_stand(full)
    erasures = [entry for entry in Book.open(full.path).history.entries if entry.kind == "erasure"]
    assert len(erasures) == 1


def test_a_process_that_is_killed_in_the_middle_of_removing_leaves_no_lock(full: Full) -> None:
    real, calls = erasing.remove, iter(range(100))

    def killed(path: Path) -> None:
        if next(calls) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        real(path)

    def work() -> None:
        erasing.remove = killed
        erase(full)

    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert holds(full.path, NAME)
    run("data", "erase", full.trainee, "--yes")
    gone(full)
    others_stand(full)


def test_the_certificate_in_the_holders_hands_stays_and_can_still_be_revoked(full: Full) -> None:
    (file,) = [path for path in (full.path / "credentials").glob("*.json") if NAME in path.read_text("utf-8")]
    copy = full.folder / file.name
    copy.write_bytes(file.read_bytes())
    erase(full)
    assert not file.exists()
    assert "Valid, but only a demo" in run("verify", copy).output
    signer = keys.unlock(full.path / "keys", PASSPHRASE)
    before = status.build(full.book.entries(), signer)
    held = issue.revoke(full.book, copy.name, "on-request", full.decider)
    assert held.trainee == full.trainee
    after = status.build(full.book.entries(), signer)
    assert before["credentialSubject"]["encodedList"] != after["credentialSubject"]["encodedList"]
    assert Book(full.path).verify() is not None


def test_everything_else_goes_on_after_it(full: Full) -> None:
    erase(full)
    assert grade(full.cohort, progress=False).failed == 0
    assert write_feedback(full.cohort).problems == []
    problems: list[str] = []
    write_report(full.cohort, problems=problems)
    assert problems == []
    assert "0 attempts and 0 marks" in run("ledger", "sync").output
    assert "100/100" in run("certify", "explain", full.trainee, "--language", "en").output
    assert holds(full.path, *PERSONAL) == []


def test_what_is_collected_of_the_trainee_later_does_not_come_back_to_life(
    full: Full, hand_in: Callable[..., Path]
) -> None:
    file = hand_in(full.trainee)
    erase(full)
    (receipt,) = collect(full.cohort, [file])
    assert receipt.status == "rejected"
    assert not (full.path / "attempts" / full.trainee).exists()


def test_it_waits_for_others_who_are_at_work(full: Full) -> None:
    with (
        alone(full.path / ".grading", "course grade"),
        pytest.raises(CourseError, match="another course grade is at work"),
    ):
        _erase_elsewhere(full)
    assert full.trainee in full.cohort.roster()


def _erase_elsewhere(full: Full) -> None:
    """In another process: locks are a process's own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        try:
            erase(full)
            theirs.send("")
        except CourseError as error:
            theirs.send(error.message)

    process = context.Process(target=work)
    process.start()
    said = ours.recv()
    process.join()
    if said:
        raise CourseError(said)


def test_who_is_nobody_here_is_said_to_be(full: Full) -> None:
    assert "nothing is held" in run("data", "erase", "00000000", code=1).output


def test_a_class_without_a_ledger_needs_no_registrar(
    graded: tuple[Cohort, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort, trainee, other = graded
    monkeypatch.setenv("COURSE_COHORT", str(cohort.path))
    run("data", "erase", trainee, "--yes")
    assert list(cohort.roster()) == [other]
    assert holds(cohort.path, trainee) == []
    assert not (cohort.path / "ledger.jsonl").exists()


def test_a_name_that_is_left_somewhere_is_pointed_out(full: Full) -> None:
    (full.path / "minutes.txt").write_text(f"Gặp {NAME} lúc 9 giờ.", "utf-8")
    assert "minutes.txt: it still has the name" in run("data", "erase", full.trainee, "--yes").output


def test_the_columns_that_the_instructor_added_stay_with_the_others(full: Full) -> None:
    erase(full)
    with (full.path / "roster.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert list(row) == ["trainee", "name", "email", "language", "company"]


def test_receipts_of_others_lose_the_name_alone(full: Full) -> None:
    path = full.path / "receipts.csv"
    line = f'2026-11-26,stick › {NAME}.ipynb,rejected,{full.other},w01,,"not that of “{NAME}”",,,,'
    with path.open("a", encoding="utf-8") as stream:
        stream.write(line + "\n")
    before = len(rows.receipts(full.path, full.other))
    erase(full)
    kept = rows.receipts(full.path, full.other)
    assert len(kept) == before
    assert "▮" in kept[-1]["file"]


def test_a_line_written_meanwhile_is_not_lost(tmp_path: Path) -> None:
    """Whoever waits to add a line finds the new file, not the one that was replaced."""
    path = tmp_path / "lines.jsonl"
    for i in range(5):
        append(path, f"{i}")
    writer = multiprocessing.get_context("fork").Process(target=append, args=(path, "late"))

    def belongs(line: str) -> bool:
        if line == "0\n":
            writer.start()
            time.sleep(0.3)  # by now it waits for the file that is about to be replaced
        return line == "3\n"

    assert take_out(path, belongs) == 1
    writer.join()
    assert path.read_text().split() == ["0", "1", "2", "4", "late"]


def test_no_field_could_hold_a_picture_or_clicks() -> None:
    """Neither the ledger nor the roster has room for identity cards or what people click on."""
    from autograder.certify.entries import KINDS
    from autograder.certify.fields import FIELDS
    from autograder.cohort import ROSTER_FIELDS

    picture = base64.b64encode(bytes(range(256)) * 8).decode()  # 2 kB: no picture of a card is smaller
    digits = bytes(range(256)).hex() * 8
    inside = (f"data:image/jpeg;base64,{picture}", f"https://x/{picture}", [picture], {"a": picture})
    for value in (picture, digits, [digits], *inside):
        assert not [name for name, field in FIELDS.items() if field.fits(value)]
    names = {*KINDS, *FIELDS, *ROSTER_FIELDS, *consents.Consent.__dataclass_fields__}
    assert not [
        x
        for x in names
        if any(y in x for y in ("click", "photo", "image", "camera", "card", "cccd", "screen"))
    ]
    assert ROSTER_FIELDS == ("trainee", "name", "email", "language")


def test_the_key_of_the_test_is_a_registrars(full: Full) -> None:
    assert people.owner(full.key) == full.registrar.id
