"""What `course feedback` writes: nothing that it should not hold, nothing anew that has not changed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from autograder.assignments import assignments, source_notebook, version
from autograder.cohort import Cohort, Trainee
from autograder.feedback import write_feedback
from autograder.feedback_page import render
from autograder.gradebook import Detail
from autograder.judge import hidden_seeds, judge
from autograder.manual import set_manual
from autograder.marking import expecting
from autograder.records import Record, read_record
from course import main
from linelab.answers import schema
from linelab.cases import load
from linelab.texts import LANGUAGES, number
from linelab.trainees import written

SECRET = "5ec7e7"


def feedback(cohort: Cohort, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["feedback", "-C", str(cohort.path), *arguments])
    assert result.exit_code == code, result.output
    return result


def words_of(path: Path) -> str:
    return re.sub(r"<style>.*?</style>|<[^>]+>", " ", path.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("assignment", assignments())
def test_no_expected_value_is_in_the_feedback_of_any_week(assignment: str) -> None:
    """Every answer wrong, each judged by its real hidden test."""
    case = load(assignment)
    trainee = "K7P2QD4P"
    first = case.levers[0]
    plan = {first.name: next(setting for setting in first.costs if setting != first.today)}
    wrong: dict[str, Any] = {"number": 7.0, "plan": plan, "text": "memo"}
    answers = {q.id: wrong.get(q.kind, next(iter(q.options), None)) for q in schema(assignment).values()}
    seeds = hidden_seeds(SECRET, assignment)
    with expecting() as expected:
        judged = judge(assignment, trainee, "2026-1", answers, seeds)
    assert len(expected) == sum(q.kind == "number" for q in case.questions.values())
    when = "2026-11-23T09:00:00+00:00"
    made = Record(trainee, assignment, answers, "a" * 64, when, [], reasons=judged.reasons)
    found = [
        Detail(q, judged.points[q] or 0.0, case.questions[q].points, judged.reasons[q], "", False, False)
        for q in judged.points
    ]
    for language in LANGUAGES:
        shown = render(Trainee(trainee, language=language), made, found, "https://course.example/")
        shown = re.sub(r"<style>.*?</style>", " ", shown, flags=re.DOTALL)
        for value in expected:
            for digits in (2, 3, 4):
                for text in (f"{value:.{digits}f}", number(value, language, digits)):
                    assert not re.search(rf"(?<![\d.,]){re.escape(text)}", shown), (value, text)
        for seed in seeds:
            assert str(seed) not in shown


NOSY = """
import os, sys, pathlib, time
end = time.monotonic() + 2
found = [repr(dict(os.environ)), os.getcwd(), " ".join(sys.path)]
for root in ("/", "/work", "/home", "/root", "/tmp", os.path.expanduser("~")):
    for folder, _, names in os.walk(root):
        if folder.startswith(("/proc", "/sys", "/usr", "/lib")) or time.monotonic() > end:
            continue
        for name in names:
            if name.endswith((".yml", ".csv", ".db", ".md", ".json", ".ipynb")):
                try:
                    found.append(pathlib.Path(folder, name).read_text()[:5000])
                except Exception as error:
                    found.append(str(error))
try:
    import autograder.marking
    found.append(open(autograder.marking.__file__).read())
except Exception as error:
    found.append(str(error))
print(found)
answer("q2", "".join(found)[:3000])
answer("q7", {text[:99]: text[100:3000] for text in found[:40] if text} or {"a": 1})
raise RuntimeError("".join(found)[-150:])
"""


def test_a_nosy_submission_learns_nothing_from_its_feedback(
    graded: tuple[Cohort, str, str], hand_in: Callable[..., Path]
) -> None:
    """It looks for whatever can be found while it runs, and puts it into all that comes back to it."""
    cohort, good, weak = graded
    memo = "{0.__class__} {points} {{config}} <%= hidden %> ${case.takt}"
    changed = {"w01-q7-answer": NOSY, "w01-q8": memo}
    run = CliRunner().invoke(main, ["collect", "-C", str(cohort.path), str(hand_in(weak, "en", changed))])
    assert "1 accepted" in run.output
    run = CliRunner().invoke(main, ["grade", "-C", str(cohort.path)])
    assert "1 graded, 1 unchanged, 0 failed" in run.output
    feedback(cohort)
    shown = words_of(cohort.path / "feedback" / weak / "w01.html")
    assert "RuntimeError" in shown  # it did run, and what it made of it came back
    assert escape(memo) in shown
    squeezed = "".join(shown.split())
    secrets = [
        good,
        written(good),
        cohort.secret,
        str(cohort.path),
        *map(str, hidden_seeds(cohort.secret, "w01")),
    ]
    assert not [secret for secret in secrets if secret in shown]
    for cell in source_notebook("w01", "en").cells:
        for part in re.findall(r"### BEGIN[^\n]*\n(.*?)### END", cell.source, re.DOTALL):
            for line in part.splitlines():
                code = "".join(line.split())
                if len(code) > 15 and not code.startswith(("reason=", '"en"')):
                    assert code not in squeezed, line


def test_a_page_that_has_not_changed_keeps_its_date(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, weak = graded
    said = feedback(cohort).output
    assert "2 pages, 2 overviews" in said
    assert "4 written, 0 unchanged" in said
    pages = sorted((cohort.path / "feedback").rglob("*.html"))
    dates = {path: path.stat().st_mtime_ns for path in pages}
    assert "0 written, 4 unchanged" in feedback(cohort).output
    assert {path: path.stat().st_mtime_ns for path in pages} == dates
    marked = ["review", "-C", str(cohort.path), "--set", weak, "w01", "q8", "1", "--comment", "Thin."]
    assert CliRunner().invoke(main, marked).exit_code == 0
    assert "2 written, 2 unchanged" in feedback(cohort).output
    changed = {path for path in pages if path.stat().st_mtime_ns != dates[path]}
    assert {path.parent.name for path in changed} == {weak}
    assert good not in {path.parent.name for path in changed}


def test_a_zip_holds_one_trainees_pages_and_nothing_else(graded: tuple[Cohort, str, str]) -> None:
    cohort, good, weak = graded
    assert "2 zips" in feedback(cohort, "--zip").output
    for own, other in ((good, weak), (weak, good)):
        path = cohort.path / "feedback" / "zip" / f"{written(own)}.zip"
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == [f"{written(own)}/index.html", f"{written(own)}/w01.html"]
            content = b"".join(archive.read(name) for name in archive.namelist()).decode()
        assert written(own) in content
        assert written(other) not in content
        assert other not in content
    assert "0 written, 6 unchanged" in feedback(cohort, "--zip").output


def test_somebody_who_has_handed_in_nothing_is_told_what_is_missing(graded: tuple[Cohort, str, str]) -> None:
    cohort, *_ = graded
    idle = cohort.enrol(language="en").id
    assert write_feedback(cohort).overviews == 3
    shown = words_of(cohort.path / "feedback" / idle / "index.html")
    assert f"Still to hand in: {', '.join(assignments())}." in shown


def test_the_sites_address_comes_from_the_cohort(graded: tuple[Cohort, str, str]) -> None:
    cohort, _, weak = graded
    feedback(cohort)
    path = cohort.path / "feedback" / weak / "w01.html"
    assert "https://" not in path.read_text("utf-8")
    settings = cohort.path / "cohort.yml"
    settings.write_text(settings.read_text("utf-8") + "site: https://course.example/2026\n", "utf-8")
    feedback(cohort)
    assert (
        'href="https://course.example/2026/en/w01-seeing-the-factory/index.html#w01-takt"' in path.read_text()
    )
    settings.write_text(settings.read_text("utf-8").replace("https://", "javascript:"), "utf-8")
    said = feedback(cohort, code=1).output
    assert "cohort.yml: site: 'javascript:course.example/2026' is no web address" in said


def test_a_new_cohort_takes_the_sites_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.nbgrader_course.prepare_course", lambda *_: None)
    run = CliRunner().invoke(main, ["cohort", "new", str(tmp_path / "c"), "--site", "https://a.example"])
    assert run.exit_code == 0, run.output
    assert Cohort.open(tmp_path / "c").site == "https://a.example/"
    run = CliRunner().invoke(main, ["cohort", "new", str(tmp_path / "d"), "--site", "a.example"])
    assert run.exit_code == 1
    assert "--site: 'a.example' is no web address" in run.output
    assert not (tmp_path / "d").exists()


def test_rows_of_the_rubric_come_from_the_review_and_a_damaged_line_is_named(
    graded: tuple[Cohort, str, str],
) -> None:
    cohort, good, _ = graded
    levels = {"decision": 1.0, "figures": 0.5, "why": 1.0, "risk": 0.0}
    set_manual(cohort, good, "w01", "q8", 2.5, "Rõ.", levels=levels)
    feedback(cohort)
    path = cohort.path / "feedback" / good / "w01.html"
    shown = words_of(path)
    for row in load("w01").questions["q8"].rubric:
        assert row.label["vi"] in shown
        assert escape(row.levels[round(2 * levels[row.id])]["vi"], quote=False) in shown
    set_manual(cohort, good, "w01", "q8", 3)  # points alone take the place of the rows
    feedback(cohort)
    assert "Điểm theo từng tiêu chí" not in words_of(path)
    with (cohort.path / "reviews" / "w01.jsonl").open("a", encoding="utf-8") as lines:
        lines.write("{}\n")
    said = feedback(cohort, code=1).output
    assert "w01.jsonl: line 3: is damaged" in said
    assert said.count("w01.jsonl") == 1
    assert "2 pages, 2 overviews" in said


def test_marks_of_other_questions_than_there_are_now_are_named(
    graded: tuple[Cohort, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort, good, _ = graded
    assert version("w01") == read_record(cohort.path, good, "w01").trace["version"]
    case = load("w01")
    monkeypatch.delitem(case.questions, "q6")  # type: ignore[arg-type]
    said = feedback(cohort, code=1).output
    assert said.count("run course grade --regrade") == 2
