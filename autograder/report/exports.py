"""The marks as files for other programs: a plain table, Moodle's and Canvas's gradebook.

A cell that begins like a formula would be run as one by a spreadsheet; such a cell gets an apostrophe before
it (https://owasp.org/www-community/attacks/CSV_Injection). Only marks that are final leave for a gradebook.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from autograder.cohort import Cohort
from autograder.errors import CourseError
from autograder.report.people import People
from autograder.settings import canvas_ids
from autograder.standing import Line
from linelab.cases import load
from linelab.trainees import normalise, written

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
CANVAS_COLUMNS = ("ID", "SIS User ID", "SIS Login ID", "Section")


def marks_table(lines: Iterable[Line], people: People) -> str:
    """All marks, a line a trainee and assignment."""
    heads = ["trainee", "name", "assignment", "points", "max_points", "complete", "attempts", "graded_at"]
    rows: list[Sequence[object]] = [[*heads, "late", "first_attempt", "last_attempt"]]
    for line in lines:
        mark, who = line.mark, line.trainee.id
        got = [mark.points, mark.max_points, mark.complete] if mark else ["", "", False]
        times = [line.times[n].isoformat(timespec="seconds") if line.times else "" for n in (0, -1)]
        row = [people.labels[who], people.names[who], line.assignment, *got, line.attempts]
        rows.append([*row, mark.graded_at if mark else "", mark.late if mark else "", *times])
    return _csv(rows)


def moodle(cohort: Cohort, lines: Sequence[Line]) -> tuple[str, str]:
    """Marks for Moodle's grade import, and what to know before importing them.

    Moodle finds a person by one column that is chosen at import, *Map from* and *Map to*: the e-mail address
    or the ID number; the columns of marks are then mapped to grade items, or to new ones
    (https://docs.moodle.org/405/en/Grade_import). A mark of ``-`` is none. A new grade item takes marks out
    of 100, so marks are given out of 100. A row whose person is not found ends the import, and one without
    an identifier would go to the person before; so the e-mail address is left out unless everybody has one.
    """
    names = _assignments(lines)
    roster = {line.trainee.id: line.trainee for line in lines}
    mailed = all(trainee.email for trainee in roster.values())
    heads = [f"{name} {load(name).title[cohort.language]} (/100)" for name in names]
    rows: list[Sequence[object]] = [["ID number", *(["Email address"] if mailed else []), *heads]]
    shares = _shares(cohort, lines)
    for who, trainee in roster.items():
        marks = [_written(shares.get((who, name)), 100.0, "-") for name in names]
        rows.append([written(who), *([trainee.email] if mailed else []), *marks])
    key = "Email address" if mailed else "ID number"
    how = (
        f"Moodle: Grades > Import > CSV file, encoding UTF-8, separator comma; Map from {key!r} to {key!r}, "
        "and each column of marks to a grade item with a maximum of 100, or to a new one"
    )
    if not mailed:
        how += ". Not everybody in roster.csv has an e-mail address, so the file goes by trainee number: "
        how += "enter it as ID number in each person's Moodle profile"
    return _csv(rows), how


def canvas(cohort: Cohort, lines: Sequence[Line]) -> tuple[str, str]:
    """Marks for Canvas's gradebook import, and what to know before importing them.

    The header is Student, ID, SIS User ID, SIS Login ID, Section, then a column an assignment, ``Title (id)``
    or, for one that Canvas is to make or find by its title, the title alone; the row *Points Possible* comes
    first. Canvas finds a person by ID, SIS User ID, SIS Login ID, then name
    (https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb;
    https://teaching.resources.osu.edu/toolsets/carmencanvas/guides/calculating-final-grades/import-csv-file-carmen-grades).
    The columns of that name in roster.csv go in as they are; else SIS Login ID is the e-mail address, or the
    trainee number. ``canvas: {w01: 1234}`` in cohort.yml gives Canvas's ids of the assignments.
    """
    names, ids = _assignments(lines), canvas_ids(cohort.path)
    own = _columns(cohort)
    titles = {name: f"{name} {load(name).title[cohort.language]}" for name in names}
    heads = [f"{titles[name]} ({ids[name]})" if name in ids else titles[name] for name in names]
    worth = {name: sum(q.points for q in load(name).questions.values()) for name in names}
    rows: list[Sequence[object]] = [["Student", *CANVAS_COLUMNS, *heads]]
    rows.append(["    Points Possible", *[""] * len(CANVAS_COLUMNS), *(f"{worth[n]:g}" for n in names)])
    shares = _shares(cohort, lines)
    for who, trainee in {line.trainee.id: line.trainee for line in lines}.items():
        given = own.get(who, {})
        login = given.get("SIS Login ID") or trainee.email or written(who)
        about = [given.get("ID", ""), given.get("SIS User ID", ""), login, given.get("Section", "")]
        marks = [_written(shares.get((who, name)), worth[name], "") for name in names]
        rows.append([trainee.name or written(who), *about, *marks])
    return _csv(rows), (
        "Canvas: Gradebook > Import; match what Canvas does not know on its next page. A file that Canvas "
        "exported has the columns ID and SIS Login ID: put them into roster.csv for a sure match"
    )


def _assignments(lines: Iterable[Line]) -> list[str]:
    return list(dict.fromkeys(line.assignment for line in lines if line.mark))


def _shares(cohort: Cohort, lines: Iterable[Line]) -> dict[tuple[str, str], float]:
    found = {(x.trainee.id, x.assignment): x.share for x in lines if x.share is not None}
    if not found:  # such a file would empty a gradebook
        raise CourseError(f"{cohort.path}: no mark is final yet; run course grade and course review first")
    return found


def _written(share: float | None, most: float, none: str) -> str:
    return none if share is None else f"{round(share * most, 2):g}"


def _columns(cohort: Cohort) -> Mapping[str, Mapping[str, str]]:
    """Columns of the roster that are named as Canvas names them, by trainee."""
    text = (cohort.path / "roster.csv").read_text("utf-8-sig")
    return {
        normalise(row["trainee"] or ""): {name: (row.get(name) or "").strip() for name in CANVAS_COLUMNS}
        for row in csv.DictReader(io.StringIO(text))
    }


def _csv(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow(
            [f"'{x}" if isinstance(x, str) and x.startswith(FORMULA) and x != "-" else x for x in row]
        )
    return out.getvalue()
