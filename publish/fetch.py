"""Gets pinned files: each from the first source that has it, none without the sha256 of `pins.json`.

Sources, in order: the folder `.cache/`, the ordinary package client (npm, pip), a CDN. Whatever they give
is refused unless its hash is the pinned one.

To add a browser library (it then stands in the site's `assets/vendor/`)::

    python -m publish.fetch pin npm:jsonld@9.0.0 dist/jsonld.esm.min.js=jsonld/jsonld.esm.min.js

A folder may be named with a slash at its end: each file in it is pinned. For the site assembler::

    publish.fetch.vendor(out: Path) -> Path     # out = SITE / "assets" / "vendor"
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from publish import pins, sources
from publish.errors import PublishError
from publish.paths import CACHE
from publish.pins import Package, PinnedFile
from publish.sources import SourceError


def sha256(path: Path) -> str:
    """The hash of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def cached(file: PinnedFile, cache: Path = CACHE) -> Path:
    """Where the cache keeps a file; the hash in the name keeps versions apart."""
    return cache / "pinned" / f"{file.sha256[:16]}-{file.name}"


def get(group: str, cache: Path = CACHE, pinned: Path = pins.PINS) -> dict[str, Path]:
    """Get every file of a group of `pins.json`.

    Returns
    -------
    dict of str to Path
        The pinned path of each file and where its verified copy lies.

    Raises
    ------
    PublishError
        If no source has a file with the pinned hash.
    """
    found: dict[str, Path] = {}
    for package in pins.load(group, pinned):
        found |= get_package(package, cache)
    return found


def get_package(package: Package, cache: Path = CACHE) -> dict[str, Path]:
    """Get the files of one package; see `get`."""
    missing = [file for file in package.files if not _good(file, cache)]
    reasons: list[str] = []
    if missing:
        click.echo(f"fetching {package.source} ({len(missing)} files)")
        for source in (_from_client, _from_cdn):
            with _workspace(cache) as work:
                try:
                    for file, path in source(package, missing, work, reasons):
                        _accept(file, path, cache, reasons)
                except SourceError as error:
                    reasons.append(str(error))
            missing = [file for file in missing if not cached(file, cache).exists()]
            if not missing:
                break
    if missing:
        names = ", ".join(file.name for file in missing[:3]) + (", …" if len(missing) > 3 else "")
        tried = "; ".join(reasons) or "no source has it"
        raise PublishError(
            f"{names} of {package.source} could not be had as pinned in publish/pins.json: {tried}. "
            f"Connect to the network, or copy {cached(missing[0], cache)} from a machine that has it"
        )
    return {file.path: cached(file, cache) for file in package.files}


def _good(file: PinnedFile, cache: Path) -> bool:
    """Whether the cache has the file whole; a damaged copy is removed, so that it is fetched again."""
    path = cached(file, cache)
    if path.exists() and sha256(path) != file.sha256:
        click.echo(f"{path.name} in the cache is damaged; fetching it again")
        path.unlink()
    return path.exists()


def _accept(file: PinnedFile, path: Path, cache: Path, reasons: list[str]) -> None:
    """Move a file into the cache if it is what was pinned."""
    got = sha256(path)
    if got != file.sha256:
        reasons.append(f"{file.name} has sha256 {got[:16]}… instead of {file.sha256[:16]}…, refused")
        return
    path.replace(cached(file, cache))


def _from_client(
    package: Package, missing: list[PinnedFile], work: Path, reasons: list[str]
) -> Iterator[tuple[PinnedFile, Path]]:
    if package.kind not in ("npm", "pip"):
        return
    (work / "archive").mkdir()
    yield from sources.members(sources.archive(package, work / "archive"), missing, work)


def _from_cdn(
    package: Package, missing: list[PinnedFile], work: Path, reasons: list[str]
) -> Iterator[tuple[PinnedFile, Path]]:
    for file in missing:
        for address in package.urls(file):
            try:
                sources.url(address, work / "member")
            except SourceError as error:
                reasons.append(str(error))
            else:
                yield file, work / "member"
                break


@contextmanager
def _workspace(cache: Path) -> Iterator[Path]:
    """A temporary folder beside the cached files, so that a rename puts a whole file in place."""
    (cache / "pinned").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="fetch-") as work:
        yield Path(work)


def vendor(out: Path, cache: Path = CACHE, pinned: Path = pins.PINS) -> Path:
    """Put every browser library of the group "vendor" into `out`, and no other file.

    Files already right are left alone.
    """
    wanted = {out / (f.to or f.name) for package in pins.load("vendor", pinned) for f in package.files}
    for stale in [path for path in out.rglob("*") if path.is_file() and path not in wanted]:
        stale.unlink()
    for package in pins.load("vendor", pinned):
        paths = get_package(package, cache)
        for file in package.files:
            target = out / (file.to or file.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            content = paths[file.path].read_bytes()
            for old, new in file.replace:
                if old.encode() not in content:
                    raise PublishError(
                        f"publish/pins.json: {file.path}: replace: {old!r} is not in it; remove the entry"
                    )
                content = content.replace(old.encode(), new.encode())
            if not target.exists() or target.read_bytes() != content:
                fresh = target.with_name(target.name + ".part")
                fresh.write_bytes(content)
                fresh.replace(target)  # never into the old file: the site may be a hard link to it
    return out


def pin(
    source: str, wanted: list[str], group: str = "vendor", options: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Make the entry of a package for `pins.json` from what its client gives now.

    Parameters
    ----------
    source : str
        ``npm:NAME@VERSION`` or ``pip:NAME==VERSION``.
    wanted : list of str
        Paths in the package, ``PATH=TARGET`` to say where it goes, ``FOLDER/`` for all in a folder; empty
        for the wheel itself.
    group : str
        Of `pins.json`; files of "vendor" also get a place.
    options : tuple of str
        More for `pip download`.
    """
    package = Package(source, (), options=options)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        (work / "archive").mkdir()
        try:
            archive = sources.archive(package, work / "archive")
        except SourceError as error:
            raise PublishError(f"{source}: {error}") from None
        targets = dict(_targets(wanted or [archive.name], sources.names(archive)))
        files = [PinnedFile(path, "", to) for path, to in targets.items()]
        entries = []
        for file, path in sources.members(archive, files, work):
            entry = {"path": file.path, "sha256": sha256(path)}
            entries.append({**entry, "to": file.to} if group == "vendor" else entry)
    absent = set(targets) - {entry["path"] for entry in entries}
    if absent:
        raise PublishError(f"{source} has no {', '.join(sorted(absent))}; it has e.g. {targets}")
    return {"from": source, **({"options": list(options)} if options else {}), "files": entries}


def _targets(wanted: list[str], names: list[str]) -> Iterator[tuple[str, str]]:
    for path in wanted:
        path, _, to = path.partition("=")
        if path.endswith("/"):
            inside = [name for name in names if name.startswith(path) and not name.endswith((".map", "/"))]
            for name in inside:
                yield name, (to or path.rstrip("/").rsplit("/", 1)[-1] + "/") + name[len(path) :]
        else:
            yield path, to or path.rsplit("/", 1)[-1]


@click.group()
def main() -> None:
    """Get or pin files that come from elsewhere."""


@main.command("get")
@click.argument("groups", nargs=-1)
def get_command(groups: tuple[str, ...]) -> None:
    """Fill the cache with the pinned files of GROUPS (default: all)."""
    for group in groups or ("vendor", "pyodide", "wheels"):
        click.echo(f"{group}: {len(get(group))} files verified")


@main.command("pin")
@click.argument("source")
@click.argument("files", nargs=-1)
@click.option("--group", default="vendor", show_default=True, help="Group of pins.json to write to.")
@click.option("--option", "options", multiple=True, help="More options for pip download.")
def pin_command(source: str, files: tuple[str, ...], group: str, options: tuple[str, ...]) -> None:
    """Write the hashes of FILES of SOURCE (npm:NAME@VERSION, pip:NAME==VERSION) into pins.json."""
    entry = pin(source, list(files), group, options)
    pins.add(group, entry)
    click.echo(f"pinned {len(entry['files'])} files of {source} in group {group}")


if __name__ == "__main__":
    sys.exit(main())
