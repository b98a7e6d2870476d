"""Compares the two language trees of the book: same pages, same structure, block by block.

What may differ is human text: prose, captions, alternative texts, comments and strings in code cells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

Block = tuple[str, str]

_TEXT_OPTIONS = {"caption", "alt", "title", "figclass"}
_TEXT_ARGUMENT = {"dropdown", "admonition", "note", "warning", "tip", "glossary"}  # title is human text
_SHAPES = {
    "bullet_list_open", "ordered_list_open", "list_item_open", "table_open", "tr_open", "th_open", "td_open",
    "blockquote_open", "paragraph_open",
}  # fmt: skip

markdown = MarkdownIt("commonmark").enable("table")
for _plugin in (
    front_matter_plugin,
    myst_role_plugin,
    dollarmath_plugin,
    colon_fence_plugin,
    myst_block_plugin,
):
    markdown.use(_plugin)


def compare_trees(first: Path, second: Path) -> list[str]:
    """Differences of two trees of Markdown pages, one line each; empty if they are in step."""
    pages = [{p.relative_to(tree).as_posix() for p in tree.rglob("*.md")} for tree in (first, second)]
    found = [f"{first.name}/{name}: there is no {second.name}/{name}" for name in sorted(pages[0] - pages[1])]
    found += [
        f"{second.name}/{name}: there is no {first.name}/{name}" for name in sorted(pages[1] - pages[0])
    ]
    for name in sorted(pages[0] & pages[1]):
        one, two = (list(blocks((tree / name).read_text("utf-8"))) for tree in (first, second))
        found += _differences(name, one, two, (first.name, second.name))
    return found


def _differences(name: str, one: list[Block], two: list[Block], trees: tuple[str, str]) -> list[str]:
    for number, (a, b) in enumerate(zip(one, two, strict=False), 1):
        if a != b:
            shown = [f"{kind} {detail}"[:90] for kind, detail in (a, b)]
            return [f"{name}: block {number}: {trees[0]} has {shown[0]!r}, {trees[1]} has {shown[1]!r}"]
    if len(one) != len(two):
        return [f"{name}: {trees[0]} has {len(one)} blocks, {trees[1]} has {len(two)}"]
    return []


def blocks(source: str) -> Iterator[Block]:
    """The page as a sequence of what both languages must share."""
    for token in markdown.parse(source):
        if token.type == "heading_open":
            yield "heading", token.tag
        elif token.type in _SHAPES:
            yield "shape", token.type.removesuffix("_open")
        elif token.type == "myst_target":
            yield "label", token.content
        elif token.type.startswith("math_block"):
            yield "math", re.sub(r"\\text\{[^}]*\}", "", token.content).strip()
        elif token.type in ("fence", "colon_fence"):
            yield from _fence(token)
        elif token.type == "inline":
            yield from _inline(token)


def _fence(token: Token) -> Iterator[Block]:
    match = re.match(r"\{([\w:.+-]+)\}\s*(.*)", token.info.strip())
    if not match:
        yield "code", token.info + "|" + _code(token.content)
        return
    name, argument = match.groups()
    options, body = {}, token.content.split("\n")
    while body and (option := re.match(r":([\w-]+):\s*(.*)", body[0])):
        options[option[1]] = "text" if option[1] in _TEXT_OPTIONS else option[2]
        body.pop(0)
    shown = bool(argument) if name in _TEXT_ARGUMENT else argument
    yield f"directive {name}", json.dumps([shown, options], ensure_ascii=False)
    text = "\n".join(body)
    if name in ("code-cell", "code-block", "code"):
        yield "code", _code(text)
    elif name in ("math", "bibliography"):
        yield "verbatim", text
    else:
        yield from blocks(text)


def _code(text: str) -> str:
    """Code without comments, and with the letters of its strings left out."""
    text = re.sub(r'"""[\s\S]*?"""', '""', text)
    text = re.sub(r'"[^"\n]*"', '""', text)
    return re.sub(r"(?m)#.*$", "", text)


def _inline(token: Token) -> Iterator[Block]:
    children = token.children or []
    roles = sorted(f"{c.meta['name']}:{_target(c)}" for c in children if c.type == "myst_role")
    maths = sorted(
        re.sub(r"\\text\{[^}]*\}", "", c.content) for c in children if c.type.startswith("math_inline")
    )
    links = sorted(
        str(c.attrs.get("href", c.attrs.get("src", ""))) for c in children if c.type in ("link_open", "image")
    )
    if roles or maths or links:
        yield "inline", json.dumps([roles, maths, links], ensure_ascii=False)


def _target(role: Token) -> str:
    match = re.search(r"<([^<>]+)>\s*$", role.content)
    if match:
        return match[1]
    return "text" if role.meta["name"] == "term" else role.content
