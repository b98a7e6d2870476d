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
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from publish import fetch, sources
from publish.bundle import bundle
from publish.errors import PublishError
from publish.icons import drop_icons
from publish.paths import CACHE

HERE = Path(__file__).parent
TIMEOUT = 300

# Sphinx writes a formula as TeX inside an element of class math
PLACE = re.compile(r'(<(?P<tag>span|div) class="math[^"]*"[^>]*>)(?P<inside>.*?)(</(?P=tag)>)', re.S)
TEX = re.compile(r"\\\((.+?)\\\)|\\\[(.+?)\\\]", re.S)
NAME = re.compile(r"MJX-\d+-")  # of outlines, which a formula's picture uses several times
LOADER = re.compile(r"<script[^>]*mathjax[^>]*></script>\s*|<script>window\.MathJax = .*?</script>\s*", re.S)


def lighten(pages: Path) -> None:
    """Typeset the formulas and drop the unused icons of a built book, in place."""
    typeset(pages)
    drop_icons(pages)
    bundle(pages)


def typeset(pages: Path) -> None:
    files = [path for path in sorted(pages.rglob("*.html")) if "_static" not in path.parts]
    texts = {path: path.read_text("utf-8") for path in files}
    wanted: dict[tuple[str, bool], str] = {}
    for text in texts.values():
        for place in PLACE.finditer(text):
            for tex in TEX.finditer(place["inside"]):
                wanted[_formula(tex)] = ""
    if wanted:
        wanted = dict(zip(wanted, _mathjax(list(wanted)), strict=True))

    for path, text in texts.items():
        number = count(1)

        def set_in_type(place: re.Match[str], number: Iterator[int] = number) -> str:
            # the same formula again in a page: its outlines must not have the same names
            def one(tex: re.Match[str]) -> str:
                return NAME.sub(f"MJX-{next(number)}-", wanted[_formula(tex)])

            return place[1] + TEX.sub(one, place["inside"]) + place[4]

        changed = PLACE.sub(set_in_type, LOADER.sub("", text))
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
