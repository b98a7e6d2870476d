"""An exam from the examiner's desk through a candidate's browser and back, and its marks."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from autograder.assignments import EDITION
from linelab.trainees import written
from publish.paths import RELEASE

from ..certify.test_cli import ONE, OTHER, SmallCohort, cohort, founded  # noqa: F401
from ..certify.test_cli_exam import exam, find, graduates  # noqa: F401
from ..certify.test_exam_case import best
from ..e2e.test_course import type_into
from .crawl import LOADING

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORDS = {
    "vi": {
        "none": "Chưa có đề thi nào trong trình duyệt này.",
        "open": "Mở đề thi",
        "not begun": "Ô đầu tiên chưa chạy",
        "recorded": "{n}/{total} câu",
        "missing": "Chưa ghi câu 3",
        "give": "Lưu tệp cho giám thị",
        "there": "mọi thứ được giữ nguyên",
        "remove": "Xóa khỏi máy này",
        "yes": "Xóa",
        "removed": "Đã xóa.",
        "no notebook": "nothing.ipynb không phải notebook, hoặc bị hỏng",
        "no exam": "w01.ipynb không phải đề thi của khóa học",
    },
    "en": {
        "none": "There is no exam in this browser yet.",
        "open": "Open the exam",
        "not begun": "The first cell was not run",
        "recorded": "{n} of {total} questions",
        "missing": "Not recorded yet: question 3",
        "give": "Save the file for the examiner",
        "there": "all was left as it is",
        "remove": "Remove it from this computer",
        "yes": "Remove",
        "removed": "Removed.",
        "no notebook": "nothing.ipynb is no notebook, or is damaged",
        "no exam": "w01.ipynb is no exam of this course",
    },
}

# all that JupyterLite keeps of this edition, as one text
KEPT = """async (name) => {
  const db = await new Promise((resolve) => {
    const request = indexedDB.open(name); request.onsuccess = () => resolve(request.result);
  });
  const all = (store, method) => new Promise((resolve) => {
    const request = db.transaction(store).objectStore(store)[method]();
    request.onsuccess = () => resolve(request.result);
  });
  const found = [];
  for (const store of db.objectStoreNames) {
    found.push(await all(store, "getAllKeys"), await all(store, "getAll"));
  }
  db.close();
  return JSON.stringify(found);
}"""


def bring(page: Page, file: Path) -> Locator:
    """Choose a file on the page; return what the page says of it."""
    page.locator(".course-exam .hi-file").set_input_files(file)
    return page.locator(".course-exam .hi-outcome .hi-message")


@pytest.mark.parametrize(("language", "part"), [("vi", "exam"), ("en", "case")])
def test_an_exam_is_taken_in_the_browser(
    page: Page,
    site_url: str,
    graduates: SmallCohort,  # noqa: F811
    tmp_path: Path,
    faults: Callable[[], list[str]],
    language: str,
    part: str,
) -> None:
    words, trainee = WORDS[language], {"vi": ONE, "en": OTHER}[language]
    exam("open", "hue-1", "--part", part, "--trainees", trainee)
    found = find(graduates, "hue-1")
    (handed,) = (found.folder / "hand-out").iterdir()
    paper = found.paper(trainee)
    page.goto(f"{site_url}{language}/exam.html")
    desk = page.locator(".course-exam")
    expect(desk).to_contain_text(words["none"])
    broken = tmp_path / "nothing.ipynb"
    broken.write_text("{")
    expect(bring(page, broken)).to_contain_text(words["no notebook"])
    expect(bring(page, RELEASE / language / "w01.ipynb")).to_contain_text(words["no exam"])
    expect(desk).to_contain_text(words["none"])

    expect(bring(page, handed)).to_contain_text(paper.number)
    expect(desk).to_contain_text(words["not begun"])
    desk.get_by_role("link", name=words["open"]).first.click()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=LOADING)
    first, second, *_, last = paper.questions
    for question in (first, second):
        type_into(page, f'answer("{question.id}", None)', f'answer("{question.id}", {question.right!r})')
    given = [first, second]
    if part == "case":
        assert paper.line is not None
        plan = f'answer("{last.id}", {best(paper.line)!r})'
        type_into(page, "plan = {}", plan)
        given.append(last)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    said = page.locator(".jp-OutputArea-output", has_text=last.id)
    said.last.wait_for(state="attached", timeout=LOADING)
    page.keyboard.press("Control+s")

    # JupyterLite writes a moment after Ctrl+S: leaving its page before that would lose the work
    after = page.context.new_page()
    after.goto(f"{site_url}{language}/exam.html")
    desk = after.locator(".course-exam")
    count = words["recorded"].format(n=len(given), total=len(paper.questions))
    for _ in range(10):
        with contextlib.suppress(AssertionError):
            expect(desk).to_contain_text(count, timeout=4_000)
            break
        after.reload()
    expect(desk).to_contain_text(count)
    expect(desk).to_contain_text(words["missing"])
    expect(desk).to_contain_text(paper.number)
    expect(bring(after, handed)).to_contain_text(words["there"])
    expect(desk).to_contain_text(count)
    with after.expect_download() as download:
        desk.get_by_role("button", name=words["give"]).click()
    stick = tmp_path / "stick"
    download.value.save_as(stick / download.value.suggested_filename)
    page.close()

    assert paper.number in after.evaluate(KEPT, f"course-{EDITION}")
    desk.get_by_role("button", name=words["remove"]).click()
    after.locator("dialog").get_by_role("button", name=words["yes"], exact=True).click()
    expect(desk).to_contain_text(words["removed"])
    expect(desk).to_contain_text(words["none"])
    kept = after.evaluate(KEPT, f"course-{EDITION}")
    assert paper.number not in kept
    assert trainee not in kept.replace("-", "")

    assert f"{written(trainee)}: taken in" in exam("take", "hue-1", stick)
    exam("close", "hue-1")
    points = sum(question.points for question in given)
    assert f"{written(trainee)}: {points:g} of {paper.most:g} points\n" in exam("mark", "hue-1")
    assert json.loads(next(stick.iterdir()).read_text("utf-8"))["metadata"]["course"]["paper"] == paper.number
    assert faults() == []
