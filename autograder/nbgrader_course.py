"""nbgrader's course folder: its settings, the exercises in it, and its converters run from here."""

from __future__ import annotations

import io
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from autograder.assignments import STUBS, TEXT_STUBS, assignments, source_notebook
from autograder.database import open_gradebook, program_path
from autograder.errors import CourseError
from autograder.judge_cells import JudgeCells
from autograder.settings import gradebook_url, has_gradebook

CONFIG = """\
# Written by the course package, read by nbgrader's own commands and pages.
# JudgeCells stands where nbgrader would run the trainees' code; do not put Execute back.
from autograder.nbgrader_course import course_config

c = get_config()  # noqa: F821
c.merge(course_config({folder!r}))
"""
log = logging.getLogger("autograder.nbgrader")
log.setLevel(logging.ERROR)


def course_config(folder: str | Path, language: str = "vi") -> Config:
    """nbgrader's settings for a course folder."""
    config = Config()
    config.CourseDirectory.root = str(Path(folder).resolve())
    config.JudgeCells.cohort = str(Path(folder).resolve().parent)
    config.CourseDirectory.course_id = "default_course"  # without one PostgreSQL refuses nbgrader's tables
    config.CourseDirectory.db_url = gradebook_url(Path(folder).resolve().parent)
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
    known = _known(folder.parent)
    for assignment in assignments():
        text = nbformat.writes(source_notebook(assignment, language)) + "\n"
        path = folder / "source" / assignment / f"{assignment}.ipynb"
        generated = folder / "release" / assignment / f"{assignment}.ipynb"
        there = assignment in known and generated.is_file() and path.is_file()
        if there and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        try:
            convert(GenerateAssignment, folder, assignment, language=language)
        except BaseException:
            path.unlink()  # so that the next run does it again
            raise
    return folder


def _known(cohort: Path) -> set[str]:
    """The exercises that the gradebook has; none if it is new, as when cohort.yml names another one."""
    if not has_gradebook(cohort):
        return set()
    with open_gradebook(cohort) as gradebook:
        return {assignment.name for assignment in gradebook.assignments}


def convert(
    converter: type[Any], folder: Path, assignment: str, trainee: str = "", language: str = "vi"
) -> None:
    """Run one of nbgrader's converters; what it says goes into the error if it fails."""
    config = course_config(folder, language)
    config.CourseDirectory.assignment_id = assignment
    if trainee:
        config.CourseDirectory.student_id = trainee
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
