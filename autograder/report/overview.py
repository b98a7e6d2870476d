"""The report's first page: who stands where, who needs help, what waits for people, where to look further."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape

from autograder.cohort import Cohort
from autograder.page import SIGNS, bar, moment, page, points, row, state, table, words
from autograder.report.needs import RULES, VALUES, Need
from autograder.report.people import People
from autograder.report.study import Study
from autograder.standing import PASS, Deadline, Line
from autograder.texts import text
from linelab.cases import load
from linelab.texts import number

STYLE = """
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1rem 0; }
.tiles div {
  background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem;
}
.tiles strong { display: block; font-size: 1.5rem; line-height: 1.2; }
.matrix td, .matrix th { vertical-align: middle; }
.matrix td { text-align: center; border: 1px solid var(--line); padding: .3rem .6rem; white-space: nowrap; }
.matrix th { padding-right: .8rem; }
.matrix thead th { text-align: center; }
.matrix td.good { background: var(--good-bg); }
.matrix td.part { background: var(--part-bg); }
.matrix td.bad { background: var(--bad-bg); }
.matrix tbody th { position: sticky; left: 0; background: var(--paper); }
.matrix small { display: block; white-space: normal; max-width: 9rem; margin: 0 auto; }
"""


def overview_page(
    cohort: Cohort,
    lines: Sequence[Line],
    studies: Mapping[str, Study],
    needed: Mapping[str, Sequence[Need]],
    due: Mapping[str, Deadline],
    people: People,
    language: str,
    now: datetime,
) -> str:
    """The first page as HTML."""
    say = words("report", language)
    title = text("report.title", language, cohort=cohort.path.name, edition=cohort.edition)
    parts = [
        f'<h1>{escape(title)}</h1><p class="meta">{escape(moment(now, language))}</p>',
        f'<p class="note">{say("veiled" if people.veiled else "private")}</p>',
        _tiles(lines, people, language),
        *_help(needed, people, language),
        *_yours(lines, people, language),
        f"<h2>{say('all')}</h2>",
        _matrix(lines, due, people, language),
        *_assignments(lines, studies, language),
        f'<p><a href="marks.csv">marks.csv</a>: {say("csv")}</p>',
    ]
    return page(title, language, "".join(parts), "wide", STYLE)


def _tiles(lines: Sequence[Line], people: People, language: str) -> str:
    say = words("report", language)
    counts = {
        "trainees": len(people.labels),
        "begun": len({x.trainee.id for x in lines if x.times}),
        "received": sum(x.attempts for x in lines),
        "final": sum(x.share is not None for x in lines),
    }
    tiles = "".join(f"<div><strong>{n}</strong>{say(f'tile.{key}')}</div>" for key, n in counts.items())
    return f'<div class="tiles">{tiles}</div>'


def _help(needed: Mapping[str, Sequence[Need]], people: People, language: str) -> list[str]:
    say = words("report", language)
    parts = [f"<h2>{say('help')}</h2>"]
    items = []
    place = {who: n for n, who in enumerate(people.labels)}
    for who, reasons in sorted(needed.items(), key=lambda item: (-len(item[1]), place[item[0]])):
        by_rule: dict[str, list[str]] = {}
        for need in reasons:
            by_rule.setdefault(need.rule, []).append(need.assignment)
        said = "; ".join(f"{say(f'need.{rule}')} ({escape(', '.join(x))})" for rule, x in by_rule.items())
        items.append(f"<li>{people.who(who)}: {said}</li>")
    parts.append(f"<ul>{''.join(items)}</ul>" if items else f"<p>{say('nobody')}</p>")
    rules = "".join(f"<li>{say(f'rule.{rule}', **VALUES)}</li>" for rule in RULES)
    return [*parts, f"<details><summary>{say('rules')}</summary><ul>{rules}</ul></details>"]


def _yours(lines: Sequence[Line], people: People, language: str) -> list[str]:
    """Answers that a person has to mark, broken tests, and attempts that are not graded to their end."""
    say, items = words("report", language), []
    for assignment in dict.fromkeys(line.assignment for line in lines):
        own = [line for line in lines if line.assignment == assignment]
        waiting = sum(d.waiting for x in own for d in x.details)
        faults = {fault for x in own if x.record for fault in x.record.faults}
        ungraded = [x for x in own if x.state[1] == "ungraded"]
        broken = sum(len(x.record.faults) for x in own if x.record)
        if waiting - broken > 0:
            items.append(say("wait_texts", assignment=assignment, count=waiting - broken))
        items += [say("wait_fault", fault=fault) for fault in sorted(faults)]
        if ungraded:
            who = ", ".join(sorted(people.labels[x.trainee.id] for x in ungraded))
            items.append(say("wait_grading", assignment=assignment, count=len(ungraded), who=who))
    if not items:
        return []
    return [f"<h2>{say('yours')}</h2><ul>{''.join(f'<li>{x}</li>' for x in items)}</ul>"]


def _matrix(lines: Sequence[Line], due: Mapping[str, Deadline], people: People, language: str) -> str:
    say = words("report", language)
    cells: dict[str, list[str]] = {}
    for line in lines:
        cells.setdefault(line.trainee.id, []).append(_cell(line, language))
    rows = [f'<tr><th scope="row">{people.who(who)}</th>{"".join(cells[who])}</tr>' for who in people.labels]
    names = list(dict.fromkeys(line.assignment for line in lines))
    dates = {name: f"<small>{say('due', when=due[name].shown)}</small>" for name in names if name in due}
    heads = [(say("trainee"), ""), *((escape(name) + dates.get(name, ""), "") for name in names)]
    legend = " · ".join(
        state(colour, say(f"legend.{key}", mark=PASS))
        for colour, key in (("good", "passed"), ("part", "waiting"), ("bad", "below"), ("none", "missing"))
    )
    return f'<p>{legend}</p><div class="matrix">{table(say("all"), heads, rows)}</div>'


def _cell(line: Line, language: str) -> str:
    say = words("report", language)
    colour, key = line.state
    shown = points(line.mark.points, language) if line.mark else say(key)
    notes = []
    if line.mark and key == "waiting":
        notes.append(say("waiting"))
    if line.attempts > 1:
        notes.append(say("times", count=line.attempts))
    if line.void:
        notes.append(say("void", count=line.void))
    if line.mark and line.mark.late:
        notes.append(say("late", share=number(100 * line.mark.late, language, 0)))
    small = f"<small>{', '.join(notes)}</small>" if notes else ""
    sign = f'<span class="{colour}" aria-hidden="true">{SIGNS[colour]}</span>'
    return f'<td class="{colour}">{sign} {shown}{small}</td>'


def _assignments(lines: Sequence[Line], studies: Mapping[str, Study], language: str) -> list[str]:
    say, rows = words("report", language), []
    for assignment, found in studies.items():
        own = [line for line in lines if line.assignment == assignment]
        shares = [line.share for line in own if line.share is not None]
        middle = statistics.median(shares) if shares else 0.0
        passed = sum(100 * share >= PASS - 1e-9 for share in shares)
        median = f"{number(100 * middle, language, 0)} % <small>n = {len(shares)}</small>" if shares else "–"
        cells = [
            (escape(load(assignment).title[language]), "words"),
            (f"{sum(bool(x.times) for x in own)} / {len(own)}", "n"),
            (str(len(shares)), "n"),
            (f"{passed} / {len(shares)}", "n"),
            (median, "n"),
            (bar(middle) if shares else "", "wide-only"),
            (str(len(found.pairs) + found.left_out), "n"),
        ]
        rows.append(row(f'<a href="{assignment}.html">{escape(assignment)}</a>', *cells))
    counts = [(say(key), "n") for key in ("handed_in", "marked", "passed", "median_head")]
    heads = [(say("assignment"), ""), ("", ""), *counts, ("", "wide-only"), (say("pairs_head"), "n")]
    if not rows:
        return []
    return [f"<h2>{say('by_assignment')}</h2>", table(say("by_assignment"), heads, rows)]
