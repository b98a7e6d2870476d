"""The index: where the book uses the terms of the glossary, sorted as the language's dictionaries sort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - as its documentation writes it

from publish.glossary import finder, initial, sort_key, term_of, terms
from publish.paper.pages import having

# where a use tells nothing: headings stand in the contents, forms are to be filled in
SKIPPED = {"h1", "h2", "h3", "h4", "code", "pre", "svg", "img"}
SKIPPED_CLASSES = {"course-sheet", "course-quiz", "eqno", "online", "bibtex-citation"}


def mark(chapter: HtmlElement, language: str, name: str) -> Iterator[tuple[str, str]]:
    """Mark the first use of each term in each section; gives the terms with the ids of the marks.

    `name` begins the ids.
    """
    uses = 0
    for owner, tail, seen in list(_texts(chapter, set())):
        text = owner.tail if tail else owner.text
        parent = owner.getparent() if tail else owner
        place = parent.index(owner) + 1 if tail else 0
        end, before = 0, ""
        marks: list[HtmlElement] = []
        for found in finder(language).finditer(text):
            term = term_of(found[0], language)
            if term is None or term.term[language] in seen:
                continue
            seen.add(term.term[language])
            uses += 1
            anchor = f"use.{name}.{uses}"
            if marks:
                marks[-1].tail = text[end : found.start()]
            else:
                before = text[: found.start()]
            marks.append(E.SPAN(found[0], id=anchor))
            end = found.end()
            yield term.term[language], anchor
        if not marks:
            continue
        marks[-1].tail = text[end:]
        if tail:
            owner.tail = before
        else:
            owner.text = before
        for offset, element in enumerate(marks):
            parent.insert(place + offset, element)


def _texts(element: HtmlElement, seen: set[str]) -> Iterator[tuple[HtmlElement, bool, set[str]]]:
    """Each text of a chapter: the element that it is in or behind, which of the two, its section's terms."""
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


def defined(glossary: HtmlElement, language: str) -> dict[str, str]:
    """The id of each term's entry in the chapter that is the glossary."""
    straight = str.maketrans("‘’“”", "''\"\"")  # Sphinx curls them
    ids = {
        entry.text_content().strip().translate(straight): entry.get("id")
        for entry in glossary.xpath(having("glossary") + "/dt")
    }
    return {term.term[language]: ids[term.term[language]] for term in terms()}


def index(
    uses: Iterable[tuple[str, str]], entries: Mapping[str, str], pages: Mapping[str, int], language: str
) -> HtmlElement:
    """The index as a list: a term, the page of its definition in bold, the pages of its uses.

    Parameters
    ----------
    uses : iterable of (str, str)
        As `mark` gives them.
    entries : mapping of str to str
        As `defined` gives it.
    pages : mapping of str to int
        The page on which each id stands.
    language : {"vi", "en"}
        Whose alphabet sorts.
    """
    found: dict[str, dict[int, str]] = {name: {pages[entry]: entry} for name, entry in entries.items()}
    for name, anchor in uses:
        found[name].setdefault(pages[anchor], anchor)
    groups = []
    ordered = sorted(found, key=lambda name: sort_key(name, language))
    for letter, names in groupby(ordered, key=lambda name: initial(name, language)):
        lines = [_line(name, found[name], entries[name]) for name in names]
        groups.append(E.DIV(E.P(letter, E.CLASS("index-letter")), *lines, E.CLASS("index-group")))
    return E.DIV(*groups, E.CLASS("index"))


def _line(name: str, at: Mapping[int, str], entry: str) -> HtmlElement:
    line = E.P(name, E.CLASS("index-line"))
    for first, last in _runs(page for page, anchor in at.items() if anchor != entry):
        shown = str(first) if first == last else f"{first}–{last}"
        line.extend([E.SPAN(", "), E.A(shown, href=f"#{at[first]}")])
    definition = next(str(page) for page, anchor in at.items() if anchor == entry)
    line.extend([E.SPAN(", "), E.A(definition, E.CLASS("definition"), href=f"#{entry}")])
    return line


def _runs(pages: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Pages with those that follow each other taken together, such as 3, 5–8, 11; two stay two."""
    run: list[int] = []
    for page in [*sorted(pages), -1]:
        if run and page != run[-1] + 1:
            yield from [(run[0], run[-1])] if len(run) > 2 else [(x, x) for x in run]
            run = []
        run.append(page)
