"""Spelling, diacritics, Unicode form, the glossary's words: the course holds to them; a slip is found."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from publish import language
from publish.errors import PublishError
from publish.glossary import FIELDS, finder, term_of, terms
from publish.paths import BOOK, LANGUAGES
from publish.prose import Passage, exercise, page, passages, script


def said(text: str, tongue: str = "en") -> list[Passage]:
    return [Passage("x.md", tongue, text)]


def test_the_courses_own_prose_holds() -> None:
    assert language.check() == []


def test_a_term_that_only_one_language_uses_is_found() -> None:
    prose = [Passage("book/en/x.md", "en", "throughput " * 3), Passage("book/vi/x.md", "vi", "lượng ra " * 3)]
    (found,) = language.uneven_terms(prose)
    assert "throughput" in found
    assert language.uneven_terms([*prose, Passage("book/vi/x.md", "vi", "lưu lượng")]) == []


def test_there_is_prose_of_every_kind() -> None:
    kinds = {re.sub(r"\d\d.*", "", p.path) for p in passages()}
    for part in (
        "book/vi/w",
        "book/en/w",
        "book/instructor/vi/w",
        "book/quizzes/w",
        "book/sheets/w",
        "notebooks/w",
    ):
        assert any(kind.startswith(part) for kind in kinds), part


@pytest.mark.parametrize("word", ["throughputt", "recieve", "color", "analyze"])
def test_an_english_slip_is_found(word: str) -> None:
    (found,) = language.spelling(said(f"The {word} of a line."))
    assert word in found


@pytest.mark.parametrize("word", ["sãn", "khọang", "thờ\u0300i"])
def test_a_vietnamese_slip_is_found(word: str) -> None:
    assert language.spelling(said(f"Một {word} xuất.", "vi")) or language.composed(said(word, "vi"))


def test_lost_diacritics_are_found_even_where_each_syllable_exists() -> None:
    (found,) = language.unaccented(said("Hãy xem lai nang suat cua may nay.", "vi"))
    assert "lai nang suat cua" in found
    assert language.unaccented(said("Hãy dùng common random numbers khi so sánh hai phương án.", "vi")) == []


def test_decomposed_letters_are_found() -> None:
    assert language.composed(said("Nhịp sản xuất", "vi")) == []
    assert len(language.composed(said(unicodedata.normalize("NFD", "Nhịp sản xuất"), "vi"))) == 1


def test_a_word_that_the_glossary_replaces_is_found() -> None:
    for tongue in LANGUAGES:
        term = next(t for t in terms() if t.avoid[tongue])
        (found,) = language.wrong_words(said(f"… {term.avoid[tongue][0]} …", tongue))
        assert term.term[tongue] in found


def test_code_formulas_and_targets_are_no_prose() -> None:
    source = (
        "# Title\n\nText with `code_name`, $x_1$ and {term}`shown <target>`.\n\n"
        "```{code-cell}\nhiden = 1\n```\n\n```{dropdown} Open\nInside {cite}`key`.\n```\n"
    )
    words = " ".join(page(source))
    for seen in ("Title", "Text with", "shown", "Open", "Inside"):
        assert seen in words
    for unseen in ("code_name", "x_1", "target", "hiden", "key"):
        assert unseen not in words


def test_prose_of_exercises_and_scripts() -> None:
    cells = '+++ {"tags": ["lang-vi"]}\n\nXin chào\n\n+++ {"tags": ["lang-en"]}\n\nHello\n\n'
    source = cells + "```{code-cell}\n# vi: thử\nx = 1\n```\n"
    assert list(exercise(source)) == [("vi", "Xin chào"), ("en", "Hello"), ("vi", "thử")]
    made = 'export const TEXTS = {\n  vi: {\n    a: "Một",\n  },\n  en: {\n    a: "One",\n  },\n};\n'
    assert list(script(made)) == [("vi", "Một"), ("en", "One")]


# -- the glossary


def test_the_glossary_has_eighty_terms_at_least() -> None:
    assert len(terms()) >= 80
    assert sum(bool(t.unit) for t in terms()) >= 20
    assert sum(bool(t.korean) for t in terms()) >= 60


@pytest.mark.parametrize("tongue", LANGUAGES)
def test_each_form_leads_to_its_own_term(tongue: str) -> None:
    for term in terms():
        for form in term.forms[tongue]:
            found = finder(tongue).search(f" {form} ")
            assert found is not None, form
            assert term_of(found[0], tongue) is term, form


def test_forms_are_found_as_text_has_them() -> None:
    hits = [m[0] for m in finder("en").finditer("Bottlenecks limit the throughput; WIP and wipe differ.")]
    assert [x.casefold() for x in hits] == ["bottlenecks", "throughput", "wip"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,,,,,,,,,x,y", "row 2: term_vi: is empty"),
        ("a,b,,,,,,,,x", "row 2: short_definition_vi: the row is too short"),
        ("a,b,,,,,,,,x,y\nA,c,,,,,,,,x,y", "belongs to 'a' and to 'A'"),
    ],
)
def test_a_fault_of_the_glossary_names_row_and_field(tmp_path: Path, row: str, message: str) -> None:
    path = tmp_path / "glossary.csv"
    path.write_text(",".join(FIELDS) + "\n" + row + "\n", "utf-8")
    with pytest.raises(PublishError, match=re.escape(message)):
        terms(path)


def test_words_that_stand_in_no_text_need_no_leave() -> None:
    """The list of allowed words holds no word that nothing uses."""
    listed = {x for x in (BOOK / "words.txt").read_text("utf-8").split("\n") if x and not x.startswith("#")}
    used = {w for p in passages() for w in language.WORD.findall(p.text)}
    folded = {w.casefold() for w in used} | {re.sub(r"['’]s?$", "", w).casefold() for w in used}
    assert sorted(w for w in listed if w.casefold() not in folded) == []
