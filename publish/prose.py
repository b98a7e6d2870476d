"""What readers read, out of every source that holds it: pages, exercises, quizzes, sheets, cases, messages.

Code, formulas, addresses and roles' targets are left out; what is left is prose in one language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from markdown_it.token import Token

from publish.parity import markdown
from publish.paths import ASSETS, BOOK, LABS, LANGUAGES, NOTEBOOKS, ROOT, VERIFY

SILENT = {"code-cell", "code-block", "code", "math", "bibliography", "glossary", "lab", "quiz", "sheet"}
SPOKEN_ROLES = {"term", "ref", "doc"}
NAMES = re.compile(
    r"`[^`]*`|\$[^$]*\$|https?://\S+|\{\w+(?::\d)?\}|@\w+@|[\w./…-]*_[\w./…-]+|[\w…-]+\.(?:json|yml|py|ipynb)"
)


@dataclass(frozen=True)
class Passage:
    """A stretch of prose: the file it stands in (from the repository's root), its language, its text."""

    path: str
    language: str
    text: str


def passages() -> Iterator[Passage]:
    """All prose of the course in both languages."""
    for language in LANGUAGES:
        for folder in (BOOK / language, BOOK / "instructor" / language):
            for path in sorted(folder.rglob("*.md")):
                for text in page(path.read_text("utf-8")):
                    yield Passage(_name(path), language, text)
    for path in sorted(NOTEBOOKS.glob("w*/w*.md")):
        for language, text in exercise(path.read_text("utf-8")):
            yield Passage(_name(path), language, text)
    catalogues = [*(BOOK / "quizzes").glob("*.yml"), *(BOOK / "sheets").glob("*.yml")]
    catalogues += [*(LABS / "linelab" / "cases").glob("*.yml"), LABS / "linelab" / "texts.yml"]
    catalogues += [ROOT / "autograder" / "consents.yml", ROOT / "autograder" / "data" / "texts.yml"]
    catalogues += [ROOT / "autograder" / "certify" / "evidence" / "texts.yml"]
    catalogues += [*(ROOT / "autograder" / "certify" / "exam").rglob("*.yml")]
    for path in sorted([*catalogues, ROOT / "autograder" / "texts.yml", VERIFY / "texts.json"]):
        for language, text in pairs(yaml.safe_load(path.read_text("utf-8"))):
            yield Passage(_name(path), language, NAMES.sub(" ", text))
    for path in sorted(ASSETS.glob("*/texts.js")):
        for language, text in script(path.read_text("utf-8")):
            yield Passage(_name(path), language, NAMES.sub(" ", text))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def page(source: str) -> Iterator[str]:
    """The prose of a MyST page, a paragraph, heading or cell at a time."""
    for token in markdown.parse(source):
        if token.type in ("fence", "colon_fence"):
            yield from _fence(token)
        elif token.type == "inline":
            yield NAMES.sub(" ", "".join(_spoken(child) for child in token.children or []))


def _fence(token: Token) -> Iterator[str]:
    found = re.match(r"\{([\w:.+-]+)\}\s*(.*)", token.info.strip())
    if not found or found[1] in SILENT:
        return
    if found[1] == "dropdown":
        yield found[2]
    yield from page("\n".join(x for x in token.content.split("\n") if not re.match(r":[\w-]+:", x)))


def _spoken(token: Token) -> str:
    if token.type == "text":
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return " "
    if token.type == "myst_role":
        if token.meta["name"] not in SPOKEN_ROLES:
            return " 0 "  # a number out of the page's code, a citation
        return re.sub(r"\s*<[^<>]*>$", "", token.content) if "<" in token.content else " "
    return "" if token.type.endswith(("_open", "_close")) else " "


def exercise(source: str) -> Iterator[tuple[str, str]]:
    """The text cells of an exercise by language, and the comments of its code that are in one."""
    for part in re.split(r"(?m)^\+\+\+ ", source)[1:]:
        if tagged := re.match(r'\{"tags": \["lang-(vi|en)"\]\}\n', part):
            for text in page(re.split(r"(?m)^```\{code-cell\}", part[tagged.end() :])[0]):
                yield tagged[1], text
    for language, text in re.findall(r"(?m)^\s*# (vi|en): (.*)$", source):
        yield language, NAMES.sub(" ", text)


def pairs(data: Any) -> Iterator[tuple[str, str]]:
    """Texts of a YAML file that are given in both languages."""
    if isinstance(data, dict):
        if set(data) == set(LANGUAGES) and all(isinstance(x, str) for x in data.values()):
            yield from data.items()
            return
        data = list(data.values())
    if isinstance(data, list):
        for entry in data:
            yield from pairs(entry)


def script(source: str) -> Iterator[tuple[str, str]]:
    """Texts of a page script's catalogue."""
    for language, inside in re.findall(r"(?ms)^  (vi|en): \{\n(.*?)^  \},?$", source):
        for text in re.findall(r'"((?:[^"\\]|\\.)*)"', inside):
            yield language, text
