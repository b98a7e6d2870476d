"""The words of receipts and feedback, by key and language; kept in texts.yml."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("texts.yml")


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """All texts: key to language to text."""
    data: dict[str, dict[str, str]] = yaml.safe_load(FILE.read_text("utf-8"))
    return data


def text(key: str, language: str, **values: Any) -> str:
    """The text of `key` in `language`, with its fields filled in."""
    return catalogue()[key][language].format(**values)
