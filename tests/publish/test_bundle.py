"""One style sheet, one script and a policy a page, without a change to what a page shows or can do."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from publish.bundle import bundle, with_policy

PAGE = """<!doctype html><html lang="vi"><head><meta charset="utf-8" />
<meta name="viewport" content="a" /><meta name="viewport" content="b"/>
<script data-cfasync="false">document.documentElement.dataset.mode = "auto";</script>
<link href="../_static/styles/theme.css?digest=1" rel="stylesheet" />
<link rel="stylesheet" href="../_static/more.css">
<link rel="stylesheet" href="../_static/../../assets/course.css">
<script>document.documentElement.dataset.courseRoot="../../";</script>
<script defer src="../_static/scripts/theme.js?digest=1"></script>
<script src="../_static/options.js"></script>
<script>let word = 'x';</script>
<script>DOCUMENTATION_OPTIONS.pagename = 'w01/index';</script>
<script src="../_static/searchtools.js"></script><script src="../_static/searchindex.js"></script></head>
<body class="dark"><p class="used">Text</p><button onclick="toggleFullScreen()">F</button>
<img alt="A" src="data:image/svg+xml;base64,{svg}">
<script type="module" src="../../assets/quiz.js"></script>
<script type="application/json">{{"kept": true}}</script></body></html>"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660.4 300.2"></svg>'
THEME = """@charset "utf-8";
.used, .zz-unused > b { color: red; background: url(../vendor/a.svg) }
.zz-unused{color:blue} p:not(.zz-unused){margin:0}
@media print { .zz-unused{display:none} .used{display:block} }
@media screen { .zz-unused{display:none} }
@font-face { font-family: F; src: url("../vendor/f.woff") }
@keyframes turn { from { opacity: 0 } to { opacity: 1 } }
.by-script{color:green}"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    pages = tmp_path / "vi"
    files = {
        "w01/index.html": PAGE.format(svg=base64.b64encode(SVG).decode()),
        "search.html": PAGE.replace("../_static", "_static").format(svg=""),
        "_static/styles/theme.css": THEME,
        "_static/more.css": "#a{color:url(pic.png)}",
        "_static/scripts/theme.js": "const theme = 1; document.body.classList.add('by-script')",
        "_static/options.js": "const DOCUMENTATION_OPTIONS = {};",
        "_static/searchtools.js": "const search = 1;",
        "_static/searchindex.js": "const index = 1;",
        "_static/unused.js": "1",
    }
    for name, content in files.items():
        (pages / name).parent.mkdir(parents=True, exist_ok=True)
        (pages / name).write_text(content, "utf-8")
    bundle(pages)
    return pages


def linked(page: Path, pattern: str) -> list[Path]:
    found = re.findall(pattern, page.read_text("utf-8"))
    return [(page.parent / name).resolve() for name in found]


def test_rules_that_may_apply_stay_and_others_go(book: Path) -> None:
    page = book / "w01" / "index.html"
    own, shared = linked(page, r'rel="stylesheet" href="([^"]+)"')
    assert shared.name == "course.css"
    sheet = own.read_text("utf-8")
    assert ".used{color: red; background: url(vendor/a.svg)}" in sheet
    assert ".zz-unused" not in sheet.replace("p:not(.zz-unused)", "")
    assert "p:not(.zz-unused){margin:0}" in sheet
    assert "@media print {.used{display:block}" in sheet
    assert "@media screen" not in sheet
    assert "url(vendor/f.woff)" in sheet
    assert "@keyframes turn" in sheet
    assert ".by-script{color:green}" in sheet  # a class that only a script gives
    assert "#a{color:url(pic.png)}" in sheet


def test_scripts_run_in_their_order_and_hold_nothing_up(book: Path) -> None:
    page = book / "w01" / "index.html"
    text = page.read_text("utf-8")
    (script,) = linked(page, r'<script defer src="([^"]+)"')
    code = script.read_text("utf-8")
    order = [
        "const theme = 1",
        "const DOCUMENTATION_OPTIONS",
        "let word = 'x'",
        "DOCUMENTATION_OPTIONS.pagename =",
    ]
    places = [code.index(part) for part in order]
    assert places == sorted(places)
    assert re.search(r'<html data-course-root="\.\./\.\./" data-page="w01/index" lang="vi"', text)
    assert 'type="module" src="../../assets/quiz.js"' in text
    assert '{"kept": true}' in text
    assert "onclick" not in text
    assert "data-full-screen" in text
    assert not (book / "_static" / "unused.js").exists()


def test_search_scripts_are_on_the_page_of_results_alone(book: Path) -> None:
    page, search = ((book / name).read_text("utf-8") for name in ("w01/index.html", "search.html"))
    assert "searchtools" not in page
    assert "excerpts" not in page
    late = re.findall(r'<script defer src="([^"]+)"', search)[1:]
    ours = [f"../assets/search/{name}.js" for name in ("ranking", "excerpts")]
    assert late == ["_static/searchtools.js", *ours, "_static/searchindex.js"]


def test_the_policy_allows_the_one_inline_script_and_no_other(book: Path) -> None:
    text = (book / "w01" / "index.html").read_text("utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    (body,) = re.findall(r'<script data-cfasync="false">(.*?)</script>', text, re.S)
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    assert re.findall(r"'sha256-([^']+)'", policy) == [digest]
    script = policy.split("script-src")[1].split(";")[0]
    assert "unsafe-inline" not in script
    assert "'unsafe-eval'" not in script
    assert text.count("<script>") == 0
    assert text.count('name="viewport"') == 1


def test_a_page_of_ours_gets_the_same_policy() -> None:
    text = with_policy('<head><meta charset="utf-8"><script>let a = 1;</script></head>')
    assert text.count("'sha256-") == 1


def test_pictures_in_the_page_become_files_with_a_size(book: Path) -> None:
    text = (book / "w01" / "index.html").read_text("utf-8")
    (image,) = linked(book / "w01" / "index.html", r'loading="lazy" width="660" height="300" src="([^"]+)"')
    assert image.read_bytes() == SVG
    assert "base64" not in text
