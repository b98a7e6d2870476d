"""Publishes an edition: builds it, puts it into a web root beside the others, and never changes it again.

All is made beside what is there and moved into place at the end, the list of editions last: whoever comes at
any moment, or after an interruption, finds each edition whole or not at all.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from autograder.assignments import edition_named
from autograder.files import write
from publish import compress, hosting, manifest, offline, root, store
from publish.book import site_address
from publish.errors import PublishError
from publish.layout import Layout
from publish.manifest import Manifest
from publish.minisign import SUFFIX, Signer
from publish.paper.books import BOOKS, build_books
from publish.site import LITE, PYODIDE, assemble, build_parts, check_site

FOLDER, FILE = 0o755, 0o644  # a web server runs as another user than the publisher


def publish(
    edition: str, out: Path, *, draft: bool = False, signer: Signer | None = None, books: bool = False
) -> str:
    """Build an edition from this checkout and publish it.

    Parameters
    ----------
    edition : str
        Its name, such as ``2026-central-1``.
    out : Path
        The web root; made if it is not there.
    draft : bool
        Publish one that may be replaced, by another draft or by the edition itself.
    signer : Signer, optional
        Signs the manifest.
    books : bool
        Put the book of each language as PDF and ePub into it.

    Returns
    -------
    str
        ``published`` or, if the same is there already, ``unchanged``.

    Raises
    ------
    PublishError
        If an edition of that name is published already and differs, the checkout has changes that are in no
        commit, or `out` is no web root of editions; nothing is changed then.
    """
    edition_named(edition, "--edition")
    _refuse_strange(out)
    source = manifest.source()
    if source["changed"] and not draft:
        raise PublishError(
            "this checkout has changes that are in no commit, so nobody could build the edition again; "
            "commit them, or publish with --draft"
        )
    build_parts(edition, address_of(edition))
    made = build_books(BOOKS, edition, address_of(edition)) if books else None
    return put(edition, out, source, draft=draft, signer=signer, books=made)


def address_of(edition: str) -> str:
    """Where an edition will stand: under the address that _config.yml has for the web root; empty without."""
    root = site_address().rstrip("/")
    return f"{root}/{edition}" if root else ""


def put(
    edition: str,
    out: Path,
    source: Mapping[str, Any],
    *,
    draft: bool = False,
    signer: Signer | None = None,
    books: Path | None = None,
    quick: bool = False,
) -> str:
    """Publish an edition whose parts are built; see `publish`.

    `quick` is for tests: nothing is looked through for secrets, and nothing compressed.
    """
    out.mkdir(parents=True, exist_ok=True)
    target, fresh = out / edition, out / f".{edition}.new"
    old = out / f".{edition}.old"
    if old.exists() and not target.exists():
        old.rename(target)  # interrupted between two steps of `_replace`
    shutil.rmtree(fresh, ignore_errors=True)
    shared = store.keep(out, PYODIDE, LITE, compressed=not quick)
    layout = Layout(
        edition,
        python=f"../{shared.python}",
        locks="runtime/",
        program=f"../{shared.program}",
        issuers=f"../{root.ISSUERS}/",
        editions=f"../{root.NAME}",
    )
    fresh.mkdir()
    assemble(fresh, layout, address_of(edition), books=books)
    (fresh / "runtime").mkdir()
    for name in store.OF_AN_EDITION:
        shutil.copyfile(PYODIDE / name, fresh / "runtime" / name)
    offline.write(fresh, layout, PYODIDE, LITE)
    if not quick:
        check_site(fresh, PYODIDE)
        compress.compress(path for path in sorted(fresh.rglob("*")) if path.is_file())
    made = manifest.make(edition, fresh, shared.files, draft=draft, made_from=source)
    was = _published(target)
    if was is not None:
        changed = manifest.differences(was, made)
        if not changed and (draft or not was["draft"]):
            shutil.rmtree(fresh)
            _complete(out, was, signer)
            return "unchanged"
        if not was["draft"]:
            shutil.rmtree(fresh)
            telling = [name for name in changed if name not in offline.DERIVED]
            raise PublishError(
                f"{target}: edition {edition} is published and never changed, and this build differs in "
                f"{_some(telling or changed)}; publish it under a new name"
            )
    (fresh / manifest.NAME).write_text(manifest.text(made), "utf-8")
    if signer:
        _sign(fresh, made, signer)
    _open(fresh)
    _replace(fresh, target, old)
    _complete(out, made, signer, anew=True)
    return "published"


def _complete(out: Path, made: Manifest, signer: Signer | None, *, anew: bool = False) -> None:
    """Bring all around an edition up to date: also what an interrupted run or one without a key left open."""
    folder = out / made["edition"]
    if signer and not (folder / (manifest.NAME + SUFFIX)).exists():
        _sign(folder, made, signer)
    hosting.write_to(out)
    if anew or made["edition"] not in [entry["edition"] for entry in root.entries(out)]:
        root.enter(out, made, datetime.now(UTC))
    _open(out)


def _sign(folder: Path, made: Manifest, signer: Signer) -> None:
    comment = f"edition {made['edition']}, commit {made['source']['commit']}"
    signature = signer.sign((folder / manifest.NAME).read_bytes(), comment)
    write(folder / (manifest.NAME + SUFFIX), signature)


def _refuse_strange(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise PublishError(f"{out}: is no folder; name the folder that becomes the web root")
    known = (root.NAME, store.STORE, root.ISSUERS)
    if out.is_dir() and any(out.iterdir()) and not any((out / name).exists() for name in known):
        raise PublishError(
            f"{out}: is not empty and holds no {root.NAME}; name a new folder or one of course publish"
        )


def _published(folder: Path) -> Manifest | None:
    """The manifest of what is there under that name."""
    if not folder.exists():
        return None
    path = folder / manifest.NAME
    if not path.is_file():
        raise PublishError(f"{folder}: has no {manifest.NAME}, so it was not published here; move it away")
    return manifest.parse(path.read_bytes(), str(path))


def _replace(fresh: Path, target: Path, old: Path) -> None:
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():  # a draft
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _open(folder: Path) -> None:
    """Let a web server read it, whatever mask the publisher has; what is there already is left alone."""
    for path in (folder, *folder.rglob("*")):
        mode = FOLDER if path.is_dir() else FILE
        if path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} other files" if len(names) > 3 else shown


def summary(out: Path, edition: str) -> str:
    """Sizes of an edition: its own files, what it shares, and how much of that no other edition uses."""
    own = manifest.parse((out / edition / manifest.NAME).read_bytes(), edition)
    others = set()
    for entry in root.entries(out):
        if entry["edition"] != edition:
            path = out / entry["edition"] / manifest.NAME
            others |= set(manifest.parse(path.read_bytes(), str(path))["shared"])
    size, copies = _size(own["files"]), _size(own["files"], compress.FORMS)
    alone = {name: entry for name, entry in own["shared"].items() if name not in others}
    return (
        f"{len(own['files'])} files of its own, {size:.1f} MB ({copies:.1f} MB are compressed copies); "
        f"shared: {_size(own['shared']):.1f} MB, {_size(alone):.1f} MB of it used by no other edition"
    )


def _size(files: manifest.Files, ends: tuple[str, ...] = ("",)) -> float:
    return float(sum(entry["size"] for name, entry in files.items() if name.endswith(ends)) / 1e6)


def announce(said: str, edition: str, out: Path, signer: Signer | None) -> None:
    """Say what was done and what is to be done next."""
    made = manifest.parse((out / edition / manifest.NAME).read_bytes(), edition)
    commit = made["source"]["commit"]
    click.echo(f"{out / edition}: {said}, {f'from commit {commit[:12]}' if commit else 'of no known commit'}")
    click.echo(f"  {summary(out, edition)}")
    if said == "published":
        signed = f"signed by key {signer.public.name}" if signer else "not signed (--sign KEY)"
        click.echo(f"  manifest {signed}; for web servers: {out / hosting.FOLDER}")
        click.echo(f"  look at it: course site serve {out}")
