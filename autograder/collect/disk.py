"""Lists and reads the files that an operator names, links not followed."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from autograder.collect.kinds import is_junk
from autograder.collect.words import RejectedError
from autograder.settings import FILE

# parts of a cohort folder that hold what was taken in or made, no hand-ins that wait
OWN = {
    *("attempts", "answers", "executed", "nbgrader", "feedback", "report", "receipts"),
    *("credentials", "keys", "status", "evidence", "exams", "letters"),
}
OWN_FILES = {".yml", ".csv", ".jsonl"}


@dataclass(frozen=True)
class Lying:
    """A file on the disk, or what stands in its place.

    Attributes
    ----------
    path : Path
    names : tuple of str
        Its name and those of the folders around it that say whose it may be, innermost first.
    named : bool
        The operator named this very file.
    size : int
        Bytes, for the progress bar.
    dated : datetime or None
        When it was last changed, which anybody can set.
    """

    path: Path
    names: tuple[str, ...]
    named: bool
    size: int
    dated: datetime | None


def list_files(paths: Sequence[Path]) -> list[Lying]:
    """All files of the paths, in order of their names; junk left out."""
    return [lying for path in paths for lying in _under(path)]


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file for reading; RejectedError if it is missing, a link, or anything but a file."""
    try:
        if path.is_symlink():
            raise RejectedError("link")
        # a pipe would keep us waiting for ever
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise RejectedError("missing") from None
    except OSError as error:
        raise RejectedError("unreadable", why=error.strerror) from None
    with os.fdopen(number, "rb") as stream:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise RejectedError("unreadable", why="not a regular file")
        yield stream


def _under(path: Path) -> Iterator[Lying]:
    if not path.is_dir() or path.is_symlink():
        # somebody's own folder may be all that says whose it is
        yield _lying(path, (path.name, path.absolute().parent.name), named=True)
        return
    top = path.resolve().name
    closed: list[OSError] = []
    for folder, inside, files in os.walk(path, onerror=closed.append):
        here = Path(folder)
        around = here.relative_to(path).parts
        links = [name for name in inside if (here / name).is_symlink()]
        inside[:] = sorted(name for name in inside if name not in links and not is_junk((name,)))
        if FILE in files:
            inside[:] = [name for name in inside if name not in OWN]
            files = [name for name in files if Path(name).suffix not in OWN_FILES]
        for name in sorted(files + links):
            if not is_junk((name,)):
                yield _lying(here / name, (name, *reversed(around), top), named=False)
    for error in closed:  # reading it says why it cannot be read
        yield _lying(Path(error.filename), (Path(error.filename).name, top), named=True)


def _lying(path: Path, names: tuple[str, ...], *, named: bool) -> Lying:
    names = tuple(unicodedata.normalize("NFC", name) for name in names)
    try:
        about = path.lstat()
    except OSError:
        return Lying(path, names, named, 1, None)
    return Lying(path, names, named, max(about.st_size, 1), datetime.fromtimestamp(about.st_mtime, UTC))
