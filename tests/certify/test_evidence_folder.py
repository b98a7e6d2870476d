"""What a project's folder must hold: faults are named with field and fix; pictures of people stay out."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from autograder.certify.evidence.folder import read
from autograder.certify.evidence.page import render, summary, texts
from autograder.certify.evidence.series import Series
from autograder.errors import CourseError

from .cohorts import number
from .projects import AFTER, BEFORE, CHANGED, PDF, TODAY, daily, days, project, sheet, table, values


def refused(folder: Path, files: dict[str, bytes | str] | None = None, **changed: Any) -> str:
    with pytest.raises(CourseError) as error:
        read(project(folder, files, **changed), today=TODAY)
    assert "\n" not in error.value.message
    return error.value.message


# -- the sheet


@pytest.mark.parametrize(
    ("changed", "field", "fix"),
    [
        ({"measure__unit": None}, "measure", "name, unit, better"),
        ({"measure__better": "more"}, "measure.better", "smaller or larger"),
        ({"title": "  "}, "title", "one to 300 characters"),
        ({"change__date": "10/08/2026"}, "change.date", "2026-08-31"),
        ({"change__date": "2026-02-30"}, "change.date", "no day of the calendar"),
        ({"before__to": CHANGED.isoformat()}, "change.date", "put them in order"),
        ({"after__from": "2026-08-01"}, "after.from", "put them in order"),
        ({"data__comparison": "t-test"}, "data.comparison", "paired or interrupted"),
        ({"data__comparison": "paired"}, "data.pair", "name the column"),
        ({"data__file": "../data.csv"}, "data.file", "a file of this folder"),
        ({"data__file": "other.csv"}, "data.file", "there is no other.csv"),
        ({"format": "course-project/9"}, "format", "course-project/1"),
        ({"confirmation__file": "none.pdf"}, "confirmation.file", "there is no confirmation none.pdf"),
        ({"confirmation__date": "2026-09-01"}, "confirmation.date", "the company confirms all of it"),
        ({"confirmation__date": "2027-01-01"}, "confirmation.date", "today"),
        ({"signatory": "Nguyễn Văn A"}, "top level", "the fields of the template and no others"),
        ({"confirmation__name": "Nguyễn Văn A"}, "confirmation", "date, position and file"),
    ],
)
def test_a_fault_of_the_sheet_is_named_with_the_field_and_the_fix(
    tmp_path: Path, changed: dict[str, Any], field: str, fix: str
) -> None:
    message = refused(tmp_path, **changed)
    assert f"project.yml: {field}" in message
    assert fix in message


@pytest.mark.parametrize("content", ["format: [", "a: 1\na: 2", b"\xff\xfe\x00", ""])
def test_a_sheet_that_cannot_be_read_is_said_to_be(tmp_path: Path, content: str | bytes) -> None:
    assert "project.yml" in refused(tmp_path, {"project.yml": content})


def test_a_sheet_that_would_fill_the_memory_is_refused_at_once(tmp_path: Path) -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    message = refused(tmp_path, {"project.yml": bomb + "title: *a11\n"})
    assert "aliases" in message
    assert len(message) < 400


def test_what_a_terminal_would_obey_is_refused(tmp_path: Path) -> None:
    assert "title: has line ends or characters" in refused(tmp_path / "a", title="\x1b[2Jempty")
    message = refused(tmp_path / "b", {"\x1b[2J.txt": "x"})
    assert "rename it" in message
    assert "\x1b" not in message


def test_a_folder_without_a_sheet_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="--template"):
        read(tmp_path, today=TODAY)


def test_the_sheet_has_no_field_for_a_name() -> None:
    text = str(sheet()).casefold()
    assert "signator" not in text
    assert set(sheet()["confirmation"]) == {"date", "position", "file"}


# -- the data


@pytest.mark.parametrize(
    ("data", "column", "fix"),
    [
        ("", "data.csv", "fill in the data"),
        ("day,value\n2026-07-01,3\n", "line 1", "the column date or the column week"),
        ("date,week,value\n2026-07-01,2026-W27,3\n", "line 1", "either"),
        ("date,minutes\n2026-07-01,3\n", "line 1: value", "missing"),
        ("date,value,value\n2026-07-01,3,4\n", "line 1", "twice"),
        ("date,value\n2026-07-01,3,4\n", "line 2", "3 cells"),
        ("date,value\n01.07.2026,3\n", "line 2: date", "31/08/2026"),
        ("date,value\n07/31/2026,3\n", "line 2: date", "31/08/2026"),
        ("week,value\n27,3\n", "line 2: week", "2026-W35"),
        ("date,value\n2026-07-01,3 min\n", "line 2: value", "no unit"),
        ("date,value\n2026-07-01,nan\n", "line 2: value", "12.5"),
        ("date,value\n2026-07-01,1e99\n", "line 2: value", "12.5"),
        ("date,value\n2026-07-01,\n", "line 2: value", "12.5"),
        ("date,value,period\n2026-07-01,3,after\n", "line 2: period", "2026-08-10"),
        ("date,value,period\n2026-07-01,3,now\n", "line 2: period", "before or after"),
        ("date,value\n2026-12-01,3\n", "line 2", "has not come yet"),
        ("date,value\n2026-07-01,3\n", "data.csv", "which after says"),
        (b"date,value\n2026-07-01,\xff\n", "data.csv", "UTF-8"),
    ],
)
def test_a_fault_of_the_data_is_named_with_line_column_and_fix(
    tmp_path: Path, data: str | bytes, column: str, fix: str
) -> None:
    message = refused(tmp_path, {"data.csv": data})
    assert column in message
    assert fix in message


def series(folder: Path, data: str, **changed: Any) -> Series:
    return read(project(folder, {"data.csv": data}, confirmation=None, **changed), today=TODAY).series


def test_a_table_as_a_vietnamese_spreadsheet_saves_it_says_the_same(tmp_path: Path) -> None:
    plain = daily(values())
    lines = ["\ufeffNgày;Giá trị;Ca", "# ghi chú"]
    for line in plain.splitlines()[1:]:
        day, value = line.split(",")
        lines.append(f"{date.fromisoformat(day):%d/%m/%Y};{value.replace('.', ',')};1")
    one, other = series(tmp_path / "a", plain), series(tmp_path / "b", "\r\n".join(lines) + "\r\n")
    assert [(x.first, x.value, x.period) for x in one.rows] == [
        (x.first, x.value, x.period) for x in other.rows
    ]
    assert one.fingerprint == other.fingerprint


def test_more_days_than_any_project_has_are_refused(tmp_path: Path) -> None:
    first = date(2019, 1, 1)
    rows = [(first + timedelta(days=i), 60 + i % 5) for i in range(2790)]
    assert "over 2000 days" in refused(tmp_path, {"data.csv": table(rows)}, before__from="2019-01-01")


def weeks_of(folder: Path, after: list[date], **changed: Any) -> float:
    rows = [(day, 60 + i % 4) for i, day in enumerate(BEFORE)] + [
        (day, 45 + i % 3) for i, day in enumerate(after)
    ]
    changed = {"after__to": "2026-11-20"} | changed
    return series(folder, table(rows), **changed).after_weeks


def test_weeks_are_counted_from_the_data_and_not_from_the_sheet(tmp_path: Path) -> None:
    """The sheet claims 15 weeks each time."""
    assert weeks_of(tmp_path / "a", days(CHANGED, 4)) == 4.0
    assert weeks_of(tmp_path / "b", days(CHANGED, 3)) == 3.0
    assert weeks_of(tmp_path / "c", days(CHANGED, 4)[:-2]) == 3.6  # three days of five are no week
    assert weeks_of(tmp_path / "d", days(CHANGED, 1)) == 1.0
    gap = [day for day in days(CHANGED, 6) if day.isocalendar().week not in (34, 35)]
    assert weeks_of(tmp_path / "e", gap) == 4.0  # two of six weeks have no data
    late = days(CHANGED + timedelta(weeks=10), 4)
    assert weeks_of(tmp_path / "f", [CHANGED, *late]) == 4.2


def test_weekly_values_count_a_week_each(tmp_path: Path) -> None:
    rows = [(f"2026-W{week}", 60 + week % 3) for week in range(20, 32)] + [
        (f"2026-W{w}", 45) for w in range(33, 38)
    ]
    data = table(rows, "week,value")
    found = series(tmp_path, data, before__from="2026-05-01", after__to="2026-09-30")
    assert found.after_weeks == 5.0
    assert found.left_out == 0


def test_a_week_that_lies_in_both_periods_counts_in_none(tmp_path: Path) -> None:
    rows = [(f"2026-W{week}", 60 + week % 3) for week in range(27, 38)]
    changed = {"change__date": "2026-08-12", "before__to": "2026-08-11", "after__from": "2026-08-12"}
    found = series(tmp_path, table(rows, "week,value"), **changed)
    assert found.left_out == 1
    assert date(2026, 8, 10) not in {row.first for row in found.rows}


def test_rows_outside_of_both_periods_are_left_out_and_said(tmp_path: Path) -> None:
    found = read(project(tmp_path, after__from="2026-08-17"), today=TODAY)
    assert found.series.left_out == 5
    assert "5" in next(text for text in summary(found, "en") if "left out" in text)


# -- the documents


def picture(kind: str, exif: bool = False) -> bytes:
    out = io.BytesIO()
    image = Image.new("RGB", (40, 30), "white")
    if exif:
        data = Image.Exif()
        data[0x0110] = "Telephone"
        image.save(out, kind, exif=data)
    else:
        image.save(out, kind)
    return out.getvalue()


def office(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
        for name, content in parts.items():
            archive.writestr("word/media/" + name.replace("_", "."), content)
    return out.getvalue()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize("name", ["team.jpg", "team.pdf", "notes.txt", "team", "data2.csv", "docs/team.docx"])
@pytest.mark.parametrize(
    "content",
    [
        picture("JPEG"),
        picture("PNG"),
        picture("GIF"),
        picture("WEBP"),
        picture("BMP"),
        picture("TIFF"),
        HEIC,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_a_picture_stays_out_whatever_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    message = refused(tmp_path, {name: content})
    assert name in message
    assert "photographs stay out" in message


def test_a_picture_without_people_is_taken_when_it_is_named(tmp_path: Path) -> None:
    folder = project(tmp_path, {"layout.png": picture("PNG")})
    found = read(folder, ["layout.png"], TODAY)
    assert found.pictures == 1
    assert any("no person" in text for text in summary(found, "en"))
    with pytest.raises(CourseError, match=r"--picture plan\.png: there is no such file"):
        read(folder, ["layout.png", "plan.png"], TODAY)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_a_camera_wrote_is_refused_even_then(tmp_path: Path, kind: str) -> None:
    folder = project(tmp_path, {"letter.png": picture(kind, exif=True)})
    with pytest.raises(CourseError, match="camera wrote"):
        read(folder, ["letter.png"], TODAY)
    (folder / "letter.png").write_bytes(HEIC)
    with pytest.raises(CourseError, match="save it as PNG"):
        read(folder, ["letter.png"], TODAY)


def test_pictures_inside_documents_are_counted_and_photographs_refused(tmp_path: Path) -> None:
    found = read(project(tmp_path / "a", {"report.docx": office(a_png=picture("PNG"))}), today=TODAY)
    assert found.pictures == 1
    assert "word/media/a.jpg" in refused(
        tmp_path / "b", {"report.docx": office(a_jpg=picture("JPEG", exif=True))}
    )
    hidden = {"report.docx": office(a_bin=picture("JPEG", exif=True))}
    assert "photograph" in refused(tmp_path / "c", hidden)
    assert "photograph" in refused(tmp_path / "d", {"scan.pdf": PDF + picture("JPEG", exif=True)})
    read(project(tmp_path / "e", {"scan.pdf": PDF + picture("JPEG")}), today=TODAY)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tool.exe", b"MZ\x90\0"),
        ("page.html", b"<!doctype html><script>alert(1)</script>"),
        ("page.txt", b"<html><script>alert(1)</script>"),
        ("all.zip", office()),
        ("report.docx", b"PK\3\4 broken"),
        ("macro.docx", office(**{"vbaProject_bin": b"x"})),
        ("table.xlsx", office()),  # a Word file by its content
        ("letter.doc", b"\xd0\xcf\x11\xe0"),
        ("notes.txt", b"a\0b"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",  # a zip holds the time
)
def test_what_is_not_known_to_be_harmless_is_not_taken(tmp_path: Path, name: str, content: bytes) -> None:
    assert name in refused(tmp_path, {name: content})


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = project(tmp_path / "p")
    (folder / "secret.txt").symlink_to("/etc/hostname")
    with pytest.raises(CourseError, match="is a link"):
        read(folder, today=TODAY)


def test_what_systems_leave_beside_files_is_no_matter(tmp_path: Path) -> None:
    junk: dict[str, bytes | str] = {"Thumbs.db": picture("JPEG"), ".DS_Store": b"\0\1", "~$report.docx": b"x"}
    found = read(project(tmp_path, junk), today=TODAY)
    assert [one.path for one in found.documents] == ["data.csv", "project.yml", "xac-nhan.pdf"]


# -- the page


def test_both_languages_say_the_same_things() -> None:
    for key, entry in texts().items():
        blanks = [sorted(re.findall(r"\{\w+\}", entry[language])) for language in ("vi", "en")]
        assert blanks[0] == blanks[1], key
        assert all(text.strip() for text in entry.values()), key


def test_the_page_says_the_verdict_in_both_languages_and_runs_nothing(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    found = read(project(tmp_path, title=hostile, measure__name=hostile, change__what=hostile), today=TODAY)
    for language, said in (
        ("vi", "phân biệt được với dao động ngẫu nhiên"),
        ("en", "distinguishable from chance"),
    ):
        page = render(found, number(1), "press-setup", "0" * 64, language)
        assert said in page
        assert f'lang="{language}"' in page
        assert "<script" not in page
        assert "script-src" not in page
        assert "default-src 'none'" in page
        assert page.count("<circle") == len(BEFORE) + len(AFTER)
        assert "course certify sign-off" in page
        assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)


@pytest.mark.parametrize(
    ("changed", "data", "said"),
    [
        ({}, daily(values(step=0)), "not distinguishable from chance"),
        ({}, daily(values(step=0, trend=-2)), "already moving by −"),
        (
            {"confirmation": None},
            table([*((d, 60 + d.day % 5) for d in BEFORE), (AFTER[0], 44)]),
            "at least 8 on each side",
        ),
    ],
)
def test_what_to_be_careful_about_is_said_in_plain_words(
    tmp_path: Path, changed: dict[str, Any], data: str, said: str
) -> None:
    found = read(project(tmp_path, {"data.csv": data}, **changed), today=TODAY)
    assert said in " ".join(summary(found, "en"))
    assert render(found, number(1), "p1", "0" * 64, "vi")
