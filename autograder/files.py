"""Writes files and lines whole or not at all, and on the disk when it says so; keeps others out meanwhile."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.errors import CourseError


def write(path: Path, content: str | bytes, encoding: str = "utf-8", *, sync: bool = True) -> Path:
    """Write a file, its folders too; a reader, or a crash, meets the old file or the new one, never half.

    Without `sync` that does not hold for a power cut: enough for what can be made again.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content.encode(encoding) if isinstance(content, str) else content)
        if sync:
            file.flush()
            os.fsync(file.fileno())
    os.replace(fresh, path)
    return path


@contextmanager
def alone(lock: Path, command: str) -> Iterator[None]:
    """Hold the file `lock` for as long as `command` works in its folder; CourseError if another one does."""
    with lock.open("w", encoding="ascii") as held:
        try:
            fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with this process, however that ends
        except OSError:
            raise CourseError(f"{lock.parent}: another {command} is at work there; wait for it") from None
        yield


def append(path: Path, line: str) -> None:
    """Add a line to a file, whole or not at all, while nobody else does.

    A last line without its end is what a crash left of a line that never counted; it goes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    with path.open("a+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)  # ends with the file, or with this process
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        file.write(line.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if fresh:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
