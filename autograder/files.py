"""Writes a file whole or not at all, and on the disk when it says so."""

from __future__ import annotations

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
