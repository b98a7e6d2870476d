"""The words that trainees read, by key and language; kept in texts.yml."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

LANGUAGES = ("vi", "en")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All texts: key to language to text."""
    data: dict[str, dict[str, str]] = yaml.safe_load(
        files("linelab").joinpath("texts.yml").read_text("utf-8")
    )
    return data


def text(key: str, language: str, **values: Any) -> str:
    """The text of `key` in `language`, with its fields filled in."""
    if language not in LANGUAGES:
        raise ValueError(f"language: {language!r} is unknown; use {' or '.join(LANGUAGES)}")
    return catalogue()[key][language].format(**values)


def number(value: float, language: str, digits: int = 1) -> str:
    """A number as the language writes it: 1.234,5 in Vietnamese, 1,234.5 in English."""
    shown = f"{value:,.{digits}f}"
    return shown.translate(str.maketrans(",.", ".,")) if language == "vi" else shown
