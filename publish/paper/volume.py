"""Puts the pages of a built book together into one document: cover, contents, chapters, references.

Which pages: what `_toc.yml` lists, but for the pages that do nothing without a browser and for those who
organise a course. The weeks are its chapters, the simulation library is its appendix.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from lxml import html
from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - as its documentation writes it

from publish.paper.index import defined, mark
from publish.paper.pages import having, read
from publish.paths import ASSETS, ROOT

LEFT_OUT = ("work", "organise")  # parts of _toc.yml
FRONT = ("index", "how-it-works", "guides/personal-data")
APPENDIX = "linelab"
INDEX = "book-index"  # the id of the index, whose pages come last
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

Words = Mapping[str, str]


@dataclass(frozen=True)
class Chapter:
    """A chapter: the names of its pages, the first its own, and its number, such as ``1`` or ``A``."""

    names: tuple[str, ...]
    number: str = ""
    kind: str = ""


@dataclass
class Volume:
    """The document, the uses of terms in it, and where each is explained, both by id."""

    document: HtmlElement
    uses: list[tuple[str, str]] = field(default_factory=list)
    entries: dict[str, str] = field(default_factory=dict)


def chapters() -> list[Chapter]:
    """The chapters of the book in their order."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))["parts"]
    middle, back = [], []
    for part in parts:
        listed = [
            (entry["file"], *(section["file"] for section in entry.get("sections", ())))
            for entry in part["chapters"]
        ]
        if part["caption"] in LEFT_OUT:
            continue
        if part["caption"] == "weeks":
            middle += [Chapter(names, str(int(names[0][1:3])), "week") for names in listed]
        elif part["caption"] == APPENDIX:
            middle.append(Chapter(tuple(name for names in listed for name in names), "A", "appendix"))
        else:
            back += [Chapter(names, kind=names[0]) for names in listed if names[0] not in FRONT]
    return [*(Chapter((name,), kind="front") for name in FRONT), *middle, *back]


def compose(
    pages: Path, language: str, words: Words, title: str, *, edition: str, address: str = ""
) -> Volume:
    """Put a built book together.

    Parameters
    ----------
    pages : Path
        The folder of one language's built pages.
    language : {"vi", "en"}
        Which.
    words : mapping
        The entries `paper` of the language's file in `locale/`.
    title : str
        Of the course.
    edition : str
        Its name, for the cover.
    address : str
        Of the site, if it has one: links to what the book leaves out lead there.
    """
    wanted = chapters()
    included = {name for chapter in wanted for name in chapter.names}
    online = f"{address.rstrip('/')}/{language}" if address else ""
    body: list[HtmlElement] = []
    volume = Volume(E.HTML(lang=language))
    for chapter in wanted:
        made = _chapter(chapter, pages, included, words, online)
        if chapter.kind == "glossary":
            volume.entries = defined(made, language)
        elif chapter.kind != "references":
            volume.uses += mark(made, language, slug(chapter.names[0]))
        body.append(made)
    last = E.SECTION(E.H1(words["index"]), E.P(words["index_about"]), E.CLASS("chapter"), id=INDEX)
    body.append(last)
    head = E.HEAD(
        E.META(charset="utf-8"),
        E.TITLE(title),
        E.META(name="author", content=words["author"]),
        E.META(name="description", content=words["subtitle"]),
    )
    front = [*_cover(title, words, edition), _contents(body, words), *_figures(body, words)]
    volume.document.extend([head, E.BODY(*front, *body)])
    return volume


def slug(name: str) -> str:
    """The id of a page in the document."""
    return name.replace("/", ".")


def text(document: HtmlElement) -> str:
    """The document as HTML."""
    said: str = html.tostring(document, encoding="unicode", doctype="<!doctype html>")
    return said


# -- chapters


def _chapter(chapter: Chapter, pages: Path, included: set[str], words: Words, online: str) -> HtmlElement:
    parts = []
    for name in chapter.names:
        part = read(pages / f"{name}.html", words)
        _address(part, name, included, words, online)
        if part.xpath(having("course-sheet")):
            part.set("class", "sheet-page")
        parts.append(part)
    if chapter.kind == "appendix":
        made = E.SECTION(E.H1(words["appendix"].format(number=chapter.number)), *parts, id=APPENDIX)
        lower = parts
    else:
        made, lower = parts[0], parts[1:]
        made.extend(lower)
    for part in lower:
        for heading in list(part.iter(*HEADINGS[:-1])):
            heading.tag = HEADINGS[HEADINGS.index(heading.tag) + 1]
    made.set("class", f"chapter {chapter.kind}".strip())
    if chapter.number:
        _number(made, chapter.number, words)
    return made


def _address(part: HtmlElement, name: str, included: set[str], words: Words, online: str) -> None:
    """Make ids unique in the document and links follow them."""
    for element in part.xpath(".//*[@id]"):
        element.set("id", f"{slug(name)}.{element.get('id')}")
    part.insert(0, E.SPAN(id=f"{slug(name)}.{part.get('id')}"))
    part.set("id", slug(name))
    for section in (part, *part.iterdescendants("section")):
        _settle(section)
    for link in part.iter("a"):
        href = link.get("href", "")
        if href.startswith(("http://", "https://", "mailto:")):
            continue
        page, _, place = href.partition("#")
        page = posixpath.normpath(posixpath.join(posixpath.dirname(name), page)) if page else f"{name}.html"
        target = page.removesuffix(".html")
        link.attrib.pop("title", None)
        if target in included:
            link.set("href", f"#{slug(target)}" + (f".{place}" if place else ""))
            if link.xpath(f"{having('std-ref')} | {having('doc')}"):
                link.set("class", "page-ref")
                link.set("data-page", words["page"])
        elif online:
            link.set("href", f"{online}/{page}" + (f"#{place}" if place else ""))
        else:
            link.tag = "span"
            del link.attrib["href"]


def _settle(section: HtmlElement) -> None:
    """Move the marks before a heading into it: between two headings they would let the page end there."""
    heading = next(section.iter(*HEADINGS))
    for place in list(section.iterchildren("span")):
        if place.get("id") and not len(place) and section.index(place) < section.index(heading):
            heading.insert(0, place)
            place.tail, heading.text = heading.text, None


def _number(chapter: HtmlElement, number: str, words: Words) -> None:
    """Number the figures and the formulas that stand by themselves."""
    for i, figure in enumerate(chapter.iter("figure"), 1):
        figure.set("id", f"figure.{number}.{i}")
        caption = figure.find("figcaption")
        label = E.SPAN(words["figure"].format(number=f"{number}.{i}"), E.CLASS("figure-number"))
        label.tail = f" {caption.text or ''}"
        caption.text = None
        caption.insert(0, label)
    for i, formula in enumerate(chapter.xpath(having("math", "div")), 1):
        formula.append(E.SPAN(f"({number}.{i})", E.CLASS("eqno")))


# -- what stands before them


def _cover(title: str, words: Words, edition: str) -> list[HtmlElement]:
    logo = f"background-image:url({(ASSETS / 'logo.svg').as_uri()})"
    cover = E.SECTION(
        E.DIV(E.CLASS("cover-mark"), style=logo),
        E.P(title, E.CLASS("cover-title")),
        E.P(words["subtitle"], E.CLASS("cover-subtitle")),
        E.P(words["edition"].format(edition=edition), E.CLASS("cover-edition")),
        E.P(words["composed"], E.CLASS("cover-note")),
        E.P(words["licence_short"], E.CLASS("cover-licence")),
        E.CLASS("cover"),
    )
    lines = [E.P(line) for line in words["imprint"].format(edition=edition, title=title).strip().split("\n")]
    return [cover, E.SECTION(*lines, E.CLASS("imprint"))]


def _contents(body: Iterable[HtmlElement], words: Words) -> HtmlElement:
    listed = E.UL(*(_entry(chapter) for chapter in body), E.CLASS("contents-list"))
    return E.SECTION(E.H1(words["contents"]), listed, E.CLASS("contents"), id="contents")


def _entry(chapter: HtmlElement) -> HtmlElement:
    entry = E.LI(_link(chapter.get("id"), chapter.find("h1")))
    sections = [
        _link(section.get("id"), section.find("h2"))
        for section in chapter.iter("section")
        if section is not chapter and section.find("h2") is not None
    ]
    if sections:
        entry.append(E.UL(*(E.LI(section) for section in sections)))
    return entry


def _link(place: str, heading: HtmlElement) -> HtmlElement:
    return E.A(" ".join(heading.text_content().split()), href=f"#{place}")


def _figures(body: Iterable[HtmlElement], words: Words) -> Iterator[HtmlElement]:
    figures = [figure for chapter in body for figure in chapter.iter("figure") if figure.get("id")]
    if figures:
        listed = (E.LI(_link(figure.get("id"), figure.find("figcaption"))) for figure in figures)
        kind = E.CLASS("contents figures")
        yield E.SECTION(E.H2(words["figures"]), E.UL(*listed, E.CLASS("contents-list")), kind)
