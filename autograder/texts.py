"""The words of receipts and feedback, by key and language; kept in texts.yml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linelab.texts import LANGUAGES, Catalogue

_own = Catalogue(Path(__file__).with_name("texts.yml"))
text = _own.text


def both(key: str, **values: Any) -> dict[str, str]:
    """A text in each language; a value that is a mapping has its own words in each, too."""
    return {
        language: text(
            key, language, **{k: v[language] if isinstance(v, Mapping) else v for k, v in values.items()}
        )
        for language in LANGUAGES
    }


def catalogue() -> dict[str, dict[str, str]]:
    """The texts of grading."""
    return _own.entries
