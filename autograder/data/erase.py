"""Erases what is held on a trainee. The ledger keeps numbers and hashes, and says that it was done.

The order makes a kill at any moment harmless. First the ledger says that the trainee's data are erased, so
that nothing brings them back; then everything goes, and last the line of the roster, by which a further run
knows the name to look for. Each step may be done again.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from autograder.certify import issue, register
from autograder.certify.book import Book
from autograder.certify.chain import Signer
from autograder.cohort import Cohort, Trainee
from autograder.data import held, rows
from autograder.errors import CourseError
from autograder.files import alone
from linelab.trainees import written

LARGEST = 50_000_000  # bytes of a file that is searched for the name


@dataclass(frozen=True)
class Plan:
    """What would go.

    Attributes
    ----------
    who : Trainee
        With an empty name if the roster has no line any more.
    paths : list of Path
        Files and folders that are the trainee's alone.
    lines : dict
        Places where lines go, with their number.
    certificates : list of register.Credential
        Those of the trainee: the holder keeps a copy, and it stays as valid as it was.
    erased : bool
        The ledger says already that it was done.
    enrolled : bool
        The roster has a line.
    """

    who: Trainee
    paths: list[Path]
    lines: dict[str, int]
    certificates: list[register.Credential] = field(default_factory=list)
    erased: bool = False
    enrolled: bool = True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to go."""
        return self.erased and not self.enrolled and not self.paths and not self.lines


def plan(cohort: Cohort, book: Book, trainee: str) -> Plan:
    """What is held on a trainee; CourseError if that is nobody of this cohort."""
    book.catch_up()
    known = cohort.roster().get(trainee)
    paths = held.paths(cohort.path, book, trainee)
    lines: dict[str, int] = {}
    for path, _ in rows.lines(cohort.path, trainee):
        place = path.relative_to(cohort.path).as_posix()
        lines[place] = lines.get(place, 0) + 1
    if found := rows.receipts(cohort.path, trainee):
        lines[rows.RECEIPTS] = len(found)
    if grades := rows.grades(cohort.path, trainee):
        lines["gradebook"] = sum(map(len, grades.values()))
    erased = trainee in book.history.erased
    if known is None and not erased and not paths and not lines and not held.on_ledger(book, trainee):
        raise CourseError(
            f"{written(trainee)}: is not in {cohort.path / rows.ROSTER}, nothing is held; check the number"
        )
    return Plan(
        known or Trainee(trainee),
        paths,
        lines,
        [one for one in register.read(book.history.entries).values() if one.trainee == trainee],
        erased,
        known is not None,
    )


def erase(cohort: Cohort, book: Book, what: Plan, signer: Signer | None) -> None:
    """Erase what a plan lists.

    Parameters
    ----------
    cohort, book : Cohort, Book
        The class and its ledger.
    what : Plan
        What `plan` gave.
    signer : Signer or None
        A registrar; None where the ledger has no people, or says already that it was done.

    Raises
    ------
    CourseError
        If another command is at work on the cohort, or the ledger refuses.
    """
    trainee = what.who.id
    with ExitStack() as stack:
        stack.enter_context(alone(cohort.path / ".collecting", "course collect"))
        stack.enter_context(alone(cohort.path / ".grading", "course grade"))
        if (cohort.path / "credentials").exists():
            stack.enter_context(issue.alone(cohort.path))
        book.catch_up()
        if trainee not in book.history.erased and book.history.people:
            book.append("erasure", {"trainee": trainee}, signer)
        rows.remove_grades(cohort.path, trainee)  # before the records, without which grades are a fault
        rows.leave_nothing(cohort.path)
        rows.remove_receipts(cohort.path, what.who)
        rows.remove_lines(cohort.path, trainee)
        for path in held.paths(cohort.path, book, trainee):  # as it is now that nobody adds to it
            remove(path)
        for name in held.REPORTS:  # pages on all, which show names and texts
            remove(cohort.path / name)
        for name in (rows.RECEIPTS, rows.ROSTER):
            remove(cohort.path / f"{name}.new")  # what a crash left of writing it
        rows.remove_from_roster(cohort.path, trainee)


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def named_in(cohort: Path, who: Trainee) -> Iterator[Path]:
    """Files of the cohort that hold the name or the address in plain text; somebody has to look at them."""
    needles = {
        form
        for text in (who.name, who.email)
        if len(text) > 3
        for kind in ("NFC", "NFD")
        for plain in [unicodedata.normalize(kind, text)]
        for form in (plain.encode(), json.dumps(plain)[1:-1].encode())
    }
    if not needles:
        return
    for path in sorted(cohort.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST:
            continue
        if fnmatch.fnmatch(path.name, "*.lock"):
            continue
        content = path.read_bytes()
        if any(needle in content for needle in needles):
            yield path
