"""The exam from opening to `explain`, by its commands, with the sandbox."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from autograder.certify import people
from autograder.certify.book import Book
from autograder.certify.exam import sitting, taking
from autograder.certify.exam.paper import texts
from autograder.certify.exam.sitting import Sitting
from linelab.trainees import written
from publish.paths import ROOT

from .cohorts import number
from .samples import PASSPHRASE
from .test_cli import ONE, OTHER, SmallCohort, cohort, founded, run  # noqa: F401
from .test_exam_case import best

THIRD = number(3)


@pytest.fixture
def graduates(cohort: SmallCohort) -> SmallCohort:  # noqa: F811
    """A cohort whose three trainees have completed the course; one reads English."""
    roster = cohort.path / "roster.csv"
    roster.write_text(f"trainee,name,language\n{ONE},,vi\n{OTHER},,en\n{THIRD},,vi\n", "utf-8")
    for trainee in (ONE, OTHER, THIRD):
        cohort.mark(trainee, *[9] * 12)
    return cohort


def exam(*arguments: str | Path, code: int = 0) -> str:
    return run("certify", "exam", *arguments, code=code).output


def find(cohort: SmallCohort, code: str) -> Sitting:  # noqa: F811
    return sitting.find(Book.open(cohort.path), code)


def notebook(found: Sitting, trainee: str) -> dict[str, Any]:
    (path,) = (found.folder / "hand-out").glob(f"*{trainee}.ipynb")
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


def fill(document: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """Write answers in as a candidate does: in place of None, or as the plan."""
    for cell in document["cells"]:
        for name, answer in answers.items():
            if f'answer("{name}", None)' in cell["source"]:
                cell["source"] = cell["source"].replace(f'"{name}", None', f'"{name}", {answer!r}')
            elif f'answer("{name}", plan)' in cell["source"]:
                cell["source"] = cell["source"].replace("plan = {}", f"plan = {answer!r}")
    return document


def save(folder: Path, name: str, document: dict[str, Any]) -> Path:
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps(document), "utf-8")
    return path


HOSTILE = """
import os, pathlib
from IPython.display import display
for name in ("spring-exam", "autumn-exam", "w01"):
    for number in range(1, 23):
        for value in ("Z", "AAAA", 1e400, {"a": [[[[1]]]]}, -1.0, None):
            record = {"assignment": name, "id": f"q{number:02d}", "value": value}
            display({"application/vnd.linelab.answer+json": record}, raw=True)
for folder in ("/course", "/root", "/home", "/tmp", "/work"):
    for path in pathlib.Path(folder).rglob("*.json"):
        print(path.read_text())
os._exit(7)
"""


@pytest.mark.slow
def test_from_opening_to_a_met_requirement(graduates: SmallCohort, tmp_path: Path) -> None:
    said = exam("open", "spring", "--part", "exam", "--trainees", f"{ONE},{OTHER}", "--trainees", THIRD)
    assert "spring-exam: open, 3 candidates, 90 minutes" in said
    found = find(graduates, "spring")
    papers = {trainee: found.paper(trainee) for trainee in found.papers}

    # one gets all right, with texts that somebody altered; one makes usual mistakes; one is hostile
    right = fill(notebook(found, ONE), {question.id: question.right for question in papers[ONE].questions})
    for cell in right["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = "What is 1 + 1?"
    del right["metadata"]["course"]
    wrong = {
        question.id: question.wrong[0]["value"] if question.wrong else question.right
        for question in papers[OTHER].questions
    }
    mistaken = fill(notebook(found, OTHER), wrong)
    hostile = notebook(found, THIRD)
    hostile["cells"][2]["cell_type"] = "code"
    hostile["cells"][2] |= {"source": HOSTILE, "outputs": [], "execution_count": None}
    stick = tmp_path / "stick"
    stick.mkdir()
    for name, document in (("a", right), ("b", mistaken)):
        save(stick, name, document)
    assert "still open" in exam("mark", "spring", code=1)
    assert f"Still missing: {written(THIRD)}" in exam("take", "spring", stick)
    assert "The notebooks of all candidates are in" in exam("take", "spring", save(tmp_path, "c", hostile))
    assert "closed at" in exam("close", "spring")
    assert "nothing more is taken in" in exam("take", "spring", stick, code=1)

    said = exam("mark", "spring")
    most = papers[ONE].most
    expected = sum(question.points for question in papers[OTHER].questions if not question.wrong)
    assert f"{written(ONE)}: {most:g} of {most:g} points\n" in said
    assert f"{written(OTHER)}: {expected:g} of {most:g} points\n" in said
    (line,) = [line for line in said.splitlines() if line.startswith(written(THIRD))]
    assert line.startswith(f"{written(THIRD)}: 0 of {most:g} points; ")
    assert "3 marked, 0 were marked before" in said
    assert "0 marked, 3 were marked before" in exam("mark", "spring")

    # on the ledger, signed, each with the hash of the notebook that was handed in
    entries = [e for e in Book.open(graduates.path).history.entries if e.kind == "exam-result"]
    assert {e.data["trainee"]: e.data["points"] for e in entries} == {ONE: most, OTHER: expected, THIRD: 0}
    assert {e.data["attempt"] for e in entries} == {one.sha256 for one in taking.taken(found)}
    assert all(e.by for e in entries)
    assert "unbroken" in run("ledger", "verify").output
    text = run("certify", "explain", ONE, "--language", "en").output
    assert "✓ Invigilated exam: 100/100 at sitting spring (needs 70)" in text
    assert (
        "✗ Invigilated exam: 0/100 at sitting spring"
        in run("certify", "explain", THIRD, "--language", "en").output
    )

    # every point has its reason; the right answers are for whoever marks anew
    text = exam("account", "spring", OTHER)
    assert f"Bài thi spring, học viên {written(OTHER)}" in text
    assert f"Exam spring, trainee {written(OTHER)}" in text
    for question in papers[OTHER].questions:
        assert question.reason["en"].replace("$", "") in text
    assert "Right answer" not in text
    text = exam("account", "spring", OTHER, "--with-answers", "--language", "en")
    assert text.count("Right answer") == len(papers[OTHER].questions)
    text = exam("status", "spring")
    assert f"{written(ONE)}: taken in " in text
    assert f", {most:g} points" in text
    assert f"{papers[ONE].questions[0].item}: " in text
    assert "spring (exam): opened" in exam("status")

    # an appeal goes its way as any other
    reason = tmp_path / "why.txt"
    reason.write_text("Question 3 has another right answer.")
    assert "is filed in time" in run("appeal", "file", OTHER, "exam", "--reason", reason).output
    signer, _ = people.make(tmp_path / "people", PASSPHRASE)
    book = Book.open(graduates.path)
    registrar = next(person for person in book.history.people.values() if "registrar" in person.roles)
    key = next(path for path, who, _ in people.key_files(tmp_path / "people") if who == registrar.id)
    book.append("person", {**vars(signer.card), "roles": ["examiner"]}, people.unlock(key, PASSPHRASE))
    said = run("appeal", "regrade", "1", "--as", signer.id, "--points", str(expected + 2)).output
    assert f"{expected + 2:g} of {most:g} points" in said


@pytest.mark.slow
def test_the_simulation_case_from_opening_to_a_met_requirement(
    graduates: SmallCohort, tmp_path: Path
) -> None:
    exam("open", "autumn", "--part", "case", "--trainees", f"{ONE} {OTHER}", "--minutes", "120")
    found = find(graduates, "autumn")
    papers = {trainee: found.paper(trainee) for trainee in (ONE, OTHER)}
    assert papers[ONE].case != papers[OTHER].case
    answers = {question.id: question.right for question in papers[ONE].questions[:-1]}
    plan = papers[ONE].questions[-1]
    assert plan.kind == "plan"
    # by code, as candidates do; the flow time out of their own simulation, not out of the paper
    by_code = {
        "case-takt": "case.takt",
        "case-bottleneck": repr(answers["q02"]),
        "case-critical-wip": "sum(s.effective_time for s in case.line.stations) * case.line.bottleneck_rate",
        "case-flow-time": "measure().lead_time.mean / 60",
        "case-effect": '(measure().lead_time.mean - measure({"wip_cap": 16}).lead_time.mean) / 60',
    }
    document = notebook(found, ONE)
    for question in papers[ONE].questions[:-1]:
        for cell in document["cells"]:
            name = f'answer("{question.id}", None)'
            cell["source"] = cell["source"].replace(name, name.replace("None", by_code[question.item]))
    case = papers[ONE].line
    assert case is not None
    fill(document, {plan.id: best(case)})
    lazy = fill(notebook(found, OTHER), {plan.id: {"display": 1}, "q01": 1.0})
    exam("take", "autumn", save(tmp_path, "a", document), save(tmp_path, "b", lazy))
    exam("close", "autumn")
    said = exam("mark", "autumn")
    assert f"{written(ONE)}: 30 of 30 points\n" in said
    assert f"{written(OTHER)}: 0 of 30 points\n" in said
    text = run("certify", "explain", ONE, "--language", "en").output
    assert "✓ Unseen simulation case: 100/100 at sitting autumn (needs 60)" in text
    text = exam("account", "autumn", OTHER, "--language", "en")
    assert "With this plan the flow time is" in text
    assert "0 % of the attainable gain" in text


# -- refusals, each one clear line


def refused(*arguments: str | Path) -> str:
    said = exam(*arguments, code=1)
    (line,) = said.strip().splitlines()
    return line


def test_what_cannot_be_opened_is_said_in_one_line(graduates: SmallCohort, tmp_path: Path) -> None:
    begin = ("open", "spring", "--part", "exam")
    assert "say who sits it" in refused(*begin)
    assert "not in" in refused(*begin, "--trainees", number(9))
    assert "such as spring-2027" in refused("open", "Spring 2027", "--part", "exam", "--trainees", ONE)
    assert "--bank: goes with --part exam" in refused(
        "open", "x", "--part", "case", "--trainees", ONE, "--bank", "b.yml"
    )
    assert "--case: goes with --part case" in refused(*begin, "--trainees", ONE, "--case", "c.yml")
    assert "name a bank file that exists" in refused(*begin, "--trainees", ONE, "--bank", tmp_path / "no.yml")
    case = ("open", "x", "--part", "case", "--trainees", ONE, "--case")
    assert "name a case file that exists" in refused(*case, tmp_path / "no.yml")
    (tmp_path / "bad.yml").write_text("id: x\n")
    assert "not a case (bad.yml: line is missing)" in refused(*case, tmp_path / "bad.yml")
    assert not (graduates.path / "exams" / "spring-exam").exists()
    assert "no such sitting was opened" in refused("take", "spring", tmp_path)
    assert "has no result" in _after_opening(begin)


def _after_opening(begin: tuple[str, ...]) -> str:
    exam(*begin, "--trainees", ONE)
    return refused("account", "spring", ONE)


def test_the_bank_can_be_looked_at_without_a_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = exam("bank")
    assert "36 items; a form has 42 points in 90 minutes" in said
    assert "w01 analyse: 2 of 3 items" in said
    said = exam("bank", "--show", "w01-takt-with-breaks")
    assert "What is the takt time in seconds?" in said
    assert "no such item" in exam("bank", "--show", "w99", code=1)


def test_every_text_of_exams_is_there_in_both_languages_and_used() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "autograder/certify/exam").glob("*.py"))
    for key, entry in texts.entries.items():
        assert set(entry) == {"vi", "en"}, key
        blanks = [sorted(re.findall(r"\{\w+\}", entry[language])) for language in ("vi", "en")]
        assert blanks[0] == blanks[1], key
        assert all(unicodedata.is_normalized("NFC", text) for text in entry.values())
        assert f'"{key}"' in code or key.startswith(("title_", "hint_", "case_")), key
