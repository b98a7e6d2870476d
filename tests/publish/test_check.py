"""The gates before publishing find what they are there for."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import nbformat
import pytest

from publish import check
from publish.parity import blocks, compare_trees

SECRET = 'plan = {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240}'


def test_needles_hold_the_solutions_and_not_the_released_text() -> None:
    needles = check.needles()
    assert SECRET in needles
    assert any("mark_plan(case" in line for line in needles)
    assert not any("check(" in line and "mark" not in line for line in needles)
    assert len(needles) > 20


@pytest.mark.parametrize("form", ["plain", "json", "html", "wheel", "wrapped"])
def test_a_leak_is_found_in_any_form(tmp_path: Path, form: str) -> None:
    if form == "plain":
        (tmp_path / "page.html").write_text(f"<p>{SECRET}</p>")
    elif form == "json":
        (tmp_path / "searchindex.js").write_text(json.dumps({"text": f"a\n{SECRET}\nb"}))
    elif form == "html":
        (tmp_path / "page.html").write_text(SECRET.replace('"', "&quot;"))
    elif form == "wheel":
        with zipfile.ZipFile(
            tmp_path / "linelab-0.1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED
        ) as archive:
            archive.writestr("linelab/x.py", SECRET)
    else:
        (tmp_path / "page.txt").write_text(SECRET.replace(", ", ",\n    "))
    found = check.find_leaks(tmp_path, check.needles())
    assert len(found) == 1
    assert "transfer_lot" in found[0]


def test_a_clean_folder_has_no_leak(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<p>Takt is working time over demand.</p>")
    assert check.find_leaks(tmp_path, check.needles()) == []


@pytest.mark.parametrize(
    "source",
    [
        '<script src="https://cdn.example/x.js"></script>',
        "<img alt='' src='//cdn.example/x.png'>",
        '<link href="https://cdn.example/x.css" rel="stylesheet">',
        "<style>body{background:url(https://cdn.example/x.png)}</style>",
        '<script>fetch("https://cdn.example/x")</script>',
        '<script type=module>import x from "https://cdn.example/x.mjs"</script>',
        '<script>r.open("GET", "https://cdn.example/x")</script>',
    ],
)
def test_foreign_hosts_are_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "page.html").write_text(source)
    (found,) = check.find_foreign_hosts(tmp_path)
    assert "page.html: loads from cdn.example" in found


def test_a_cdn_that_waits_as_a_fallback_is_found(tmp_path: Path) -> None:
    (tmp_path / "x.js").write_text('const base = local || "https://cdn.jsdelivr.net/npm/x"')
    assert check.find_foreign_hosts(tmp_path) == ["x.js: names the CDN cdn.jsdelivr.net"]


def test_links_that_a_reader_clicks_are_no_matter(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<a href="https://doi.org/10.1287/opre.9.3.383">Little</a><link rel="alternate" href="../en/x.html">'
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
    )
    assert check.find_foreign_hosts(tmp_path) == []


def test_the_two_languages_are_in_step() -> None:
    assert check.parity() == []


@pytest.mark.parametrize(
    ("vi", "en", "said"),
    [
        ("# Một\n", None, "there is no"),
        ("# Một\n## Hai\n", "# One\n### Two\n", "heading"),
        ("(a)=\n# Một\n", "(b)=\n# One\n", "label"),
        ("$x = 1$\n", "$x = 2$\n", "inline"),
        ("{ref}`một <a>`\n", "{ref}`one <b>`\n", "inline"),
        ("```{lab} lab01\n```\n", "```{lab} lab02\n```\n", "directive lab"),
        ("```{code-cell}\nx = 1\n```\n", "```{code-cell}\nx = 2\n```\n", "code"),
        ("- một\n- hai\n", "- one\n", "blocks|shape"),
        ("| a |\n|---|\n| b |\n", "| a |\n|---|\n| b |\n| c |\n", "blocks|shape"),
        ("[x](a.md)\n", "[x](b.md)\n", "inline"),
    ],
)
def test_a_difference_between_the_languages_is_found(
    tmp_path: Path, vi: str, en: str | None, said: str
) -> None:
    for name, text in (("vi", vi), ("en", en)):
        (tmp_path / name).mkdir()
        if text is not None:
            (tmp_path / name / "page.md").write_text(text, "utf-8")
    found = compare_trees(tmp_path / "vi", tmp_path / "en")
    assert len(found) == 1
    assert any(word in found[0] for word in said.split("|"))


def test_an_exercise_whose_languages_differ_is_found() -> None:
    def cells(*sources: str) -> list[nbformat.NotebookNode]:
        return [nbformat.v4.new_markdown_cell(source) for source in sources]

    assert check.compare_cells("w01", cells("# Một", "hai"), cells("# One", "two")) == []
    assert "1 cells, en has 2" in check.compare_cells("w01", cells("# Một"), cells("# One", "two"))[0]
    assert "cell 2" in check.compare_cells("w01", cells("# Một", "- hai"), cells("# One", "two"))[0]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("gone.html", "no such file"),
        ("other.html#gone", "no such place"),
        ("#gone", "no such place"),
        ("../lite/notebooks/index.html?path=vi/gone.ipynb", "no such notebook"),
    ],
)
def test_a_broken_link_is_found(tmp_path: Path, link: str, said: str) -> None:
    for folder in ("vi", "en", "lite/notebooks"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "lite" / "notebooks" / "index.html").write_text("")
    (tmp_path / "vi" / "other.html").write_text('<p id="here">x</p>')
    page = tmp_path / "vi" / "page.html"
    page.write_text('<a href="other.html#here">a</a><a href="https://doi.org/10">b</a><a href="../vi">c</a>')
    (tmp_path / "vi" / "index.html").write_text("")
    assert check.find_broken_links(tmp_path) == []
    page.write_text(f'<a href="{link}">a</a>')
    (found,) = check.find_broken_links(tmp_path)
    assert said in found


def test_human_text_may_differ() -> None:
    page = (
        "(a)=\n# {}\n\n{} **{}** $x$.\n\n```{{dropdown}} {}\n{}\n```\n\n"
        '```{{code-cell}}\nsay("{}")  # {}\n```\n'
    )
    vi = page.format("Một", "Xin chào", "bạn", "Trả lời", "Đúng", "chào", "nói")
    en = page.format("One", "Hello", "you", "Answer", "Right", "hello", "say")
    assert list(blocks(vi)) == list(blocks(en))
