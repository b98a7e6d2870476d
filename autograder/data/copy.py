"""A copy of all that is held on a trainee, to hand over: one zip with data to read by machine and a page.

What would give away other people stays out (who marked, names in remarks that are for the instructor), and so
does what would give away the hidden marking: its seeds, its faults, papers of exams with their right answers,
and nbgrader's notebooks, which hold the hidden tests and otherwise only what attempts and records hold.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder import gradebook
from autograder.certify import entries, register
from autograder.certify.book import Book
from autograder.certify.chain import Entry
from autograder.certify.letters import path as letter_path
from autograder.certify.letters import read as read_letter
from autograder.cohort import Cohort, Trainee
from autograder.consents import FILE as CONSENTS
from autograder.data import held, rows
from autograder.errors import CourseError
from autograder.texts import text
from linelab.trainees import written

FORMAT = "course-personal-data/1"
FOLDERS = ("attempts", "executed", "feedback", "receipts", "evidence", "credentials", "exams")  # as they are
PAPERS = "papers"  # of an exam, with the right answers
HIDDEN = ("seeds",)  # of a record's trace
SOMEBODY = text("collect.whose_differs", "en", name="\0").partition("\0")[0]  # begins a remark with a name


@dataclass(frozen=True)
class Copy:
    """What is held on a trainee: `data` to read by machine, `files` by their name in the zip."""

    who: Trainee
    data: dict[str, Any]
    files: dict[str, Path] = field(default_factory=dict)


def gather(cohort: Cohort, book: Book, trainee: str) -> Copy:
    """Gather all that is held on a trainee; CourseError if that is nobody of this cohort."""
    book.catch_up()
    who = cohort.roster().get(trainee)
    own = held.on_ledger(book, trainee)
    if who is None and not own:
        raise CourseError(
            f"{written(trainee)}: is not in {cohort.path / rows.ROSTER}, nothing is held; check the number"
        )
    files = dict(_files(cohort.path, book, trainee))
    said = list(rows.lines(cohort.path, trainee))
    data = {
        "format": FORMAT,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "trainee": written(trainee),
        "edition": cohort.edition,
        "roster": rows.roster_row(cohort.path, trainee),
        "consents": [row for path, row in said if path.name == CONSENTS],
        "attempts": _read_json(cohort.path / "attempts" / trainee),
        "records": [_open(record) for record in _read_json(cohort.path / "answers" / trainee)],
        "marks": list(_marks(cohort, trainee)),
        "gradebook": rows.grades(cohort.path, trainee),
        "reviews": [_unnamed(row) for path, row in said if path.parent.name == rows.REVIEWS],
        "exams": [row for path, row in said if path.name == rows.TAKEN],
        "receipts": [_receipt(row) for row in rows.receipts(cohort.path, trainee)],
        "ledger": [_entry(one, trainee) for one in own],
        "letters": {
            digest: read_letter(cohort.path, digest)
            for one in own
            if (digest := one.data.get("reason")) and letter_path(cohort.path, digest).is_file()
        },
        "certificates": [
            {
                "id": one.id,
                "target": one.decision["target"],
                "issued": bool(one.sha256),
                "revoked": one.revoked,
            }
            for one in register.read(book.history.entries).values()
            if one.trainee == trainee
        ],
        "files": sorted(files),
    }
    return Copy(who or Trainee(trainee), data, files)


def pack(copy: Copy, page: str, target: Path) -> Path:
    """Write the zip, for its owner's eyes alone; CourseError if a file of that name is there."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", page)
        archive.writestr("data.json", json.dumps(copy.data, ensure_ascii=False, indent=1))
        for name, path in sorted(copy.files.items()):
            archive.write(path, f"files/{name}")
    try:
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as stream:
            stream.write(out.getvalue())
    except FileExistsError:
        raise CourseError(f"{target}: is there already; remove it, or name another file with --out") from None
    except OSError as error:
        raise CourseError(f"{target}: {error.strerror}; name another file with --out") from None
    return target


def _files(cohort: Path, book: Book, trainee: str) -> Iterator[tuple[str, Path]]:
    for path in held.paths(cohort, book, trainee):
        place = path.relative_to(cohort).parts
        if place[0] in FOLDERS and PAPERS not in place:
            yield from ((one.relative_to(cohort).as_posix(), one) for one in held.files(path))


def _read_json(folder: Path) -> list[dict[str, Any]]:
    found = []
    for path in sorted(folder.rglob("*.json")):
        try:
            found.append({"assignment": path.parent.name, **json.loads(path.read_text("utf-8"))})
        except (ValueError, TypeError):
            raise CourseError(f"{path}: is damaged; restore it from a copy") from None
    return found


def _open(record: dict[str, Any]) -> dict[str, Any]:
    """A record without what would tell how hidden tests mark."""
    trace = {name: value for name, value in record.get("trace", {}).items() if name not in HIDDEN}
    return {name: value for name, value in record.items() if name != "faults"} | {"trace": trace}


def _entry(entry: Entry, trainee: str) -> dict[str, Any]:
    """A line of the ledger, without the other trainees and the people whom it names."""
    data = {name: value for name, value in entry.data.items() if name != "marked_by"}
    if "trainees" in data:
        data["trainees"] = [trainee]
    said = entries.say(entry.kind, entry.data | data)
    return {"line": entry.seq, "time": entry.time, "kind": entry.kind, "says": said, **data}


def _marks(cohort: Cohort, trainee: str) -> Iterator[dict[str, Any]]:
    for mark in gradebook.marks(cohort, [trainee]):
        try:
            questions = [vars(one) for one in gradebook.details(cohort, trainee, mark.assignment)]
        except CourseError:  # its grading did not end: the points stand, the reasons do not
            questions = []
        yield vars(mark) | {"questions": questions}


def _unnamed(row: dict[str, Any]) -> dict[str, Any]:
    """A mark without the name of whoever gave it, who is another person."""
    return {name: value for name, value in row.items() if name != "grader"}


def _receipt(row: dict[str, Any]) -> dict[str, Any]:
    """A receipt without a name that may be somebody else's."""
    if SOMEBODY in (row.get("repairs") or ""):
        return {name: value for name, value in row.items() if name not in ("repairs", "file")}
    return row
