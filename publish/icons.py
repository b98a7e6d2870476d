"""Leaves of the theme's icons those that the pages show: in its script, its style sheet and its fonts.

Font Awesome has some two thousand icons, drawn by a script and by fonts; the pages show a dozen.
"""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

logging.getLogger("fontTools").setLevel(logging.WARNING)  # else `make serve` shows every table

ICON = re.compile(
    r'(?:"(?P<quoted>[\w-]+)"|(?P<bare>[A-Za-z_$][\w$]*|\d+)):'
    r'\[\d+,\d+,\[(?P<aliases>[^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)
RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"[^"]*"\}')
SHOWN = re.compile(r'content:"\\([0-9a-f]{4})"')
DRAWN = re.compile("[\ue000-\uf8ff]")  # a sign that no alphabet has, as it is
FACE = re.compile(r"@font-face\{[^}]*?/(?P<name>fa-[a-z]+-\d+)\.woff2[^}]*\}")
SOURCE = re.compile(r"src:url\(([^)]*)\.woff2\)[^;}]*")


def drop_icons(pages: Path) -> None:
    """Drop the unused icons of a built book, in place."""
    script = pages / "_static" / "scripts" / "fontawesome.js"
    sheet = pages / "_static" / "styles" / "pydata-sphinx-theme.css"
    used = set()
    for path in pages.rglob("*"):
        if path.suffix in (".html", ".js") and path != script and "vendor" not in path.parts:
            used |= set(re.findall(r"\bfa-([a-z0-9-]+)", path.read_text("utf-8", "replace")))

    def drawing(icon: re.Match[str]) -> str:
        names = {icon["quoted"] or icon["bare"], *re.findall(r'"([\w-]+)"', icon["aliases"])}
        return icon[0] if names & used else ""

    def rule(found: re.Match[str]) -> str:
        return found[0] if set(re.findall(r"fa-([a-z0-9-]+)", found[1])) & used else ""

    for path, pattern, kept in ((script, ICON, drawing), (sheet, RULE, rule)):
        if path.exists():
            path.write_text(pattern.sub(kept, path.read_text("utf-8")), "utf-8")
    _subset_fonts(pages, sheet)


def _subset_fonts(pages: Path, sheet: Path) -> None:
    """Cut the fonts down to the characters that style sheets show; a font without any goes."""
    fonts = pages / "_static" / "vendor" / "fontawesome" / "webfonts"
    if not fonts.is_dir():
        return
    styles = [path.read_text("utf-8", "replace") for path in (pages / "_static").rglob("*.css")]
    shown = {int(code, 16) for text in styles for code in SHOWN.findall(text)}
    shown |= {ord(sign) for text in styles for sign in DRAWN.findall(text)}  # those of the theme's notes

    def face(found: re.Match[str]) -> str:
        made = _cut(fonts / f"{found['name']}.ttf", shown)
        if made is None:
            return ""
        (fonts / f"{found['name']}.woff").write_bytes(made)
        return SOURCE.sub(r'src:url(\1.woff) format("woff")', found[0])

    changed = FACE.sub(face, sheet.read_text("utf-8"))
    sheet.write_text(changed, "utf-8")
    for path in fonts.iterdir():
        if path.name not in changed:
            path.unlink()


def _cut(path: Path, shown: set[int]) -> bytes | None:
    """The font with these characters alone, as WOFF; None if it has none of them."""
    font = TTFont(path, recalcTimestamp=False)
    wanted = shown & set(font.getBestCmap())
    if not wanted:
        return None
    options = subset.Options(flavor="woff", hinting=False, notdef_outline=True, name_IDs=[])
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=sorted(wanted))
    cutter.subset(font)
    font.flavor = "woff"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
