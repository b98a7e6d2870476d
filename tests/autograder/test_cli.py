"""What operators and trainees do wrong: one line says so, nothing is lost, and the rest goes on."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner, Result

from autograder import work
from autograder.cohort import Cohort
from autograder.collect import attempts, collect
from autograder.errors import CourseError
from autograder.grade import Outcome, grade, latest
from autograder.report import write_report
from course import main
from linelab.trainees import written

Maker = Callable[..., Path]


def course(cohort: Cohort, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
    assert result.exit_code == code, (result.output, result.exception)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def put(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_half_a_character_is_refused_and_the_rest_goes_on(
    cohort: Cohort, hand_in: Maker, tmp_path: Path
) -> None:
    """JSON can hold a lone surrogate, which no file can."""
    one, two = cohort.enrol().id, cohort.enrol().id
    data = json.loads(hand_in(one).read_text("utf-8"))
    data["notebooks"]["w01.ipynb"]["cells"][0]["source"] = "\ud800"
    bad = put(tmp_path / "a.json", data)
    assert [r.status for r in collect(cohort, [bad, hand_in(two)])] == ["rejected", "accepted"]


def test_a_foreign_notebook_does_not_hold_up_the_one_beside_it(
    cohort: Cohort, hand_in: Maker, tmp_path: Path
) -> None:
    trainee = cohort.enrol().id
    data = json.loads(hand_in(trainee).read_text("utf-8"))
    foreign = json.loads(nbformat.writes(nbformat.v4.new_notebook()))
    data["notebooks"] = {"notes.ipynb": foreign} | data["notebooks"]
    found = collect(cohort, [put(tmp_path / "a.json", data)])
    assert [r.status for r in found] == ["rejected", "accepted"]


def test_a_pipe_is_not_waited_for(cohort: Cohort, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.json")
    # a writer that leaves after a second: a reader that waits for it ends then, and is told by the time
    writer = subprocess.Popen(["timeout", "1", "sh", "-c", 'sleep 1 > "$0"', str(tmp_path / "x.json")])
    (receipt,) = collect(cohort, [tmp_path / "x.json"])
    writer.wait()
    assert "not a regular file" in receipt.reason


def test_a_reason_is_one_line_in_both_languages(cohort: Cohort, hand_in: Maker, tmp_path: Path) -> None:
    trainee = cohort.enrol().id
    data = json.loads(hand_in(trainee).read_text("utf-8"))
    data["notebooks"]["w01.ipynb"]["metadata"]["course"]["edition"] = "\x1b]0;x\x07\n9"
    output = course(cohort, "collect", str(put(tmp_path / "a.json", data)), code=1).output
    assert len(output.splitlines()) == 2
    assert "\x1b" not in output
    assert "Bài thuộc đợt" in output
    assert "The exercise is of edition" in output


def test_a_damaged_attempt_holds_up_nobody_else(cohort: Cohort, hand_in: Maker) -> None:
    one, two = cohort.enrol().id, cohort.enrol().id
    collect(cohort, [hand_in(one)])
    (kept,) = attempts(cohort, one, "w01")
    kept.path.write_text(kept.path.read_text("utf-8") + " ", "utf-8")
    found = collect(cohort, [hand_in(one), hand_in(two)])
    assert [r.status for r in found] == ["rejected", "accepted"]
    with (cohort.path / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["status"] for row in csv.DictReader(stream)] == ["accepted", "rejected", "accepted"]
    outcome = Outcome()
    assert [a.trainee for a in latest(cohort, outcome)] == [two]
    assert outcome.failed == 1
    assert "was changed after it was handed in" in outcome.problems[0]


def test_a_fault_in_judging_one_holds_up_nobody_else(
    cohort: Cohort, hand_in: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainees = [cohort.enrol().id, cohort.enrol().id]
    collect(cohort, [hand_in(t) for t in trainees])

    def judge(*_: object) -> None:
        raise RuntimeError("first\n\x1b[2Jsecond")

    monkeypatch.setattr(work, "judge_all", judge)
    outcome = grade(cohort, jobs=2, progress=False)
    assert all(any(t in line for line in outcome.problems) for t in trainees)
    assert (outcome.graded, outcome.failed) == (0, 2)
    assert all("\n" not in line and "\x1b" not in line for line in outcome.problems)


def tasks(count: int) -> list[work.Task]:
    return [work.Task(str(n), b"{}", "K7P2QD4P", "w01", "2026-1", []) for n in range(count)]


def noted(folder: Path, seconds: float = 0.0) -> Callable[..., None]:
    """Stands for running a notebook: leaves a file, takes its time, and fails."""

    def execute(*_: object, **__: object) -> None:
        (folder / f"{time.monotonic_ns()}").touch()
        time.sleep(seconds)
        raise CourseError("no notebook")

    return execute


def test_a_stopped_run_begins_no_further_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "execute", noted(tmp_path, 0.2))
    results = work.here(tasks(6), 1, 6)
    next(results)
    results.close()
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) < 5


def test_running_keeps_only_so_far_ahead_of_the_keeping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large class whose notebooks are full of pictures must not fill the memory, nor its hand-ins."""
    monkeypatch.setattr(work, "execute", noted(tmp_path))
    read = 0

    def counted() -> Iterator[work.Task]:
        nonlocal read
        for task in tasks(300):
            read += 1
            yield task

    results = work.here(counted(), 2, 300)
    first = next(results)
    time.sleep(0.5)  # keeping takes long
    most = (work.AHEAD * 2 + 1) * work.BATCH
    assert len(list(tmp_path.iterdir())) <= most
    assert read <= most
    keys = [task.key for batch in (first, *results) for task, _ in batch]
    assert sorted(keys, key=int) == [str(n) for n in range(300)]


def test_a_batch_that_takes_long_is_kept_as_far_as_it_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill then costs seconds of work, and the bar moves."""
    monkeypatch.setattr(work, "PATIENCE", 0.1)
    monkeypatch.setattr(work, "execute", noted(tmp_path, 0.06))
    assert 1 <= len(work.do(tuple(tasks(9)))) <= 2
    found = [task.key for batch in work.here(tasks(40), 2, 40) for task, _ in batch]
    assert sorted(found, key=int) == [str(n) for n in range(40)]  # the rest is done, too, and nothing twice


def test_batches_get_smaller_towards_the_end() -> None:
    queue = work.Queue(tasks(100), 100, 2)
    sizes = []
    while batch := queue.take():
        sizes.append(len(batch))
    assert sum(sizes) == 100
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (work.BATCH, 1)


def test_columns_of_the_instructors_own_outlive_enrolment(cohort: Cohort) -> None:
    (cohort.path / "roster.csv").write_text("group,trainee,name\nA,K7P2QD4P,Tên\n", "utf-8")
    new = cohort.enrol("Mới").id
    with (cohort.path / "roster.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["group"], r["trainee"], r["name"]) for r in rows] == [
        ("A", "K7P2QD4P", "Tên"),
        ("", new, "Mới"),
    ]
    assert set(cohort.roster()) == {"K7P2QD4P", new}


def test_a_cohort_can_be_made_in_the_folder_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    result = CliRunner().invoke(main, ["cohort", "new", "."])
    assert result.exit_code == 0, result.output
    assert Cohort.open(Path(".")).roster() == {}
    assert [p.name for p in tmp_path.iterdir()] == ["here"]


def test_a_cohort_needs_no_right_beside_its_folder_and_outlives_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, in which the class's folder is all that may be written to."""
    folder = tmp_path / "cohort"
    (folder / ".new").mkdir(parents=True)  # what a killed attempt left
    made, real = [], Path.mkdir

    def mkdir(path: Path, *rest: Any, **more: Any) -> None:
        made.append(path)
        real(path, *rest, **more)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    assert Cohort.create(folder).roster() == {}
    assert made
    assert all(path.is_relative_to(folder) for path in made)
    assert not (folder / ".new").exists()


def test_a_comment_without_a_mark_is_not_dropped_silently(cohort: Cohort) -> None:
    assert "--comment" in course(cohort, "review", "--list", "--comment", "x", code=1).output


def test_the_report_says_who_has_not_begun(cohort: Cohort, hand_in: Maker) -> None:
    idle, ungraded = cohort.enrol("<i>A</i>"), cohort.enrol("B")
    collect(cohort, [hand_in(ungraded.id)])
    page = write_report(cohort).read_text("utf-8")
    help_, _, yours = page.partition("Việc của giảng viên")
    assert "&lt;i&gt;A&lt;/i&gt;: chưa nộp gì (w01)" in help_
    assert f"w01: 1 bài đã nhận nhưng chưa chấm xong (course grade): {written(ungraded.id)}" in yours
    assert idle.id not in page.partition("<h2>Tất cả")[0].replace("-", "").partition("Việc của")[2]
