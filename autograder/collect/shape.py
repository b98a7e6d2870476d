"""Mends the form of a notebook, whatever program saved it last; what the trainee wrote stays as it is."""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Iterator
from typing import Any

import nbformat

from autograder.collect.words import Note, RejectedError, note

MAX_CELLS = 2_000  # checking many takes minutes
MINOR = 5  # of notebook format 4: the first in which cells have ids
ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TEXT = (str, list)
# what an output of a kind must have, of which types
OUTPUTS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "stream": {"name": str, "text": TEXT},
    "display_data": {"data": dict, "metadata": dict},
    "execute_result": {"data": dict, "metadata": dict},
    "error": {"ename": str, "evalue": str, "traceback": list},
}


def mend_shape(notebook: Any) -> list[Note]:
    """Bring a notebook of format 4.0 to 4.5 into the form of 4.5, in place.

    Returns
    -------
    list of Note
        What was done.

    Raises
    ------
    RejectedError
        If it is no notebook of format 4, or has too many cells.
    """
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        raise RejectedError("not_ours")
    if len(cells) > MAX_CELLS:
        raise RejectedError("too_many_cells", count=len(cells), limit=MAX_CELLS)
    said = list(_version(notebook))
    if not isinstance(notebook.get("metadata"), dict):
        notebook["metadata"] = {}
    for cell in cells:
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            raise RejectedError("not_notebook", why="a cell that is none")
        lines = cell.get("source", "")
        if not isinstance(lines, TEXT) or not all(isinstance(line, str) for line in lines):
            raise RejectedError("not_notebook", why="a cell whose text is none")
    if sum([_mend_text(cell) for cell in cells]):
        said.append(note("mended_text"))
    for cell in cells:
        _mend_fields(cell)
    if lost := sum(_mend_outputs(cell) for cell in cells if cell["cell_type"] == "code"):
        said.append(note("mended_outputs", count=lost))
    if mended := _mend_ids(cells):
        said.append(note("mended_ids", count=mended))
    return said


def check_shape(notebook: dict[str, Any]) -> None:
    """RejectedError if it is still no valid notebook."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            nbformat.validate(nbformat.from_dict(notebook))
    except Exception as error:  # nbformat raises many kinds for what a file may hold
        why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise RejectedError("not_notebook", why=why) from None


def source_text(cell: dict[str, Any]) -> str:
    """The text of a cell, which the format allows to be one string or a list of lines."""
    return "".join(cell.get("source", ""))


def _version(notebook: dict[str, Any]) -> Iterator[Note]:
    major, minor = notebook.get("nbformat", 4), notebook.get("nbformat_minor", 0)
    if major != 4:
        raise RejectedError("old_notebook")
    if minor != MINOR:
        shown = f"4.{minor}" if isinstance(minor, int) else "4"
        yield note("mended_format", given=shown[:8], wanted=f"4.{MINOR}")
    notebook["nbformat"], notebook["nbformat_minor"] = 4, MINOR


def _mend_text(cell: dict[str, Any]) -> bool:
    """One string, with the line ends and the letters that the exercise has; whether that changed anything."""
    given = source_text(cell)
    mended = unicodedata.normalize("NFC", given.replace("\r\n", "\n").replace("\r", "\n"))
    cell["source"] = mended
    return mended != given


def _mend_fields(cell: dict[str, Any]) -> None:
    """The fields that a cell of its kind has, and no others that the format forbids."""
    if not isinstance(cell.get("metadata"), dict):
        cell["metadata"] = {}
    if not isinstance(cell.get("attachments", {}), dict):  # JupyterLite writes null
        del cell["attachments"]
    if cell["cell_type"] == "code":
        cell.pop("attachments", None)
        count = cell.get("execution_count")
        cell["execution_count"] = count if isinstance(count, int) and count >= 0 else None
        if not isinstance(cell.get("outputs"), list):
            cell["outputs"] = []
    else:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def _mend_outputs(cell: dict[str, Any]) -> int:
    """Leave out what no output is; the number left out. Grading runs the cell anew."""
    kept = [output for output in cell["outputs"] if _mend_output(output)]
    lost = len(cell["outputs"]) - len(kept)
    cell["outputs"] = kept
    return lost


def _mend_output(output: Any) -> bool:
    if not isinstance(output, dict) or output.get("output_type") not in OUTPUTS:
        return False
    kind = output["output_type"]
    if kind in ("display_data", "execute_result"):
        output.setdefault("metadata", {})
    if kind == "execute_result" and not isinstance(output.get("execution_count"), int):
        output["execution_count"] = None
    return all(isinstance(output.get(name), types) for name, types in OUTPUTS[kind].items())


def _mend_ids(cells: list[dict[str, Any]]) -> int:
    """Give each cell an id of its own, the same each time; the number of those that are new.

    Of cells with the same id the first keeps it. A copy of a graded cell keeps its mark in the metadata, or
    is given it: so it is still known as a copy.
    """
    used = {cell["id"] for cell in cells if isinstance(cell.get("id"), str)}
    seen: set[str] = set()
    mended = 0
    for position, cell in enumerate(cells):
        given = cell.get("id")
        if isinstance(given, str) and ID.fullmatch(given) and given not in seen:
            seen.add(given)
            continue
        if (
            isinstance(given, str)
            and given in seen
            and not isinstance(cell["metadata"].get("nbgrader"), dict)
        ):
            cell["metadata"]["nbgrader"] = {"grade_id": given}
        fresh, count = f"cell-{position}", 0
        while fresh in used or fresh in seen:
            count += 1
            fresh = f"cell-{position}-{count}"
        cell["id"] = fresh
        seen.add(fresh)
        mended += 1
    return mended
