"""The append-only record of the certification: JSON Lines, each line chained to the one before by hash.

An entry counts once the head file names it. The order of writing (line, fsync, head, fsync) makes the
two kinds of damage tell apart: a line torn by a crash lies beyond the head and is repaired; a line
that was edited, removed, inserted or moved breaks the chain or falls short of the head.
Someone who can rewrite the whole folder can write another chain: keep the head that `course ledger
verify` prints outside the folder, and pass it back with ``--expect``.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.errors import CourseError
from autograder.files import write

START = "0" * 64  # what the first entry names as its predecessor


@dataclass(frozen=True)
class Entry:
    """One line of the ledger."""

    seq: int
    time: str
    kind: str
    data: dict[str, Any]
    prev: str
    hash: str


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value that is hashed."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def _digest(seq: int, time: str, kind: str, data: dict[str, Any], prev: str) -> str:
    return hashlib.sha256(canonical([seq, time, kind, data, prev])).hexdigest()


class Ledger:
    """The ledger of one cohort.

    Parameters
    ----------
    path
        The JSON Lines file; its head and lock lie beside it. A missing file is an empty ledger.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._head = path.with_suffix(".head")
        self._lock = path.with_suffix(".lock")
        self._entries: list[Entry] = []
        self._size = 0

    def entries(self) -> list[Entry]:
        """Return all entries after checking the whole chain; raise CourseError at the first fault."""
        if self.path.exists() or self._head.exists():
            with self._locked():
                self._catch_up()
        return list(self._entries)

    def append(self, kind: str, data: dict[str, Any]) -> Entry:
        """Add one entry; it is on the disk when this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            self._catch_up()
            seq = len(self._entries) + 1
            prev = self._entries[-1].hash if self._entries else START
            time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            entry = Entry(seq, time, kind, data, prev, _digest(seq, time, kind, data, prev))
            line = canonical(vars(entry)) + b"\n"
            with self.path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            self._write_head(entry)
            self._entries.append(entry)
            self._size += len(line)
        return entry

    def verify(self, expect: str | None = None) -> Entry | None:
        """Check every line again, and that `expect`, a head noted earlier, is still in the chain.

        Returns the last entry, or None for an empty ledger.
        """
        self._entries, self._size = [], 0
        entries = self.entries()
        if expect and expect not in {entry.hash for entry in entries}:
            raise CourseError(
                f"{self.path}: the head {expect[:12]}… noted earlier is not in it; it was rewritten"
            )
        return entries[-1] if entries else None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write_head(self, entry: Entry) -> None:
        write(self._head, f"{entry.seq} {entry.hash}\n", "ascii")

    def _read_head(self) -> tuple[int, str]:
        if not self._head.exists():
            return 0, START
        try:
            seq, digest = self._head.read_text(encoding="ascii").split()
            return int(seq), digest
        except (ValueError, OSError) as error:
            raise CourseError(f"{self._head}: not a ledger head; restore it from a backup") from error

    def _catch_up(self) -> None:
        """Read and check what was written since the last look; repair a torn end."""
        head_seq, head_hash = self._read_head()
        raw = b""
        if self.path.exists():
            if self.path.stat().st_size < self._size:
                raise CourseError(f"{self.path}: has become shorter; restore it from a backup")
            with self.path.open("rb") as file:
                file.seek(self._size)
                raw = file.read()
        position = 0
        while position < len(raw):
            end = raw.find(b"\n", position)
            line = raw[position:] if end < 0 else raw[position:end]
            seq = len(self._entries) + 1
            try:
                entry = self._check(seq, line)
            except CourseError:
                # Only a last line without its end can be torn, and only one the head does not name yet.
                if seq > head_seq and end < 0:
                    self._cut(self._size)
                    break
                raise
            if end < 0:
                if seq <= head_seq:
                    raise CourseError(f"{self.path}: line {seq} has lost its end; restore it from a backup")
                self._cut(self._size)  # whole, but for the newline: write it again as a full line
                with self.path.open("ab") as file:
                    file.write(line + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
            self._entries.append(entry)
            self._size += len(line) + 1
            position += len(line) + 1
        known = len(self._entries)
        if known < head_seq:
            raise CourseError(
                f"{self.path}: entries {known + 1} to {head_seq} are missing; restore from a backup"
            )
        if head_seq and self._entries[head_seq - 1].hash != head_hash:
            raise CourseError(f"{self.path}: line {head_seq} is not the one that was written there")
        if known > head_seq:
            if known > head_seq + 1:
                raise CourseError(f"{self.path}: lines after {head_seq} were not written by this program")
            self._write_head(self._entries[-1])

    def _cut(self, size: int) -> None:
        with self.path.open("rb+") as file:
            file.truncate(size)
            os.fsync(file.fileno())

    def _check(self, seq: int, line: bytes) -> Entry:
        try:
            entry = Entry(**json.loads(line))
            whole = canonical(vars(entry)) == line
        except (ValueError, TypeError):
            raise CourseError(f"{self.path}: line {seq} is not a ledger entry; it was changed") from None
        prev = self._entries[-1].hash if self._entries else START
        if entry.seq != seq or entry.prev != prev:
            raise CourseError(
                f"{self.path}: line {seq} does not follow line {seq - 1}; a line is gone, new or moved"
            )
        if not whole or entry.hash != _digest(entry.seq, entry.time, entry.kind, entry.data, entry.prev):
            raise CourseError(f"{self.path}: line {seq} was changed after it was written")
        return entry
