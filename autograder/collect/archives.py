"""Reads zips that may be made to do harm: streamed, within limits, and never unpacked to the disk.

An entry's name is only ever shown and looked at for whose work it is; no path is made from it.
"""

from __future__ import annotations

import contextlib
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import BinaryIO

from autograder.collect.words import RejectedError

MAX_BYTES = 20_000_000  # of a hand-in
MAX_ENTRIES = 50_000
MAX_ALL = 8_000_000_000  # bytes of all entries; a download of a large class
MAX_ENTRIES_INSIDE = 1_000  # of a zip in a zip or an e-mail, which is one person's
MAX_ALL_INSIDE = 200_000_000
MAX_RATIO = 250  # a notebook shrinks to a tenth, rarely to a fiftieth
SMALL = 1_000_000  # bytes; below this any ratio is harmless
CHUNK = 1 << 16
ENCRYPTED, UTF8 = 0x1, 0x800
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
EXTENDED_TIME = 0x5455


@dataclass(frozen=True)
class Entry:
    """A file in a zip; reading it may raise RejectedError."""

    archive: Archive
    info: zipfile.ZipInfo
    parts: tuple[str, ...]  # its name; a folder a part
    weight: int  # bytes that it takes in the zip

    def first(self, count: int) -> bytes:
        """The first bytes."""
        return self.archive.read(self.info, count)

    def read(self, limit: int = MAX_BYTES) -> bytes:
        """All bytes; RejectedError if there are more than `limit`."""
        if self.info.file_size > limit:
            raise RejectedError("too_big", limit=limit // 1_000_000)
        content = self.archive.read(self.info, limit + 1)
        if len(content) > limit:
            raise RejectedError("too_big", limit=limit // 1_000_000)
        return content

    def dated(self, zone: tzinfo) -> datetime | None:
        """The date that the zip has for it, if any; one without a zone is meant in `zone`."""
        return _extended(self.info.extra) or _dos(self.info, zone)


class Archive:
    """A zip that is open for reading.

    Raises
    ------
    RejectedError
        If it is damaged or built to do harm.
    """

    def __init__(self, stream: BinaryIO, *, inside: bool = False) -> None:
        size = stream.seek(0, io.SEEK_END)
        try:
            self._zip = zipfile.ZipFile(stream)
            infos = [info for info in self._zip.infolist() if not info.is_dir()]
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
            raise RejectedError("zip_damaged") from None
        most = MAX_ENTRIES_INSIDE if inside else MAX_ENTRIES
        if len(infos) > most:
            raise RejectedError("zip_entries", count=len(infos), limit=most)
        # entries that share their bytes say together more than there is
        if sum(info.compress_size for info in infos) > size:
            raise RejectedError("zip_bomb")
        self._left = MAX_ALL_INSIDE if inside else MAX_ALL
        self._infos = infos

    def __iter__(self) -> Iterator[Entry]:
        for info in self._infos:
            yield Entry(self, info, _parts(_name(info)), info.compress_size)

    def read(self, info: zipfile.ZipInfo, limit: int) -> bytes:
        """At most `limit` bytes of an entry."""
        _check(info)
        found = bytearray()
        try:
            with self._zip.open(info) as stream:
                while len(found) < limit and (chunk := stream.read(min(CHUNK, limit - len(found)))):
                    found += chunk
                    self._left -= len(chunk)
                    if self._left < 0 or len(found) > max(SMALL, MAX_RATIO * info.compress_size):
                        raise RejectedError("zip_bomb")
        except RejectedError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, struct.error, RuntimeError):
            raise RejectedError("zip_damaged") from None
        return bytes(found)


def _check(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & ENCRYPTED:
        raise RejectedError("zip_encrypted")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise RejectedError("link")
    if info.compress_type not in METHODS:
        raise RejectedError("zip_method")
    if info.file_size > max(SMALL, MAX_RATIO * info.compress_size):
        raise RejectedError("zip_bomb")
    name = _name(info)
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/"):
        raise RejectedError("zip_name")


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name; macOS writes UTF-8 without saying so, Windows its own letters or backslashes."""
    name = info.orig_filename.partition("\0")[0]
    if not info.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part for part in name.split("/") if part not in ("", ".")) or ("?",)


def _extended(extra: bytes) -> datetime | None:
    """The date in UTC that most programs add to the old one."""
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        body, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == EXTENDED_TIME and len(body) >= 5 and body[0] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", body[1:5])[0], UTC)
    return None


def _dos(info: zipfile.ZipInfo, zone: tzinfo) -> datetime | None:
    if info.date_time[:3] <= (1980, 1, 1):  # what is written where there is no date
        return None
    try:
        return datetime(*info.date_time, tzinfo=zone).astimezone(UTC)
    except ValueError:
        return None
