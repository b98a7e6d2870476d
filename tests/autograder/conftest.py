"""What the grading tests share: a notebook that somebody filled in, and a cohort's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.assignments import release_notebook
from autograder.judge import prepare_course
from linelab.cases import Case, load
from linelab.experiment import simulate

TRAINEE = "K7P2QD4P"
EDITION = "2026-1"

Fill = Callable[..., nbformat.NotebookNode]


def filled_in(trainee: str = TRAINEE, language: str = "vi", **code: str) -> nbformat.NotebookNode:
    """The released notebook with the trainee's number and, by question, the code of answer cells."""
    notebook: nbformat.NotebookNode = release_notebook("w01", language)
    for cell in notebook.cells:
        cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        if cell.id.endswith("-answer") and cell.id[4:-7] in code:
            cell.source = code[cell.id[4:-7]]
        elif cell.id == "w01-q8" and "q8" in code:
            cell.source = code["q8"]
    return notebook


@pytest.fixture(scope="session")
def fill() -> Fill:
    return filled_in


@pytest.fixture(scope="session")
def case() -> Case:
    return load("w01").variant(TRAINEE, EDITION)


@pytest.fixture(scope="session")
def right(case: Case) -> dict[str, Any]:
    """Answers as somebody who knows finds them, from the case alone."""
    run = simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=40, seed=7)
    return {
        "q1": case.shift / case.demand,
        "q2": "glue",
        "q3": 3600 * case.line.bottleneck_rate,
        "q4": run.lead_time.mean / 60,
        "q5": run.throughput.mean * run.lead_time.mean,
        "q6": 100 * case.line.raw_process_time / run.lead_time.mean,
        "q7": {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240},
    }


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort's folder with nbgrader's course folder in it."""
    folder = tmp_path_factory.mktemp("cohort")
    (folder / "cohort.yml").write_text(f"edition: {EDITION!r}\nsecret: '5ec7e7'\n")
    prepare_course(folder / "nbgrader")
    return folder
