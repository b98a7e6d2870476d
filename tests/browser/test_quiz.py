"""The self-checks and "My progress" as trainees use them, in both languages and by keyboard."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from pypdf import PdfReader

from publish.paths import BOOK, LANGUAGES
from publish.quiz import load, values, weeks
from publish.quiz_form import shuffled

pytestmark = pytest.mark.browser
SCORE = {
    "vi": "{n}/{total} câu, trong đó {first} câu",
    "en": "{n} of {total} questions right, {first} of them",
}


def address(site_url: str, language: str, week: str) -> str:
    (folder,) = (BOOK / language).glob(f"{week}-*")
    return f"{site_url}{language}/{folder.name}/index.html"


def order_of(week: str, question: dict[str, Any], field: str) -> list[int]:
    """Which of the file's entries stands where on the page."""
    return shuffled(week, question["id"], len(question[field]))


def answer(
    page: Page, form: Locator, week: str, question: dict[str, Any], language: str, right: bool
) -> None:
    """Answer as the file says, or wrongly."""
    kind = question["kind"]
    if kind in ("choice", "several"):
        order = order_of(week, question, "options")
        goods = [bool(question["options"][position].get("right")) for position in order]
        boxes = form.locator("input")
        if kind == "choice":
            boxes.nth(goods.index(right)).check()
        else:
            for i, good in enumerate(goods):
                boxes.nth(i).set_checked(good if right else not good)
    elif kind == "number":
        found = dict(values(question))
        shown = f"{found['answer' if right else 'wrong: 1: value']:.{question['digits']}f}"
        form.locator("input").fill(shown.replace(".", ",") if language == "vi" else shown)
    elif kind == "order":
        order = order_of(week, question, "items")
        wanted = [str(order.index(place)) for place in range(len(order))]
        if not right:
            wanted.reverse()
        for place, item in enumerate(wanted):
            while form.locator("li").nth(place).get_attribute("data-item") != item:
                # by keyboard: the button keeps the focus while its line moves up
                form.locator(f'li[data-item="{item}"] [data-move="-1"]').press("Enter")
    else:
        order = order_of(week, question, "pairs")
        for slot in range(len(order)):
            shown = order.index(slot if right else (slot + 1) % len(order))
            form.locator("select").nth(slot).select_option(value=str(shown))
    form.locator(".cq-check").press("Enter")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("week", weeks())
def test_each_question_tells_wrong_from_right_and_why(
    page: Page, site_url: str, faults: Callable[[], list[str]], week: str, language: str
) -> None:
    page.goto(address(site_url, language, week))
    questions = load(week).questions
    forms = page.locator(".cq-question")
    expect(forms).to_have_count(len(questions))
    page.locator(".cq-score").wait_for()
    for i, question in enumerate(questions):
        form = forms.nth(i)
        form.locator(".cq-check").press("Enter")
        # an order is an answer as it stands; all else is asked for first
        expect(form).to_have_attribute("data-state", "wrong" if question["kind"] == "order" else "missing")
        for right in (False, True) if i % 2 else (True,):
            answer(page, form, week, question, language, right)
            expect(form, question["id"]).to_have_attribute("data-state", "right" if right else "wrong")
            words = form.locator(".cq-reply").inner_text()
            assert len(words) > 30, (question["id"], words)
            assert "$" not in words, words
    total = len(questions)
    first = sum(1 for i, q in enumerate(questions) if i % 2 == 0 and q["kind"] != "order")
    expect(page.locator(".cq-score")).to_contain_text(
        SCORE[language].format(n=total, total=total, first=first)
    )
    assert faults() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_in_an_answered_quiz_nor_in_my_progress(
    page: Page, site_url: str, axe: Callable[[Page, str], list[str]], width: int, theme: str
) -> None:
    language = "vi" if theme == "light" else "en"
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(address(site_url, language, "w02"))
    page.locator(".cq-score").wait_for()
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    for i, question in enumerate(load("w02").questions):
        answer(page, page.locator(".cq-question").nth(i), "w02", question, language, bool(i % 2))
    found = axe(page, ".course-quiz")
    page.goto(f"{site_url}{language}/my-progress.html")
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    page.locator("[data-part=quiz]").first.wait_for()
    found += axe(page, ".course-progress")
    assert not found, "\n".join(found)
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("week", weeks())
def test_the_company_sheet_prints_on_one_page_and_comes_as_a_file(
    page: Page, site_url: str, week: str, language: str
) -> None:
    (folder,) = (BOOK / language).glob(f"{week}-*")
    page.goto(f"{site_url}{language}/{folder.name}/sheet.html")
    (printed,) = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    title = page.locator("article h1").inner_text().removesuffix("#").strip()
    assert title in " ".join(printed.extract_text().split())
    link = page.locator(".cs-pdf a")
    answered = page.request.get(
        page.evaluate("href => new URL(href, location.href).href", link.get_attribute("href"))
    )
    assert answered.headers["content-type"] == "application/pdf"
    assert answered.body()[:5] == b"%PDF-"


def test_an_answer_on_a_slow_network_is_not_lost(page: Page, site_url: str) -> None:
    """What judges an answer comes after the page; an answer that is sent before then waits for it."""
    held: list[Route] = []
    page.route("**/hashes/sha2.js", lambda route: held.append(route))
    page.goto(address(site_url, "en", "w01"))
    question = next(q for q in load("w01").questions if q["kind"] == "number")
    form = page.locator(f'[data-question="{question["id"]}"]')
    form.locator("input").fill(f"{next(values(question))[1]:.{question['digits']}f}")
    form.locator("input").press("Enter")
    held[0].continue_()
    expect(form).to_have_attribute("data-state", "right")
    assert page.url == address(site_url, "en", "w01")


def test_a_number_is_read_as_people_write_it(page: Page, site_url: str) -> None:
    page.goto(address(site_url, "vi", "w01"))
    question = next(q for q in load("w01").questions if q["kind"] == "number")
    form = page.locator(f'[data-question="{question["id"]}"]')
    value = next(values(question))[1]
    shown = f"{value:.{question['digits']}f}"
    for typed in (shown, shown.replace(".", ","), f" {shown} "):
        form.locator("input").fill(typed)
        form.locator("input").press("Enter")
        expect(form).to_have_attribute("data-state", "right")
    form.locator("input").fill("mười")
    form.locator("input").press("Enter")
    expect(form.locator(".cq-reply")).to_contain_text("một con số")


def test_progress_is_kept_taken_along_deleted_and_brought_back(
    page: Page, site_url: str, tmp_path: Path, faults: Callable[[], list[str]]
) -> None:
    page.goto(address(site_url, "en", "w01"))
    page.locator(".cq-score").wait_for()
    question = load("w01").questions[0]
    answer(page, page.locator(".cq-question").first, "w01", question, "en", True)
    for heading in page.locator("article section > h2").all():
        heading.scroll_into_view_if_needed()
    page.keyboard.press("End")
    page.wait_for_timeout(300)
    page.locator("article section > section").last.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    log = json.dumps({"version": 1, "count": 1, "entries": [{"no": 1, "plan": {"a": 1}}]})
    page.evaluate("(log) => localStorage.setItem('linelab:2026-1:lab01-abc', log)", log)

    page.goto(f"{site_url}en/my-progress.html")
    card = page.locator('[data-week="w01"]')
    total = len(load("w01").questions)
    expect(card.locator('[data-part="quiz"]')).to_contain_text(f"1 of {total} right")
    expect(card.locator('[data-part="lab"]')).to_contain_text("plans tried: 1")
    expect(card.locator('[data-part="exercise"]')).to_contain_text("not begun")
    read = card.locator('[data-part="reading"]').inner_text()
    assert int(read.split(" of ")[0].split()[-1]) >= 3, read

    with page.expect_download() as download:
        page.get_by_role("button", name="Download my progress").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert json.loads(file.read_text())["format"] == "course-progress/1"

    page.get_by_role("button", name="Delete my progress").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(card.locator('[data-part="quiz"]')).to_contain_text(f"0 of {total} right")
    expect(card.locator('[data-part="lab"]')).to_contain_text("no plan tried yet")
    assert page.evaluate("localStorage.getItem('course:2026-1:progress')") is None

    page.locator("#pg-file").set_input_files(file)
    expect(page.locator(".hi-outcome")).to_contain_text("is imported")
    expect(card.locator('[data-part="quiz"]')).to_contain_text(f"1 of {total} right")
    expect(card.locator('[data-part="lab"]')).to_contain_text("plans tried: 1")
    expect(card.locator('[data-part="reading"]')).to_contain_text(read.splitlines()[-1])
    page.locator("#pg-file").set_input_files(file)  # twice the same: nothing is counted twice
    expect(page.locator(".hi-outcome")).to_contain_text("is imported")
    expect(card.locator('[data-part="lab"]')).to_contain_text("plans tried: 1")

    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"format": "something"}')
    page.locator("#pg-file").set_input_files(wrong)
    expect(page.locator(".hi-outcome")).to_contain_text("no progress file")
    expect(card.locator('[data-part="quiz"]')).to_contain_text(f"1 of {total} right")
    assert faults() == []


def test_without_storage_the_self_check_still_works(page: Page, site_url: str) -> None:
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }})"
    )
    page.goto(address(site_url, "en", "w01"))
    page.locator(".cq-score").wait_for()
    form = page.locator(".cq-question").first
    answer(page, form, "w01", load("w01").questions[0], "en", True)
    expect(form).to_have_attribute("data-state", "right")
    expect(page.locator(".cq-score")).to_contain_text("does not let the result be kept")
