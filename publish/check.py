"""Checks of what is to be published: no solution, no foreign host, no language behind the other.

``python -m publish.check`` checks the two languages and the built site, one line for each find.
"""

from __future__ import annotations

import html
import io
import os
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import nbformat

from autograder.assignments import assignments, release_notebook, source_notebook
from publish.parity import blocks, compare_trees
from publish.paths import BOOK, LANGUAGES, SITE
from publish.prose import page

MARKS = {
    "### BEGIN SOLUTION": "### END SOLUTION",
    "### BEGIN HIDDEN TESTS": "### END HIDDEN TESTS",
}
SHORTEST = 16  # characters; shorter lines of a solution say too little to be told from other text
SENTENCE = 40  # characters of a sentence of the notes that nobody writes twice by chance

BINARY = {
    ".wasm",
    ".so",
    ".woff",
    ".woff2",
    ".ttf",
    ".png",
    ".ico",
}  # machine code, fonts and pixels hold no text

# Addresses that a browser never asks on its own, with the reason why each stands in a file.
INERT = {
    "www.w3.org": "XML and RDF names",
    "purl.imsglobal.org": "JSON-LD names of Open Badges; the verify page carries the contexts itself",
    "attacker.controlled.server": "an example in a comment of anywidget's loader, which guards against it",
    "w3id.org": "JSON-LD names; the verify page carries the contexts itself",
}
CDNS = re.compile(
    r"cdn\.jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|googleapis\.com|gstatic\.com|esm\.sh|skypack\.dev"
)
LOADS = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*\brel\s*=\s*["']?(?:stylesheet|preload|modulepreload|prefetch|preconnect|dns-prefetch|icon|manifest))[^>]*?\bhref\s*=\s*["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|url\(\s*["']?((?:https?:)?//[^"')\s]+)"""
    r"""|@import\s+["']((?:https?:)?//[^"']+)"""
    r"""|\bimport\s*\(?\s*["']((?:https?:)?//[^"']+)"""
    r"""|\bfrom\s*["'](https?://[^"']+)"""
    r"""|\b(?:fetch|importScripts|EventSource|WebSocket|Worker)\s*\(\s*["']((?:https?|wss?)://[^"']+)"""
    r"""|\.open\s*\(\s*["'](?:GET|POST)["']\s*,\s*["']((?:https?)://[^"']+)""",
    re.IGNORECASE,
)


def needles() -> list[str]:
    """Lines of solutions and hidden tests that stand in no released exercise."""
    released, secret = "", set()
    for assignment in assignments():
        for language in LANGUAGES:
            released += _words("\n".join(c.source for c in release_notebook(assignment, language).cells))
            for cell in source_notebook(assignment, language).cells:
                secret |= set(_marked(cell))
    return sorted(line for line in secret if len(line) >= SHORTEST and line not in released)


def _marked(cell: nbformat.NotebookNode) -> Iterator[str]:
    end = None
    for line in cell.source.splitlines():
        if line.strip() in MARKS:
            end = MARKS[line.strip()]
        elif line.strip() == end:
            end = None
        elif end:
            yield _words(line)


def notes() -> list[str]:
    """Sentences of the instructor's notes, which no trainee's page may hold."""
    found: set[str] = set()
    for language in LANGUAGES:
        for path in (BOOK / "instructor" / language).glob("*.md"):
            found |= _sentences(path)
        for path in (BOOK / language).rglob("*.md"):
            found -= _sentences(path)
    return sorted(line for line in found if len(line) >= SENTENCE)


def _sentences(path: Path) -> set[str]:
    return {_words(x) for text in page(path.read_text("utf-8")) for x in re.split(r"(?<=[.!?])\s+", text)}


def _words(text: str) -> str:
    return " ".join(text.split())


def find_leaks(site: Path, secret: Iterable[str]) -> list[str]:
    """Look for secret lines in every file of the site, inside archives too.

    Returns
    -------
    list of str
        One line for each file and secret line found in it.
    """
    wanted = [(line, _bare(line.encode())) for line in secret]
    found = []
    for name, content in _contents(site):
        bare = _bare(content)
        for line, needle in wanted:
            if needle in bare:
                found.append(f"{name}: holds a line of a solution or hidden test: {line[:60]}")
    return found


def _bare(content: bytes) -> bytes:
    """Without white space and the escapes that JSON and HTML put into text, so that no form hides a line."""
    for escape, plain in (
        (b'\\"', b'"'),
        (b"\\n", b""),
        (b"&quot;", b'"'),
        (b"&#39;", b"'"),
        (b"&amp;", b"&"),
    ):
        content = content.replace(escape, plain)
    return re.sub(rb"\s+", b"", content)


def _contents(site: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(p for p in site.rglob("*") if p.is_file()):
        name = path.relative_to(site).as_posix()
        if path.suffix in BINARY:
            continue
        content = path.read_bytes()
        yield name, content
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for member in archive.namelist():
                    if Path(member).suffix in BINARY:
                        continue
                    yield f"{name}!{member}", archive.read(member)


def find_foreign_hosts(site: Path) -> list[str]:
    """Look for what a browser would load from another host; links that a reader clicks are no matter.

    The browser test, which refuses every foreign request, is the last word; this finds it without a browser
    and also in files that no test opens.
    """
    found = []
    for path in sorted(p for p in site.rglob("*") if p.suffix in {".html", ".css", ".js", ".mjs"}):
        name = path.relative_to(site).as_posix()
        text = path.read_text("utf-8", errors="replace")
        # a CDN's name in a script is a fallback that waits for its moment
        found += sorted({f"{name}: names the CDN {match[0]}" for match in CDNS.finditer(text)})
        for match in LOADS.finditer(text):
            address = next(group for group in match.groups() if group)
            host = re.sub(r"^(?:\w+:)?//", "", address).split("/")[0]
            if host not in INERT:
                found.append(f"{name}: loads from {host}: {address[:90]}")
    return found


LINK = re.compile(r'\b(href|src|data-opening)="([^"#?]*)(\?[^"#]*)?(#[^"]*)?"')
NAME = re.compile(r'\b(?:id|name)="([^"]+)"')


def find_broken_links(site: Path) -> list[str]:
    """Links of the books' pages that lead to no file of the site, or to no place in its page."""
    found = []
    names: dict[Path, set[str]] = {}

    def places(page: Path) -> set[str]:
        if page not in names:
            names[page] = set(map(html.unescape, NAME.findall(page.read_text("utf-8"))))
        return names[page]

    for language in LANGUAGES:
        for path in sorted((site / language).rglob("*.html")):
            if "_static" in path.parts:
                continue
            for _, address, query, place in LINK.findall(path.read_text("utf-8")):
                address, place = unquote(html.unescape(address)), unquote(html.unescape(place[1:]))
                if re.match(r"[a-z]+:|//", address):
                    continue
                target = path if not address else Path(os.path.normpath(path.parent / address))
                shown = f"{path.relative_to(site)}: {address}{query}"
                if target.is_dir():
                    target /= "index.html"
                if not target.is_file():
                    found.append(f"{shown}: there is no such file")
                elif query.startswith("?path=") and not (site / "lite" / "files" / query[6:]).is_file():
                    found.append(f"{shown}: there is no such notebook")
                elif place and target.suffix == ".html" and place not in places(target):
                    found.append(f"{shown}#{place}: there is no such place in the page")
    return sorted(set(found))


def parity() -> list[str]:
    """Where the two languages differ in structure, one line each."""
    notes = BOOK / "instructor"
    found = compare_trees(BOOK / "vi", BOOK / "en") + compare_trees(notes / "vi", notes / "en")
    for assignment in assignments():
        vi, en = (source_notebook(assignment, language).cells for language in ("vi", "en"))
        found += compare_cells(f"notebooks/{assignment}", vi, en)
    return found


def compare_cells(name: str, vi: Sequence[Any], en: Sequence[Any]) -> list[str]:
    """Differences of an exercise's two languages, cell by cell, one line each."""
    if len(vi) != len(en):
        return [f"{name}: vi has {len(vi)} cells, en has {len(en)}"]
    found = []
    for number, pair in enumerate(zip(vi, en, strict=True), 1):
        kinds = {cell.cell_type for cell in pair}
        shapes = [
            list(blocks(x.source if x.cell_type == "markdown" else f"```{{code-cell}}\n{x.source}\n```"))
            for x in pair
        ]
        if len(kinds) > 1 or shapes[0] != shapes[1]:
            found.append(f"{name}: cell {number} ({pair[0].id}) differs between vi and en")
    return found


def main() -> int:
    found = parity()
    if SITE.is_dir():
        found += [*find_leaks(SITE, [*needles(), *notes()]), *find_foreign_hosts(SITE)]
        found += find_broken_links(SITE)
    for line in found:
        print(line)
    print(f"{len(found)} finds")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
