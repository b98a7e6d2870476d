"""The kinds of questions: what is right, what stands beside which letter, and when a draw would be ambiguous.

Each kind gives fields of `Drawn`, and under "keys" numbers that must differ for the question to be fair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from autograder.certify.exam.formulas import value
from autograder.certify.exam.template import Item, Names, Words, said
from linelab.texts import LANGUAGES

LETTERS = "ABCDEF"
SHOWN = 4  # options or pairs, where an item has more
TOLERANCE = 0.02  # share of the answer, unless an item says otherwise
APART = 0.03  # share by which numbers in options, and keys of an order, differ at least


def _number(item: Item, names: Names, words: Words, _: np.random.Generator) -> dict[str, Any]:
    right = value(item.data["answer"], names)
    tolerance = item.data.get("tolerance", TOLERANCE) * abs(right)
    wrong = [
        {"value": value(one["value"], names), "because": said(item, one["because"], names, words)}
        for one in item.data["wrong"]
    ]
    unit = said(item, item.data["unit"], names, words)
    return {"right": right, "tolerance": tolerance, "wrong": wrong, "unit": unit}


def _choice(item: Item, names: Names, words: Words, random: np.random.Generator) -> dict[str, Any]:
    rights: list[Any] = []
    others: list[Any] = []
    for one in item.data["options"]:
        own = {"value": value(one["value"], names)} if "value" in one else {}
        given = one.get("right", False)
        is_right = given if isinstance(given, bool) else bool(value(given, names))
        because = said(item, one["because"], names, words) if "because" in one else None
        option = (said(item, one["text"], names | own, words), because, own.get("value"))
        (rights if is_right else others).append(option)
    if len(rights) != 1:
        raise item.fault(f"options: {len(rights)} are right; there must be exactly one, whatever is drawn")
    chosen = [others[i] for i in random.permutation(len(others))[: SHOWN - 1]]
    shown = _shuffled([*rights, *chosen], random)
    return {
        "options": [text for text, _, _ in shown],
        "right": LETTERS[shown.index(rights[0])],
        "wrong": [
            {"value": LETTERS[place], "because": because}
            for place, (_, because, _) in enumerate(shown)
            if because is not None and shown[place] is not rights[0]
        ],
        "keys": [key for _, _, key in shown if key is not None],
    }


def _order(item: Item, names: Names, words: Words, random: np.random.Generator) -> dict[str, Any]:
    parts = item.data["items"]
    keys = [value(one["by"], names) for one in parts if "by" in one]
    if keys:
        parts = [parts[i] for i in sorted(range(len(parts)), key=keys.__getitem__)]
    shown = random.permutation(len(parts))
    places = {int(part): place for place, part in enumerate(shown)}
    return {
        "options": [said(item, parts[i]["text"], names, words) for i in shown],
        "right": "".join(LETTERS[places[i]] for i in range(len(parts))),
        "keys": keys,
    }


def _match(item: Item, names: Names, words: Words, random: np.random.Generator) -> dict[str, Any]:
    every = item.data["pairs"]
    pairs = [every[i] for i in random.permutation(len(every))[:SHOWN]]
    shown = [int(i) for i in random.permutation(len(pairs))]
    return {
        "left": [said(item, one["left"], names, words) for one in pairs],
        "options": [said(item, pairs[i]["right"], names, words) for i in shown],
        "right": "".join(LETTERS[shown.index(i)] for i in range(len(pairs))),
    }


KINDS = {"number": _number, "choice": _choice, "order": _order, "match": _match}


def _shuffled(things: Sequence[Any], random: np.random.Generator) -> list[Any]:
    return [things[i] for i in random.permutation(len(things))]


def ambiguous(made: Mapping[str, Any]) -> str:
    """Return why a question could be misread, or nothing."""
    right, tolerance = made["right"], made.get("tolerance", 0.0)
    if isinstance(right, float):
        least = max(2 * tolerance, 1e-6 * abs(right))
        if any(abs(one["value"] - right) <= least for one in made["wrong"]):
            return "a usual mistake lies within the tolerance of the answer"
    for language in LANGUAGES:
        texts = [one[language] for one in made.get("options", ())]
        if len(set(texts)) < len(texts):
            return "two options read the same"
    if any(abs(a - b) <= APART * max(abs(a), abs(b)) for a, b in combinations(made.get("keys", ()), 2)):
        return "two numbers hardly differ"
    return ""
