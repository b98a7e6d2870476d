"""Quizzes: what their files may say, and what a page shows of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from publish.errors import PublishError
from publish.paths import BOOK, LANGUAGES
from publish.quiz import arithmetic, load, values, weeks
from publish.quiz_form import form, key, seal


def two(text: str) -> dict[str, str]:
    return {"vi": text, "en": text}


CHOICE = {
    "id": "which", "kind": "choice", "objective": "w01-o1", "ask": two("Which?"),
    "options": [
        {"text": two("this"), "right": True, "say": two("because of the secret")},
        {"text": two("that"), "say": two("no, for a reason")},
    ],
}  # fmt: skip
NUMBER = {
    "id": "how-long", "kind": "number", "objective": "w01-o1", "ask": two("How long?"), "unit": two("min"),
    "answer": "420 / 560 * 7.5", "tolerance": 0.1, "digits": 1, "say": two("divide"), "other": two("think"),
    "wrong": [{"value": "560 / 420 * 7.5", "say": two("the wrong way round")}],
}  # fmt: skip
ORDER = {
    "id": "steps", "kind": "order", "objective": "w01-o2", "ask": two("In order?"), "say": two("so it is"),
    "items": [{"text": two(x), "say": two(f"why {x}")} for x in ("see", "count", "map", "buy")],
}  # fmt: skip


def written(folder: Path, *questions: dict[str, Any]) -> Path:
    (folder / "w01.yml").write_text(yaml.safe_dump({"questions": list(questions)}), "utf-8")
    return folder


def test_a_quiz_is_read(tmp_path: Path) -> None:
    quiz = load("w01", written(tmp_path, CHOICE, NUMBER, ORDER))
    assert [q["id"] for q in quiz.questions] == ["which", "how-long", "steps"]
    assert next(values(quiz.questions[1])) == ("answer", 5.625)


@pytest.mark.parametrize(
    ("question", "change", "said"),
    [
        (CHOICE, {"kind": "guess"}, "which: kind: use one of"),
        (CHOICE, {"id": "Which One"}, "question 1: id: write a name"),
        (CHOICE, {"objective": "w02-o1"}, "which: objective"),
        (CHOICE, {"ask": {"vi": "Gì?"}}, "which: ask: write it in both languages"),
        (CHOICE, {"ask": {"vi": "Gì?", "en": " "}}, "which: ask: en: is empty"),
        (CHOICE, {"options": [CHOICE["options"][1]] * 2}, "0 are right"),
        (CHOICE, {"options": [CHOICE["options"][0]] * 2}, "2 are right"),
        (CHOICE, {"options": CHOICE["options"][:1]}, "two to six"),
        (CHOICE, {"hint": two("x")}, "which: hint: is no field"),
        (CHOICE, {"kind": "several", "options": [CHOICE["options"][0]] * 2}, "one wrong"),
        (NUMBER, {"answer": "__import__('os')"}, "answer: .* is no number"),
        (NUMBER, {"answer": "1 / 0"}, "answer: .* is no number"),
        (NUMBER, {"tolerance": 0.01}, "tolerance: must be half a unit"),
        (NUMBER, {"tolerance": 6}, "lies within the tolerance of answer"),
        (NUMBER, {"digits": 7}, "digits: use 0"),
        (NUMBER, {"wrong": []}, "wrong: write the usual mistakes"),
        (ORDER, {"items": ORDER["items"][:2]}, "three to six"),
        (ORDER, {"chart": {"kind": "pie"}}, "steps: chart: needs"),
    ],
)
def test_a_fault_names_the_question_the_field_and_the_fix(
    tmp_path: Path, question: dict[str, Any], change: dict[str, Any], said: str
) -> None:
    with pytest.raises(PublishError, match=said) as caught:
        load("w01", written(tmp_path, question | change))
    assert "w01.yml" in caught.value.message


def test_a_missing_or_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "w02.yml").write_text("questions: [")
    for week in ("w01", "w02"):
        with pytest.raises(PublishError, match=f"{week}.yml: cannot be read") as caught:
            load(week, tmp_path)
        assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("sum_", "value"), [("2 * (3 + 4)", 14), ("-2 ** 2", -4), (7, 7), ("1e-3", 0.001), ("60 / 7.5 / 2", 4)]
)
def test_arithmetic(sum_: Any, value: float) -> None:
    assert arithmetic(sum_, "x") == pytest.approx(value)


def test_a_page_gives_no_answer_at_a_glance(tmp_path: Path) -> None:
    """Neither the order of the options nor any text tells; the explanations cannot be read as they stand."""
    quiz = load("w01", written(tmp_path, CHOICE, NUMBER, ORDER))
    made = form(quiz, "en", lambda question: "x.svg")
    assert key("w01", "how-long", 0, "5.6") in made
    assert key("w01", "how-long", 0, "5.8") not in made
    page = tmp_path / "page.html"
    page.write_text(made, "utf-8")
    seal(tmp_path)
    sealed = page.read_text("utf-8")
    for words in ("secret", "wrong way round", "so it is", "5.6", "right: true"):
        assert words not in sealed
    shown = re.findall(r'<li data-item="\d"><span>(\w+)</span>', sealed)
    assert sorted(shown) == sorted(["see", "count", "map", "buy"])
    assert shown != ["see", "count", "map", "buy"]


# -- the quizzes of the course


def test_every_week_has_a_quiz() -> None:
    assert weeks() == sorted(p.name[:3] for p in (BOOK / "en").glob("w*-*"))


@pytest.mark.parametrize("week", weeks())
def test_eight_to_twelve_questions_of_several_kinds(week: str) -> None:
    questions = load(week).questions
    assert 8 <= len(questions) <= 12
    assert {q["kind"] for q in questions} >= {"choice", "number", "order", "match"}
    assert any("chart" in q for q in questions)


@pytest.mark.parametrize("week", weeks())
def test_every_objective_of_the_page_is_asked(week: str) -> None:
    asked = {q["objective"] for q in load(week).questions}
    for language in LANGUAGES:
        (folder,) = (BOOK / language).glob(f"{week}-*")
        stated = re.findall(rf"- `({week}-o\d)`", (folder / "index.md").read_text("utf-8"))
        assert asked == set(stated)
