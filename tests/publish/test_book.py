"""The staged book: words in both languages, a glossary with terms of both, Vietnamese search."""

from __future__ import annotations

import re
import string
import threading
import unicodedata
from pathlib import Path

import pytest
import yaml
from docutils import nodes

from publish import parts
from publish.book import build_book, build_pages, glossary_page, stage, words_of
from publish.errors import PublishError
from publish.ext.directives import TEXTS
from publish.ext.names import name_parts
from publish.ext.search import SearchEnglishToo, SearchVietnamese, fold
from publish.ext.tongues import korean
from publish.glossary import terms
from publish.paths import BOOK, LANGUAGES, ROOT
from publish.prose import page, pairs
from publish.quiz import load


def test_both_locales_have_the_same_entries() -> None:
    vi, en = words_of("vi"), words_of("en")
    assert set(vi) == set(en)
    assert set(vi["captions"]) == set(en["captions"])
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    assert {part["caption"] for part in toc["parts"]} == set(vi["captions"])


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
            for file in (chapter, *chapter.get("sections", [])):
                assert (target / f"{file['file']}.md").is_file()


def test_the_glossary_is_sorted_as_a_vietnamese_dictionary_is() -> None:
    page = glossary_page("vi", words_of("vi"))
    places = [
        page.index(f"\n{name}\n") for name in ("công nghiệp hỗ trợ", "cơ cấu karakuri (không dùng điện)")
    ]
    places += [page.index(f"\n{name}\n") for name in ("dừng vặt", "đèn báo hiệu (andon)", "định luật Little")]
    assert places == sorted(places)


def test_glossary_page_has_the_terms_of_both_languages() -> None:
    for language in LANGUAGES:
        page = glossary_page(language, words_of(language))
        for term in terms():
            assert f"\n{term.term['vi']}\n" in page
            assert f"\n{term.term['en']}\n" in page
            assert term.definition[language].rstrip(".") in page
            for name in (*term.forms[language], *term.avoid[language]):
                assert name.casefold() in page.casefold(), "searched for by any of its names"


VERBS = {
    "vi": {"Tính", "Ước lượng", "Vẽ", "Đề xuất", "Đánh giá", "chọn", "So sánh", "Chỉ ra", "Chọn", "nêu"},
    "en": {
        "Compute",
        "Estimate",
        "Draw",
        "Recommend",
        "Rate",
        "select",
        "Compare",
        "Identify",
        "Select",
        "state",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("week", ["w01", "w02", "w03"])
def test_a_theory_page_has_its_shape(language: str, week: str) -> None:
    """Measurable objectives, a module's parts in their order, no more than people read at a sitting."""
    (folder,) = (BOOK / language).glob(f"{week}-*")
    source = (folder / "index.md").read_text("utf-8")
    objectives = re.findall(rf"(?m)^- `{week}-o\d` \*\*(.+?)\*\*", source)
    assert 3 <= len(objectives) <= 5
    assert set(objectives) <= VERBS[language], objectives
    parts = ("objectives", "case", "predict", "idea", "lab", "mistakes", "company", "sheet", "check")
    labels = re.findall(rf"(?m)^\({week}-([a-z]+)\)=$", source)
    assert [x for x in labels if x in parts] == list(parts)
    assert labels[-3:] == ["takeaways", "sources", "exercise"]
    assert source.count("```{dropdown}") >= 2, "two questions to predict"
    assert "matplotlib" in source or "HTML(" in source, "a picture drawn by code"
    count = sum(len(text.split()) for text in page(source))
    assert count <= 4000, count
    asked = sum(len(text.split()) for tongue, text in pairs(list(load(week).questions)) if tongue == language)
    assert count + asked >= 2500, (count, asked)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_page_says_which_weeks_there_are(language: str) -> None:
    front = (BOOK / language / "index.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| (\d+) \| (.+?) \| .+ \| (.+?) \|$", front)
    assert [int(week) for week, _, _ in rows] == list(range(1, 13))
    for week, module, status in rows:
        folders = list((BOOK / language).glob(f"w{int(week):02d}-*"))
        assert (status in ("**published**", "**đã công bố**")) == bool(folders), week
        assert all(f"</{folder.name}/index>" in module for folder in folders), week


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("Nhịp", "nhip"), ("ĐƯỜNG", "duong"), (unicodedata.normalize("NFD", "thắt"), "that")],
)
def test_search_folds_diacritics_in_both_forms(typed: str, folded: str) -> None:
    assert fold(typed) == folded
    search = SearchVietnamese({})
    assert [search.stem(w) for w in search.split(typed)] == [folded]


def test_english_search_finds_vietnamese_terms_and_stems_english_ones() -> None:
    search = SearchEnglishToo({})
    assert search.stem("Thắt") == "that"
    assert search.stem("simulations") == search.stem("simulation")


SHELL = """<dialog id="pst-search-dialog"></dialog><dialog id="pst-primary-sidebar-modal"></dialog>
<div id="pst-primary-sidebar" class="a"><a href="index.html">
<img src="l.svg" class="logo__image only-light" alt="X - Home"/>
<img src="l.svg" class="logo__image only-dark pst-js-only" alt="X - Home"/></a>
<nav class="bd-links bd-docs-nav" aria-label="Main">
<a class="r" href="w.html">A &amp; B</a><details open="open"><summary>
</summary></details></nav></div><button title="Toggle primary sidebar"></button>"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_part_of_a_page_has_a_name_in_its_language(language: str) -> None:
    words = words_of(language)["names"]
    named = name_parts(SHELL, words)
    for key in ("search", "pages", "show_pages"):
        assert f'aria-label="{words[key]}"' in named
    assert named.count("<img") == 1
    assert f'alt="{words["home"]}"' in named
    assert f'<summary aria-label="{words["branch"].format(title="A &amp; B")}">' in named
    assert "Toggle" not in named
    with pytest.raises(PublishError, match="pst-search-dialog"):
        name_parts(SHELL.replace("search", "find"), words)


def test_korean_is_told_apart_from_what_stands_around_it() -> None:
    pieces = korean("재공품 (재공재고) · Ký hiệu: WIP · 7대 낭비")
    marked = [x.astext() for x in pieces if isinstance(x, nodes.inline) and x["classes"] == ["language-ko"]]
    assert "".join(piece.astext() for piece in pieces) == "재공품 (재공재고) · Ký hiệu: WIP · 7대 낭비"
    assert marked[0].startswith("재공품")
    assert not any("WIP" in words for words in marked)
    assert [x.astext() for x in korean("WIP")] == ["WIP"]


def test_unknown_language_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="vi or en"):
        build_book("fr", tmp_path)


PAGE = """---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3}
---
# A page

```{code-cell}
from aside import said
print(said)
```
"""


def test_a_build_runs_the_code_of_pages_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page shows comes from linelab, of which Jupyter Book's cache of executed pages knows nothing."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "index.md").write_text(PAGE, "utf-8")
    (source / "_toc.yml").write_text("format: jb-book\nroot: index\n", "utf-8")
    (source / "_config.yml").write_text("execute: {execute_notebooks: cache}\n", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for said in ("first", "second"):
        (tmp_path / "aside.py").write_text(f"said = 'it said {said}'\n", "utf-8")
        html = build_pages(source, tmp_path / "work", "book")
        assert f"it said {said}" in (html / "index.html").read_text("utf-8")


def test_a_second_build_waits_for_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parts, "BUILD", tmp_path)
    begun = threading.Event()

    @parts.one_build()
    def second() -> None:
        begun.set()

    other = threading.Thread(target=second)
    with parts.one_build():
        other.start()
        assert not begun.wait(timeout=0.5)
        assert "another build of this checkout is running" in capsys.readouterr().out
    other.join(timeout=10)
    assert begun.is_set()
    assert capsys.readouterr().out == ""
