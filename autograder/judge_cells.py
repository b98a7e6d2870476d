"""Runs hidden tests on answers: nbgrader's preprocessor that stands where its `Execute` would."""

from __future__ import annotations

import ast
import contextlib
import copy
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.marking import REASON, Reason, collecting
from autograder.records import read_record
from autograder.settings import read_settings
from linelab.answers import schema
from linelab.cases import Case, load

SEEDS = 8


class JudgeCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader has no types
    """Runs the locked test cells on the recorded answers; nothing else of the notebook is run."""

    def preprocess(self, nb: nbformat.NotebookNode, resources: Any) -> tuple[nbformat.NotebookNode, Any]:
        """Put each test cell's points, reasons or error in its outputs, as nbgrader reads them."""
        about = resources["nbgrader"]
        trainee, assignment = about["student"], about["assignment"]
        cohort = Path(about["db_url"].removeprefix("sqlite:///")).parent.parent
        record = read_record(cohort, trainee, assignment)
        settings = read_settings(cohort)
        case = load(assignment).variant(trainee, settings.edition)
        seeds = hidden_seeds(settings.secret, assignment)
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
