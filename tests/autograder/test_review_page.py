"""The marking page in real Chromium: two graders, each with a server of their own, on one gradebook."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from autograder.cohort import Cohort
from autograder.gradebook import details
from autograder.markings import markings
from autograder.records import read_record
from autograder.review import reviewed

pytestmark = [pytest.mark.browser, pytest.mark.slow]
START = "import sys; from course import main; main(sys.argv[1:])"
Open = Callable[..., list[Page]]
Begin = Callable[..., "Server"]


class Server:
    """One `course review`, begun; `address` waits until it answers."""

    def __init__(self, cohort: Cohort, *options: str) -> None:
        command = [sys.executable, "-c", START, "review", "-C", str(cohort.path), "--no-browser"]
        self.process = subprocess.Popen(
            [*command, "--port", "0", *options], stdout=subprocess.PIPE, text=True
        )

    def end(self) -> None:
        self.process.terminate()
        self.process.communicate()

    @cached_property
    def address(self) -> str:
        assert self.process.stdout is not None
        address = next(line for line in self.process.stdout if "http://" in line).split()[2]
        for _ in range(240):
            with contextlib.suppress(URLError, OSError):
                urlopen(address, timeout=1).close()
                return address
            time.sleep(0.25)
        raise AssertionError("course review does not answer")


@pytest.fixture
def begin(classroom: Cohort) -> Iterator[Begin]:
    """Begins servers; they end with the test."""
    begun: list[Server] = []

    def begin(*options: str) -> Server:
        begun.append(Server(classroom, *options))
        return begun[-1]

    yield begin
    for server in begun:
        server.end()


@pytest.fixture(scope="module")
def lone(_class_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of one grader, for tests in which nothing is marked."""
    folder = shutil.copytree(_class_cohort, tmp_path_factory.mktemp("lone") / "class")
    server = Server(Cohort.open(folder), "--grader", "An")
    yield server
    server.end()


@pytest.fixture
def graders(context: BrowserContext, begin: Begin) -> Open:
    """Opens the page for graders at once, each in a server and a window of their own."""

    def start(*options: str) -> list[Page]:
        servers, pages = [begin("--grader", *given.split()) for given in options], []
        for server in servers:
            pages.append(context.new_page())
            pages[-1].on("pageerror", lambda error: pytest.fail(f"error in the page: {error}"))
            pages[-1].goto(server.address)
        return pages

    return start


def enter(page: Page) -> None:
    page.locator('[data-table="w01-q8"]').click()
    expect(page.locator("#code")).to_be_visible()


def level(page: Page, row: str, number: int) -> Any:
    return page.locator(f'[data-row="{row}"] label').nth(number)


def saved(page: Page) -> None:
    expect(page.locator("#status")).to_have_class("good")
    expect(page.locator("#status")).to_contain_text(re.compile("Đã lưu lúc"))


def test_two_graders_mark_by_keyboard_and_by_mouse(
    graders: Open, classroom: Cohort, axe: Callable[[Page, str], list[str]]
) -> None:
    an, binh = graders("An", "Bình")
    enter(an)
    enter(binh)
    codes = [page.locator("#code").inner_text() for page in (an, binh)]
    assert codes[0] != codes[1]  # Bình is not given what An is reading
    for page in (an, binh):
        shown = page.locator("body").inner_text()
        assert not any(t.id in shown.replace("-", "") or t.name in shown for t in classroom.roster().values())
        assert axe(page, "body") == []

    # An never leaves the keyboard
    for key in ("1", "5", "0", "1"):
        an.keyboard.press(key)
    saved(an)
    expect(an.locator("#points")).to_have_text("2,5 / 4 điểm")
    expect(an.locator("#progress")).to_have_text("Đã chấm 1 trên 10")
    an.keyboard.press("1")  # one too many
    expect(an.locator("#points")).to_have_text("2,5 / 4 điểm")
    an.keyboard.press("c")
    an.keyboard.type("Rõ ràng 01")  # not levels
    an.keyboard.press("Control+Enter")
    expect(an.locator("#code")).not_to_have_text(codes[0])

    # Bình never leaves the mouse
    for row, number in (("decision", 2), ("figures", 2), ("why", 0)):
        level(binh, row, number).click()
    expect(binh.locator("#status")).to_contain_text("Còn 1 tiêu chí")
    binh.locator("#done").click()  # not done: it says so and stays
    expect(binh.locator("#code")).to_have_text(codes[1])
    level(binh, "risk", 1).click()
    saved(binh)
    level(binh, "why", 1).click()
    saved(binh)
    expect(binh.locator("#points")).to_have_text("3 / 4 điểm")
    binh.locator("#done").click()
    expect(binh.locator("#code")).not_to_have_text(codes[1])
    assert binh.locator("#code").inner_text() != codes[0]  # An has marked it

    marked = {a.mark.grader: a for a in reviewed(classroom) if a.mark}
    assert {name: answer.points for name, answer in marked.items()} == {"An": 2.5, "Bình": 3.0}
    assert marked["An"].mark is not None
    assert marked["An"].mark.levels == {"decision": 1, "figures": 0.5, "why": 0, "risk": 1}
    (detail,) = (d for d in details(classroom, marked["An"].trainee, "w01") if d.question == "q8")
    assert (detail.points, detail.comment) == (2.5, "Rõ ràng 01")
    lines = markings(classroom.path, "w01")[marked["Bình"].trainee, "q8"]
    assert [(line.grader, line.points) for line in lines] == [("Bình", 2.5), ("Bình", 3.0)]


def test_who_is_overtaken_reads_so_and_loses_nothing_of_the_others(graders: Open, classroom: Cohort) -> None:
    an, binh = graders("An", "Bình")
    enter(an)
    enter(binh)
    place = urlsplit(an.url).fragment
    binh.goto(f"{binh.url.split('#')[0]}#{place}")
    binh.reload()
    expect(binh.locator("#code")).to_have_text(an.locator("#code").inner_text())
    expect(binh.locator("#status")).to_have_text("An đang đọc bài này.")
    for page, key in ((an, "1"), (binh, "0")):
        for _ in range(4):
            page.keyboard.press(key)
        if page is an:
            saved(an)
    expect(binh.locator("#status")).to_contain_text("KHÔNG được lưu")
    expect(binh.locator("#status")).to_have_class("bad")
    binh.locator("#status button").click()
    expect(binh.locator("#status")).to_contain_text("Người khác đã chấm bài này.")
    binh.locator("button.main").click()
    expect(binh.locator("#code")).to_be_visible()
    (answer,) = (a for a in reviewed(classroom) if a.mark)
    assert (answer.points, answer.mark.grader if answer.mark else "") == (4, "An")
    assert len(markings(classroom.path, "w01")[answer.trainee, "q8"]) == 1


def test_a_text_stays_a_text_and_nothing_is_loaded_from_elsewhere(lone: Server, page: Page) -> None:
    # the context refuses other hosts, and fails the test if one is asked
    page.goto(lone.address)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    enter(page)
    for _ in range(10):
        if "<script>" in page.locator("#text").inner_text():
            break
        code = page.locator("#code").inner_text()
        page.keyboard.press("n")
        expect(page.locator("#code")).not_to_have_text(code)
    expect(page.locator("#text")).to_contain_text("<script>document.title = 'run'</script> **Lô 15**")
    assert page.locator("#text *").count() == 0
    assert page.title() != "run"
    assert dialogs == []
    policy = page.request.get(page.url.split("#")[0]).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_what_is_not_complete_survives_a_reload(lone: Server, page: Page) -> None:
    page.goto(lone.address)
    enter(page)
    page.keyboard.press("1")
    page.keyboard.press("5")
    code = page.locator("#code").inner_text()
    assert "token" not in page.url
    page.reload()
    expect(page.locator("#code")).to_have_text(code)
    expect(page.locator("#points")).to_have_text("1,5 / 4 điểm")
    expect(page.locator("#progress")).to_have_text("Đã chấm 0 trên 10")


def test_a_second_mark_and_its_settlement(graders: Open, classroom: Cohort) -> None:
    an, second, settle = graders("An", "Bình --second 100%", "Chi --settle")
    enter(an)
    for key in "1111":
        an.keyboard.press(key)
    saved(an)
    second.reload()
    enter(second)
    assert second.locator("#code").inner_text() == an.locator("#code").inner_text()
    assert second.locator("input:checked").count() == 0
    for key in "1001":
        second.keyboard.press(key)
    saved(second)
    second.keyboard.press("Enter")
    expect(second.locator("main")).to_contain_text("Còn 9 bài phải có điểm lần một")
    (answer,) = (a for a in reviewed(classroom) if a.second)
    assert (answer.points, answer.second.points if answer.second else 0) == (4, 2)
    settle.reload()
    enter(settle)
    expect(settle.locator(".earlier")).to_contain_text("Lần hai 2 / 4 điểm")
    expect(level(settle, "why", 0)).to_contain_text("Lần hai")
    expect(level(settle, "why", 2)).to_contain_text("Lần một")
    for key in "1551":
        settle.keyboard.press(key)
    saved(settle)
    settle.keyboard.press("Enter")
    expect(settle.locator("main")).to_contain_text("Đã chấm hết")
    (answer,) = (a for a in reviewed(classroom) if a.second)
    assert (answer.points, answer.settled) == (3, True)


def test_nobody_comes_in_without_the_token_and_no_files_are_given(
    lone: Server, context: BrowserContext
) -> None:
    address, ask = lone.address, context.request
    base = address.split("review/")[0]
    for path in ("review/api/session", "review/", "review/front/review.js"):
        assert ask.get(base + path, max_redirects=0).status in (302, 403), path
    ask.get(address)
    assert ask.get(f"{base}review/api/session").status == 200
    place = f"{base}review/api/answer/w01/q8/{'0' * 32}"
    assert ask.put(place, data={}).status == 403  # a page elsewhere cannot know what has to come with it
    for path in ("api/contents", "api/kernels", "formgrader/gradebook", "tree"):
        assert ask.get(base + path, max_redirects=0).status == 404, path
    for path in ("gradebook.db", "cohort.yml", "roster.csv"):
        assert ask.get(f"{base}files/{path}").status in (403, 404), path


def test_with_names_formgrader_records_marks_and_overwrites_nobodys(graders: Open, classroom: Cohort) -> None:
    (page,) = graders("An --names")
    enter(page)
    number = page.locator("#code").inner_text().replace("-", "")
    answer = next(a for a in reviewed(classroom) if a.trainee == number)
    base = page.url.split("review/")[0]
    forms = [page.context.new_page() for _ in range(2)]
    said: list[str] = []
    for form in forms:
        form.on("dialog", lambda dialog: (said.append(dialog.message), dialog.accept()))
        form.goto(f"{base}formgrader/submissions/{answer.notebook}/")
        expect(form.locator("#w01-q8")).to_have_class(re.compile("needs_manual_grade"))
    for form, points in zip(forms, ("3", "1"), strict=True):
        form.locator("#w01-q8").fill(points)
        with form.expect_response(lambda r: "/api/grade/" in r.url):
            form.locator("#w01-q8").blur()
    forms[1].wait_for_load_state()
    expect(forms[1].locator("#w01-q8")).to_have_value("3")
    assert any("NOT saved" in line for line in said)
    with forms[0].expect_response(lambda r: "/api/comment/" in r.url):
        forms[0].locator("#w01-q8-comment").fill("Từ formgrader")
        forms[0].locator("#w01-q8-comment").blur()
    lines = markings(classroom.path, "w01")[number, "q8"]
    assert [(line.grader, line.points, line.comment) for line in lines] == [
        ("An", 3, ""), ("An", 3, "Từ formgrader"),
    ]  # fmt: skip
    assert read_record(classroom.path, number, "w01").number == 1
    page.reload()
    expect(page.locator("#status")).to_contain_text("3 điểm, nhập ngoài trang này")
