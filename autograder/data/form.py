"""The form on which trainees consent: to print or to mail, each purpose by itself, no box ticked."""

from __future__ import annotations

from html import escape

from autograder.consents import PURPOSES, wordings
from autograder.data.words import say_in, text
from autograder.page import page

STYLE = """
.boxes { font-weight: 600; }
.line { border-bottom: 1px solid var(--ink); display: inline-block; min-width: 16rem; }
section { border-left-width: 1px; }
"""


def form(language: str) -> str:
    """The form as an HTML page."""
    say, asked = say_in(language), wordings()
    blank = '<span class="line">&nbsp;</span>'
    parts = [f"<h1>{say('form')}</h1>", f"<p>{say('form_intro')}</p>"]
    parts += [f"<p>{say(key)}: {blank}</p>" for key in ("form_organiser", "form_contact", "form_number")]
    for purpose in PURPOSES:
        one = asked["purposes"][purpose]
        parts.append(
            f"<section><h2>{escape(one['name'][language])}</h2><p>{escape(one['text'][language])}</p>"
            f'<p class="boxes">☐ {say("form_yes")} &emsp; ☐ {say("form_no")}</p></section>'
        )
    parts.append(f"<h2>{say('form_rights')}</h2><ul>")
    parts += [f"<li>{say(f'form_right_{right}')}</li>" for right in ("free", "withdraw", "ask", "complain")]
    parts.append(f"</ul><p>{say('form_signed')}: {blank}</p>")
    parts.append(f"<p><small>{say('form_version', version=asked['version'])}</small></p>")
    return page(text("form", language), language, "".join(parts), style=STYLE)
