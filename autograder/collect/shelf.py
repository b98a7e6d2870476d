"""Puts hand-ins beside the attempts that there are: decides whether one is new, and keeps it."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from autograder.cohort import Cohort
from autograder.collect.attempts import COLLECTED, Attempt, Brought, attempts, note_of
from autograder.collect.unpack import Sent
from autograder.files import write


class Verdict(Enum):
    """What a hand-in is, beside those that there are."""

    NEW = "new"
    SAME_FILE = "same_file"  # this very file was collected before
    SAME_WORK = "same_work"  # another file, but it says what the attempt before or after it says


@dataclass(frozen=True)
class HandIn:
    """Work to be kept: its hash, the hash of the file that brought it, and what is known of when."""

    sha256: str
    file: str
    sent: Sent | None
    made: str

    @property
    def brought(self) -> Brought:
        """How the note names the file. Only an e-mail's time is that of one sending: each has its own."""
        is_mail = self.sent is not None and self.sent.by.startswith("mail")
        return Brought(self.file, self.sent.when.isoformat() if self.sent and is_mail else "")


def on_record(known: Sequence[Attempt], given: HandIn) -> Attempt | None:
    """The attempt that this very file brought.

    The last thing that a trainee hands in counts, also if it is the same as an earlier one. But a download
    that is collected again holds nothing new, so a file that is on record stays what it was; only a further
    e-mail with it is a further handing in. Each hand-in file has its own time in it, so that work that is
    handed in again comes in another file.
    """
    for attempt in known:
        if given.sha256 == attempt.sha256 and _brought(attempt, given):
            return attempt
    return None


def _brought(attempt: Attempt, given: HandIn) -> bool:
    files = [file for file in attempt.brought if file.sha256 == given.file]
    sent = given.brought.sent
    if not sent or any(file.sent == sent for file in files):
        return bool(files)
    # a file that came without a time, as out of a folder, is the one that had been sent by then
    return any(not file.sent for file in files) and attempt.collected >= datetime.fromisoformat(sent)


def beside(known: Sequence[Attempt], given: HandIn, when: datetime) -> Attempt | None:
    """The attempt just before or after `when`, of those in order, if it says the same as the hand-in."""
    before = [attempt for attempt in known if attempt.handed_in <= when]
    after = [attempt for attempt in known if attempt.handed_in > when]
    neighbours = (*before[-1:], *after[:1])
    return next((attempt for attempt in neighbours if attempt.sha256 == given.sha256), None)


class Shelf:
    """The attempts of a cohort during one run; those of a trainee at an assignment are read once."""

    def __init__(self, cohort: Cohort, now: datetime) -> None:
        self._cohort, self._now = cohort, now
        self._known: dict[tuple[str, str], list[Attempt]] = {}

    def known(self, trainee: str, assignment: str) -> list[Attempt]:
        """The attempts in order; CourseError if one was changed."""
        key = trainee, assignment
        if key not in self._known:
            self._known[key] = attempts(self._cohort, trainee, assignment)
        return self._known[key]

    def keep(self, trainee: str, assignment: str, content: bytes, given: HandIn) -> tuple[Verdict, Attempt]:
        """Keep a hand-in as a new attempt, or note at the attempt that it is that it came again."""
        known = self.known(trainee, assignment)
        if same := on_record(known, given):
            return Verdict.SAME_FILE, self._change(same, _learned(same, given))
        when = given.sent.when if given.sent else self._now
        self._part(known, given, when)
        if same := beside(known, given, when):
            made = max(same.made, given.made)
            return Verdict.SAME_WORK, self._change(same, replace(_learned(same, given), made=made))
        return Verdict.NEW, self._add(trainee, assignment, content, given, (given.brought,))

    def _part(self, known: list[Attempt], given: HandIn, when: datetime) -> None:
        """Make two of an attempt that was sent before and after `when` if something else comes in between."""
        for attempt in known:
            later = [x for x in attempt.brought if x.sent and datetime.fromisoformat(x.sent) > when]
            if later and attempt.handed_in <= when and attempt.sha256 != given.sha256:
                first = min(later, key=lambda file: file.sent)
                sent = Sent(datetime.fromisoformat(first.sent), "mail_sender")
                again = HandIn(attempt.sha256, first.sha256, sent, attempt.made)
                content = attempt.path.read_bytes()
                self._add(attempt.trainee, attempt.assignment, content, again, tuple(later))
                left = tuple(file for file in attempt.brought if file not in later)
                self._change(attempt, replace(attempt, brought=left))
                return

    def _change(self, attempt: Attempt, learned: Attempt) -> Attempt:
        """Write what was learned of an attempt into its note."""
        if learned != attempt:
            write(attempt.path.with_suffix(".json"), json.dumps(note_of(learned), indent=1))
            known = self._known[attempt.trainee, attempt.assignment]
            known[known.index(attempt)] = learned
            known.sort(key=lambda a: a.order)
        return learned

    def _add(
        self,
        trainee: str,
        assignment: str,
        content: bytes,
        given: HandIn,
        brought: tuple[Brought, ...],
    ) -> Attempt:
        known = self._known[trainee, assignment]
        # not their count: one may have been taken out
        number = max((attempt.number for attempt in known), default=0) + 1
        folder = self._cohort.path / "attempts" / trainee / assignment
        path = folder / f"{number:03d}-{given.sha256[:12]}.ipynb"
        earlier = next((attempt for attempt in known if attempt.sha256 == given.sha256), None)
        attempt = Attempt(
            trainee,
            assignment,
            number,
            given.sha256,
            path,
            given.sent.when if given.sent else self._now,
            self._now,
            given.sent.by if given.sent else COLLECTED,
            given.made,
            earlier.number if earlier else 0,
            brought,
        )
        write(path.with_suffix(".json"), json.dumps(note_of(attempt), indent=1))
        if earlier is None or not _linked(earlier, attempt):
            write(path, content)  # last: with it the attempt is there
        known.append(attempt)
        known.sort(key=lambda a: a.order)
        return attempt


def _learned(attempt: Attempt, given: HandIn) -> Attempt:
    """The attempt with a further file on record, and the earlier time if the file brings one."""
    if given.brought not in attempt.brought:
        attempt = replace(attempt, brought=(*attempt.brought, given.brought))
    if given.sent and given.sent.when < attempt.handed_in:
        attempt = replace(attempt, handed_in=given.sent.when, time_by=given.sent.by)
    return attempt


def _linked(earlier: Attempt, attempt: Attempt) -> bool:
    """Let both attempts share one file on the disk, where the disk can do that."""
    try:
        os.link(earlier.path, attempt.path)
    except OSError:
        return False
    return True
