"""From a project's folder to the consultant's project: taken in, signed off by two, counted once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.certify import cli
from autograder.certify.evidence import keep
from autograder.certify.evidence.folder import read
from autograder.certify.explain import Outcome, explain
from autograder.certify.rules import load
from autograder.errors import CourseError

from .cohorts import Cohort
from .projects import AFTER, BEFORE, TODAY, daily, project, table, values


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return Cohort(tmp_path / "cohort")


def consultant(cohort: Cohort, trainee: str) -> Outcome:
    found = explain(cohort.book.history.records(trainee), load(), cohort.book.now())
    return next(one for one in found if one.level == "consultant")


def sign(cohort: Cohort, trainee: str, manifest: str, code: str = "press-setup") -> None:
    where = {"trainee": trainee, "project": code, "manifest": manifest}
    cohort.book.append("sign-off", {**where, "role": "trainer"}, cohort.trainer)
    cohort.book.append("sign-off", {**where, "role": "examiner"}, cohort.assessor)


def test_from_the_folder_to_the_certificate_that_asks_for_it(cohort: Cohort, tmp_path: Path) -> None:
    trainee = cohort.trainees[0]
    cohort.book.append("training", {"trainer": cohort.trainer.id, "trainees": [trainee]}, cohort.trainer)
    cohort.marks(trainee, *[8] * 12)
    cohort.sat(trainee)
    found = read(project(tmp_path / "p"), today=TODAY)
    manifest, is_new = keep.take_in(cohort.book, trainee, "press-setup", found, cohort.examiner)
    assert is_new
    entry = cohort.book.history.entries[-1]
    assert entry.data == {
        "trainee": trainee,
        "project": "press-setup",
        "manifest": manifest,
        "after_weeks": 6.0,
        "confirmed": True,
    }
    assert not consultant(cohort, trainee).met
    sign(cohort, trainee, manifest)
    outcome = consultant(cohort, trainee)
    assert outcome.met, [one.text["en"] for one in outcome.requirements if not one.met]
    assert entry.seq in outcome.used


def test_too_few_weeks_and_no_confirmation_are_taken_in_and_do_not_meet_the_rules(
    cohort: Cohort, tmp_path: Path
) -> None:
    trainee = cohort.trainees[0]
    data = table(
        [*((day, 60 + day.day % 4) for day in BEFORE), *((day, 45 + day.day % 3) for day in AFTER[:15])]
    )
    found = read(project(tmp_path / "p", {"data.csv": data}, confirmation=None), today=TODAY)
    manifest, _ = keep.take_in(cohort.book, trainee, "p1", found, cohort.trainer)
    sign(cohort, trainee, manifest, "p1")
    missing = " ".join(one.text["en"] for one in consultant(cohort, trainee).requirements if not one.met)
    assert "3 weeks of data after the change (needs 4)" in missing
    assert "written confirmation is missing" in missing


def test_the_ledger_learns_nothing_of_what_the_files_say(cohort: Cohort, tmp_path: Path) -> None:
    found = read(project(tmp_path / "p"), today=TODAY)
    keep.take_in(cohort.book, cohort.trainees[0], "p1", found, cohort.trainer)
    ledger = cohort.book.path.read_text("utf-8")
    for word in ("khuôn", "xac-nhan", "giám đốc", "data.csv"):
        assert word not in ledger
    # nor can somebody who has the same files tell that they are meant
    others = Cohort(tmp_path / "other")
    digest, _ = keep.take_in(others.book, others.trainees[0], "p1", found, others.trainer)
    assert digest not in ledger


def test_the_files_lie_in_the_cohort_by_their_content_with_a_page_in_each_language(
    cohort: Cohort, tmp_path: Path
) -> None:
    trainee = cohort.trainees[0]
    folder = project(tmp_path / "p", {"minutes/notes.md": "Họp ngày 1/9."})
    digest, _ = keep.take_in(cohort.book, trainee, "p1", read(folder, today=TODAY), cohort.trainer)
    listed = keep.manifest(cohort.path, trainee, "p1", digest)
    assert listed is not None
    assert [one["path"] for one in listed["files"]] == [
        "data.csv",
        "minutes/notes.md",
        "project.yml",
        "xac-nhan.pdf",
    ]
    shutil.rmtree(folder)
    keep.check(cohort.path, trainee, "p1", digest)
    for language in ("vi", "en"):
        assert keep.page_of(cohort.path, trainee, "p1", digest, language).is_file()


def test_the_same_folder_again_is_known_and_a_changed_one_needs_new_sign_offs(
    cohort: Cohort, tmp_path: Path
) -> None:
    trainee = cohort.trainees[0]
    folder = project(tmp_path / "p")
    first, _ = keep.take_in(cohort.book, trainee, "press-setup", read(folder, today=TODAY), cohort.trainer)
    again = keep.take_in(cohort.book, trainee, "press-setup", read(folder, today=TODAY), cohort.trainer)
    assert again == (first, False)
    sign(cohort, trainee, first)
    (folder / "data.csv").write_text(daily(values(seed=2)), "utf-8")
    second, is_new = keep.take_in(
        cohort.book, trainee, "press-setup", read(folder, today=TODAY), cohort.trainer
    )
    assert is_new
    assert second != first
    states = {one.entry.data["manifest"]: one for one in facts(cohort, trainee).evidence}
    assert len(states[first].signers) == 2
    assert states[second].signers == {}


def facts(cohort: Cohort, trainee: str):  # type: ignore[no-untyped-def]
    from autograder.certify.facts import Facts

    return Facts(cohort.book.history.records(trainee), cohort.book.now())


def test_one_project_does_not_count_twice_under_two_codes(cohort: Cohort, tmp_path: Path) -> None:
    """Nor after the files of the first were removed, nor written another way."""
    trainee, other = cohort.trainees[:2]
    found = read(project(tmp_path / "p"), today=TODAY)
    keep.take_in(cohort.book, trainee, "press-setup", found, cohort.trainer)
    shutil.rmtree(cohort.path / keep.FOLDER / trainee / "press-setup")
    renamed = daily(values()).replace("date,value", "Ngày;Giá trị").replace(",", ";").replace(".", ",")
    again = read(project(tmp_path / "q", {"data.csv": renamed}, title="Another"), today=TODAY)
    with pytest.raises(CourseError, match="has the values of project press-setup; a project counts once"):
        keep.take_in(cohort.book, trainee, "another", again, cohort.trainer)
    keep.take_in(cohort.book, other, "another", again, cohort.trainer)


@pytest.mark.parametrize("name", ["Press Setup", "../x", "", "a" * 41, "dự-án"])
def test_a_code_is_a_code(cohort: Cohort, tmp_path: Path, name: str) -> None:
    with pytest.raises(CourseError, match="no code of a project"):
        keep.take_in(
            cohort.book, cohort.trainees[0], name, read(project(tmp_path / "p"), today=TODAY), cohort.trainer
        )


def test_who_may_not_take_it_in_leaves_nothing_behind(cohort: Cohort, tmp_path: Path) -> None:
    own = cohort.person("trainer", is_trainee=cohort.trainees[0])
    found = read(project(tmp_path / "p"), today=TODAY)
    for signer in (cohort.decider, own):
        with pytest.raises(CourseError):
            keep.take_in(cohort.book, cohort.trainees[0], "p1", found, signer)
    assert not (cohort.path / keep.FOLDER).exists()


@pytest.mark.parametrize("damage", ["removed", "changed", "list"])
def test_files_that_are_not_what_was_taken_in_are_found(cohort: Cohort, tmp_path: Path, damage: str) -> None:
    trainee = cohort.trainees[0]
    digest, _ = keep.take_in(
        cohort.book, trainee, "p1", read(project(tmp_path / "p"), today=TODAY), cohort.trainer
    )
    place = cohort.path / keep.FOLDER / trainee / "p1"
    one = next((place / "files").iterdir())
    if damage == "removed":
        one.unlink()
    elif damage == "changed":
        one.write_bytes(one.read_bytes() + b" ")
    else:
        path = place / f"{digest}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "files": []}))
    with pytest.raises(CourseError, match="restore it from a copy"):
        keep.check(cohort.path, trainee, "p1", digest)


# -- templates and checks


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(cli.certify, ["evidence", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_template_is_complete_but_for_what_has_to_be_filled_in(tmp_path: Path, language: str) -> None:
    folder = tmp_path / "p"
    run("--template", folder, "--language", language)
    assert "project.yml: title: is empty; write it" in run("--check", folder, code=1).output
    text = (folder / "project.yml").read_text("utf-8")
    for line, filled in (
        ('title: ""', 'title: "Press"'), ('name: ""', 'name: "time"'), ('unit: ""', 'unit: "min"'),
        ('date: "" # ngày đầu', 'date: "2026-08-10" #'), ('date: "" # the first', 'date: "2026-08-10" #'),
        ('what: ""', 'what: "cart"'),
        ('before: { from: "", to: "" }', 'before: {from: "2026-06-29", to: "2026-08-09"}'),
        ('after: { from: "", to: "" }', 'after: {from: "2026-08-10", to: "2026-09-30"}'),
    ):  # fmt: skip
        text = text.replace(line, filled)
    (folder / "project.yml").write_text(text, "utf-8")
    assert "which before says" in run("--check", folder, code=1).output
    head = (folder / "data.csv").read_text("utf-8-sig")
    rows = daily(values()).splitlines()[1:]
    (folder / "data.csv").write_text(head + "".join(f"{row},1\n" for row in rows), "utf-8-sig")
    said = run("--check", folder).output
    assert "distinguishable from chance" in said
    assert "phân biệt được" in said
    assert "confirmation is not in the sheet yet" in said
    assert "not empty" in run("--template", folder, code=1).output


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    assert "give one of them" in run(code=1).output
    assert "give one of them" in run("K7P2QD4P", "p1", code=1).output
    assert "is no folder" in run("--check", tmp_path / "none", code=1).output
