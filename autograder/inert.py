"""Makes what a trainee wrote safe to show: on a page, in nbgrader, in a terminal.

HTML is escaped where pages are made; here goes what escaping leaves: characters that a terminal obeys, that
turn text around or hide it, Markdown and TeX that become active, and pictures that are none.
"""

from __future__ import annotations

import base64
import binascii
import re

# control characters but tab and line end, marks that change the direction, other line ends, halves of
# characters, and invisible letters
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
SHOWN_AS = "\ufffd"
# TeX words that make links, attributes or new words, which could hide one of these
TEX = (
    *("href", "style", "class", "cssId", "data", "require", "unicode", "mmlToken", "bbox", "csname"),
    *("def", "gdef", "edef", "xdef", "let", "newcommand", "renewcommand", "providecommand"),
    *("newenvironment", "renewenvironment", "DeclareMathOperator", "texttip", "mathtip", "toggle", "action"),
)
PNG = b"\x89PNG\r\n\x1a\n"
MAX_SIDE = 10_000  # pixels; a small file may hold a picture that fills the memory


def readable(text: object) -> str:
    """The text with its lines, and with a mark in place of each character that acts but does not show."""
    return HIDDEN.sub(SHOWN_AS, str(text).replace("\r\n", "\n").replace("\ufeff", ""))


def printable(text: str) -> str:
    """The text without line ends and without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def one_line(text: str) -> str:
    """The same, with one space where there were several."""
    return " ".join(printable(text).split())


def harmless(text: str) -> str:
    """Markdown that shows as written but carries no HTML, script, link or picture.

    The instructor reads it in nbgrader's own pages, where raw HTML would run.
    """
    text = readable(text)
    text = re.sub(r"&(?=#|\w+;)", "&amp;", text)  # else entities spell what is looked for below
    text = re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", text)
    # neither links nor pictures nor their definitions: an address can hide a script in many spellings
    text = re.sub(r"!(?=\[)", "", text)
    text = re.sub(r"\](?=[(:])", "] ", text)
    text = text.replace("://", ": //")  # an address by itself becomes a link, too
    return re.sub(rf"\\+(?=(?:{'|'.join(TEX)})(?![a-zA-Z]))", "", text)


def picture(text: str) -> str | None:
    """A PNG picture in base64, written anew; None if it is none, or of a size that no figure has."""
    try:
        data = base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        return None
    if not data.startswith(PNG) or data[12:16] != b"IHDR" or len(data) < 24:
        return None
    width, height = (int.from_bytes(data[i : i + 4], "big") for i in (16, 20))
    return base64.b64encode(data).decode("ascii") if max(width, height) <= MAX_SIDE else None
