"""Every example of the reference pages runs as printed, and both languages show the same ones."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
PAGES = sorted(path.name for path in (BOOK / "en" / "reference").glob("*.md"))


def code(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_examples_run(name: str) -> None:
    blocks = code(BOOK / "en" / "reference" / name)
    assert len(blocks) >= 3
    # one text with the blocks alone: prose and fences are no output
    test = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, name, name, 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append)
    assert test.examples
    assert not runner.failures, "".join(said)


@pytest.mark.parametrize("name", PAGES)
def test_both_languages_show_the_same_examples(name: str) -> None:
    assert code(BOOK / "vi" / "reference" / name) == code(BOOK / "en" / "reference" / name)


def test_the_reference_is_there() -> None:
    wanted = {"line", "stations", "flow", "control", "results", "statistics", "theory", "engines", "labs"}
    assert {name[:-3] for name in PAGES} == wanted
