"""A copy of one's data: complete, readable, and without what would give away others or the hidden marking."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.data import erase as erasing
from autograder.data.copy import gather
from autograder.data.copy_page import render
from autograder.judge import hidden_seeds
from course import main
from linelab.trainees import written

from .personal import ANSWER, APPEAL, EMAIL, GRADER, NAME, OTHER_NAME, REMARK, RIGHT, SECOND_REMARK, Full


@pytest.fixture(scope="module")
def content(full_cohort: Full) -> dict[str, bytes]:
    """The files of the zip that the command makes."""
    full = full_cohort
    target = full.folder / "copy.zip"
    result = run("data", "export", written(full.trainee), "-C", full.path, "--out", target)
    assert "hand it to the trainee alone" in result.output
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result


def test_it_holds_everything_that_erasing_would_remove(full_cohort: Full, content: dict[str, bytes]) -> None:
    """But for nbgrader's notebooks, which hold hidden tests and nothing else of the trainee's."""
    full, data = full_cohort, json.loads(content["data.json"])
    plan = erasing.plan(full.cohort, full.book, full.trainee)
    for path in plan.paths:
        place = path.relative_to(full.path)
        if place.parts[0] in ("nbgrader", "answers") or "papers" in place.parts:
            continue
        if place.parts[0] == "letters":
            assert path.stem in data["letters"]
            continue
        for one in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if one.is_file():
                assert content[f"files/{one.relative_to(full.path).as_posix()}"] == one.read_bytes()
    records = sorted((full.path / "answers" / full.trainee / "w01").glob("*.json"))
    assert len(data["records"]) == len(records) >= 1
    assert data["records"][0]["answers"] == json.loads(records[0].read_text("utf-8"))["answers"]
    assert data["roster"] == {
        "trainee": full.trainee, "name": NAME, "email": EMAIL, "language": "vi", "company": "Công ty Hoa Sen",
    }  # fmt: skip
    assert {one["purpose"] for one in data["consents"]} == {"course", "credential"}
    assert data["attempts"][0]["sha256"] == hashlib.sha256(
        next((full.path / "attempts" / full.trainee / "w01").glob("*.ipynb")).read_bytes()
    ).hexdigest()  # fmt: skip
    assert {row["comment"] for row in data["reviews"]} == {REMARK, SECOND_REMARK}
    assert {text.strip() for text in data["letters"].values()} == {APPEAL, ANSWER}
    assert [one["target"] for one in data["certificates"]] == ["w01"]
    assert {one["kind"] for one in data["ledger"]} >= {
        "attempt",
        "mark",
        "evidence",
        "appeal",
        "decision",
        "issue",
    }
    assert data["marks"][0]["max_points"] == 20
    assert data["gradebook"]["submitted_assignment"][0]["student_id"] == full.trainee
    assert all(row["trainee"] == full.trainee for row in data["receipts"])


def test_it_gives_away_neither_others_nor_the_hidden_marking(
    full_cohort: Full, content: dict[str, bytes]
) -> None:
    full, whole = full_cohort, b"\n".join(content.values())
    for secret in (RIGHT, full.other, OTHER_NAME, GRADER, "B. Grader", full.cohort.secret):
        assert secret.encode() not in whole, secret
    data = json.loads(content["data.json"])
    assert hidden_seeds(full.cohort.secret, "w01")
    assert not re.search(r'"seeds"|"faults"', content["data.json"].decode())
    assert "BEGIN HIDDEN TESTS" not in whole.decode("utf-8", "ignore")
    assert all("nbgrader/" not in name for name in content)
    assert all("grader" not in row for row in data["reviews"])


def test_a_remark_that_may_name_somebody_else_stays_out(full: Full) -> None:
    path = full.path / "receipts.csv"
    remark = f"The number in the work is not that of “{OTHER_NAME}”; ask whose work it is."
    with path.open("a", encoding="utf-8") as stream:
        stream.write(f"2026-11-26,{OTHER_NAME} › w01.ipynb,accepted,{full.trainee},w01,,,2,,,{remark}\n")
    copy = gather(full.cohort, full.book, full.trainee)
    assert OTHER_NAME not in json.dumps(copy.data, ensure_ascii=False)


@pytest.mark.parametrize(("language", "said"), [("vi", "Dữ liệu về bạn"), ("en", "The data held on you")])
def test_the_page_reads_in_the_trainees_language_and_runs_nothing(
    full: Full, language: str, said: str
) -> None:
    from dataclasses import replace

    copy = gather(full.cohort, full.book, full.trainee)
    page = render(replace(copy, who=replace(copy.who, language=language)))
    assert said in page
    assert f'lang="{language}"' in page
    assert NAME in page
    assert REMARK in page
    assert "I propose smaller transfer lots" in page
    assert "<script" not in page.replace("&lt;script", "")
    assert "&lt;script&gt;alert(1)" in page  # of the memo, as text
    assert "default-src 'none'" in page


def test_the_zip_of_the_command_has_the_page_in_the_language_of_the_roster(content: dict[str, bytes]) -> None:
    assert 'lang="vi"' in content["index.html"].decode()


def test_a_file_is_not_overwritten(full: Full, tmp_path: Path) -> None:
    target = tmp_path / "a.zip"
    run("data", "export", full.trainee, "-C", full.path, "--out", target)
    again = run("data", "export", full.trainee, "-C", full.path, "--out", target, code=1)
    assert "is there already" in again.output


def test_after_erasing_the_ledger_is_all_that_is_held(full: Full) -> None:
    cohort, book = full.cohort, full.book
    erasing.erase(cohort, book, erasing.plan(cohort, book, full.trainee), full.registrar)
    copy = gather(cohort, book, full.trainee)
    assert copy.files == {}
    left = {
        name
        for name, value in copy.data.items()
        if value and name not in ("format", "made", "trainee", "edition")
    }
    assert left == {"ledger", "certificates"}
    assert "nothing is held" in run("data", "export", "00000000", "-C", cohort.path, code=1).output
