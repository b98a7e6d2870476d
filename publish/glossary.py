"""The glossary, ``book/glossary.csv``: its terms, the words that text uses for them, the words to avoid."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from publish.errors import PublishError
from publish.paths import BOOK, LANGUAGES

GLOSSARY = BOOK / "glossary.csv"
FIELDS = (
    "term_en", "term_vi", "term_ko", "symbol", "unit", "forms_en", "forms_vi", "avoid_en", "avoid_vi",
    "short_definition_en", "short_definition_vi",
)  # fmt: skip

LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"  # of the Vietnamese alphabet, with those of foreign words
TONES = "\u0300\u0309\u0303\u0301\u0323"  # in the order of dictionaries: huyền, hỏi, ngã, sắc, nặng


@dataclass(frozen=True)
class Term:
    """A row; texts by language where they have one."""

    term: dict[str, str]
    korean: str
    symbol: str
    unit: str
    forms: dict[str, tuple[str, ...]]
    avoid: dict[str, tuple[str, ...]]
    definition: dict[str, str]


@cache
def terms(path: Path = GLOSSARY) -> tuple[Term, ...]:
    """All terms.

    Raises
    ------
    PublishError
        One line that names the file, the row, the field and the fix.
    """
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != FIELDS:
            raise PublishError(f"{path}: the first line must be {','.join(FIELDS)}")
        made = tuple(_term(row, f"{path}: row {number}") for number, row in enumerate(reader, 2))
    for language in LANGUAGES:
        taken: dict[str, str] = {}
        for term in made:
            name = term.term[language]
            for form in {name.casefold(), *(form.casefold() for form in term.forms[language])}:
                if taken.setdefault(form, name) != name:
                    raise PublishError(f"{path}: {form!r} belongs to {taken[form]!r} and to {name!r}")
    return made


def _term(row: dict[str, str], where: str) -> Term:
    for field in FIELDS:
        if row.get(field) is None:
            raise PublishError(f"{where}: {field}: the row is too short")
        if field.startswith(("term_en", "term_vi", "short_")) and not row[field].strip():
            raise PublishError(f"{where}: {field}: is empty")

    def listed(field: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in row[field].split(";") if part.strip())

    usual = {x: re.sub(r"\s*\(.*?\)", "", row[f"term_{x}"]).strip() for x in LANGUAGES}
    return Term(
        term={x: row[f"term_{x}"].strip() for x in LANGUAGES},
        korean=row["term_ko"].strip(),
        symbol=row["symbol"].strip(),
        unit=row["unit"].strip(),
        forms={x: listed(f"forms_{x}") or (usual[x],) for x in LANGUAGES},
        avoid={x: listed(f"avoid_{x}") for x in LANGUAGES},
        definition={x: row[f"short_definition_{x}"].strip() for x in LANGUAGES},
    )


def pattern(words: tuple[str, ...], language: str) -> re.Pattern[str]:
    """Finds any of the words in running text, the longest first; capitals matter in abbreviations only."""
    plural = "(?:s|es)?" if language == "en" else ""
    parts = [
        re.escape(word) if word.isupper() else f"(?i:{re.escape(word)}){plural}"
        for word in sorted(words, key=len, reverse=True)
    ]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])")


def term_of(found: str, language: str) -> Term | None:
    """The term that a word of running text stands for."""
    return _by_form(language).get(found) or _by_form(language).get(_bare(found, language))


def _bare(found: str, language: str) -> str:
    low = found.casefold()
    forms = _by_form(language)
    for ending in ("s", "es") if language == "en" else ():
        if low not in forms and low.endswith(ending) and low.removesuffix(ending) in forms:
            return low.removesuffix(ending)
    return low


@cache
def _by_form(language: str) -> dict[str, Term]:
    return {
        form if form.isupper() else form.casefold(): term for term in terms() for form in term.forms[language]
    }


@cache
def finder(language: str) -> re.Pattern[str]:
    """Finds any use of a term."""
    return pattern(tuple(form for term in terms() for form in term.forms[language]), language)


def sort_key(text: str, language: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Sorts as dictionaries do: syllable by syllable, the letters first, then the tone.

    In English a letter with a diacritic sorts as the letter.
    """
    return tuple(_syllable(part, language) for part in re.findall(r"\w+", unicodedata.normalize("NFC", text)))


def initial(text: str, language: str) -> str:
    """The capital under which an index has a term; one for all digits."""
    letters, _ = sort_key(text, language)[0]
    return "0–9" if letters[0] < 0 else LETTERS[letters[0]].upper()


def _syllable(text: str, language: str) -> tuple[tuple[int, ...], int]:
    tone, letters = 0, []
    for letter in text.lower():
        parts = unicodedata.normalize("NFD", letter)
        tone = next((TONES.index(part) + 1 for part in parts if part in TONES), tone)
        plain = unicodedata.normalize("NFC", "".join(part for part in parts if part not in TONES))
        if language != "vi":
            tone, plain = 0, "d" if plain == "đ" else parts[0]
        letters.append(int(plain) - 100 if plain.isdigit() else LETTERS.find(plain))
    return tuple(letters), tone
