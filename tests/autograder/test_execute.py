"""From a notebook to answers: what counts, what is refused, and that nothing else gets through."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import pytest

from autograder import execute as module
from autograder.assignments import release_notebook
from autograder.errors import CourseError
from autograder.execute import RefusedError, execute, plain_value
from autograder.sandbox import Limits, Outcome

QUICK = Limits(cell=5, total=10, wall=15)
TRAINEE = "K7P2QD4P"

FORGE = """
from IPython.display import display
def forge(value, question="q1", assignment="w01"):
    record = {"assignment": assignment, "id": question, "value": value}
    display({"application/vnd.linelab.answer+json": record, "text/plain": ""}, raw=True)
"""


def fill(trainee: str = TRAINEE, language: str = "vi", **code: str) -> nbformat.NotebookNode:
    """The released notebook with the trainee's number and, by question, what stands in answer cells."""
    notebook: nbformat.NotebookNode = release_notebook("w01", language)
    for cell in notebook.cells:
        cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        if cell.metadata.get("nbgrader", {}).get("solution"):
            question = cell.id.removeprefix("w01-").removesuffix("-answer")
            cell.source = code.get(question, cell.source)
    return notebook


def test_answers_come_out_and_the_last_counts() -> None:
    notebook = fill(
        q1="answer('q1', 1.5)\nanswer('q1', 37.5)",
        q2="answer('q2', 'glue')",
        q7="import numpy as np\nanswer('q7', {'transfer_lot': np.int64(5)})",
        q8="Tôi đề nghị lô 5 kiện.",
    )
    result = execute(notebook, "w01", QUICK)
    assert result.answers == {
        "q1": 37.5,
        "q2": "glue",
        "q7": {"transfer_lot": 5},
        "q8": "Tôi đề nghị lô 5 kiện.",
    }
    assert (result.trainee, result.edition) == ("K7P2QD4P", "2026-1")
    assert result.problems == []


def test_an_untouched_notebook_has_no_answers() -> None:
    result = execute(fill(), "w01", QUICK)
    assert (result.answers, result.trainee, result.problems) == ({}, "K7P2QD4P", [])
    result = execute(fill(trainee=""), "w01", QUICK)
    assert (result.answers, result.trainee, result.problems) == ({}, None, [])


def test_an_error_in_a_cell_is_told_and_the_rest_counts() -> None:
    result = execute(fill(q1="1/0", q2="answer('q2', 'pack')"), "w01", QUICK)
    assert result.answers["q2"] == "pack"
    assert any("ZeroDivisionError" in problem for problem in result.problems)


def test_a_forged_record_is_a_claim_like_any_other() -> None:
    result = execute(fill(q1=FORGE + "forge(40.0)"), "w01", QUICK)
    assert result.answers["q1"] == 40.0


def test_forged_records_of_the_wrong_form_are_refused() -> None:
    values = ["10 ** 400", "10 ** 30", "'text'", "True", "None", "[1, 2]", "-5"]
    values.append("{'a': {'b': {'c': {'d': {'e': 1}}}}}")
    result = execute(fill(q1=FORGE + "".join(f"forge({v})\n" for v in values)), "w01", QUICK)
    assert "q1" not in result.answers
    assert sum(problem.startswith("q1:") for problem in result.problems) == len(values)


def test_strange_records_do_no_harm() -> None:
    cell = FORGE + (
        "forge(1, question='q99'); forge(1, assignment='w77'); forge('x', question='q8')\n"
        "forge(1, question=['q1']); forge({'x' * 200: 1}, question='q7')\n"
        "forge('x' * 100000, question='q2')\n"
        "display({'application/vnd.linelab.answer+json': 'no record'}, raw=True)\n"
        "for record in ({'assignment': 'w01', 'trainee': 5}, {'assignment': 'w99', 'trainee': 'K7P2QD4P'}):\n"
        "    display({'application/vnd.linelab.begin+json': record}, raw=True)"
    )
    result = execute(fill(q1=cell), "w01", QUICK)
    assert result.answers == {}
    assert result.trainee == "K7P2QD4P"
    assert len(result.problems) >= 7


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, [[[[[1]]]]], object()])
def test_values_that_no_answer_can_be(value: Any) -> None:
    with pytest.raises(RefusedError):
        plain_value(value)


def outcome(data: bytes) -> Outcome:
    return Outcome(data, None, 0, 0.0, "")


def line(value: str) -> bytes:
    record = f'{{"assignment": "w01", "id": "q1", "value": {value}}}'
    data = f'{{"application/vnd.linelab.answer+json": {record}}}'
    return f'{{"cell": 0, "outputs": [{{"output_type": "display_data", "data": {data}}}]}}\n'.encode()


@pytest.mark.parametrize(
    "data",
    [
        line("NaN"),
        line("Infinity"),
        line("1e999"),
        line("9" * 5000),
        line("[" * 100_000),
        line("[" * 900 + "]" * 900),
        b"\xff\xfe not text\n" + line('"\\ud800"'),
        b'{"cell": 7, "outputs": []}\n[]\n"cell"\n{"cell": 0, "outputs": 3}\n{"cell": true}\n',
    ],
)
def test_damaged_or_hostile_channels(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_in_sandbox", lambda *args, **named: outcome(data))
    result = execute(fill(), "w01", QUICK)
    assert "q1" not in result.answers
    assert result.problems  # said, not passed over
    nbformat.validate(result.notebook)


def test_a_sandbox_that_does_not_start_costs_nobody_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        module,
        "run_in_sandbox",
        lambda *args, **named: Outcome(b"", None, 1, 0.0, "bwrap: no", started=False),
    )
    with pytest.raises(CourseError, match="bwrap: no"):
        execute(fill(), "w01", QUICK)


def test_patched_libraries_harm_only_the_notebook_itself() -> None:
    cell = (
        "answer('q1', 40.0)\nimport json, builtins, linelab.answers\n"
        "linelab.answers.validate = lambda *a: []\nlinelab.answers.answer = print\n"
        "json.dumps = json.loads = None\njson.JSONEncoder.encode = lambda *a: 'forged'\nbuiltins.len = None"
    )
    result = execute(fill(q1=cell, q2="answer('q2', 'no such station')"), "w01", QUICK)
    assert result.answers.get("q1", 40.0) == 40.0
    assert "q2" not in result.answers
    import linelab.answers

    assert linelab.answers.validate("w01", "q2", "no such station") != []
    assert json.loads(json.dumps([1])) == [1]


def test_a_sudden_end_keeps_what_was_recorded() -> None:
    result = execute(fill(q1="answer('q1', 40.0)", q3="import os; os._exit(0)"), "w01", QUICK)
    assert result.answers["q1"] == 40.0
    assert any("it ended in code cell" in problem for problem in result.problems)


def test_a_notebook_that_takes_too_long_keeps_what_was_recorded() -> None:
    stuck = "import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass"
    result = execute(fill(q1="answer('q1', 40.0)", q2=stuck), "w01", Limits(cell=1, total=2, wall=3.5))
    assert result.answers["q1"] == 40.0
    assert any("longer than it may" in problem for problem in result.problems)


def test_outputs_are_reduced_to_texts_and_pictures() -> None:
    cell = (
        "from IPython.display import HTML, Javascript, display\nprint('kept')\n"
        "display(HTML('<script>alert(1)</script>'))\ndisplay(Javascript('alert(1)'))\n"
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()"
    )
    result = execute(fill(q1=cell), "w01", QUICK)
    nbformat.validate(result.notebook)
    media = {
        m
        for c in result.notebook.cells
        for o in c.get("outputs", [])
        for m in o.get("data", {"text/plain": 0})
    }
    assert media == {"text/plain", "image/png"}
    assert "alert(1)" not in json.dumps([c.get("outputs") for c in result.notebook.cells])
    assert all(c.metadata == {} and "attachments" not in c for c in result.notebook.cells)


def test_two_trainees_in_one_notebook_are_told() -> None:
    from linelab.trainees import new_trainee_id

    other = new_trainee_id()
    result = execute(fill(q1=f"begin('w01', '{other}', '2026-1')"), "w01", QUICK)
    assert result.trainee == other
    assert any("several trainees" in problem for problem in result.problems)
