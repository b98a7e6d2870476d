"""Writes files whole or not at all, and on the disk when it says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file, its folders too; a reader, or a crash, meets the old file or the new one, never half."""
    write_all({path: content}, encoding)
    return path


def write_all(contents: Mapping[Path, str | bytes], encoding: str = "utf-8") -> None:
    """Write several files so, each for itself; the disk is waited for once, if it can do that."""
    files = []
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            files.append(path.with_name(path.name + ".new").open("wb"))
            files[-1].write(content.encode(encoding) if isinstance(content, str) else content)
            files[-1].flush()
        for file in files:
            os.fsync(file.fileno())
    finally:
        for file in files:
            file.close()
    for path in contents:
        os.replace(path.with_name(path.name + ".new"), path)
