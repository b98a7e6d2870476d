"""From the hand-in to the report, with real notebooks, the real sandbox and the real gradebook."""

from __future__ import annotations

import contextlib
import csv
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from click.testing import CliRunner, Result

from autograder import work
from autograder.assignments import source_notebook, version
from autograder.cohort import Cohort
from autograder.collect import attempts
from autograder.gradebook import details, marks
from autograder.judge import hidden_seeds
from autograder.records import history, notebook_path, read
from course import main

Maker = Callable[..., Path]


def course(cohort: Cohort, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
    assert result.exit_code == code, result.output
    return result


def test_marks_are_what_the_work_deserves(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, weak = graded
    points = {t: {d.question: d.points for d in details(cohort, t, "w01")} for t in (good, weak)}
    assert points[good] == {"q1": 1, "q2": 1, "q3": 2, "q4": 2, "q5": 2, "q6": 2, "q7": 6, "q8": 0}
    assert {q: p for q, p in points[weak].items() if q != "q7"} == {
        "q1": 1, "q2": 0, "q3": 0, "q4": 0, "q5": 2, "q6": 2, "q8": 0,
    }  # fmt: skip
    assert 4 < points[weak]["q7"] < 6
    assert [m.complete for m in marks(cohort) if m.trainee == good] == [False]


def test_review_feedback_and_report(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, weak = graded
    listed = course(cohort, "review", "--list").output
    assert "w01 q8: of 4 points" in listed
    course(cohort, "review", "--set", good, "w01", "q8", "3,5", "--comment", "<b>Rõ</b>")
    course(cohort, "review", "--set", weak, "w01", "q8", "0")
    assert "0 answers wait" in course(cohort, "review", "--list").output
    course(cohort, "feedback")
    page = (cohort.path / "feedback" / good / "w01.html").read_text("utf-8")
    assert 'lang="vi"' in page
    assert "19,5 / 20 điểm" in page
    assert "&lt;b&gt;Rõ&lt;/b&gt;" in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"<script|<img|<b>|onerror|https?://", page)
    other = (cohort.path / "feedback" / weak / "w01.html").read_text("utf-8")
    assert 'lang="en"' in other
    assert good not in other
    course(cohort, "report")
    report = (cohort.path / "report" / "index.html").read_text("utf-8")
    assert "Lớp cohort" in report
    with (cohort.path / "report" / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        marked = [row for row in csv.DictReader(stream) if row["assignment"] == "w01"]
    rows = {row["trainee"].replace("-", ""): row for row in marked}
    assert rows[good]["points"] == "19.5"
    assert rows[good]["complete"] == "True"


def test_feedback_holds_no_hidden_test_and_no_expected_value(graded: tuple[Cohort, str, str]) -> None:
    cohort, _, weak = graded
    course(cohort, "feedback")
    page = "".join((cohort.path / "feedback" / weak / "w01.html").read_text("utf-8").split())
    for cell in source_notebook("w01", "en").cells:
        for part in re.findall(r"### BEGIN[^\n]*\n(.*?)### END", cell.source, re.DOTALL):
            for line in part.splitlines():
                code = "".join(line.split())
                if len(code) > 15 and not code.startswith(("reason=", '"en"')):
                    assert code not in page, line
    assert weak in page.replace("-", "")  # the page is this trainee's, and not empty


def test_a_second_run_grades_nothing_and_a_new_attempt_only(
    graded: tuple[Cohort, str, str], hand_in: Maker, weak_answers: dict[str, str]
) -> None:
    cohort, _, weak = graded
    assert "0 graded, 2 unchanged" in course(cohort, "grade").output
    course(
        cohort, "collect", str(hand_in(weak, "en", weak_answers | {"w01-q2-answer": 'answer("q2", "glue")'}))
    )
    assert "1 graded, 1 unchanged" in course(cohort, "grade").output
    assert {d.question: d.points for d in details(cohort, weak, "w01")}["q2"] == 1


def test_marks_do_not_depend_on_when_or_how_often(graded: tuple[Cohort, str, str]) -> None:
    cohort, *_ = graded
    before = [(m.trainee, m.points, m.attempt) for m in marks(cohort)]
    course(cohort, "grade", "--regrade", "--jobs", "1")
    assert [(m.trainee, m.points, m.attempt) for m in marks(cohort)] == before


def test_one_bad_hand_in_never_stops_the_batch(
    cohort: Cohort, hand_in: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = cohort.enrol().id, cohort.enrol().id
    course(cohort, "collect", str(hand_in(bad)), str(hand_in(good)))
    real = work.execute

    def execute(notebook: object, assignment: str, **more: object) -> object:
        if bad in str(notebook):
            raise RuntimeError("boom")
        return real(notebook, assignment, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "execute", execute)  # its processes are forked from this one
    said = course(cohort, "grade", code=1).output
    assert "1 graded, 0 unchanged, 1 failed" in said
    assert f"{bad} w01: not graded: RuntimeError: boom" in said
    assert [m.trainee for m in marks(cohort)] == [good]


@pytest.mark.parametrize("moment", ["grade.write_record", "entry.Entries.enter_all", "entry.write_all"])
def test_grading_that_was_killed_goes_on_where_it_stopped(
    graded: tuple[Cohort, str, str], hand_in: Maker, weak_answers: dict[str, str], moment: str
) -> None:
    cohort, _, weak = graded
    before = {m.trainee: m.points for m in marks(cohort)}
    better = weak_answers | {"w01-q2-answer": 'answer("q2", "glue")'}
    course(cohort, "collect", str(hand_in(weak, "en", better)))
    module, name = moment.split(".", 1)
    kill = (
        f"import os, sys, autograder.{module}\n"
        f"autograder.{module}.{name} = lambda *_: os.kill(os.getpid(), 9)\n"
        "from course import main\nmain(['grade', '-C', sys.argv[1]])"
    )
    done = subprocess.run([sys.executable, "-c", kill, str(cohort.path)], capture_output=True)
    assert done.returncode == -9, done
    recorded = len(history(cohort.path, weak, "w01"))
    assert recorded == (1 if moment == "grade.write_record" else 2)
    if recorded == 2:  # a record that is not entered yet must not pass for marks
        said = course(cohort, "feedback", code=1).output
        assert f"{weak} w01: " in said
        assert "1 pages" in said  # of the others, all the same
        assert "run course grade again" in course(cohort, "review", "--list").output
        course(cohort, "report")
    assert "1 graded, 1 unchanged, 0 failed" in course(cohort, "grade").output
    assert len(history(cohort.path, weak, "w01")) == 2  # not run twice
    assert {m.trainee: m.points for m in marks(cohort)} == before | {weak: before[weak] + 1}


def test_a_damaged_notebook_of_nbgraders_is_made_again(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, _ = graded
    course(cohort, "review", "--set", good, "w01", "q8", "3")
    before = marks(cohort)
    path = notebook_path(cohort.path, good, "w01")
    path.write_text(path.read_text("utf-8")[:500], "utf-8")
    assert [m.complete for m in marks(cohort) if m.trainee == good] == [False]
    assert "1 graded, 1 unchanged, 0 failed" in course(cohort, "grade").output
    assert marks(cohort) == before  # a person's mark, too


def test_a_record_says_what_a_mark_rests_on(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, _ = graded
    course(cohort, "grade", "--regrade")
    first, second = (read(path) for path in history(cohort.path, good, "w01"))
    assert (first.number, second.number) == (1, 2)
    assert (first.answers, first.points, first.reasons) == (second.answers, second.points, second.reasons)
    assert second.attempt == attempts(cohort, good, "w01")[-1].sha256
    assert second.trace["version"] == version("w01")
    assert second.trace["seeds"] == hidden_seeds(cohort.secret, "w01")
    assert second.trace["packages"]["numpy"] == numpy.__version__
    assert second.trace["graded_by"]


def test_two_runs_at_once_are_refused(graded: tuple[Cohort, str, str]) -> None:
    cohort, *_ = graded
    hold = (
        "import fcntl, sys\nlock = open(sys.argv[1], 'w')\nfcntl.lockf(lock, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\nsys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(cohort.path / ".grading")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert "another course grade is at work" in course(cohort, "grade", code=1).output
        holder.communicate()
    assert "2 unchanged" in course(cohort, "grade").output


def test_a_process_that_dies_costs_only_its_own_hand_in(
    cohort: Cohort, hand_in: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *good = (cohort.enrol().id for _ in range(3))
    course(cohort, "collect", *(str(hand_in(t)) for t in (bad, *good)))
    real = work.execute

    def execute(notebook: object, assignment: str, **more: object) -> object:
        if bad in str(notebook):
            os.kill(os.getpid(), signal.SIGKILL)
        return real(notebook, assignment, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(work, "execute", execute)
    said = course(cohort, "grade", code=1).output
    assert "2 graded, 0 unchanged, 1 failed" in said
    assert f"{bad} w01: not graded: the process that graded it died" in said
    assert sorted(m.trainee for m in marks(cohort)) == sorted(good)


@contextlib.contextmanager
def grading(cohort: Cohort, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`course grade` as a person starts it in a terminal: the process, and the terminal's other end."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from course import main; main()", "grade", "-C", str(cohort.path)]
    try:
        with subprocess.Popen(
            [*command, *options], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as process:
            os.close(theirs)
            yield process, ours
    finally:
        os.close(ours)


def read_until(terminal: int, words: bytes, seconds: float = 60.0) -> str:
    """What the terminal shows until `words` come, or the program ends."""
    said, end = b"", time.monotonic() + seconds
    while words not in said and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                said += os.read(terminal, 1 << 16)
            except OSError:  # nobody writes any more
                break
    return said.decode()


def test_ctrl_c_keeps_what_is_graded_and_the_next_run_goes_on(cohort: Cohort, hand_in: Maker) -> None:
    """Also a regrading: what it had graded anew is not graded a third time."""
    slow = {"w01-q2-answer": "import time; time.sleep(2)"}
    people = [cohort.enrol().id for _ in range(4)]
    files = [hand_in(trainee, "en", slow if place else {}) for place, trainee in enumerate(people)]
    course(cohort, "collect", *map(str, files))
    for options, before in ((), 0), (("--regrade",), 1):
        with grading(cohort, "--jobs", "1", *options) as (process, terminal):
            shown = read_until(terminal, b"25%")
            assert "Grading" in shown
            assert "25%" in shown, "the bar did not move after the first hand-in"
            os.killpg(process.pid, signal.SIGINT)  # as the terminal does it: to all of its processes
            said = read_until(terminal, b"go on.")
            assert "What is graded is kept; run the same command again" in said
            assert process.wait(10) == 130
        kept = sum(len(history(cohort.path, trainee, "w01")) > before for trainee in people)
        assert 1 <= kept < len(people)
        said = course(cohort, "grade", *options).output
        left = len(people) - kept
        assert f"{left} graded, {kept} unchanged, 0 failed" in said
        assert ("went on with the regrading" in said) == bool(options)
        assert [len(history(cohort.path, trainee, "w01")) for trainee in people] == [before + 1] * len(people)


def test_without_a_word_all_processors_grade(
    cohort: Cohort, hand_in: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    course(cohort, "collect", str(hand_in(cohort.enrol().id)))
    asked = []
    real = work.here

    def here(tasks: Any, jobs: int, *more: Any) -> Any:
        asked.append(jobs)
        return real(tasks, jobs, *more)

    monkeypatch.setattr("autograder.grade.here", here)
    course(cohort, "grade")
    course(cohort, "grade", "--regrade", "--jobs", "1")
    assert asked == [len(os.sched_getaffinity(0)), 1]


def test_feedback_before_grading_says_what_to_do(cohort: Cohort) -> None:
    assert "run course grade first" in course(cohort, "feedback", code=1).output


def test_a_mark_out_of_range_or_for_nobody_is_refused(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, _ = graded
    assert "give 0 to 4" in course(cohort, "review", "--set", good, "w01", "q8", "9", code=1).output
    assert "is not a number" in course(cohort, "review", "--set", good, "w01", "q8", "x", code=1).output
    assert "roster.csv" in course(cohort, "review", "--set", "K7P2QD4P", "w01", "q8", "1", code=1).output
    assert (
        "nothing is graded there" in course(cohort, "review", "--set", good, "w01", "q77", "1", code=1).output
    )
