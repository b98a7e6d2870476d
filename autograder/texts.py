"""The words of receipts and feedback, by key and language; kept in texts.yml."""

from __future__ import annotations

from pathlib import Path

from linelab.texts import Catalogue

_own = Catalogue(Path(__file__).with_name("texts.yml"))
text = _own.text


def catalogue() -> dict[str, dict[str, str]]:
    """The texts of grading."""
    return _own.entries
