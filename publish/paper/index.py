"""The index: where the book uses the terms of the glossary, sorted as the language's dictionaries sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - as its documentation writes it

from publish.glossary import Term, finder, initial, sort_key, term_of, terms
from publish.paper.pages import having

# where a use tells nothing: headings stand in the contents, forms are to be filled in
SKIPPED = {"h1", "h2", "h3", "h4", "code", "pre", "svg", "img"}
SKIPPED_CLASSES = {"course-sheet", "course-quiz", "eqno", "online", "bibtex-citation"}


def mark(chapter: HtmlElement, language: str, name: str) -> Iterator[tuple[Term, str]]:
    """Mark the first use of each term in each section; gives the terms with the ids of the marks."""
    uses = 0
    for owner, tail, seen in list(_texts(chapter, set())):
        text = owner.tail if tail else owner.text
        parent = owner.getparent() if tail else owner
        place = parent.index(owner) + 1 if tail else 0
        end, before = 0, ""
        marks: list[HtmlElement] = []
        for found in finder(language).finditer(text):
            term = term_of(found[0], language)
            if term is None or term in seen:
                continue
            seen.add(term)
            uses += 1
            anchor = f"use.{name}.{uses}"
            if marks:
                marks[-1].tail = text[end : found.start()]
            else:
                before = text[: found.start()]
            marks.append(E.SPAN(found[0], id=anchor))
            end = found.end()
            yield term, anchor
        if not marks:
            continue
        marks[-1].tail = text[end:]
        if tail:
            owner.tail = before
        else:
            owner.text = before
        for offset, element in enumerate(marks):
            parent.insert(place + offset, element)


def _texts(element: HtmlElement, seen: set[Term]) -> Iterator[tuple[HtmlElement, bool, set[Term]]]:
    """Each text of a chapter: the element that it is in or behind, which of the two, and its section's terms."""
    if not isinstance(element.tag, str) or element.tag in SKIPPED:
        return
    if SKIPPED_CLASSES & set(element.get("class", "").split()):
        return
    if element.tag == "section":
        seen = set()
    if element.text:
        yield element, False, seen
    for child in element:
        yield from _texts(child, seen)
        if child.tail:
            yield child, True, seen


def defined(glossary: HtmlElement, language: str) -> dict[Term, str]:
    """The id of each term's entry in the chapter that is the glossary."""
    ids = {entry.text_content().strip(): entry.get("id") for entry in glossary.xpath(having("glossary") + "/dt")}
    return {term: ids[term.term[language]] for term in terms()}


def index(
    uses: Iterable[tuple[Term, str]], entries: Mapping[Term, str], pages: Mapping[str, int], language: str
) -> HtmlElement:
    """The index as a list: a term, the page of its definition in bold, the pages of its uses.

    Parameters
    ----------
    uses : iterable of (Term, str)
        As `mark` gives them.
    entries : mapping of Term to str
        As `defined` gives it.
    pages : mapping of str to int
        The page on which each id stands.
    language : {"vi", "en"}
        Whose alphabet sorts.
    """
    found: dict[Term, dict[int, str]] = {term: {pages[entry]: entry} for term, entry in entries.items()}
    for term, anchor in uses:
        found[term].setdefault(pages[anchor], anchor)
    ordered = sorted(found, key=lambda term: sort_key(term.term[language], language))
    groups = []
    for letter, members in groupby(ordered, key=lambda term: initial(term.term[language], language)):
        lines = [_line(term, found[term], pages[entries[term]], language) for term in members]
        lines[0].set("class", "index-line first")
        groups.append(E.DIV(E.P(letter, E.CLASS("index-letter")), *lines, E.CLASS("index-group")))
    return E.DIV(*groups, E.CLASS("index"))


def _line(term: Term, at: Mapping[int, str], definition: int, language: str) -> HtmlElement:
    line = E.P(term.term[language], E.CLASS("index-line"))
    for page, anchor in sorted(at.items()):
        comma = E.SPAN(", ")
        link = E.A(str(page), href=f"#{anchor}")
        if page == definition:
            link.set("class", "definition")
        line.extend([comma, link])
    return line
