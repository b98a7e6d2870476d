"""Writes files and lines whole or not at all, and on the disk when it says so."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file, its folders too; a reader, or a crash, meets the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content.encode(encoding) if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
    return path


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
