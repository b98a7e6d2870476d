"""nbgrader's preprocessor that stands where its `Execute` would, which runs the trainee's notebook.

Formgrader has a button that grades a hand-in again. With this, it shows what the newest record says, and
runs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from autograder.records import Record, read_record

REASON = "application/vnd.course.reason+json"


class JudgeCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Puts into the notebook what the record of its grading says."""

    cohort = Unicode(help="The cohort's folder.").tag(config=True)

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        """Put each test cell's points, reasons or fault in its outputs, as nbgrader reads them."""
        about = resources["nbgrader"]
        show(nb, read_record(Path(self.cohort), about["student"], about["assignment"]))
        return nb, resources


def show(notebook: nbformat.NotebookNode, record: Record) -> None:
    """Give each code cell of a rebuilt hand-in the outputs that the record has for it."""
    faults = {fault.split(":")[0].split(" ")[-1]: fault for fault in record.faults}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        marks = cell.metadata.get("nbgrader", {})
        if not (marks.get("grade") and marks.get("locked")):
            continue
        question = marks["grade_id"].removeprefix(f"{record.assignment}-")
        cell.outputs = [
            _output("display_data", {REASON: said, "text/plain": f"{said['vi']}\n{said['en']}"})
            for said in record.reasons.get(question, [])
        ]
        points = record.points.get(question)
        if points is None:
            said = faults.get(question, "the record has no points for it; run course grade again")
            error = {"output_type": "error", "ename": "Fault", "evalue": said, "traceback": [said]}
            cell.outputs.append(nbformat.from_dict(error))
        else:
            cell.outputs.append(_output("execute_result", {"text/plain": repr(points)}))
            cell.outputs[-1]["execution_count"] = None


def _output(kind: str, data: dict[str, Any]) -> nbformat.NotebookNode:
    """As nbformat makes it, but without its check against the schema, which takes long."""
    made: nbformat.NotebookNode = nbformat.from_dict({"output_type": kind, "data": data, "metadata": {}})
    return made
