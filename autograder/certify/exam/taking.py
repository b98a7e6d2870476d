"""Takes notebooks in while a sitting is open; runs nothing.

Whose a notebook is follows from the number of its paper, which nobody else's notebook holds. What it says of
its questions plays no part: answers are judged against the paper that was drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.certify.book import Book
from autograder.certify.exam.sitting import Sitting
from autograder.collect.disk import list_files
from autograder.collect.reading import read_notebooks
from autograder.collect.shape import check_shape, mend_shape, source_text
from autograder.collect.unpack import Unpacker
from autograder.collect.words import RejectedError
from autograder.errors import CourseError
from autograder.files import append, write
from autograder.inert import one_line
from linelab.trainees import written

LOG = "taken.jsonl"


@dataclass(frozen=True)
class Taken:
    """A notebook that came back: whose it is, when it was taken in, its SHA-256."""

    trainee: str
    time: str
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """What became of one notebook; `taken` is None if it was refused."""

    file: str
    said: str
    taken: Taken | None = None


def take(book: Book, sitting: Sitting, paths: Sequence[Path]) -> Iterator[Receipt]:
    """Take in notebooks: files, folders, zips and e-mails. The last one of a candidate counts.

    Raises
    ------
    CourseError
        If the sitting is closed.
    """
    if sitting.closed:
        raise CourseError(f"{sitting.exam}: was closed at {sitting.closed}; nothing more is taken in")
    unpacker = Unpacker(UTC, datetime.now(UTC))
    for lying in list_files(paths):
        for found in unpacker.unpack(lying):
            try:
                said = found.refused.text("en") if found.refused else ""
                yield Receipt(found.place, said) if said else _take(book, sitting, found.place, found.content)
            except RejectedError as error:
                yield Receipt(found.place, error.note.text("en"))


def notebook_of(content: bytes, place: str) -> dict[str, Any]:
    """Return the notebook that a file is, its form mended; RejectedError if it is none."""
    given = next(read_notebooks(content, place))
    if given.name != place:  # one out of a hand-in file, which holds exercises
        raise RejectedError("not_ours")
    mend_shape(given.notebook)
    check_shape(given.notebook)
    return dict(given.notebook)


def _take(book: Book, sitting: Sitting, place: str, content: bytes) -> Receipt:
    notebook = notebook_of(content, place)
    text = "\n".join(source_text(cell) for cell in notebook["cells"])
    own = [trainee for trainee, about in sitting.papers.items() if about["number"] in text]
    if not own:
        about = notebook["metadata"].get("course")
        other = about.get("exam") if isinstance(about, dict) else None
        name = (
            f", but of {one_line(str(other))[:40]}"
            if isinstance(other, str) and other != sitting.exam
            else ""
        )
        return Receipt(place, f"is no notebook of the sitting {sitting.name}{name}")
    if len(own) > 1:
        return Receipt(
            place, f"holds the papers of {' and '.join(map(written, own))}; give each one's own notebook"
        )
    trainee = own[0]
    if trainee in book.history.erased:
        return Receipt(place, f"the data of {written(trainee)} were erased")
    sha256 = hashlib.sha256(content).hexdigest()
    before = [one for one in taken(sitting) if one.trainee == trainee]
    if before and before[-1].sha256 == sha256:
        return Receipt(place, f"{written(trainee)}: was taken in before, at {before[-1].time}", before[-1])
    made = Taken(trainee, book.now(), sha256)
    write(sitting.folder / "taken" / trainee / f"{sha256}.ipynb", content)
    append(sitting.folder / LOG, json.dumps(asdict(made)))
    instead = f", instead of the one of {before[-1].time}" if before else ""
    return Receipt(place, f"{written(trainee)}: taken in{instead}", made)


def taken(sitting: Sitting) -> list[Taken]:
    """Return all notebooks that were taken in, oldest first."""
    try:
        lines = (sitting.folder / LOG).read_text("utf-8").splitlines()
        return [Taken(**json.loads(line)) for line in lines]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError) as error:
        raise CourseError(
            f"{sitting.folder / LOG}: cannot be read ({error}); restore it from a copy"
        ) from None


def counting(sitting: Sitting) -> dict[str, Taken]:
    """Return the notebook that counts of each candidate who gave one."""
    return {one.trainee: one for one in taken(sitting)}
