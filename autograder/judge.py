"""Stage two of grading: hidden tests on answers that are plain data; no line of the trainee's is run.

A pure function of the answers, the trainee's number, the edition and the hidden seeds: the same answers get
the same points on any machine, at any time.
"""

from __future__ import annotations

import ast
import contextlib
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
from autograder.runs import PutOff, make, putting_off
from linelab.answers import schema
from linelab.cases import Case, load

SEEDS = 8
PASSES = 4  # of the tests of a batch: one asks for a case's plans, one for the variants' runs, one is judged


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


@dataclass(frozen=True)
class Sheet:
    """What is judged of a hand-in: which exercise, whose variant of its case, and the answers.

    Attributes
    ----------
    answers : dict
        Question id to value, of stage one.
    seeds : sequence of int
        Of `hidden_seeds`.
    """

    assignment: str
    trainee: str
    edition: str
    answers: Mapping[str, Any]
    seeds: Sequence[int]


def judge(
    assignment: str, trainee: str, edition: str, answers: Mapping[str, Any], seeds: Sequence[int]
) -> Judgement:
    """Run an assignment's hidden tests on recorded answers; see `Sheet` for what it takes."""
    (judgement,) = judge_all([Sheet(assignment, trainee, edition, answers, seeds)])
    return judgement


def judge_all(sheets: Sequence[Sheet]) -> list[Judgement]:
    """Judge several hand-ins: each as `judge` would, but the simulations that tests ask for made together."""
    papers = [_Paper(sheet) for sheet in sheets]
    for _ in range(PASSES):
        with putting_off() as missing:
            for paper in papers:
                paper.mark()
        if not missing:
            break
        with contextlib.suppress(Exception):  # whose fault it is comes out when each is simulated alone
            make(missing)
    return [paper.judgement() for paper in papers]


class _Paper:
    """A hand-in on its way through its tests."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._case = load(sheet.assignment).variant(sheet.trainee, sheet.edition)
        self._given = {question: sheet.answers.get(question) for question in schema(sheet.assignment)}
        self._verdicts: dict[str, Verdict] = {}

    def mark(self) -> None:
        """Run the tests that have no verdict yet; one that asks for a run that is not there stays so."""
        for question, source, most in hidden_tests(self._sheet.assignment):
            if question in self._verdicts:
                continue
            if source is None:  # nothing written needs nobody
                self._verdicts[question] = Verdict(None if self._given[question] else 0.0, [])
                continue
            with contextlib.suppress(PutOff):
                self._verdicts[question] = run_test(source, most, self._given, self._case, self._sheet.seeds)

    def judgement(self) -> Judgement:
        self.mark()
        result = Judgement()
        for question, _, _ in hidden_tests(self._sheet.assignment):
            verdict = self._verdicts[question]
            result.points[question], result.reasons[question] = verdict.points, verdict.reasons
            if verdict.fault:
                result.faults.append(
                    f"{self._sheet.assignment} {question}: the hidden test is broken, {verdict.fault}"
                )
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
