"""Whose a hand-in is: as it says itself, else as the names around it say, by the roster."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from autograder.cohort import Trainee
from autograder.collect.shape import source_text
from autograder.collect.which import begun
from autograder.collect.words import Note, RejectedError, note
from linelab.trainees import is_trainee_id, normalise, written

TYPED = re.compile(r"""(?m)^[ \t]*TRAINEE[ \t]*=[ \t]*(["'])([^"'\n]{1,40})\1""")
NUMBER = re.compile(r"(?<![0-9A-Za-z])([0-9A-Za-z]{4})[-–\u2011 ]?([0-9A-Za-z]{4})(?![0-9A-Za-z])")
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
MOODLE = re.compile(r"^(.*?)_\d+_assignsubmission_")
PARTS = re.compile(r"\s+[-–—]\s+|[_()\[\]<>\",;]+")
WORD = re.compile(r"[^\W_]+")
MOST = 300  # letters of a name that are looked at

Words = tuple[str, ...]


def by_itself(notebook: dict[str, Any], claimed: str) -> tuple[str, Note | None] | None:
    """The number that the hand-in file claims, else the one begun with, else the one typed."""
    if is_trainee_id(claimed):
        return normalise(claimed), None
    for record in begun(notebook):
        given = record.get("trainee")
        if isinstance(given, str) and len(given) <= 40 and is_trainee_id(given):
            return normalise(given), note("whose_by_record")
    for cell in notebook["cells"]:
        typed = TYPED.search(source_text(cell)) if cell["cell_type"] == "code" else None
        if typed and is_trainee_id(typed[2]):
            return normalise(typed[2]), note("whose_by_text")
    return None


class Names:
    """The roster as names of files and folders tell it; each look-up takes the same short time."""

    def __init__(self, roster: Mapping[str, Trainee]) -> None:
        self._numbers = set(roster)
        self._addresses: dict[str, set[str]] = defaultdict(set)
        # with the marks on letters, then without, as many systems drop them
        self._whole: tuple[dict[Words, set[str]], ...] = (defaultdict(set), defaultdict(set))
        self._inside: tuple[dict[Words, set[str]], ...] = (defaultdict(set), defaultdict(set))
        for trainee in roster.values():
            if trainee.email:
                self._addresses[trainee.email.casefold()].add(trainee.id)
            for bare in (False, True):
                words = _words(trainee.name, bare)
                if words:
                    self._whole[bare][tuple(sorted(words))].add(trainee.id)
                if len(words) > 1:  # a single word is too little to be looked for inside another name
                    self._inside[bare][words].add(trainee.id)
        self._longest = max((len(words) for words in self._inside[False]), default=0)

    def find(self, names: Sequence[str]) -> tuple[str, Note] | None:
        """The one person that the names, innermost first, point to.

        Raises
        ------
        RejectedError
            If a name points to several.
        """
        names = [unicodedata.normalize("NFC", name)[:MOST] for name in names]
        for look in (self._by_number, self._by_address, self._by_name):
            for name in names:
                found = look(name)
                if len(found) > 1:
                    raise RejectedError("several_trainees", name=name[:80], count=len(found))
                if found:
                    return next(iter(found)), note("whose_by_name", name=name[:80])
        return None

    def _by_number(self, name: str) -> set[str]:
        return {normalise("".join(pair)) for pair in NUMBER.findall(name)} & self._numbers

    def _by_address(self, name: str) -> set[str]:
        return self._united(self._addresses.get(found.casefold()) for found in ADDRESS.findall(name))

    def _by_name(self, name: str) -> set[str]:
        moodle = MOODLE.match(name)
        stem = moodle[1] if moodle else PurePosixPath(name).stem
        parts = [stem, *PARTS.split(stem)]
        for bare in (False, True):
            whole = self._whole[bare]
            if found := self._united(whole.get(tuple(sorted(_words(part, bare)))) for part in parts):
                return found
        for bare in (False, True):
            runs = _runs(_words(stem, bare), self._longest)
            if found := self._united(self._inside[bare].get(run) for run in runs):
                return found
        return set()

    @staticmethod
    def _united(found: Iterable[set[str] | None]) -> set[str]:
        return {trainee for some in found if some for trainee in some}


def known(trainee: str, roster: Mapping[str, Trainee]) -> Trainee:
    """The trainee of that number; RejectedError if it is not on the roster."""
    if trainee not in roster:
        raise RejectedError("unknown_trainee", trainee=written(trainee))
    return roster[trainee]


def _words(name: str, bare: bool) -> Words:
    folded = unicodedata.normalize("NFC", name).casefold()
    if bare:
        letters = unicodedata.normalize("NFD", folded.replace("đ", "d"))
        folded = "".join(c for c in letters if not unicodedata.combining(c))
    return tuple(WORD.findall(folded))


def _runs(words: Words, longest: int) -> Iterator[Words]:
    for start in range(len(words)):
        for length in range(2, min(longest, len(words) - start) + 1):
            yield words[start : start + length]
