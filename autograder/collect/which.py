"""Which exercise a notebook is, and of which edition: by its metadata, else its content, else its file name.

What the code says is looked for in its text. Nothing is run, and nothing that could be one thing or another
is decided.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.assignments import assignments
from autograder.collect.released import owners, released_cells
from autograder.collect.shape import source_text
from autograder.collect.words import Note, RejectedError, note
from linelab.answers import BEGIN
from linelab.texts import LANGUAGES

BEGUN = re.compile(r"""\bbegin\(\s*["'](w\d\d)["']""")
EDITION = re.compile(r"""\bedition\s*=\s*["']([^"'\n]{1,40})["']""")
LANGUAGE = re.compile(r"""\blanguage\s*=\s*["'](vi|en)["']""")
WEEK = re.compile(r"(?<![a-z0-9])(w\d\d)(?![a-z0-9])", re.IGNORECASE)


@dataclass(frozen=True)
class Which:
    """What a notebook is; `said` tells how that was found out, where it was not by the metadata."""

    assignment: str
    edition: str
    language: str
    said: tuple[Note, ...] = ()


def recognise(notebook: dict[str, Any], name: str) -> Which:
    """The exercise, edition and language of a notebook whose form is mended; `name` is that of its file.

    Raises
    ------
    RejectedError
        If it is none of this course, or does not say of which edition it is.
    """
    about = notebook["metadata"].get("course")
    about = about if isinstance(about, dict) else {}
    code = [source_text(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    said = []
    assignment = about.get("assignment")
    if assignment is None:
        assignment, how = _by_content(notebook, code, name)
        said.append(how)
    if assignment not in assignments():
        raise RejectedError("not_ours")
    edition = about.get("edition")
    if not isinstance(edition, str):
        edition = _only({match for text in code for match in EDITION.findall(text)}) or _recorded_edition(
            notebook, assignment
        )
        if edition is None:  # anybody's notebook may be named w01
            raise RejectedError("not_ours" if said and said[0].key.endswith("by_name") else "no_edition")
        said.append(note("edition_by_text", edition=edition))
    language = about.get("language")
    if language not in LANGUAGES:
        language = _language(notebook, code, assignment)
    return Which(assignment, edition, language, tuple(said))


def begun(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What `begin` recorded in the outputs of a notebook, each time that it ran."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            data = output.get("data")
            record = data.get(BEGIN) if isinstance(data, dict) else None
            if isinstance(record, dict):
                yield record


def _by_content(notebook: dict[str, Any], code: Sequence[str], name: str) -> tuple[str, Note]:
    marked = {owners()[mark] for cell in notebook["cells"] for mark in _marks(cell) if mark in owners()}
    if found := _only(marked):
        return found, note("which_by_cells", assignment=found)
    opened = {match for text in code for match in BEGUN.findall(text)}
    opened |= {str(record.get("assignment")) for record in begun(notebook)}
    if found := _only(opened & set(assignments())):
        return found, note("which_by_text", assignment=found)
    if found := _only({match.lower() for match in WEEK.findall(name)} & set(assignments())):
        return found, note("which_by_name", assignment=found)
    raise RejectedError("which" if marked or opened else "not_ours")


def _marks(cell: dict[str, Any]) -> Iterator[str]:
    marks = cell["metadata"].get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    yield from (x for x in (grade_id, cell.get("id")) if isinstance(x, str))


def _recorded_edition(notebook: dict[str, Any], assignment: str) -> str | None:
    found = {r.get("edition") for r in begun(notebook) if r.get("assignment") == assignment}
    return _only({edition for edition in found if isinstance(edition, str)})


def _language(notebook: dict[str, Any], code: Sequence[str], assignment: str) -> str:
    """As the first cell says, else that of the release which has more texts in common with it."""
    if found := _only({match for text in code for match in LANGUAGE.findall(text)}):
        return found
    texts = {source_text(cell) for cell in notebook["cells"]}
    common = {x: len(texts & {c.source for c in released_cells(assignment, x).values()}) for x in LANGUAGES}
    return max(LANGUAGES, key=lambda language: common[language])


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None
