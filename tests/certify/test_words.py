"""The sentences of verification: each used, each in both languages, for the command and the page alike."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

import pytest

from autograder.certify import report
from publish.paths import ASSETS, ROOT

SCRIPTS = "".join(path.read_text("utf-8") for path in sorted((ASSETS / "verify").glob("*.js")))
MODULES = "".join(path.read_text("utf-8") for path in sorted((ROOT / "autograder" / "certify").glob("*.py")))
MADE = ("verdict-", "mark_")  # keys that are put together


def test_both_languages_say_the_same_things() -> None:
    for key, entry in report.texts().items():
        assert set(entry) == {"vi", "en"}, key
        blanks = [sorted(re.findall(r"\{\w+\}", entry[language])) for language in ("vi", "en")]
        assert blanks[0] == blanks[1], key
        assert all(text.strip() and unicodedata.is_normalized("NFC", text) for text in entry.values()), key


@pytest.mark.parametrize("key", sorted(report.texts()))
def test_every_sentence_is_said_somewhere(key: str) -> None:
    assert key.startswith(MADE) or f'"{key}"' in SCRIPTS or f'"{key}"' in MODULES


def test_every_sentence_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r'say\("([\w-]+)"\)', SCRIPTS))
    asked |= set(re.findall(r'report\.add\("\w+", \w+, "([\w-]+)"', MODULES))
    assert len(asked) > 20
    assert asked <= set(report.texts())


def test_dates_are_those_of_vietnam_in_the_form_of_each_language() -> None:
    late = datetime(2026, 11, 30, 20, tzinfo=UTC)  # the next morning in Hanoi
    assert (report.day(late, "vi"), report.day(late, "en")) == ("01/12/2026", "1 December 2026")
