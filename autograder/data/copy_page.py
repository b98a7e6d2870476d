"""The page of a copy of one's data: what is held, in the trainee's language, to be read by anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from autograder.consents import PURPOSES, Consent, standing, wordings
from autograder.data.copy import Copy
from autograder.data.words import say_in, text
from autograder.page import page, row, state, table
from autograder.page import points as shown
from linelab.texts import number
from linelab.trainees import written

LONGEST = 4000  # characters of an answer that the page shows; data.json has all


def render(copy: Copy) -> str:
    """The page as HTML."""
    language, data = copy.who.language, copy.data
    say = say_in(language)
    made = data["made"][:10]
    parts = [
        f'<p class="eyebrow">{say("trainee")} <strong>{escape(written(copy.who.id))}</strong></p>',
        f"<h1>{say('copy')}</h1><p>{say('copy_intro', made=made)}</p>",
    ]
    sections = (
        ("who", _roster(copy)),
        ("consents", _consents(copy)),
        ("attempts", _attempts(copy)),
        ("marks", _marks(copy)),
        ("answers", _answers(copy)),
        ("reviews", _reviews(copy)),
        ("letters", (f'<p class="memo">{escape(one or "")}</p>' for one in data["letters"].values())),
        ("certificates", _certificates(copy)),
        ("ledger", _ledger(copy)),
        ("files", (f"<p><code>{escape(name)}</code></p>" for name in data["files"])),
    )
    for key, content in sections:
        parts.append(f"<h2>{say(key)}</h2><p>{say(f'{key}_about')}</p>")
        parts.append("".join(content) or f"<p>{say('nothing')}</p>")
    parts.append(f"<h2>{say('rights')}</h2><p>{say('rights_about')}</p>")
    return page(text("copy", language), language, "".join(parts))


def _roster(copy: Copy) -> Iterator[str]:
    for name, value in (copy.data["roster"] or {}).items():
        if value:
            yield f"<p>{escape(name)}: <strong>{escape(value)}</strong></p>"


def _consents(copy: Copy) -> Iterator[str]:
    language = copy.who.language
    say = say_in(language)
    last = standing(Consent(**one) for one in copy.data["consents"])
    for purpose in PURPOSES:
        name = escape(wordings()["purposes"][purpose]["name"][language])
        one = last.get((copy.who.id, purpose))
        if one is None:
            said = state("none", say("not_given"))
        else:
            said = state(
                "good" if one.given else "bad", say("given" if one.given else "withdrawn", on=one.on)
            )
        yield f"<p>{name}: {said}</p>"


def _attempts(copy: Copy) -> Iterator[str]:
    say = say_in(copy.who.language)
    found = [
        row(
            escape(one["assignment"]),
            (str(one.get("number", "")), "n"),
            (escape(str(one.get("handed_in", ""))[:16].replace("T", " ")), "number"),
        )
        for one in copy.data["attempts"]
    ]
    if found:
        yield table(say("attempts"), [(say("exercise"), ""), (say("attempt"), "n"), (say("when"), "")], found)


def _marks(copy: Copy) -> Iterator[str]:
    language = copy.who.language
    say = say_in(language)
    for mark in copy.data["marks"]:
        got = say("points", points=shown(mark["points"], language), most=shown(mark["max_points"], language))
        yield f"<h3>{escape(mark['assignment'])}: {got}</h3><ul>"
        for one in mark["questions"]:
            got = say(
                "points", points=shown(one["points"], language), most=shown(one["max_points"], language)
            )
            reasons = " ".join(reason[language] for reason in one["reasons"])
            told = " ".join(filter(None, (reasons, one["comment"])))
            yield f"<li>{escape(one['question'])}: {got}. {escape(told)}</li>"
        yield "</ul>"


def _answers(copy: Copy) -> Iterator[str]:
    for record in copy.data["records"]:
        yield f"<h3>{escape(record['assignment'])}, {escape(str(record['graded_at'])[:10])}</h3><dl>"
        for question, value in record["answers"].items():
            said = escape(_value(value, copy.who.language))
            yield f'<dt>{escape(question)}</dt><dd class="memo">{said}</dd>'
        yield "</dl>"


def _value(value: Any, language: str) -> str:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return number(value, language, 2)
    return str(value)[:LONGEST]


def _reviews(copy: Copy) -> Iterator[str]:
    say = say_in(copy.who.language)
    for one in copy.data["reviews"]:
        got = "–" if one.get("points") is None else shown(one["points"], copy.who.language)
        where = f"{one['assignment']} {one['question']}, {str(one['at'])[:10]}"
        yield f"<p>{escape(where)}: {say('points_only', points=got)} {escape(one.get('comment') or '')}</p>"


def _certificates(copy: Copy) -> Iterator[str]:
    say = say_in(copy.who.language)
    for one in copy.data["certificates"]:
        key = "revoked" if one["revoked"] else "issued" if one["issued"] else "decided"
        yield f"<p>{escape(one['target'])}: {say(key)} (<code>{escape(one['id'])}</code>)</p>"


def _ledger(copy: Copy) -> Iterator[str]:
    for one in copy.data["ledger"]:
        yield f"<p>#{one['line']} {escape(one['time'][:10])}: {escape(one['says'])}</p>"
