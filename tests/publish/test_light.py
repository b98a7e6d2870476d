"""Formulas are typeset at build and unused icons go, without a change to what a page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont

from publish.errors import PublishError
from publish.icons import drop_icons
from publish.light import lighten, typeset

PAGE = """<html><head><script>window.MathJax = {"options": {}}</script>
<script defer="defer" src="mathjax.js"></script><script src="other.js"></script></head><body>
<p>Rate <span class="math notranslate nohighlight">\\(r_b\\)</span>, if <code>\\(x\\)</code> is code.</p>
<div class="math notranslate nohighlight" id="equation-one">
<span class="eqno">(1)<a class="headerlink" href="#equation-one">#</a></span>\\[a &lt; \\frac{1}{b}\\]</div>
<i class="fa-solid fa-moon"></i></body></html>"""
MOON = 'c={moon:[384,512,[127769,9214],"f186","M1"],'
ICONS = MOON + '"chart-bar":[512,512,["bar-chart"],"f080","M2"],3:[320,512,[51],"33","M3"]}'
CHART = '.fa-bar-chart:before,.fa-chart-bar:before{content:"\\f080"}'
SHEET = '.fa-moon:before{content:"\\f186"}' + CHART + ".a{color:red}"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    for name, text in (("a/index.html", PAGE), ("_static/scripts/fontawesome.js", ICONS),
                       ("_static/styles/pydata-sphinx-theme.css", SHEET)):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_formulas_become_pictures_with_mathml(book: Path) -> None:
    lighten(book)
    page = (book / "a" / "index.html").read_text()
    assert page.count("<svg") == page.count("<math ") == 2
    assert re.search(r"<mi>r</mi>\s*<mi>b</mi>", page)
    assert "<mo>&lt;</mo><mfrac>" in page
    assert 'class="eqno">(1)<a' in page
    assert "<code>\\(x\\)</code>" in page  # only what Sphinx marks as mathematics
    assert "athjax" not in page.lower().replace("mjx", "")
    assert "other.js" in page
    typeset(book)
    assert (book / "a" / "index.html").read_text() == page


def test_a_formula_that_comes_twice_has_names_of_its_own_each_time(book: Path) -> None:
    page = book / "twice.html"
    page.write_text('<p><span class="math">\\(r_b\\)</span> and <span class="math">\\(r_b\\)</span></p>')
    typeset(book)
    names = re.findall(r'\bid="([^"]+)"', page.read_text())
    used = re.findall(r'xlink:href="#([^"]+)"', page.read_text())
    assert len(names) == len(set(names)) == 4
    assert set(used) == set(names)


def test_icons_that_no_page_shows_are_dropped(book: Path) -> None:
    drop_icons(book)
    assert (
        book / "_static/scripts/fontawesome.js"
    ).read_text() == 'c={moon:[384,512,[127769,9214],"f186","M1"],}'
    sheet = (book / "_static/styles/pydata-sphinx-theme.css").read_text()
    assert sheet == '.fa-moon:before{content:"\\f186"}.a{color:red}'


def test_fonts_keep_the_signs_that_style_sheets_show(book: Path) -> None:
    """Sheets name a sign by its code or hold the sign itself, as the theme's notes do."""
    static = book / "_static"
    fonts = static / "vendor" / "fontawesome" / "webfonts"
    fonts.mkdir(parents=True)
    signs = {0xF186: "moon", 0xF0EB: "bulb", 0xF080: "chart"}
    for name in ("fa-solid-900", "fa-brands-400"):
        builder = FontBuilder(1000)
        held = signs if "solid" in name else {0xF09B: "github"}
        builder.setupGlyphOrder([".notdef", *held.values()])
        builder.setupCharacterMap(dict(held))
        square = TTGlyphPen(None)
        square.moveTo((0, 0))
        for point in ((0, 500), (500, 500)):
            square.lineTo(point)
        square.closePath()
        glyph = square.glyph()
        builder.setupGlyf(dict.fromkeys((".notdef", *held.values()), glyph))
        builder.setupHorizontalMetrics(dict.fromkeys((".notdef", *held.values()), (500, 0)))
        builder.setupHorizontalHeader()
        builder.setupPost()
        builder.save(fonts / f"{name}.ttf")
        (fonts / f"{name}.woff2").write_bytes(b"whole")
        sheet = static / "styles" / "pydata-sphinx-theme.css"
        source = f"url(../vendor/fontawesome/webfonts/{name}"
        form = f'{source}.woff2) format("woff2"),{source}.ttf) format("truetype")'
        face = f"@font-face{{font-family:x;src:{form}}}"
        sheet.write_text(face + sheet.read_text())
    (static / "notes.css").write_text('.admonition::after{content:"\uf0eb"}')
    drop_icons(book)
    kept = TTFont(fonts / "fa-solid-900.woff").getBestCmap()
    assert set(kept) == {0xF186, 0xF0EB}
    assert [path.name for path in fonts.iterdir()] == ["fa-solid-900.woff"]
    assert "brands" not in sheet.read_text()


def test_a_formula_that_is_wrong_stops_the_build(book: Path) -> None:
    (book / "b.html").write_text('<span class="math">\\(\\frac{1}\\)</span>')
    with pytest.raises(PublishError, match="frac"):
        lighten(book)
