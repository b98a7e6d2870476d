"""The notebook that goes into nbgrader: the released one, with the trainee's own answers put in.

nbgrader stops at a duplicated or mistyped cell, and a handed-in notebook may hold anything. So nothing of
it is taken over but the text of the cells that are the trainee's to fill.
"""

from __future__ import annotations

from typing import Any

import nbformat

from autograder.assignments import EDITION, EDITION_NAME, graded_notebook
from autograder.execute import is_cell, source_of
from autograder.inert import harmless
from linelab.cases.questions import MAX_TEXT
from linelab.texts import LANGUAGES


def language_of(notebook: nbformat.NotebookNode) -> str:
    """The language of the release that a notebook was made from; Vietnamese if it does not say."""
    language = _course(notebook).get("language")
    return language if language in LANGUAGES else "vi"


def version_of(notebook: nbformat.NotebookNode) -> str:
    """The version of the exercise that a notebook was made from, as it says; an empty text if it does not."""
    version = _course(notebook).get("version")
    return version[:40] if isinstance(version, str) else ""


def _edition_of(notebook: nbformat.NotebookNode) -> str:
    edition = _course(notebook).get("edition")
    return edition if isinstance(edition, str) and EDITION_NAME.fullmatch(edition) else EDITION


def _course(notebook: nbformat.NotebookNode) -> dict[str, Any]:
    metadata = notebook.get("metadata")
    course = metadata.get("course") if isinstance(metadata, dict) else None
    return course if isinstance(course, dict) else {}


def rebuild(notebook: nbformat.NotebookNode, assignment: str) -> nbformat.NotebookNode:
    """The released notebook, its hidden tests included, with the trainee's answer cells.

    Parameters
    ----------
    notebook : NotebookNode
        As handed in. Cells that are missing, doubled, changed or of another kind make no difference, except
        that an answer cell which is not there stays as released.
    assignment : str
        Id of the assignment.

    Returns
    -------
    NotebookNode
    """
    made: nbformat.NotebookNode = graded_notebook(assignment, language_of(notebook), _edition_of(notebook))
    for cell in made.cells:
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("solution"):
            continue
        text = _given(notebook, marks["grade_id"], cell)
        if text is not None:
            cell.source = text if cell.cell_type == "code" else harmless(text)
    return made


def _given(notebook: nbformat.NotebookNode, grade_id: str, released: nbformat.NotebookNode) -> str | None:
    """Text of the trainee's cell of that grade id: the first that was changed, else None."""
    for cell in notebook.get("cells", []):
        if not isinstance(cell, dict) or cell.get("cell_type") != released.cell_type:
            continue
        if not is_cell(cell, grade_id):
            continue
        text = source_of(cell)[:MAX_TEXT]
        if text.strip() and text != released.source:
            return text
    return None
