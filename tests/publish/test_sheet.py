"""Company sheets: what their files may say; one A4 page in each language."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import yaml
from pypdf import PdfReader

from publish.errors import PublishError
from publish.paths import BOOK, LANGUAGES
from publish.sheet import html, load, weeks
from publish.sheet_pdf import pdf


def two(text: str) -> dict[str, str]:
    return {"vi": text, "en": text}


TABLE = {"title": two("Table"), "columns": [{"text": two("a"), "width": 1}], "rows": [[""]], "blank": 2}
SHEET = {
    "title": two("Sheet"), "purpose": two("Why"), "head": [two("Company")], "foot": two("No faces"),
    "blocks": [{"title": two("How"), "steps": [two("Count")]}, TABLE, {"title": two("Notes"), "lines": 2}],
}  # fmt: skip


def written(folder: Path, sheet: dict[str, Any]) -> Path:
    (folder / "w01.yml").write_text(yaml.safe_dump(sheet), "utf-8")
    return folder


def test_a_sheet_shows_all_its_parts(tmp_path: Path) -> None:
    made = html(load("w01", written(tmp_path, SHEET)), "en")
    for words in ("Why", "Company", "How", "Count", "Table", "Notes", "No faces"):
        assert words in made
    assert made.count("<tr>") == 1 + 1 + 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": {"vi": "Phiếu"}}, "title: write it in both languages"),
        ({"more": 1}, "needs blocks, foot"),
        ({"blocks": [{"title": two("x")}]}, "blocks: 1: has title"),
        ({"blocks": [TABLE | {"rows": [["", ""]]}]}, "rows: 1: has 2 cells, not 1"),
        ({"blocks": [TABLE | {"columns": [{"text": two("a"), "width": "wide"}]}]}, "width: write a relative"),
    ],
)
def test_a_fault_names_the_field_and_the_fix(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(PublishError, match=said) as caught:
        load("w01", written(tmp_path, SHEET | change))
    assert "w01.yml" in caught.value.message


def test_a_sheet_that_needs_two_pages_is_refused(tmp_path: Path) -> None:
    long = load("w01", written(tmp_path, SHEET | {"blocks": [TABLE | {"blank": 60}]}))
    with pytest.raises(PublishError, match="does not fit one A4 page"):
        pdf(long, "vi")


def test_the_same_source_gives_the_same_file(tmp_path: Path) -> None:
    sheet = load("w01", written(tmp_path, SHEET))
    assert pdf(sheet, "vi") == pdf(sheet, "vi")


def test_every_week_has_a_sheet() -> None:
    assert weeks() == sorted(p.name[:3] for p in (BOOK / "en").glob("w*-*"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("week", weeks())
def test_each_sheet_is_one_a4_page_that_can_be_read(week: str, language: str) -> None:
    sheet = load(week)
    reader = PdfReader(io.BytesIO(pdf(sheet, language)))
    (page,) = reader.pages
    assert [round(float(x) / 72 * 25.4) for x in (page.mediabox.width, page.mediabox.height)] == [210, 297]
    text = " ".join(page.extract_text().split())
    for name in ("title", "foot"):
        assert " ".join(sheet.text(name, language).split())[:40] in text
