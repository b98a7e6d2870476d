"""`course report`: static pages on a cohort for the instructor's own machine, and its marks as tables.

What is known of each trainee comes from `autograder.standing`. `study` puts an assignment's hand-ins together
(`items`, `similarity`); `overview`, `assignment` and `pairs` are the pages, `exports` the tables.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from autograder.assignments import assignments
from autograder.cohort import Cohort
from autograder.errors import CourseError
from autograder.files import write
from autograder.report import exports
from autograder.report.assignment import assignment_page
from autograder.report.needs import needs
from autograder.report.overview import overview_page
from autograder.report.pairs import name_of, pair_page
from autograder.report.people import People
from autograder.report.study import study
from autograder.standing import Line, standing


def write_report(
    cohort: Cohort, language: str = "", *, pseudonyms: bool = False, problems: list[str] | None = None
) -> Path:
    """Write the report's pages and ``marks.csv``.

    Parameters
    ----------
    cohort : Cohort
        The class.
    language : str
        Of the pages; empty for the cohort's own.
    pseudonyms : bool
        Into ``report-pseudonyms/``, without numbers and names, for discussing it in a team; else ``report/``.
    problems : list of str, optional
        Takes a line for what grading did not bring to its end; it stands in the report as not graded.

    Returns
    -------
    Path
        The first page.
    """
    language = language or cohort.language
    lines, roster = standing(cohort, [] if problems is None else problems), cohort.roster()
    people = People.hidden(roster, cohort.secret, language) if pseudonyms else People.known(roster)
    folder = cohort.path / ("report-pseudonyms" if pseudonyms else "report")
    _clear(folder)
    studies = {}
    for assignment in assignments():
        own = [line for line in lines if line.assignment == assignment]
        if not any(line.times or line.mark for line in own):
            continue
        found = studies[assignment] = study(cohort, assignment, own)
        write(folder / f"{assignment}.html", assignment_page(found, people, language))
        for n, pair in enumerate(found.pairs, 1):
            write(folder / name_of(assignment, n), pair_page(cohort, found, pair, people, language))
    table = exports.marks_table(_ordered(lines, people), people)
    write(folder / "marks.csv", table, "utf-8-sig")  # the mark at its start makes Excel read it as UTF-8
    now = datetime.now(UTC)
    first = overview_page(cohort, lines, studies, needs(lines, now), people, language, now)
    return write(folder / "index.html", first)


def _clear(folder: Path) -> None:
    """Pages of an earlier run say what may no longer be so."""
    shutil.rmtree(folder / "pairs", ignore_errors=True)
    for path in folder.glob("*.html"):
        path.unlink()


def _ordered(lines: list[Line], people: People) -> list[Line]:
    """By the order in which people are listed: the roster's own could give away who is meant."""
    place = {who: n for n, who in enumerate(people.labels)}
    return sorted(lines, key=lambda line: place[line.trainee.id])


def write_exports(cohort: Cohort, *, moodle: Path | None = None, canvas: Path | None = None) -> list[str]:
    """Write marks for the gradebooks of Moodle and Canvas; gives lines that say where, and how to import."""
    said: list[str] = []
    lines = standing(cohort, []) if moodle or canvas else []
    for path, make in ((moodle, exports.moodle), (canvas, exports.canvas)):
        if path is None:
            continue
        content, how = make(cohort, lines)
        try:
            said += [str(write(path, content)), how]
        except OSError as error:
            raise CourseError(f"{path}: cannot be written ({error.strerror}); name another file") from None
    return said
