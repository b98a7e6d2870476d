"""Retention: what is due by the rules' months and why, nothing too early, and nothing without --apply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autograder.certify import appeals, issue, sync
from autograder.certify.book import Book
from autograder.certify.dates import months_later
from autograder.certify.rules import load
from autograder.cohort import Cohort
from autograder.data import retention
from autograder.data.retention import APPEALS, ATTEMPTS, NAMES, PROJECT
from autograder.gradebook import marks
from course import main
from linelab.trainees import written

from .personal import APPEAL, EMAIL, NAME, REMARK, Full, holds

RULES = load()


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result


def due(full: Full, months: float, trainee: str = "") -> dict[str, list[retention.Due]]:
    """What is due so many months from now, by kind."""
    on = months_later(full.book.now(), int(months))
    found: dict[str, list[retention.Due]] = {}
    for one in retention.due(full.cohort, full.book, RULES, on):
        if one.trainee == (trainee or full.trainee):
            found.setdefault(one.kind, []).append(one)
    return found


def test_nothing_is_due_before_its_months_are_over(full: Full) -> None:
    assert due(full, 11) == {}
    assert run("data", "retention").output.splitlines()[-1].startswith("0 due on")


def test_hand_ins_and_letters_are_due_after_twelve_months_and_say_why(full: Full) -> None:
    found = due(full, 12)
    assert set(found) == {ATTEMPTS, APPEALS}
    attempts, exam = found[ATTEMPTS]
    assert (attempts.what, exam.what) == ("w01", "autumn-exam")
    assert {path.parent.name for path in exam.paths} == {"papers", "hand-out", "taken", "results"}
    assert attempts.why.startswith("marked 20")
    assert {path.relative_to(full.path).parts[0] for path in attempts.paths} == {
        "attempts", "answers", "executed", "nbgrader", "feedback",
    }  # fmt: skip
    assert len(found[APPEALS]) == 2  # the appeal and the answer to it


def test_listing_removes_nothing(full: Full) -> None:
    before = sorted(path for path in full.path.rglob("*"))
    later = months_later(full.book.now(), 13)[:10]
    said = run("data", "retention", "--on", later).output
    assert f"{written(full.trainee)} attempts w01 (marked" in said
    assert "12" in said
    assert [path for path in before if not path.exists()] == []
    assert "goes with listing alone" in run("data", "retention", "--on", later, "--apply", code=1).output


def at(full: Full, months: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let so many months pass."""
    then = months_later(full.book.now(), months)
    monkeypatch.setattr(Book, "now", lambda self: then)


def test_applying_removes_what_is_due_and_the_results_stay_on_the_ledger(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(full, 13, monkeypatch)
    said = run("data", "retention", "--apply", "--yes").output
    assert "removed" in said
    assert not (full.path / "attempts" / full.trainee / "w01").exists()
    assert holds(full.path / "nbgrader", REMARK, "instead of 223") == []
    assert holds(full.path / "feedback", REMARK) == []
    assert holds(full.path / "letters", APPEAL) == []
    assert holds(full.path / "reviews", full.trainee) == []
    assert marks(full.cohort) == []
    assert full.cohort.roster()[full.trainee].name == NAME  # names have months of their own
    assert "100/100" in run("certify", "explain", full.trainee, "--language", "en").output
    assert (full.path / "evidence" / full.trainee / "press-setup").is_dir()  # nobody decided on it
    assert "0 attempts and 0 marks" in run("ledger", "sync").output
    assert Book(full.path).verify() is not None
    assert run("data", "retention").output.splitlines()[-1].startswith("0 due")


def test_what_the_ledger_has_no_mark_of_is_kept(full: Full) -> None:
    """Here the mark was changed in the gradebook, and the ledger has the old one."""
    from autograder.manual import set_manual

    assert ATTEMPTS in due(full, 13, full.other)
    set_manual(full.cohort, full.other, "w01", "q8", 1)
    assert ATTEMPTS not in due(full, 13, full.other)
    sync.sync(full.cohort, full.book)
    assert ATTEMPTS in due(full, 13, full.other)


def test_what_waits_for_its_mark_is_kept(full: Full) -> None:
    data = {"trainee": full.other, "assignment": "w01", "number": 2, "attempt": "a" * 64}
    full.book.append("attempt", data)
    assert ATTEMPTS not in due(full, 13, full.other)
    assert due(full, 13)[ATTEMPTS][0].what == "w01"


def test_what_an_open_appeal_is_about_is_kept(full: Full) -> None:
    appeals.file(full.book, full.other, "w01", "Please look again.")
    assert due(full, 40, full.other) == {}
    appeals.regrade(full.book, full.cohort, 2, full.examiner)
    appeals.decide(full.book, full.cohort, 2, False, "Looked again.", full.decider)
    assert set(due(full, 40, full.other)) == {ATTEMPTS, APPEALS}


def test_the_files_of_a_project_go_after_the_decision_and_still_count_only_once(full: Full) -> None:
    from autograder.certify.evidence import keep
    from autograder.certify.evidence.folder import read
    from autograder.errors import CourseError

    from ..certify.projects import TODAY, project

    evidence = next(one for one in full.book.history.of(full.trainee) if one.kind == "evidence")
    rules = full.book.history.rules[-1].data
    refusal = {
        "trainee": full.trainee, "level": "consultant", "target": "consultant", "rules": rules["rules"],
        "rules_sha256": rules["rules_sha256"], "used": [evidence.seq], "reason": "0" * 64,
    }  # fmt: skip
    assert PROJECT not in due(full, 40)
    full.book.append("refusal", refusal, full.decider)
    assert PROJECT not in due(full, 11)
    (one,) = due(full, 12)[PROJECT]
    assert one.what == "press-setup"
    assert one.why.startswith("decided 20")
    retention.apply(full.path, one)
    assert PROJECT not in due(full, 40)
    assert [path.name for path in (full.path / "evidence" / full.trainee).iterdir()] == [keep.COUNTED]
    again = read(project(full.folder / "again"), today=TODAY)
    with pytest.raises(CourseError, match="counts once"):
        keep.take_in(full.book, full.trainee, "renewal", again, full.examiner)


def test_a_name_is_kept_while_a_certificate_without_end_is_held(full: Full) -> None:
    assert NAMES not in due(full, 1200)
    ids = [one.data["id"] for one in full.book.history.of(full.trainee) if one.kind == "decision"]
    place = full.book.history.allotments[ids[0]].data
    data = {name: place[name] for name in ("trainee", "id", "status_list", "status_index")} | {
        "why": "mistake"
    }
    full.book.append("revocation", data, full.decider)
    assert NAMES not in due(full, 11)
    found = due(full, 12)
    assert list(found) == [NAMES]  # all the rest goes with it, and is not listed twice
    assert found[NAMES][0].why.startswith("last entry")


def test_a_name_is_kept_until_after_the_last_certificate_has_ended(full: Full) -> None:
    entries = full.book.history.of(full.trainee)
    decision = next(one for one in entries if one.kind == "decision")
    ends = months_later(full.book.now(), 36)
    decision.data["valid_until"] = ends
    assert NAMES not in due(full, 47)
    (one,) = due(full, 48)[NAMES]
    assert one.why == f"certificate ended {ends[:10]}"


def test_applying_erases_whole_trainees_as_a_registrar(full: Full, monkeypatch: pytest.MonkeyPatch) -> None:
    (certificate,) = [one for one in full.book.history.of(full.trainee) if one.kind == "issue"]
    issue.revoke(full.book, certificate.data["id"], "on-request", full.decider)
    at(full, 13, monkeypatch)
    run("data", "retention", "--apply", "--yes")
    assert holds(full.path, NAME, EMAIL) == []
    entries = Book.open(full.path).history.entries
    assert [entry.by for entry in entries if entry.kind == "erasure"] == [full.registrar.id]
    assert list(full.cohort.roster()) == [full.other]
    assert Book(full.path).verify() is not None


def test_a_kill_between_gradebook_and_files_is_made_good_by_the_next_run(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = due(full, 13)[ATTEMPTS]

    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(retention, "remove", killed)
    with pytest.raises(KeyboardInterrupt):
        retention.apply(full.path, one)
    monkeypatch.undo()
    again, _ = due(full, 13)[ATTEMPTS]
    retention.apply(full.path, again)
    assert [one.what for one in due(full, 13)[ATTEMPTS]] == ["autumn-exam"]
    assert not any(path.exists() for path in again.paths)


def test_without_rules_in_force_the_courses_own_are_shown_as_such(
    graded: tuple[Cohort, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_COHORT", str(graded[0].path))
    said = run("data", "retention").output
    assert "not in force here" in said
    months: dict[str, Any] = RULES.retention
    assert json.dumps(months).strip("{}").replace('"', "").replace(":", "") in said
