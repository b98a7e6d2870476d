"""The shell of the pages that grading writes: complete in themselves, without scripts, light and dark."""

from __future__ import annotations

from html import escape

from autograder.inert import readable

POLICY = "default-src 'none'; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light dark; --line: #8885; --good: #1a7f37; --part: #9a6700; --bad: #b42318; }
@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --part: #d4a72c; --bad: #ff8a80; } }
body { font: 1rem/1.6 system-ui, "Segoe UI", "Noto Sans", sans-serif; margin: 0 auto; padding: 1.2rem; }
body.narrow { max-width: 46rem; }
body.wide { max-width: 62rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin-bottom: .2rem; }
section h2 { font-size: 1.1rem; margin: 0; }
section {
  border: 1px solid var(--line); border-left-width: 6px; border-radius: .5rem;
  padding: .8rem 1rem; margin: .9rem 0; break-inside: avoid;
}
section.good { border-left-color: var(--good); }
section.part { border-left-color: var(--part); }
section.bad { border-left-color: var(--bad); }
td.good { color: var(--good); }
td.part { color: var(--part); }
td.bad { color: var(--bad); }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem; }
.points { font-weight: 700; white-space: nowrap; }
.total { font-size: 1.6rem; font-weight: 700; margin: .4rem 0; }
.note { border-left: 4px solid #e69f00; padding-left: .8rem; }
.memo { white-space: pre-wrap; }
dl { margin: .5rem 0 0; }
dt { font-size: .85rem; opacity: .8; }
dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
small { opacity: .8; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { text-align: left; padding: .3rem .8rem; border-bottom: 1px solid var(--line); }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.number { white-space: nowrap; }
.bar { display: inline-block; height: .8rem; background: #0072B2; border-radius: 2px; }
@media (max-width: 34rem) { th, td { padding: .3rem .4rem; } .chart { display: none; } }
@media print { .bar { print-color-adjust: exact; } }
"""


def page(title: str, language: str, body: str, width: str = "narrow") -> str:
    """A whole HTML page; `body` is HTML already, `title` is text."""
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(readable(title))}</title><style>{STYLE}</style></head>"
        f'<body class="{width}"><main>{readable(body)}</main></body></html>\n'
    )
