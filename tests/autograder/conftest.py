"""Hand-ins as trainees make them: the released exercise with answers written into it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.assignments import release_notebook, source_notebook
from autograder.certify.book import Book
from autograder.cohort import Cohort
from autograder.collect import collect
from autograder.entry import Entries
from autograder.grade import grade
from autograder.judge import hidden_seeds, run_test
from autograder.records import Record, write_record
from linelab.cases import Case, load
from linelab.trainees import check_character

from . import demo, personal

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


WEAK = {
    "w01-q2-answer": 'answer("q2", "pack")',
    # availability forgotten
    "w01-q3-answer": 'answer("q3", 3600 / case.line.stations[2].process_time.average)',
    # seconds instead of minutes
    "w01-q4-answer": 'answer("q4", today.lead_time.mean)',
    "w01-q7-answer": 'answer("q7", {"transfer_lot": 15, "lane_capacity": 30})',
    "w01-q8": "*Write your answer here.*",
}


@pytest.fixture
def weak_answers() -> dict[str, str]:
    """Answers as people get them wrong, by the id of the cell."""
    return dict(WEAK)


def write_hand_in(
    folder: Path, trainee: str, language: str, changed: Mapping[str, str] | None = None, **more: Any
) -> Path:
    """Write a hand-in file as the Hand-in page does."""
    content = {
        "format": "course-hand-in/1",
        "edition": "2026-1",
        "trainee": trainee,
        "language": language,
        "made": "2026-11-23T09:00:00Z",
        "notebooks": {"w01.ipynb": json.loads(nbformat.writes(work(trainee, language, changed)))},
    } | more
    path = folder / f"hand-in_{trainee}_{language}.json"
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def hand_in(tmp_path: Path) -> Callable[..., Path]:
    """Makes hand-in files in the test's folder."""

    def make(
        trainee: str, language: str = "vi", changed: Mapping[str, str] | None = None, **more: Any
    ) -> Path:
        return write_hand_in(tmp_path, trainee, language, changed, **more)

    return make


def copy_of(path: Path, target: Path) -> Cohort:
    """A cohort at another place; nbgrader's settings name the folder."""
    shutil.copytree(path, target)
    config = target / "nbgrader" / "nbgrader_config.py"
    config.write_text(config.read_text().replace(str(path.resolve()), str(target.resolve())))
    return Cohort.open(target)


@pytest.fixture(scope="session")
def copied() -> Callable[[Path, Path], Cohort]:
    return copy_of


@pytest.fixture(scope="session")
def worked() -> Callable[..., Any]:
    """Makes a solved exercise, as `solve`, for fixtures of a wider scope."""
    return work


@pytest.fixture(scope="session")
def _empty_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Cohort.create(tmp_path_factory.mktemp("made") / "cohort").path


@pytest.fixture
def cohort(_empty_cohort: Path, tmp_path: Path) -> Cohort:
    """A fresh cohort; a copy, as nbgrader takes seconds to make one."""
    return copy_of(_empty_cohort, tmp_path / "cohort")


@pytest.fixture(scope="session")
def _graded_cohort(_empty_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    folder = tmp_path_factory.mktemp("graded")
    made = copy_of(_empty_cohort, folder / "cohort")
    good, weak = made.enrol().id, made.enrol(language="en").id
    hand_ins = [write_hand_in(folder, good, "vi"), write_hand_in(folder, weak, "en", WEAK)]
    assert [receipt.status for receipt in collect(made, hand_ins)] == ["accepted"] * 2
    outcome = grade(made, jobs=2, progress=False)
    assert (outcome.graded, outcome.failed) == (2, 0), outcome.problems
    return made.path, good, weak


@pytest.fixture
def graded(_graded_cohort: tuple[Path, str, str], tmp_path: Path) -> tuple[Cohort, str, str]:
    """A cohort with a good and a weak hand-in, graded; a copy, as grading takes seconds."""
    path, good, weak = _graded_cohort
    return copy_of(path, tmp_path / "cohort"), good, weak


TEXTS = (
    "Lô 5, làn 15, MTTR 240 s: 59 triệu đồng. CT giảm từ 228 ± 1 còn 31 ± 1 phút. Ký: {name}, mã {number}",
    "<script>document.title = 'run'</script> **Lô 15**, làn 30. <img src=x onerror=alert(1)>",
    "Giảm tồn kho giữa các máy là tốt.",
)


@pytest.fixture(scope="session")
def _class_cohort(_empty_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_of(_empty_cohort, tmp_path_factory.mktemp("class") / "cohort")
    plan = {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240}
    reason = {"vi": "Đạt 100 % mức cải thiện.", "en": "100 % of the gain.", "points": 6.0, "max": 6.0}
    with Entries.open(made.path) as entries:
        for i in range(10):
            name, language = f"Nguyễn Văn {'ABCDEGHIKL'[i]}n", "en" if i == 3 else "vi"
            trainee = made.enrol(name, language=language).id
            text = TEXTS[i % 3].format(name=name, number=trainee.lower()) + f" ({i})"
            record = Record(
                trainee, "w01",
                {"q1": 49.5, "q2": "glue", "q4": 228.06, "q7": plan, "q8": text},
                attempt=f"{i:064x}", graded_at="2026-11-23T09:00:00+00:00", problems=[],
                points={q.id: None if q.kind == "text" else q.points for q in load("w01").questions.values()},
                reasons={"q7": [reason]},
            )  # fmt: skip
            entries.enter(write_record(made.path, record), work(trainee, language), datetime.now(UTC))
    return made.path


@pytest.fixture
def classroom(_class_cohort: Path, tmp_path: Path) -> Cohort:
    """A cohort of ten whose memos wait for a person; a copy, as nbgrader takes seconds to make one."""
    return copy_of(_class_cohort, tmp_path / "class")


# -- the hidden tests of one week, asked about one answer at a time; a module of tests names its week as WEEK

Mark = Callable[[Case, str, Any], float]
Points = Callable[[str, Any], float]


@pytest.fixture(scope="module")
def week(request: pytest.FixtureRequest) -> str:
    return str(request.module.WEEK)


@pytest.fixture(scope="module")
def people() -> list[str]:
    """Trainee numbers, the same each time."""
    return [f"{i:07d}" + check_character(f"{i:07d}") for i in range(10)]


@pytest.fixture(scope="module")
def own(week: str) -> Callable[[str], Case]:
    """A trainee's own variant of the week's case."""
    return lambda trainee: load(week).variant(trainee, "2026-1")


@pytest.fixture(scope="module")
def case(own: Callable[[str], Case]) -> Case:
    return own("K7P2QD4P")


@pytest.fixture(scope="module")
def mark(week: str) -> Mark:
    """Points of one answer to one question in one variant, by its real hidden test."""
    graded = [
        c
        for c in source_notebook(week).cells
        if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("grade")
    ]
    tests = {c.metadata.nbgrader.grade_id.removeprefix(f"{week}-"): c.source for c in graded}
    seeds = hidden_seeds("5ec7e7", week)

    def points(case: Case, question: str, value: Any) -> float:
        answers = dict.fromkeys(case.questions) | {question: value}
        verdict = run_test(tests[question], case.questions[question].points, answers, case, seeds)
        assert not verdict.fault
        (reason,) = verdict.reasons
        assert reason["vi"]
        assert reason["en"]
        return float(reason["points"])

    return points


@pytest.fixture
def points(mark: Mark, case: Case) -> Points:
    return lambda question, value: mark(case, question, value)


@pytest.fixture(scope="session")
def _demo_cohort(_empty_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = copy_of(_empty_cohort, tmp_path_factory.mktemp("demo") / "cohort")
    demo.fill(made)
    return made.path


@pytest.fixture
def many(_demo_cohort: Path, tmp_path: Path) -> Cohort:
    """A cohort of 30 with mixed results; a copy, as entering them takes seconds."""
    return copy_of(_demo_cohort, tmp_path / "cohort")


@pytest.fixture(scope="session")
def full_cohort(
    _graded_cohort: tuple[Path, str, str], tmp_path_factory: pytest.TempPathFactory
) -> personal.Full:
    """What `full` copies; tests that only read it take it as it is."""
    path, good, weak = _graded_cohort
    folder = tmp_path_factory.mktemp("full")
    return personal.fill(copy_of(path, folder / "cohort"), good, weak, folder)


@pytest.fixture
def full(full_cohort: personal.Full, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> personal.Full:
    """A graded class with everything in it that can be held on a trainee, down to a certificate."""
    cohort = copy_of(full_cohort.path, tmp_path / "cohort")
    monkeypatch.setenv("COURSE_COHORT", str(cohort.path))
    monkeypatch.setenv("COURSE_PEOPLE", str(full_cohort.key.parent))
    monkeypatch.setenv("COURSE_PERSON_PASSPHRASE", personal.PASSPHRASE)
    return replace(full_cohort, cohort=cohort, book=Book.open(cohort.path), folder=tmp_path)
