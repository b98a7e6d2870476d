"""Writes a file whole or not at all, and on the disk when it says so; keeps others out meanwhile."""

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
