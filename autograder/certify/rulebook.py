"""The rules of a cohort: every version that was put in force there, kept beside the ledger.

COHORT/rules/<version>.yml is the file as it was adopted; the ledger has its digest and the day from which it
holds. A decision follows the version in force on its day, for everybody: the day on which the cohort began
plays no part. Whoever changes rules gives trainees time with ``--from``; what was decided stays.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from autograder.certify import rules
from autograder.certify.book import Book
from autograder.certify.chain import Entry, Signer
from autograder.errors import CourseError
from autograder.files import write

FOLDER = "rules"


def adopt(book: Book, file: Path, day: str, signer: Signer) -> Entry:
    """Put a rules file in force from a day on (empty: today): a copy stays in the cohort."""
    found = rules.load(file)
    book.catch_up()
    data = {
        "rules": found.version,
        "rules_sha256": found.digest,
        "from": day or book.now()[:10],
        "file_days": found.file_days,
        "decide_days": found.decide_days,
    }
    reason = book.refuses(("rules", data), signer.id)
    if reason:
        raise CourseError(reason)
    write(_copy(book.cohort, found.version), file.read_bytes())
    return book.append("rules", data, signer)


def in_force(book: Book, time: str) -> rules.Rules | None:
    """Return the rules in force in the cohort at a time; None if there were none yet."""
    entry = book.history.rules_at(time)
    return kept(book.cohort, entry) if entry else None


def current(book: Book) -> rules.Rules:
    """Return the rules in force now; CourseError says how to adopt some."""
    found = in_force(book, book.now())
    if found is None:
        raise CourseError(
            f"{book.cohort}: no rules are in force there yet; a registrar runs `course certify rules adopt`"
        )
    return found


def by_digest(book: Book, digest: str) -> rules.Rules:
    """Return the version with this digest, which an entry names."""
    entry = next((one for one in book.history.rules if one.data["rules_sha256"] == digest), None)
    if entry is None:
        raise CourseError(f"{book.path}: no rules {digest[:12]}… were ever in force")
    return kept(book.cohort, entry)


def kept(cohort: Path, entry: Entry) -> rules.Rules:
    """Return the rules of an entry from the copy that the cohort keeps."""
    path = _copy(cohort, entry.data["rules"])
    found = _load(path, path.stat().st_mtime_ns) if path.is_file() else None
    if found is None or found.digest != entry.data["rules_sha256"]:
        raise CourseError(
            f"{path}: is not the file that was put in force (line {entry.seq}); restore it from a copy"
        )
    return found


@lru_cache(maxsize=32)
def _load(path: Path, _changed: int) -> rules.Rules | None:
    return rules.load(path)


def _copy(cohort: Path, version: str) -> Path:
    return cohort / FOLDER / f"{version}.yml"
