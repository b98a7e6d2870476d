"""A template of a question: its parameters drawn by seed, and its texts filled in."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from autograder.errors import CourseError
from linelab.texts import LANGUAGES, number

DIGITS = 4  # most decimals of a number in a text, unless it says how many
BLANK = re.compile(r"\{(\w+)(?::(\d))?\}")

Text = Mapping[str, str]  # {"vi": …, "en": …}
Names = dict[str, float]
Words = Mapping[str, Text]


@dataclass(frozen=True)
class Item:
    """A template of a question.

    Attributes
    ----------
    share
        Share of the points that candidates are expected to get for it.
    data
        What the bank's file says, checked against the schema.
    source
        The file, for messages.
    """

    id: str
    module: str
    objective: str
    level: str
    kind: str
    share: float
    data: Mapping[str, Any] = field(hash=False)
    source: str

    @classmethod
    def of(cls, data: Mapping[str, Any], share: float, source: str) -> Item:
        """Return the item that a file has."""
        names = ("id", "module", "objective", "level", "kind")
        return cls(**{name: data[name] for name in names}, share=share, data=data, source=source)

    def fault(self, what: str) -> CourseError:
        """Return the error for a fault of this item."""
        return CourseError(f"{self.source}: {self.id}: {what}")


def generator(*names: str) -> np.random.Generator:
    """Return the random numbers that belong to these names."""
    digest = hashlib.sha256("|".join(names).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))


def parameters(item: Item, random: np.random.Generator) -> tuple[Names, dict[str, Text]]:
    """Draw the parameters: those that are numbers, and those that are words."""
    names: Names = {}
    words: dict[str, Text] = {}
    for key, rule in item.data.get("parameters", {}).items():
        if "words" in rule:
            words[key] = rule["words"][int(random.integers(len(rule["words"])))]
        elif "one_of" in rule:
            names[key] = float(rule["one_of"][int(random.integers(len(rule["one_of"])))])
        else:
            steps = math.floor((rule["to"] - rule["from"]) / rule["step"] + 1e-9)
            names[key] = round(rule["from"] + rule["step"] * int(random.integers(steps + 1)), 9)
    return names, words


def said(item: Item, text: Text, names: Names, words: Words) -> dict[str, str]:
    """Return a text with its blanks filled in, numbers as each language writes them."""

    def fill(language: str, found: re.Match[str]) -> str:
        name, digits = found[1], found[2]
        if name in words:
            return words[name][language]
        if name not in names:
            raise item.fault(f"{found[0]} in a text: there is no such parameter or value")
        return _shown(names[name], language, None if digits is None else int(digits))

    return {language: BLANK.sub(partial(fill, language), text[language]) for language in LANGUAGES}


def _shown(what: float, language: str, digits: int | None) -> str:
    if digits is None:
        digits = next((d for d in range(DIGITS) if math.isclose(round(what, d), what, abs_tol=1e-9)), DIGITS)
    return number(what, language, digits)
