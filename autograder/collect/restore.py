"""Restores from the release what was taken off a notebook: its marks, and which cell is which.

A cell is taken for one of the exercise only if its own mark says so, or if no other one can be it. What the
trainee wrote is never changed; cells that are not there are put back by grading (`autograder.submission`).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from autograder.collect.released import Cell, released_cells, released_metadata
from autograder.collect.shape import source_text
from autograder.collect.which import Which
from autograder.collect.words import Note, note

Place = int  # of a cell in the notebook


def restore(notebook: dict[str, Any], which: Which) -> list[Note]:
    """Put back a notebook's marks, in place, and say what is missing or doubled.

    Parameters
    ----------
    notebook : dict
        Of mended form.
    which : Which
        The exercise that it is.

    Returns
    -------
    list of Note
        What was done, or will be when it is graded.
    """
    said = []
    cells: list[dict[str, Any]] = notebook["cells"]
    release = released_cells(which.assignment, which.language)
    if _restore_metadata(notebook, which):
        said.append(note("mended_metadata"))
    places: dict[str, list[Place]] = defaultdict(list)
    for place, cell in enumerate(cells):
        if (name := _name(cell, release)) is not None:
            places[name].append(place)
    if turned := [name for name in places if _turn_back(cells, places[name], release[name])]:
        said.append(note("mended_kind", cells=_shown(turned, which)))
    alike = dict(_match(cells, places, release))
    for name, place in alike.items():
        places[name].append(place)
    marked = [name for name in alike if release[name].marks]
    marked += [name for name in places if _mark(cells, places[name], release[name]) and name not in marked]
    if marked:
        said.append(note("mended_marks", cells=_shown(marked, which)))
    doubled = [name for name, found in places.items() if len(found) > 1 and release[name].is_answer]
    if doubled:
        said.append(note("mended_doubled", cells=_shown(doubled, which)))
    gone = [name for name, cell in release.items() if cell.marks and not places.get(name)]
    if gone:
        said.append(note("mended_gone", cells=_shown(gone, which)))
    return said


def _restore_metadata(notebook: dict[str, Any], which: Which) -> bool:
    """What the notebook says of itself; whether that was lost, wholly or in part."""
    metadata, released = notebook["metadata"], released_metadata(which.assignment, which.language)
    given = metadata.get("course")
    known = {"assignment": which.assignment, "edition": which.edition, "language": which.language}
    is_whole = isinstance(given, dict) and all(given.get(key) == value for key, value in known.items())
    if not is_whole:
        metadata["course"] = released["course"] | known
    for key, needed in (("kernelspec", ("name", "display_name")), ("language_info", ("name",))):
        kernel = metadata.get(key)
        if not (isinstance(kernel, dict) and all(isinstance(kernel.get(x), str) for x in needed)):
            metadata[key] = released[key]
    return not is_whole


def _name(cell: dict[str, Any], release: dict[str, Cell]) -> str | None:
    """The cell of the release that this one says it is."""
    marks = cell["metadata"].get("nbgrader")
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    return next((x for x in (grade_id, cell["id"]) if isinstance(x, str) and x in release), None)


def _turn_back(cells: list[dict[str, Any]], places: list[Place], released: Cell) -> bool:
    """Make code again of a cell that was turned into text, or the other way, if no other has its name."""
    if not released.marks or len(places) != 1 or cells[places[0]]["cell_type"] == released.kind:
        return False
    cell = cells[places[0]]
    cell["cell_type"] = released.kind
    for key in ("outputs", "execution_count", "attachments"):
        cell.pop(key, None)
    if released.kind == "code":
        cell |= {"outputs": [], "execution_count": None}
    return True


def _match(
    cells: list[dict[str, Any]], places: dict[str, list[Place]], release: dict[str, Cell]
) -> Iterator[tuple[str, Place]]:
    """Cells without a mark that can only be one cell of the release which is missing."""
    taken = {place for found in places.values() for place in found}
    missing = {name: cell for name, cell in release.items() if not places.get(name)}
    free = {place: source_text(cells[place]).rstrip() for place in range(len(cells)) if place not in taken}
    found: dict[str, Place] = {}

    def settle(name: str, place: Place) -> None:
        found[name] = place
        del missing[name], free[place]

    # 1. the same text
    for name, cell in list(missing.items()):
        same = [p for p, text in free.items() if text == cell.source.rstrip() and _is(cells[p], cell)]
        if len(same) == 1 and sum(x.source == cell.source for x in release.values()) == 1:
            settle(name, same[0])
    # 2. the only one that records the answer to its question
    for name, cell in list(missing.items()):
        if cell.is_answer and cell.kind == "code":
            call = re.compile(rf"""\banswer\(\s*["']{re.escape(_question(name))}["']""")
            same = [p for p, text in free.items() if _is(cells[p], cell) and call.search(text)]
            if len(same) == 1:
                settle(name, same[0])
    # 3. alone between its two neighbours
    known = {name: at[0] for name, at in places.items() if len(at) == 1} | found
    order = list(release)
    for name, cell in list(missing.items()):
        at = order.index(name)
        before = known.get(order[at - 1]) if at else -1
        after = known.get(order[at + 1]) if at + 1 < len(order) else len(cells)
        if cell.is_answer and before is not None and after is not None and after - before == 2:
            place = before + 1
            if place in free and _is(cells[place], cell):
                settle(name, place)
    yield from found.items()


def _is(cell: dict[str, Any], released: Cell) -> bool:
    return bool(cell["cell_type"] == released.kind)


def _mark(cells: list[dict[str, Any]], places: list[Place], released: Cell) -> bool:
    """Give cells their mark in the metadata if they have none; whether one needed it."""
    wanted, needed = released.marks or {}, False
    for place in places if wanted else []:
        marks = cells[place]["metadata"].get("nbgrader")
        if not (
            isinstance(marks, dict) and marks.keys() >= wanted.keys() and marks["grade_id"] == released.id
        ):
            cells[place]["metadata"]["nbgrader"] = dict(wanted)
            needed = True
    return needed


def _question(name: str) -> str:
    """q1 of w01-q1-answer."""
    return name.partition("-")[2].removesuffix("-answer")


def _shown(names: list[str], which: Which) -> str:
    """Questions, in order and each once."""
    questions = Counter(_question(name) for name in names)
    return ", ".join(sorted(questions, key=lambda q: (len(q), q)))
