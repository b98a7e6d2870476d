"""One line of the ledger: what is hashed, what is signed, and how it stands in the file."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from dataclasses import dataclass
from typing import Any, Protocol

FORMAT = "course-ledger/2"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
HASH = re.compile(r"[0-9a-f]{64}")

Draft = tuple[str, dict[str, Any]]  # kind and data of an entry to be made


class Signer(Protocol):
    """A person with an unlocked key; `autograder.certify.people.Signer` is one."""

    @property
    def id(self) -> str: ...
    def sign(self, content: bytes) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; `by` and `sig` are empty where the software notes what it found."""

    seq: int
    time: str
    kind: str
    data: dict[str, Any]
    prev: str
    hash: str
    by: str = ""
    sig: str = ""

    def signed_content(self) -> bytes:
        """Return the bytes that the person who acts signs: the entry, its author and its predecessor."""
        return canonical([FORMAT, self.seq, self.time, self.kind, self.data, self.prev, self.by])

    def line(self) -> bytes:
        """Return the entry as it stands in the file, without the line's end."""
        return canonical({name: getattr(self, name) for name in self.__slots__})


def read_line(line: bytes) -> Entry:
    """Return the entry of a line; raises ValueError or TypeError for what is none."""
    fields = json.loads(line)
    entry = Entry(**fields)
    # the names of fields are the same in hundreds of thousands of lines: keep each once
    entry.data.update({sys.intern(name): entry.data.pop(name) for name in list(entry.data)})
    return entry


def canonical(value: Any) -> bytes:
    """Return the one spelling of a JSON value that is hashed."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()


def is_formed(entry: Entry) -> bool:
    return (
        type(entry.seq) is int
        and bool(TIME.fullmatch(entry.time))
        and isinstance(entry.kind, str)
        and isinstance(entry.data, dict)
        and bool(HASH.fullmatch(entry.prev))
        and isinstance(entry.by, str)
        and isinstance(entry.sig, str)
    )


def digest(entry: Entry, sig: str) -> str:
    return hashlib.sha256(entry.signed_content() + canonical(sig)).hexdigest()
