"""The staged book: words in both languages, a glossary with terms of both, Vietnamese search."""

from __future__ import annotations

import csv
import string
import unicodedata
from pathlib import Path

import pytest
import yaml

from publish.book import GLOSSARY, build_book, glossary_page, stage
from publish.errors import PublishError
from publish.ext.directives import TEXTS
from publish.ext.search_vi import SearchVietnamese, fold
from publish.paths import BOOK, LANGUAGES, ROOT


def words(language: str) -> dict[str, object]:
    data: dict[str, object] = yaml.safe_load((ROOT / "locale" / f"{language}.yml").read_text("utf-8"))
    return data


def test_both_locales_have_the_same_entries() -> None:
    vi, en = words("vi"), words("en")
    assert set(vi) == set(en)
    assert set(vi["captions"]) == set(en["captions"])  # type: ignore[call-overload]
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    assert {part["caption"] for part in toc["parts"]} == set(vi["captions"])  # type: ignore[call-overload]


def test_directive_texts_have_both_languages_and_the_same_fields() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    assert set(TEXTS["vi"]) == set(TEXTS["en"])
    for key in TEXTS["vi"]:
        fields = [{f for _, f, _, _ in string.Formatter().parse(TEXTS[x][key]) if f} for x in LANGUAGES]
        assert fields[0] == fields[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_contents_is_staged(language: str) -> None:
    target = stage(language)
    toc = yaml.safe_load((target / "_toc.yml").read_text("utf-8"))
    for part in toc["parts"]:
        for chapter in part["chapters"]:
            assert (target / f"{chapter['file']}.md").is_file()


def test_glossary_has_full_entries_with_the_terms_of_both_languages() -> None:
    with GLOSSARY.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 30
    pages = {language: glossary_page(language, words(language)) for language in LANGUAGES}
    for row in rows:
        for field in ("term_en", "term_vi", "term_ko", "short_definition_en", "short_definition_vi"):
            assert row[field].strip(), (row["term_en"], field)
        for language, page in pages.items():
            assert f"\n{row['term_vi']}\n" in page
            assert f"\n{row['term_en']}\n" in page
            assert row[f"short_definition_{language}"].rstrip(".") in page


def test_texts_are_composed_unicode() -> None:
    """Decomposed Vietnamese looks the same and is found by no search."""
    for path in [*BOOK.rglob("*.md"), GLOSSARY, *ROOT.glob("locale/*.yml"), *ROOT.glob("notebooks/*/*.md")]:
        text = path.read_text("utf-8")
        assert unicodedata.is_normalized("NFC", text), path


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("Nhịp", "nhip"), ("ĐƯỜNG", "duong"), (unicodedata.normalize("NFD", "thắt"), "that")],
)
def test_search_folds_diacritics_in_both_forms(typed: str, folded: str) -> None:
    assert fold(typed) == folded
    search = SearchVietnamese({})
    assert [search.stem(w) for w in search.split(typed)] == [folded]


def test_unknown_language_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="vi or en"):
        build_book("fr", tmp_path)
