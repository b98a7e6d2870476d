"""What a trainee reads: the page on one assignment, and the overview of all of them.

Neither holds hidden tests, solutions or expected values, nor anything on other trainees; all that a trainee
or an instructor wrote is shown as text.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from datetime import datetime
from html import escape
from typing import Any

from autograder.cohort import Trainee
from autograder.gradebook import Detail
from autograder.page import SIGNS, bar, moment, page, row, state, table, words
from autograder.page import points as shown
from autograder.records import Record, in_language
from autograder.sections import section
from autograder.standing import Line
from autograder.texts import text
from linelab.cases import Case, CaseError, load
from linelab.cases.questions import Question
from linelab.texts import number
from linelab.trainees import is_trainee_id, normalise, written

MOST_PROBLEMS = 20  # a notebook can make thousands
SOMEBODY = re.compile(r"\b[0-9A-Za-z]{4}-?[0-9A-Za-z]{4}\b")


def render(trainee: Trainee, record: Record, found: Sequence[Detail], site: str = "") -> str:
    """The page on one assignment in the trainee's language.

    Parameters
    ----------
    trainee : Trainee
        Whose page.
    record : Record
        What the marks rest on.
    found : sequence of Detail
        The marks, question by question.
    site : str
        Address of the course site for links to what to reread; without it sections are named in words.
    """
    language, case = trainee.language, load(record.assignment)
    say = words("feedback", language)
    waiting = any(d.waiting for d in found)
    most = sum(d.max_points for d in found)
    before = sum(d.points for d in found)
    points = round(before * (1 - record.late), 2)
    when = moment(datetime.fromisoformat(record.graded_at), language)
    attempt = record.trace.get("attempt_number")
    made = say("attempt", number=attempt, when=when) if attempt else say("marked", when=when)
    parts = [
        f'<p class="eyebrow">{say("title", assignment=record.assignment)} · {say("trainee")} '
        f"<strong>{escape(written(trainee.id))}</strong></p>",
        f"<h1>{escape(case.title[language])}</h1>",
        f'<p class="total">{_total(points, most, language)}</p><p>{bar(points / most if most else 0)}</p>',
        f'<p class="meta">{made}</p>',
    ]
    if record.late:
        share = number(100 * record.late, language, 0)
        lost, all_ = shown(round(before - points, 2), language), shown(before, language)
        parts.append(f'<p class="note">{say("late", share=share, lost=lost, before=all_)}</p>')
    parts += [f'<p class="note">{escape(remark.get(language, ""))}</p>' for remark in record.remarks]
    if waiting:
        parts.append(f'<p class="note">{say("waiting")}</p>')
    parts.append(_contents(case, found, language))
    parts += [_question(case.questions[d.question], d, record, case, language, site) for d in found]
    if record.problems:
        lines = [_own_only(in_language(line, language), trainee.id) for line in record.problems]
        items = "".join(f"<li>{escape(line)}</li>" for line in lines[:MOST_PROBLEMS])
        if len(lines) > MOST_PROBLEMS:
            items += f"<li>{say('more', count=len(lines) - MOST_PROBLEMS)}</li>"
        parts.append(f"<h2>{say('problems')}</h2><p>{say('problems_intro')}</p><ul>{items}</ul>")
    parts.append(f"<p><small>{say('appeal')} {say('receipt', receipt=record.attempt[:12])}</small></p>")
    return page(text("feedback.title", language, assignment=record.assignment), language, "".join(parts))


def overview(trainee: Trainee, lines: Sequence[Line], pages: Container[str]) -> str:
    """The page on all assignments: points, what is missing, and links to those `pages` that there are."""
    language = trainee.language
    say = words("feedback", language)
    marked = [line for line in lines if line.mark]
    points = sum(line.mark.points for line in lines if line.mark)
    most = sum(line.mark.max_points for line in lines if line.mark)
    parts = [
        f'<p class="eyebrow">{say("trainee")} <strong>{escape(written(trainee.id))}</strong></p>',
        f"<h1>{say('overview')}</h1>",
    ]
    if marked:
        parts.append(f'<p class="total">{_total(points, most, language)}</p><p>{bar(points / most)}</p>')
        parts.append(f'<p class="meta">{say("of_marked", count=len(marked), all=len(lines))}</p>')
    rows = []
    for line in lines:
        name = f"{line.assignment} · {load(line.assignment).title[language]}"
        file = f"{line.assignment}.html"
        linked = f'<a href="{file}">{escape(name)}</a>' if file in pages else escape(name)
        got = _total(line.mark.points, line.mark.max_points, language) if line.mark else "–"
        colour, key = line.state
        rows.append(row(linked, (got, "n"), (state(colour, say(f"state.{key}")), "")))
    heads = [(say("assignment"), ""), (say("points"), "n"), (say("state"), "")]
    parts.append(table(say("overview"), heads, rows))
    for key in ("missing", "ungraded", "waiting"):
        names = [line.assignment for line in lines if line.state[1] == key]
        if names:
            parts.append(f"<p>{say(f'todo.{key}', names=', '.join(names))}</p>")
    return page(text("feedback.overview", language), language, "".join(parts))


def _total(points: float, most: float, language: str) -> str:
    return words("feedback", language)("total", points=shown(points, language), most=shown(most, language))


def _grade(detail: Detail) -> tuple[str, str]:
    """Colour and the key of the words for the points of a question."""
    if detail.waiting:
        return "part", "waiting"
    share = detail.points / detail.max_points if detail.max_points else 1.0
    return ("good", "full") if share >= 0.99 else ("part", "some") if share > 0 else ("bad", "nothing")


def _contents(case: Case, found: Sequence[Detail], language: str) -> str:
    say, rows = words("feedback", language), []
    for detail in found:
        colour, key = _grade(detail)
        label = case.questions[detail.question].label[language]
        link = f'<a href="#{escape(detail.question)}">{escape(label)}</a>'
        got = f"{shown(detail.points, language)} / {shown(detail.max_points, language)}"
        cells = [(link, ""), (got, "n"), (state(colour, say(f"grade.{key}")), "")]
        rows.append(row(escape(detail.question.removeprefix("q")), *cells))
    heads = [("", ""), (say("asked"), ""), (say("points"), "n"), (say("state"), "")]
    return table(say("points"), heads, rows)


def _question(
    question: Question, detail: Detail, record: Record, case: Case, language: str, site: str
) -> str:
    say = words("feedback", language)
    colour, _ = _grade(detail)
    title = f"{say('question', number=question.id.removeprefix('q'))}. {escape(question.label[language])}"
    points = (
        f'<span class="points {colour}"><span aria-hidden="true">{SIGNS[colour]}</span> '
        f"{_total(detail.points, detail.max_points, language)}</span>"
    )
    reasons = [escape(str(reason.get(language, ""))) for reason in detail.reasons]
    body = "".join(f"<p>{line}</p>" for line in reasons if line)
    if detail.waiting:
        body += f"<p>{say('by_hand')}</p>"
    answer = _answer(question, record.answers.get(question.id), case, language)
    rows = [f"<dt>{say('answer')}</dt><dd>{answer}</dd>"]
    if detail.comment:
        rows.append(f'<dt>{say("comment")}</dt><dd class="memo">{escape(detail.comment)}</dd>')
    body += f"<dl>{''.join(rows)}</dl>"
    if colour != "good" and not detail.waiting and question.reread:
        places = "".join(f"<li>{_place(label, language, site)}</li>" for label in question.reread)
        body += f'<div class="reread">{say("reread")}<ul>{places}</ul></div>'
    return (
        f'<section class="{colour}" id="{escape(question.id)}"><header><h2>{title}</h2>{points}</header>'
        f"{body}</section>"
    )


def _place(label: str, language: str, site: str) -> str:
    """A section of the book: a link if the site's address is known, else its page and title."""
    there = section(label, language)
    if not site:
        return words("feedback", language)("place", page=there.page, title=there.title)
    return (
        f'<a href="{escape(site + there.address)}" rel="noreferrer">{escape(there.title)}</a> '
        f"<small>({escape(there.page)})</small>"
    )


def _answer(question: Question, value: Any, case: Case, language: str) -> str:
    if value is None:
        return words("feedback", language)("none")
    if question.kind == "number":
        return escape(f"{number(float(value), language, 2)} {question.unit[language]}")
    if question.kind == "plan":
        return "<br>".join(escape(_setting(str(k), v, case, language)) for k, v in value.items())
    if question.kind == "choice" and value in case.station_labels:
        return escape(f"{case.station_labels[value][language]} ({value})")
    css = ' class="memo"' if question.kind == "text" else ""
    return f"<span{css}>{escape(str(value))}</span>"


def _setting(name: str, value: Any, case: Case, language: str) -> str:
    try:
        lever = case.lever(name)
    except CaseError:  # a trainee may write anything there
        return f"{name} = {value}"
    unit = lever.unit[language]
    return f"{lever.label[language]} ({name}) = {value}" + ("" if "=" in unit else f" {unit}")


def _own_only(line: str, own: str) -> str:
    """A line of what happened without the numbers of other trainees, which a copied notebook may hold."""

    def hidden(found: re.Match[str]) -> str:
        given = normalise(found[0])
        return "…" if is_trainee_id(given) and given != own else found[0]

    return SOMEBODY.sub(hidden, line)
