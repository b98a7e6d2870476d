"""Stage two of grading: hidden tests on answers that are plain data; no line of the trainee's is run.

A pure function of the answers, the trainee's number, the edition and the hidden seeds: the same answers get
the same points on any machine, at any time.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import io
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from types import CodeType
from typing import Any

from autograder.assignments import source_notebook
from autograder.marking import collecting
from autograder.records import Reason
from linelab.answers import schema
from linelab.cases import Case, load

SEEDS = 8


@dataclass(frozen=True)
class Verdict:
    """What a hidden test gave: points with reasons, or its own fault."""

    points: float | None
    reasons: list[Reason]
    fault: str = ""


@dataclass(frozen=True)
class Judgement:
    """What judging a hand-in gave; see `autograder.records.Record` for the three."""

    points: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, list[Reason]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def judge(
    assignment: str, trainee: str, edition: str, answers: Mapping[str, Any], seeds: Sequence[int]
) -> Judgement:
    """Run an assignment's hidden tests on recorded answers.

    Parameters
    ----------
    assignment, trainee, edition : str
        Which exercise, and whose variant of its case.
    answers : dict
        Question id to value, of stage one.
    seeds : sequence of int
        Of `hidden_seeds`.
    """
    case = load(assignment).variant(trainee, edition)
    given = {question: answers.get(question) for question in schema(assignment)}
    result = Judgement()
    for question, source, most in hidden_tests(assignment):
        if source is None:
            result.points[question] = None if given[question] else 0.0  # nothing written needs nobody
            result.reasons[question] = []
            continue
        verdict = run_test(source, most, given, case, seeds)
        result.points[question], result.reasons[question] = verdict.points, verdict.reasons
        if verdict.fault:
            result.faults.append(f"{assignment} {question}: the hidden test is broken, {verdict.fault}")
    return result


@cache
def hidden_tests(assignment: str) -> tuple[tuple[str, str | None, float], ...]:
    """Question, its test's text, and its points; the text is None where a person marks."""
    found = []
    for cell in source_notebook(assignment).cells:
        marks = cell.metadata.get("nbgrader", {})
        if marks.get("grade"):
            source = None if marks["solution"] else cell.source
            found.append((marks["grade_id"].removeprefix(f"{assignment}-"), source, float(marks["points"])))
    return tuple(found)


def run_test(
    source: str, most: float, answers: Mapping[str, Any], case: Case, seeds: Sequence[int]
) -> Verdict:
    """Run one test cell in a namespace of its own; its last line gives the points.

    A test that gives no points is broken, too, though nbgrader would give all points for it.
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
        silent = io.StringIO()  # a simulation shows its progress, and grading has a bar of its own
        with collecting() as reasons, redirect_stdout(silent), redirect_stderr(silent):
            body, last = _compiled(source)
            exec(body, namespace)
            points = eval(last, namespace) if last else None
        if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 <= points <= most:
            raise ValueError(f"the last line gives {points!r}, not points from 0 to {most:g}")
    except Exception as error:  # whatever is wrong with a test, the operator must see it
        return Verdict(None, reasons, f"{type(error).__name__}: {error}")
    return Verdict(float(points), reasons)


@cache
def _compiled(source: str) -> tuple[CodeType, CodeType | None]:
    """A test cell's lines, and its last one if that is an expression."""
    tree = ast.parse(source, "<test cell>")
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    body = compile(tree, "<test cell>", "exec")
    if not isinstance(last, ast.Expr):
        return body, None
    return body, compile(ast.Expression(last.value), "<test cell>", "eval")


def hidden_seeds(secret: str, assignment: str) -> list[int]:
    """Seeds that nobody outside the cohort can know, the same for all its trainees."""
    digest = hashlib.sha256(f"{secret}|{assignment}".encode()).digest()
    return [int.from_bytes(digest[4 * i : 4 * i + 4], "big") for i in range(SEEDS)]
