"""Each answer gets what it must, through nbgrader's own gradebook; nothing of the trainee's code is run."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from nbgrader.api import Gradebook

from autograder import plan as plan_module
from autograder.assignments import release_notebook, source_notebook
from autograder.entry import Entries
from autograder.errors import CourseError
from autograder.execute import execute
from autograder.gradebook import details, marks
from autograder.inert import harmless
from autograder.judge import Judgement, hidden_seeds, run_test
from autograder.judge import judge as judge_answers
from autograder.manual import set_manual
from autograder.marking import mark_choice, mark_number
from autograder.nbgrader_course import prepare_course
from autograder.records import Record, write_record
from autograder.submission import rebuild
from linelab.cases import Case, load
from linelab.experiment import simulate
from linelab.trainees import new_trainee_id

TRAINEE = "K7P2QD4P"
SEEDS = hidden_seeds("5ec7e7", "w01")
MEMO = "Chọn lô 5 kiện; CT giảm còn 30 ± 1 phút."
Answers = dict[str, Any]


def fill(trainee: str = TRAINEE, language: str = "vi", **code: str) -> nbformat.NotebookNode:
    """The released notebook with the trainee's number and, by question, what stands in answer cells."""
    notebook: nbformat.NotebookNode = release_notebook("w01", language)
    for cell in notebook.cells:
        cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        if cell.metadata.get("nbgrader", {}).get("solution"):
            question = cell.id.removeprefix("w01-").removesuffix("-answer")
            cell.source = code.get(question, cell.source)
    return notebook


@pytest.fixture(scope="module")
def case() -> Case:
    return load("w01").variant(TRAINEE, "2026-1")


@pytest.fixture(scope="module")
def right(case: Case) -> Answers:
    """Answers as somebody who knows finds them, from the case alone."""
    run = simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=40, seed=7)
    return {
        "q1": case.shift / case.demand,
        "q2": "glue",
        "q3": 3600 * case.line.bottleneck_rate,
        "q4": run.lead_time.mean / 60,
        "q5": run.throughput.mean * run.lead_time.mean,
        "q6": 100 * case.line.raw_process_time / run.lead_time.mean,
        "q7": {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240},
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cohort's folder with nbgrader's course folder in it."""
    folder = tmp_path_factory.mktemp("judged")
    (folder / "cohort.yml").write_text("edition: '2026-1'\nlanguage: vi\nsecret: '5ec7e7'\n")
    prepare_course(folder / "nbgrader")
    return folder


@pytest.fixture(autouse=True)
def _fewer_replications(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    if "whole" not in request.node.name:  # that one is as in earnest
        monkeypatch.setattr(plan_module, "REPLICATIONS", 6)


@pytest.fixture(scope="module")
def tests() -> dict[str, str]:
    """The hidden tests by question."""
    cells = source_notebook("w01").cells
    return {
        c.metadata.nbgrader.grade_id[4:]: c.source
        for c in cells
        if c.cell_type == "code" and c.metadata.get("nbgrader", {}).get("grade")
    }


@pytest.fixture
def points(tests: dict[str, str], case: Case) -> Callable[[str, Any], float]:
    """Points of one answer to one question, by its real hidden test."""
    most = {q.id: q.points for q in case.questions.values()}

    def mark(question: str, value: Any) -> float:
        answers = dict.fromkeys(most) | {question: value}
        verdict = run_test(tests[question], most[question], answers, case, SEEDS)
        assert not verdict.fault
        (reason,) = verdict.reasons
        assert reason["vi"] and reason["en"] and reason["max"] == most[question]  # noqa: PT018
        assert verdict.points == reason["points"]
        return float(reason["points"])

    return mark


def judge(course: Path, notebook: nbformat.NotebookNode, answers: Answers, who: str = TRAINEE) -> Judgement:
    """Judge answers, keep the record, and enter it in nbgrader."""
    result = judge_answers("w01", who, "2026-1", answers, SEEDS)
    record = Record(
        trainee=who,
        assignment="w01",
        answers=answers,
        attempt="a1",
        graded_at="2026-11-23T09:00:00+00:00",
        problems=[],
        points=result.points,
        reasons=result.reasons,
        faults=result.faults,
    )
    with Entries.open(course) as entries:
        entries.enter(write_record(course, record), notebook, datetime.now(UTC))
    return result


def test_the_whole_way_of_the_instructors_solution(course: Path) -> None:
    """The instructor's own solution, executed for a variant, gets all points that a machine can give."""
    who = new_trainee_id()
    notebook = source_notebook("w01", "en")
    for cell in notebook.cells:
        cell.source = cell.source.replace('TRAINEE = ""', f'TRAINEE = "{who}"')
    run = execute(notebook, "w01")
    result = judge(course, notebook, run.answers, who)
    assert result.faults == []
    assert result.points == {"q1": 1, "q2": 1, "q3": 2, "q4": 2, "q5": 2, "q6": 2, "q7": 6, "q8": None}
    [mark] = [m for m in marks(course) if m.trainee == who]
    assert (mark.points, mark.max_points, mark.complete, mark.attempt) == (16, 20, False, "a1")


def test_right_answers(points: Callable[[str, Any], float], right: Answers, case: Case) -> None:
    for question in ("q1", "q2", "q3", "q4", "q5", "q6"):
        assert points(question, right[question]) == case.questions[question].points
        assert points(question, None) == 0


@pytest.mark.parametrize(
    ("question", "wrong"),
    [
        ("q1", lambda a, c: c.demand / c.shift),
        ("q1", lambda a, c: a["q1"] / 60),
        ("q2", lambda a, c: "die-cut"),
        ("q3", lambda a, c: 3600 / c.line.stations[2].process_time.average),  # no availability
        ("q3", lambda a, c: a["q3"] / 3600),
        ("q4", lambda a, c: a["q4"] * 60),  # seconds
        ("q4", lambda a, c: c.line.raw_process_time / 60),  # no queues
        ("q5", lambda a, c: a["q5"] / 60),  # mixed units
        ("q5", lambda a, c: a["q3"] * a["q4"]),
        ("q6", lambda a, c: a["q6"] / 100),
        ("q6", lambda a, c: 100 / a["q6"]),
    ],
)
def test_wrong_approaches_get_nothing(
    points: Callable[[str, Any], float],
    right: Answers,
    case: Case,
    question: str,
    wrong: Callable[[Answers, Case], Any],
) -> None:
    assert points(question, wrong(right, case)) == 0


@pytest.mark.parametrize("value", ["37", [37.5], {}, True, float("nan")])
def test_odd_values_that_slipped_through_get_nothing(points: Callable[[str, Any], float], value: Any) -> None:
    assert points("q1", value) == 0


def test_plans(points: Callable[[str, Any], float], right: Answers, case: Case) -> None:
    assert points("q7", right["q7"]) == 6
    dear = {"transfer_lot": 5, "lane_capacity": 15, "glue_repair": 240, "barcode": 1}
    assert case.cost(dear) > case.budget
    assert points("q7", dear) == 0
    assert points("q7", {"transfer_lot": 7}) == 0
    assert points("q7", {"no_lever": 1}) == 0
    assert points("q7", {"barcode": 1}) == 0  # information alone moves nothing
    half = points("q7", {"transfer_lot": 30, "lane_capacity": 60})
    assert 1 < half < 5
    assert half == round(half, 1)


def test_changed_test_cells_make_no_difference(course: Path, right: Answers) -> None:
    """Doubled, rewritten, deleted and retyped cells, some of which nbgrader alone fails on."""
    plain = fill(q1="answer('q1', 1)", q8=MEMO)
    tampered = copy.deepcopy(plain)
    by_id = {c.id: c for c in tampered.cells}
    by_id["w01-q3"].source = "2.0"
    by_id["w01-q3"].metadata.nbgrader.points = 100
    by_id["w01-q4"].metadata.nbgrader.grade_id = "w01-q5"
    by_id["w01-q6"].cell_type = "markdown"
    by_id["w01-q1-answer"].metadata.nbgrader.locked = True
    tampered.cells.remove(by_id["w01-q2"])
    tampered.cells.remove(by_id["w01-q7-answer"])
    tampered.cells += [copy.deepcopy(by_id["w01-q1"]), copy.deepcopy(by_id["w01-q8"])]
    tampered.cells.append(nbformat.v4.new_code_cell("import os; os._exit(9)"))
    answers = right | {"q3": 1.0, "q7": None, "q8": MEMO}
    first, second = judge(course, plain, answers), judge(course, tampered, answers)
    assert first == second
    assert first.points == {"q1": 1, "q2": 1, "q3": 0, "q4": 2, "q5": 2, "q6": 2, "q7": 0, "q8": None}
    stored = nbformat.read(course / "nbgrader/autograded" / TRAINEE / "w01/w01.ipynb", as_version=4)
    assert "os._exit" not in json.dumps(stored)


@pytest.mark.parametrize(
    "notebook",
    [
        {},
        {"cells": [], "metadata": {"course": 3}},
        {"cells": [3, None, {}, {"cell_type": "code", "metadata": 3, "source": 5}], "metadata": None},
        {
            "cells": [
                {"cell_type": "markdown", "id": "w01-q8", "metadata": {}, "source": ["a", "b", "\ud800"]}
            ]
        },
    ],
)
def test_any_notebook_is_rebuilt_into_a_valid_one(notebook: dict[str, Any]) -> None:
    made = rebuild(nbformat.from_dict(notebook), "w01")
    nbformat.validate(made)
    json.dumps(made).encode()
    assert sum(c.metadata.get("nbgrader", {}).get("grade", False) for c in made.cells) == 8


def test_the_language_of_the_release_is_kept() -> None:
    assert rebuild(fill(language="en"), "w01").metadata.course.language == "en"


class Active(HTMLParser):
    """Gathers what would run or load something in a browser."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "img", "iframe", "object", "embed", "svg", "style", "form"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name.startswith("on")]
        # an address that stands there in full and an anchor of the page itself do nothing by themselves
        address = dict(attrs).get("href") or "#"
        if not address.startswith(("http://", "https://", "#")):
            self.found.append(address)


@pytest.mark.parametrize(
    "memo",
    [
        "<script>alert(1)</script> a < b [x](javascript:alert(1)) ![p](http://far/x.png) $\\href{u}{v}$",
        "[x](javascript&colon;alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](javascript\\:alert(1))",
        "[x]: javascript&colon;alert(1)\n\n[x] [x][x]",
        "![x][y]\n\n[y]: http://far/x.png",
        "!\\[x](http://far/x.png) [![x](http://far/x.png)](http://far)",
        "&lt;img src=x onerror=alert(1)&gt; \\<img src=x onerror=alert(1)>",
        "$<img src=x onerror=alert(1)>$ `<img src=x onerror=alert(1)>`",
        '```" onload="alert(1)\n<img src=x onerror=alert(1)>\n```',
        "# <img src=x onerror=alert(1)>\n\n|a|\n|-|\n|<svg onload=alert(1)>|",
    ],
)
def test_a_memo_cannot_run_in_the_instructors_browser(memo: str) -> None:
    """As formgrader makes HTML of it, in whatever spelling; formgrader holds the key to a Jupyter server."""
    assert Active(markdown2html_mistune(harmless(memo))).found == []


@pytest.mark.parametrize(
    "tex",
    [
        "\\href{u}{v}",
        "\\\\href{u}{v}",
        "\\\\\\href{u}{v}",
        "\\href2",
        "\\def\\go#1#2{\\\\href{#1#2:alert(1)}{x}}\\go{java}{script}",
        "\\newcommand{\\go}{x}",
        '\\mmlToken{mi}[href="u"]{x}',
        "\\require{html}\\style{color:red}{x}",
    ],
)
def test_a_memos_formulas_make_no_links(tex: str) -> None:
    shown = harmless(f"$${tex}$$")
    assert not re.search(r"\\(href|def|newcommand|mmlToken|require|style)(?![a-zA-Z])", shown)


def test_a_memo_keeps_what_it_says() -> None:
    memo = "**CT** a < b & R&D, 30 ± 1 phút; $\\frac{TH}{CT} \\le \\alpha$\n\n- [lô] 5 (kiện)\n- CT: giảm"
    assert harmless(memo) == memo


def test_a_memo_is_marked_by_a_person(course: Path, right: Answers) -> None:
    who = new_trainee_id()
    notebook, answers = fill(trainee=who, q8=MEMO), {"q1": right["q1"], "q8": MEMO}

    def mark() -> Any:
        return next(m for m in marks(course) if m.trainee == who)

    judge(course, notebook, answers, who)
    before = mark().points
    assert mark().complete is False
    assert [d.question for d in details(course, who, "w01") if d.waiting] == ["q8"]
    with pytest.raises(CourseError, match="give 0 to 4"):
        set_manual(course, who, "w01", "q8", 5)
    set_manual(course, who, "w01", "q8", 3.5, "Rõ ràng.")
    assert (mark().points, mark().complete) == (before + 3.5, True)
    last = details(course, who, "w01")[-1]
    assert (last.points, last.comment, last.manual) == (3.5, "Rõ ràng.", True)
    # graded again with the same memo: the mark stands; with another: a person looks again
    judge(course, notebook, answers, who)
    assert (mark().points, mark().complete) == (before + 3.5, True)
    judge(course, fill(trainee=who, q8="Khác."), answers | {"q8": "Khác."}, who)
    assert mark().complete is False


def test_an_untouched_memo_needs_nobody(course: Path) -> None:
    who = new_trainee_id()
    result = judge(course, fill(trainee=who), {}, who)
    assert set(result.points.values()) == {0.0}
    assert next(m for m in marks(course) if m.trainee == who).complete is True


@pytest.mark.parametrize(
    "source",
    [
        "1/0",
        "x = 1",
        "None",
        "'2'",
        "3.0",
        "-1.0",
        "float('nan')",
        "True",
        "import no_such_module",
        "def",
        "",
    ],
)
def test_a_broken_hidden_test_is_loud(source: str, case: Case) -> None:
    verdict = run_test(source, 2.0, {}, case, SEEDS)
    assert verdict.points is None
    assert verdict.fault


def test_a_broken_hidden_test_reaches_the_operator(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    who = new_trainee_id()

    def broken(case: Case, plan: Any, seeds: Any) -> Any:
        raise RuntimeError("wrong")

    monkeypatch.setattr("autograder.marking.judge_plan", broken)
    result = judge(course, fill(trainee=who), {}, who)
    assert result.faults == ["w01 q7: the hidden test is broken, RuntimeError: wrong"]
    assert next(m for m in marks(course) if m.trainee == who).complete is False


def test_tests_cannot_spoil_each_other(case: Case) -> None:
    answers = {"q7": {"a": 1}}
    run_test("answers['q7']['a'] = 2; case = None\n1.0", 1.0, answers, case, SEEDS)
    assert answers == {"q7": {"a": 1}}
    assert run_test("assert answers['q7'] == {'a': 1}\n1.0", 1.0, answers, case, SEEDS).points == 1.0


def test_reasons_never_tell_the_expected_value() -> None:
    from autograder.marking import collecting

    reason = {"vi": "Vì.", "en": "Because."}
    with collecting() as said:
        assert mark_number(1.0, 98765.4321, rel=0.1, points=2, reason=reason) == 0
        assert mark_number(None, 98765.4321, points=2, reason=reason) == 0
        assert mark_number(110.0, 100.0, rel=0.1, points=2, reason=reason) == 2
        assert mark_number(100.0, 100.4, abs_=0.5, points=2, reason=reason) == 2
        assert mark_choice("pack", "glue", points=1, reason=reason) == 0
        assert mark_choice("glue", "glue", points=1, reason=reason) == 1
    assert [r["points"] for r in said] == [0, 0, 2, 2, 0, 1]
    assert "98765" not in json.dumps(said)
    assert "glue" not in json.dumps(said)
    with pytest.raises(ValueError, match="case is wrong"):
        mark_number(1.0, float("nan"), points=1, reason=reason)


def test_seeds_are_the_cohorts_own() -> None:
    assert hidden_seeds("a", "w01") == hidden_seeds("a", "w01")
    assert len({tuple(hidden_seeds(s, w)) for s in "ab" for w in ("w01", "w02")}) == 4


def test_preparing_again_changes_nothing(course: Path) -> None:
    with Gradebook(f"sqlite:///{course}/nbgrader/gradebook.db") as gradebook:
        before = len(gradebook.find_assignment("w01").submissions)
    config = (course / "nbgrader/nbgrader_config.py").read_text()
    prepare_course(course / "nbgrader")
    with Gradebook(f"sqlite:///{course}/nbgrader/gradebook.db") as gradebook:
        assert len(gradebook.find_assignment("w01").submissions) == before
        assert gradebook.find_assignment("w01").max_score == 20
    assert "JudgeCells" in config


def test_nbgraders_own_command_runs_no_trainee_code(course: Path, tmp_path: Path) -> None:
    """Autograde in the formgrader or a terminal reads the course's settings: our step stands there, too."""
    who = new_trainee_id()
    marker = tmp_path / "ran"
    notebook = fill(trainee=who, q1=f"open({str(marker)!r}, 'w')\nanswer('q1', 1)")
    case = load("w01").variant(who, "2026-1")
    judge(course, notebook, {"q1": case.takt}, who)
    command = [
        str(Path(sys.executable).with_name("nbgrader")),
        "autograde",
        "w01",
        "--student",
        who,
        "--force",
    ]
    done = subprocess.run(command, cwd=course / "nbgrader", capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "Autograding" in done.stderr
    assert details(course, who, "w01")[0].points == 1
    assert not marker.exists()
