"""A project's folder as a whole: sheet, data, documents and what the data say, all of it checked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from autograder.certify.evidence import documents, series, sheet
from autograder.certify.evidence.documents import Document
from autograder.certify.evidence.findings import Findings, compare
from autograder.certify.evidence.series import AFTER, Series
from autograder.certify.evidence.sheet import Sheet
from autograder.errors import CourseError


@dataclass(frozen=True)
class Project:
    """A folder that was read and found whole."""

    path: Path
    sheet: Sheet
    series: Series
    documents: tuple[Document, ...]
    findings: Findings

    @property
    def confirmed(self) -> bool:
        """Whether the company's written confirmation is there."""
        return self.sheet.confirmation is not None

    @property
    def pictures(self) -> int:
        """How many pictures the documents are or hold; somebody has to look at them."""
        return sum(one.pictures for one in self.documents)


def read(path: Path, pictures: Collection[str] = (), today: date | None = None) -> Project:
    """Read and check a project's folder.

    Parameters
    ----------
    path : Path
        The folder.
    pictures : collection of str
        Pictures in it that show no person, by their paths in it.
    today : date, optional
        Nothing may be later; by default today.

    Raises
    ------
    CourseError
        One line that names the file, the field and the fix.
    """
    today = today or datetime.now(UTC).astimezone().date()
    if not path.is_dir():
        raise CourseError(f"{path}: is no folder; name the one with the project's files")
    found = sheet.read(path)
    listed = documents.read(path, pictures)
    names = {one.path for one in listed}
    if found.data not in names:
        raise CourseError(f"{path / sheet.FILE}: data.file: there is no {found.data} in the folder; add it")
    data = series.read(path / found.data, found, today)
    _confirmation(path, found, names, data, today)
    return Project(path, found, data, tuple(listed), compare(data, found))


def _confirmation(path: Path, found: Sheet, names: set[str], data: Series, today: date) -> None:
    confirmed = found.confirmation
    if confirmed is None:
        return
    where = f"{path / sheet.FILE}: confirmation"
    if confirmed.file not in names or confirmed.file in (sheet.FILE, found.data):
        raise CourseError(f"{where}.file: there is no confirmation {confirmed.file} in the folder; add it")
    last = max(row.first for row in data.of(AFTER))
    if not last <= confirmed.on <= today:
        raise CourseError(
            f"{where}.date: {confirmed.on} is not between the last value ({last}) and today; the company "
            f"confirms all of it, once it is there"
        )
