"""Marks for other programs: read back as those programs read them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cohort import Cohort
from autograder.report import write_report
from autograder.standing import Line, standing
from course import main
from linelab.cases import load
from linelab.trainees import normalise, written


def report(cohort: Cohort, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, ["report", "-C", str(cohort.path), *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8"))))


def final(cohort: Cohort) -> dict[tuple[str, str], Line]:
    return {(x.trainee.id, x.assignment): x for x in standing(cohort, []) if x.share is not None}


def wanted(line: Line | None, most: float, none: str) -> str:
    return none if line is None or line.share is None else f"{round(most * line.share, 2):g}"


def test_moodle_finds_people_by_address_and_takes_final_marks_out_of_100(
    many: Cohort, tmp_path: Path
) -> None:
    said = report(many, "--moodle", str(tmp_path / "m.csv")).output
    assert "Map from 'Email address' to 'Email address'" in said
    head, *rows = rows_of(tmp_path / "m.csv")
    assert head[:2] == ["ID number", "Email address"]
    assert head[2:] == [f"{w} {load(w).title['vi']} (/100)" for w in ("w01", "w02")]
    marks, roster = final(many), many.roster()
    assert sorted(normalise(row[0]) for row in rows) == sorted(roster)
    for number, address, *cells in rows:
        who = normalise(number)
        assert address == roster[who].email
        for week, cell in zip(("w01", "w02"), cells, strict=True):
            line = marks.get((who, week))
            # Moodle takes "-" for no grade, and would take an empty cell of a new item for a grade of nothing
            assert cell == wanted(line, 100, "-")


def test_moodle_goes_by_number_as_soon_as_one_address_is_missing(many: Cohort, tmp_path: Path) -> None:
    """A row without the chosen identifier would be taken for the person before it."""
    roster = (many.path / "roster.csv").read_text("utf-8").replace("t7@example.org", "")
    (many.path / "roster.csv").write_text(roster, "utf-8")
    said = report(many, "--moodle", str(tmp_path / "m.csv")).output
    assert "Map from 'ID number' to 'ID number'" in said
    assert "enter it as ID number" in said
    head, *rows = rows_of(tmp_path / "m.csv")
    assert head[0] == "ID number"
    assert "Email address" not in head
    assert all(row[0] for row in rows)


def test_canvas_takes_the_file_by_its_own_rules(many: Cohort, tmp_path: Path) -> None:
    """As Canvas's importer reads it: names of the first columns, the row of points, blanks for no mark."""
    report(many, "--canvas", str(tmp_path / "c.csv"), "--language", "en")
    head, possible, *rows = rows_of(tmp_path / "c.csv")
    assert head[:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert head[5:] == [f"{w} {load(w).title['vi']}" for w in ("w01", "w02")]
    # "Title (123)" would be taken for an assignment of Canvas's own with that number
    assert not [name for name in head[5:] if re.search(r"\s\(\d+\)$", name)]
    assert "Points Possible" in possible[0]
    assert possible[5:] == ["20", "20"]
    marks, roster = final(many), many.roster()
    by_login = {trainee.email: who for who, trainee in roster.items()}
    assert {row[3] for row in rows} == set(by_login)
    for row in rows:
        who = by_login[row[3]]
        assert row[0] == written(who)  # no name is known
        for week, cell in zip(("w01", "w02"), row[5:], strict=True):
            line = marks.get((who, week))
            assert cell == wanted(line, 20, "")


def test_canvas_own_columns_and_numbers_are_used_where_they_are_known(many: Cohort, tmp_path: Path) -> None:
    head, *rows = (many.path / "roster.csv").read_text("utf-8").splitlines()
    rows = [f"{row},{100 + n},s{n},login{n},A" for n, row in enumerate(rows)]
    text = "\n".join([f"{head},ID,SIS User ID,SIS Login ID,Section", *rows])
    (many.path / "roster.csv").write_text(text + "\n", "utf-8")
    settings = many.path / "cohort.yml"
    settings.write_text(settings.read_text("utf-8") + "canvas: {w01: 4711}\n", "utf-8")
    report(many, "--canvas", str(tmp_path / "c.csv"))
    head_, _, *found = rows_of(tmp_path / "c.csv")
    assert head_[5].endswith(" (4711)")
    assert not head_[6].endswith(")") or not head_[6][-2].isdigit()
    assert found[7][1:5] == ["107", "s7", "login7", "A"]
    settings.write_text(settings.read_text("utf-8").replace("4711", "x"), "utf-8")
    assert "cohort.yml: canvas" in report(many, "--canvas", str(tmp_path / "c.csv"), code=1).output


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "＝1"])
def test_no_cell_is_a_formula(many: Cohort, tmp_path: Path, name: str) -> None:
    who = next(iter(many.roster()))
    roster = (many.path / "roster.csv").read_text("utf-8")
    (many.path / "roster.csv").write_text(
        roster.replace(f"{written(who)},,", f'{written(who)},"{name}",'), "utf-8"
    )
    report(many, "--canvas", str(tmp_path / "c.csv"), "--moodle", str(tmp_path / "m.csv"))
    for path in (tmp_path / "c.csv", tmp_path / "m.csv", many.path / "report" / "marks.csv"):
        for row in csv.reader(io.StringIO(path.read_text("utf-8-sig"))):
            for cell in row:
                assert cell == "-" or not cell.startswith(tuple("=+-@\t\r\n＝＋－＠")), cell


def test_marks_that_may_still_change_leave_for_no_gradebook(
    graded: tuple[Cohort, str, str], tmp_path: Path
) -> None:
    cohort, good, weak = graded  # the good one's memo waits for a person, the weak one has written none
    report(cohort, "--moodle", str(tmp_path / "m.csv"), "--canvas", str(tmp_path / "c.csv"))
    for file, none in (("m.csv", "-"), ("c.csv", "")):
        cells = {normalise(row[0]): row[-1] for row in rows_of(tmp_path / file)}
        assert cells[good] == none
        assert float(cells[weak]) > 0


def test_a_file_without_any_mark_is_not_written(cohort: Cohort, tmp_path: Path) -> None:
    """It would empty the gradebook."""
    cohort.enrol()
    for option in ("--moodle", "--canvas"):
        said = report(cohort, option, str(tmp_path / "x.csv"), code=1).output
        assert "no mark is final yet" in said
        assert not (tmp_path / "x.csv").exists()


def test_gradebooks_and_pseudonyms_do_not_go_together(many: Cohort, tmp_path: Path) -> None:
    said = report(many, "--pseudonyms", "--moodle", str(tmp_path / "x.csv"), code=1).output
    assert "--pseudonyms" in said
    assert not (tmp_path / "x.csv").exists()
    assert not (many.path / "report-pseudonyms").exists()


def test_a_file_that_cannot_be_written_is_named(many: Cohort, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    said = report(many, "--moodle", str(tmp_path / "file" / "x.csv"), code=1).output
    assert "cannot be written" in said


def test_the_plain_table_has_all_lines_and_opens_in_a_spreadsheet(many: Cohort) -> None:
    path = write_report(many).with_name("marks.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert len(rows) == len(standing(many, []))
    for row, line in zip(rows, standing(many, []), strict=True):
        assert normalise(row["trainee"]) == line.trainee.id
        assert int(row["attempts"]) == line.attempts
        assert row["points"] == ("" if line.mark is None else str(line.mark.points))
        assert (row["first_attempt"] == "") == (not line.times)
