"""Receipts: what became of each notebook; COHORT/receipts.csv has all of them, in the order of collecting."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.collect.words import Note, one_line

FIELDS = (
    *("when", "file", "status", "trainee", "assignment", "attempt", "reason"),
    *("number", "handed_in", "time_by", "repairs"),
)


@dataclass(frozen=True)
class Receipt:
    """What became of one notebook.

    Attributes
    ----------
    file : str
        Where it was.
    status : str
        accepted, duplicate or rejected.
    trainee, assignment : str
        As far as they were found out.
    attempt : str
        SHA-256 of the notebook as it is kept.
    number : int
        Which attempt it is.
    handed_in, time_by : str
        When, and who says so.
    why : tuple of Note
        Why it was not accepted, or does not count, or counts less.
    done : tuple of Note
        How it was recognised, and what was mended.
    language : str
        The trainee's; the cohort's while the trainee is unknown.
    """

    file: str
    status: str
    trainee: str = ""
    assignment: str = ""
    attempt: str = ""
    number: int = 0
    handed_in: str = ""
    time_by: str = ""
    why: tuple[Note, ...] = ()
    done: tuple[Note, ...] = ()
    language: str = "en"

    @property
    def reason(self) -> str:
        """Why, in the trainee's language and for the operator in English; one line."""
        said = [" ".join(note.text(x) for note in self.why) for x in dict.fromkeys((self.language, "en"))]
        return " · ".join(dict.fromkeys(line for line in said if line))

    @property
    def repairs(self) -> str:
        """What was mended and how it was recognised, for the operator; one line."""
        return " ".join(note.text("en") for note in self.done)


def log(folder: Path, receipts: Sequence[Receipt]) -> None:
    """Add receipts to the cohort's list."""
    path = folder / "receipts.csv"
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if is_new:
            writer.writerow(FIELDS)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        for receipt in receipts:
            row = {"when": when, "number": receipt.number or ""} | {
                name: getattr(receipt, name) for name in FIELDS if name not in ("when", "number")
            }
            writer.writerow([_safe(str(row[name])) for name in FIELDS])


def _safe(value: str) -> str:
    """What begins like a formula would be run as one by a spreadsheet."""
    value = one_line(value)
    return f"'{value}" if value[:1] in ("=", "+", "-", "@") else value
