"""Week 1 from the page to the certificate, as two trainees, an instructor and a stranger would go it.

Real Chromium and real JupyterLite; the hand-in files that the page made go through the real commands.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Page, expect

from linelab import simulate
from linelab.cases import Case, load
from linelab.trainees import normalise
from publish.serve import server

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).parents[2]
EDITION = "2026-1"
PATIENCE = 120_000  # ms for the browser's Python to start on a busy machine
MEMO = {
    "vi": "Đề nghị lô 5 kiện, làn 15 chỗ và sửa máy dán nhanh hơn: 59 triệu đồng. Đo mức làn bốn tuần.",
    "en": "I propose lots of 15 and lanes of 30 for 25 million VND; we count the lanes for four weeks.",
}


@dataclass(frozen=True)
class Trainee:
    """Who does the exercise: `wrong` answers two questions as people usually get them wrong."""

    number: str
    language: str
    wrong: bool

    @property
    def case(self) -> Case:
        return load("w01").variant(normalise(self.number), EDITION)

    def cells(self) -> dict[str, str]:
        """What the trainee types, by a text that stands in the cell before."""
        case = self.case
        run = simulate(
            case.line, horizon=case.horizon, warm_up=case.warm_up, replications=50, seed=1
        )  # the figures that the notebook shows this trainee
        rate = 3600 * case.line.bottleneck_rate
        if self.wrong:
            rate = 3600 / case.line.stations[2].process_time.average  # availability forgotten
        numbers = {
            "takt": ("q1", case.takt),
            "bottleneck_rate": ("q3", rate),
            "flow_time": ("q4", run.lead_time.mean / 60),
            "wip": ("q5", run.throughput.mean * run.lead_time.mean),
            "efficiency": ("q6", 100 * case.line.raw_process_time / run.lead_time.mean),
        }
        typed = {f"{n} = None": f'{n} = {value:.2f}\nanswer("{q}", {n})' for n, (q, value) in numbers.items()}
        station = "pack" if self.wrong else "glue"
        typed["bottleneck = None"] = f'bottleneck = "{station}"\nanswer("q2", bottleneck)'
        plan = {"transfer_lot": 15, "lane_capacity": 30}
        if not self.wrong:
            plan = {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240}
        typed["plan = {}"] = f'plan = {plan}\nanswer("q7", plan)'
        return typed


def course(folder: Path, *arguments: str) -> str:
    """Run a command of the course as an instructor does; it must succeed."""
    environment = os.environ | {
        "COURSE_COHORT": str(folder),
        "COURSE_KEY_PASSPHRASE": "a passphrase of a test",
    }
    command = [str(Path(sys.executable).with_name("course")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def type_into(page: Page, marker: str, text: str) -> None:
    """Replace the source of the code cell in which `marker` stands."""
    editor = page.locator(".jp-CodeCell .cm-content", has_text=marker).first
    editor.scroll_into_view_if_needed()
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def do_exercise(page: Page, site_url: str, trainee: Trainee) -> None:
    """From the week's page to the saved exercise."""
    page.goto(f"{site_url}{trainee.language}/w01-seeing-the-factory/index.html")
    page.locator("a.course-exercise").first.click()
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=PATIENCE)
    begin = page.locator(".jp-CodeCell .cm-content", has_text="TRAINEE = ").first
    begin.wait_for(timeout=PATIENCE)
    # as text lies in the editor, a line an element
    lines = begin.locator(".cm-line").all_inner_texts()
    source = "\n".join(line.rstrip("\n") for line in lines)
    type_into(page, "TRAINEE = ", source.replace('TRAINEE = ""', f'TRAINEE = "{trainee.number}"'))
    for marker, text in trainee.cells().items():
        type_into(page, marker, text)
    placeholder = {"vi": "Viết câu trả lời của bạn ở đây.", "en": "Write your answer here."}
    memo = page.locator(".jp-MarkdownCell", has_text=placeholder[trainee.language]).last
    memo.scroll_into_view_if_needed()
    memo.locator(".jp-MarkdownOutput").dblclick()
    page.locator(".jp-MarkdownCell.jp-mod-active .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(MEMO[trainee.language])
    page.keyboard.press("Shift+Enter")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    done = {"vi": "Câu q7 đã ghi", "en": "q7 is recorded and"}
    expect(page.locator(".jp-OutputArea-output", has_text=done[trainee.language]).first).to_be_visible(
        timeout=PATIENCE
    )
    page.keyboard.press("Control+s")


def hand_in(page: Page, site_url: str, trainee: Trainee) -> Download:
    """Find the saved work on the Hand-in page and download the file."""
    # JupyterLite writes a moment after Ctrl+S: leaving its tab before that would lose the work
    page = page.context.new_page()
    for _ in range(40):
        page.goto(f"{site_url}{trainee.language}/hand-in.html")
        page.locator(".course-hand-in button").first.wait_for()
        if re.search(r"\b8 ?(?:/|of) ?8\b", page.locator(".course-hand-in").inner_text()):
            break
        page.wait_for_timeout(500)
    shown = page.locator(".course-hand-in").inner_text()
    assert re.search(r"\b8 ?(?:/|of) ?8\b", shown), shown
    number = normalise(trainee.number)
    assert f"{number[:4]}-{number[4:]}" in shown
    name = {"vi": "Tải tệp nộp bài", "en": "Download hand-in file"}[trainee.language]
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value


def verdict(page: Page, site_url: str, language: str, file: Path) -> tuple[str, str]:
    """What the verify page says of a file: its verdict and its words."""
    page.goto(f"{site_url}{language}/verify.html")
    page.locator(".cv-input").set_input_files(file)
    card = page.locator(".cv-card")
    card.wait_for()
    return card.get_attribute("data-verdict") or "", card.inner_text()


def test_week_one_from_page_to_certificate(
    browser: Browser, page: Page, site_url: str, site_folder: Path, tmp_path: Path
) -> None:
    cohort = tmp_path / "cohort"
    course(cohort, "cohort", "new", str(cohort), "--edition", EDITION)
    strong = Trainee(course(cohort, "cohort", "enrol").strip(), "vi", wrong=False)
    weak = Trainee(course(cohort, "cohort", "enrol", "--language", "en").strip(), "en", wrong=True)

    files = []
    for trainee in (strong, weak):
        own = browser.new_context(accept_downloads=True)  # a computer of their own
        try:
            sheet = own.new_page()
            do_exercise(sheet, site_url, trainee)
            download = hand_in(sheet, site_url, trainee)
            files.append(tmp_path / download.suggested_filename)
            download.save_as(files[-1])
        finally:
            own.close()
    assert [normalise(t.number) in f.name for t, f in zip((strong, weak), files, strict=True)] == [True, True]

    assert "2 accepted, 0 duplicate, 0 rejected" in course(cohort, "collect", *map(str, files))
    assert "2 graded, 0 unchanged, 0 failed" in course(cohort, "grade")
    assert "2 answers wait for a person" in course(cohort, "review", "--list")
    course(cohort, "review", "--set", strong.number, "w01", "q8", "4")
    course(cohort, "review", "--set", weak.number, "w01", "q8", "1", "--comment", "No interval, no risk.")
    course(cohort, "feedback")
    course(cohort, "report")

    rows = dict(
        line.split(",")[0:4:3]
        for line in (cohort / "report" / "marks.csv").read_text("utf-8-sig").splitlines()[1:]
        if ",w01," in line
    )
    assert float(rows[strong.number]) == 20
    # 1 takt + 2 flow time + 2 WIP + 2 PCE + 1 memo, and a plan of some 85 % of the attainable gain
    assert 12.8 <= float(rows[weak.number]) <= 13.4
    page_of_weak = (cohort / "feedback" / normalise(weak.number) / "w01.html").read_text("utf-8")
    assert "No interval, no risk." in page_of_weak
    assert page_of_weak.count('<section class="bad">') == 2  # bottleneck and its rate

    course(cohort, "certify", "keygen", "--name", "Demo issuer", "--site", site_url)
    assert "w01" in course(cohort, "certify", "explain", strong.number)
    course(cohort, "certify", "issue", "--decided-by", "A tester", strong.number)
    (credential,) = (cohort / "credentials").glob("*.json")
    (document,) = (cohort / "credentials").glob("*.pdf")
    assert course(cohort, "verify", str(credential))
    assert course(cohort, "verify", str(document))
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
