"""Writes files and lines whole or not at all, and on the disk when it says so; keeps others out meanwhile."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from autograder.errors import CourseError


def write(path: Path, content: str | bytes, encoding: str = "utf-8", *, sync: bool = True) -> Path:
    """Write a file, its folders too; a reader, or a crash, meets the old file or the new one, never half.

    Without `sync` that does not hold for a power cut: enough for what can be made again.
    """
    write_all({path: content}, encoding, sync=sync)
    return path


def write_all(contents: Mapping[Path, str | bytes], encoding: str = "utf-8", *, sync: bool = True) -> None:
    """Write several files so, each for itself; the disk is waited for once, if it can do that."""
    files = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.append(path.with_name(path.name + ".new").open("wb"))
            files[-1].write(content.encode(encoding) if isinstance(content, str) else content)
            files[-1].flush()
        for file in files:
            if sync:
                os.fsync(file.fileno())
    finally:
        for file in files:
            file.close()
    for path in contents:
        os.replace(path.with_name(path.name + ".new"), path)


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
    with _locked(path) as file:
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


def take_out(path: Path, belongs: Callable[[str], bool]) -> int:
    """Take lines out of a file that `append` writes, whole or not at all; returns how many there were."""
    if not path.is_file():
        return 0
    with _locked(path) as file:
        file.seek(0)
        lines = file.read().decode().splitlines(keepends=True)
        kept = [line for line in lines if not belongs(line)]
        if len(kept) < len(lines):
            write(path, "".join(kept))
    return len(lines) - len(kept)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """A file to add to, while nobody else does; it is the one of that name, which may have been replaced."""
    while True:
        with path.open("a+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)  # ends with the file, or with this process
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield file
                return
