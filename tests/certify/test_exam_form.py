"""Forms: over hundreds of seeds the blueprint is met, all are as hard, and no notebook tells an answer."""

from __future__ import annotations

import json
from collections import Counter

import nbformat
import pytest

from autograder.certify.exam import bank, form, notebook, paper
from autograder.certify.exam.judging import judge
from autograder.certify.exam.paper import Paper
from autograder.certify.exam.question import Drawn, share_of
from linelab.answers import exam_paper
from linelab.texts import LANGUAGES

BANK = bank.load()
FORMS = [form.draw_form(BANK, "a seed", f"trainee {number}") for number in range(300)]


def made(questions: list[Drawn], number: str = "0123456789ab") -> Paper:
    return Paper("spring", "exam", "K7P2QD4P", number, 90, tuple(questions))


def test_each_form_has_what_the_blueprint_says() -> None:
    for questions in FORMS:
        found = Counter((question.module, question.level) for question in questions)
        asked = {
            (module, level): number
            for module, levels in BANK.blueprint.questions.items()
            for level, number in levels.items()
        }
        assert found == asked
        assert [question.id for question in questions] == [f"q{i:02d}" for i in range(1, len(questions) + 1)]
        assert len({question.item for question in questions}) == len(questions)
        assert all(question.points == BANK.blueprint.points[question.level] for question in questions)
        assert made(questions).most == BANK.blueprint.most


def test_forms_are_equally_hard() -> None:
    shares = [
        sum(question.points * question.share for question in questions)
        / sum(question.points for question in questions)
        for questions in FORMS
    ]
    middle, tolerance = BANK.blueprint.expected, BANK.blueprint.tolerance
    assert all(abs(share - middle) <= tolerance + 1e-9 for share in shares)
    assert max(shares) - min(shares) <= 0.02


def test_forms_differ_and_every_item_comes() -> None:
    choices = {tuple(question.item for question in questions) for questions in FORMS}
    assert len(choices) > 280
    used = Counter(question.item for questions in FORMS for question in questions)
    assert set(used) == {item.id for item in BANK.items}
    assert min(used.values()) > 300 * 0.15  # none is so hard or easy that it hardly ever fits


def test_neighbours_cannot_copy() -> None:
    """Even where two have the same item its figures or letters differ, nearly always."""
    same = together = 0
    for one, other in zip(FORMS[::2], FORMS[1::2], strict=True):
        answers = {question.item: (question.ask["en"], question.right) for question in one}
        for question in other:
            if question.item in answers and question.level != "recall":
                together += 1
                same += answers[question.item] == (question.ask["en"], question.right)
    assert together > 500
    assert same < 0.03 * together


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notebook_tells_no_answer(language: str) -> None:
    for questions in FORMS[:40]:
        text = notebook.make(made(questions), language)
        document = nbformat.reads(text, as_version=4)
        nbformat.validate(document)
        code = "\n".join(cell.source for cell in document.cells if cell.cell_type == "code")
        for question in questions:
            assert question.reason[language] not in text
            assert all(wrong["because"][language] not in text for wrong in question.wrong)
            assert question.item not in text
            assert f'answer("{question.id}", None)' in code
        assert "right" not in code
        assert "seed" not in code


def test_what_a_notebook_records_is_what_is_judged() -> None:
    own = made(FORMS[0])
    asked = exam_paper(own.name, own.asked("vi"))
    for question in own.questions:
        assert asked.faults(question.id, question.right) == []
        assert asked.faults(question.id, None) != []
        assert asked.faults(question.id, "Z") != []
    assert asked.faults("q99", 1) != []


def test_right_answers_get_all_points_and_none_get_none() -> None:
    for questions in FORMS[:100]:
        own = made(questions)
        marked = judge(own, {question.id: question.right for question in questions}, [1])
        assert sum(one.points for one in marked) == own.most
        assert all(one.reason["vi"].startswith("Đúng.") for one in marked)
        marked = judge(own, {}, [1])
        assert sum(one.points for one in marked) == 0
        assert all(one.reason["en"].startswith("No answer was recorded.") for one in marked)


def test_a_usual_mistake_gets_nothing_and_is_explained() -> None:
    seen = set()
    for questions in FORMS[:100]:
        own = made(questions)
        for question in questions:
            for wrong in question.wrong:
                (one,) = [
                    x for x in judge(own, {question.id: wrong["value"]}, [1]) if x.question == question.id
                ]
                assert one.points == 0
                assert one.reason["vi"].startswith("Chưa đúng.")
                others = [x["because"]["vi"] for x in question.wrong]
                assert any(text in one.reason["vi"] for text in others)
                assert question.reason["vi"] in one.reason["vi"]
                seen.add((question.item, wrong["because"]["vi"]))
    assert len(seen) > 80


def question(kind: str, right: float | str, tolerance: float = 0.0) -> Drawn:
    empty = {"vi": "", "en": ""}
    options = tuple({"vi": letter, "en": letter} for letter in "ABCD")
    return Drawn(
        "q01", "item", "w01", "w01-o1", "apply", kind, 2, 0.5, empty, empty, empty, right, tolerance, options
    )


@pytest.mark.parametrize(
    ("asked", "answer", "share"),
    [
        (question("number", 50.0, 1.0), 50, 1),
        (question("number", 50.0, 1.0), 51.0, 1),
        (question("number", 50.0, 1.0), 51.1, 0),
        (question("number", 50.0, 1.0), "50", 0),
        (question("number", 50.0, 1.0), True, 0),
        (question("number", 1.0), True, 0),
        (question("number", 50.0, 1.0), float("nan"), 0),
        (question("number", 50.0, 1.0), float("inf"), 0),
        (question("number", 50.0, 1.0), [50], 0),
        (question("number", 7.0), 7, 1),
        (question("number", 7.0), 6, 0),
        (question("choice", "B"), "B", 1),
        (question("choice", "B"), " b", 1),
        (question("choice", "B"), "A", 0),
        (question("choice", "B"), "BB", 0),
        (question("choice", "B"), 2, 0),
        (question("order", "BACD"), "BACD", 1),
        (question("order", "BACD"), "b, a, c, d", 1),
        (question("order", "BACD"), "BCAD", 0.5),  # two neighbours exchanged
        (question("order", "BACD"), "DACB", 0),  # two that are far apart
        (question("order", "BACD"), "DCAB", 0),
        (question("order", "BACD"), "BAC", 0),
        (question("order", "BACD"), "BACDD", 0),
        (question("order", "BACD"), "BAAD", 0),
        (question("match", "BACD"), "DACB", 0.5),  # two pairs exchanged
        (question("match", "BACD"), "ACBD", 0),  # three
        (question("match", "BACD"), None, 0),
    ],
)
def test_what_an_answer_gets(asked: Drawn, answer: object, share: float) -> None:
    assert share_of(asked, answer) == share


def test_a_paper_comes_back_from_its_file_as_it_was() -> None:
    own = made(FORMS[0])
    text = own.text()
    data = json.loads(text)
    assert data.pop("format") == paper.FORMAT
    again = Paper(**{**data, "questions": tuple(Drawn(**one) for one in data["questions"])})
    assert again.text() == text
