"""Says which language the parts of a page are in that are not in the page's own.

A screen reader then says Korean as Korean. docutils makes the attribute ``lang`` of a class ``language-ko``.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from publish.glossary import terms
from publish.paths import LANGUAGES

HANGUL = re.compile(r"[\uac00-\ud7a3][\uac00-\ud7a3\s\d·/()]*[\uac00-\ud7a3)]|[\uac00-\ud7a3]")
VIETNAMESE = re.compile(r"[\u1ea0-\u1ef9đơư]")  # letters that no other language of a source has
GLOSSARY, SOURCES = "glossary", "references"


class Tongues(SphinxPostTransform):
    """Runs last, when the references are in their places."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        """Mark the Korean of any page, a glossary's foreign terms, a source's language."""
        language = self.config.language
        for text in list(self.document.findall(nodes.Text)):
            pieces = korean(str(text))
            if len(pieces) > 1 or isinstance(pieces[0], nodes.inline):
                text.parent.replace(text, pieces)
        if self.env.docname == GLOSSARY:
            (other,) = set(LANGUAGES) - {language}
            foreign = {t.term[other] for t in terms()} - {t.term[language] for t in terms()}
            for term in self.document.findall(nodes.term):
                if term.astext() in foreign:
                    term["classes"].append(f"language-{other}")
        if self.env.docname == SOURCES:
            for entry in self.document.findall(nodes.citation):
                tongue = "vi" if VIETNAMESE.search(entry.astext()) else "en"
                if tongue != language:
                    entry["classes"].append(f"language-{tongue}")


def korean(text: str) -> list[nodes.Node]:
    """A text in pieces, each run of Hangul in an element of its own."""
    pieces: list[nodes.Node] = []
    done = 0
    for found in HANGUL.finditer(text):
        pieces.append(nodes.Text(text[done : found.start()]))
        pieces.append(nodes.inline("", found[0], classes=["language-ko"]))
        done = found.end()
    pieces.append(nodes.Text(text[done:]))
    return [piece for piece in pieces if piece.astext()] or [nodes.Text(text)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the transform."""
    app.add_post_transform(Tongues)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
