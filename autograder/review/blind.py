"""Blind marking: names and an order that say nothing, and texts that do not tell who wrote them."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from functools import lru_cache

from autograder.cohort import Trainee
from linelab.trainees import ALPHABET

MASK = "▮▮▮"
_BETWEEN = r"[\s.,_–\-\u2011]"  # what people write between the parts of a name or a number


class Blind:
    """What is drawn from a cohort's secret: the same for every grader, on every machine, at any time."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def code(self, assignment: str, trainee: str) -> str:
        """A short name for a trainee in one assignment, such as 7KQ-M2D."""
        digest = int.from_bytes(self._digest("code", assignment, trainee)[:4], "big")
        letters = "".join(ALPHABET[digest >> 5 * i & 31] for i in range(6))
        return f"{letters[:3]}-{letters[3:]}"

    def place(self, *about: str) -> bytes:
        """Where something stands in an order that is shuffled for a purpose."""
        return self._digest("place", *about)

    def _digest(self, *parts: str) -> bytes:
        return hmac.new(self._secret, "\0".join(parts).encode(), hashlib.sha256).digest()


def masked(text: str, trainee: Trainee) -> str:
    """The text without the writer's number, e-mail address and name as the roster has them.

    A number is found however it is spaced. A name is found without its accents, family name first or last;
    two of its parts in a row only with them, since they may be plain words otherwise. One part alone is left,
    for the same reason, unless the roster has no more.
    """
    text = unicodedata.normalize("NFC", text)
    number = rf"{_BETWEEN}?".join({"0": "[0O]", "1": "[1IL]"}.get(c, c) for c in trainee.id)
    text = _cover(text, number, plain=True)
    if trainee.email:
        text = _cover(text, re.escape(trainee.email))
    name = unicodedata.normalize("NFC", trainee.name).split()
    if len(name) < 2:
        return re.sub(rf"\b{re.escape(name[0])}\b", MASK, text) if name else text
    for words in (name, [*name[1:], name[0]], [name[-1], *name[:-1]]):
        text = _cover(text, _spelt(words, plain=True), plain=True)
    parts = [name[i : i + n] for n in range(len(name) - 1, 1, -1) for i in range(len(name) - n + 1)]
    for words in (*parts, [name[-1], name[0]]):
        text = _cover(text, _spelt(words))
    return text


def _spelt(words: list[str], plain: bool = False) -> str:
    return rf"{_BETWEEN}+".join(re.escape(_plain(word) if plain else word) for word in words)


def _plain(text: str) -> str:
    return "".join(_without_accent(c) for c in text)


@lru_cache(maxsize=1024)
def _without_accent(character: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFD", character) if not unicodedata.combining(c))
    return bare.translate(str.maketrans("đĐ", "dD"))


def _cover(text: str, pattern: str, plain: bool = False) -> str:
    """Cover each find of a pattern; `plain`: looked for as if the text had no accents."""
    letters = [_without_accent(c) if plain else c for c in text]
    at = [i for i, letter in enumerate(letters) for _ in letter]  # where each letter came from
    spans = re.finditer(rf"(?<!\w)(?:{pattern})(?!\w)", "".join(letters), re.IGNORECASE)
    for found in reversed(list(spans)):
        text = text[: at[found.start()]] + MASK + text[at[found.end() - 1] + 1 :]
    return text
