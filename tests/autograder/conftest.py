"""Hand-ins as trainees make them: the released exercise with answers written into it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.assignments import release_notebook, source_notebook
from autograder.cohort import Cohort

MEMO = "I propose smaller transfer lots. <script>alert(1)</script> **59 ± 1 min** instead of 223 ± 1 min."


def work(trainee: str, language: str = "vi", changed: Mapping[str, str] | None = None) -> Any:
    """The exercise solved by the instructor's own solution, but for the cells in `changed`."""
    notebook, source = release_notebook("w01", language), source_notebook("w01", language)
    for cell, solved in zip(notebook.cells, source.cells, strict=True):
        if cell.metadata.get("nbgrader", {}).get("solution"):
            lines = [line for line in solved.source.splitlines() if not line.startswith("### ")]
            cell.source = "\n".join(lines)
        if cell.id == "w01-q8":
            cell.source = MEMO
        cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        cell.source = (changed or {}).get(cell.id, cell.source)
    return notebook


@pytest.fixture
def solve() -> Callable[..., Any]:
    return work


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Writes a hand-in file as the Hand-in page does."""

    def make(
        trainee: str, language: str = "vi", changed: Mapping[str, str] | None = None, **more: Any
    ) -> Path:
        notebook = work(trainee, language, changed)
        content = {
            "format": "course-hand-in/1",
            "edition": "2026-1",
            "trainee": trainee,
            "language": language,
            "made": "2026-11-23T09:00:00Z",
            "notebooks": {"w01.ipynb": json.loads(nbformat.writes(notebook))},
        } | more
        path = tmp_path / f"hand-in_{trainee}_{language}.json"
        path.write_text(json.dumps(content), "utf-8")
        return path

    return make


@pytest.fixture(scope="session")
def _empty_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Cohort.create(tmp_path_factory.mktemp("made") / "cohort").path


@pytest.fixture
def cohort(_empty_cohort: Path, tmp_path: Path) -> Cohort:
    """A fresh cohort; a copy, as nbgrader takes seconds to make one."""
    import shutil

    path = tmp_path / "cohort"
    shutil.copytree(_empty_cohort, path)
    config = path / "nbgrader" / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(_empty_cohort.resolve()), str(path.resolve())))
    return Cohort.open(path)
