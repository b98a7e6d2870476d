"""The feedback page from marks alone: whatever stands in them shows as text, in the trainee's language."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from autograder.assignments import source_path
from autograder.cohort import Trainee
from autograder.feedback import render
from autograder.gradebook import Detail
from autograder.inert import readable
from autograder.records import Record
from linelab.answers import schema
from linelab.trainees import new_trainee_id

HOSTILE = "</section><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp; {0} {points} \u202e"
ANSWERS: dict[str, Any] = {"q1": 40.5, "q2": HOSTILE, "q7": {HOSTILE: HOSTILE}, "q8": HOSTILE}


class Tags(HTMLParser):
    """Collects the tags of a page and what stands in its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def page(language: str, words: str, waiting: bool = False) -> str:
    trainee = new_trainee_id()
    found = [
        Detail(q.id, 0.0, q.points, [{"vi": words, "en": words}], words, False, waiting)  # type: ignore[list-item]
        for q in schema("w01").values()
    ]
    answers = ANSWERS if words is HOSTILE else {"q1": 40.5}
    record = Record(trainee, "w01", answers, "a" * 64, "2026-11-23T09:00:00+00:00", [words])
    return render(Trainee(trainee, words, words, language), record, found)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_hostile_text_adds_no_tag_and_is_shown_as_written(language: str) -> None:
    hostile, plain = Tags(page(language, HOSTILE)), Tags(page(language, "plain"))
    # a memo is wrapped in a span of ours; apart from that the page has the very same tags
    assert [t for t in hostile.tags if t != "span"] == [t for t in plain.tags if t != "span"]
    assert not {"script", "img", "iframe", "link", "object", "base", "form"} & set(hostile.tags)
    assert not {name for name in hostile.attributes if name.startswith("on")} | {"src"} & hostile.attributes
    assert hostile.text.count(readable(HOSTILE)) >= len(schema("w01")) + 4


def test_units_numbers_and_words_are_in_the_trainees_language() -> None:
    assert "40,50 giây/kiện" in page("vi", "x")
    assert "40.50 s" in page("en", "x")
    assert "Chờ giảng viên chấm" in page("vi", "x", waiting=True)
    assert "Waits for your instructor" in page("en", "x", waiting=True)


def test_nothing_of_the_hidden_tests_is_in_the_page() -> None:
    source, shown = source_path("w01").read_text("utf-8"), page("vi", HOSTILE) + page("en", HOSTILE)
    hidden = [part.split("### END HIDDEN TESTS")[0] for part in source.split("### BEGIN HIDDEN TESTS")[1:]]
    lines = [line.strip() for part in hidden for line in part.splitlines() if len(line.strip()) > 15]
    assert len(lines) > 20
    assert not [line for line in lines if line in shown]
