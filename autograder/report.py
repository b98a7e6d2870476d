"""The cohort at a glance: a static page and a table of marks, for the instructor's own machine."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.collect import attempt_files
from autograder.files import write
from autograder.gradebook import Detail, Mark, judged
from autograder.page import page
from autograder.texts import text
from linelab.cases import load
from linelab.texts import number
from linelab.trainees import written

PASS = 60  # percent, for the colours here; what a certificate needs is said by its rules


@dataclass(frozen=True)
class Line:
    """A trainee's standing in one assignment."""

    trainee: Trainee
    assignment: str
    attempts: int
    mark: Mark | None
    details: list[Detail]

    @property
    def state(self) -> tuple[str, str]:
        """Colour and the key of the words."""
        if self.mark is None:
            return ("bad", "missing") if not self.attempts else ("part", "ungraded")
        if not self.mark.complete:
            return "part", "waiting"
        percent = 100 * self.mark.points / self.mark.max_points
        return ("good", "passed") if percent >= PASS else ("bad", "below")


def write_report(cohort: Cohort) -> Path:
    """Write ``report/index.html`` and ``report/marks.csv``; returns the page."""
    # what was not judged to its end stands there as not graded
    found = {(mark.trainee, mark.assignment): (mark, details) for mark, details in judged(cohort, [])}
    lines = [
        Line(
            trainee,
            name,
            len(attempt_files(cohort, trainee.id, name)),
            *found.get((trainee.id, name), (None, [])),
        )
        for trainee in cohort.roster().values()
        for name in assignments()
    ]
    folder = cohort.path / "report"
    write(
        folder / "marks.csv", _csv(lines), "utf-8-sig"
    )  # the mark at its start makes Excel read it as UTF-8
    return write(folder / "index.html", _page(cohort, lines))


def _csv(lines: Sequence[Line]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        ["trainee", "name", "assignment", "points", "max_points", "complete", "attempts", "graded_at"]
    )
    for line in lines:
        mark = line.mark
        row = [mark.points, mark.max_points, mark.complete] if mark else ["", "", False]
        # a name that begins like a formula would be run as one by a spreadsheet
        name = f"'{line.trainee.name}" if line.trainee.name[:1] in ("=", "+", "-", "@") else line.trainee.name
        writer.writerow(
            [
                written(line.trainee.id),
                name,
                line.assignment,
                *row,
                line.attempts,
                mark.graded_at if mark else "",
            ]
        )
    return out.getvalue()


def _page(cohort: Cohort, lines: Sequence[Line]) -> str:
    language = cohort.language

    def say(key: str, **values: object) -> str:
        return text(f"report.{key}", language, **values)

    now = datetime.now(UTC).isoformat(timespec="minutes")
    parts = [
        f"<h1>{escape(say('title', cohort=cohort.path.name, edition=cohort.edition))}</h1>",
        f"<p>{now} · {escape(say('count', count=len(cohort.roster())))}</p>",
        f'<p class="note">{escape(say("private"))}</p>',
        f"<h2>{escape(say('help'))}</h2>",
    ]
    troubled = [line for line in lines if line.state[0] == "bad"]
    items = "".join(
        f"<li>{_who(x)}, {escape(x.assignment)}: {escape(say(x.state[1]))}</li>" for x in troubled
    )
    parts.append(f"<ul>{items}</ul>" if items else f"<p>{escape(say('nobody'))}</p>")
    left = [line for line in lines if line.state[1] in ("waiting", "ungraded")]
    items = "".join(f"<li>{_who(x)}, {escape(x.assignment)}: {escape(say(x.state[1]))}</li>" for x in left)
    if items:
        parts.append(f"<h2>{escape(say('yours'))}</h2><ul>{items}</ul>")
    rows = [_row(line, say(line.state[1]), language) for line in lines]
    heads = [(say("trainee"), ""), (say("assignment"), ""), (say("attempts"), "n"), (say("points"), "n")]
    parts.append(f"<h2>{escape(say('all'))}</h2>{_table([*heads, (say('state'), '')], rows)}")
    for assignment in assignments():
        rows = list(_spread([x for x in lines if x.assignment == assignment]))
        if rows:
            heads = [(say("percent"), ""), (say("count_heading"), "n"), ("", "chart")]
            title = escape(say("spread", assignment=assignment))
            parts.append(f"<h2>{title}</h2>{_table(heads, rows)}")
        rows = list(_difficulty(cohort, assignment, [x for x in lines if x.assignment == assignment]))
        if rows:
            heads = [(say("question"), ""), ("", ""), (say("marked"), "n"), (say("mean"), "n"), ("", "chart")]
            title = escape(say("hard", assignment=assignment))
            parts.append(f"<h2>{title}</h2>{_table(heads, rows)}")
    title = say("title", cohort=cohort.path.name, edition=cohort.edition)
    return page(title, language, "".join(parts), "wide")


def _table(heads: Sequence[tuple[str, str]], rows: Sequence[str]) -> str:
    head = "".join(f'<th scope="col" class="{css}">{escape(words)}</th>' for words, css in heads)
    return f'<div class="scroll"><table><tr>{head}</tr>{"".join(rows)}</table></div>'


def _who(line: Line) -> str:
    name = f" {escape(line.trainee.name)}" if line.trainee.name else ""
    return f"<strong class='number'>{written(line.trainee.id)}</strong>{name}"


def _row(line: Line, words: str, language: str) -> str:
    points = f"{number(line.mark.points, language)} / {line.mark.max_points:g}" if line.mark else "–"
    return (
        f'<tr><td>{_who(line)}</td><td>{escape(line.assignment)}</td><td class="n">{line.attempts}</td>'
        f'<td class="n">{points}</td><td class="{line.state[0]}">{escape(words)}</td></tr>'
    )


def _spread(lines: Sequence[Line]) -> Iterator[str]:
    """How many have how much of the points, in tenths; only marks that are final."""
    shares = [x.mark.points / x.mark.max_points for x in lines if x.mark and x.mark.complete]
    tenths = [min(int(10 * share + 1e-9), 9) for share in shares]
    for tenth in range(9, -1, -1) if tenths else ():
        count = tenths.count(tenth)
        bar = f'<span class="bar" style="width:{10 * count / len(tenths):.1f}rem"></span>'
        yield (
            f'<tr><td>{10 * tenth}–{10 * tenth + 10} %</td><td class="n">{count}</td>'
            f'<td class="chart">{bar}</td></tr>'
        )


def _difficulty(cohort: Cohort, assignment: str, lines: Sequence[Line]) -> Iterator[str]:
    """Mean share of the points for each question: what the class found hard."""
    shares: dict[str, list[float]] = {}
    for line in lines:
        for detail in line.details:
            if not detail.waiting and detail.max_points:
                shares.setdefault(detail.question, []).append(detail.points / detail.max_points)
    questions = load(assignment).questions
    for question, values in shares.items():
        mean = 100 * sum(values) / len(values)
        yield (
            f"<tr><td>{escape(question)}</td><td>{escape(questions[question].label[cohort.language])}</td>"
            f'<td class="n">{len(values)}</td><td class="n">{mean:.0f} %</td>'
            f'<td class="chart"><span class="bar" style="width:{mean / 10:.1f}rem"></span></td></tr>'
        )
