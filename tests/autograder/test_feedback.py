"""Feedback from marks alone: what stands in them shows as text, in the trainee's language, no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder.assignments import assignments, source_path
from autograder.cohort import Trainee
from autograder.feedback_page import overview, render
from autograder.gradebook import Detail, Mark
from autograder.inert import readable
from autograder.records import Record
from autograder.sections import BOOK, section
from autograder.standing import Line
from autograder.texts import both
from linelab.answers import schema
from linelab.cases import load, names
from linelab.texts import LANGUAGES
from linelab.trainees import new_trainee_id, written

HOSTILE = "</section><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp; {0} {points} \u202e"
ANSWERS: dict[str, Any] = {"q1": 40.5, "q2": HOSTILE, "q7": {HOSTILE: HOSTILE}, "q8": HOSTILE}
SITE = "https://course.example/some/where/"


class Tags(HTMLParser):
    """Collects the tags of a page, its links and what stands in its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def details(assignment: str, share: float, words: str = "", waiting: bool = False) -> list[Detail]:
    reasons = [{"vi": words, "en": words}]
    return [
        Detail(q.id, share * q.points, q.points, reasons, words, False, waiting)
        for q in schema(assignment).values()
    ]


def record(assignment: str = "w01", answers: dict[str, Any] | None = None, **more: Any) -> Record:
    said = more.pop("problems", [])
    when = "2026-11-23T09:00:00+00:00"
    return Record(new_trainee_id(), assignment, answers or {"q1": 40.5}, "a" * 64, when, said, **more)


def page(
    language: str,
    words: str = "",
    *,
    assignment: str = "w01",
    share: float = 0.0,
    site: str = "",
    **more: Any,
) -> str:
    waiting = more.pop("waiting", False)
    made = record(assignment, **more)
    return render(
        Trainee(made.trainee, words, words, language), made, details(assignment, share, words, waiting), site
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("site", ["", SITE])
def test_hostile_text_adds_no_tag_and_is_shown_as_written(language: str, site: str) -> None:
    said = [both("run.error", cell=1, what=HOSTILE)]
    hostile = Tags(page(language, HOSTILE, answers=ANSWERS, problems=said, site=site))
    plain = Tags(page(language, "plain", problems=[both("run.error", cell=1, what="x")], site=site))
    # a memo is wrapped in a span of ours; apart from that the page has the very same tags and links
    assert [t for t in hostile.tags if t != "span"] == [t for t in plain.tags if t != "span"]
    assert hostile.links == plain.links
    assert not {"script", "img", "iframe", "link", "object", "base", "form"} & set(hostile.tags)
    assert not {name for name in hostile.attributes if name.startswith("on")} | {"src"} & hostile.attributes
    assert hostile.text.count(readable(HOSTILE)) >= len(schema("w01")) + 4


def test_units_numbers_and_words_are_in_the_trainees_language() -> None:
    assert "40,50 giây/kiện" in page("vi", "x")
    assert "40.50 s" in page("en", "x")
    assert "Chờ giảng viên chấm" in page("vi", "x", waiting=True)
    assert "Waits for your instructor" in page("en", "x", waiting=True)
    plan = {"q7": {"transfer_lot": 15, "no such lever": 1}}
    assert "Cỡ lô chuyển tiếp (transfer_lot) = 15 kiện" in page("vi", answers=plan)
    assert "no such lever = 1" in page("en", answers=plan)
    assert "Dán (glue)" in page("vi", answers={"q2": "glue"})


@pytest.mark.parametrize("assignment", assignments())
def test_nothing_of_the_hidden_tests_is_in_the_page(assignment: str) -> None:
    source = source_path(assignment).read_text("utf-8")
    shown = "".join(page(x, HOSTILE, assignment=assignment, site=SITE) for x in LANGUAGES)
    hidden = [part.split("### END HIDDEN TESTS")[0] for part in source.split("### BEGIN HIDDEN TESTS")[1:]]
    lines = [line.strip() for part in hidden for line in part.splitlines() if len(line.strip()) > 15]
    assert len(lines) > 20
    assert not [line for line in lines if line in shown]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", names())
def test_each_question_says_what_to_reread_and_the_book_has_it(name: str, language: str) -> None:
    for question in load(name).questions.values():
        assert question.reread, question.id
        for label in question.reread:
            there = section(label, language)
            path, _, anchor = there.address.removeprefix(f"{language}/").partition("#")
            source = (BOOK / language / path).with_suffix(".md").read_text("utf-8")
            assert source.count(f"({anchor})=\n") == 1, label
            assert path.startswith(name), f"{question.id}: {label} is of another week"


def test_what_lost_points_links_to_its_section_and_what_did_not_does_not() -> None:
    found = details("w01", 1.0)
    found[2] = Detail("q3", 0.0, 2.0, [], "", False, False)
    made = record()
    shown = render(Trainee(made.trainee, language="vi"), made, found, SITE)
    links = [link for link in Tags(shown).links if link.startswith("http")]
    assert links == [f"{SITE}vi/w01-seeing-the-factory/index.html#w01-takt"]
    assert "Nhịp sản xuất và công đoạn thắt cổ chai" in shown
    without = render(Trainee(made.trainee, language="en"), made, found)
    assert not [link for link in Tags(without).links if not link.startswith("#")]
    assert "Week 1. Seeing the factory, section “Takt and the bottleneck”" in without


def test_what_still_waits_is_not_sent_back_to_the_book() -> None:
    assert "Read again" not in page("en", waiting=True)


def test_lateness_is_taken_off_and_said() -> None:
    shown = page("vi", share=1.0, late=0.1)
    assert "18 / 20 điểm" in shown
    assert "mất 2 điểm trong 20 điểm đạt được (10 %)" in shown
    assert "taken off" not in page("en", share=1.0)


def test_what_happened_is_said_in_the_trainees_language_and_names_nobody_else() -> None:
    other = new_trainee_id()
    made = record(problems=[both("run.several", trainees=f"{other}, {written(other)}"), "a line of old"])
    said = [both("run.error", cell=3, what=f"NameError: {made.trainee}")] * 30
    made = record(problems=[*made.problems, *said])
    shown = render(Trainee(made.trainee, language="vi"), made, details("w01", 1.0))
    assert "có nhiều mã học viên (…, …)" in shown
    assert other not in shown.replace("-", "")
    assert "a line of old" in shown
    assert shown.count("Lỗi ở ô mã 3") < len(said)  # a notebook can make thousands
    assert "và 12 dòng nữa" in shown


def line(language: str, assignment: str, share: float | None, times: Sequence[Any] = ()) -> Line:
    made = record(assignment)
    trainee = Trainee(made.trainee, language=language)
    if share is None:
        return Line(trainee, assignment, tuple(times))
    mark = Mark(made.trainee, assignment, 20 * share, 20, "a" * 64, made.graded_at, complete=True)
    return Line(trainee, assignment, tuple(times), mark, tuple(details(assignment, share)), made)


def test_the_overview_says_the_total_and_what_is_missing() -> None:
    lines = [line("vi", "w01", 0.9, ["x"]), line("vi", "w02", None), line("vi", "w03", None, ["x"])]
    shown = Tags(overview(lines[0].trainee, lines, {"w01.html"}))
    assert shown.links == ["w01.html"]
    assert "18 / 20 điểm" in shown.text
    assert "Còn phải nộp: w02." in shown.text
    assert "Đã nhận và sẽ chấm: w03." in shown.text


def test_pages_are_complete_in_themselves(tmp_path: Path) -> None:
    lines = [line("en", "w01", 0.5)]
    for shown in (page("en", HOSTILE), overview(lines[0].trainee, lines, set())):
        assert "default-src 'none'" in shown
        assert not re.search(r"(?i)url\(|@import|<link|<script|https?://", shown)
