"""Stage one of grading: from a notebook that somebody handed in to plain answers.

The notebook runs in the sandbox. What comes out is a claim: it is parsed with limits, checked against the
form of its question, and then judged elsewhere by code that the trainee never meets.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import nbformat

from autograder.assignments import TEXT_STUBS
from autograder.channel import kept, outputs
from autograder.errors import CourseError
from autograder.inert import harmless, one_line, readable
from autograder.records import Problem
from autograder.sandbox import Limits, Outcome, Sandbox, run_in_sandbox
from autograder.texts import both
from linelab.answers import ANSWER, BEGIN, Paper, exercise
from linelab.cases.questions import MAX_TEXT
from linelab.texts import LANGUAGES
from linelab.trainees import is_trainee_id, normalise

MAX_VALUE = 4_000  # characters of an answer's JSON; a free text has a limit of its own
MAX_DEPTH = 3
MAX_INTEGER = 2**53
MAX_CELLS = 500
MAX_PROBLEMS = 20  # that are told; a notebook could make millions


@dataclass
class Execution:
    """What running a notebook gave.

    Attributes
    ----------
    answers : dict
        Question id to value; each has the form that its question asks for.
    trainee, edition : str or None
        What the notebook says in its `begin`.
    said : list of dict
        What happened, in both languages: cells that failed, answers that were refused, limits that were met.
    notebook : NotebookNode
        The notebook with its new outputs, reduced to texts and pictures.
    """

    answers: dict[str, Any]
    trainee: str | None
    edition: str | None
    said: list[Problem]
    notebook: nbformat.NotebookNode
    seconds: float

    @property
    def problems(self) -> list[str]:
        """What happened, in English, for the operator."""
        return [line["en"] for line in self.said]


@dataclass
class _Claims:
    """What the outputs say of a paper's questions, in the order in which they came."""

    paper: Paper
    answers: dict[str, Any] = field(default_factory=dict)
    trainees: list[str] = field(default_factory=list)
    edition: str | None = None
    problems: list[Problem] = field(default_factory=list)

    def say(self, key: str, **values: Any) -> None:
        self.problems.append(both(f"run.{key}", **values))


class RefusedError(ValueError):
    """A value that no answer can be; the key of the words for what it is, under ``run.value``."""


def execute(
    notebook: nbformat.NotebookNode,
    assignment: str | Paper,
    limits: Limits | None = None,
    *,
    sandbox: Sandbox | None = None,
    unsafe: bool = False,
) -> Execution:
    """Run a notebook in the sandbox and read the answers that it records.

    Parameters
    ----------
    notebook : NotebookNode
        As handed in; anything may be in it.
    assignment : str or Paper
        The assignment, or the exam's paper, that it is handed in for; records of another one are refused.
    limits : Limits, optional
        What it may use.
    sandbox : Sandbox, optional
        One that is there already; else one is made for this notebook alone.
    unsafe : bool
        Without a sandbox; see `autograder.sandbox`.
    """
    limits = limits or Limits()
    copy = nbformat.from_dict({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    copy.cells = [_bare(cell, n) for n, cell in enumerate(notebook.get("cells", [])[:MAX_CELLS])]
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    job = {"cells": [cell.source for cell in code], "limits": asdict(limits)}
    payload = json.dumps(job).encode()
    run = sandbox.run if sandbox else partial(run_in_sandbox, unsafe=unsafe)
    outcome = run(payload, limits)
    if not outcome.started:  # the fault is ours: it must not cost the trainee points
        reason = (outcome.log.strip().splitlines() or [f"exit code {outcome.code}"])[-1]
        raise CourseError(f"the sandbox did not start ({reason}); nothing was graded, run the command again")
    paper = assignment if isinstance(assignment, Paper) else exercise(assignment)
    claims = _Claims(paper)
    ran = _read_outcome(outcome, code, claims)
    _say_how_it_ended(outcome, ran, len(code), limits, claims)
    if len(notebook.get("cells", [])) > MAX_CELLS:
        claims.say("cut", most=MAX_CELLS, cells=len(notebook["cells"]))
    claims.answers.update(texts(notebook, paper, claims.problems))
    if len(set(claims.trainees)) > 1:
        claims.say("several", trainees=", ".join(sorted(set(claims.trainees))))
    trainee = claims.trainees[-1] if claims.trainees else None
    problems = _first(claims.problems)
    return Execution(claims.answers, trainee, claims.edition, problems, copy, outcome.seconds)


def _first(problems: Sequence[Problem]) -> list[Problem]:
    more = len(problems) - MAX_PROBLEMS
    return [*problems[:MAX_PROBLEMS], *([both("run.more", count=more)] if more > 0 else [])]


def texts(notebook: nbformat.NotebookNode, paper: Paper, problems: list[Problem]) -> dict[str, str]:
    """Free-text answers, straight from the notebook's text cells; those left as they were are left out."""
    found: dict[str, str] = {}
    for question in (q for q in paper.questions.values() if q.kind == "text"):
        grade_id = f"{paper.name}-{question.id}"
        for cell in notebook.get("cells", []):
            if cell.get("cell_type") != "markdown" or not is_cell(cell, grade_id):
                continue
            text = readable(source_of(cell)).strip()
            if not text or text in TEXT_STUBS.values() or question.id in found:
                continue
            if paper.faults(question.id, text):
                problems.append(_refused(paper, question.id, text))
            found[question.id] = text[:MAX_TEXT]  # a person reads what there is of one that is too long
    return found


def is_cell(cell: Any, grade_id: str) -> bool:
    """Whether a handed-in cell stands for the cell of that grade id, by either of its marks."""
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return cell.get("id") == grade_id or (isinstance(marks, dict) and marks.get("grade_id") == grade_id)


def plain_value(value: Any, depth: int = 0) -> Any:
    """The value, if it is what an answer can be; RefusedError says why not."""
    if depth > MAX_DEPTH:
        raise RefusedError("deep")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise RefusedError("large")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RefusedError("infinite")
        return value
    if isinstance(value, list):
        return [plain_value(x, depth + 1) for x in value]
    if isinstance(value, dict):
        return {readable(k): plain_value(v, depth + 1) for k, v in value.items()}
    raise RefusedError(f"a {type(value).__name__}")


def _bare(cell: Any, position: int) -> nbformat.NotebookNode:
    """A cell with its text alone: no outputs, no attachments, no metadata but its id."""
    kind = "code" if cell.get("cell_type") == "code" else "markdown"
    node: dict[str, Any] = {"cell_type": kind, "id": f"cell-{position}", "metadata": {}}
    node["source"] = source_of(cell) if kind == "code" else harmless(source_of(cell)[:MAX_TEXT])
    if kind == "code":
        node |= {"outputs": [], "execution_count": None}
    made: nbformat.NotebookNode = nbformat.from_dict(node)
    return made


def source_of(cell: Any) -> str:
    """The text of a handed-in cell, whatever it holds for one."""
    source = cell.get("source", "")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    return text.encode("utf-8", "replace").decode()  # no file could hold half a character


def _read_outcome(outcome: Outcome, code: list[nbformat.NotebookNode], claims: _Claims) -> int:
    """Fill the cells' outputs and the claims from the channel; the number of cells that came to an end."""
    ran = 0
    for number, found in enumerate(outputs(outcome.data, len(code))):
        ran += 1
        for output in found:
            try:
                _read_output(output, number, code[number], claims)
            except RecursionError:  # so deep that it cannot even be named
                claims.say("too_deep", cell=number + 1)
    return ran


def _read_output(output: dict[str, Any], number: int, cell: nbformat.NotebookNode, claims: _Claims) -> None:
    data = output.get("data")
    if isinstance(data, dict):
        _read_begin(data.get(BEGIN), claims)
        _read_answer(data.get(ANSWER), claims)
    shown = kept(output)
    if shown:
        cell.outputs.append(shown)
    if output.get("output_type") == "error":
        what = one_line(f"{str(output.get('ename'))[:200]}: {str(output.get('evalue'))[:2000]}")
        claims.say("error", cell=number + 1, what=what[:200])


def _say_how_it_ended(outcome: Outcome, ran: int, cells: int, limits: Limits, claims: _Claims) -> None:
    """First of all, as it may explain the rest."""
    if outcome.stopped:
        claims.problems.insert(0, both(f"run.{outcome.stopped}", seconds=f"{limits.wall:.0f}"))
    elif ran < cells:
        end = one_line((outcome.log.strip().splitlines() or [""])[-1])[:200]
        end = f" ({end})" if end else ""
        ended = both("run.ended", cell=ran + 1, cells=cells, code=outcome.code, end=end)
        claims.problems.insert(0, ended)


def _read_begin(record: Any, claims: _Claims) -> None:
    if not isinstance(record, dict):
        return
    trainee, edition = record.get("trainee"), record.get("edition")
    if record.get("assignment") != claims.paper.name:
        claims.say("begin_other", given=repr(str(record.get("assignment"))[:40]), wanted=claims.paper.name)
    elif not isinstance(trainee, str) or len(trainee) > 40 or not is_trainee_id(trainee):
        claims.say("begin_number")
    else:
        claims.trainees.append(normalise(trainee))
        claims.edition = edition[:40] if isinstance(edition, str) else None


def _read_answer(record: Any, claims: _Claims) -> None:
    if not isinstance(record, dict):
        return
    question, paper = record.get("id"), claims.paper
    asked = paper.questions.get(question) if isinstance(question, str) else None
    if (
        not isinstance(question, str)
        or asked is None
        or asked.kind == "text"
        or record.get("assignment") != paper.name
    ):
        claims.say("not_asked", given=repr(str(question)[:40]), assignment=paper.name)
        return
    try:
        value = plain_value(record.get("value"))
        if len(json.dumps(value)) > MAX_VALUE:
            raise RefusedError("long")
    except RefusedError as error:
        claims.say("value", question=question, what=both(f"run.value.{error}"))
        return
    if paper.faults(question, value):
        claims.problems.append(_refused(paper, question, value))
    else:
        claims.answers[question] = value


def _refused(paper: Paper, question: str, value: Any) -> Problem:
    """Why a value cannot be the answer, in both languages."""
    why = {x: " ".join(paper.faults(question, value, x))[:400] for x in LANGUAGES}
    return both("run.refused", question=question, why=why)
