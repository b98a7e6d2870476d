"""The page on a project's evidence, for those who sign it off; complete in itself, in either language."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date
from html import escape
from importlib.resources import files
from typing import Any

from autograder.certify.evidence.chart import STYLE, chart
from autograder.certify.evidence.documents import Document
from autograder.certify.evidence.findings import BETTER, UNCLEAR, WORSE
from autograder.certify.evidence.folder import Project
from autograder.certify.evidence.interrupted import Interval
from autograder.certify.evidence.sheet import PAIRED, Window
from autograder.page import page, points, row, state, table
from linelab.texts import LANGUAGES, Catalogue, number
from linelab.trainees import written

_texts = Catalogue(files("autograder.certify.evidence").joinpath("texts.yml"))
NAMES = {"vi": "Tiếng Việt", "en": "English"}
COLOURS = {BETTER: "good", WORSE: "bad", UNCLEAR: "part"}

Say = Callable[..., str]


def texts() -> dict[str, dict[str, str]]:
    """All texts of the page."""
    return _texts.entries


def render(project: Project, trainee: str, code: str, digest: str, language: str) -> str:
    """The page as HTML."""

    def say(key: str, **values: Any) -> str:
        return escape(_texts.text(key, language, **values))

    sheet, found = project.sheet, project.findings
    other = next(one for one in LANGUAGES if one != language)
    link = f'<a href="{digest}.{other}.html" lang="{other}" hreflang="{other}">{NAMES[other]}</a>'
    drawn = _texts.text("chart", language, measure=sheet.measure, unit=sheet.unit)
    parts = [
        f'<p class="eyebrow">{say("title", code=code)} · {say("trainee")} '
        f"<strong>{escape(written(trainee))}</strong> · {link}</p>",
        f"<h1>{escape(sheet.title)}</h1>",
        f"<h2>{say('said')}</h2>",
        _verdict(project, say, language),
        chart(project.series, sheet, found, drawn, language),
        table(say("said"), _heads(say), _figures(project, say, language)),
        f"<h2>{say('careful')}</h2><ul>{''.join(_notes(project, say, language))}</ul>",
        f"<h2>{say('done')}</h2><dl>{''.join(_done(project, say, language))}</dl>",
        f'<h2>{say("sign")}</h2><ul class="boxes">',
        *(f"<li>☐ {say(key)}</li>" for key in ("sign_seen", "sign_data", "sign_else")),
        f"</ul><p>{say('sign_how', command=f'course certify sign-off {written(trainee)} {code}')}</p>",
        f"<h2>{say('files')}</h2>",
        table(
            say("files"),
            [(say("file"), ""), (say("size"), "n"), ("SHA-256", "")],
            [_file(one, language) for one in project.documents],
        ),
        f"<p><small>{say('digest', digest=digest)}</small></p>",
        f"<h2>{say('how')}</h2><p>{say(f'how_{found.kind}')} {say('how_limits')}</p>",
    ]
    return page(_texts.text("title", language, code=code), language, "".join(parts), style=STYLE)


def summary(project: Project, language: str) -> list[str]:
    """The verdict and what to be careful about, as lines for a terminal."""

    def say(key: str, **values: Any) -> str:
        return _texts.text(key, language, **values)

    return [
        " ".join(_sentences(project, say, language)),
        *(text for text in _cautions(project, say, language)),
    ]


def _sentences(project: Project, say: Say, language: str) -> Iterator[str]:
    """The verdict in words."""
    found, sheet = project.findings, project.sheet
    yield say(found.verdict)
    if found.effect:
        parts = _parts(found.effect, language)
        yield say(f"{found.kind}_says", unit=sheet.unit, **parts)
        if not found.effect.is_distinct:
            yield say("has_zero")
    yield say(f"wanted_{sheet.better}")


def _verdict(project: Project, say: Say, language: str) -> str:
    first, *rest = _sentences(project, say, language)
    colour = COLOURS.get(project.findings.verdict, "none")
    measured = say("measured", measure=project.sheet.measure, unit=project.sheet.unit)
    return (
        f'<section class="{colour}"><h2>{state(colour, first)}</h2>'
        f"<p>{measured} {' '.join(rest)}</p></section>"
    )


def _heads(say: Say) -> list[tuple[str, str]]:
    return [(say("figure"), ""), (say("value"), "n"), (say("interval"), "n"), (say("meaning"), "words")]


def _figures(project: Project, say: Say, language: str) -> Iterator[str]:
    found = project.findings
    digits = _digits(found.effect or Interval(0, 0, abs(found.before) / 20))
    of = "of_pairs" if found.kind == PAIRED else "of_points"
    for key, value, count in zip(
        ("mean_before", "mean_after"), (found.before, found.after), found.counts, strict=True
    ):
        if math.isfinite(value):
            yield row(
                say(key), (number(value, language, digits), "n"), ("", "n"), (say(of, count=count), "words")
            )
    for name in ("effect", "level", "slope", "trend"):
        interval: Interval | None = getattr(found, name)
        if interval is None:
            continue
        parts = _parts(interval, language)
        meaning = say("distinct" if interval.is_distinct else "chance")
        if name == "effect" and found.before:
            share = number(100 * interval.mean / abs(found.before), language, 0)
            meaning = f"{meaning}; {say('share', share=share)}"
        yield row(
            say(name), (parts["mean"], "n"), (f"{parts['low']} … {parts['high']}", "n"), (meaning, "words")
        )


def _file(one: Document, language: str) -> str:
    size = number(one.size, language, 0)
    return row(escape(one.path), (size, "n"), (f"<code>{one.sha256[:16]}…</code>", ""))


def _notes(project: Project, say: Say, language: str) -> Iterator[str]:
    return (f"<li>{text}</li>" for text in _cautions(project, say, language))


def _cautions(project: Project, say: Say, language: str) -> Iterator[str]:
    found = project.findings
    for key, values in found.notes:
        shown = dict(values)
        if key.startswith("trend") and found.trend:
            shown |= {"trend": _parts(found.trend, language)["mean"], "unit": project.sheet.unit}
        if "rho" in shown:
            shown["rho"] = number(shown["rho"], language, 1)
        yield say(f"note_{key}", **shown)
    if project.pictures:
        yield say("note_pictures", count=project.pictures)
    yield say("note_weeks", weeks=points(project.series.after_weeks, language))


def _done(project: Project, say: Say, language: str) -> Iterator[str]:
    sheet = project.sheet
    confirmed = sheet.confirmation

    def span(window: Window) -> str:
        return say("from_to", first=_day(window.first, language), last=_day(window.last, language))

    told = (
        say("confirmed", date=_day(confirmed.on, language), position=confirmed.position, file=confirmed.file)
        if confirmed
        else say("unconfirmed")
    )
    for key, text in (
        ("change", escape(sheet.change)),
        ("changed", escape(_day(sheet.changed, language))),
        ("period_before", span(sheet.before)),
        ("period_after", span(sheet.after)),
        ("confirmation", told),
    ):
        yield f"<dt>{say(key)}</dt><dd>{text}</dd>"


def _day(day: date, language: str) -> str:
    return f"{day:%d/%m/%Y}" if language == "vi" else f"{day.day} {day:%B} {day.year}"


def _parts(interval: Interval, language: str) -> dict[str, str]:
    digits = _digits(interval)
    return {name: number(getattr(interval, name), language, digits) for name in ("mean", "low", "high")}


def _digits(interval: Interval) -> int:
    """Decimals that leave two figures of the interval's half width."""
    half = (interval.high - interval.low) / 2
    return min(max(1 - math.floor(math.log10(half)), 0), 6) if half > 0 else 2
