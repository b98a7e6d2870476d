"""Rewrites wheels for the browser: fewer files, no foreign machine code, the same bytes at every build."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from email.parser import HeaderParser
from pathlib import Path

from publish.errors import PublishError

EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a zip can hold; one time for all, so that builds repeat

Rewrite = Callable[[str, bytes], Iterable[tuple[str, bytes]]]


def write_zip(
    path: Path, members: Iterable[tuple[str, bytes]], first: Iterable[tuple[str, bytes]] = ()
) -> Path:
    """Write a zip whose bytes depend on names and contents alone; a half-written file never has the name.

    Those of `first` come before the others and are not compressed.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        stored = [(name, content, zipfile.ZIP_STORED) for name, content in first]
        packed = [(name, content, zipfile.ZIP_DEFLATED) for name, content in sorted(members)]
        for name, content, method in (*stored, *packed):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = method
            info.external_attr = 0o644 << 16
            target.writestr(info, content)
    temporary.replace(path)
    return path


def read_zip(path: Path) -> list[tuple[str, bytes]]:
    """All files in a zip."""
    with zipfile.ZipFile(path) as source:
        return [(name, source.read(name)) for name in source.namelist() if not name.endswith("/")]


def repack(source: Path, target: Path, drop: Iterable[str] = ()) -> Path:
    """Copy a wheel without the files that match a pattern of `drop`.

    RECORD goes too: it would name files that are gone, and nothing in the browser uninstalls.
    """
    patterns = [*drop, "*.dist-info/RECORD"]
    kept = [
        (name, content)
        for name, content in read_zip(source)
        if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)
    ]
    return write_zip(target, kept)


def pure(source: Path, folder: Path) -> Path:
    """Take the Python files of a wheel that also has optional machine code (PyYAML) as a pure wheel."""
    with zipfile.ZipFile(source) as wheel:
        binaries = [name for name in wheel.namelist() if name.endswith((".so", ".pyd"))]
    name, version, *_ = source.name.split("-")
    target = folder / f"{name}-{version}-py3-none-any.whl"
    kept = []
    for member, content in read_zip(source):
        if member in binaries or member.endswith(".dist-info/RECORD"):
            continue
        if member.endswith(".dist-info/WHEEL"):
            lines = [
                ln for ln in content.decode().splitlines() if ln and not ln.startswith(("Tag:", "Root-Is"))
            ]
            content = "\n".join([*lines, "Root-Is-Purelib: true", "Tag: py3-none-any", ""]).encode()
        kept.append((member, content))
    return write_zip(target, kept)


def metadata(wheel: Path) -> tuple[str, str, list[str]]:
    """Name, version and top-level modules of a wheel."""
    with zipfile.ZipFile(wheel) as source:
        names = source.namelist()
        about = next((n for n in names if n.endswith(".dist-info/METADATA")), None)
        if about is None:
            raise PublishError(f"{wheel}: no METADATA, so it is no wheel; delete it and build again")
        headers = HeaderParser().parsestr(source.read(about).decode("utf-8"))
    tops = {n.split("/")[0].removesuffix(".py") for n in names if n.endswith(".py")}
    tops = {top for top in tops if not top.endswith((".dist-info", ".data"))}
    return headers["Name"], headers["Version"], sorted(tops)


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the wheel of a pure-Python project of ours, from a clean copy, into `folder`."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / project.name
        ignore = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", ".*")
        shutil.copytree(project, copy, ignore=ignore)
        options = ["--no-deps", "--no-build-isolation", "--no-cache-dir", "--disable-pip-version-check", "-q"]
        command = [sys.executable, "-m", "pip", "wheel", str(copy), *options, "--wheel-dir", temporary]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        built = list(Path(temporary).glob("*.whl"))
        if done.returncode or len(built) != 1:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise PublishError(f"{project}: its wheel does not build: {last}; try `pip wheel {project}`")
        return repack(built[0], folder / built[0].name)
