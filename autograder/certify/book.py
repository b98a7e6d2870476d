"""The ledger with its meaning: an entry that may not be there is refused, when written and when read."""

from __future__ import annotations

from pathlib import Path

from autograder.certify import entries, permit
from autograder.certify.chain import Entry
from autograder.certify.history import History
from autograder.certify.ledger import Ledger
from autograder.errors import CourseError

FILE = "ledger.jsonl"


class Book(Ledger):
    """The ledger of a cohort folder.

    Attributes
    ----------
    history
        What all entries add up to; call `catch_up` first to see what others wrote meanwhile.
    """

    def __init__(self, cohort: Path) -> None:
        super().__init__(cohort / FILE)
        self.cohort = cohort
        self.history = History()

    @classmethod
    def open(cls, cohort: Path) -> Book:
        """Return the ledger of a cohort, read and checked."""
        book = cls(cohort)
        book.catch_up()
        return book

    def accept(self, entry: Entry) -> None:
        """Take an entry in; CourseError if its form, its signature or its author's part in it forbids it."""
        entries.check(entry.kind, entry.data)
        reason = permit.signature_problem(self.history, entry) or permit.problem(self.history, entry)
        if reason:
            raise CourseError(reason)
        self.history.take(entry)

    def forget(self) -> None:
        """Start again from nothing."""
        self.history = History()

    def refuses(self, draft: tuple[str, dict[str, object]], by: str) -> str | None:
        """Return why an entry of this person would be refused now, or None; nothing is written."""
        kind, data = draft
        entries.check(kind, data)
        trial = Entry(len(self.history.entries) + 1, self.now(), kind, data, "", "", by)
        return permit.problem(self.history, trial)
