"""The rubric of a free text: one source for the exercise, the marking page and the figures of agreement."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import linelab.cases
from autograder.assignments import assignments, release_notebook
from autograder.rubric import rubric_table
from linelab.cases import CaseError, load, read
from linelab.cases.questions import Criterion, Question
from linelab.texts import LANGUAGES


@pytest.mark.parametrize("assignment", assignments())
def test_each_text_has_a_rubric_that_makes_its_points_and_stands_in_the_exercise(assignment: str) -> None:
    texts = [q for q in load(assignment).questions.values() if q.kind == "text"]
    assert texts
    for question in texts:
        assert sum(row.points for row in question.rubric) == question.points
        for language in LANGUAGES:
            cells = release_notebook(assignment, language).cells
            at = next(i for i, c in enumerate(cells) if c.id == f"{assignment}-{question.id}")
            before = cells[at - 1].source  # what the trainee reads above the cell to write in
            assert rubric_table(question, language) in before
            for row in question.rubric:
                assert all(words[language] in before for words in (row.label, *row.levels))
        assert "@RUBRIC" not in "".join(c.source for c in cells)


def test_a_row_says_what_it_is_worth_if_that_is_not_one_point() -> None:
    two = Criterion("two", 2.0, {"vi": "Hai", "en": "Two"}, ({"vi": "a", "en": "a"},) * 3)
    half = Criterion("half", 0.5, {"vi": "Nửa", "en": "Half"}, ({"vi": "b", "en": "b"},) * 3)
    table = rubric_table(Question("q1", "text", 2.5, {"vi": "x", "en": "x"}, rubric=(two, half)), "vi")
    assert table.splitlines()[2:] == ["| Hai (2 điểm) | a | a | a |", "| Nửa (0,5 điểm) | b | b | b |"]


@pytest.mark.parametrize("fault", ["none", "points", "levels"])
def test_a_case_whose_rubric_does_not_add_up_is_refused(fault: str) -> None:
    data = yaml.safe_load((Path(linelab.cases.__file__).parent / "w01.yml").read_text("utf-8"))
    question = data["questions"]["q8"]
    if fault == "none":
        del question["rubric"]
    elif fault == "points":
        question["rubric"]["why"]["points"] = 2
    else:
        question["rubric"]["why"]["levels"].pop()
    with pytest.raises(CaseError, match=r"x.yml: questions.q8.rubric \("):
        read(yaml.safe_dump(data), "x.yml")
