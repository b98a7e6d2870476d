"""Live reload: what a change asks for, a page that is built alone, and browsers that hear of it."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publish import warm, watch
from publish.book import configure, glossary_page, words_of
from publish.errors import PublishError
from publish.paths import ASSETS, BOOK, FRONT, LABS, ROOT, VERIFY
from publish.serve import server
from publish.watch import Changes


@pytest.mark.parametrize(
    ("changed", "todo"),
    [
        ([BOOK / "vi" / "glossary.md"], Changes(languages=["vi"])),
        ([BOOK / "en" / "x.md", BOOK / "vi" / "x.md"], Changes(languages=["en", "vi"])),
        ([BOOK / "quizzes" / "w01.yml"], Changes(languages=["en", "vi"])),
        ([BOOK / "instructor" / "vi" / "w01.md"], Changes()),
        ([BOOK / "words.txt"], Changes()),
        ([ASSETS / "course.css"], Changes(copies=[ASSETS / "course.css"])),
        ([ASSETS / "quiz" / "quiz.js"], Changes(copies=[ASSETS / "quiz" / "quiz.js"])),
        ([FRONT / "main.js"], Changes(copies=[FRONT / "main.js"])),
        ([VERIFY / "texts.json"], Changes(copies=[VERIFY / "texts.json"])),
        ([ASSETS / "templates" / "lang-switch.html"], Changes(all=True)),
        ([ASSETS / "landing.html"], Changes(all=True)),
        ([LABS / "linelab" / "apps" / "lab01.py", BOOK / "vi" / "x.md"], Changes(all=True)),
        ([ROOT / "publish" / "book.py"], Changes(all=True)),
        ([ROOT / "_toc.yml"], Changes(all=True)),
    ],
)
def test_what_a_change_asks_for(changed: list[Path], todo: Changes) -> None:
    assert watch.sort_out(changed) == todo


def test_every_input_of_the_site_is_watched() -> None:
    times = watch.look()
    for path in (
        BOOK / "glossary.csv",
        ASSETS / "course.css",
        FRONT / "main.js",
        ROOT / "_config.yml",
        ROOT / "locale" / "vi.yml",
        ROOT / "notebooks" / "w01" / "w01.md",
        ROOT / "publish" / "lite.py",
    ):
        assert path in times
    assert not any("__pycache__" in path.parts for path in times)


class Book:
    """A tiny book, staged and served in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.pages = folder / "pages"
        self.served = folder / "served"
        self.served.mkdir()
        self.write("index", "Start")
        for name in ("one", "two"):
            self.write(name, f"Page {name} with $x^2$.")

    def write(self, name: str, text: str) -> None:
        self.pages.mkdir(exist_ok=True)
        (self.pages / f"{name}.md").write_text(f"# The page {name}\n\n{text}\n")

    def stage(self, language: str, target: Path) -> Path:
        words = words_of(language)
        target.mkdir()
        for page in self.pages.iterdir():
            (target / page.name).write_bytes(page.read_bytes())
        (target / "glossary.md").write_text(glossary_page(language, words), "utf-8")
        chapters = [{"file": name} for name in ("one", "two", "glossary")]
        configure(target, language, words, {"format": "jb-book", "root": "index", "chapters": chapters})
        return target

    def build(self) -> dict[str, Any]:
        """As the warm process does it; nothing of Sphinx stays in this one."""
        answer = warm.in_a_fork({"language": "en", "served": str(self.served)})
        warm.load(answer.pop("loaded"))
        return answer


@pytest.mark.slow
def test_a_changed_page_is_built_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SOURCE_DATE_EPOCH": "315532800", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(warm, "BUILD", tmp_path)
    book = Book(tmp_path)
    monkeypatch.setattr(warm, "stage", book.stage)
    first = book.build()
    assert first["complaints"] == []
    assert {"index.html", "one.html", "two.html"} <= set(first["pages"])
    two = (book.served / "two.html").stat()

    book.write("one", "Another text with $y^3$.")
    second = book.build()
    assert second["complaints"] == []
    assert "one.html" in second["pages"]
    assert "two.html" not in second["pages"]
    page = (book.served / "one.html").read_text("utf-8")
    assert "Another text" in page
    assert "<math" in page, "formulas are typeset as in the site"
    assert (book.served / "two.html").stat().st_ino == two.st_ino

    book.write("one", "See {ref}`nowhere`.")
    third = book.build()
    (line,) = third["complaints"]
    assert "one.md" in line
    assert "nowhere" in line

    def fails(language: str, target: Path) -> Path:
        raise PublishError("book/sheets/w01.yml: rows: 2: has 3 cells, not 4")

    monkeypatch.setattr(warm, "stage", fails)
    assert book.build()["complaints"] == ["book/sheets/w01.yml: rows: 2: has 3 cells, not 4"]


def test_a_page_carries_the_script_only_as_it_is_sent_and_hears_of_changes(tmp_path: Path) -> None:
    page = "<html><body><p>x</p></body></html>"
    (tmp_path / "index.html").write_text(page)
    (tmp_path / "data.json").write_text("{}")
    (tmp_path / "sw.js").write_text("keep();")
    with server(tmp_path, handler=watch.LiveHandler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{running.server_port}"

        def get(path: str) -> str:
            with urllib.request.urlopen(address + path, timeout=10) as answer:
                return str(answer.read().decode())

        sent = get("/")
        assert sent != page
        assert sent.count(watch.ADDRESS) == 1
        assert (tmp_path / "index.html").read_text() == page
        assert get("/data.json") == "{}"
        assert "unregister" in get("/sw.js"), "a browser must not go on showing what it kept"
        assert "EventSource" in get(f"{watch.ADDRESS}reload.js")
        with urllib.request.urlopen(f"{address}{watch.ADDRESS}changes", timeout=10) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            first = stream.readline()
            assert stream.readline() == b"\n"
            watch.NEWS.tell()
            assert stream.readline() != first
        running.shutdown()


def test_a_change_goes_to_the_language_and_then_to_the_browsers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page, style = tmp_path / "vi" / "a.md", tmp_path / "assets" / "quiz" / "quiz.css"
    for path in (page, style):
        path.parent.mkdir(parents=True)
        path.write_text("old")
    served = tmp_path / "served" / "assets" / "quiz" / "quiz.css"
    served.parent.mkdir(parents=True)
    served.hardlink_to(style)
    for name, value in {"BOOK": tmp_path, "ASSETS": tmp_path / "assets", "SERVED": tmp_path / "served",
                        "ROOT": tmp_path, "WATCHED": (tmp_path / "vi", tmp_path / "assets"), "SINGLE": (),
                        "PAUSE": 0}.items():  # fmt: skip
        monkeypatch.setattr(watch, name, value)
    asked: list[str] = []

    class Builder:
        def build(self, language: str) -> dict[str, Any]:
            asked.append(language)
            return {"pages": ["a.html"], "complaints": ["a.md:3: WARNING: nowhere"], "seconds": 1.5}

    builder: Any = Builder()
    told: list[int] = []
    tell: Callable[[], None] = lambda: told.append(1)  # noqa: E731
    monkeypatch.setattr(watch.NEWS, "tell", tell)
    times = watch.look()
    assert watch.follow(builder, times) == times
    assert (asked, told) == ([], [])

    page.write_text("new")
    fresh = style.with_name("fresh")
    fresh.write_text("new")
    fresh.replace(style)
    watch.follow(builder, times)
    assert asked == ["vi"]
    assert told
    assert served.read_text() == "new"
    said = capsys.readouterr().out
    assert "vi: a.html changed, 1.5 s" in said
    assert "WARNING: nowhere" in said


def test_the_script_is_in_no_site(publish: Callable[..., str], out: Path) -> None:
    publish("2026-central-1")
    texts = [path.read_bytes() for path in out.rglob("*") if path.suffix in (".html", ".js")]
    assert texts
    assert not any(watch.ADDRESS.encode() + b"changes" in text for text in texts)
