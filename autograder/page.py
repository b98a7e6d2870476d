"""The shell of the pages that grading writes: complete in themselves, without scripts, light and dark.

They are opened from a file, sent by mail and printed on A4. Text goes in escaped; only what is written here
is HTML.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape

from autograder.inert import readable
from autograder.texts import text
from linelab.texts import number

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
SIGNS = {"good": "✓", "part": "◐", "bad": "✗", "none": "–"}  # beside a colour, for those who do not see it

STYLE = """
:root {
  color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #545d68; --line: #d5dae0; --card: #f6f8fa;
  --good: #146c2e; --part: #7d5200; --bad: #a81f15; --link: #0b5cad; --bar: #0072b2; --mark: #ffe9a8;
  --good-bg: #e3f4e7; --part-bg: #fdf1d5; --bad-bg: #fdeceb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --ink: #e6e9ec; --soft: #a8b1bb; --line: #3a424b; --card: #1c2125;
    --good: #57c878; --part: #e0b040; --bad: #ff8f86; --link: #7bb8ff; --bar: #56b4e9; --mark: #5a4a12;
    --good-bg: #15301d; --part-bg: #33290f; --bad-bg: #3a1d1b;
  }
}
* { box-sizing: border-box; }
body {
  font: 1rem/1.6 system-ui, "Segoe UI", "Noto Sans", sans-serif; margin: 0 auto; padding: 1.4rem 1.2rem 3rem;
  background: var(--paper); color: var(--ink); overflow-wrap: break-word;
}
body.narrow { max-width: 46rem; }
body.wide { max-width: 72rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .1rem 0 .4rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.2rem 0 .5rem; }
p, ul { margin: .5rem 0; }
ul { padding-left: 1.3rem; }
a { color: var(--link); }
.eyebrow, .meta, small, figcaption { color: var(--soft); font-size: .9rem; margin: 0; }
.total { font-size: 1.6rem; font-weight: 700; margin: .6rem 0 .2rem; }
.note {
  background: var(--card); border-left: 4px solid var(--part); border-radius: .3rem; padding: .6rem .9rem;
}
span.good, td.good { color: var(--good); }
span.part, td.part { color: var(--part); }
span.bad, td.bad { color: var(--bad); }
span.none, td.none { color: var(--soft); }
section {
  border: 1px solid var(--line); border-left-width: 6px; border-radius: .5rem;
  padding: .8rem 1rem; margin: .9rem 0; break-inside: avoid;
}
section h2 { font-size: 1.1rem; margin: 0; }
section.good { border-left-color: var(--good); }
section.part { border-left-color: var(--part); }
section.bad { border-left-color: var(--bad); }
section header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .2rem 1rem; }
.points { font-weight: 700; white-space: nowrap; }
.memo { white-space: pre-wrap; }
.reread { border-top: 1px dashed var(--line); padding-top: .4rem; margin-top: .7rem; }
dl { margin: .6rem 0 0; }
dt { font-size: .85rem; color: var(--soft); }
dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; }
th, td {
  text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0;
  border-bottom: 1px solid var(--line);
}
th { font-size: .85rem; color: var(--soft); }
tbody th { font-size: 1rem; font-weight: 600; color: inherit; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.words { min-width: 9rem; }
.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.track {
  display: inline-block; position: relative; width: 10rem; height: .8rem; vertical-align: middle;
  background: var(--card); border: 1px solid var(--line); border-radius: 2px;
}
.track span { position: absolute; top: 0; bottom: 0; background: var(--bar); }
.track span.range { top: 40%; bottom: 40%; background: var(--ink); }
@media (max-width: 34rem) { body { padding: 1rem .9rem 2rem; } .wide-only { display: none; } }
@media print {
  @page { size: A4; margin: 15mm; }
  :root {
    --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --card: #f6f8fa; --mark: #ffe9a8;
    --good: #146c2e; --part: #7d5200; --bad: #a81f15; --link: #000; --bar: #0072b2;
    --good-bg: #e3f4e7; --part-bg: #fdf1d5; --bad-bg: #fdeceb;
  }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  * { print-color-adjust: exact; }
  .scroll { overflow: visible; }
  a[href^="http"]::after { content: " (" attr(href) ")"; font-size: .85em; overflow-wrap: anywhere; }
  h2, header { break-after: avoid; }
}
"""


def page(title: str, language: str, body: str, width: str = "narrow", style: str = "") -> str:
    """A whole HTML page; `body` is HTML already, `title` is text."""
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(readable(title))}</title><style>{STYLE}{style}</style></head>"
        f'<body class="{width}"><main>{readable(body)}</main></body></html>\n'
    )


def words(prefix: str, language: str) -> Callable[..., str]:
    """A function that gives the texts of a page by key, as HTML."""
    return lambda key, **values: escape(text(f"{prefix}.{key}", language, **values))


def table(caption: str, heads: Sequence[tuple[str, str]], rows: Iterable[str]) -> str:
    """A table that scrolls sideways on a narrow screen; all is HTML already, heads come with their class."""
    head = "".join(
        f'<th scope="col" class="{css}">{words}</th>' if words else f'<td class="{css}"></td>'
        for words, css in heads
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{caption}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def row(head: str, *cells: tuple[str, str]) -> str:
    """A row of a table: what it is about, then each cell with its class; all is HTML already."""
    return (
        f'<tr><th scope="row">{head}</th>'
        + "".join(f'<td class="{css}">{content}</td>' for content, css in cells)
        + "</tr>"
    )


def bar(share: float, low: float | None = None, high: float | None = None) -> str:
    """A share from 0 to 1 as a bar, with its interval as a line; the figures stand beside it in words."""
    interval = ""
    if low is not None and high is not None:
        interval = (
            f'<span class="range" style="left:{100 * low:.1f}%;width:{100 * (high - low):.1f}%"></span>'
        )
    return (
        f'<span class="track" aria-hidden="true"><span style="left:0;width:{100 * share:.1f}%"></span>'
        f"{interval}</span>"
    )


def state(colour: str, words: str) -> str:
    """A state by colour, sign and words, which are HTML already."""
    return f'<span class="{colour}"><span aria-hidden="true">{SIGNS[colour]}</span> {words}</span>'


def points(value: float, language: str) -> str:
    """Points with no more decimals than they need."""
    digits = next((n for n in (0, 1) if math.isclose(value, round(value, n))), 2)
    return number(value, language, digits)


def moment(when: datetime, language: str) -> str:
    """A time on this machine's clock as the language writes it."""
    local = when.astimezone()
    if language == "vi":
        return f"{local:%H:%M} ngày {local.day}/{local.month}/{local.year}"
    return f"{local.day} {local:%B} {local.year}, {local:%H:%M}"
