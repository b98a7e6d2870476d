"""The gradebook as a database: the same in SQLite and PostgreSQL, for several at once, and for many."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import Engine, event

from autograder import settings
from autograder.assignments import release_notebook
from autograder.cohort import Cohort
from autograder.database import open_gradebook
from autograder.entry import Entries, Entry, UnreachableError
from autograder.errors import CourseError
from autograder.gradebook import details, judged, marks
from autograder.manual import set_manual
from autograder.nbgrader_course import prepare_course
from autograder.records import Record, history, read_record, write_record
from course import main
from linelab.trainees import check_character

Make = Callable[[Path, Path], Cohort]
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


def programs() -> Path | None:
    """Where PostgreSQL's programs lie; Debian has them beside the path."""
    beside = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    return next((place for place in (*on_path, *beside) if (place / "pg_ctl").is_file()), None)


@pytest.fixture(scope="session")
def database() -> Iterator[Callable[[str], str]]:
    """Makes databases on a PostgreSQL server of our own on a Unix socket; gives the address of each."""
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed; run: sudo apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path must be short
    someone: dict[str, Any] = {"cwd": folder, "check": True, "capture_output": True}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "nobody", "nogroup")
        someone |= {"user": "nobody", "group": "nogroup", "extra_groups": []}
    data = str(folder / "data")
    new = ["-U", "grader", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    control = [where / "pg_ctl", "-D", data, "-w"]
    try:
        subprocess.run([where / "initdb", "-D", data, *new], **someone)
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        subprocess.run([*control, "-l", str(folder / "log"), "-o", options, "start"], **someone)
        try:

            def made(name: str) -> str:
                subprocess.run([where / "createdb", "-h", folder, "-U", "grader", name], **someone)
                return f"postgresql://grader@/{name}?host={folder}"

            yield made
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **someone)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def moved(cohort: Cohort, address: str) -> Cohort:
    """The cohort with its gradebook in another place, by what cohort.yml says."""
    file = cohort.path / "cohort.yml"
    said = yaml.safe_load(file.read_text("utf-8"))
    file.write_text(yaml.safe_dump(said | {"gradebook": address}), "utf-8")
    return Cohort.open(cohort.path)


def enter_all(cohort: Cohort) -> list[Record]:
    """Enter the newest record of everybody once more."""
    records = [read_record(cohort.path, trainee, "w01") for trainee in cohort.roster()]
    with Entries.open(cohort.path) as entries:
        entries.enter_all([Entry(record, release_notebook("w01"), NOW) for record in records])
    return records


@pytest.fixture(scope="session")
def shared(
    database: Callable[[str], str],
    _class_cohort: Path,
    copied: Make,
    tmp_path_factory: pytest.TempPathFactory,
) -> Cohort:
    cohort = copied(_class_cohort, tmp_path_factory.mktemp("shared") / "class")
    cohort = moved(cohort, database("class"))
    prepare_course(cohort.path / "nbgrader", cohort.language)
    enter_all(cohort)
    return cohort


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest) -> Cohort:
    """The class of ten, with its gradebook in one or the other."""
    cohort: Cohort = request.getfixturevalue("classroom" if request.param == "sqlite" else "shared")
    return cohort


def _mark(folder: Path, trainees: list[str], start: Any, rounds: int) -> None:
    """A grader at work: marks some trainees' memos again and again, and looks at all marks in between."""
    start.wait(60)
    for n in range(rounds):
        for trainee in trainees:
            set_manual(folder, trainee, "w01", "q8", (n + len(trainee)) % 4, f"round {n}", grader=trainees[0])
        assert len(marks(folder)) == 10


def test_two_graders_and_a_grading_at_once_lose_nothing(place: Cohort) -> None:
    trainees, rounds = sorted(place.roster()), 4
    context = multiprocessing.get_context("fork")
    start = context.Barrier(3)
    graders = [
        context.Process(target=_mark, args=(place.path, some, start, rounds))
        for some in (trainees[:5], trainees[5:])
    ]
    for grader in graders:
        grader.start()
    start.wait(60)
    times = 0
    while any(grader.is_alive() for grader in graders):
        enter_all(place)
        times += 1
    assert [grader.exitcode for grader in graders] == [0, 0]
    assert times > 1
    for trainee in trainees:
        memo = next(d for d in details(place, trainee, "w01") if d.question == "q8")
        assert (memo.points, memo.waiting) == ((rounds - 1 + len(trainee)) % 4, False)
        assert memo.comment == f"round {rounds - 1}"
        assert len(history(place.path, trainee, "w01")) == 1


def test_marks_do_not_depend_on_the_database(classroom: Cohort, shared: Cohort) -> None:
    enter_all(classroom)
    for trainee in classroom.roster():
        for cohort in (classroom, shared):
            set_manual(cohort, trainee, "w01", "q8", 2.5, "Rõ <b>ràng</b>")
    assert marks(classroom) == marks(shared)
    ours, theirs = list(judged(classroom, [])), list(judged(shared, []))
    assert len(ours) == 10
    assert ours == theirs


@pytest.mark.slow
def test_a_gradebook_in_postgresql_is_filled_from_the_records_and_used_by_each_command(
    graded: tuple[Cohort, str, str], database: Callable[[str], str]
) -> None:
    cohort, good, _ = graded
    before = marks(cohort)
    moved(cohort, database("own"))

    def course(*arguments: str) -> str:
        result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    assert "2 graded, 0 unchanged, 0 failed" in course("grade")  # entered, not run again
    assert len(history(cohort.path, good, "w01")) == 1
    assert marks(cohort) == before
    assert "0 graded, 2 unchanged, 0 failed" in course("grade")
    course("review", "--set", good, "w01", "q8", "3,5", "--comment", "Rõ")
    course("feedback")
    assert "19,5 / 20" in (cohort.path / "feedback" / good / "w01.html").read_text("utf-8")
    assert "2 graded" in course("grade", "--regrade")
    assert next(m for m in marks(cohort) if m.trainee == good).points == 19.5  # the person's mark stands


def test_a_database_that_is_not_there_is_one_line(classroom: Cohort) -> None:
    moved(classroom, "postgresql://grader:word@127.0.0.1:1/cohort")
    with pytest.raises(CourseError, match=r"cohort\.yml: gradebook: cannot be reached") as caught:
        marks(classroom)
    assert "\n" not in caught.value.message
    assert "word" not in caught.value.message
    moved(classroom, "oracle://grader@127.0.0.1/cohort")
    with pytest.raises(CourseError, match=r"cohort\.yml: gradebook: "):
        marks(classroom)


def test_a_gradebook_that_stays_locked_ends_the_run_and_loses_nothing(
    classroom: Cohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "PATIENCE", 0.2)
    before = marks(classroom)
    other = sqlite3.connect(classroom.path / "nbgrader" / "gradebook.db")
    try:
        other.execute("BEGIN IMMEDIATE")  # as somebody who writes, and does not come to an end
        with pytest.raises(UnreachableError, match=r"cannot be written .* nothing is lost"):
            enter_all(classroom)
        assert marks(classroom) == before  # reading goes on
    finally:
        other.close()
    enter_all(classroom)
    assert marks(classroom) == before


def test_what_is_entered_is_what_nbgrader_itself_makes(classroom: Cohort) -> None:
    ours = next(iter(classroom.roster()))
    with open_gradebook(classroom.path) as gradebook, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own: it flushes a session later
        gradebook.add_student("theirs")
        gradebook.add_submission("w01", "theirs", timestamp="2026-11-26 09:00:00 UTC")

        def about(trainee: str) -> Any:
            submission = gradebook.find_submission("w01", trainee)
            (notebook,) = submission.notebooks
            return (
                sorted(grade.name for grade in notebook.grades),
                sorted(comment.name for comment in notebook.comments),
                (submission.name, notebook.name, notebook.max_score, submission.late_submission_penalty),
                {(g.manual_score, g.extra_credit) for g in notebook.grades},
                {(c.auto_comment, c.manual_comment) for c in notebook.comments},
            )

        assert about(ours) == about("theirs")
        found = gradebook.find_submission("w01", ours)
        record = read_record(classroom.path, ours, "w01")
        assert found.score == sum(points or 0 for points in record.points.values())
        assert found.needs_manual_grade
        assert {g.name.removeprefix("w01-"): g.auto_score for g in found.notebooks[0].grades} == record.points


def people(count: int) -> list[str]:
    return [f"{i:07d}" + check_character(f"{i:07d}") for i in range(1, count + 1)]


def test_queries_do_not_grow_with_the_class(classroom: Cohort) -> None:
    """Neither those of entering a batch nor those of reading all marks; nor does each take longer."""
    pattern = read_record(classroom.path, next(iter(classroom.roster())), "w01")
    said: list[str] = []

    def counted(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    def entered(some: list[str]) -> int:
        records = [
            write_record(classroom.path, Record(**vars(pattern) | {"trainee": trainee})) for trainee in some
        ]
        with Entries.open(classroom.path) as entries:
            said.clear()
            entries.enter_all([Entry(record, release_notebook("w01"), NOW) for record in records])
            return len(said)

    event.listen(Engine, "before_cursor_execute", counted)
    try:
        counts = []
        for first, end in ((0, 2), (2, 32)):
            for_entering = entered(people(32)[first:end])
            said.clear()
            assert len(marks(classroom)) == 10 + end
            counts.append((for_entering, len(said)))
        assert counts[0] == counts[1]
    finally:
        event.remove(Engine, "before_cursor_execute", counted)
    with open_gradebook(classroom.path) as gradebook:
        for table in ("grade", "comment"):
            query = f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE notebook_id = 1"
            plan = gradebook.db.connection().exec_driver_sql(query).all()
            assert "USING INDEX" in str(plan), plan
