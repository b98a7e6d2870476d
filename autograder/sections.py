"""The sections of the book by label: their titles, and where they stand on the published site."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autograder.errors import CourseError

BOOK = Path(__file__).resolve().parents[1] / "book"
LABELLED = re.compile(r"^\(([\w-]+)\)=\n+#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """A section in one language; `address` is relative to the site, `page` the title of its page."""

    title: str
    page: str
    address: str


def section(label: str, language: str) -> Section:
    """The section that a page marks with that label; CourseError if no page does."""
    found = sections(language).get(label)
    if found is None:
        raise CourseError(f"book/{language}: no page has the label ({label})=; look for a typing slip")
    return found


@cache
def sections(language: str) -> dict[str, Section]:
    """All labelled sections of the book in a language."""
    found: dict[str, Section] = {}
    root = BOOK / language
    for path in sorted(root.rglob("*.md")):
        labelled = LABELLED.findall(path.read_text("utf-8"))
        page = path.relative_to(root).with_suffix(".html").as_posix()
        for label, title in labelled:
            # the first label of a page stands before its title
            found[label] = Section(_plain(title), _plain(labelled[0][1]), f"{language}/{page}#{label}")
    return found


def _plain(title: str) -> str:
    """A heading without the marks of roles, code and formulas."""
    title = re.sub(r"\{[\w:-]+\}`([^`<]*?)\s*(?:<[^`]*>)?`", r"\1", title)
    return re.sub(r"[`$*]", "", title).strip()
