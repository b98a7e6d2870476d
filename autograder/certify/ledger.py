"""The append-only record of the certification: JSON Lines, each line chained to the one before by hash.

An entry counts once the head file names it. The order of writing (line, fsync, head, fsync) makes the
two kinds of damage tell apart: a line torn by a crash lies beyond the head and is repaired; a line
that was edited, removed, inserted or moved breaks the chain or falls short of the head. Before several
lines are written at once the head says how many are to come.

The first entry names a random predecessor: no two ledgers share a chain, so a signature, which covers the
predecessor, holds in one place of one ledger alone. The time of an entry is never before that of the
entry before it, whatever the clock says.

Someone who can rewrite the whole folder can write another chain: keep the head that `course ledger
verify` prints outside the folder, and pass it back with ``--expect``.

This module knows the chain and nothing of what entries mean; `book.py` does.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.certify.chain import Draft, Entry, Signer, canonical, is_formed, read_line
from autograder.certify.chain import digest as digest_of
from autograder.errors import CourseError
from autograder.files import write

__all__ = ["Draft", "Entry", "Ledger", "Signer", "canonical"]

READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


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
        self.catch_up()
        return list(self._entries)

    def catch_up(self) -> None:
        """Read and check what others have written since the last look."""
        if self.path.exists() or self._head.exists():
            with self._locked() as writable:
                self._catch_up(writable)

    def append(self, kind: str, data: dict[str, Any], signer: Signer | None = None) -> Entry:
        """Add one entry, signed by `signer` if one is given; it is on the disk when this returns."""
        return self.append_all([(kind, data)], signer)[0]

    def append_all(self, drafts: Iterable[Draft], signer: Signer | None = None) -> list[Entry]:
        """Add several entries at once: all are on the disk when this returns, at the cost of one.

        If one of them is refused none is added.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked() as writable:
            if not writable:
                raise CourseError(f"{self.path}: may not be written; ask its owner for the right to")
            self._catch_up(writable)
            try:
                made = [self._take(self._make(kind, data, signer)) for kind, data in drafts]
                self._write(made)
            except BaseException as error:
                self._start_over()  # what was taken in is not in the file: read the file again
                if isinstance(error, OSError):
                    raise CourseError(f"{self.path}: cannot be written ({error.strerror})") from error
                raise
        return made

    def verify(self, expect: str | None = None) -> Entry | None:
        """Check every line again, and that `expect`, a head noted earlier, is still in the chain.

        Returns the last entry, or None for an empty ledger.
        """
        self._start_over()
        entries = self.entries()
        if expect and expect not in {entry.hash for entry in entries}:
            raise CourseError(
                f"{self.path}: the head {expect[:12]}… noted earlier is not in it; it was rewritten"
            )
        return entries[-1] if entries else None

    def now(self) -> str:
        """Return the time that an entry would have now."""
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return max(time, self._entries[-1].time) if self._entries else time

    # -- for those who know what entries mean

    def accept(self, entry: Entry) -> None:
        """Take an entry's meaning in, or raise CourseError with the reason why it may not be there."""

    def forget(self) -> None:
        """Drop all meaning taken in: the entries come again from the first."""

    # -- the chain

    def _start_over(self) -> None:
        self._entries, self._size = [], 0
        self.forget()

    def _make(self, kind: str, data: dict[str, Any], signer: Signer | None) -> Entry:
        last = self._entries[-1] if self._entries else None
        draft = Entry(
            seq=len(self._entries) + 1,
            time=self.now(),
            kind=kind,
            data=json.loads(canonical(data)),  # as it will be read, and out of the caller's hands
            prev=last.hash if last else secrets.token_hex(32),
            hash="",
            by=signer.id if signer else "",
        )
        sig = signer.sign(draft.signed_content()) if signer else ""
        return Entry(
            draft.seq, draft.time, kind, draft.data, draft.prev, digest_of(draft, sig), draft.by, sig
        )

    def _take(self, entry: Entry) -> Entry:
        try:
            self.accept(entry)
        except CourseError as error:
            raise CourseError(f"{self.path}: line {entry.seq}: {error.message}") from error
        self._entries.append(entry)
        return entry

    def _write(self, made: list[Entry]) -> None:
        """Put lines that are taken in already at the end of the file."""
        if not made:
            return
        if len(made) > 1:
            self._write_head(made[0].seq - 1, made[0].prev if made[0].seq > 1 else "", coming=len(made))
        lines = b"".join(entry.line() + b"\n" for entry in made)
        is_new = not self.path.exists()
        try:
            with self.path.open("ab") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            if is_new:
                self._sync_folder()
        except OSError:
            with suppress(OSError):  # a full disk: leave no half line behind
                self._cut(self._size)
            raise
        self._write_head(made[-1].seq, made[-1].hash)
        self._size += len(lines)

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Keep others from writing meanwhile; yields whether we may write ourselves.

        Someone who may only read, such as an auditor, repairs nothing.
        """
        writable = True
        try:
            lock = self._lock.open("a")
        except OSError as error:
            if error.errno not in READ_ONLY:
                raise CourseError(f"{self._lock}: {error.strerror}; name the cohort's folder") from error
            writable = False
            lock = (self._lock if self._lock.exists() else self.path).open("r")
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX if writable else fcntl.LOCK_SH)
            yield writable

    def _write_head(self, seq: int, digest: str, coming: int = 0) -> None:
        write(self._head, f"{seq} {digest or '-'}{f' +{coming}' if coming else ''}\n", "ascii")
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read_head(self) -> tuple[int, str, int]:
        """Return number and hash of the last entry that counts, and how many may follow after a crash."""
        if not self._head.exists():
            return 0, "-", 1
        try:
            seq, digest, *coming = self._head.read_text(encoding="ascii").split()
            return int(seq), digest, int(coming[0]) if coming else 1
        except (ValueError, OSError) as error:
            raise CourseError(f"{self._head}: not a ledger head; restore it from a backup") from error

    def _catch_up(self, writable: bool) -> None:
        """Read and check what was written since the last look; repair a torn end."""
        head_seq, head_hash, coming = self._read_head()
        raw = b""
        if self.path.exists():
            if self.path.stat().st_size < self._size:
                raise CourseError(f"{self.path}: has become shorter; restore it from a backup")
            with self.path.open("rb") as file:
                file.seek(self._size)
                raw = file.read()
        position = 0
        try:
            while position < len(raw):
                end = raw.find(b"\n", position)
                line = raw[position:] if end < 0 else raw[position:end]
                seq = len(self._entries) + 1
                # Only lines that the head does not name yet can be torn: the last one, or any of a batch.
                torn = seq > head_seq and (end < 0 or coming > 1)
                try:
                    entry = self._check(seq, line)
                except CourseError:
                    if torn:
                        if writable:
                            self._cut(self._size)
                        break
                    raise
                if end < 0:
                    if seq <= head_seq:
                        raise CourseError(
                            f"{self.path}: line {seq} has lost its end; restore it from a backup"
                        )
                    if not writable:
                        break
                    self._cut(self._size)  # whole, but for the newline: write it again as a full line
                    with self.path.open("ab") as file:
                        file.write(line + b"\n")
                        file.flush()
                        os.fsync(file.fileno())
                self._take(entry)
                self._size += len(line) + 1
                position += len(line) + 1
            known = len(self._entries)
            if known < head_seq:
                raise CourseError(
                    f"{self.path}: entries {known + 1} to {head_seq} are missing; restore from a backup"
                )
            if head_seq and self._entries[head_seq - 1].hash != head_hash:
                raise CourseError(f"{self.path}: line {head_seq} is not the one that was written there")
            if known > head_seq + coming:
                raise CourseError(f"{self.path}: lines after {head_seq} were not written by this program")
        except BaseException:
            self._start_over()
            raise
        if writable and (known > head_seq or coming > 1):
            self._write_head(known, self._entries[-1].hash if known else "")

    def _cut(self, size: int) -> None:
        with self.path.open("rb+") as file:
            file.truncate(size)
            os.fsync(file.fileno())

    def _check(self, seq: int, line: bytes) -> Entry:
        try:
            entry = read_line(line)
            whole = entry.line() == line and is_formed(entry)
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise CourseError(f"{self.path}: line {seq} is not a ledger entry; it was changed") from None
        last = self._entries[-1] if self._entries else None
        if entry.seq != seq or (last and entry.prev != last.hash):
            raise CourseError(
                f"{self.path}: line {seq} does not follow line {seq - 1}; a line is gone, new or moved"
            )
        if not whole or entry.hash != digest_of(entry, entry.sig):
            raise CourseError(f"{self.path}: line {seq} was changed after it was written")
        if last and entry.time < last.time:
            raise CourseError(
                f"{self.path}: line {seq} is older than line {seq - 1}; it was not written here"
            )
        return entry
