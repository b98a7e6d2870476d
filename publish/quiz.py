"""Self-check quizzes: one bilingual file a week, ``book/quizzes/w01.yml``, read and checked.

``python -m publish.quiz w01`` checks one. `publish.quiz_form` makes it into a part of a page.
"""

from __future__ import annotations

import ast
import operator
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from publish.errors import PublishError
from publish.paths import BOOK, LANGUAGES

QUIZZES = BOOK / "quizzes"
KINDS = ("choice", "several", "number", "order", "match")
CHARTS = ("line", "bar", "step")
MOST_VALUES = 2001  # of a number within its tolerance; more would make the page heavy

Data = dict[str, Any]


@dataclass(frozen=True)
class Quiz:
    """The questions of one week, as its file has them; `week` such as ``w01``."""

    week: str
    questions: tuple[Data, ...]


def weeks() -> list[str]:
    """Weeks that have a quiz."""
    return sorted(path.stem for path in QUIZZES.glob("w*.yml"))


def load(week: str, folder: Path = QUIZZES) -> Quiz:
    """Read and check a quiz.

    Raises
    ------
    PublishError
        One line that names the file, the question, the field and what it must be.
    """
    path = folder / f"{week}.yml"
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PublishError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    questions = data.get("questions") if isinstance(data, dict) else None
    if not isinstance(questions, list) or not questions:
        raise PublishError(f"{path}: questions: a list of questions is missing")
    seen: set[str] = set()
    for number, question in enumerate(questions, 1):
        where = f"{path}: question {number}"
        if not isinstance(question, dict) or not re.fullmatch(
            r"[a-z0-9][a-z0-9-]*", str(question.get("id", ""))
        ):
            raise PublishError(f"{where}: id: write a name in small letters, digits and hyphens")
        where = f"{path}: {question['id']}"
        if question["id"] in seen:
            raise PublishError(f"{where}: id: used twice; every question needs one of its own")
        seen.add(question["id"])
        _check(question, where, week)
    return Quiz(week, tuple(questions))


_MORE = {
    "choice": {"options"},
    "several": {"options"},
    "number": {"unit", "answer", "tolerance", "digits", "say", "wrong", "other"},
    "order": {"items", "say"},
    "match": {"pairs", "say"},
}


def _check(question: Data, where: str, week: str) -> None:
    kind = question.get("kind")
    if kind not in KINDS:
        raise PublishError(f"{where}: kind: use one of {', '.join(KINDS)}")
    wanted = {"id", "kind", "objective", "ask"} | _MORE[kind]
    for name in sorted(wanted ^ (set(question) - {"chart"})):
        fix = "is missing" if name in wanted else f"is no field of kind {kind}; leave it out"
        raise PublishError(f"{where}: {name}: {fix}")
    if not re.fullmatch(rf"{week}-o\d+", str(question["objective"])):
        raise PublishError(f"{where}: objective: use the id of an objective of the page, such as {week}-o1")
    _texts(question["ask"], f"{where}: ask")
    if kind in ("choice", "several"):
        _check_options(question, where)
    elif kind == "number":
        _check_number(question, where)
    else:
        name, parts = ("items", ("text", "say")) if kind == "order" else ("pairs", ("left", "right", "say"))
        _check_parts(question[name], parts, f"{where}: {name}")
        _texts(question["say"], f"{where}: say")
    if "chart" in question:
        _check_chart(question["chart"], f"{where}: chart")


def _texts(value: Any, where: str) -> None:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise PublishError(f"{where}: write it in both languages: {{vi: …, en: …}}")
    for language, text in value.items():
        if not isinstance(text, str) or not text.strip():
            raise PublishError(f"{where}: {language}: is empty or no text")


def _check_options(question: Data, where: str) -> None:
    options = question["options"]
    if not isinstance(options, list) or not 2 <= len(options) <= 6:
        raise PublishError(f"{where}: options: write two to six")
    for number, option in enumerate(options, 1):
        place = f"{where}: options: {number}"
        if not isinstance(option, dict) or set(option) - {"right"} != {"text", "say"}:
            raise PublishError(f"{place}: each has text and say, and right: true if it is right")
        _texts(option["text"], f"{place}: text")
        _texts(option["say"], f"{place}: say")
    right = sum(option.get("right") is True for option in options)
    if question["kind"] == "choice" and right != 1:
        raise PublishError(f"{where}: options: {right} are right; a choice has exactly one")
    if question["kind"] == "several" and not 0 < right < len(options):
        raise PublishError(f"{where}: options: at least one must be right and one wrong")


def _check_parts(parts: Any, fields: tuple[str, ...], where: str) -> None:
    if not isinstance(parts, list) or not 3 <= len(parts) <= 6:
        raise PublishError(f"{where}: write three to six")
    for number, part in enumerate(parts, 1):
        if not isinstance(part, dict) or set(part) != set(fields):
            raise PublishError(f"{where}: {number}: each has {', '.join(fields)}")
        for field in fields:
            _texts(part[field], f"{where}: {number}: {field}")


def _check_number(question: Data, where: str) -> None:
    for field in ("unit", "say", "other"):
        _texts(question[field], f"{where}: {field}")
    if question["digits"] not in (0, 1, 2, 3):
        raise PublishError(f"{where}: digits: use 0, 1, 2 or 3")
    tolerance = question["tolerance"]
    if not isinstance(tolerance, int | float) or not tolerance >= 0.5 * 10.0 ** -question["digits"]:
        raise PublishError(f"{where}: tolerance: must be half a unit of the last digit at least")
    wrong = question["wrong"]
    if not isinstance(wrong, list) or not wrong:
        raise PublishError(f"{where}: wrong: write the usual mistakes, one at least")
    for number, mistake in enumerate(wrong, 1):
        if not isinstance(mistake, dict) or set(mistake) != {"value", "say"}:
            raise PublishError(f"{where}: wrong: {number}: each has value and say")
        _texts(mistake["say"], f"{where}: wrong: {number}: say")
    taken: dict[str, str] = {}
    for name, value in values(question, where):
        for shown in near(value, question):
            if taken.setdefault(shown, name) != name:
                raise PublishError(f"{where}: {name}: lies within the tolerance of {taken[shown]}")


def values(question: Data, where: str = "") -> Iterator[tuple[str, float]]:
    """The right value of a number and the usual wrong ones, each with its field's name."""
    yield "answer", arithmetic(question["answer"], f"{where}: answer")
    for number, mistake in enumerate(question["wrong"], 1):
        name = f"wrong: {number}: value"
        yield name, arithmetic(mistake["value"], f"{where}: {name}")


_OPERATORS: dict[type, Callable[..., float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg,
}  # fmt: skip


def arithmetic(written: Any, where: str) -> float:
    """The value of ``420 / 560 * 7.5``: numbers and + - * / ** ( ) only."""

    def value(node: ast.expr) -> float:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
            return float(node.value)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.left), value(node.right))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](value(node.operand))
        raise ValueError

    try:
        return value(ast.parse(str(written), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
        raise PublishError(f"{where}: {written!r} is no number and no arithmetic of numbers") from None


def near(value: float, question: Data) -> list[str]:
    """Each number within the tolerance, as a trainee's value is written after rounding.

    A wrong value that is smaller than the answer has a tolerance as much smaller.
    """
    scale = 10 ** question["digits"]
    answer = arithmetic(question["answer"], f"{question['id']}: answer")
    share = min(1.0, abs(value / answer)) if answer else 1.0
    slack = max(question["tolerance"] * share, 0.5 / scale)
    first, last = round((value - slack) * scale), round((value + slack) * scale)
    if last - first >= MOST_VALUES:
        raise PublishError(f"{question['id']}: tolerance: {last - first} values lie within; use fewer digits")
    return [f"{k / scale:.{question['digits']}f}" for k in range(first, last + 1)]


def _check_chart(chart: Any, where: str) -> None:
    fields = {"kind", "x", "x_label", "y_label", "series", "alt"}
    if not isinstance(chart, dict) or set(chart) != fields:
        raise PublishError(f"{where}: needs {', '.join(sorted(fields))} and nothing else")
    if chart["kind"] not in CHARTS:
        raise PublishError(f"{where}: kind: use one of {', '.join(CHARTS)}")
    for field in ("x_label", "y_label", "alt"):
        _texts(chart[field], f"{where}: {field}")
    if not 1 <= len(chart["series"]) <= 4:
        raise PublishError(f"{where}: series: write one to four")
    for number, label in enumerate(chart["x"], 1):
        if not isinstance(label, int | float):
            _texts(label, f"{where}: x: {number}")
    for number, series in enumerate(chart["series"], 1):
        _texts(series["label"], f"{where}: series: {number}: label")
        for field in ("y", "error"):
            if field in series and len(series[field]) != len(chart["x"]):
                raise PublishError(f"{where}: series: {number}: {field}: must be as long as x")


if __name__ == "__main__":
    for asked in sys.argv[1:] or weeks():
        print(f"{asked}: {len(load(asked).questions)} questions")
