"""Puts the site together: both books, JupyterLite, the browser's Python, the assets; then checks all of it.

Each part is built only if its inputs changed. The site itself is assembled beside the old one and takes its
place at the end in one step, so that an interrupted build leaves the old site whole.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from publish import check
from publish.book import build_book
from publish.errors import PublishError
from publish.fetch import vendor
from publish.lite import build_lite
from publish.notebooks import build_releases
from publish.parts import digest, is_current, renewed, stamp_of
from publish.paths import ASSETS, BUILD, FRONT, LANGUAGES, NOTEBOOKS, RELEASE, RUNTIME, SCHEMA, SITE, VERIFY
from publish.runtime import build_runtime


def build_site(out: Path = SITE) -> Path:
    """Build and check the whole site.

    Parameters
    ----------
    out : Path
        The folder to make; replaced as a whole once everything is right.

    Raises
    ------
    PublishError
        One line for each part that cannot be built, each language difference, each leak and foreign host.
    """
    BUILD.mkdir(exist_ok=True)
    parity = check.parity()
    if parity:
        raise PublishError("the two languages differ:\n" + "\n".join(parity))
    pyodide, lite, assets = RUNTIME / "pyodide", BUILD / "lite", BUILD / "assets"
    _timed("exercises", lambda: build_releases(RELEASE))
    _timed("browser runtime", lambda: build_runtime(pyodide))
    _timed("browser libraries", lambda: vendor(assets / "vendor"))
    _timed("JupyterLite", lambda: build_lite(pyodide, RELEASE, lite))
    for language in LANGUAGES:
        _timed(f"book ({language})", partial(build_book, language, BUILD / "book" / language))
    inputs = _inputs(pyodide, lite)
    if is_current(out, inputs, "site"):
        return out
    with renewed(out, inputs) as fresh:
        for language in LANGUAGES:
            _copy(BUILD / "book" / language, fresh / language)
        _copy(lite, fresh / "lite")
        _copy(pyodide, fresh / "runtime" / "pyodide")
        _copy(assets / "vendor", fresh / "assets" / "vendor")
        _copy(ASSETS, fresh / "assets", ignore=("templates", "landing.html", "__pycache__"))
        _copy(FRONT, fresh / "assets" / "lab" / "front")
        _copy(VERIFY, fresh / "assets" / "verify")
        shutil.copyfile(ASSETS / "landing.html", fresh / "index.html")
        shutil.copyfile(SCHEMA, fresh / "assets" / SCHEMA.name)
        _timed("checks", lambda: _check(fresh))
    return out


def _inputs(pyodide: Path, lite: Path) -> str:
    """A hash of the parts, by their own stamps, and of what is copied or checked as it is."""
    stamps = [stamp_of(x) for x in (pyodide, lite, *(BUILD / "book" / y for y in LANGUAGES))]
    own = sorted(p for p in Path(__file__).parent.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    copied = [*sorted(FRONT.iterdir()), *sorted(VERIFY.iterdir()), SCHEMA]
    return digest([*stamps, *own, *copied, *sorted(NOTEBOOKS.rglob("*.md"))])


def _check(site: Path) -> None:
    secret = [*check.needles(), *check.notes()]
    found = [*check.find_leaks(site, secret), *check.find_foreign_hosts(site), *check.find_broken_links(site)]
    if found:
        raise PublishError(f"{site} must not be published:\n" + "\n".join(found))


def _copy(source: Path, target: Path, ignore: tuple[str, ...] = ()) -> None:
    """Copy a tree; files are linked where the disk allows it, as they are never written again."""
    leave_out = shutil.ignore_patterns(*ignore) if ignore else None
    shutil.copytree(source, target, copy_function=_link, ignore=leave_out, dirs_exist_ok=True)


def _link(source: str, target: str) -> None:
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
