"""Stage two of grading: nbgrader, with our own step where it would run the trainee's notebook.

nbgrader keeps its sanitising steps, its gradebook and its pages for the instructor. In place of its `Execute`
stands `JudgeCells`: it runs only the locked test cells, whose text nbgrader has just put back from the
gradebook, on the answers of stage one. No line of the trainee's is run here.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import io
import json
import logging
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.assignments import STUBS, TEXT_STUBS, assignments, source_notebook
from autograder.errors import CourseError
from autograder.marking import REASON, Reason, collecting
from autograder.records import Record, read_record, write_record
from autograder.submission import rebuild
from linelab.answers import schema
from linelab.cases import Case, load
from linelab.trainees import is_trainee_id, normalise

SEEDS = 8
CONFIG = """\
# Written by the course package, read by nbgrader's own commands and pages.
# JudgeCells stands where nbgrader would run the trainees' code; do not put Execute back.
from autograder.judge import course_config

c = get_config()  # noqa: F821
c.merge(course_config({folder!r}))
"""
log = logging.getLogger("autograder.nbgrader")
log.setLevel(logging.ERROR)


@dataclass(frozen=True)
class Judgement:
    """What judging gave.

    Attributes
    ----------
    points : dict
        Question id to automatic points; None where a person has to mark.
    reasons : dict
        Question id to the reasons that its test gave.
    problems : list of str
        For the operator: tests that failed to run. Such a question has no points and needs a fix of the test.
    """

    points: dict[str, float | None]
    reasons: dict[str, list[Reason]]
    problems: list[str]


class JudgeCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Runs the locked test cells on the recorded answers; nothing else of the notebook is run."""

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        """Put each test cell's points, reasons or error in its outputs, as nbgrader reads them."""
        about = resources["nbgrader"]
        trainee, assignment = about["student"], about["assignment"]
        cohort = Path(about["db_url"].removeprefix("sqlite:///")).parent.parent
        record = read_record(cohort, trainee, assignment)
        settings = _settings(cohort)
        case = load(assignment).variant(trainee, settings["edition"])
        seeds = hidden_seeds(settings["secret"], assignment)
        answers = {q: record.answers.get(q) for q in schema(assignment)}
        for cell in nb.cells:
            if cell.cell_type != "code":
                continue
            cell.outputs, cell.execution_count = [], None
            if utils.is_grade(cell) and utils.is_locked(cell):
                most = float(cell.metadata["nbgrader"]["points"])
                cell.outputs = run_test(cell.source, most, answers, case, seeds)
        return nb, resources


def run_test(
    source: str, most: float, answers: Mapping[str, Any], case: Case, seeds: Sequence[int]
) -> list[nbformat.NotebookNode]:
    """Run one test cell in a namespace of its own.

    Returns
    -------
    list of NotebookNode
        The reasons, then the points; or the error of a test that is broken. A test that gives no points is
        broken, too, though nbgrader would give all points for it.
    """
    namespace = {
        "__name__": "judge",
        "answers": copy.deepcopy(dict(answers)),
        "case": case,
        "seeds": list(seeds),
        "check": lambda question: None,
    }
    reasons: list[Reason] = []
    try:
        with collecting() as reasons, contextlib.redirect_stdout(io.StringIO()):
            points = _value_of(source, namespace)
        if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 <= points <= most:
            raise ValueError(f"the last line gives {points!r}, not points from 0 to {most:g}")
    except Exception as error:  # whatever is wrong with a test, the operator must see it
        kind = type(error).__name__
        return [new_output("error", ename=kind, evalue=str(error), traceback=[f"{kind}: {error}"])]
    shown = [
        new_output("display_data", data={REASON: said, "text/plain": f"{said['vi']}\n{said['en']}"})
        for said in reasons
    ]
    return [*shown, new_output("execute_result", data={"text/plain": repr(float(points))})]


def _value_of(source: str, namespace: dict[str, Any]) -> Any:
    """Execute a cell; the value of its last line if that is an expression."""
    tree = ast.parse(source, "<test cell>")
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<test cell>", "exec"), namespace)
    if not isinstance(last, ast.Expr):
        return None
    return eval(compile(ast.Expression(last.value), "<test cell>", "eval"), namespace)


def hidden_seeds(secret: str, assignment: str) -> list[int]:
    """Seeds that nobody outside the cohort can know, the same for all its trainees."""
    digest = hashlib.sha256(f"{secret}|{assignment}".encode()).digest()
    return [int.from_bytes(digest[4 * i : 4 * i + 4], "big") for i in range(SEEDS)]


def course_config(folder: str | Path, language: str = "vi") -> Config:
    """nbgrader's settings for a course folder."""
    config = Config()
    config.CourseDirectory.root = str(Path(folder).resolve())
    config.ClearSolutions.code_stub = {"python": STUBS[language]}
    config.ClearSolutions.text_stub = TEXT_STUBS[language]
    config.Autograde.autograde_preprocessors = [
        JudgeCells,
        IgnorePattern,
        LimitOutput,
        SaveAutoGrades,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    return config


def prepare_course(folder: str | Path, language: str = "vi") -> Path:
    """Make or renew nbgrader's course folder: its settings, the source of each exercise, the gradebook."""
    folder = Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(folder=str(folder)), "utf-8")
    for assignment in assignments():
        text = nbformat.writes(source_notebook(assignment, language)) + "\n"
        path = folder / "source" / assignment / f"{assignment}.ipynb"
        generated = folder / "release" / assignment / f"{assignment}.ipynb"
        if generated.is_file() and path.is_file() and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        try:
            _convert(GenerateAssignment, folder, assignment, language=language)
        except BaseException:
            path.unlink()  # so that the next run does it again
            raise
    return folder


def judge_submission(
    folder: str | Path,
    trainee: str,
    assignment: str,
    notebook: nbformat.NotebookNode,
    answers: Mapping[str, Any],
    *,
    attempt: str = "",
    problems: Sequence[str] = (),
) -> Judgement:
    """Grade one hand-in.

    Parameters
    ----------
    folder : path
        nbgrader's course folder, inside the cohort's folder.
    trainee, assignment : str
        Whose it is (who handed it in, whatever the notebook says), and which.
    notebook : NotebookNode
        As handed in; only the text of the answer cells is taken from it.
    answers : dict
        Of stage one.
    attempt : str
        SHA-256 of the handed-in notebook, kept with the marks.
    problems : list of str
        Of stage one, kept with the answers.
    """
    if not is_trainee_id(trainee) or normalise(trainee) != trainee:
        raise CourseError(f"trainee {trainee!r}: is not a trainee number; take it from roster.csv")
    folder = Path(folder).resolve()
    before = _manual_text(folder.parent, trainee, assignment)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record = Record(trainee, assignment, dict(answers), attempt, now, list(problems))
    rebuilt = rebuild(notebook, assignment)
    place = folder / "submitted" / trainee / assignment
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(rebuilt, place / f"{assignment}.ipynb")
    write_record(folder.parent, record)
    _convert(Autograde, folder, assignment, trainee)
    if before is not None and before == _manual_text(folder.parent, trainee, assignment):
        from autograder.gradebook import keep_manual  # it reads what this module writes

        keep_manual(folder, trainee, assignment)
    return judgement(folder, trainee, assignment)


def judgement(folder: str | Path, trainee: str, assignment: str) -> Judgement:
    """Read back what judging gave, from the notebook that nbgrader wrote."""
    path = Path(folder) / "autograded" / trainee / assignment / f"{assignment}.ipynb"
    if not path.is_file():
        raise CourseError(f"{path}: is not there; grade this hand-in first")
    result = Judgement({}, {}, [])
    for cell in nbformat.read(path, as_version=4).cells:
        if not utils.is_grade(cell):
            continue
        question = cell.metadata["nbgrader"]["grade_id"].removeprefix(f"{assignment}-")
        result.points[question] = utils.determine_grade(cell, log)[0]
        outputs = cell.get("outputs", [])
        result.reasons[question] = [dict(o.data[REASON]) for o in outputs if REASON in o.get("data", {})]
        result.problems.extend(
            f"{assignment} {question}: the hidden test is broken, {o.ename}: {o.evalue}"
            for o in outputs
            if o.output_type == "error"
        )
    return result


def _manual_text(cohort: Path, trainee: str, assignment: str) -> str | None:
    """The free texts of the last hand-in, as one text; None if there was none."""
    try:
        answers = read_record(cohort, trainee, assignment).answers
    except CourseError:
        return None
    wanted = {q.id: answers.get(q.id) for q in schema(assignment).values() if q.kind == "text"}
    return json.dumps(wanted, sort_keys=True)


def _settings(cohort: Path) -> dict[str, Any]:
    path = cohort / "cohort.yml"
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CourseError(
            f"{path}: cannot be read ({type(error).__name__}); make it with course cohort new"
        ) from None
    for name in ("edition", "secret"):
        if not isinstance(data, dict) or not isinstance(data.get(name), str) or not data[name]:
            raise CourseError(f"{path}: {name} is missing; restore the file from a copy")
    return dict(data)


def _convert(
    converter: type[Any], folder: Path, assignment: str, trainee: str = "", language: str = "vi"
) -> None:
    """Run one of nbgrader's converters; what it says goes into the error if it fails."""
    config = course_config(folder, language)
    config.CourseDirectory.assignment_id = assignment
    if trainee:
        config.CourseDirectory.student_id = trainee
        # a stopped run leaves half a folder, which nbgrader would take for done
        shutil.rmtree(folder / "autograded" / trainee / assignment, ignore_errors=True)
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    log.addHandler(handler)
    log.propagate = False
    try:
        with program_path(), warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader's own: it flushes a session later
            course = CourseDirectory(config=config, log=log)
            converter(coursedir=course, config=config, log=log, force=True).start()
    except Exception as error:
        # nbgrader ends with "see the traceback above"; its last line that names an error says more
        named = re.findall(r"(?m)^[\w.]*(?:Error|Exception|Entry): .+$", said.getvalue())
        detail = named[-1] if named else f"{type(error).__name__}: {error}"
        who = f"{trainee} {assignment}" if trainee else assignment
        raise CourseError(f"{who}: nbgrader's {converter.__name__} failed: {detail}") from error
    finally:
        log.removeHandler(handler)


@contextlib.contextmanager
def program_path() -> Iterator[None]:
    """nbgrader starts the program alembic by name, which lies beside our interpreter."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
