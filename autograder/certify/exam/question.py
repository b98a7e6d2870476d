"""A question: an item drawn by seed, and what an answer to it gets.

A draw that would be ambiguous is drawn again: two options that read the same, a usual mistake within the
tolerance of the answer, things to be ordered that hardly differ.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograder.certify.exam.formulas import FormulaError, value
from autograder.certify.exam.kinds import KINDS, ambiguous
from autograder.certify.exam.template import Item, Names, Text, Words, parameters, said
from linelab.texts import LANGUAGES

TRIES = 500


@dataclass(frozen=True)
class Drawn:
    """A question of one paper, and all that judging it takes.

    Attributes
    ----------
    ask, unit, reason : {"vi": str, "en": str}
        What is asked, in what unit, and what it teaches, which never says the answer.
    options
        What stands beside the letters A, B, …: options, things to order, right sides of pairs.
    left
        Left sides of pairs.
    right
        The number, or the letters.
    tolerance
        By how much a number may be off.
    wrong
        Usual mistakes, each ``{"value": number or letter, "because": text}``.
    """

    id: str
    item: str
    module: str
    objective: str
    level: str
    kind: str
    points: float
    share: float
    ask: Text
    unit: Text
    reason: Text
    right: float | str
    tolerance: float = 0.0
    options: Sequence[Text] = ()
    left: Sequence[Text] = ()
    wrong: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def place(self) -> str:
        """Return its number on the paper."""
        return self.id.removeprefix("q").lstrip("0")


def draw(
    item: Item,
    name: str,
    points: float,
    random: np.random.Generator,
    names_given: Names | None = None,
    words_given: Words | None = None,
) -> Drawn:
    """Draw an item into the question `name`; CourseError names the item if it cannot be drawn.

    Where a question is about a case, its figures and words are given beside the item's own parameters.
    """
    why = ""
    for _ in range(TRIES):
        names, words = parameters(item, random)
        names, words = {**(names_given or {}), **names}, {**(words_given or {}), **words}
        try:
            for key, expression in item.data.get("values", {}).items():
                names[key] = value(expression, names)
            if not all(value(condition, names) for condition in item.data.get("where", ())):
                why = "`where` never holds"
                continue
            made = KINDS[item.kind](item, names, words, random)
        except FormulaError as error:
            raise item.fault(f"{error}") from None
        why = ambiguous(made)
        if not why:
            made.pop("keys", None)
            return Drawn(
                id=name,
                item=item.id,
                module=item.module,
                objective=item.objective,
                level=item.level,
                kind=item.kind,
                points=points,
                share=item.share,
                ask=said(item, item.data["ask"], names, words),
                reason=said(item, item.data["reason"], names, words),
                **{"unit": dict.fromkeys(LANGUAGES, ""), **made},
            )
    raise item.fault(f"parameters: {TRIES} draws gave none that fits ({why}); widen them")


def shown(answer: Any) -> str:
    """Return an answer for people: a number with five digits at most."""
    if answer is None:
        return "–"
    return f"{answer:.5g}" if isinstance(answer, float) else str(answer)


# -- marking


def clean(letters: str) -> str:
    """Return letters without the spaces, commas and small letters that people write."""
    return "".join(c for c in letters.upper() if c.isalnum())


def share_of(question: Drawn, answer: Any) -> float:
    """Return the share of its points that an answer gets.

    All or nothing, but half for one slip in an order (two neighbours exchanged) or in pairs (two exchanged).
    """
    if isinstance(question.right, str):
        if not isinstance(answer, str):
            return 0.0
        given = clean(answer)
        if given == question.right:
            return 1.0
        if question.kind == "choice" or sorted(given) != sorted(question.right):
            return 0.0
        off = [
            place for place, pair in enumerate(zip(given, question.right, strict=True)) if len(set(pair)) > 1
        ]
        neighbours = question.kind == "match" or off[1] == off[0] + 1
        return 0.5 if len(off) == 2 and neighbours else 0.0
    if isinstance(answer, bool) or not isinstance(answer, (int, float)) or not math.isfinite(answer):
        return 0.0
    # a last place more, so that a value on the edge of the tolerance is in
    return float(abs(answer - question.right) <= question.tolerance + 1e-9 * max(abs(question.right), 1.0))


def mistake(question: Drawn, answer: Any) -> Text | None:
    """Return the words for the usual mistake that an answer is, or None."""
    for one in question.wrong:
        wrong = one["value"]
        if isinstance(wrong, str):
            near = isinstance(answer, str) and clean(answer) == wrong
        else:
            near = isinstance(answer, (int, float)) and abs(answer - wrong) <= 0.01 * abs(wrong)
        if near:
            found: Text = one["because"]
            return found
    return None
