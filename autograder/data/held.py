"""What is held on a trainee in a cohort's folder, and where: the one list that copy and erasure go by.

Everything that belongs to one trainee alone lies in files and folders that carry the trainee number, but for
letters and certificates, which carry numbers of their own. Lines in files that all share are in `rows`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.certify import entries, register
from autograder.certify.book import Book
from autograder.certify.chain import Entry
from autograder.certify.letters import path as letter_path
from linelab.trainees import written

ELSEWHERE = ("letters", "credentials", "keys", "rules")  # named by numbers of their own
REPORTS = ("report", "report-pseudonyms")  # pages on the whole class, made anew by `course report`


def on_ledger(book: Book, trainee: str) -> list[Entry]:
    """The entries that name this trainee; not those that are about the whole cohort."""
    return [one for one in book.history.of(trainee) if trainee in entries.about(one.data)]


def paths(cohort: Path, book: Book, trainee: str) -> list[Path]:
    """The files and folders that are about this trainee alone, sorted."""
    return sorted(
        {*named(cohort, trainee), *letters(cohort, book, trainee), *credentials(cohort, book, trainee)}
    )


def letters(cohort: Path, book: Book, trainee: str) -> list[Path]:
    """The texts of the trainee's appeals and of the decisions on the trainee."""
    digests = [one.data["reason"] for one in book.history.of(trainee) if "reason" in one.data]
    return [path for digest in digests if (path := letter_path(cohort, digest)).is_file()]


def credentials(cohort: Path, book: Book, trainee: str) -> list[Path]:
    """The files of the trainee's certificates."""
    found = []
    for one in register.read(book.history.entries).values():
        if one.trainee == trainee:
            stem = cohort / "credentials" / one.id.removeprefix("urn:uuid:")
            found += [path for end in (".json", ".pdf") if (path := stem.with_suffix(end)).is_file()]
    return found


def count(path: Path) -> int:
    """How many files a path is or holds."""
    return sum(len(files) for _, _, files in os.walk(path)) if path.is_dir() else 1


def files(path: Path) -> Iterator[Path]:
    """The files that a path is or holds, sorted."""
    yield from sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else (path,)


def named(folder: Path, trainee: str) -> Iterator[Path]:
    """Files and folders that carry the trainee number, however it is written; not what lies inside these."""
    number = re.compile(rf"(?<![0-9A-Za-z])({trainee}|{written(trainee)})(?![0-9A-Za-z])")
    for place, inside, names in os.walk(folder):
        here = Path(place)
        if here == folder:
            inside[:] = [name for name in inside if name not in ELSEWHERE]
        own = [name for name in inside if number.search(name)]
        yield from (here / name for name in own)
        inside[:] = [name for name in inside if name not in own]
        yield from (here / name for name in names if number.search(name))
