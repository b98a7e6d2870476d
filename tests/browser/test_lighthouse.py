"""Marks of Lighthouse for a few pages; `make lighthouse` measures speed properly, several times."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from publish.quality import lighthouse

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# one run on a machine that does other things as well says only that nothing is badly wrong
LENIENT = {"desktop": 70, "mobile": 50}


@pytest.fixture(scope="module")
def root(site_folder: Path) -> Iterator[str]:
    with lighthouse.served(site_folder) as address:
        yield address


@pytest.mark.parametrize(
    ("name", "form"),
    [("en/index.html", "desktop"), ("vi/w01-seeing-the-factory/index.html", "mobile")],
)
def test_a_page_has_the_marks_that_are_asked(root: str, name: str, form: str) -> None:
    report = lighthouse.measure(root + name, form)
    found = lighthouse.marks(report)
    print(f"\n{name}, {form}: {found}")
    for category, floor in lighthouse.FLOORS.items():
        assert found[category] >= floor, lighthouse.failures(report, category)
    assert found["performance"] >= LENIENT[form]
