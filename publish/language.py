"""Checks of the language: spelling in English, diacritics in Vietnamese, the glossary's words in both.

``python -m publish.language`` prints one line for each find. Words that are right but in no dictionary
stand in ``book/words.txt``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache

from publish.errors import PublishError
from publish.glossary import finder, pattern, term_of, terms
from publish.paths import BOOK, LANGUAGES
from publish.prose import Passage, passages

WORDS = BOOK / "words.txt"
DICTIONARIES = {"en": "en_GB", "vi": "vi_VN"}
LETTER = "[^\\W\\d_][\\u0300-\\u036f]*"  # a tone mark of its own belongs to its letter
WORD = re.compile(f"(?:{LETTER})+(?:['’](?:{LETTER})+)*")
QUOTED = re.compile(r'"[^"]*"|“[^”]*”')
OFTEN = 3  # a term that a page uses so often belongs to what it teaches
RUN = 5  # so many syllables in a row without any diacritic are hardly Vietnamese


def check(found: Iterable[Passage] | None = None) -> list[str]:
    """All checks over all prose, one line for each find."""
    everything = list(passages() if found is None else found)
    return [
        *spelling(everything),
        *unaccented(everything),
        *composed(everything),
        *wrong_words(everything),
        *uneven_terms(everything),
    ]


def spelling(prose: Iterable[Passage]) -> list[str]:
    """Words that are in neither the language's dictionary nor `book/words.txt`; in Vietnamese, syllables."""
    places: dict[str, dict[str, Passage]] = {language: {} for language in LANGUAGES}
    for passage in prose:
        for word in WORD.findall(passage.text):
            places[passage.language].setdefault(word, passage)
    unknown = {language: _unknown(words, language) for language, words in places.items()}
    # a Vietnamese sentence may hold an English name or a term that the glossary gives in brackets
    unknown["vi"] &= _unknown(unknown["vi"], "en")
    # a dictionary has few possessives
    bare = {word: re.sub(r"['’]s?$", "", word) for word in unknown["en"]}
    wrong = _unknown(bare.values(), "en")
    unknown["en"] = {word for word, stem in bare.items() if stem in wrong}
    return sorted(
        f"{place.path}: {place.language}: {word!r} is in no dictionary: mend it, or add it to book/words.txt"
        for language, words in places.items()
        for word, place in words.items()
        if word in unknown[language] and not _allowed(word)
    )


def _unknown(words: Iterable[str], language: str) -> set[str]:
    # hunspell splits at apostrophes of its own choice; the straight one is what its dictionary has
    plain = {word.replace("’", "'"): word for word in words}
    try:
        done = subprocess.run(
            ["hunspell", "-i", "utf-8", "-d", DICTIONARIES[language], "-l"],
            input="\n".join(plain),
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise PublishError("hunspell is missing; run: make system") from None
    if done.returncode:
        raise PublishError(f"hunspell: {done.stderr.strip()}; run: make system")
    return {plain[word] for word in done.stdout.split() if word in plain}


@cache
def _known() -> frozenset[str]:
    lines = WORDS.read_text("utf-8").splitlines()
    listed = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    named = {
        word
        for term in terms()
        for text in (*term.term.values(), *term.forms["en"], *term.forms["vi"], term.symbol, term.korean)
        for word in WORD.findall(text)
    }
    return frozenset({*listed, *named, *(word.casefold() for word in listed | named)})


def _allowed(word: str) -> bool:
    bare = re.sub(r"['’]s?$", "", word)
    return len(word) == 1 or bare in _known() or bare.casefold() in _known() or bare.isupper()


def unaccented(prose: Iterable[Passage]) -> list[str]:
    """Runs of Vietnamese syllables that have lost their diacritics."""
    found = []
    for passage in prose:
        if passage.language != "vi":
            continue
        run: list[str] = []
        for word in [*WORD.findall(passage.text), "ơ"]:
            if _plain(word):
                run.append(word)
                continue
            if len(run) >= RUN and not _unknown_all(run):
                found.append(f"{passage.path}: vi: {' '.join(run)!r} has no diacritics")
            run = []
    return found


def _plain(word: str) -> bool:
    return word.isascii() and word.islower()


def _unknown_all(run: list[str]) -> bool:
    """Whether these are words of another language rather than Vietnamese syllables."""
    return len(_unknown(run, "vi")) > len(set(run)) / 2


def composed(prose: Iterable[Passage]) -> list[str]:
    """Text in another Unicode form than NFC: it looks the same and is found by no search."""
    return [
        f"{p.path}: {p.language}: not in Unicode form NFC: {p.text[:60]!r}"
        for p in prose
        if not unicodedata.is_normalized("NFC", p.text)
    ]


def wrong_words(prose: Iterable[Passage]) -> list[str]:
    """Words for which the glossary has another; in quotation marks anything may be named."""
    avoided = {
        language: [
            (pattern(term.avoid[language], language), term.term[language])
            for term in terms()
            if term.avoid[language]
        ]
        for language in LANGUAGES
    }
    return [
        f"{passage.path}: {passage.language}: {found[0]!r}: the glossary says {name!r}"
        for passage in prose
        for words, name in avoided[passage.language]
        for found in words.finditer(QUOTED.sub(" ", passage.text))
    ]


def terms_used(prose: Iterable[Passage]) -> dict[str, dict[str, Counter[str]]]:
    """How often each file or pair of pages uses each term (by its English name), by language."""
    used: dict[str, dict[str, Counter[str]]] = defaultdict(
        lambda: {language: Counter() for language in LANGUAGES}
    )
    for passage in prose:
        name = re.sub(r"(book/(?:instructor/)?)(?:vi|en)/", r"\1", passage.path)
        for found in finder(passage.language).finditer(passage.text):
            if term := term_of(found[0], passage.language):
                used[name][passage.language][term.term["en"]] += 1
    return dict(used)


def uneven_terms(prose: Iterable[Passage]) -> list[str]:
    """Terms that one language of a page uses often and the other never: it has a word of its own for them."""
    return [
        f"{name}: {language} says {term!r} {count} times, {other} has no word of the glossary for it"
        for name, by_language in sorted(terms_used(prose).items())
        for language, other in (("en", "vi"), ("vi", "en"))
        for term, count in by_language[language].items()
        if count >= OFTEN and not by_language[other][term]
    ]


if __name__ == "__main__":
    finds = check()
    print(*finds, sep="\n")
    print(f"{len(finds)} finds")
    sys.exit(bool(finds))
