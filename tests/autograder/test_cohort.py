"""The cohort folder: made whole or not at all, and every fault in it named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cohort import Cohort
from autograder.errors import CourseError
from course import main
from linelab.trainees import is_trainee_id, written


def test_a_new_cohort_is_private_empty_and_has_its_own_secret(cohort: Cohort, tmp_path: Path) -> None:
    assert cohort.roster() == {}
    assert len(cohort.secret) == 64
    assert (cohort.path / "nbgrader" / "gradebook.db").is_file()


def test_enrolled_trainees_are_kept_with_number_and_language(cohort: Cohort) -> None:
    first, second = cohort.enrol(name='Å, "B"', language="en"), cohort.enrol()
    assert is_trainee_id(first.id)
    assert cohort.roster() == {first.id: first, second.id: second}
    assert cohort.trainee(written(first.id).lower()) == first


def test_nothing_is_overwritten(cohort: Cohort) -> None:
    with pytest.raises(CourseError, match="not empty"):
        Cohort.create(cohort.path)
    assert cohort.path.is_dir()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--edition", "1999-1"], "1999-1"),
        (["--edition", "2026-../x"], "2026-central-1"),
        (["--language", "fr"], "fr"),
    ],
)
def test_impossible_cohorts_leave_nothing_behind(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["cohort", "new", str(tmp_path / "c"), *arguments])
    assert result.exit_code != 0
    assert said in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("roster", "said"),
    [
        ("", "line 1: needs the columns"),
        ("name\nx\n", "line 1: needs the columns"),
        ("trainee,name\nK7P2QD4A,x\n", "line 2: trainee: 'K7P2QD4A'"),
        ("trainee,name\nK7P2QD4P,x\nk7p2-qd4p,y\n", "line 3: trainee: 'k7p2-qd4p' is there twice"),
        ("trainee,name\nK7P2QD4P," + "x" * 200_000, "line 2: field larger than field limit"),
        ("trainee,language\nK7P2QD4P,fr\n", "line 2: language: 'fr'"),
    ],
)
def test_a_faulty_roster_names_the_line(cohort: Cohort, roster: str, said: str) -> None:
    (cohort.path / "roster.csv").write_text(roster, "utf-8")
    with pytest.raises(CourseError, match=r"roster\.csv") as caught:
        cohort.roster()
    assert said in caught.value.message


def test_a_roster_saved_by_a_spreadsheet_is_read(cohort: Cohort) -> None:
    """With a byte-order mark, Windows line ends, and an empty line at the end."""
    (cohort.path / "roster.csv").write_bytes("\ufefftrainee,name\r\nK7P2-QD4P,Tên\r\n,\r\n".encode())
    (trainee,) = cohort.roster().values()
    assert (trainee.id, trainee.name, trainee.language) == ("K7P2QD4P", "Tên", "vi")


@pytest.mark.parametrize(
    ("text", "said"),
    [("[", "cannot be read"), ("edition: 2026-1\n", "language is missing"), ("3", "edition")],
)
def test_a_faulty_cohort_file_names_the_field(cohort: Cohort, text: str, said: str) -> None:
    (cohort.path / "cohort.yml").write_text(text, "utf-8")
    with pytest.raises(CourseError, match=said):
        Cohort.open(cohort.path)


def test_every_command_says_in_one_line_that_there_is_no_cohort(tmp_path: Path) -> None:
    for command in (["cohort", "enrol"], ["collect", "x"], ["grade"], ["review"], ["feedback"], ["report"]):
        result = CliRunner().invoke(main, [*command, "-C", str(tmp_path)])
        assert result.exit_code == 1, command
        assert result.output.count("\n") == 1
        assert "is no cohort folder" in result.output
