"""Compiles the browser's Python ahead: a lab starts in about two thirds of the time.

Pyodide itself runs under node and compiles each module to an unchecked `.pyc` that takes the `.py`'s place.
Wheels were verified before; the lock gets the hashes of what is published. `COURSE_PRECOMPILE=0` turns it
off.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import click

from publish import fetch, sources, wheels
from publish.errors import PublishError

VERSION = "4"  # change it when the form of the output changes: old results in the cache are then passed over
TIMEOUT = 600
HERE = Path(__file__).parent


def wanted() -> bool:
    """Whether to compile: yes, unless the environment says no."""
    return os.environ.get("COURSE_PRECOMPILE", "1") != "0"


def precompile(folder: Path, cache: Path) -> None:
    """Replace the wheels and the standard library in a runtime folder by compiled ones."""
    core = fetch.sha256(folder / "pyodide.asm.wasm")
    store = cache / "compiled"
    store.mkdir(parents=True, exist_ok=True)
    files = [*sorted(folder.glob("*.whl")), folder / "python_stdlib.zip"]
    kept = {f: store / f"{fetch.sha256(f)[:16]}-{core[:8]}-{VERSION}-{f.name}" for f in files}
    todo = [file for file in files if not kept[file].exists()]
    if todo:
        click.echo(f"browser runtime: compiling {len(todo)} packages")
        _compile(folder, todo, kept)
    for file in files:
        _put(kept[file], file)


def _compile(folder: Path, todo: list[Path], kept: dict[Path, Path]) -> None:
    contents = {file: wheels.read_zip(file) for file in todo}
    modules = [
        (f"{i}/{name}", content)
        for i, file in enumerate(todo)
        for name, content in contents[file]
        if name.endswith(".py")
    ]
    compiled = dict(run(folder, modules, HERE / "precompile_inside.py"))
    for i, file in enumerate(todo):
        members: dict[str, bytes] = {}
        for name, content in contents[file]:
            done = compiled.get(f"{i}/{name}c")
            members |= {name: content} if done is None else {f"{name}c": done}
        if file.name.startswith("matplotlib-"):
            members |= dict(run(folder, [], HERE / "fontcache_inside.py", ["matplotlib"]))
        wheels.write_zip(kept[file], members.items())


def run(
    folder: Path, members: Iterable[tuple[str, bytes]], script: Path, packages: Iterable[str] = ()
) -> list[tuple[str, bytes]]:
    """Run a Python script in Pyodide under node: it reads /in.zip and writes /out.zip."""
    with tempfile.TemporaryDirectory() as temporary:
        given, got = Path(temporary) / "in.zip", Path(temporary) / "out.zip"
        with zipfile.ZipFile(given, "w") as target:
            for name, content in members:
                target.writestr(name, content)
        paths = [str(p) for p in (HERE / "precompile.mjs", folder.resolve(), given, got, script)]
        off = "or build without compiling: COURSE_PRECOMPILE=0"
        try:
            command = [*sources.node(), *paths, *packages]
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
        except (sources.SourceError, subprocess.TimeoutExpired) as error:
            raise PublishError(f"{script}: node does not run: {error}; {off}") from None
        if done.returncode or not got.exists():
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise PublishError(f"{script}: {last[:300]}; {off}")
        return wheels.read_zip(got)


def _put(source: Path, target: Path) -> None:
    fresh = target.with_name(f"{target.name}.{os.getpid()}.part")
    fresh.write_bytes(source.read_bytes())
    fresh.replace(target)
