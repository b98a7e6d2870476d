"""What pages say of themselves to search engines and previews."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from docutils import nodes
from PIL import Image

from publish.book import words_of
from publish.ext.about import LICENCE, LONGEST, SHORTEST, description, picture_name
from publish.found import draw, write_map
from publish.paths import BOOK, LANGUAGES, ROOT


def test_both_languages_describe_the_same_pages_in_a_line() -> None:
    about = {language: words_of(language)["descriptions"] for language in LANGUAGES}
    assert set(about["vi"]) == set(about["en"])
    for language in LANGUAGES:
        for page, text in about[language].items():
            assert SHORTEST <= len(text) <= LONGEST, (language, page, len(text))
        weeks = {f"{p.parent.name}/index" for p in (BOOK / language).glob("w*/index.md")}
        assert weeks <= set(about[language])


def test_a_page_without_a_description_takes_its_first_paragraph() -> None:
    doctree = nodes.document(None, None)  # type: ignore[arg-type]
    for text in ("Short.", "word " * 60, "Another paragraph that is long enough to be taken as well, too."):
        doctree += nodes.paragraph("", text)
    made = description(None, doctree)
    assert made.startswith("word word")
    assert made.endswith("word…")
    assert SHORTEST <= len(made) <= LONGEST
    assert description("Given.", doctree) == "Given."


def test_a_preview_has_the_size_that_previews_show(tmp_path: Path) -> None:
    draw(tmp_path / "a.png", "Nhìn thấy nhà máy", "Tuần 1")
    draw(tmp_path / "b.png", "Nhìn thấy nhà máy", "Tuần 1")
    assert Image.open(tmp_path / "a.png").size == (1200, 630)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert picture_name("w02-factory-physics/sheet") == "w02"
    assert picture_name("verify") == "course"


def test_the_map_names_each_page_in_both_languages(tmp_path: Path) -> None:
    for language in LANGUAGES:
        for name in ("index.html", "w01/index.html", "search.html"):
            (tmp_path / language / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / language / name).touch()
    write_map(tmp_path, "https://example.org/a&b/")
    tree = ElementTree.parse(tmp_path / "sitemap.xml")
    found = [e.text for e in tree.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert found == [
        f"https://example.org/a&b/{language}/{name}"
        for language in LANGUAGES
        for name in ("index.html", "w01/index.html")
    ]
    assert "Sitemap: https://example.org/a&b/sitemap.xml" in (tmp_path / "robots.txt").read_text("utf-8")


@pytest.mark.browser
def test_every_page_of_the_site_says_what_it_is(site_folder: Path) -> None:
    seen: dict[str, str] = {}
    for language in LANGUAGES:
        for path in sorted((site_folder / language).rglob("*.html")):
            if "_static" in path.parts:
                continue
            text = path.read_text("utf-8")
            (about,) = re.findall(r'<meta name="description" content="([^"]*)"', text)
            about = unescape(about)
            assert SHORTEST <= len(about) <= LONGEST, (path, about)
            assert about not in seen, f"{path} and {seen.get(about)} say the same"
            seen[about] = str(path)
            assert f'<link rel="license" href="{LICENCE}">' in text
            assert text.count("<title>") == 1
            assert 'http-equiv="Content-Security-Policy"' in text
            for data in re.findall(r'<script type="application/ld\+json">(.*?)</script>', text, re.S):
                assert json.loads(data)["@type"] in ("Course", "LearningResource")
        week = (site_folder / language / "w01-seeing-the-factory" / "index.html").read_text("utf-8")
        assert '"@type": "LearningResource"' in week


def test_the_citation_names_version_and_licences() -> None:
    data = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    version = re.search(r'(?m)^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert version
    assert data["version"] == version[1]
    assert data["license"] == ["Apache-2.0", "CC-BY-4.0"]
