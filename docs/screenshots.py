"""Takes the pictures of docs/: home, week 1, running lab and verify page, both languages, desktop and phone.

`make screenshots`, after `make site`. They are JPEG, small enough to live in the repository.
"""

from __future__ import annotations

import io
import shutil
import sys
import threading

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from publish.paths import LANGUAGES, ROOT, SITE
from publish.serve import server

OUT = ROOT / "docs"
SIZES = {1280: 900, 390: 844}
PAGES = {"home": "index.html", "week1": "w01-seeing-the-factory/index.html", "verify": "verify.html"}


def save(page: Page, name: str) -> None:
    """Keep what is in view, small."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    picture.save(OUT / f"{name}.jpg", quality=72, optimize=True, progressive=True)
    print(name)


def run_lab(page: Page) -> None:
    """Start the lab, set two levers, predict, and show the line with its levers."""
    page.locator(".course-lab-start").click()
    page.locator('.course-lab[data-state="live"]').wait_for(timeout=120_000)
    page.locator('[data-lever="transfer_lot"] label').nth(2).click()
    page.locator(".ll-guess").fill("190")
    page.locator(".ll-guess").press("Enter")
    page.locator(".ll-runs tbody tr").first.wait_for(timeout=60_000)
    page.locator('[data-lever="lane_capacity"] label').nth(2).click()
    page.locator(".ll-runs tbody tr").nth(1).wait_for(timeout=60_000)
    page.locator(".ll-views").evaluate(
        "x => window.scrollTo(0, x.getBoundingClientRect().top + scrollY - 70)"
    )
    page.wait_for_timeout(2500)


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or not (SITE / "index.html").exists():
        print("needs Chromium and the built site; run: make site", file=sys.stderr)
        return 1
    with server(SITE) as running, sync_playwright() as playwright:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{running.server_port}/"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in LANGUAGES:
            for width, height in SIZES.items():
                page = browser.new_page(viewport={"width": width, "height": height})
                for name, address in PAGES.items():
                    page.goto(f"{base}{language}/{address}", wait_until="networkidle")
                    page.wait_for_timeout(600)
                    save(page, f"{name}-{language}-{width}")
                page.goto(f"{base}{language}/{PAGES['week1']}")
                run_lab(page)
                save(page, f"lab-{language}-{width}")
                page.close()
        browser.close()
        running.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
