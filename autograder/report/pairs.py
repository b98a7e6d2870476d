"""The page on two hand-ins that are alike: side by side, what they share marked. A question, no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from autograder.cohort import Cohort
from autograder.page import page, row, table, words
from autograder.report.people import People
from autograder.report.similarity import Text, common_figures
from autograder.report.study import Pair, Study, template
from autograder.texts import text
from linelab.cases import Case, load
from linelab.texts import number

STYLE = """
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; }
.two > div { border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .9rem; min-width: 0; }
mark { background: var(--mark); color: inherit; }
@media (max-width: 44rem) { .two { grid-template-columns: 1fr; } }
"""


def name_of(assignment: str, number_: int) -> str:
    """Where the page on an assignment's n-th pair stands, from the report's folder."""
    return f"pairs/{assignment}-{number_}.html"


def pair_page(cohort: Cohort, found: Study, pair: Pair, people: People, language: str) -> str:
    """The page on a pair as HTML."""
    say = words("report", language)
    case = load(found.assignment)
    one, other = (case.variant(who, cohort.edition) for who in (pair.one, pair.other))
    answers = _answers(found, pair)
    title = text("report.pair_title", language, assignment=found.assignment)
    back = say("back_to", assignment=found.assignment)
    parts = [
        f'<p class="eyebrow"><a href="../{found.assignment}.html">{back}</a></p>',
        f"<h1>{escape(title)}</h1>",
        f"<p>{people.who(pair.one)} · {people.who(pair.other)}</p>",
        f'<p class="note">{say("question_only")}</p>',
    ]
    if pair.numbers or pair.plans:
        parts += [f"<h2>{say('same_answers')}</h2>", _same(pair, case, answers, people, language)]
        shared = [_named(path, value, case, language) for path, value in common_figures(one, other)]
        key = "variants_share" if shared else "variants_apart"
        parts.append(f"<p>{say(key, figures='; '.join(shared))}</p>")
    for question, alike in pair.texts.items():
        likeness = number(100 * alike.resemblance, language, 0)
        usual = number(100 * found.comparisons[question].usual, language, 0)
        parts.append(f"<h2>{escape(case.questions[question].label[language])}</h2>")
        said = say("pair_text", likeness=likeness, shared=alike.shared, either=alike.either, usual=usual)
        parts.append(f"<p>{said}</p>")
        texts = [Text.of(people.veil(str(given.get(question, "")))) for given in answers]
        shared_ = (texts[0].shingles & texts[1].shingles) - template(found.assignment)
        columns = ""
        for who, given in zip((pair.one, pair.other), texts, strict=True):
            shown = _marked(given, given.passages(shared_))
            columns += f'<div><p>{people.who(who)}</p><div class="memo">{shown}</div></div>'
        parts.append(f'<div class="two">{columns}</div>')
    return page(title, language, "".join(parts), "wide", STYLE)


def _answers(found: Study, pair: Pair) -> list[dict[str, Any]]:
    records = {line.trainee.id: line.record for line in found.lines if line.record}
    return [records[who].answers for who in (pair.one, pair.other)]


def _same(pair: Pair, case: Case, answers: Sequence[dict[str, Any]], people: People, language: str) -> str:
    say, rows = words("report", language), []
    for question in [*dict.fromkeys(x.question for x in pair.numbers), *pair.plans]:
        given = answers[0][question]
        if isinstance(given, dict):
            shown = ", ".join(f"{name} = {setting}" for name, setting in given.items())
        else:
            digits = len(f"{given:.10g}".partition(".")[2])
            shown = f"{number(given, language, digits)} {case.questions[question].unit[language]}"
        label = case.questions[question].label[language]
        rows.append(row(escape(question), (escape(label), ""), (escape(people.veil(shown)), "")))
    return table(say("same_answers"), [(say("question"), ""), ("", ""), (say("answer"), "")], rows)


def _named(path: str, value: float, case: Case, language: str) -> str:
    """A figure of a variant in words: which station's what, and how much."""
    if path == "demand":
        return text("report.figure.demand", language, value=number(value, language, 0))
    _, station, *rest = path.split(".")
    label = case.station_labels[station][language] if station in case.station_labels else station
    known = {"process_time": "time", "time_to_failure": "between", "time_to_repair": "repair"}
    key = next((known[part] for part in rest if part in known), None)
    if key is None:
        return f"{path} = {value:g}"
    return text(f"report.figure.{key}", language, station=label, value=number(value, language, 1))


def _marked(given: Text, passages: Sequence[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in passages:
        parts.append(f"{escape(given.shown[at:start])}<mark>{escape(given.shown[start:end])}</mark>")
        at = end
    return "".join(parts) + escape(given.shown[at:])
