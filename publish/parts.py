"""Parts of the build: a folder each, made anew only if its inputs changed, and replaced in one step."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from publish.paths import BUILD


@contextmanager
def one_build() -> Iterator[None]:
    """Let one build of this checkout work at a time: parts are made in one place. Another one waits."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "build.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            click.echo("another build of this checkout is running; waiting until it ends")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stamp_of(out: Path) -> Path:
    """The file beside a part that says from which inputs it was made."""
    return out.with_name(out.name + ".stamp")


def is_current(out: Path, inputs: str, name: str) -> bool:
    """Whether the part was made from these inputs; says so if it was."""
    stamp = stamp_of(out)
    current = out.is_dir() and stamp.exists() and stamp.read_text() == inputs
    if current:
        click.echo(f"{name}: up to date")
    return current


@contextmanager
def renewed(out: Path, inputs: str) -> Iterator[Path]:
    """A new empty folder that takes the place of `out` at the end.

    If the work is interrupted or fails, the old folder stands as it was, and is made again the next time.
    """
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    yield fresh
    stamp_of(out).unlink(missing_ok=True)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    stamp_of(out).write_text(inputs)


def digest(files: Iterable[Path]) -> str:
    """One hash of the names and contents of files."""
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.name}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
