"""A walk through pages as a reader takes it: figures, formulas, quizzes and labs, each of them used.

    unshare --net python -P tests/browser/crawl.py PACK [--all]

starts an unpacked offline pack as its reader would, on a machine without a network, and
walks through it in Chromium. It says what it saw, a line for each fault, and exits with 1 if there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from playwright.sync_api import BrowserContext, Error, Locator, Page, Request, sync_playwright

LOADING = 90_000
LIVE = ("editions.json", "issuers.json")  # what is only of use with a network, and missed in silence without
WEEK = re.compile(r"(vi|en)/w\d\d-[^/]*/index\.html")

FIGURES = """async () => {
  const images = [...document.querySelectorAll('article img')];
  for (const image of images) image.loading = 'eager';
  await Promise.allSettled(images.map((image) => image.decode()));
  const empty = images.filter((image) => !image.naturalWidth && image.checkVisibility());
  return [images.length, empty.map((image) => image.src)];
}"""
FORMULAS = """() => {
  const formulas = [...document.querySelectorAll('article .math')];
  const bare = formulas.filter((one) => !one.querySelector('svg') || !one.querySelector('math'));
  return [formulas.length, bare.length];
}"""

ANSWER = """form => {
  const first = form.querySelector('input');
  if (first?.type === 'radio' || first?.type === 'checkbox') first.checked = true;
  else if (first) first.value = '1';
  for (const list of form.querySelectorAll('select')) list.selectedIndex = list.options.length - 1;
}"""  # some answer, whatever the kind of question


@dataclass
class Seen:
    """What a walk came by."""

    pages: int = 0
    figures: int = 0
    formulas: int = 0
    answers: int = 0
    labs: int = 0
    exercises: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.pages} pages, {self.figures} figures, {self.formulas} formulas, {self.answers} answers, "
            f"{self.labs} labs, {self.exercises} exercises, {len(self.faults)} faults"
        )


def pages_of(site: Path) -> list[str]:
    """The pages of a site's books, such as ``vi/index.html``."""
    return sorted(
        path.relative_to(site).as_posix()
        for language in ("vi", "en")
        for path in (site / language).rglob("*.html")
        if "_static" not in path.parts
    )


def walk(
    context: BrowserContext,
    base: str,
    names: Collection[str],
    labs: Collection[str] = (),
    exercises: Collection[str] = (),
) -> Seen:
    """Walk through pages of the site at `base`; in those among `labs`, start the lab and move a lever.

    `exercises` are notebooks, such as ``vi/w01.ipynb``: each is opened, and its kernel computes.
    """
    seen, page = Seen(), context.new_page()
    page.on("pageerror", lambda error: seen.faults.append(f"{page.url}: {error}"))
    page.on("requestfailed", lambda request: _failed(seen, page, request))
    page.on("response", lambda r: seen.faults.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    for name in names:
        _try(seen, name, partial(_page, page, base, name, name in labs, seen))
    for language in ("vi", "en"):
        if any(name.startswith(f"{language}/") for name in names):
            _try(seen, f"search ({language})", partial(_search, page, base, language))
    for name in exercises:
        _try(seen, name, partial(_exercise, page, base, name, seen))
    page.close()
    return seen


def _failed(seen: Seen, page: Page, request: Request) -> None:
    left = request.failure == "net::ERR_ABORTED"  # the walk went on to the next page
    if not left and not request.url.split("?")[0].endswith(LIVE):
        seen.faults.append(f"{page.url}: has not got {request.url} ({request.failure})")


def _try(seen: Seen, name: str, step: Callable[[], None]) -> None:
    try:
        step()
    except (AssertionError, Error) as error:
        seen.faults.append(f"{name}: {str(error).strip().splitlines()[0]}")


def _page(page: Page, base: str, name: str, with_lab: bool, seen: Seen) -> None:
    answer = page.goto(base + name, wait_until="load")
    assert answer is not None, "no answer"
    assert answer.ok, f"status {answer.status}"
    assert page.locator("article h1, #search-results").first.count(), "no heading"
    seen.pages += 1
    count, empty = page.evaluate(FIGURES)
    assert not empty, f"figures that show nothing: {empty}"
    seen.figures += count
    count, bare = page.evaluate(FORMULAS)
    assert not bare, f"{bare} formulas are not typeset"
    seen.formulas += count
    for form in page.locator(".cq-question").all():
        form.evaluate(ANSWER)
        form.locator(".cq-check").click()
        form.and_(page.locator('[data-state="right"], [data-state="wrong"]')).wait_for(timeout=5_000)
        assert len(form.locator(".cq-reply").inner_text()) > 20, "a quiz does not say why"
        seen.answers += 1
    if with_lab:
        page.evaluate("localStorage.clear()")  # both languages of a lab share what was predicted
        page.locator(".course-lab-start").click()
        page.locator('.course-lab[data-state="live"]').wait_for(timeout=LOADING)
        lever = page.locator("[data-lever]:has(label)").first
        lever.locator("label").nth(1).click()
        page.locator(".ll-guess").fill("100")
        page.locator(".ll-guess").press("Enter")
        page.locator(".ll-runs tbody tr").first.wait_for(timeout=LOADING)
        seen.labs += 1


def _search(page: Page, base: str, language: str) -> None:
    word = {"vi": "nhip san xuat", "en": "takt"}[language]
    page.goto(f"{base}{language}/search.html?q={word}")
    page.locator("#search-results a").first.wait_for(timeout=15_000)


def run(cell: Locator) -> None:
    """Run a cell of a notebook that has just opened.

    JupyterLite drops a run that is asked for before its kernel is there, as if no key had been pressed.
    """
    cell.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=LOADING)
    asked = cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[(\*|\d+)\]"))
    for _ in range(30):
        cell.locator(".cm-content").press("Shift+Enter")
        with contextlib.suppress(Error):
            asked.wait_for(timeout=3_000)
            return
    raise AssertionError("the notebook runs nothing")


def _exercise(page: Page, base: str, name: str, seen: Seen) -> None:
    page.goto(f"{base}lite/notebooks/index.html?path={name}")
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    # until the file is read, JupyterLite shows an empty notebook below its spinner
    cell.filter(has_text="TRAINEE").wait_for(timeout=LOADING)
    cell.locator(".cm-content").fill("import linelab, numpy\nprint(6 * 7)")
    run(cell)
    cell.locator(".jp-OutputArea-output", has_text="42").wait_for(timeout=LOADING)
    seen.exercises += 1


def _unplug() -> None:
    """Make sure that there is no network, and raise the loopback, which is down in a new namespace."""
    if len(Path("/proc/self/net/route").read_text().splitlines()) > 1:
        sys.exit("this machine has a way to some network; run it with: unshare --net")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        fcntl.ioctl(asked, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS, up and running


def main() -> int:
    """Walk through an unpacked pack."""
    parser = argparse.ArgumentParser()
    parser.add_argument("pack", type=Path, help="the folder that was unpacked")
    parser.add_argument("--all", action="store_true", help="every page; otherwise one week")
    asked = parser.parse_args()
    _unplug()
    (edition,) = [path for path in (asked.pack / "site").iterdir() if (path / "sw.js").exists()]
    names = pages_of(edition)
    if not asked.all:
        names = [name for name in names if "/w01" in name]
    weeks = [name for name in names if WEEK.fullmatch(name)]
    labs = weeks if asked.all else weeks[:1]
    exercises = [f"{x}/w01.ipynb" for x in ("vi", "en")] if asked.all else []
    starter = subprocess.Popen(
        ["sh", str(asked.pack / "start-linux.sh")],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"COURSE_OPEN": ""},
    )
    try:
        assert starter.stdout is not None
        said = iter(starter.stdout.readline, "")
        address = next(found[0] for line in said if (found := re.search(r"http://\S+", line)))
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            context = browser.new_context()
            seen = walk(context, address.removesuffix("index.html"), names, labs, exercises)
            page = context.new_page()
            page.goto(address)
            page.wait_for_url(re.compile("/(vi|en)/index.html"))
            if page.locator(".course-offline[data-ready]").count():
                seen.faults.append(f"{page.url}: offers to keep what is on this machine already")
            browser.close()
    finally:
        starter.terminate()  # an interrupt is ignored by what a shell starts in the background
        starter.wait(10)
    print(seen)
    for line in seen.faults:
        print(line)
    return bool(seen.faults)


if __name__ == "__main__":
    sys.exit(main())
