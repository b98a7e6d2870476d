"""Puts the site together: both books, JupyterLite, the browser's Python, the assets; then checks all of it.

Each part is built only if its inputs changed, and none but the exercises and JupyterLite, which holds them,
depends on the edition. The site itself is assembled beside the old one and takes its place at the end in one
step, so that an interrupted build leaves the old site whole.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import click

from autograder.assignments import EDITION
from publish import check, offline
from publish.book import build_book, site_address
from publish.bundle import with_policy
from publish.errors import PublishError
from publish.ext.directives import HIDDEN
from publish.fetch import vendor
from publish.found import draw_previews, write_map
from publish.layout import Layout
from publish.lite import build_lite
from publish.notebooks import build_releases
from publish.parts import digest, is_current, renewed, stamp_of
from publish.paths import ASSETS, BUILD, FRONT, LANGUAGES, NOTEBOOKS, RELEASE, RUNTIME, SCHEMA, SITE, VERIFY
from publish.runtime import build_runtime

Copy = Callable[[str, str], object]
PYODIDE, LITE, VENDOR = RUNTIME / "pyodide", BUILD / "lite", BUILD / "assets" / "vendor"


def build_site(out: Path = SITE, edition: str = EDITION, address: str = "") -> Path:
    """Build and check the whole site, as one that stands alone.

    Parameters
    ----------
    out : Path
        The folder to make; replaced as a whole once everything is right.
    edition : str
        Name of the edition, which exercises and a browser's storage carry.
    address : str
        Where it will stand, such as ``https://example.org/course``; by default as _config.yml says.

    Raises
    ------
    PublishError
        One line for each part that cannot be built, each language difference, each leak and foreign host.
    """
    address = address or site_address()
    build_parts(edition, address)
    layout = Layout(edition)
    inputs = _inputs(layout)
    if is_current(out, inputs, "site"):
        return out
    with renewed(out, inputs) as fresh:
        assemble(fresh, layout, address, link)
        _copy(PYODIDE, fresh / layout.python, link)
        offline.write(fresh, layout, PYODIDE, LITE)
        _timed("checks", lambda: check_site(fresh))
    return out


def build_parts(edition: str, address: str = "") -> None:
    """Build what a site is put together from, each part into its own folder."""
    BUILD.mkdir(exist_ok=True)
    parity = check.parity()
    if parity:
        raise PublishError("the two languages differ:\n" + "\n".join(parity))
    _timed("exercises", lambda: build_releases(RELEASE, edition))
    _timed("browser runtime", lambda: build_runtime(PYODIDE))
    _timed("browser libraries", lambda: vendor(VENDOR))
    _timed("JupyterLite", lambda: build_lite(PYODIDE, RELEASE, LITE, edition))
    with ThreadPoolExecutor() as pool:  # each waits for a program of its own, so that both can work at once
        books = [
            pool.submit(
                _timed,
                f"book ({language})",
                partial(build_book, language, BUILD / "book" / language, address),
            )
            for language in LANGUAGES
        ]
    for book in books:
        book.result()


def assemble(
    site: Path, layout: Layout, address: str = "", copy: Copy = shutil.copyfile, books: Path | None = None
) -> None:
    """Put the parts together in an empty folder, all but Python, which may lie elsewhere.

    `books` is the folder of the books as files (`publish.paper.books`), if they belong to the site.
    """
    for language in LANGUAGES:
        _copy(BUILD / "book" / language, site / language, copy)
    _copy(LITE, site / "lite", copy)
    _copy(VENDOR, site / "assets" / "vendor", copy)
    _copy(ASSETS, site / "assets", copy, ignore=("templates", "landing.html", "editions.*", "__pycache__"))
    _copy(FRONT, site / "assets" / "lab" / "front", copy)
    _copy(VERIFY, site / "assets" / "verify", copy)
    landing = (ASSETS / "landing.html").read_text("utf-8")
    (site / "index.html").write_text(with_policy(landing), "utf-8")
    draw_previews(site / "assets" / "social")
    if address:
        write_map(site, address)
    shutil.copyfile(SCHEMA, site / "assets" / SCHEMA.name)
    layout.write(site)
    if books:
        _add_books(site, books)


def _add_books(site: Path, books: Path) -> None:
    """Put the books into the site and show the links to them, which each home page has in hiding."""
    shutil.copytree(books, site / "books")
    for language in LANGUAGES:
        page = site / language / "index.html"
        text = page.read_text("utf-8")
        if not HIDDEN.search(text):
            raise PublishError(f"{page}: has no place for the links to the books; its source needs {{books}}")
        page.unlink()  # never into the old file: it may be a link to a part of the build
        page.write_text(HIDDEN.sub(lambda found: found[1].replace("data-address=", "href="), text), "utf-8")


def check_site(site: Path, *more: Path) -> None:
    """Refuse a site that holds a secret, names a foreign host or has a broken link; `more` lies elsewhere."""
    secret = [*check.needles(), *check.notes()]
    found = [*check.find_broken_links(site)]
    for folder in (site, *more):
        found += [*check.find_leaks(folder, secret), *check.find_foreign_hosts(folder)]
    if found:
        raise PublishError(f"{site} must not be published:\n" + "\n".join(found))


def _inputs(layout: Layout) -> str:
    """A hash of the parts, by their own stamps, and of what is copied or checked as it is."""
    stamps = [stamp_of(x) for x in (PYODIDE, LITE, *(BUILD / "book" / y for y in LANGUAGES))]
    own = sorted(p for p in Path(__file__).parent.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    copied = [*sorted(FRONT.iterdir()), *sorted(VERIFY.iterdir()), SCHEMA]
    files = digest([*stamps, *own, *copied, *sorted(NOTEBOOKS.rglob("*.md"))])
    return f"{files} {layout.edition}"


def _copy(source: Path, target: Path, copy: Copy, ignore: tuple[str, ...] = ()) -> None:
    leave_out = shutil.ignore_patterns(*ignore) if ignore else None
    shutil.copytree(source, target, copy_function=copy, ignore=leave_out, dirs_exist_ok=True)


def link(source: str, target: str) -> None:
    """Link a file where the disk allows it: parts of the build are never written again."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _timed(name: str, work: Callable[[], object]) -> None:
    begun = time.perf_counter()
    work()
    seconds = time.perf_counter() - begun
    if seconds > 0.5:
        click.echo(f"  {name}: {seconds:.0f} s")
