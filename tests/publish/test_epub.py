"""The ePub of each language: whole, well formed, with links that lead somewhere, and the same each time."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from publish import check, hosting
from publish.book import words_of
from publish.errors import PublishError
from publish.paper import epub
from publish.paper.volume import chapters
from publish.paths import LANGUAGES

from .test_paper import built_pages

OPF = "{http://www.idpf.org/2007/opf}"
HTML = "{http://www.w3.org/1999/xhtml}"
EPUB = "{http://www.idpf.org/2007/ops}"
SVG = "{http://www.w3.org/2000/svg}"
EDITION = "2026-test-1"


@dataclass
class Book:
    """An ePub and what is in it."""

    path: Path
    language: str
    names: list[str]
    files: dict[str, bytes]
    pages: dict[str, etree._Element]
    package: etree._Element


@pytest.fixture(scope="module", params=LANGUAGES)
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Book:
    path = tmp_path_factory.mktemp("epub") / "book.epub"
    epub.write(built_pages(request.param), request.param, path, edition=EDITION)
    with zipfile.ZipFile(path) as packed:
        names = packed.namelist()
        files = {name: packed.read(name) for name in names}
    pages = {name: etree.fromstring(content) for name, content in files.items() if name.endswith(".xhtml")}
    package = etree.fromstring(files["book/package.opf"])
    return Book(path, request.param, names, files, pages, package)


def test_it_is_packed_as_readers_ask(book: Book) -> None:
    with zipfile.ZipFile(book.path) as packed:
        first = packed.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert book.files["mimetype"] == b"application/epub+zip"
    assert hosting.content_type(book.path.name) == "application/epub+zip"
    assert b'full-path="book/package.opf"' in book.files["META-INF/container.xml"]
    listed = {f"book/{item.get('href')}" for item in book.package.iter(f"{OPF}item")}
    assert listed == set(book.names) - {"mimetype", "META-INF/container.xml", "book/package.opf"}
    assert len(book.names) == len(set(book.names))
    ids = {item.get("id"): item.get("href") for item in book.package.iter(f"{OPF}item")}
    order = [ids[item.get("idref")] for item in book.package.iter(f"{OPF}itemref")]
    assert order[:3] == ["cover.xhtml", "imprint.xhtml", "contents.xhtml"]
    assert len(order) == 3 + len(chapters())


def test_it_says_language_title_edition_and_licence(book: Book) -> None:
    words = words_of(book.language)
    metadata = {etree.QName(x).localname: x.text for x in book.package[0]}
    assert metadata["title"] == words["title"]
    assert metadata["language"] == book.language
    assert metadata["rights"] == words["paper"]["licence_short"]
    assert all(page.get("lang") == book.language for page in book.pages.values())
    assert EDITION in "".join(book.pages["book/cover.xhtml"].itertext())


def test_every_link_leads_to_a_place_in_the_book(book: Book) -> None:
    ids = {
        name: {x.get("id") for x in page.iter(etree.Element) if x.get("id")}
        for name, page in book.pages.items()
    }
    seen = 0
    for name, page in book.pages.items():
        for link in page.iter(f"{HTML}a"):
            href = link.get("href")
            if href is None or "://" in href:
                continue
            file, _, place = href.partition("#")
            seen += 1
            assert place in ids[posixpath.join(posixpath.dirname(name), file)], (name, href)
    assert seen > 100


def test_the_menu_names_every_chapter_and_section(book: Book) -> None:
    menu = book.pages["book/contents.xhtml"].find(f".//{HTML}nav")
    assert menu is not None
    assert menu.get(f"{EPUB}type") == "toc"
    listed = menu.find(f"{HTML}ol")
    assert listed is not None
    assert len(listed) == len(chapters())
    named = {" ".join("".join(x.itertext()).split()) for x in menu.iter(f"{HTML}a")}
    for page in book.pages.values():
        for heading in page.iter(f"{HTML}h1"):
            said = " ".join("".join(heading.itertext()).split())
            assert said in named | {words_of(book.language)["paper"]["contents"]}


def test_pictures_are_there_with_texts_and_drawings_are_well_formed(book: Book) -> None:
    shown = set()
    for name, page in book.pages.items():
        for image in page.iter(f"{HTML}img"):
            assert image.get("alt"), (name, image.get("src"))
            shown.add(posixpath.join(posixpath.dirname(name), image.get("src", "")))
    assert shown == {name for name in book.names if "/images/" in name}
    for name in shown:
        if name.endswith(".svg"):
            assert etree.fromstring(book.files[name]).tag == f"{SVG}svg"
            assert b"<!DOCTYPE" not in book.files[name]


def test_it_holds_no_solution_and_nothing_that_needs_a_browser(book: Book) -> None:
    text = " ".join(" ".join("".join(page.itertext()).split()) for page in book.pages.values())
    assert len(text) > 60_000
    assert not [line for line in (*check.needles(), *check.notes()) if line in text]
    for name in ("script", "form", "input", "button", "select", "template"):
        assert not [page for page in book.pages.values() if page.find(f".//{HTML}{name}") is not None]


def test_the_same_pages_give_the_same_bytes(book: Book, tmp_path: Path) -> None:
    again = tmp_path / "again.epub"
    epub.write(built_pages(book.language), book.language, again, edition=EDITION)
    assert again.read_bytes() == book.path.read_bytes()


def test_a_link_that_leads_nowhere_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compose = epub.compose

    def composed(*arguments: object, **more: object) -> object:
        volume = compose(*arguments, **more)  # type: ignore[arg-type]
        next(x for x in volume.document.iter("a") if x.get("href", "").startswith("#")).set("href", "#gone")
        return volume

    monkeypatch.setattr(epub, "compose", composed)
    with pytest.raises(PublishError, match=r"#gone leads to no place"):
        epub.write(built_pages("en"), "en", tmp_path / "book.epub", edition=EDITION)
