"""Links each term of the glossary at its first use on a page, so that no author has to think of it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

from publish.glossary import GLOSSARY, finder, term_of

# Where a link would be in the way: what is a link, a name or a heading already, and the glossary itself.
SKIP = (nodes.title, nodes.reference, pending_xref, nodes.literal, nodes.FixedTextElement, nodes.math,
        nodes.math_block, nodes.raw, nodes.caption, nodes.rubric, nodes.citation, nodes.target)  # fmt: skip
PAGES_WITHOUT = ("glossary", "references")


class FirstUse(SphinxTransform):
    """Runs once a page is read and before references are looked up."""

    default_priority = 780

    def apply(self, **kwargs: Any) -> None:
        """Replace the first use of each term by a reference to the glossary."""
        if self.env.docname in PAGES_WITHOUT:
            return
        self.env.note_dependency(str(GLOSSARY))
        language, seen = self.config.language, set[str]()
        for text in list(self.document.findall(nodes.Text)):
            parent = text.parent
            if parent is None or _within(text):
                explicit = _explicit(text)
                if explicit:
                    seen.add(explicit)
                continue
            pieces = _split(str(text), language, seen, self.env.docname)
            if len(pieces) > 1:
                parent.replace(text, pieces)


def _within(node: nodes.Node) -> bool:
    while node is not None:
        if isinstance(node, SKIP):
            return True
        node = node.parent
    return False


def _explicit(node: nodes.Node) -> str | None:
    """The term that an author's own link already leads to."""
    while node is not None:
        if isinstance(node, pending_xref) and node.get("reftype") == "term":
            return str(node["reftarget"]).casefold()
        node = node.parent
    return None


def _split(text: str, language: str, seen: set[str], page: str) -> list[nodes.Node]:
    pieces: list[nodes.Node] = []
    done = 0
    for found in finder(language).finditer(text):
        term = term_of(found[0], language)
        if term is None or term.term[language].casefold() in seen:
            continue
        seen.add(term.term[language].casefold())
        pieces += [nodes.Text(text[done : found.start()]), _link(found[0], term.term[language], page)]
        done = found.end()
    return [piece for piece in [*pieces, nodes.Text(text[done:])] if piece.astext()]


def _link(shown: str, term: str, page: str) -> nodes.Node:
    target = re.sub(r"\s+", " ", term.lower())
    link = pending_xref(
        "", refdomain="std", reftype="term", reftarget=target, refexplicit=True, refwarn=True, refdoc=page
    )
    link += nodes.inline(shown, shown, classes=["xref", "std", "std-term", "course-term"])
    return link


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_transform(FirstUse)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
