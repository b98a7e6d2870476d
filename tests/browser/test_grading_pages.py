"""Feedback and report in real Chromium: readable for everybody, on a phone, at night and on paper."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from autograder.cohort import Cohort
from autograder.feedback import write_feedback
from autograder.report import write_report
from autograder.sections import section
from linelab.cases import load, names
from linelab.texts import LANGUAGES

from ..autograder import demo
from ..conftest import watch

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each kind, the report in both languages, of a cohort of 30."""
    folder = tmp_path_factory.mktemp("grading")
    cohort = Cohort.create(folder / "cohort", site="https://course.example/2026/")
    people = demo.fill(cohort)
    write_feedback(cohort)
    found = {}
    for language in LANGUAGES:
        shutil.copytree(write_report(cohort, language).parent, folder / language)
        for name in ("index", "w01", "pairs/w01-1"):
            found[f"{name} {language}"] = folder / language / f"{name}.html"
    for n in (2, 4, 5):  # late and Vietnamese, English with something that happened, not all handed in
        for name in ("w01", "index"):
            found[f"feedback {name} {n}"] = cohort.path / "feedback" / people[n] / f"{name}.html"
    return found


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, pages: dict[str, Path], axe: Callable[[Page, str], list[str]], width: int, scheme: str
) -> None:
    foreign: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    try:
        watch(context, foreign)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(f"{page.url}: {message.text}"))
        for name, path in pages.items():
            page.goto(path.as_uri())
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), name
            for summary in page.locator("summary").all():
                summary.click()
            assert axe(page, "html") == [], name
        assert not said
        assert not foreign
    finally:
        context.close()


def test_feedback_prints_on_a4_with_the_addresses_to_read_again(page: Page, pages: dict[str, Path]) -> None:
    page.goto(pages["feedback w01 2"].as_uri())
    paper = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert 1 <= len(paper.pages) <= 4
    for sheet in paper.pages:
        assert (float(sheet.mediabox.width), float(sheet.mediabox.height)) == pytest.approx((595, 842), abs=2)
    text = re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in paper.pages))
    assert "https://course.example/2026/vi/w01-seeing-the-factory/index.html#w01-" in text


def test_each_section_to_reread_is_on_the_built_site_under_its_address(site_folder: Path) -> None:
    for name in names():
        for question in load(name).questions.values():
            for label in question.reread:
                for language in LANGUAGES:
                    path, _, anchor = section(label, language).address.partition("#")
                    assert f'id="{anchor}"' in (site_folder / path).read_text("utf-8"), (label, language)
