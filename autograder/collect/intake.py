"""Takes hand-ins into the cohort folder, each with a receipt; runs nothing.

A file goes this way: found (`disk`, `unpack`) → read (`reading`) → form mended (`shape`) → recognised
(`which`, `whose`) → marks restored (`restore`) → kept (`shelf`) → said (`receipts`, `letters`).
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.collect.disk import list_files
from autograder.collect.letters import write_letter
from autograder.collect.reading import Given, read_notebooks
from autograder.collect.receipts import Receipt, log
from autograder.collect.restore import restore
from autograder.collect.shape import check_shape, mend_shape
from autograder.collect.shelf import HandIn, Shelf, Verdict
from autograder.collect.standing import standings
from autograder.collect.unpack import Found, Sent, Unpacker
from autograder.collect.which import recognise
from autograder.collect.whose import Names, by_itself, known
from autograder.collect.words import Note, RejectedError, note
from autograder.errors import CourseError
from autograder.files import alone
from autograder.rules import Rules, load_rules
from linelab.trainees import is_trainee_id, normalise

MANY = 20  # files, or
MUCH = 2_000_000  # bytes, from which on a bar is shown


def collect(
    cohort: Cohort,
    paths: Sequence[Path],
    *,
    handed_in: datetime | None = None,
    passed: list[str] | None = None,
    progress: bool = False,
) -> list[Receipt]:
    """Take in files, folders, zips and e-mails, in any mix; the rest goes on after a bad one.

    Parameters
    ----------
    cohort : Cohort
        The class.
    paths : sequence of Path
        What to take in.
    handed_in : datetime, optional
        When all this had been handed in, as the operator knows; else what no e-mail or Moodle has a time
        for counts as handed in now.
    passed : list of str, optional
        Gets the names of files in folders and zips that are no hand-ins.
    progress : bool
        Show a bar when there are many files.

    Returns
    -------
    list of Receipt
        One a notebook, or a file that is none.

    Raises
    ------
    CourseError
        If the cohort folder is damaged, or another run is at work on it.
    """
    with alone(cohort.path / ".collecting", "course collect"):
        run = _Run(cohort, cohort.roster(), load_rules(cohort.path), datetime.now(UTC), handed_in)
        files = list_files(paths)
        size = sum(file.size for file in files)
        is_long = len(files) > MANY or size > MUCH
        is_shown = progress and is_long and sys.stderr.isatty()
        with click.progressbar(length=size, label="Collecting", file=sys.stderr, hidden=not is_shown) as bar:
            passed = [] if passed is None else passed
            unpacker = Unpacker(run.rules.zone, run.now, passed, lambda size: bar.update(size))
            try:
                for file in files:
                    for found in unpacker.unpack(file):
                        said = list(run.take(found))
                        # at once: what was taken is on record even if this run is stopped
                        log(cohort.path, said)
                        run.receipts += said
            finally:
                run.write_letters()
    return run.receipts


@dataclass
class _Run:
    """One run of collecting: what is known meanwhile."""

    cohort: Cohort
    roster: Mapping[str, Trainee]
    rules: Rules
    now: datetime
    stated: datetime | None
    receipts: list[Receipt] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = Names(self.roster)
        self.shelf = Shelf(self.cohort, self.now)

    def take(self, found: Found) -> Iterator[Receipt]:
        """The receipts for what was found."""
        if self.stated and (found.sent is None or self.stated < found.sent.when):
            found = replace(found, sent=Sent(self.stated, "stated"))
        try:
            if found.refused:
                yield self._refused(found, found.refused)
                return
            for given in read_notebooks(found.content, found.names[0]):
                yield self._notebook(found, given)
        except RejectedError as error:
            yield self._refused(found, error.note)

    def _refused(self, found: Found, why: Note) -> Receipt:
        """The receipt for a file that nothing can be read of but its name."""
        try:
            guess = self.names.find(found.names)
        except RejectedError:
            guess = None
        trainee = guess[0] if guess else ""
        return Receipt(found.place, "rejected", trainee, why=(why,), language=self._language(trainee))

    def _language(self, trainee: str) -> str:
        return self.roster[trainee].language if trainee in self.roster else self.cohort.language

    def _notebook(self, found: Found, given: Given) -> Receipt:
        """Take one notebook of a file; a bad one is no matter to the others beside it."""
        claimed = given.claim.trainee
        trainee, assignment = normalise(claimed) if is_trainee_id(claimed) else "", ""
        try:
            notebook, done = given.notebook, [*given.mended]
            done += mend_shape(notebook)
            who = by_itself(notebook, claimed) or self.names.find(found.names)
            trainee = who[0] if who else ""
            which = recognise(notebook, given.name)
            if who is None:
                raise RejectedError("no_trainee")
            known(trainee, self.roster)
            assignment = which.assignment
            if which.edition != self.cohort.edition:
                raise RejectedError("edition", given=which.edition[:40], wanted=self.cohort.edition)
            person = filter(None, (who[1], self._doubt(found, trainee)))
            done = [*which.said, *person, *done, *restore(notebook, which)]
            check_shape(notebook)
            receipt = self._keep(found, given, trainee, assignment, _content(notebook))
            return replace(receipt, done=tuple(done))
        except RejectedError as error:
            why: tuple[Note, ...] = (error.note,)
        except CourseError as error:  # a fault in the cohort folder, for the operator to mend
            why = note("fault"), note("detail", why=error.message)
        except Exception as error:  # a fault of ours with one file must not stop the others either
            said = f"{type(error).__name__}: {error}; please report this with the file"
            why = note("fault"), note("detail", why=said[:300])
        return Receipt(
            found.place, "rejected", trainee, assignment, why=why, language=self._language(trainee)
        )

    def _doubt(self, found: Found, trainee: str) -> Note | None:
        """Anybody can write another's number: what if Moodle's folder, or the sender, is somebody else?"""
        try:
            guess = self.names.find(found.names)
        except RejectedError:
            return None
        return note("whose_differs", **guess[1].values) if guess and guess[0] != trainee else None

    def _keep(self, found: Found, given: Given, trainee: str, assignment: str, content: bytes) -> Receipt:
        hand_in = HandIn(
            hashlib.sha256(content).hexdigest(),
            hashlib.sha256(found.content).hexdigest(),
            found.sent,
            _made(given.claim.made, found.dated),
        )
        before = self.shelf.known(trainee, assignment)[-1:]
        verdict, attempt = self.shelf.keep(trainee, assignment, content, hand_in)
        found_all = standings(self.shelf.known(trainee, assignment), self.rules)
        standing = next(s for s in found_all if s.attempt == attempt)
        why = []
        if verdict is not Verdict.NEW:
            why.append(note("duplicate", number=attempt.number))
            if before and before[0] != attempt and before[0].number != attempt.number:
                why.append(note("duplicate_old", number=before[0].number))
        elif attempt.same_as:
            why.append(note("again", number=attempt.same_as))
        if verdict is Verdict.NEW and found_all[-1] is not standing:
            why.append(note("older", number=found_all[-1].attempt.number))
        return Receipt(
            found.place,
            "accepted" if verdict is Verdict.NEW else "duplicate",
            trainee,
            assignment,
            attempt.sha256,
            attempt.number,
            attempt.handed_in.isoformat(timespec="seconds"),
            attempt.time_by,
            (*why, *standing.notes(self.rules)),
            language=self._language(trainee),
        )

    def write_letters(self) -> None:
        """A text for each trainee of whom something was collected."""
        of: dict[str, list[Receipt]] = defaultdict(list)
        for receipt in self.receipts:
            if receipt.trainee in self.roster:
                of[receipt.trainee].append(receipt)
        for trainee, receipts in of.items():
            kept = []
            for name in assignments():
                try:
                    kept.append(standings(self.shelf.known(trainee, name), self.rules))
                except CourseError:  # said on the receipt of the file that met it, and by grading
                    continue
            now = self.rules.shown(self.now)
            write_letter(self.cohort, self.roster[trainee], receipts, kept, self.rules, now)


def _content(notebook: dict[str, Any]) -> bytes:
    try:
        return json.dumps(notebook, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # JSON can hold half a character, which no file can
        raise RejectedError("not_notebook", why="half a character") from None


def _made(claimed: str, dated: datetime | None) -> str:
    """When the trainee's machine says that it was made, in UTC, or as the file's date has it."""
    try:
        moment = datetime.fromisoformat(claimed)
        made = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        if dated is None:
            return ""
        made = dated
    return made.isoformat(timespec="milliseconds")
