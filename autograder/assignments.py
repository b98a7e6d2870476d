"""The exercises: one bilingual source each, from which every other form is made.

The source is a MyST notebook, ``notebooks/<id>/<id>.md``, with solutions and hidden tests in nbgrader's
marks. Adjacent text cells are tagged ``lang-vi`` and ``lang-en``; a code comment for one language begins
``# vi:`` or ``# en:``. ``@RUBRIC_q8@`` stands for the rubric that the case has for question q8. Both
languages keep the same cell and grade ids, so that one gradebook serves both.

An *edition* is the course as one cohort meets it: the name that the site is published under
(`course publish --edition 2026-central-1`), that its exercises carry, and that the cohort folder is made for
(`course cohort new --edition 2026-central-1`). A trainee's variant of a case follows from the name, so that
another edition means other numbers. Any edition can be graded by a checkout whose exercises are those of the
published ones; each exercise says which `version` it is of, and grading counts those that differ.
"""

from __future__ import annotations

import copy
import hashlib
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograder.errors import CourseError
from autograder.rubric import rubric_table
from linelab.cases import load
from linelab.texts import LANGUAGES

if TYPE_CHECKING:
    import nbformat

# nbgrader and jupytext take seconds to import; the commands that only list or enrol should not wait for them.

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
EDITION = "2026-1"  # of a site that is built but not published, and of a cohort for which none is named
EDITION_NAME = re.compile(r"20\d\d(-[a-z0-9]+)+")
EDITION_LENGTH = 40
STUBS = {"vi": "# Bạn có thể tính ở đây", "en": "# You can work it out here"}
TEXT_STUBS = {"vi": "*Viết câu trả lời của bạn ở đây.*", "en": "*Write your answer here.*"}


def assignments() -> list[str]:
    """Ids of the exercises in this repository."""
    return sorted(p.parent.name for p in NOTEBOOKS.glob("w*/w*.md") if p.stem == p.parent.name)


def edition_named(name: str, where: str = "edition") -> str:
    """The name itself if it is one of an edition, which also names a folder; CourseError says what is one."""
    if len(name) > EDITION_LENGTH or not EDITION_NAME.fullmatch(name):
        raise CourseError(
            f"{where} {name!r}: a name begins with the year, then small letters, digits and dashes, "
            f"{EDITION_LENGTH} characters at most, such as 2026-central-1"
        )
    return name


def source_path(assignment: str) -> Path:
    """The file that holds the exercise with its solutions; CourseError names those there are."""
    path = NOTEBOOKS / assignment / f"{assignment}.md"
    if not path.is_file():
        raise CourseError(f"assignment {assignment!r}: there is none; there are {', '.join(assignments())}")
    return path


@cache
def _read(assignment: str) -> str:
    return source_path(assignment).read_text("utf-8")


def source_notebook(assignment: str, language: str = "vi", edition: str = EDITION) -> nbformat.NotebookNode:
    """The instructor's version in one language: solutions, hidden tests and points included."""
    import jupytext
    import nbformat

    if language not in LANGUAGES:
        raise CourseError(f"language {language!r}: use {' or '.join(LANGUAGES)}")
    notebook: nbformat.NotebookNode = jupytext.reads(_read(assignment), fmt="md:myst")
    cells = [cell for cell in notebook.cells if _is_for(cell, language)]
    for position, cell in enumerate(cells):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.id = grade_id or f"{assignment}-c{position:02d}"
        cell.metadata.pop("tags", None)
        if cell.cell_type == "code":
            cell.source = _in_language(cell.source, language).replace("@EDITION@", edition)
        else:
            cell.source = _with_rubrics(cell.source, assignment, language)
        if "nbgrader" in cell.metadata:
            cell.metadata["nbgrader"] = _full(cell)
    notebook.cells = cells
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"},
            "language_info": {"name": "python"},
            "course": _about(assignment, language, edition, cells),
        }
    )
    return notebook


def release_notebook(assignment: str, language: str = "vi", edition: str = EDITION) -> nbformat.NotebookNode:
    """What trainees get: nbgrader's own steps strip solutions and hidden tests and lock the test cells."""
    return copy.deepcopy(_made(assignment, language, edition, hidden_tests=False))


def graded_notebook(assignment: str, language: str = "vi", edition: str = EDITION) -> nbformat.NotebookNode:
    """What a hand-in is put into before it is marked: as released, but with the hidden tests."""
    return copy.deepcopy(_made(assignment, language, edition, hidden_tests=True))


@cache
def _made(assignment: str, language: str, edition: str, *, hidden_tests: bool) -> nbformat.NotebookNode:
    from nbgrader import preprocessors as nbgrader
    from traitlets.config import Config

    config = Config()
    config.ClearSolutions.code_stub = {"python": STUBS[language]}
    config.ClearSolutions.text_stub = TEXT_STUBS[language]
    notebook, resources = source_notebook(assignment, language, edition), {"metadata": {"name": assignment}}
    steps = [
        nbgrader.LockCells,
        nbgrader.ClearSolutions,
        nbgrader.ClearOutput,
        nbgrader.CheckCellMetadata,
        nbgrader.ComputeChecksums,
    ]
    if not hidden_tests:
        # nbgrader checks cells against their form before and after hidden tests are gone; so do its releases
        steps += [nbgrader.ClearHiddenTests, nbgrader.ComputeChecksums, nbgrader.CheckCellMetadata]
    for step in steps:
        notebook, resources = step(config=config).preprocess(notebook, resources)
    return notebook


def version(assignment: str) -> str:
    """Which text of the exercise and of its case: changes with either."""
    digest = hashlib.sha256(_read(assignment).encode())
    digest.update((files("linelab.cases") / f"{assignment}.yml").read_bytes())
    return digest.hexdigest()[:16]


def _is_for(cell: nbformat.NotebookNode, language: str) -> bool:
    tags = {t for t in cell.metadata.get("tags", []) if t.startswith("lang-")}
    return not tags or f"lang-{language}" in tags


def _in_language(source: str, language: str) -> str:
    others = "|".join(x for x in LANGUAGES if x != language)
    source = re.sub(rf"(?m)^\s*#\s*(?:{others}):.*\n?", "", source)
    source = re.sub(rf"(?m)#\s*{language}:\s*", "# ", source)
    return source.replace("@LANGUAGE@", language).rstrip("\n")


def _with_rubrics(source: str, assignment: str, language: str) -> str:
    """Put each rubric, which stands in the case, where the text says ``@RUBRIC_<question>@``."""

    def table(found: re.Match[str]) -> str:
        question = load(assignment).questions.get(found[1])
        if question is None or not question.rubric:
            raise CourseError(
                f"notebooks/{assignment}/{assignment}.md: {found[0]}: the case has no rubric for {found[1]}"
            )
        return rubric_table(question, language)

    return re.sub(r"@RUBRIC_(\w+)@", table, source)


def _full(cell: nbformat.NotebookNode) -> dict[str, Any]:
    """The cell's nbgrader metadata with the fields that the source need not repeat."""
    given = dict(cell.metadata["nbgrader"])
    role = {"answer": (True, False, False), "test": (False, True, True), "text": (True, True, False)}
    solution, grade, locked = role[given.pop("role")]
    full = {
        "schema_version": 3,
        "cell_type": cell.cell_type,
        "solution": solution,
        "grade": grade,
        "locked": locked,
        "task": False,
    }
    return full | given


def _about(
    assignment: str, language: str, edition: str, cells: list[nbformat.NotebookNode]
) -> dict[str, Any]:
    """What the hand-in page and the intake need to know, without a Python at hand."""
    graded = {
        c.metadata["nbgrader"]["grade_id"] for c in cells if c.metadata.get("nbgrader", {}).get("grade")
    }
    case = load(assignment)
    questions = [
        {
            "id": q.id,
            "grade_id": f"{assignment}-{q.id}",
            "kind": q.kind,
            "label": q.label[language],
            "unit": q.unit[language],
            "points": q.points,
        }
        for q in case.questions.values()
    ]
    for entry in questions:
        if entry["grade_id"] not in graded:
            raise CourseError(
                f"notebooks/{assignment}/{assignment}.md: no graded cell {entry['grade_id']}; "
                f"the case asks for it, add the cell or drop the question"
            )
    return {
        "assignment": assignment,
        "edition": edition,
        "version": version(assignment),
        "language": language,
        "title": case.title[language],
        "questions": questions,
    }
