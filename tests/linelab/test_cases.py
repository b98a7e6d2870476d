"""Cases, variants, trainee numbers, answers and words."""

from __future__ import annotations

import math
import re
import string
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import linelab
from linelab import answers, trainees
from linelab.cases import CaseError, load, names, read
from linelab.texts import LANGUAGES, catalogue, number, text
from linelab.widgets.session import LOSSES

EDITION = "2026-1"
PEOPLE = [f"{i:07d}" + trainees.check_character(f"{i:07d}") for i in range(200)]


@pytest.mark.parametrize("name", names())
def test_every_word_of_a_case_is_there_in_both_languages(name: str) -> None:
    case = load(name)
    words = [case.title, case.part, *case.station_labels.values()]
    words += [w for lever in case.levers for w in (lever.label, lever.unit, lever.help)]
    words += [w for q in case.questions.values() for w in (q.label, q.unit)]
    words += [w for q in case.questions.values() for row in q.rubric for w in (row.label, *row.levels)]
    for word in words:
        assert set(word) == set(LANGUAGES)
    assert set(case.station_labels) == set(case.line.names)


def test_texts_have_both_languages_and_the_same_fields() -> None:
    for key, entry in catalogue().items():
        assert set(entry) == set(LANGUAGES), key
        fields = [{f for _, f, _, _ in string.Formatter().parse(entry[x]) if f} for x in LANGUAGES]
        assert fields[0] == fields[1], key


def test_every_text_that_the_code_asks_for_exists_and_none_is_left_over() -> None:
    package = Path(linelab.__file__).parent
    files = [p for p in package.rglob("*") if p.suffix in (".py", ".js")]
    code = "\n".join(p.read_text("utf-8") for p in files)
    # also built from names
    families = ("state.", "metric.", "brief.", "unit.", "answer.", "why.", "lab.curve.")
    built = {f"lab.{name}" for name in (*LOSSES, "today", "plan")}
    for key in catalogue():
        quoted = f'"{key}"' in code or f"'{key}'" in code
        assert quoted or key.startswith(families) or key in built, f"{key} is never used"
    for key in re.findall(r'text\(\s*"([a-z_]+\.[a-z_.]+)"', code):
        assert key in catalogue(), key


def test_numbers_are_written_as_the_language_does() -> None:
    assert number(1234.56, "vi", 1) == "1.234,6"
    assert number(1234.56, "en", 1) == "1,234.6"
    assert number(-2.9, "vi", 1) == "−2,9"


def test_variant_is_the_trainees_own_and_always_the_same() -> None:
    case = load("w01")
    assert case.variant(PEOPLE[0], EDITION) == case.variant(PEOPLE[0], EDITION)
    lines = {case.variant(p, EDITION).line for p in PEOPLE}
    assert len(lines) > 190
    assert case.variant(PEOPLE[0], EDITION).line != case.variant(PEOPLE[0], "2027-1").line


def test_plan_faults_name_lever_setting_and_budget() -> None:
    case = load("w01")
    assert not case.faults({"transfer_lot": 15, "lane_capacity": 30})
    assert "no lever" in case.faults({"robot": 1})[0]
    assert "not one of" in case.faults({"transfer_lot": 7})[0]
    assert "cannot gather" in case.faults({"lane_capacity": 15})[0]
    over = {"transfer_lot": 5, "lane_capacity": 30, "glue_repair": 240, "barcode": 1}
    assert case.faults(over) == ["plan: costs 82, the budget is 60 million VND"]


@pytest.mark.parametrize(
    ("text_", "said"),
    [("{", "not YAML"), ("id: x", "missing"), ("id: x\ntitle: {}\npart: {}\nline: 3", "needs")],
)
def test_broken_case_file(text_: str, said: str) -> None:
    with pytest.raises(CaseError, match=said):
        read(text_, "x.yml")


def test_trainee_numbers_catch_any_one_wrong_character() -> None:
    for _ in range(50):
        good = trainees.new_trainee_id()
        assert trainees.is_trainee_id(trainees.written(good).lower())
        for i, c in enumerate(good):
            for other in trainees.ALPHABET:
                assert trainees.is_trainee_id(good[:i] + other + good[i + 1 :]) == (other == c)
    assert trainees.normalise("oil2 - abcd") == "0112ABCD"
    assert not trainees.is_trainee_id("")
    assert not trainees.is_trainee_id("K7P2-QD4P-X")


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: out.append(bundle))
    return out


def test_answers_leave_as_data_and_say_what_is_wrong(shown: list[dict[str, Any]]) -> None:
    person = PEOPLE[3]
    case = answers.begin("w01", trainee=trainees.written(person), edition=EDITION, language="en")
    assert case == load("w01").variant(person, EDITION)
    assert shown[-1][answers.BEGIN] == {"assignment": "w01", "trainee": person, "edition": EDITION}
    answers.answer("q1", np.float64(48.2))
    assert shown[-1][answers.ANSWER] == {"assignment": "w01", "id": "q1", "value": 48.2}
    assert type(shown[-1][answers.ANSWER]["value"]) is float
    answers.answer("q7", {"transfer_lot": np.int64(15)})
    assert shown[-1][answers.ANSWER]["value"] == {"transfer_lot": 15}
    for question, value in [
        ("q1", None),
        ("q1", "12"),
        ("q1", math.nan),
        ("q1", math.inf),
        ("q1", True),
        ("q1", 1e9),
        ("q2", "Glue"),
        ("q2", ["glue"]),
        ("q7", 3),
        ("q7", {}),
        ("q7", {"a": [1]}),
        ("q99", 1),
    ]:
        answers.answer(question, value)
        assert answers.ANSWER not in shown[-1], (question, value)
        assert shown[-1]["text/plain"].startswith("✗")
    answers.check("q1")
    assert shown[-1]["text/plain"].startswith("✓")
    answers.check("q2")
    assert shown[-1]["text/plain"].startswith("✗")


def test_without_a_number_nothing_is_recorded(shown: list[dict[str, Any]]) -> None:
    for given, said in [("", "TRAINEE"), ("K7P2-QD4A", "K7P2-QD4A")]:
        assert answers.begin("w01", trainee=given, edition=EDITION, language="vi") is None
        assert said in shown[-1]["text/plain"]
        assert answers.BEGIN not in shown[-1]
        answers.answer("q1", 3)
        assert answers.ANSWER not in shown[-1]


def test_an_exams_questions_come_with_the_notebook(shown: list[dict[str, Any]]) -> None:
    questions = {
        "q1": {"kind": "number", "unit": "giây"},
        "q2": {"kind": "choice", "options": "ABC"},
        "q3": {"kind": "letters", "options": "ABCD"},
    }
    trainee = trainees.written(PEOPLE[3])
    assert answers.begin_exam("spring-exam", trainee, "0123456789ab", questions, "vi") is None
    record = {"assignment": "spring-exam", "trainee": trainee, "edition": "0123456789ab"}
    assert shown[-1][answers.BEGIN] == record
    assert "0123456789ab" in shown[-1]["text/plain"]
    for question, value in [("q1", 54), ("q2", "C"), ("q3", "BADC")]:
        answers.answer(question, value)
        record = {"assignment": "spring-exam", "id": question, "value": value}
        assert shown[-1][answers.ANSWER] == record
    answers.answer("q1", 54.0)
    assert shown[-1]["text/plain"] == "✓ Đã ghi câu q1: 54,00 giây"
    for question, value in [("q1", None), ("q2", "D"), ("q3", "BAD"), ("q3", "BADD"), ("q3", 1), ("q4", 1)]:
        answers.answer(question, value)
        assert answers.ANSWER not in shown[-1], (question, value)
    answers.check("q3")
    assert shown[-1]["text/plain"].startswith("✓")


def test_an_exams_case_comes_with_the_notebook(shown: list[dict[str, Any]]) -> None:
    text_ = (Path(linelab.__file__).parent / "cases" / "w01.yml").read_text("utf-8")
    questions = {"q1": {"kind": "plan"}}
    case = answers.begin_exam("spring-case", PEOPLE[3], "0123456789ab", questions, "en", text_)
    assert case is not None
    assert case.line == load("w01").line
    assert case.station_labels["glue"]["en"] in shown[-1]["text/html"]
    answers.answer("q1", {"transfer_lot": 15})
    assert "15 of a budget of 60 million VND" in shown[-1]["text/plain"]
    assert shown[-1][answers.ANSWER]["value"] == {"transfer_lot": 15}


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="vi or en"):
        text("lab.run", "fr")
