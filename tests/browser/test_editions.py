"""Two published editions on one host: whole under a sub-path, apart from each other; the old one says so."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from publish import editions, root, site
from publish.lite import build_lite
from publish.notebooks import build_releases
from publish.serve import server

pytestmark = pytest.mark.browser

OLD, NEW = "2025-central-1", "2026-central-1"
LOADING = 90_000
GONE = ("vi/reference/theory.html", "vi/w01-seeing-the-factory/sheet.html")


@pytest.fixture(scope="module")
def web(site_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A web root with both, made from the parts of the built site; the newer one has lost two pages."""
    folder = tmp_path_factory.mktemp("editions")
    out = folder / "web" / "a" / "course"
    for edition in (OLD, NEW):
        build_releases(folder / "release" / edition, edition)
        lite = build_lite(site.PYODIDE, folder / "release" / edition, folder / "lite" / edition, edition)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(site, "LITE", lite)
            patch.setattr(editions, "LITE", lite)
            editions.put(edition, out, {"commit": None, "changed": None}, quick=True)
    listed = json.loads((out / root.NAME).read_text("utf-8"))
    listed["newest"]["pages"] = [page for page in listed["newest"]["pages"] if page not in GONE]
    (out / root.NAME).write_text(json.dumps(listed), "utf-8")
    return folder / "web"


@pytest.fixture(scope="module")
def address(web: Path) -> Iterator[str]:
    with server(web) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/a/course/"
        running.shutdown()


@pytest.mark.parametrize(
    ("page_of_old", "leads_to"),
    [
        ("vi/w02-factory-physics/index.html", "vi/w02-factory-physics/index.html"),
        ("en/glossary.html", "en/glossary.html"),
        ("en/", "en/index.html"),
        ("vi/w01-seeing-the-factory/sheet.html", "vi/w01-seeing-the-factory/index.html"),
        ("vi/reference/theory.html", "vi/index.html"),
    ],
)
def test_an_old_page_leads_to_the_nearest_one_of_the_newest_edition(
    page: Page, address: str, page_of_old: str, leads_to: str
) -> None:
    page.goto(f"{address}{OLD}/{page_of_old}")
    notice = page.get_by_role("note").filter(has_text=NEW)
    expect(notice).to_contain_text(OLD)
    notice.get_by_role("link").click()
    assert page.url == f"{address}{NEW}/{leads_to}"
    page.wait_for_load_state("networkidle")
    expect(page.locator(".course-edition")).to_have_count(0)  # the newest has nothing to say


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_notice_is_quiet_and_legible(
    page: Page, address: str, theme: str, axe: Callable[[Page, str], list[str]]
) -> None:
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    page.goto(f"{address}{OLD}/en/glossary.html")
    notice = page.locator(".course-edition")
    expect(notice).to_contain_text("your work is kept and handed in here")
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert axe(page, ".course-edition") == []
    page.emulate_media(media="print")
    expect(notice).to_be_hidden()
    page.emulate_media(media="screen")
    close = notice.get_by_role("button", name="Close this notice")
    close.focus()
    page.keyboard.press("Enter")
    expect(notice).to_have_count(0)
    page.goto(f"{address}{OLD}/en/index.html")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".course-edition")).to_have_count(0)  # closed for this newest edition, on every page


def test_without_a_list_or_scripts_a_page_is_as_it_was(
    context: BrowserContext, browser: Browser, address: str
) -> None:
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route(re.compile(r"editions\.json"), lambda route: route.abort())
    page.goto(f"{address}{OLD}/vi/glossary.html", wait_until="networkidle")
    expect(page.locator(".course-edition")).to_have_count(0)
    page.route(re.compile(r"editions\.json"), lambda route: route.fulfill(body="<html>", status=200))
    page.reload(wait_until="networkidle")
    expect(page.locator(".course-edition")).to_have_count(0)
    assert errors == []
    plain = browser.new_context(java_script_enabled=False)
    try:
        page = plain.new_page()
        page.goto(f"{address}{OLD}/vi/glossary.html")
        expect(page.locator("article h1")).to_be_visible()
        assert page.locator(".course-edition").count() == 0
    finally:
        plain.close()


def test_a_draft_says_that_it_is_one(page: Page, address: str) -> None:
    listed = {"editions": [{"edition": NEW, "draft": True}], "newest": None}
    page.route(re.compile(r"editions\.json"), lambda route: route.fulfill(json=listed))
    page.goto(f"{address}{NEW}/vi/index.html")
    expect(page.get_by_role("note")).to_contain_text("bản nháp")


def test_the_index_works_without_scripts_and_passes_axe(
    page: Page, browser: Browser, address: str, axe: Callable[[Page, str], list[str]]
) -> None:
    page.goto(address)
    assert axe(page, "html") == []
    plain = browser.new_context(java_script_enabled=False)
    try:
        page = plain.new_page()
        page.goto(address)
        assert page.locator("h2").all_inner_texts() == [NEW, OLD]
        page.get_by_role("listitem").filter(has_text=OLD).get_by_role("link", name="English").click()
        assert page.url == f"{address}{OLD}/en/index.html"
    finally:
        plain.close()


def kept(page: Page) -> list[str]:
    """Names of all that this browser keeps of the course; the theme's own two are of no edition."""
    script = """async () => [
      ...Object.keys(localStorage).filter((key) => !["mode", "theme"].includes(key)),
      ...(await indexedDB.databases()).map((database) => database.name)]"""
    names: list[str] = page.evaluate(script)
    return names


def test_a_lab_runs_on_the_shared_runtime_and_keeps_its_log_apart(
    page: Page, address: str, faults: Callable[[], list[str]]
) -> None:
    page.goto(f"{address}{OLD}/en/w01-seeing-the-factory/index.html")
    page.locator(".course-lab-start").click()
    expect(page.locator(".course-lab[data-state=live]")).to_be_visible(timeout=LOADING)
    page.locator('[data-lever="transfer_lot"] label').nth(1).click()
    page.locator(".ll-guess").fill("100")
    page.locator(".ll-guess").press("Enter")
    expect(page.locator(".ll-log tbody tr")).to_have_count(1, timeout=LOADING)
    names = kept(page)
    assert any(name.startswith(f"linelab:{OLD}:lab01-") for name in names)
    assert all(OLD in name for name in names)
    page.goto(f"{address}{OLD}/en/my-progress.html")
    lab = page.locator('[data-week="w01"] [data-part="lab"]')
    expect(lab).to_contain_text("plans tried: 1")
    page.goto(f"{address}{NEW}/en/my-progress.html")
    expect(lab).to_contain_text("no plan tried yet")
    assert faults() == []


def test_an_exercise_carries_its_edition_and_is_kept_in_it(
    page: Page, address: str, faults: Callable[[], list[str]]
) -> None:
    page.goto(f"{address}{OLD}/lite/notebooks/index.html?path=en/w01.ipynb")
    cell = page.locator(".jp-CodeCell .cm-content", has_text="TRAINEE")
    expect(cell).to_contain_text(f'edition="{OLD}"', timeout=LOADING)
    # its kernel is at work: for that, JupyterLite's service worker must serve its files
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=LOADING)
    cell.click()
    page.keyboard.press("Control+s")
    page.wait_for_function(
        "async (name) => (await indexedDB.databases()).some((database) => database.name === name)",
        arg=f"course-{OLD}",
    )
    page.goto(f"{address}{OLD}/en/hand-in.html")
    expect(page.locator(".hi-body")).to_contain_text("w01", timeout=LOADING)
    expect(page.locator(".hi-body section.hi-card").first).to_be_visible()
    page.goto(f"{address}{NEW}/en/hand-in.html")
    expect(page.locator(".hi-status")).to_contain_text("No exercise is saved")
    assert all(OLD in name for name in kept(page))
    assert faults() == []
