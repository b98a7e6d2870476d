"""The lab of week 1 in its page, as a trainee uses it, and what the page says when it cannot run."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

WEEK = "w01-seeing-the-factory/index.html"
RUN = {"vi": "Chạy phương án", "en": "Run the plan"}
READY = {"vi": "Bài thực hành đã sẵn sàng.", "en": "The lab is ready."}
LOADING = 60_000


def open_week(page: Page, site_url: str, language: str) -> None:
    page.goto(f"{site_url}{language}/{WEEK}")
    expect(page.locator(".course-lab")).to_have_attribute("data-state", "still")


def start(page: Page, state: str = "live") -> float:
    begun = time.perf_counter()
    page.locator(".course-lab-start").click()
    expect(page.locator(".course-lab")).to_have_attribute("data-state", state, timeout=LOADING)
    if state == "live":
        expect(page.locator(".course-lab-live img").first).to_be_visible()
    return time.perf_counter() - begun


def status(page: Page) -> str:
    return page.locator(".course-lab-status").inner_text()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_start_move_a_lever_run(
    page: Page, site_url: str, language: str, faults: Callable[[], list[str]]
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_week(page, site_url, language)
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if "/runtime/" in url or "/html-manager/" in url], "loaded before start"

    shown: list[int] = []
    page.expose_function("progressed", lambda percent: shown.append(int(percent)))
    page.evaluate(
        "new MutationObserver(([m]) => progressed(m.target.getAttribute('aria-valuenow')))"
        ".observe(document.querySelector('.course-lab-bar'), {attributeFilter: ['aria-valuenow']})"
    )
    cold = start(page)
    assert status(page) == READY[language]
    assert shown == sorted(shown), "the progress bar went back"
    assert len(set(shown)) >= 4
    expect(page.locator(".course-lab-still")).to_be_hidden()

    live = page.locator(".course-lab-live")
    before = live.locator("img").first.get_attribute("src")
    live.locator(".widget-toggle-button").nth(1).click()
    guess = live.locator("input[type=number]")
    guess.fill("60")
    guess.press("Tab")
    run = live.get_by_role("button", name=RUN[language])
    expect(run).to_be_enabled()
    begun = time.perf_counter()
    run.click()
    expect(live.locator("img")).to_have_count(2, timeout=30_000)
    answered = time.perf_counter() - begun
    assert live.locator("img").first.get_attribute("src") != before
    page.reload()
    warm = start(page)
    print(f"\nlab01 {language}: first picture {cold:.1f} s cold, {warm:.1f} s warm; a run {answered:.1f} s")
    assert faults() == []


def test_keyboard_restart_and_stop(page: Page, site_url: str, faults: Callable[[], list[str]]) -> None:
    open_week(page, site_url, "vi")
    page.locator(".course-lab-start").focus()
    page.keyboard.press("Enter")
    lab = page.locator(".course-lab")
    expect(lab).to_have_attribute("data-state", "live", timeout=LOADING)
    page.locator(".course-lab-restart").focus()
    page.keyboard.press("Enter")
    expect(lab).to_have_attribute("data-state", "loading")
    expect(lab).to_have_attribute("data-state", "live", timeout=LOADING)
    expect(page.locator(".course-lab-live .linelab-panel")).to_have_count(1)
    page.locator(".course-lab-stop").click()
    expect(lab).to_have_attribute("data-state", "still")
    expect(page.locator(".course-lab-still")).to_be_visible()
    expect(page.locator(".course-lab-start")).to_be_focused()
    expect(page.locator(".course-lab-live .linelab-panel")).to_have_count(0)
    assert faults() == []


@pytest.mark.parametrize(
    "file", ["**/numpy-*.whl", "**/worker.js", "**/libembed-amd.js", "**/pyodide.asm.wasm"]
)
def test_a_file_that_does_not_come_is_named_and_can_be_tried_again(
    page: Page, site_url: str, file: str
) -> None:
    open_week(page, site_url, "en")
    page.route(file, lambda route: route.abort())
    start(page, "failed")
    assert re.search(file.strip("*/").split("-")[0].split(".")[0], status(page)), status(page)
    expect(page.locator(".course-lab-still")).to_be_visible()
    expect(page.locator(".course-lab-start")).to_have_text("Try again")
    page.unroute(file)
    start(page)
    assert status(page) == READY["en"]


def test_without_webassembly_the_page_says_so(page: Page, site_url: str) -> None:
    page.add_init_script("delete globalThis.WebAssembly")
    open_week(page, site_url, "vi")
    start(page, "failed")
    assert "WebAssembly" in status(page)
    expect(page.locator(".course-lab-still")).to_be_visible()


def test_silence_ends_in_a_message(page: Page, site_url: str) -> None:
    held: list[Route] = []
    page.clock.install()
    open_week(page, site_url, "vi")
    page.route("**/pyodide.asm.wasm", lambda route: held.append(route))  # neither answered nor refused
    page.locator(".course-lab-start").click()
    expect(page.locator(".course-lab")).to_have_attribute("data-state", "loading")
    for _ in range(100):
        if held:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(3000)  # let what does come, come
    page.clock.fast_forward(61_000)
    expect(page.locator(".course-lab")).to_have_attribute("data-state", "failed")
    assert "60 giây" in status(page)
    for route in held:
        route.abort()
