"""Formulas are typeset at build and unused icons go, without a change to what a page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

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


def test_a_formula_that_is_wrong_stops_the_build(book: Path) -> None:
    (book / "b.html").write_text('<span class="math">\\(\\frac{1}\\)</span>')
    with pytest.raises(PublishError, match="frac"):
        lighten(book)
