"""The page on one assignment: how the points are spread, what was hard, how people worked, what is alike."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from html import escape

import numpy as np

from autograder.page import bar, page, row, table, words
from autograder.report import charts
from autograder.report.items import LEAST, LEAST_GROUPS, Figure, Item, wilson
from autograder.report.pairs import name_of
from autograder.report.people import People
from autograder.report.similarity import ALIKE, DIGITS, FEW, INSIDE, SHINGLE, Equal
from autograder.report.study import Study
from autograder.texts import text
from linelab.cases import load
from linelab.estimate import Estimate
from linelab.texts import number

Say = Callable[..., str]
ATTEMPTS = ("1", "2", "3", "4+")


def assignment_page(found: Study, people: People, language: str) -> str:
    """The page on an assignment as HTML."""
    say = words("report", language)
    title = f"{found.assignment} · {load(found.assignment).title[language]}"
    parts = [
        f'<p class="eyebrow"><a href="index.html">{say("back")}</a></p><h1>{escape(title)}</h1>',
        f'<p class="note">{say("private")}</p>' if not people.veiled else "",
        *_spread(found, say, language),
        *_questions(found, say, language),
        *_choices(found, say, language),
        *_attempts(found, say, language),
        *_alike(found, people, say, language),
    ]
    return page(title, language, "".join(parts), "wide", charts.STYLE)


def _spread(found: Study, say: Say, language: str) -> list[str]:
    shares = [line.share for line in found.lines if line.share is not None]
    parts = [f"<h2>{say('spread')}</h2>"]
    if not shares:
        return [*parts, f"<p>{say('none_final')}</p>"]
    tenths = Counter(min(int(10 * share + 1e-9), 9) for share in shares)
    counts, labels = [tenths[n] for n in range(10)], [f"{10 * n}–{10 * n + 10}" for n in range(10)]
    parts.append(charts.histogram(counts, labels, text("report.spread_chart", language)))
    quarters = statistics.quantiles(shares, n=4, method="inclusive") if len(shares) > 1 else shares * 3
    low, middle, high = (number(100 * x, language, 0) for x in quarters)
    parts.append(f"<p>{say('median', n=len(shares), middle=middle, low=low, high=high)}</p>")
    if len(shares) > 1:
        mean = Estimate(np.array(shares), "")
        ends = max(mean.low, 0.0), min(mean.high, 1.0)
        low, high = (number(100 * x, language, 0) for x in ends)
        shown = number(100 * mean.mean, language, 0)
        parts.append(f"<p>{say('mean_share', n=len(shares), mean=shown, low=low, high=high)}</p>")
    return parts


def _questions(found: Study, say: Say, language: str) -> list[str]:
    questions = load(found.assignment).questions
    rows = []
    for item in found.items:
        question = questions[item.question]
        hard = item.difficulty
        cells = [
            (escape(question.label[language]), "words"),
            (_percent(hard, language), "n"),
            (bar(hard.value, hard.low, hard.high) if hard else "", "wide-only"),
            (_figure(item.correlation, language), "n"),
            (_figure(item.upper_lower, language), "n"),
            (say(f"reading.{_reading(item)}"), "words"),
        ]
        rows.append(row(escape(item.question), *cells))
    heads = [(say("question"), ""), ("", ""), (say("difficulty"), "n"), ("", "wide-only")]
    heads += [(say("correlation"), "n"), (say("upper_lower"), "n"), (say("reading"), "")]
    whole = found.items[0].whole if found.items else 0
    return [
        f"<h2>{say('questions')}</h2><p>{say('questions_intro', whole=whole)}</p>",
        table(say("questions"), heads, rows),
        f"<details><summary>{say('how')}</summary>",
        *(f"<p>{say(f'how.{key}', least=LEAST, groups=LEAST_GROUPS)}</p>" for key in ("p", "r", "d", "few")),
        "</details>",
    ]


def _reading(item: Item) -> str:
    """The key of the words for what a question's figures say."""
    if item.whole < LEAST:
        return "few"
    if item.correlation is None:
        return "same"
    if item.correlation.high < 0:
        return "against"
    return "tells" if item.correlation.low > 0 else "unclear"


def _choices(found: Study, say: Say, language: str) -> list[str]:
    """What was chosen where there was a choice: a wrong option that many take is worth a word in class."""
    rows = []
    for question in load(found.assignment).questions.values():
        if question.kind != "choice":
            continue
        given = Counter(str(line.record.answers.get(question.id)) for line in found.lines if line.record)
        total = sum(given.values())
        for option in (*question.options, "None"):
            if option == "None" and not given[option]:
                continue
            shown = say("no_answer") if option == "None" else escape(option)
            figure = wilson(given[option] / total, total) if total else None
            cells = [(shown, ""), (str(given[option]), "n"), (_percent(figure, language), "n")]
            rows.append(row(escape(question.id), *cells))
    if not rows or not any(line.record for line in found.lines):
        return []
    heads = [(say("question"), ""), (say("option"), ""), (say("count_heading"), "n"), (say("share"), "n")]
    return [f"<h2>{say('choices')}</h2>", table(say("choices"), heads, rows)]


def _attempts(found: Study, say: Say, language: str) -> list[str]:
    begun = [line for line in found.lines if line.times]
    if not begun:
        return []
    counts = Counter(min(line.attempts, len(ATTEMPTS)) for line in begun)
    chart = charts.histogram(
        [counts[n] for n in range(1, len(ATTEMPTS) + 1)], ATTEMPTS, text("report.attempts_chart", language)
    )
    spans = [line.times[-1] - line.times[0] for line in begun if line.attempts > 1]
    said = say("one_attempt")
    if spans:
        middle = timedelta(seconds=statistics.median(span.total_seconds() for span in spans))
        said = say("span", n=len(spans), span=_span(middle, language), most=_span(max(spans), language))
    return [f"<h2>{say('work')}</h2><p>{say('work_intro')}</p>", chart, f"<p>{said}</p>"]


def _alike(found: Study, people: People, say: Say, language: str) -> list[str]:
    figures = {
        "words": SHINGLE,
        "alike": round(100 * ALIKE),
        "inside": round(100 * INSIDE),
        "digits": DIGITS,
        "few": FEW,
    }
    parts = [f"<h2>{say('alike')}</h2><p>{say('alike_intro')}</p>"]
    for question, comparison in found.comparisons.items():
        usual = number(100 * comparison.usual, language, 0)
        counts = {"texts": comparison.texts, "pairs": comparison.pairs, "short": comparison.short}
        key = "compared" if comparison.pairs else "compared_none"
        parts.append(f"<p>{escape(question)}: {say(key, usual=usual, **counts)}</p>")
    rows = []
    for n, pair in enumerate(found.pairs, 1):
        likeness = max((x.resemblance for x in pair.texts.values()), default=None)
        shown = "–" if likeness is None else f"{number(100 * likeness, language, 0)} %"
        numbers = ", ".join(dict.fromkeys(x.question for x in pair.numbers)) or "–"
        both = f"{people.who(pair.one)}<br>{people.who(pair.other)}"
        link = f'<a href="{name_of(found.assignment, n)}">{say("side_by_side")}</a>'
        plans = escape(", ".join(pair.plans) or "–")
        rows.append(row(both, (shown, "n"), (escape(numbers), ""), (plans, ""), (link, "words")))
    if rows:
        heads = [(say("pair"), ""), (say("texts_alike"), "n")]
        heads += [(say("numbers_equal"), ""), (say("plans_equal"), ""), ("", "")]
        parts.append(table(say("alike"), heads, rows))
        if found.left_out:
            parts.append(f"<p>{say('left_out', count=found.left_out)}</p>")
    else:
        parts.append(f"<p>{say('nothing_alike')}</p>")
    if found.common:
        items = "".join(f"<li>{_common(equal, say, language)}</li>" for equal in found.common)
        parts.append(f"<p>{say('common')}</p><ul>{items}</ul>")
    parts.append(f"<details><summary>{say('how')}</summary>")
    parts += [f"<p>{say(f'how.{key}', **figures)}</p>" for key in ("texts", "numbers", "plans")]
    return [*parts, "</details>"]


def _common(equal: Equal, say: Say, language: str) -> str:
    return say(
        "common_number",
        question=equal.question,
        value=number(equal.value, language, 3),
        count=len(equal.trainees),
    )


def _percent(figure: Figure | None, language: str) -> str:
    if figure is None:
        return "–"
    value, low, high = (number(100 * x, language, 0) for x in (figure.value, figure.low, figure.high))
    return f"{value} % <small>[{low}; {high}] n = {figure.n}</small>"


def _figure(figure: Figure | None, language: str) -> str:
    if figure is None:
        return "–"
    value, low, high = (number(x, language, 2) for x in (figure.value, figure.low, figure.high))
    return f"{value} <small>[{low}; {high}] n = {figure.n}</small>"


def _span(span: timedelta, language: str) -> str:
    hours = span.total_seconds() / 3600
    if hours < 48:
        return text("report.hours", language, hours=number(hours, language, 1))
    return text("report.days", language, days=number(hours / 24, language, 1))
