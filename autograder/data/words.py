"""The words of the consent form and of the copy of one's data, by key and language; kept in texts.yml."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

from linelab.texts import Catalogue

_own = Catalogue(Path(__file__).with_name("texts.yml"))
text = _own.text


def say_in(language: str) -> Callable[..., str]:
    """A function that gives texts by key, as HTML."""

    def say(key: str, **values: Any) -> str:
        return escape(text(key, language, **values))

    return say


def catalogue() -> dict[str, dict[str, str]]:
    """All texts."""
    return _own.entries
