"""Makes the built pages light: formulas are typeset here and not in the browser, and unused icons go.

MathJax and Font Awesome would be two thirds of what a page loads. MathJax runs under node over all pages at
once; each formula becomes a picture of outlines, with its MathML beside it for screen readers.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
import tempfile
from pathlib import Path

from publish import fetch, sources
from publish.errors import PublishError
from publish.paths import CACHE

HERE = Path(__file__).parent
TIMEOUT = 300

# Sphinx writes a formula as TeX inside an element of class math
PLACE = re.compile(r'(<(?P<tag>span|div) class="math[^"]*"[^>]*>)(?P<inside>.*?)(</(?P=tag)>)', re.S)
TEX = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]", re.S)
LOADER = re.compile(r"<script[^>]*mathjax[^>]*></script>\s*|<script>window\.MathJax = .*?</script>\s*", re.S)
ICON = re.compile(
    r'(?:"(?P<quoted>[\w-]+)"|(?P<bare>[A-Za-z_$][\w$]*|\d+)):'
    r'\[\d+,\d+,\[(?P<aliases>[^\]]*)\],"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)

RULE = re.compile(r'((?:\.fa-[a-z0-9-]+:before,?)+)\{content:"[^"]*"\}')


def lighten(pages: Path) -> None:
    """Typeset the formulas and drop the unused icons of a built book, in place."""
    _typeset(pages)
    _drop_icons(pages)


def _typeset(pages: Path) -> None:
    files = [path for path in sorted(pages.rglob("*.html")) if "_static" not in path.parts]
    texts = {path: path.read_text("utf-8") for path in files}
    wanted: dict[tuple[str, bool], str] = {}
    for text in texts.values():
        for place in PLACE.finditer(text):
            for tex in TEX.finditer(place["inside"]):
                wanted[_formula(tex)] = ""
    if wanted:
        wanted = dict(zip(wanted, _mathjax(list(wanted)), strict=True))

    def typeset(place: re.Match[str]) -> str:
        return place[1] + TEX.sub(lambda tex: wanted[_formula(tex)], place["inside"]) + place[4]

    for path, text in texts.items():
        changed = PLACE.sub(typeset, LOADER.sub("", text))
        if changed != text:
            path.write_text(changed, "utf-8")


def _formula(tex: re.Match[str]) -> tuple[str, bool]:
    return html.unescape(tex[1] or tex[2]).strip(), tex[2] is not None


def _mathjax(formulas: list[tuple[str, bool]]) -> list[str]:
    """Each formula as HTML."""
    found = fetch.get("typeset", CACHE)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for path, source in found.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
        command = [*sources.node(), str(HERE / "typeset.mjs"), str(folder / "es5" / "node-main.js")]
        given = json.dumps([{"tex": tex, "display": display} for tex, display in formulas])
        try:
            done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=TIMEOUT)
        except (sources.SourceError, subprocess.TimeoutExpired) as error:
            raise PublishError(f"publish/typeset.mjs: node does not run: {error}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise PublishError(f"publish/typeset.mjs: {last[:300]}")
    results: list[str] = json.loads(done.stdout)
    return results


def _drop_icons(pages: Path) -> None:
    """Leave of the theme's icons, drawn by a script and named in its style sheet, those that pages show."""
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
