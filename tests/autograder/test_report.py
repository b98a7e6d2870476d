"""The cohort's report: what it says of whom, that it says no more, and that it holds together."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import shutil
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.gradebook import Mark
from autograder.report import write_report
from autograder.report.needs import Need, needs
from autograder.standing import Deadline, Line, standing
from course import main
from linelab.cases import load
from linelab.texts import LANGUAGES
from linelab.trainees import normalise, written

from . import demo
from .conftest import copy_of

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def report(cohort: Cohort, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["report", "-C", str(cohort.path), *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def words_of(page: str) -> str:
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL)).split())


@pytest.fixture(scope="module")
def seen(_demo_cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cohort, dict[str, Path]]:
    """A cohort and its report in each language, for tests that only look."""
    folder = tmp_path_factory.mktemp("seen")
    cohort, reports = copy_of(_demo_cohort, folder / "cohort"), {}
    for language in LANGUAGES:
        said = report(cohort, "--language", language).output.strip()
        reports[language] = Path(shutil.copytree(Path(said).parent, folder / language))
    return cohort, reports


Seen = tuple[Cohort, dict[str, Path]]


class Links(HTMLParser):
    """Collects where a page leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_there_complete_and_without_a_script(seen: Seen, language: str) -> None:
    folder = seen[1][language]
    pages = sorted(folder.rglob("*.html"))
    assert {p.name for p in pages if p.parent == folder} == {"index.html", "w01.html", "w02.html"}
    assert len(pages) > 3  # and those on pairs
    for path in pages:
        page = path.read_text("utf-8")
        assert f'lang="{language}"' in page
        assert "default-src 'none'" in page
        assert not re.search(r"(?i)<script|url\(|@import|<link|<img", page)
        for link in Links(page).found:
            assert (path.parent / link).is_file(), f"{path.name}: {link} leads nowhere"


def test_each_trainee_stands_in_the_matrix_as_the_gradebook_says(seen: Seen) -> None:
    cohort, reports = seen
    page = (reports["vi"] / "index.html").read_text("utf-8")
    lines = standing(cohort, [])
    rows = dict(re.findall(r'<th scope="row"><strong class="number">([\w-]+)</strong></th>(.*?)</tr>', page))
    assert sorted(map(normalise, rows)) == sorted(cohort.roster())
    signs = {"passed": "✓", "below": "✗", "waiting": "◐", "ungraded": "◐", "missing": "–"}
    states = set()
    for line in lines:
        cells = re.findall(r"<td[^>]*>(.*?)</td>", rows[written(line.trainee.id)])
        cell = words_of(cells[assignments().index(line.assignment)])
        key = line.state[1]
        assert cell.startswith(signs[key]), (line, cell)
        if line.mark:
            assert f"{line.mark.points:g}".replace(".", ",") in cell
        states.add(key)
    assert states == set(signs)  # the cohort has them all


def lines_of(*shares: float | None, late: float = 0.0, times: list[timedelta | None]) -> list[Line]:
    """One trainee's lines: final marks as shares, None for none yet; how long ago each was handed in."""
    found = []
    trainee = Trainee("K7P2QD4P")
    for n, (share, ago) in enumerate(zip(shares, times, strict=True), 1):
        mark = None if share is None else Mark(trainee.id, f"w0{n}", 20 * share, 20, "", "", True, late)
        found.append(Line(trainee, f"w0{n}", () if ago is None else (NOW - ago,), mark))
    return found


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (lines_of(0.9, 0.9, times=[DAY, DAY]), []),
        (lines_of(0.59, times=[DAY]), [Need("below", "w01")]),
        (lines_of(0.6, times=[DAY]), []),
        (lines_of(0.9, 0.85, 0.65, times=[DAY] * 3), [Need("falling", "w03")]),
        (lines_of(0.9, 0.75, times=[DAY] * 2), []),
        (lines_of(None, times=[8 * DAY]), [Need("waiting", "w01")]),
        (lines_of(None, times=[6 * DAY]), []),
        (lines_of(0.9, None, times=[DAY, None]), []),  # nobody has begun it
    ],
)
def test_the_rules_of_who_needs_help(lines: list[Line], expected: list[Need]) -> None:
    assert needs(lines, NOW).get("K7P2QD4P", []) == expected


def test_nothing_handed_in_counts_from_the_deadline_or_once_half_of_the_class_has() -> None:
    def class_of(done: int, count: int) -> list[Line]:
        return [Line(Trainee(str(n)), "w01", (NOW - DAY,) if n < done else ()) for n in range(count)]

    assert needs(class_of(1, 4), NOW) == {}
    assert set(needs(class_of(2, 4), NOW)) == {"2", "3"}
    assert set(needs(class_of(0, 2), NOW, {"w01": Deadline(NOW - DAY, "")})) == {"0", "1"}
    assert needs(class_of(3, 4), NOW, {"w01": Deadline(NOW + DAY, "")}) == {}


def test_the_deadlines_of_the_class_count(many: Cohort) -> None:
    rules = many.path / "exercise-rules.yml"
    text = rules.read_text("utf-8").replace("exercises: {}", "exercises: {w03: {deadline: 2026-11-02}}")
    rules.write_text(text, "utf-8")
    page = words_of(write_report(many, "en").read_text("utf-8"))
    assert "w03 due 2026-11-02 23:59" in page
    who = written(demo.numbers(30)[0])
    assert f"{who} : nothing handed in (w03)" in page
    rules.write_text(text.replace("2026-11-02", "2126-11-02"), "utf-8")
    page = words_of(write_report(many, "en").read_text("utf-8"))
    assert "w03)" not in page.partition("Who needs help now")[2].partition("By which rules")[0]


def test_the_page_says_how_many_attempts_do_not_count(many: Cohort) -> None:
    rules = many.path / "exercise-rules.yml"
    several = [line for line in standing(many, []) if line.assignment == "w01" and line.attempts > 1]
    assert several
    assert "not counted" not in words_of(write_report(many, "en").read_text("utf-8"))
    text = rules.read_text("utf-8").replace("exercises: {}", "exercises: {w01: {attempts: 1}}")
    rules.write_text(text, "utf-8")
    found = {line.trainee.id: line.void for line in standing(many, []) if line.assignment == "w01"}
    assert {line.trainee.id: line.attempts - 1 for line in several} == {t: n for t, n in found.items() if n}
    page = words_of(write_report(many, "en").read_text("utf-8"))
    assert page.count("not counted") == len(several)


def test_the_page_says_who_needs_help_by_rule_and_what_waits_for_people(seen: Seen) -> None:
    cohort, reports = seen
    page = words_of((reports["en"] / "index.html").read_text("utf-8"))
    help_ = page.partition("Who needs help now")[2].partition("What waits for you")[0]
    yours = page.partition("What waits for you")[2].partition("All trainees")[0]
    for who, reasons in needs(standing(cohort, []), datetime.now(UTC)).items():
        assert written(who) in help_
        for need in reasons:
            assert need.assignment in help_.partition(written(who))[2]
    assert "the final mark is under 60 %" in help_
    waiting = sum(
        d.waiting for x in standing(cohort, []) if x.assignment == "w01" and x.record for d in x.details
    )
    assert f"w01: {waiting} texts wait to be marked" in yours
    assert "w02 q5: the hidden test is broken" in yours
    assert "received but not graded" in yours


def test_no_figure_stands_without_its_number_of_hand_ins(seen: Seen) -> None:
    page = words_of((seen[1]["en"] / "w01.html").read_text("utf-8"))
    questions = page.partition("Question by question")[2].partition("How this is worked out")[0]
    for found in re.finditer(r"(−?\d+(?:\.\d+)?)(?: %)? \[[−\d.]+; [−\d.]+\]", questions):
        assert questions[found.end() :].startswith(" n = "), found[0]
    assert questions.count("n = ") >= 2 * len(load("w01").questions)
    assert re.search(r"Median \d+ %; the middle half from \d+ to \d+ % \(n = \d+\)", page)


def test_the_copied_memo_and_the_equal_numbers_are_found_and_the_page_only_asks(seen: Seen) -> None:
    folder = seen[1]["en"] / "pairs"
    people = demo.numbers(30)
    pages = {p: p.read_text("utf-8") for p in folder.glob("w01-*.html")}

    def pair_of(one: int, other: int) -> str:
        (page,) = [x for x in pages.values() if written(people[one]) in x and written(people[other]) in x]
        return page

    copied = pair_of(*demo.COPIED)
    assert copied == pages[folder / "w01-1.html"]  # the most alike comes first
    assert copied.count("<mark>") >= 2
    equal = pair_of(*demo.EQUAL)
    assert "85.714286" in equal
    assert "13,385.25" in equal
    for page in pages.values():
        assert "This page only asks" in page
        said = words_of(re.sub(r'<div class="memo">.*?</div>', "", page, flags=re.DOTALL)).lower()
        assert not re.search(r"copied|cheat|plagiar|guilty|suspect|violation", said)


def test_the_vietnamese_page_on_a_pair_judges_nobody_either(seen: Seen) -> None:
    for path in (seen[1]["vi"] / "pairs").glob("*.html"):
        page = re.sub(r'<div class="memo">.*?</div>', "", path.read_text("utf-8"), flags=re.DOTALL)
        assert "Trang này chỉ nêu câu hỏi" in page
        assert not re.search(r"(?i)gian lận|đạo văn|sao chép|vi phạm|nghi ngờ|chép bài", words_of(page))


def test_hostile_memos_show_as_text_side_by_side(many: Cohort) -> None:
    people = demo.numbers(30)
    hostile = f"<script>alert(1)</script> <img src=x onerror=alert(1)> {demo.memo(random.Random(1), 'vi')}"
    for n in (0, 1):
        path = next((many.path / "answers" / people[n] / "w01").glob("*.json"))
        record = json.loads(path.read_text("utf-8"))
        record["answers"]["q8"] = hostile
        path.write_text(json.dumps(record), "utf-8")
    report(many)
    pages = "".join(p.read_text("utf-8") for p in (many.path / "report").rglob("*.html"))
    assert hostile in unescape(re.sub(r"</?mark>", "", pages))
    assert "&lt;<mark>script&gt;alert(1)" in pages
    assert not re.search(r"<script|<img", pages)


def test_pseudonyms_leave_no_number_name_or_address_behind(many: Cohort) -> None:
    people = demo.numbers(30)
    rows = (many.path / "roster.csv").read_text("utf-8").splitlines()
    rows = [row.replace(",,", f",Tên Thật {n},", 1) for n, row in enumerate(rows)]
    (many.path / "roster.csv").write_text("\n".join(rows) + "\n", "utf-8")
    path = next((many.path / "answers" / people[3] / "w01").glob("*.json"))
    named = path.read_text("utf-8").replace("Xin cảm ơn", "Xin cảm ơn")
    named = named.replace('"q8": "', f'"q8": "Tên Thật 4, {written(people[3])}. ')
    path.write_text(named, "utf-8")
    said = report(many, "--pseudonyms", "--language", "en").output
    folder = many.path / "report-pseudonyms"
    assert str(folder / "index.html") in said
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert {p.name for p in files} >= {"index.html", "marks.csv", "w01.html"}
    everything = "".join(p.read_text("utf-8") for p in files)
    assert "Trainee 07" in everything
    for who in people:
        assert who not in everything
        assert written(who) not in everything
    assert "Tên Thật" not in everything
    assert "@example.org" not in everything
    assert not (many.path / "report").exists()


def test_pseudonyms_stay_the_same_and_do_not_follow_the_roster(many: Cohort) -> None:
    first = write_report(many, "en", pseudonyms=True).with_name("marks.csv").read_text("utf-8-sig")
    again = write_report(many, "en", pseudonyms=True).with_name("marks.csv").read_text("utf-8-sig")
    assert first == again
    points = [(row["trainee"], row["points"]) for row in csv.DictReader(io.StringIO(first))]
    assert points == sorted(points, key=lambda pair: pair[0])
    real = write_report(many, "en").with_name("marks.csv").read_text("utf-8-sig")
    assert [p for _, p in points] != [row["points"] for row in csv.DictReader(io.StringIO(real))]


def test_pages_of_an_earlier_run_do_not_outlive_it(many: Cohort) -> None:
    report(many)
    stale = many.path / "report" / "pairs" / "w01-99.html"
    stale.write_text("old", "utf-8")
    (many.path / "report" / "w77.html").write_text("old", "utf-8")
    report(many)
    assert not stale.exists()
    assert not (many.path / "report" / "w77.html").exists()


def test_an_empty_cohort_has_a_report_too(cohort: Cohort) -> None:
    assert "0 học viên" in words_of(write_report(cohort).read_text("utf-8"))
    cohort.enrol()
    page = words_of(Path(report(cohort).output.strip()).read_text("utf-8"))
    assert "hiện không có ai" in page
