"""The page on personal data says what the software does: its months, its purposes."""

from __future__ import annotations

import re

import pytest

from autograder.certify.rules import load
from autograder.consents import PURPOSES
from publish.paths import BOOK, LANGUAGES

FILES = {language: BOOK / language / "guides" / "personal-data.md" for language in LANGUAGES}
PAGES = {language: path.read_text("utf-8") for language, path in FILES.items()}


@pytest.mark.parametrize(("language", "months"), [("vi", "{} tháng sau"), ("en", "{} months after")])
def test_the_months_are_those_of_the_default_rules(language: str, months: str) -> None:
    said = re.findall(months.format(r"(\d+)"), PAGES[language])
    assert sorted(map(int, said)) == sorted(load().retention.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_deadlines_are_those_that_are_cited(language: str) -> None:
    bold = re.findall(r"\*\*(\d+) ", PAGES[language])
    assert bold == ["2", "15", "20"]
    assert "{cite}`law91-2025`" in PAGES[language]
    assert "{cite}`decree356-2025`" in PAGES[language]
    references = (BOOK / "references.bib").read_text("utf-8")
    assert "@misc{decree356-2025" in references


@pytest.mark.parametrize("language", LANGUAGES)
def test_as_many_questions_as_there_are_purposes(language: str) -> None:
    assert {"vi": "bốn điều", "en": "four things"}[language] in PAGES[language]
    assert len(PURPOSES) == 4
