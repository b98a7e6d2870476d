"""The course from the page to the certificate, as trainees, an instructor and a stranger would go it.

Four trainees, a good and a weak one in each language, do every week's exercise in real Chromium and
JupyterLite; the hand-in files go through the real commands, and the marks come out as the tables say.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from autograder.assignments import assignments, release_notebook, source_notebook
from linelab.cases import load
from linelab.trainees import normalise
from publish.paths import BOOK
from publish.serve import server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
EDITION = "2026-1"
PATIENCE = 120_000  # ms for the browser's Python on a busy machine
MEMO = {
    "vi": "Đề nghị phương án nằm trong ngân sách; sẽ đo lại bốn tuần và so với khoảng tin cậy.",
    "en": "I propose the plan within the budget; we measure for four weeks and compare with the interval.",
}
PLACEHOLDER = {"vi": "Viết câu trả lời của bạn ở đây.", "en": "Write your answer here."}
RECORDED = {"vi": "Câu {} đã ghi", "en": "{} is recorded and"}

# What a weak trainee answers, question by question, in place of the right way; all else is right.
WEAK = {
    "w01": {
        "q2": 'answer("q2", "pack")',  # looks where the goods end
        "q3": 'answer("q3", 3600 / case.line.stations[2].process_time.average)',  # availability forgotten
        "q7": 'answer("q7", {"transfer_lot": 15, "lane_capacity": 30})',  # repairs left as they are
    },
    "w02": {
        "q3": 'answer("q3", 4)',  # the number of stations
        "q5": 'answer("q5", 4)',  # the critical WIP, as if nothing varied
        "q6": 'answer("q6", {"wip_cap": 16})',  # a cap alone
    },
    "w03": {
        "q2": 'answer("q2", 30)',  # the pilot's own number
        "q3": 'answer("q3", "no_difference")',  # the intervals overlap
        "q4": 'plan = {"inject_repair": 720}\nanswer("q4", plan)',  # stops as soon as one figure agrees
    },
}
# Marks by week, from and to, with those of the memo: 4 for the good, 1 for the weak. Plans are marked on
# seeds that nobody knows, so a part of a plan is a range.
MARKS = {
    "w01": {"good": (20, 20), "weak": (12.6, 13.6)},  # 8, and some 85 % of 6
    "w02": {"good": (20, 20), "weak": (8.0, 10.0)},  # 2 + 1 + 2 + 1, and 2 to 4 of 6
    "w03": {"good": (20, 20), "weak": (5, 5)},  # 2 + 1 + 1 + 1: the gain of a wrong model is wrong, too
}


@dataclass
class Trainee:
    """Somebody at a computer of their own; `doing` is the tab of the exercise in work."""

    number: str
    language: str
    kind: str
    context: BrowserContext
    done: list[str] = field(default_factory=list)
    doing: Page | None = None

    def typed(self, week: str) -> Iterator[tuple[str, str]]:
        """What the trainee types into each answer's cell, by the first line that stands there."""
        released = {cell.id: cell.source for cell in release_notebook(week, self.language).cells}
        for cell in source_notebook(week, self.language).cells:
            if cell.cell_type != "code" or not cell.id.endswith("-answer"):
                continue
            question = cell.id.split("-")[1]
            text = "\n".join(line for line in cell.source.splitlines() if not line.startswith("### "))
            if self.kind == "weak" and question in WEAK[week]:
                (asked,) = [x for x in text.splitlines() if x.startswith(f'answer("{question}"')]
                text = text.replace(asked, WEAK[week][question])
            yield released[cell.id].splitlines()[0], text


def course(folder: Path, *arguments: str) -> str:
    """Run a command of the course as an instructor does; it must succeed."""
    environment = os.environ | {
        "COURSE_COHORT": str(folder),
        "COURSE_KEY_PASSPHRASE": "a passphrase of a test",
        "COURSE_PERSON_PASSPHRASE": "a passphrase of a test",
        "COURSE_PEOPLE": str(folder.with_name("people")),
    }
    command = [str(Path(sys.executable).with_name("course")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def type_into(page: Page, marker: str, text: str) -> None:
    """Replace the source of the code cell whose first line is `marker`."""
    editor = page.locator(".jp-CodeCell .cm-content", has_text=marker).first
    editor.scroll_into_view_if_needed()
    for _ in range(5):  # a notebook that has just opened may take the focus away once more
        editor.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        # found anew: what it was found by may be gone
        if page.locator(".jp-CodeCell .cm-content", has_text=text.splitlines()[-1]).count():
            return
        page.wait_for_timeout(300)
    raise AssertionError(f"{marker!r}: the cell does not take what is typed")


def begin_exercise(site_url: str, trainee: Trainee, week: str) -> None:
    """From the week's page into its exercise; type all answers and start the run."""
    page = trainee.doing = trainee.context.new_page()
    (folder,) = (BOOK / trainee.language).glob(f"{week}-*")
    page.goto(f"{site_url}{trainee.language}/{folder.name}/index.html")
    page.locator("a.course-exercise").last.click()
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=PATIENCE)
    begin = page.locator(".jp-CodeCell .cm-content", has_text="TRAINEE = ").first
    begin.wait_for(timeout=PATIENCE)
    # as text lies in the editor, a line an element
    lines = [line.rstrip("\n") for line in begin.locator(".cm-line").all_inner_texts()]
    source = "\n".join(lines).replace('TRAINEE = ""', f'TRAINEE = "{trainee.number}"')
    type_into(page, "TRAINEE = ", source)
    for marker, text in trainee.typed(week):
        type_into(page, marker, text)
    memo = page.locator(".jp-MarkdownCell", has_text=PLACEHOLDER[trainee.language]).last
    memo.scroll_into_view_if_needed()
    memo.locator(".jp-MarkdownOutput").dblclick()
    page.locator(".jp-MarkdownCell.jp-mod-active .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(MEMO[trainee.language])
    page.keyboard.press("Shift+Enter")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def finish_exercise(site_url: str, trainee: Trainee, week: str) -> None:
    """Wait until all has run, save, and see on the Hand-in page that every answer is recorded."""
    page = trainee.doing
    assert page is not None
    last = [q.id for q in load(week).questions.values() if q.kind != "text"][-1]
    said = page.locator(".jp-OutputArea-output", has_text=RECORDED[trainee.language].format(last)).first
    expect(said).to_be_attached(timeout=PATIENCE)
    page.keyboard.press("Control+s")
    trainee.done.append(week)
    # JupyterLite writes a moment after Ctrl+S: closing its tab before that would lose the work
    desk = open_hand_in(site_url, trainee)
    wanted = sum(len(load(x).questions) for x in trainee.done)
    shown = desk.locator('.hi-answers tr[data-state="recorded"]')
    for _ in range(10):
        with contextlib.suppress(AssertionError):
            expect(shown).to_have_count(wanted, timeout=4_000)
            break
        desk.reload()
    assert shown.count() == wanted, desk.locator(".course-hand-in").inner_text()
    desk.close()
    page.close()


def open_hand_in(site_url: str, trainee: Trainee) -> Page:
    desk = trainee.context.new_page()
    desk.goto(f"{site_url}{trainee.language}/hand-in.html")
    desk.locator(".course-hand-in button").first.wait_for()
    return desk


def hand_in(site_url: str, trainee: Trainee, folder: Path) -> Path:
    """Look at one's progress and download the hand-in file of all weeks."""
    desk = open_hand_in(site_url, trainee)
    number = normalise(trainee.number)
    expect(desk.locator(".course-hand-in")).to_contain_text(f"{number[:4]}-{number[4:]}", timeout=20_000)
    name = {"vi": "Tải tệp nộp bài", "en": "Download hand-in file"}[trainee.language]
    with desk.expect_download() as download:
        desk.get_by_role("button", name=name).click()
    desk.goto(f"{site_url}{trainee.language}/my-progress.html")
    for week in trainee.done:
        count = len(load(week).questions)
        part = desk.locator(f'[data-week="{week}"] [data-part="exercise"]')
        expect(part).to_contain_text(
            {"vi": f"{count}/{count}", "en": f"{count} of {count}"}[trainee.language]
        )
    desk.close()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    assert number in file.name
    return file


def verdict(page: Page, site_url: str, language: str, file: Path) -> tuple[str, str]:
    """What the verify page says of a file: its verdict and its words."""
    page.goto(f"{site_url}{language}/verify.html")
    page.locator(".cv-input").set_input_files(file)
    card = page.locator(".cv-card")
    card.wait_for()
    return card.get_attribute("data-verdict") or "", card.inner_text()


def test_the_course_from_page_to_certificate(
    browser: Browser, page: Page, site_url: str, site_folder: Path, tmp_path: Path
) -> None:
    cohort = tmp_path / "cohort"
    course(cohort, "cohort", "new", str(cohort), "--edition", EDITION)
    trainees = [
        Trainee(
            course(cohort, "cohort", "enrol", "--language", language, "--consent", "credential").strip(),
            language,
            kind,
            browser.new_context(accept_downloads=True),
        )
        for kind in ("good", "weak")
        for language in ("vi", "en")
    ]
    weeks = assignments()
    assert set(weeks) == set(MARKS) == set(WEAK)
    files = []
    try:
        for week in weeks:
            for trainee in trainees:  # each on a computer of their own, at the same time
                begin_exercise(site_url, trainee, week)
            for trainee in trainees:
                finish_exercise(site_url, trainee, week)
        files = [hand_in(site_url, trainee, tmp_path) for trainee in trainees]
    finally:
        for trainee in trainees:
            trainee.context.close()

    total = len(weeks) * len(trainees)
    assert f"{total} accepted, 0 duplicate, 0 rejected" in course(cohort, "collect", *map(str, files))
    assert f"{total} graded, 0 unchanged, 0 failed" in course(cohort, "grade")
    assert f"{total} answers wait for a person" in course(cohort, "review", "--list")
    for trainee in trainees:
        for week in weeks:
            memo = list(load(week).questions)[-1]
            points = ("4",) if trainee.kind == "good" else ("1", "--comment", "No interval, no risk.")
            course(cohort, "review", "--set", trainee.number, week, memo, *points)
    course(cohort, "feedback")
    course(cohort, "report")
    check_marks(cohort, trainees)

    strong = trainees[0]
    course(cohort, "certify", "keygen", "--name", "Demo issuer", "--site", site_url)
    for role in ("registrar", "decider"):
        course(cohort, "certify", "person", "add", f"A {role}", "--role", role)
    course(cohort, "certify", "rules", "adopt")
    assert f"{total} attempts and {total} marks" in course(cohort, "ledger", "sync")
    assert "w01" in course(cohort, "certify", "explain", strong.number)
    course(cohort, "certify", "decide", strong.number, "--level", "module", "--yes")
    course(cohort, "certify", "issue")
    issued = sorted((cohort / "credentials").glob("*.json"))
    assert len(issued) == len(weeks)  # a certificate for each module
    for file in issued:
        assert course(cohort, "verify", str(file))
        assert course(cohort, "verify", str(file.with_suffix(".pdf")))
    credential = next(file for file in issued if b"w01" in file.read_bytes())
    document = credential.with_suffix(".pdf")
    course(cohort, "ledger", "verify")

    # The instructor publishes the issuer's key and the status list with the site; here with a copy of it.
    published = tmp_path / "published"
    shutil.copytree(site_folder, published, copy_function=os.link, ignore=shutil.ignore_patterns("verify"))
    shutil.copytree(site_folder / "assets" / "verify", published / "assets" / "verify")
    course(cohort, "certify", "publish-status", str(published))
    with server(published) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        check_certificates(page, f"http://127.0.0.1:{running.server_port}/", credential, document, tmp_path)
        running.shutdown()


def check_marks(cohort: Path, trainees: list[Trainee]) -> None:
    """The instructor's table and the weak trainees' feedback say what the tables above say."""
    with (cohort / "report" / "marks.csv").open(encoding="utf-8-sig", newline="") as stream:
        marks = {(row["trainee"], row["assignment"]): float(row["points"]) for row in csv.DictReader(stream)}
    for trainee in trainees:
        for week, expected in MARKS.items():
            low, high = expected[trainee.kind]
            mark = marks[trainee.number, week]
            assert low <= mark <= high, f"{trainee.kind} {trainee.language} {week}: {mark}"
    for trainee in trainees[2:]:
        page = (cohort / "feedback" / normalise(trainee.number) / "w01.html").read_text("utf-8")
        assert "No interval, no risk." in page
        assert page.count('<section class="bad"') == 2  # bottleneck and its rate


def check_certificates(page: Page, site_url: str, credential: Path, document: Path, folder: Path) -> None:
    """A stranger opens the verify page: the certificate holds, a copy with one byte changed does not."""
    for file in (credential, document):
        state, words = verdict(page, site_url, "vi", file)
        assert state == "valid", words
        assert "DEMO" in words
    content = credential.read_bytes()
    at = content.index(b"w01") + 2
    changed = folder / "changed.json"
    changed.write_bytes(content[:at] + b"2" + content[at + 1 :])
    assert json.loads(changed.read_bytes()) != json.loads(content)
    state, words = verdict(page, site_url, "en", changed)
    assert state == "invalid", words
