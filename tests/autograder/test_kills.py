"""`course grade` is killed again and again, at any moment: in the end all is as if nothing had happened.

`make soak` kills fifty times in a batch of sixty; CI a few times in a small one.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from autograder.cohort import Cohort
from autograder.gradebook import details, marks
from autograder.records import history, read
from course import main
from linelab.trainees import check_character

SOAK = bool(os.environ.get("COURSE_SOAK"))
KILLS, HAND_INS, EARLY = (50, 60, 2) if SOAK else (5, 12, 5)
SEED = 20261126
DIFFERENT = 4  # hand-ins that differ in more than the trainee's number
TRAINEES = [f"{i:07d}" + check_character(f"{i:07d}") for i in range(HAND_INS)]

pytestmark = pytest.mark.slow


def notebook(trainee: str, kind: int) -> Any:
    """Small, with a memo that waits for a person in some, and an error or a wrong answer in others."""
    cells = [
        f'from linelab.answers import *\ncase = begin("w01", trainee="{trainee}", edition="2026-1")',
        'answer("q1", case.shift / case.demand)',
        ['answer("q2", "glue")', "1/0", 'answer("q2", "print")', "import os; os._exit(1)"][kind],
        'answer("q7", {"transfer_lot": 30})',
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    if kind % 2:
        made.cells.append(nbformat.v4.new_markdown_cell("I propose lots of 30.", id="w01-q8"))
    made.metadata["course"] = {"assignment": "w01", "edition": "2026-1", "language": "en"}
    return made


def family(pid: int) -> set[int]:
    """A process and all below it."""
    found, waiting = set(), [pid]
    while waiting:
        one = waiting.pop()
        found.add(one)
        with contextlib.suppress(OSError, ValueError):
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += map(int, Path(f"/proc/{one}/task/{task}/children").read_text().split())
    return found


def alive(processes: set[int]) -> list[str]:
    """Those that still run and were ours: a number may have gone to another program."""
    names = []
    for pid in processes:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
            if "warm.py" in words or "course" in words:
                names.append(f"{pid} {words[:80]}")
    return names


def gone(processes: set[int]) -> list[str]:
    for _ in range(100):
        if not alive(processes):
            return []
        time.sleep(0.1)
    return alive(processes)


@contextlib.contextmanager
def grading(cohort: Cohort) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", "from course import main; main()", "grade", "-C", str(cohort.path)]
    with subprocess.Popen(
        [*command, "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        yield process


def course(cohort: Cohort, *arguments: str) -> str:
    result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
    assert result.exit_code == 0, result.output
    return result.output


def without_time(page: str) -> str:
    """A page without the line that says when it was marked: two runs need not fall into one minute."""
    found, times = re.subn(r'<p class="meta">[^<]*</p>', "", page)
    assert times == 1
    return found


def outcome(cohort: Cohort) -> dict[str, Any]:
    """All that grading is for, but for the times."""
    found: dict[str, Any] = {}
    for trainee in TRAINEES:
        (path,) = history(cohort.path, trainee, "w01")  # nothing is graded twice
        record = read(path)
        found[trainee] = (record.answers, record.points, record.reasons, record.problems, record.attempt)
        found[f"{trainee} details"] = details(cohort, trainee, "w01")
        for kind in ("submitted", "autograded"):
            file = cohort.path / "nbgrader" / kind / trainee / "w01" / "w01.ipynb"
            found[f"{trainee} {kind}"] = file.read_text("utf-8")
        found[f"{trainee} executed"] = (cohort.path / "executed" / trainee / "w01.ipynb").read_text("utf-8")
    found["marks"] = [replace(mark, graded_at="") for mark in marks(cohort)]
    course(cohort, "feedback")
    for page in sorted((cohort.path / "feedback").rglob("*.html")):
        found[f"page {page.name} {page.parent.name}"] = without_time(page.read_text("utf-8"))
    return found


def done(cohort: Cohort) -> int:
    return len(list((cohort.path / "answers").rglob("[0-9]*.json")))


def test_grading_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    cohort: Cohort, tmp_path: Path, copied: Callable[[Path, Path], Cohort]
) -> None:
    folder = tmp_path / "hand-ins"
    folder.mkdir()
    for number, trainee in enumerate(TRAINEES):
        content = {
            "format": "course-hand-in/1", "edition": "2026-1", "trainee": trainee, "language": "en",
            "notebooks": {"w01.ipynb": json.loads(nbformat.writes(notebook(trainee, number % DIFFERENT)))},
        }  # fmt: skip
        (folder / f"{trainee}.json").write_text(json.dumps(content), "utf-8")
    first = copied(cohort.path, tmp_path / "disturbed")
    (first.path / "roster.csv").write_text("trainee\n" + "".join(f"{t}\n" for t in TRAINEES))
    assert f"{HAND_INS} accepted" in course(first, "collect", str(folder))
    second = copied(first.path, tmp_path / "undisturbed")
    mounts = Path("/proc/mounts").read_text()

    with grading(second) as process:
        said = process.communicate()[0].decode()
    assert f"{HAND_INS} graded, 0 unchanged, 0 failed" in said

    r, moments, seen = random.Random(SEED), [], set[int]()
    for kill in range(KILLS):
        before = done(first)
        with grading(first) as process:
            ours: set[int] = set()
            began = time.monotonic()
            # some die at any moment, as they start or later; the others once they have got on a little. A
            # sixth of what is left is handed out at a time: were all to get on, the batch would soon be over
            anywhere = kill % EARLY == 0
            wait_for = before + (0 if anywhere else r.randrange(1, 3))
            wait_for = min(wait_for, HAND_INS - 1) if kill < KILLS - 1 else wait_for
            while process.poll() is None and done(first) < wait_for and time.monotonic() - began < 60:
                ours |= family(process.pid)
                time.sleep(0.01)
            time.sleep(r.random() * (3.0 if anywhere else 0.3))
            ours |= family(process.pid)
            if process.poll() is None:
                # the process alone, or all that the terminal would reach
                os.kill(process.pid, signal.SIGKILL) if r.random() < 0.6 else os.killpg(
                    process.pid, signal.SIGKILL
                )
                moments.append(round(time.monotonic() - began, 2))
            process.wait()
        assert gone(ours - {process.pid}) == []
        seen.add(done(first))
    assert len(moments) >= KILLS - 2, "the batch was over before it could be killed"
    assert len(seen) > 2
    with grading(first) as process:
        said = process.communicate()[0].decode()
    assert process.returncode == 0, said
    assert "0 failed" in said

    assert Path("/proc/mounts").read_text() == mounts
    one, other = outcome(first), outcome(second)
    assert one.keys() == other.keys()
    for key, value in one.items():
        assert value == other[key], key
    assert not list(first.path.rglob("*.new"))  # nothing half-written lies about
    assert f"0 graded, {HAND_INS} unchanged, 0 failed" in course(first, "grade")
