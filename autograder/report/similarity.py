"""How much hand-ins are alike: texts by shared shingles, numbers by being equal where they cannot be.

It answers "is this worth a conversation?", never "who copied?".

Texts are compared by the resemblance of Broder (1997, *On the resemblance and containment of documents*,
https://doi.org/10.1109/SEQUEN.1997.666900): of the runs of `SHINGLE` words that occur in either text, the
share that occurs in both. Case, diacritics, punctuation and figures make no difference, so that neither
retyping nor a change of numbers hides a passage; what the exercise itself says does not count.

Numbers: each trainee has a variant of the case, so that right answers differ. An equal number that is wrong
for at least one of two trainees whose right answers differ needs an explanation, often a harmless one.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

from linelab.cases import Case

SHINGLE = 5  # words; in Vietnamese, syllables
LEAST_SHINGLES = 20  # of a text that can be compared
ALIKE = 0.2  # resemblance from which a pair is worth a look
INSIDE = 0.5  # or share of the shorter text that the longer one holds
DIGITS = 4  # significant digits that do not come out equal by rounding
FEW = 3  # trainees; a number that more have is rather one misunderstanding
WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")

Shingle = tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A text to compare, as it is shown: composed, and its words with the places where they stand."""

    shown: str

    @classmethod
    def of(cls, given: str) -> Text:
        return cls(unicodedata.normalize("NFC", given))

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        return [found.span() for found in WORD.finditer(self.shown)]

    @cached_property
    def words(self) -> list[str]:
        return [_plain(self.shown[start:end]) for start, end in self.places]

    @cached_property
    def shingles(self) -> frozenset[Shingle]:
        return frozenset(zip(*(self.words[i:] for i in range(SHINGLE)), strict=False))

    def passages(self, shared: AbstractSet[Shingle]) -> list[tuple[int, int]]:
        """Where in the text shared shingles stand, as stretches that do not overlap."""
        found: list[tuple[int, int]] = []
        for first, shingle in enumerate(zip(*(self.words[i:] for i in range(SHINGLE)), strict=False)):
            if shingle not in shared:
                continue
            start, end = self.places[first][0], self.places[first + SHINGLE - 1][1]
            if found and start <= found[-1][1]:
                found[-1] = found[-1][0], end
            else:
                found.append((start, end))
        return found


@dataclass(frozen=True)
class Alike:
    """Two texts: `shared` shingles of `either`, and the larger share of one that the other holds."""

    one: str
    other: str
    shared: int
    either: int
    inside: float

    @property
    def resemblance(self) -> float:
        return self.shared / self.either


@dataclass(frozen=True)
class Comparison:
    """All pairs of texts: those `alike`, the most alike first, and what is usual among the others.

    Attributes
    ----------
    texts, pairs : int
        How many were compared.
    short : int
        Texts that are too short to be compared.
    usual : float
        Resemblance that 95 % of the pairs stay below.
    """

    alike: list[Alike]
    texts: int
    pairs: int
    short: int
    usual: float


def compare(texts: Mapping[str, Text], template: AbstractSet[Shingle] = frozenset()) -> Comparison:
    """Compare each text with each other one.

    Parameters
    ----------
    texts : mapping
        Whose, and the text.
    template : set of shingles
        Does not count: what the exercise says itself.
    """
    own = {who: text.shingles - template for who, text in texts.items()}
    long = {who: found for who, found in own.items() if len(found) >= LEAST_SHINGLES}
    count = Counter(itertools.chain.from_iterable(long.values()))
    # a bit for each shingle that two texts have: the shared ones of a pair are then one `and`
    bit = {shingle: 1 << n for n, shingle in enumerate(s for s, times in count.items() if times > 1)}
    masks = {who: sum(bit[s] for s in found if s in bit) for who, found in long.items()}
    alike: list[Alike] = []
    seen: list[float] = []
    for one, other in itertools.combinations(long, 2):
        shared = (masks[one] & masks[other]).bit_count()
        sizes = len(long[one]), len(long[other])
        either = sum(sizes) - shared
        seen.append(shared / either)
        if shared / either >= ALIKE or shared / min(sizes) >= INSIDE:
            alike.append(Alike(one, other, shared, either, shared / min(sizes)))
    alike.sort(key=lambda pair: (-pair.resemblance, pair.one, pair.other))
    usual = sorted(seen)[int(0.95 * (len(seen) - 1))] if seen else 0.0
    return Comparison(alike, len(long), len(seen), len(own) - len(long), usual)


def shingles_of(texts: Sequence[str]) -> frozenset[Shingle]:
    """The shingles of some texts, as a template to leave out."""
    return frozenset().union(*(Text.of(text).shingles for text in texts))


@dataclass(frozen=True)
class Equal:
    """A number that several trainees gave although their right answers differ; wrong for one at least."""

    question: str
    value: float
    trainees: tuple[str, ...]


def equal_numbers(
    question: str,
    answers: Mapping[str, float],
    wrong: AbstractSet[str],
    expected: Callable[[str], float | None],
) -> list[Equal]:
    """Numbers that trainees have in common where their variants should keep them apart.

    Parameters
    ----------
    question : str
        Its id.
    answers : mapping
        Whose, and the number.
    wrong : set
        Whose number lost points.
    expected : callable
        The right number for a trainee's own variant; asked only for those who gave equal ones.
    """
    groups: dict[str, list[str]] = {}
    for who, value in answers.items():
        groups.setdefault(f"{value:.10g}", []).append(who)
    found = []
    for written, people in groups.items():
        if len(people) < 2 or not wrong & set(people) or significant(written) < DIGITS:
            continue
        right = {f"{value:.9g}" for value in map(expected, people) if value is not None}
        if len(right) > 1:
            found.append(Equal(question, float(written), tuple(people)))
    return found


def significant(written: str) -> int:
    """Significant digits of a number as it is written: 30 has one, 37.5 has three."""
    digits = written.partition("e")[0].lstrip("-").replace(".", "")
    return len(digits.strip("0")) if "." in written else len(digits.lstrip("0").rstrip("0"))


def common_figures(one: Case, other: Case) -> Iterator[tuple[str, float]]:
    """The figures that two variants of a case have in common, of those that differ between trainees."""
    for rule in one.variation:
        here = one.figure(rule["path"])
        if here == other.figure(rule["path"]):
            yield rule["path"], here


def _plain(word: str) -> str:
    """A word without case and diacritics; any number is a nought."""
    if word[0].isdigit():
        return "0"
    bare = "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))
    return bare.replace("đ", "d")
