"""Where everything is: the repository's folders and the folders that a build makes."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOOK = ROOT / "book"
NOTEBOOKS = ROOT / "notebooks"
LABS = ROOT / "labs"
FRONT = LABS / "linelab" / "widgets" / "front"  # a lab's own page, published as it is
ASSETS = ROOT / "publish" / "assets"
VERIFY = ROOT / "autograder" / "certify" / "common"  # what the verify page has in common with `course verify`
SCHEMA = LABS / "linelab" / "line.schema.json"  # of a line's YAML; published with the site

BUILD = ROOT / "_build"
CACHE = ROOT / ".cache"  # verified downloads; survives `make clean`
RUNTIME = BUILD / "runtime"
RELEASE = BUILD / "release"
SITE = BUILD / "site"

LANGUAGES = ("vi", "en")


FORMS = ("pdf", "epub")  # of a book that is a file


def book_name(language: str, form: str) -> str:
    """The file name of a language's book in one of the FORMS."""
    return f"smart-factory-{language}.{form}"
