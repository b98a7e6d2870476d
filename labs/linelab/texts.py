"""The words that trainees read, by key and language; kept in texts.yml."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import yaml

LANGUAGES = ("vi", "en")


class Catalogue:
    """The texts of a YAML file: key to language to text; read when first asked for."""

    def __init__(self, file: Traversable) -> None:
        self._file = file

    @cached_property
    def entries(self) -> dict[str, dict[str, str]]:
        """All texts: key to language to text."""
        data: dict[str, dict[str, str]] = yaml.safe_load(self._file.read_text("utf-8"))
        return data

    def text(self, key: str, language: str, **values: Any) -> str:
        """The text of `key` in `language`, with its fields filled in."""
        if language not in LANGUAGES:
            raise ValueError(f"language: {language!r} is unknown; use {' or '.join(LANGUAGES)}")
        return self.entries[key][language].format(**values)


_own = Catalogue(files("linelab").joinpath("texts.yml"))
text = _own.text


def catalogue() -> dict[str, dict[str, str]]:
    """The texts of linelab."""
    return _own.entries


def number(value: float, language: str, digits: int = 1) -> str:
    """A number as the language writes it: 1.234,5 in Vietnamese, 1,234.5 in English."""
    shown = f"{value:,.{digits}f}".replace("-", "−")
    return shown.translate(str.maketrans(",.", ".,")) if language == "vi" else shown


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table of plain texts that scrolls sideways on a narrow screen."""
    cell = "padding:.25rem .6rem;border-bottom:1px solid #8884;text-align:left"
    head = "".join(f"<th scope='col' style='{cell}'>{html.escape(h)}</th>" for h in heads)
    body = "".join(
        "<tr>" + "".join(f"<td style='{cell}'>{html.escape(c)}</td>" for c in row) + "</tr>" for row in rows
    )
    return (
        "<div style='overflow-x:auto' tabindex='0'><table style='border-collapse:collapse;line-height:1.35'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
