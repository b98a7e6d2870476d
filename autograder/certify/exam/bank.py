"""Reads item banks: YAML files checked against a JSON Schema, and each item by drawing it.

The course's own bank may be public: its items are templates, and their figures come from a sitting's secret
seed. A board adds files of its own in the same form, ``--bank FILE``.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from autograder.certify.exam.question import draw
from autograder.certify.exam.template import Item, generator
from autograder.errors import CourseError

FOLDER = Path(__file__).parent / "items"
SCHEMA = Path(__file__).with_name("bank.schema.json")
OBSERVED = 30  # candidates from whom on the share that was observed counts
SAMPLES = 12  # draws by which an item is checked


@dataclass(frozen=True)
class Blueprint:
    """What each form looks like.

    Attributes
    ----------
    minutes : int
    questions
        Module to level to number of questions.
    points
        Level to points of a question.
    expected, tolerance : float
        Share of the points that candidates are expected to get, the same for every form within the tolerance.
    """

    minutes: int
    questions: Mapping[str, Mapping[str, int]]
    points: Mapping[str, float]
    expected: float
    tolerance: float

    @property
    def most(self) -> float:
        """Return the points of a form."""
        return sum(
            number * self.points[level]
            for levels in self.questions.values()
            for level, number in levels.items()
        )


@dataclass(frozen=True)
class Bank:
    """Items with their blueprint; `sources` are the files with their SHA-256."""

    items: tuple[Item, ...]
    blueprint: Blueprint
    sources: Mapping[str, str]

    def of(self, module: str, level: str) -> list[Item]:
        """Return the items of a module and level."""
        return [item for item in self.items if (item.module, item.level) == (module, level)]


def load(extra: Sequence[Path] = ()) -> Bank:
    """Read the course's bank and the files that a board adds.

    A file with ``alone: true`` puts the course's own items aside. The blueprint of the last file that has one
    counts.

    Raises
    ------
    CourseError
        Names the file, the item, the field and the fix.
    """
    added = [_read(path) for path in extra]
    own = [_read(path) for path in sorted(FOLDER.glob("*.yml"))]
    alone = any(data.get("alone") for _, data, _ in added)
    blueprint = next(data["blueprint"] for _, data, _ in reversed([*own, *added]) if "blueprint" in data)
    used = [*([] if alone else own), *added]
    items: dict[str, Item] = {}
    for path, data, _ in used:
        for entry in data.get("items", ()):
            if entry["id"] in items:
                other = items[entry["id"]].source
                raise CourseError(f"{path}: {entry['id']}: id: is taken by an item of {other}; rename it")
            items[entry["id"]] = _item(str(path), entry, blueprint["difficulty"])
    made = Blueprint(
        blueprint["minutes"],
        blueprint["questions"],
        blueprint["points"],
        blueprint["expected"],
        blueprint["tolerance"],
    )
    bank = Bank(tuple(items.values()), made, {path.name: digest for path, _, digest in used})
    _check_items(bank.items)
    _check_numbers(bank)
    return bank


def _item(source: str, entry: Mapping[str, Any], difficulty: Mapping[str, Any]) -> Item:
    observed = entry.get("observed")
    if observed and observed["candidates"] >= OBSERVED:
        share = observed["share"]
    else:
        slips = difficulty["step"] * (entry["steps"] - 1) + difficulty["trap"] * entry["traps"]
        share = difficulty["start"][entry["level"]] - slips
    if not 0.1 <= share <= 0.98:
        raise CourseError(
            f"{source}: {entry['id']}: expected share right is {share:.2f}: an item that nobody or everybody "
            "gets right tells nothing; change its steps, traps or the item"
        )
    return Item.of(entry, round(share, 4), source)


@cache
def _schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def _read(path: Path) -> tuple[Path, dict[str, Any], str]:
    try:
        raw = path.read_bytes()
        data = yaml.safe_load(raw.decode("utf-8"))
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name a bank file that exists") from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        detail = " ".join(str(error).split())[:120]
        raise CourseError(f"{path}: not readable YAML ({detail}); correct the file") from None
    # fields that are left over may be so because another one is wrong
    problems = sorted(
        _schema().iter_errors(data),
        key=lambda error: (error.validator == "unevaluatedProperties", list(map(str, error.absolute_path))),
    )
    if problems:
        where = _place(data, list(problems[0].absolute_path))
        message = problems[0].message
        if len(message) > 160:
            message = f"{message[:70]} … {message[-80:]}"
        raise CourseError(f"{path}: {where}: {message}; see {SCHEMA.name}")
    return path, data, hashlib.sha256(raw).hexdigest()


def _place(data: Any, path: list[Any]) -> str:
    """Return where a fault is, an item by its id rather than by its number."""
    if len(path) >= 2 and path[0] == "items":
        item = data["items"][path[1]]
        name = item.get("id") if isinstance(item, dict) else None
        path = [name if isinstance(name, str) else f"item {path[1] + 1}", *path[2:]]
    return ".".join(map(str, path)) or "top level"


@cache
def _check_items(items: tuple[Item, ...]) -> None:
    for item in items:
        for number in range(SAMPLES):
            draw(item, "q01", 1, generator("check", item.id, str(number)))


def _check_numbers(bank: Bank) -> None:
    there = Counter((item.module, item.level) for item in bank.items)
    for module, levels in bank.blueprint.questions.items():
        for level, asked in levels.items():
            if there[module, level] < asked:
                raise CourseError(
                    f"blueprint: questions.{module}.{level}: asks for {asked} items, the bank has "
                    f"{there[module, level]}; write more or ask for fewer"
                )
