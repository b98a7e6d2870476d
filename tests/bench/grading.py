"""Time grading beside stock nbgrader: ``make bench-grading``, or ``python tests/bench/grading.py --help``.

The same hand-ins of one real exercise are graded by `nbgrader autograde`, as it comes, and by `course grade`
with one process and with two, each as a command of its own: starting Python, the sandboxes and nbgrader is in
the time, collecting is not. Each round takes a share of the class through stock, and all of it through ours;
ratios are taken within a round, so that whatever slows the machine for a while slows both. In the end the
marks must be the same, question by question. Where the kernel counts processor time for groups of processes,
that is given, too: it hardly depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import parts  # this and the next lie beside this file
from hand_ins import WEEK, filled, kind, stock_source, trainees
from nbgrader.api import Gradebook

from autograder.assignments import release_notebook
from autograder.cohort import Cohort
from autograder.collect import collect
from autograder.judge import hidden_seeds

ROOT = Path(__file__).resolve().parents[2]
JOBS = (1, 2)
STOCK = "nbgrader autograde"


class Stock:
    """nbgrader's own course: its own configuration, release, kernels and gradebook."""

    def __init__(self, folder: Path, people: list[str], seeds: list[int]) -> None:
        self.folder, self._waiting = folder, folder.with_name("waiting")
        source = folder / "source" / WEEK / f"{WEEK}.ipynb"
        source.parent.mkdir(parents=True)
        nbformat.write(stock_source(seeds), source)
        (folder / "nbgrader_config.py").write_text("c = get_config()\n", "utf-8")
        self._nbgrader("generate_assignment", WEEK)
        released = nbformat.read(folder / "release" / WEEK / f"{WEEK}.ipynb", as_version=4)
        for place, trainee in enumerate(people):
            path = self._waiting / trainee / WEEK / f"{WEEK}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(filled(released, trainee, place), path)

    def grade(self, people: list[str]) -> dict[str, float]:
        """Grade these, and no others."""
        submitted = self.folder / "submitted"
        shutil.rmtree(submitted, ignore_errors=True)  # those before are graded
        submitted.mkdir()
        for trainee in people:
            shutil.move(self._waiting / trainee, submitted / trainee)
        return self._nbgrader("autograde", WEEK)

    def points(self) -> dict[tuple[str, str], float | None]:
        return _points(self.folder / "gradebook.db")

    def _nbgrader(self, *arguments: str) -> dict[str, float]:
        return _timed([str(Path(sys.executable).with_name("nbgrader")), *arguments], self.folder)


class Ours:
    """A cohort that has collected the hand-ins; each run of grading gets a copy of it."""

    def __init__(self, folder: Path, people: list[str]) -> None:
        self.folder, self._copy = folder, folder.with_name("copy")
        self.cohort = Cohort.create(folder)
        roster = folder / "roster.csv"
        roster.write_text("\n".join([roster.read_text("utf-8").strip(), *people, ""]), "utf-8")
        released, inbox = release_notebook(WEEK), folder.with_name("inbox")
        inbox.mkdir()
        for place, trainee in enumerate(people):
            content = {
                "format": "course-hand-in/1",
                "edition": self.cohort.edition,
                "trainee": trainee,
                "notebooks": {f"{WEEK}.ipynb": filled(released, trainee, place)},
            }
            (inbox / f"{trainee}.json").write_text(json.dumps(content), "utf-8")
        receipts = collect(self.cohort, [inbox])
        assert {receipt.status for receipt in receipts} == {"accepted"}, receipts

    def grade(self, jobs: int) -> dict[str, float]:
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self.folder, self._copy)
        return _timed(
            [sys.executable, "-m", "course", "grade", "-C", str(self._copy), "--jobs", str(jobs)], ROOT
        )

    def points(self) -> dict[tuple[str, str], float | None]:
        return _points(self._copy / "nbgrader" / "gradebook.db")


def _points(gradebook: Path) -> dict[tuple[str, str], float | None]:
    """The automatic points of each trainee for each question."""
    with Gradebook(f"sqlite:///{gradebook}") as opened:
        return {
            (submission.student.id, grade.cell.name): grade.auto_score
            for submission in opened.assignment_submissions(WEEK)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


def _timed(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command; seconds it took, and processor seconds of all that it started, if they can be had."""
    with _group() as group, tempfile.TemporaryFile() as said:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, preexec_fn=group and group.enter
        )
        code = process.wait()
        took = time.perf_counter() - begun
        if code:
            said.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{said.read().decode()[-2000:]}")
        return {"seconds": took} | ({"processor": group.seconds()} if group else {})


class _Group:
    """A control group, by which the kernel counts the processor time of processes however they end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    def enter(self) -> None:
        (self._folder / "cgroup.procs").write_text(str(os.getpid()))

    def seconds(self) -> float:
        usage = self._folder / "cpuacct.usage"
        if usage.exists():
            return int(usage.read_text()) / 1e9
        return int((self._folder / "cpu.stat").read_text().split()[1]) / 1e6

    def close(self) -> None:
        for _ in range(50):
            with contextlib.suppress(OSError):
                self._folder.rmdir()
                return
            time.sleep(0.1)  # the last process is on its way out


@contextlib.contextmanager
def _group() -> Iterator[_Group | None]:
    for root in (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup")):
        if (root / "cpuacct.usage").exists() or (root / "cpu.stat").exists():
            with contextlib.suppress(OSError):
                group = _Group(root / f"bench-grading-{os.getpid()}-{time.monotonic_ns()}")
                try:
                    yield group
                finally:
                    group.close()
                return
    yield None


def measure(folder: Path, count: int, rounds: int, most: int) -> dict[str, Any]:
    """All rounds; `most` hand-ins go through stock in all."""
    people = trainees(count)
    _say("making the class")
    ours = Ours(folder / "cohort", people)
    stock = Stock(folder / "stock", people, hidden_seeds(ours.cohort.secret, WEEK))
    found = []
    for number in range(rounds):
        share = people[number * most // rounds : (number + 1) * most // rounds]
        row: dict[str, Any] = {"load_before": os.getloadavg()[0], "stock_count": len(share)}
        turns = [STOCK, *JOBS]
        for turn in turns[number % len(turns) :] + turns[: number % len(turns)]:
            if turn == STOCK and share:
                _say(f"round {number + 1} of {rounds}: {STOCK}, {len(share)} hand-ins")
                row[STOCK] = stock.grade(share)
            elif turn != STOCK:
                _say(f"round {number + 1} of {rounds}: course grade --jobs {turn}, {count} hand-ins")
                row[f"course grade --jobs {turn}"] = ours.grade(turn)
        _say(f"round {number + 1} of {rounds}: the parts")
        row["parts"] = parts.measure(ours.cohort, folder / "parts")
        found.append(row | {"load_after": os.getloadavg()[0]})
    _say("")
    theirs, mine = stock.points(), ours.points()
    differ = {f"{t} {q}": (points, mine[t, q]) for (t, q), points in theirs.items() if points != mine[t, q]}
    return {
        "count": count,
        "stock_count": most,
        "kinds": Counter(kind(place) for place in range(count)),
        "questions_compared": len(theirs),
        "marks_that_differ": differ,
        "processors": os.cpu_count(),
        "versions": {"python": platform.python_version(), "nbgrader": version("nbgrader")},
        "rounds": found,
    }


def _say(words: str) -> None:
    print(f"\r{words:<70}\r", end="", file=sys.stderr, flush=True)


def summary(result: dict[str, Any]) -> dict[str, Any]:
    """The figures of record, out of those of each round."""
    rounds = result["rounds"]
    names = [STOCK, *(f"course grade --jobs {jobs}" for jobs in JOBS)]

    def each(row: dict[str, Any], name: str, what: str = "seconds") -> float | None:
        """Seconds a hand-in."""
        if what not in row.get(name, {}):
            return None
        return float(row[name][what]) / (row["stock_count"] if name == STOCK else result["count"])

    graders: dict[str, Any] = {}
    for name in names:
        seconds = [s for row in rounds if (s := each(row, name))]
        processor = [s for row in rounds if (s := each(row, name, "processor"))]
        ratios, lighter = [], []
        for row in rounds:
            if each(row, name) and each(row, STOCK):
                ratios.append(each(row, STOCK) / each(row, name))
            if each(row, name, "processor") and each(row, STOCK, "processor"):
                lighter.append(each(row, STOCK, "processor") / each(row, name, "processor"))
        graders[name] = {
            "a_minute": _spread([60 / s for s in seconds]),
            "processor_seconds_each": _spread(processor),
            "times_stock": _spread(ratios),
            "times_less_processor": _spread(lighter),
        }
    each_part = {name: statistics.median(row["parts"][name] for row in rounds) for name in rounds[0]["parts"]}
    own = each_part["own_code"]
    fastest = graders[names[-1]]["a_minute"]
    return {
        "graders": graders,
        "parts_ms": {name: 1000 * value for name, value in each_part.items()},
        "own_code_share_of_one_process": own / (60 / graders[names[1]]["a_minute"]["median"]),
        "own_code_share_of_two": own / 2 / (60 / fastest["median"]),
    }


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def report(result: dict[str, Any], figures: dict[str, Any]) -> None:
    loads = [row[when] for row in result["rounds"] for when in ("load_before", "load_after")]
    mixed = ", ".join(f"{n} {name}" for name, n in result["kinds"].items())
    print(f"{result['count']} hand-ins of {WEEK} ({mixed}), {len(result['rounds'])} rounds")
    print(
        f"{result['processors']} processors, load average {min(loads):.1f} to {max(loads):.1f}, "
        f"Python {result['versions']['python']}, nbgrader {result['versions']['nbgrader']}"
    )
    if result["stock_count"] < result["count"]:
        print(f"NOT the figures of record: stock had only {result['stock_count']} of the hand-ins")
    print(
        "\n| grader | hand-ins a minute (least to most) | times stock | processor s a hand-in | times less |"
    )
    print("|---|---|---|---|---|")
    for name, grader in figures["graders"].items():
        cells = [
            _cell(grader["a_minute"], "{:.0f}"),
            _cell(grader["times_stock"], "{:.1f}"),
            _cell(grader["processor_seconds_each"], "{:.3f}"),
            _cell(grader["times_less_processor"], "{:.1f}"),
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    print("\nwhere the time of a hand-in goes, ms (one process, warm)")
    for name, value in figures["parts_ms"].items():
        print(f"  {parts.WORDS[name]:<58}{value:8.1f}")
    print("the notebooks' own code, as a share of all that grading takes (100 % cannot be beaten)")
    print(f"  --jobs 1  {figures['own_code_share_of_one_process']:6.0%}")
    print(f"  --jobs 2  {figures['own_code_share_of_two']:6.0%}")
    differ = result["marks_that_differ"]
    print(f"\nmarks: {result['questions_compared'] - len(differ)} of {result['questions_compared']} the same")
    for who, (theirs, ours) in differ.items():
        print(f"  {who}: stock {theirs}, ours {ours}")


def _cell(spread: dict[str, float] | None, form: str) -> str:
    if spread is None:
        return "not counted here"
    return (
        f"{form.format(spread['median'])} ({form.format(spread['least'])} to {form.format(spread['most'])})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="hand-ins (default 200)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--stock", type=int, help="hand-ins that go through stock (default all)")
    parser.add_argument("--json", type=Path, default=ROOT / "_build" / "bench-grading.json", help="figures")
    options = parser.parse_args()
    most = options.count if options.stock is None else options.stock
    if not 1 <= options.rounds <= most <= options.count:
        parser.error("give 1 <= --rounds <= --stock <= --count")
    with tempfile.TemporaryDirectory(prefix="bench-grading-") as folder:
        result = measure(Path(folder), options.count, options.rounds, most)
    figures = summary(result)
    report(result, figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"summary": figures, **result}, indent=1), "utf-8")
    print(f"figures of every round: {options.json}")
    sys.exit(bool(result["marks_that_differ"]))


if __name__ == "__main__":
    main()
