"""Real Chromium against the built site, with the rest of the world switched off."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from publish import fetch
from publish.paths import SITE
from publish.serve import server

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The course's own service worker would answer in place of the routes that tests lay; not in its own.
WITHOUT_WORKER = """if (navigator.serviceWorker) {
  const register = navigator.serviceWorker.register;
  navigator.serviceWorker.register = function (address, ...more) {
    return String(address).endsWith('/sw.js') ? new Promise(() => {}) : register.call(this, address, ...more);
  };
}"""
LOCAL = ("127.0.0.1", "localhost")
# The names of other hosts lead nowhere. Routes that abort such requests would do, but switch off the cache.
NO_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"


def pytest_configure() -> None:
    """Let programs that tests start hear Ctrl+C; in the background of a shell it is ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep in one process those that make parts of `_build`; begin with what takes long."""
    for item in items:
        if item.path.parent == Path(__file__).parent / "publish":
            item.add_marker(pytest.mark.xdist_group("publish"))
    items.sort(key=lambda item: item.path.parent.name != "e2e" and not item.get_closest_marker("xdist_group"))


@pytest.fixture(scope="session")
def site_folder() -> Path:
    if not (SITE / "index.html").exists():
        pytest.fail(f"{SITE} is not built; run: make site")
    return SITE


@pytest.fixture(scope="session")
def site_url(site_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The built site under a sub-path of a local server: nothing may rely on standing at the root."""
    root = tmp_path_factory.mktemp("web")
    (root / "some" / "where").mkdir(parents=True)
    (root / "some" / "where" / "course").symlink_to(site_folder, target_is_directory=True)
    with server(root) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/some/where/course/"
        running.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("no Chromium on this machine; run: make system")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def foreign() -> list[str]:
    """Addresses on other hosts that pages of this test asked for."""
    return []


@pytest.fixture
def context(browser: Browser, foreign: list[str]) -> Iterator[BrowserContext]:
    """A browser without history whose requests to other hosts are recorded, and fail the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.add_init_script(WITHOUT_WORKER)
    watch(context, foreign)
    yield context
    context.close()
    assert not foreign, f"asked other hosts: {sorted(set(foreign))}"


def watch(context: BrowserContext, foreign: list[str]) -> None:
    """Record each request of `context` to another host."""

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in LOCAL:
            foreign.append(request.url)

    context.on("request", note)


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A page of `context`."""
    return context.new_page()


@pytest.fixture
def faults(page: Page) -> Callable[[], list[str]]:
    """What went wrong in `page` since the test began: uncaught errors and files that are not there."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(f"error: {error}"))
    page.on("response", lambda r: found.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    return lambda: found


AXE = """selector => axe.run(selector, {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    .concat(selector === "html" ? ["best-practice"] : []),
  rules: { "target-size": { enabled: true } },
})"""


@pytest.fixture(scope="session")
def axe() -> Callable[[Page, str], list[str]]:
    """Finds in a page or a part of it by Deque's checker, pinned like all that comes from elsewhere.

    WCAG 2.2 A and AA; of a whole page, ``html``, also what Deque calls good practice.
    """
    script = fetch.get("tests")["axe.min.js"].read_text("utf-8")

    def violations(page: Page, selector: str) -> list[str]:
        page.evaluate(script)
        result = page.evaluate(AXE, selector)
        return [
            f"{v['impact']} {v['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for v in result["violations"]
            for node in v["nodes"]
        ]

    return violations
