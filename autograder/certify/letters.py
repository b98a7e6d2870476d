"""What people write about a case: COHORT/letters/<SHA-256>.txt. The ledger holds the digest alone.

A letter can be erased; the chain still verifies. The first line is a random number: without it a short text
could be guessed from the digest that stays behind.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from autograder.errors import CourseError
from autograder.files import write

FOLDER = "letters"
MAX_BYTES = 200_000


def keep(cohort: Path, text: str) -> str:
    """Keep a text and return its digest."""
    if not text.strip():
        raise CourseError("--reason: the text is empty; write why")
    raw = f"{secrets.token_hex(16)}\n{text.strip()}\n".encode()
    digest = hashlib.sha256(raw).hexdigest()
    write(path(cohort, digest), raw)
    return digest


def path(cohort: Path, digest: str) -> Path:
    """Return where the text with this digest lies, if it was not erased."""
    return cohort / FOLDER / f"{digest}.txt"


def read(cohort: Path, digest: str) -> str | None:
    """Return the text with this digest; None if it was erased."""
    file = path(cohort, digest)
    if not file.exists():
        return None
    raw = file.read_bytes()
    if hashlib.sha256(raw).hexdigest() != digest:
        raise CourseError(f"{file}: was changed after it was filed; restore it from a copy")
    return raw.decode("utf-8").partition("\n")[2]


def shown(cohort: Path, digest: str) -> str:
    """Return the text with this digest for a terminal; what was erased is said to be."""
    text = read(cohort, digest)
    if text is None:
        return "(erased)"
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text).strip()


def read_text(file: Path) -> str:
    """Return the text of a file that somebody wrote."""
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_BYTES:
            raise CourseError(f"{file}: over {MAX_BYTES // 1000} kB; keep to the reasons, as plain text")
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise CourseError(f"{file}: {error.strerror}; name a text file") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{file}: not plain text; save it as text in UTF-8") from error
