"""Builds the book of each language as files to print and to take along: a PDF and an ePub."""

from __future__ import annotations

import time
from pathlib import Path

import click

from autograder.assignments import EDITION
from publish.book import build_book, site_address
from publish.paper import epub
from publish.paper.pdf import typeset
from publish.parts import digest, is_current, renewed, stamp_of
from publish.paths import BUILD, LANGUAGES, ROOT, book_name

BOOKS = BUILD / "books"


def build_books(out: Path = BOOKS, edition: str = EDITION, address: str = "") -> Path:
    """Build the book of each language as a PDF and as an ePub, or leave them if nothing has changed.

    Parameters
    ----------
    out : Path
        Folder to make.
    edition : str
        Named on the cover.
    address : str
        Of the site; by default as _config.yml says.
    """
    address = address or site_address()
    books = {language: build_book(language, BUILD / "book" / language, address) for language in LANGUAGES}
    inputs = _inputs(edition, address)
    if is_current(out, inputs, "books"):
        return out
    with renewed(out, inputs) as fresh:
        for language, pages in books.items():
            began = time.perf_counter()
            click.echo(f"book to print ({language}): typesetting, one to two minutes")
            count = typeset(
                pages, language, fresh / book_name(language, "pdf"), edition=edition, address=address
            )
            epub.write(pages, language, fresh / book_name(language, "epub"), edition=edition, address=address)
            click.echo(f"  {count} pages, and an ePub, in {time.perf_counter() - began:.0f} s")
    return out


def _inputs(edition: str, address: str) -> str:
    stamps = [stamp_of(BUILD / "book" / language) for language in LANGUAGES]
    own = sorted(path for path in Path(__file__).parent.iterdir() if path.is_file())
    more = [ROOT / "requirements.txt", ROOT / "publish" / "pins.json", ROOT / "_toc.yml"]
    return f"{digest([*stamps, *own, *more])} {edition} {address}"
