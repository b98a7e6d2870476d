"""What may be answered: the kind, unit and range of each question of a case."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("number", "choice", "letters", "plan", "text")
MAX_TEXT = 20_000
LEVELS = (0.0, 0.5, 1.0)  # shares of a criterion's points that a person may give


@dataclass(frozen=True)
class Criterion:
    """A row of a rubric: what a person looks for in a text, and what each of `LEVELS` looks like."""

    id: str
    points: float
    label: Mapping[str, str]
    levels: tuple[Mapping[str, str], ...]


@dataclass(frozen=True)
class Question:
    """A graded question; `label` and `unit` in both languages.

    `reread` holds the labels of the sections of the book that teach what it asks. A text has a `rubric`, all
    others none.
    """

    id: str
    kind: str
    points: float
    label: Mapping[str, str]
    unit: Mapping[str, str] = field(default_factory=lambda: {"vi": "", "en": ""})
    rubric: tuple[Criterion, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    options: tuple[str, ...] = ()
    reread: tuple[str, ...] = ()

    def faults(self, value: Any) -> list[str]:
        """Why `value` cannot be an answer to this question, by message key of `linelab.texts`; empty if none.

        Whether it is right is another matter, and is not known here.
        """
        if self.kind == "number":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                return ["answer.not_a_number"]
            return [] if self.low <= value <= self.high else ["answer.out_of_range"]
        if self.kind == "choice":
            return [] if isinstance(value, str) and value in self.options else ["answer.not_an_option"]
        if self.kind == "letters":  # all options, each once: an order, or pairs
            fits = isinstance(value, str) and sorted(value) == sorted(self.options)
            return [] if fits else ["answer.not_letters"]
        if self.kind == "plan":
            simple = isinstance(value, dict) and 1 <= len(value) <= 50  # nothing changed is no plan
            if not simple or not all(
                isinstance(k, str) and len(k) < 100 and isinstance(v, (int, float, str))
                for k, v in value.items()
            ):
                return ["answer.not_a_plan"]
            return []
        return [] if isinstance(value, str) and len(value) <= MAX_TEXT else ["answer.not_a_text"]


def _read_rubric(where: str, entry: Mapping[str, Any]) -> tuple[Criterion, ...]:
    rows = entry.get("rubric", {})
    rubric = tuple(
        Criterion(row, float(x["points"]), x["label"], tuple(x["levels"])) for row, x in rows.items()
    )
    if any(len(criterion.levels) != len(LEVELS) for criterion in rubric):
        raise KeyError(f"{where} (a row with {len(LEVELS)} levels)")
    wanted = float(entry["points"]) if entry["kind"] == "text" else 0.0
    if not math.isclose(sum(criterion.points for criterion in rubric), wanted):
        raise KeyError(f"{where} (rows that make {wanted:g} points)")
    return rubric


def read_questions(data: Mapping[str, Any]) -> dict[str, Question]:
    """Read the `questions:` part of a case file; KeyError names what is missing."""
    found = {}
    for name, entry in data.items():
        if entry["kind"] not in KINDS:
            raise KeyError(f"questions.{name}.kind (one of {', '.join(KINDS)})")
        found[name] = Question(
            id=name,
            kind=entry["kind"],
            points=float(entry["points"]),
            label=entry["label"],
            unit=entry.get("unit", {"vi": "", "en": ""}),
            rubric=_read_rubric(f"questions.{name}.rubric", entry),
            low=float(entry.get("low", -math.inf)),
            high=float(entry.get("high", math.inf)),
            options=tuple(entry.get("options", ())),
            reread=tuple(entry.get("reread", ())),
        )
    return found
