"""What holds of each week's exercise: twenty points in both languages, all of them for its own solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from autograder.assignments import source_notebook
from autograder.execute import execute
from linelab.cases import Case, load


@pytest.fixture(scope="module", params=["w02", "w03"])
def week(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_twenty_points_in_both_languages(week: str) -> None:
    assert sum(q.points for q in load(week).questions.values()) == 20
    for language in ("vi", "en"):
        cells = source_notebook(week, language).cells
        assert sum(c.metadata.get("nbgrader", {}).get("points", 0) for c in cells) == 20


def test_the_instructors_solution_gets_all_points(
    week: str, mark: Callable[[Case, str, Any], float], own: Callable[[str], Case], people: list[str]
) -> None:
    """Executed as a trainee's notebook is, with seeds that are not the judge's."""
    for language, trainee in zip(("vi", "en"), people[:2], strict=True):
        notebook = source_notebook(week, language)
        for cell in notebook.cells:
            cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        answers = execute(notebook, week).answers
        case = own(trainee)
        machine = [q for q in case.questions.values() if q.kind != "text"]  # a text is marked by a person
        assert len(machine) == 6
        for question in machine:
            assert mark(case, question.id, answers[question.id]) == question.points, question.id
