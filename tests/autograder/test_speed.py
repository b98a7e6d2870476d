"""The small version of `make bench-grading`: our way and stock nbgrader's, in turns, on the same hand-ins."""

from __future__ import annotations

import importlib
import json
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autograder import work
from autograder.assignments import release_notebook
from autograder.cohort import Cohort
from autograder.entry import Entries, Entry
from autograder.judge import hidden_seeds
from autograder.records import Record, write_record
from linelab.trainees import check_character

BENCH = Path(__file__).parents[1] / "bench"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
EACH = 6  # hand-ins of ours to one of stock's


@pytest.mark.slow
def test_grading_is_many_times_as_fast_as_stock_nbgrader(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one process, and the margin is wide: the figures of record are those of `make bench-grading`."""
    monkeypatch.syspath_prepend(str(BENCH))
    hand_ins, grading = (importlib.import_module(name) for name in ("hand_ins", "grading"))
    people, seeds = hand_ins.trainees(3 * EACH), hidden_seeds(cohort.secret, "w01")
    stock = grading.Stock(tmp_path / "stock", people[:3], seeds)
    released = release_notebook("w01")
    notebooks = [hand_ins.filled(released, trainee, place) for place, trainee in enumerate(people)]
    tasks = [
        work.Task(trainee, json.dumps(notebook).encode(), trainee, "w01", cohort.edition, seeds)
        for trainee, notebook in zip(people, notebooks, strict=True)
    ]
    ratios, ours = [], {}
    try:
        warm_up = "0000000" + check_character("0000000")
        work.do((work.Task("", b'{"cells": []}', warm_up, "w01", cohort.edition, seeds),))
        with Entries.open(cohort.path) as entries:
            for n in range(3):
                theirs = stock.grade(people[n : n + 1])["seconds"]
                some = slice(n * EACH, (n + 1) * EACH)
                begun = time.perf_counter()
                found = work.do(tuple(tasks[some]))
                entries.enter_all(
                    [
                        Entry(_recorded(cohort, task, done), notebook, NOW)
                        for task, done, notebook in zip(tasks[some], found, notebooks[some], strict=True)
                    ]
                )
                ratios.append(theirs / ((time.perf_counter() - begun) / EACH))
                ours |= {task.key: done for task, done in zip(tasks[some], found, strict=True)}
    finally:
        while work._sandboxes:
            work._sandboxes.pop().close()
    assert statistics.median(ratios) > 4, ratios
    theirs = stock.points()
    assert len(theirs) == 3 * 8
    for (trainee, cell), points in theirs.items():
        assert ours[trainee].judgement.points[cell.removeprefix("w01-")] == points


def _recorded(cohort: Cohort, task: work.Task, done: work.Result) -> Record:
    assert isinstance(done, work.Done), done
    record = Record(
        trainee=task.trainee,
        assignment=task.assignment,
        answers=done.answers,
        attempt="0" * 64,
        graded_at="2026-11-26T09:00:00+00:00",
        problems=done.said,
        points=done.judgement.points,
        reasons=done.judgement.reasons,
    )
    return write_record(cohort.path, record)
