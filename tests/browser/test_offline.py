"""The course without a network: what is kept works, what is broken off goes on, a new version waits.

`make crawl` walks through the whole site so, and through an unpacked offline pack; otherwise a part of both.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from publish import editions, offline, site
from publish.layout import Layout
from publish.pack import pack
from publish.serve import Handler, Server

from . import crawl

pytestmark = pytest.mark.browser

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ALL = bool(os.environ.get("COURSE_CRAWL"))
EDITION = "2026-1"
W01 = "vi/w01-seeing-the-factory/index.html"
KEEPING = 60_000
SCOPES = "async () => (await navigator.serviceWorker.getRegistrations()).map(({scope}) => scope).sort()"


class Line(Server):
    """A server whose line can be cut: a browser goes on with connections that it has, whoever listens."""

    def __init__(self, *given: Any) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def cut(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in self.open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Host:
    """A host of the site that counts what it sends, and may be cut off, slowed down or lie."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sent: Counter[str] = Counter()
        self.refuse = re.compile("(?!)")  # addresses that it breaks off
        self.lie = re.compile("(?!)")  # addresses for which it sends something else
        self.held: threading.Event | None = None  # until it is set, nothing below runtime/ is sent
        host = self

        class Counting(Handler):
            def send_head(self) -> BinaryIO | None:
                path = self.path.partition("?")[0].removeprefix("/a/course/")
                if "runtime/" in path and host.held:
                    host.held.wait(20)
                if host.refuse.search(path):
                    raise ConnectionError
                if host.lie.search(path):
                    return self.send_content(b"something else", "application/zip")
                host.sent[path] += 1
                return super().send_head()

        self.kind = Counting
        self.server: Line | None = None
        self.port = 0

    def start(self) -> str:
        self.server = Line(("127.0.0.1", self.port), partial(self.kind, directory=str(self.folder)))
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.port}/a/course/"

    def stop(self) -> None:
        if self.server:
            self.server.cut()
            self.server = None


@pytest.fixture
def host(site_folder: Path, tmp_path: Path) -> Iterator[Host]:
    """The built site below a folder, as a host of the test's own has it."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "course").symlink_to(site_folder, target_is_directory=True)
    made = Host(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """A browser with service workers, and nothing kept."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")
    yield context
    context.close()


def visit(context: BrowserContext, address: str) -> Page:
    """Open a page and wait until its language is kept."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".course-offline")).to_have_attribute("data-state", "kept", timeout=KEEPING)
    return page


def open_panel(page: Page, language: str = "vi") -> None:
    name = {"vi": "Dùng khi không có mạng", "en": "Use offline"}[language]
    page.locator(".course-offline").click()
    expect(page.get_by_role("dialog", name=name)).to_be_visible()


def row(page: Page, title: str) -> Any:
    return page.locator(".of-panel li").filter(has=page.get_by_text(title, exact=True))


def keep(page: Page, title: str) -> None:
    row(page, title).get_by_role("button", name=re.compile("^(Lưu|Keep)")).click()
    expect(row(page, title)).to_have_attribute("data-state", "kept", timeout=KEEPING)


def kept(page: Page) -> set[str]:
    """The hashes that this browser keeps."""
    script = "async (name) => (await (await caches.open(name)).keys()).map(({url}) => url.split('/kept/')[1])"
    return set(page.evaluate(script, f"course-{EDITION}")) - {"state"}


def stop_lab(page: Page) -> None:
    page.locator(".course-lab-stop").click()
    expect(page.locator(".course-lab")).to_have_attribute("data-state", "still")


def test_what_is_kept_works_after_the_network_is_cut(host: Host, reader: BrowserContext) -> None:
    """Theory by itself, the lab on request; figures, formulas, quizzes, search and the lab without a host."""
    base = host.start()
    page = visit(reader, base + W01)
    assert not any("runtime/" in name for name in host.sent), "nobody asked for it"
    open_panel(page)
    size = float(row(page, "Bài thực hành").locator(".of-state").inner_text().split()[0].replace(",", "."))
    before = sum(path.stat().st_size for path in (host.folder / "a/course/runtime").rglob("*")) / 1e6
    assert 10 < size < before, "the size of the labs stands there beforehand"
    keep(page, "Bài thực hành")
    names = [W01, "vi/glossary.html", "vi/my-progress.html", "vi/hand-in.html"]
    labs = [W01]
    exercises = []
    if ALL:
        keep(page, "Bài tập")
        keep(page, "Các trang tiếng Anh")
        names = crawl.pages_of(host.folder / "a/course")
        labs = [name for name in names if crawl.WEEK.fullmatch(name)]
        exercises = ["vi/w01.ipynb", "en/w02.ipynb"]
    page.close()
    host.stop()
    seen = crawl.walk(reader, base, names, labs, exercises)
    print(f"\nwithout a network: {seen}")
    assert not seen.faults, "\n".join(seen.faults)
    assert seen.figures > 3
    assert seen.formulas > 3
    assert seen.answers > 3
    assert seen.labs == len(labs) > 0
    page = reader.new_page()
    for address in (base, base + "vi/", base + "index.html?a=b#choose"):
        page.goto(address)
        page.wait_for_url(re.compile("/vi/|#choose"))
        assert page.locator("main").first.is_visible()
    if not ALL:
        page.goto(base + "en/index.html")
        expect(page.get_by_text("this page is not kept on this device")).to_be_visible()


def test_keeping_goes_on_where_it_was_broken_off(host: Host, reader: BrowserContext) -> None:
    base = host.start()
    page = visit(reader, base + W01)
    open_panel(page)
    whole, host.refuse = kept(page), re.compile(r"runtime/.*(numpy|pillow)")
    row(page, "Bài thực hành").get_by_role("button", name="Lưu: Bài thực hành").click()
    labs = row(page, "Bài thực hành")
    expect(labs).to_have_attribute("data-state", "broken", timeout=KEEPING)
    expect(page.locator(".of-said")).to_contain_text("Mạng bị gián đoạn")
    expect(labs.locator(".of-state")).to_contain_text(re.compile(r"^Mới lưu \d+,\d / \d+,\d MB$"))
    assert kept(page) > whole, "what came before the break stays"
    host.refuse = re.compile("(?!)")
    page.reload()  # also after the browser was closed: the next page goes on by itself
    open_panel(page)
    expect(row(page, "Bài thực hành")).to_have_attribute("data-state", "kept", timeout=KEEPING)
    runtime = {name: n for name, n in host.sent.items() if "runtime/" in name}
    assert any("numpy" in name for name in runtime)
    assert set(runtime.values()) == {1}, "a file that is kept is not fetched again"


def test_the_reader_may_pause_go_on_and_remove(host: Host, reader: BrowserContext) -> None:
    base = host.start()
    page = visit(reader, base + "en/index.html")
    open_panel(page, "en")
    theory = kept(page)
    host.held = threading.Event()
    labs = row(page, "Labs")
    labs.get_by_role("button", name="Keep: Labs").click()
    labs.get_by_role("button", name="Pause: Labs").click()
    expect(labs).to_have_attribute("data-state", "paused", timeout=KEEPING)
    host.held.set()
    page.reload()
    open_panel(page, "en")
    expect(labs).to_have_attribute("data-state", "paused")
    page.wait_for_timeout(500)
    expect(labs).to_have_attribute("data-state", "paused")  # a page alone does not overrule the reader
    labs.get_by_role("button", name="Go on: Labs").click()
    expect(labs).to_have_attribute("data-state", "kept", timeout=KEEPING)
    labs.get_by_role("button", name="Remove: Labs").click()
    expect(labs).to_have_attribute("data-state", "size")
    assert kept(page) == theory
    row(page, "Pages in English").get_by_role("button", name=re.compile("^Remove")).click()
    expect(row(page, "Pages in English").get_by_role("button", name=re.compile("^Keep"))).to_be_visible()
    assert kept(page) == set()
    page.reload()
    page.wait_for_timeout(1500)
    assert kept(page) == set(), "what the reader removed does not come back by itself"


def test_a_file_that_is_not_the_right_one_is_not_kept(host: Host, reader: BrowserContext) -> None:
    base = host.start()
    host.lie = re.compile("runtime/.*simpy")
    page = visit(reader, base + W01)
    open_panel(page)
    row(page, "Bài thực hành").get_by_role("button", name="Lưu: Bài thực hành").click()
    expect(page.locator(".of-said")).to_contain_text("vừa được cập nhật", timeout=KEEPING)
    assert row(page, "Bài thực hành").get_attribute("data-state") == "broken"


def test_a_reader_who_saves_data_is_asked_first(host: Host, reader: BrowserContext) -> None:
    reader.add_init_script("Object.defineProperty(navigator, 'connection', {value: {saveData: true}})")
    page = reader.new_page()
    page.goto(host.start() + W01)
    open_panel(page)
    expect(page.locator(".of-said")).to_contain_text("tiết kiệm dữ liệu")
    expect(row(page, "Các trang tiếng Việt")).to_have_attribute("data-state", "size")
    keep(page, "Các trang tiếng Việt")


def test_too_little_room_is_said_before_anything_is_fetched(host: Host, reader: BrowserContext) -> None:
    reader.add_init_script("navigator.storage.estimate = async () => ({quota: 60e6, usage: 5e6})")
    page = visit(reader, host.start() + W01)
    open_panel(page)
    row(page, "Bài tập").get_by_role("button", name="Lưu: Bài tập").click()
    expect(page.locator(".of-said")).to_contain_text("Không đủ chỗ")
    assert not any("runtime/" in name for name in host.sent)


@pytest.fixture
def own_host(site_folder: Path, tmp_path: Path) -> Host:
    """A host whose site the test may change."""
    shutil.copytree(site_folder, tmp_path / "a" / "course", copy_function=os.link)
    return Host(tmp_path)


def change(own: Host, name: str, old: str, new: str) -> None:
    """Publish another version in place, which differs in one file."""
    folder = own.folder / "a" / "course"
    text = (folder / name).read_text("utf-8")
    assert old in text
    for changed in (folder / name, folder / "sw.js", folder / offline.LIST, folder / offline.LITE_WORKER):
        content = changed.read_bytes()
        changed.unlink()  # it is a link to the built site
        changed.write_bytes(content)
    (folder / name).write_text(text.replace(old, new), "utf-8")
    offline.write(folder, Layout(EDITION), site.PYODIDE, site.LITE)


def test_a_new_version_waits_until_it_is_asked_for(own_host: Host, reader: BrowserContext) -> None:
    base = own_host.start()
    page = visit(reader, base + W01)
    before = kept(page)
    page.locator(".course-lab-start").click()
    expect(page.locator(".course-lab")).to_have_attribute("data-state", "live", timeout=KEEPING)
    change(own_host, "vi/glossary.html", "<h1>", "<h1>Bản thứ hai: ")
    own_host.sent.clear()
    page.evaluate("navigator.serviceWorker.ready.then((own) => own.update())")
    page.wait_for_function("navigator.serviceWorker.ready.then((own) => Boolean(own.waiting))")
    notice = page.locator(".of-notice")
    expect(notice).to_have_count(0)  # not beside a lab that runs

    other = reader.new_page()
    other.goto(base + "vi/glossary.html")
    expect(other.locator("article h1")).not_to_contain_text("Bản thứ hai")  # the version that the reader has
    notice_there = other.locator(".of-notice")
    expect(notice_there).to_contain_text("phiên bản mới")
    notice_there.get_by_role("button", name="Cập nhật ngay").click()
    expect(notice_there).to_contain_text("Một bài thực hành hoặc bài tập đang mở")
    expect(page.locator(".course-lab")).to_have_attribute("data-state", "live")

    stop_lab(page)
    expect(notice).to_contain_text("phiên bản mới")
    notice_there.get_by_role("button", name="Cập nhật ngay").click()
    expect(other.locator("article h1")).to_contain_text("Bản thứ hai", timeout=15_000)
    expect(notice).to_contain_text("phiên bản trước")  # the other window is told, not loaded again
    after = kept(other)
    assert len(before - after) == 1, "what the new version has no more is let go"
    assert len(after - before) == 1
    pages = {name for name in own_host.sent if name.endswith(".html") or "_static" in name}
    assert pages == {"vi/glossary.html"}, "the update fetched only what had changed"
    own_host.stop()
    other.reload()
    expect(other.locator("article h1")).to_contain_text("Bản thứ hai")


def test_a_site_that_is_gone_lets_go_of_what_it_kept(own_host: Host, reader: BrowserContext) -> None:
    """Another site at this address, such as one that is being written, is not hidden by the old one."""
    base = own_host.start()
    page = visit(reader, base + "vi/index.html")
    folder = own_host.folder / "a" / "course"
    (folder / "sw.js").unlink()
    (folder / "vi" / "index.html").unlink()
    (folder / "vi" / "index.html").write_text("<title>Another</title>")
    page.evaluate("navigator.serviceWorker.ready.then((own) => own.update())")
    expect(page).to_have_title("Another", timeout=15_000)
    assert base not in page.evaluate(SCOPES)
    assert kept(page) == set()


def test_jupyterlite_keeps_its_worker_and_leaves_ours(host: Host, reader: BrowserContext) -> None:
    base = host.start()
    visit(reader, base + "en/index.html").close()
    page = reader.new_page()
    for _ in range(2):  # the second time it finds a worker, whichever it is
        page.goto(f"{base}lite/notebooks/index.html?path=en/w01.ipynb")
        page.wait_for_function(
            "navigator.serviceWorker.controller?.scriptURL.includes('/lite/service-worker.js')",
            timeout=60_000,
        )
    page.wait_for_function(
        f"async (wanted) => String(await ({SCOPES})()) === wanted", arg=f"{base},{base}lite/"
    )
    host.stop()
    page.goto(base + "en/glossary.html")
    expect(page.locator("article h1")).to_be_visible()


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_panel_is_for_everyone(
    reader: BrowserContext,
    site_url: str,
    axe: Callable[[Page, str], list[str]],
    language: str,
    width: int,
    theme: str,
) -> None:
    page = reader.new_page()
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site_url}{language}/w02-factory-physics/index.html")
    button = page.locator(".course-offline[data-ready]")
    expect(button).to_be_in_viewport()
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    button.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel).to_be_visible()
    expect(panel.locator("li[data-state]")).to_have_count(4)
    assert page.evaluate("document.activeElement.closest('dialog') !== null")
    assert not panel.evaluate("panel => panel.scrollWidth > panel.clientWidth + 1")
    assert axe(page, ".of-panel") == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(button).to_be_focused()


def test_over_plain_http_the_panel_says_what_to_do(host: Host, browser: Browser) -> None:
    """Browsers have no service workers there; a factory's own server often has no certificate."""
    address = host.start().replace("127.0.0.1", "factory.test")
    rule = "--host-resolver-rules=MAP factory.test 127.0.0.1"
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", rule])
    page = chromium.new_page()
    page.goto(address + "en/index.html")
    open_panel(page, "en")
    expect(page.locator(".of-panel")).to_contain_text("offline pack")
    assert page.locator(".of-panel li").count() == 0
    chromium.close()


@pytest.fixture(scope="module")
def unpacked(site_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site as an edition, packed and unpacked in an empty folder."""
    folder = tmp_path_factory.mktemp("pack")
    editions.put(EDITION, folder / "web", {"commit": None, "changed": None}, quick=True)
    pack(folder / "web", folder / "course.zip")
    shutil.unpack_archive(folder / "course.zip", folder / "empty")
    (made,) = (folder / "empty").iterdir()
    return made


@pytest.mark.slow
def test_the_pack_works_in_a_machine_without_a_network(unpacked: Path) -> None:
    """Unpacked in an empty folder, started as its reader does, in a network namespace of its own."""
    command = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    script = [sys.executable, "-P", crawl.__file__, str(unpacked), *(["--all"] if ALL else [])]
    done = subprocess.run([*command, *script], capture_output=True, text=True, timeout=3000)
    print(f"\nthe pack: {done.stdout}")
    assert done.returncode == 0, done.stdout + done.stderr
