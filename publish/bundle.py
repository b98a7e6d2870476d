"""Gives the pages of a book one style sheet and one script, and a policy of what they may load.

The theme and its extensions bring some ten style sheets and fifteen scripts, and the browser fetches each of
them before it shows a word. Here the style sheets become one, without the rules that no page can use, and the
scripts become one that does not hold up the page. What stood between them as inline script moves into that
file or into attributes of the page, so that the policy need not allow any inline script but the one that
chooses light or dark before the first paint.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import tinycss2
from tinycss2.ast import AtRule, LiteralToken, Node, QualifiedRule

from publish.paths import ASSETS, FRONT

STYLE = re.compile(r'<link\b(?=[^>]*rel="stylesheet")[^>]*href="(?P<href>[^"?]*)[^"]*"[^>]*>\s*')
SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<body>.*?)</script>\s*", re.S)
SOURCE = re.compile(r'\bsrc="([^"?]*)')
PRELOAD = re.compile(r'<link rel="preload" as="script"[^>]*>\s*')
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>\s*')
LEFTOVER = re.compile(r'<meta name="docsearch:[^>]*>\s*')
PAGE_NAME = re.compile(r"DOCUMENTATION_OPTIONS\.pagename = '([^']*)';")
SEARCH = ("searchtools.js", "language_data.js", "searchindex.js")  # of use on the page of results alone
# from that page; they change the tools before the index starts them
RESULTS = ("../assets/search/ranking.js", "../assets/search/excerpts.js")
FIRST = "data-cfasync"  # marks the script that chooses light or dark
SET = re.compile(r'document\.documentElement\.dataset\.(course\w+)="([^"]*)";')
CAPITAL = re.compile(r"([A-Z])")
URL = re.compile(r"url\(\s*(['\"]?)(?!data:|#|https?:)([^)'\"]+)\1\s*\)")
WORD = re.compile(r"[A-Za-z_][\w-]*")
DATA_IMAGE = re.compile(r'src="data:image/(svg\+xml|png);base64,([A-Za-z0-9+/=\s]+)"')
SUFFIX = {"svg+xml": "svg", "png": "png"}
GROUPS = ("media", "supports", "layer")
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'"
)
# the theme's own button says what it does in an attribute, which the policy forbids
FULL_SCREEN = ' onclick="toggleFullScreen()"'
# Sphinx makes a function of a text here, which the policy forbids; our catalogues know no plural
PLURAL = re.compile(r"new Function\(\s*\"n\",[^;]*?plural_expr[^;]*\);", re.S)
OWN = Path(__file__).with_name("page.js")  # what every page does beside the theme's scripts


def bundle(pages: Path) -> None:
    """Bundle the style sheets and scripts of a built book and set its policy, in place."""
    files = [path for path in sorted(pages.rglob("*.html")) if "_static" not in path.parts]
    texts = {path: _image_files(path.read_text("utf-8"), path, pages) for path in files}
    words = _words([*texts.values(), *_scripts(pages)])
    made: dict[tuple[str, ...], str] = {}
    for path, text in texts.items():
        text = _head(text)
        text = _one_style(text, path, pages, words, made)
        text = _one_script(text, path, pages, made)
        path.write_text(with_policy(text), "utf-8")
    kept = " ".join(path.read_text("utf-8") for path in files)
    for path in [*(pages / "_static").rglob("*.css"), *(pages / "_static").rglob("*.js")]:
        if path.name not in kept:
            path.unlink()


def with_policy(text: str) -> str:
    """The page with its Content-Security-Policy, which allows the inline scripts that it has."""
    inline = [
        found["body"]
        for found in SCRIPT.finditer(text)
        if "src=" not in found["attributes"] and 'type="' not in found["attributes"]
    ]
    hashes = " ".join(dict.fromkeys(f"'sha256-{_sha256(body)}'" for body in inline))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hashes=hashes)}">'
    return re.sub(r'(<meta charset="[^"]*"\s*/?>)', rf"\1\n{meta}", text, count=1)


def _head(text: str) -> str:
    first = VIEWPORT.search(text)
    if first:
        text = text[: first.end()] + VIEWPORT.sub("", text[first.end() :])
    return LEFTOVER.sub("", PRELOAD.sub("", text)).replace(FULL_SCREEN, " data-full-screen")


def _image_files(text: str, page: Path, pages: Path) -> str:
    """Pictures that stand in a page become files, which a browser fetches when they come into view."""

    def file(found: re.Match[str]) -> str:
        content = base64.b64decode(found[2])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{SUFFIX[found[1]]}"
        target = pages / "_images" / name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        address = os.path.relpath(target, page.parent)
        return f'loading="lazy" {_size(content)}src="{address}"'

    return DATA_IMAGE.sub(file, text)


def _size(content: bytes) -> str:
    """Width and height of an SVG, so that the page does not jump when it comes."""
    found = re.search(rb'viewBox="0 0 ([\d.]+) ([\d.]+)"', content[:4000])
    if not found:
        return ""
    return f'width="{float(found[1]):.0f}" height="{float(found[2]):.0f}" '


def _one_style(text: str, page: Path, pages: Path, words: set[str], made: dict[tuple[str, ...], str]) -> str:
    links = [x for x in STYLE.finditer(text) if _inside(page, x["href"], pages)]
    if not links:
        return text
    paths = [_inside(page, x["href"], pages) for x in links]
    key = tuple(str(path) for path in paths)
    if key not in made:
        content = "\n".join(_rebased(path, pages) for path in paths if path)
        made[key] = _write(pages, _used(content, words), "css")
    address = os.path.relpath(pages / "_static" / made[key], page.parent)
    link = f'<link rel="stylesheet" href="{address}">\n'
    for found in reversed(links):
        text = text[: found.start()] + (link if found is links[0] else "") + text[found.end() :]
    return text


def _one_script(text: str, page: Path, pages: Path, made: dict[tuple[str, ...], str]) -> str:
    """One deferred script for all classic ones; what belongs to this page alone becomes attributes."""
    parts: list[str] = []
    attributes: dict[str, str] = {}
    late = ""
    is_search = page == pages / "search.html"

    def take(found: re.Match[str]) -> str:
        nonlocal late
        kind = re.search(r'type="([^"]*)"', found["attributes"])
        source = SOURCE.search(found["attributes"])
        if kind and kind[1] != "text/javascript":
            return "" if "thebe" in kind[1] else found[0]
        if FIRST in found["attributes"]:
            return found[0]
        if source:
            path = _inside(page, source[1], pages)
            if path is None:
                return found[0]
            if path.name in SEARCH:
                before = RESULTS if path.name == "searchindex.js" else ()
                for address in (*before, source[1]) if is_search else ():
                    late += f'<script defer src="{address}"></script>\n'
            else:
                parts.append(str(path))
            return ""
        for name, value in SET.findall(found["body"]):
            attributes["data-" + CAPITAL.sub(r"-\1", name).lower()] = value
        body = SET.sub("", found["body"]).strip()
        if named := PAGE_NAME.search(body):
            attributes["data-page"] = named[1]
            body = "DOCUMENTATION_OPTIONS.pagename = document.documentElement.dataset.page;"
        if body and not body.startswith("kernelName"):
            parts.append(f"inline:{body}")
        return ""

    text = SCRIPT.sub(take, text)
    key = tuple(parts)
    if key not in made:
        parts = [*parts, str(OWN)]
        sources = [x.removeprefix("inline:") if x.startswith("inline:") else Path(x).read_text("utf-8")
                   for x in parts]  # fmt: skip
        made[key] = _write(pages, PLURAL.sub("() => 0;", "\n;\n".join(sources)), "js")
    address = os.path.relpath(pages / "_static" / made[key], page.parent)
    text = text.replace("</head>", f'<script defer src="{address}"></script>\n{late}</head>', 1)
    said = "".join(f' {name}="{value}"' for name, value in sorted(attributes.items()))
    return re.sub(r"<html\b", f"<html{said}", text, count=1)


def _inside(page: Path, address: str, pages: Path) -> Path | None:
    """The file of the book that a page names; None for one outside of it."""
    path = Path(os.path.normpath(page.parent / address))
    return path if path.is_relative_to(pages) and path.is_file() else None


def _write(pages: Path, content: str, suffix: str) -> str:
    name = f"book-{hashlib.sha256(content.encode()).hexdigest()[:16]}.{suffix}"
    (pages / "_static" / name).write_text(content, "utf-8")
    return name


def _rebased(path: Path, pages: Path) -> str:
    """The style sheet with its addresses as they are from the folder ``_static``, its imports put in."""
    text = re.sub(r'@charset\s+"[^"]*";', "", path.read_text("utf-8"))

    def address(found: re.Match[str]) -> str:
        name, _, query = found[2].partition("?")
        moved = os.path.relpath(path.parent / name, pages / "_static")
        return f"url({moved}{'?' + query if query else ''})"

    text = re.sub(
        r'@import\s+(?:url\()?["\']?([\w./-]+\.css)["\']?\)?;',
        lambda found: _rebased(path.parent / found[1], pages),
        text,
    )
    return URL.sub(address, text)


def _scripts(pages: Path) -> Iterator[str]:
    """Scripts that may give an element a class."""
    for folder in (pages / "_static", ASSETS, FRONT):
        for path in sorted([*folder.rglob("*.js"), *folder.rglob("*.mjs")]):
            yield path.read_text("utf-8", "replace")


def _words(texts: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for text in texts:
        found.update(WORD.findall(text))
    return found


def _used(css: str, words: set[str]) -> str:
    """The rules that may apply: those that name no class but such as some page or script has a word for."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(_kept(rules, words))


def _kept(rules: Iterable[Node], words: set[str]) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            alive = [x for x in _selectors(rule.prelude) if _classes(x) <= words]
            if alive:
                body = tinycss2.serialize(rule.content).strip()
                yield f"{','.join(tinycss2.serialize(x).strip() for x in alive)}{{{body}}}\n"
        elif isinstance(rule, AtRule) and rule.lower_at_keyword in GROUPS and rule.content is not None:
            inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            body = "".join(_kept(inner, words))
            if body:
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{body}}}\n"
        else:
            yield rule.serialize() + "\n"


def _selectors(prelude: list[Node]) -> list[list[Node]]:
    """A list of selectors, taken apart at its commas."""
    found: list[list[Node]] = [[]]
    for node in prelude:
        if isinstance(node, LiteralToken) and node.value == ",":
            found.append([])
        else:
            found[-1].append(node)
    return found


def _classes(selector: list[Node]) -> set[str]:
    """Classes that an element must have; what stands in brackets, as in ``:not(.a)``, may be missing."""
    found = set()
    for before, node in pairwise(selector):
        if isinstance(before, LiteralToken) and before.value == "." and node.type == "ident":
            found.add(node.value)
    return found


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
