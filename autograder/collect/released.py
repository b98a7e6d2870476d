"""The exercises as released, cell by cell: what handed-in notebooks are compared with."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

from autograder.assignments import assignments, release_notebook


@dataclass(frozen=True)
class Cell:
    """A cell of a release; `marks` is what nbgrader knows it by, or None."""

    id: str
    kind: str
    source: str
    marks: dict[str, Any] | None

    @property
    def is_answer(self) -> bool:
        """Whether it is the trainee's to fill."""
        return bool(self.marks and self.marks.get("solution"))


@cache
def released_cells(assignment: str, language: str) -> dict[str, Cell]:
    """The cells of a release by their ids, in order."""
    return {
        cell.id: Cell(cell.id, cell.cell_type, cell.source, dict(cell.metadata.get("nbgrader", {})) or None)
        for cell in release_notebook(assignment, language).cells
    }


@cache
def _metadata(assignment: str, language: str) -> dict[str, Any]:
    return dict(release_notebook(assignment, language).metadata)


def released_metadata(assignment: str, language: str) -> dict[str, Any]:
    """The metadata of a release; a copy."""
    return copy.deepcopy(_metadata(assignment, language))


@cache
def owners() -> dict[str, str]:
    """Ids of the cells that nbgrader knows, of all exercises, with the exercise that each belongs to."""
    return {
        cell.id: assignment
        for assignment in assignments()
        for cell in released_cells(assignment, "vi").values()
        if cell.marks
    }
