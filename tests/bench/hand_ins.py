"""One class at the exercise of week 1, for both graders, and the exercise as stock runs it.

Stock nbgrader runs trainee's code and hidden tests in one kernel, so its exercise is the same notebook with
the same hidden tests, which there get their `answers` from what the notebook recorded, their `case` from the
notebook, and `seeds` as a list. One thing makes it easier for stock: the best plans of the case, which our
judge finds once a process, stand in its test as a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import nbformat

from autograder.assignments import source_notebook
from autograder.plan import REPLICATIONS, _shortlist
from linelab.trainees import ALPHABET, check_character

WEEK = "w01"
# of twenty trainees
KINDS = ("good",) * 10 + ("weak",) * 5 + ("half",) * 2 + ("untouched",) * 1 + ("failing",) * 2
PLANS = (
    '{"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240}',
    '{"transfer_lot": 5, "lane_capacity": 30}',
    '{"transfer_lot": 15, "lane_capacity": 30, "glue_repair": 240}',
    '{"transfer_lot": 30}',
    '{"transfer_lot": 15, "lane_capacity": 60}',
    '{"transfer_lot": 5, "lane_capacity": 8}',
)
MEMO = (
    "Lô 5 kiện, làn 15 chỗ: thời gian lưu trình giảm từ hơn ba giờ xuống khoảng nửa giờ, tốn 59 triệu đồng."
)
WRONG = {
    "q2": 'answer("q2", "pack")',
    "q3": 'answer("q3", 3600 / case.line.stations[2].process_time.average)',  # availability forgotten
    "q4": 'answer("q4", today.lead_time.mean)',  # seconds for minutes
}
FAILING = {"q3": 'answer("q3", bottleneck_rat)', "q5": 'wip = today.throughput.mean *\nanswer("q5", wip)'}
LATER = ("q5", "q6", "q7")  # what nobody came to who did half of it


def trainees(count: int) -> list[str]:
    """Trainee numbers, the same each time."""
    found = []
    for n in range(count):
        body, left = "", 7_919 * (n + 1)
        while len(body) < 7:
            left, digit = divmod(left, len(ALPHABET))
            body = ALPHABET[digit] + body
        found.append(body + check_character(body))
    return found


def kind(place: int) -> str:
    """What the trainee at that place of the class hands in; mixed, so that any part of a class is like it."""
    return KINDS[place * 7 % len(KINDS)]


def filled(released: nbformat.NotebookNode, trainee: str, place: int) -> nbformat.NotebookNode:
    """The released notebook with that trainee's work in it."""
    notebook = nbformat.from_dict(released)
    solved = {cell.id: cell.source for cell in source_notebook(WEEK).cells}
    what = kind(place)
    for cell in notebook.cells:
        cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        marks = cell.metadata.get("nbgrader", {})
        if not marks.get("solution") or what == "untouched":
            continue
        question = marks["grade_id"].removeprefix(f"{WEEK}-").removesuffix("-answer")
        if what == "half" and (question in LATER or cell.cell_type == "markdown"):
            continue
        if cell.cell_type == "markdown":
            cell.source = MEMO
            continue
        cell.source = _without_marks(solved[marks["grade_id"]])
        if question == "q7":
            cell.source = cell.source.replace(PLANS[0], PLANS[place % len(PLANS)])
        changed = {"weak": WRONG, "failing": FAILING}.get(what, {})
        cell.source = changed.get(question, cell.source)
    return notebook


def stock_source(seeds: Sequence[int]) -> nbformat.NotebookNode:
    """The instructor's notebook for stock nbgrader."""
    notebook = source_notebook(WEEK)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    )
    begin = "### BEGIN HIDDEN TESTS\n"
    for cell in notebook.cells:
        if begin in cell.source:
            cell.source = cell.source.replace(begin, begin + "\n".join(_given(cell, seeds)) + "\n")
    return notebook


def _given(cell: Any, seeds: Sequence[int]) -> Iterator[str]:
    """What our judge hands to a test, for a kernel in which the trainee's code has run."""
    yield "from linelab.answers import _open"
    yield 'answers = {f"q{n}": _open.get("answers", {}).get(f"q{n}") for n in range(1, 9)}'
    yield f"seeds = {list(seeds)}"
    if "mark_plan" in cell.source:
        yield "from autograder import plan as judging"
        yield f"judging._shortlist = lambda *_: {_shortlist(WEEK, seeds[0], REPLICATIONS)}"


def _without_marks(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.startswith("### "))
