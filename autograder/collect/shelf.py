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


def decide(known: Sequence[Attempt], given: HandIn, now: datetime) -> tuple[Verdict, Attempt | None]:
    """Whether a hand-in is a new attempt, or one of those known, which are in their order.

    The last thing that a trainee hands in counts, also if it is the same as an earlier one. But a download
    that is collected again holds nothing new, so a file that is on record stays what it was; only a further
    e-mail with it is a further handing in. Page and notebook write their own time into each hand-in file,
    so that a file is on record only if it is that very one.
    """
    for attempt in known:
        if given.sha256 == attempt.sha256 and _is_on_record(attempt, given):
            return Verdict.SAME_FILE, attempt
    when = given.sent.when if given.sent else now
    before = [attempt for attempt in known if attempt.handed_in <= when]
    after = [attempt for attempt in known if attempt.handed_in > when]
    for neighbour in (*before[-1:], *after[:1]):
        if neighbour.sha256 == given.sha256:
            return Verdict.SAME_WORK, neighbour
    return Verdict.NEW, None


def _is_on_record(attempt: Attempt, given: HandIn) -> bool:
    files = [file for file in attempt.brought if file.sha256 == given.file]
    sent = given.brought.sent
    if not sent or not files:
        return bool(files)
    if any(file.sent == sent for file in files):
        return True
    # a file that came without a time, as out of a folder, is the one that had been sent by then
    return any(not file.sent for file in files) and attempt.collected >= datetime.fromisoformat(sent)


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
        verdict, same = decide(known, given, self._now)
        if same is None:
            attempt = self._add(trainee, assignment, content, given)
        else:
            attempt = _learned(same, given, verdict)
            if attempt != same:
                write(attempt.path.with_suffix(".json"), json.dumps(note_of(attempt), indent=1))
                known.remove(same)
        if attempt not in known:
            known.append(attempt)
            known.sort(key=lambda a: a.order)
        return verdict, attempt

    def _add(self, trainee: str, assignment: str, content: bytes, given: HandIn) -> Attempt:
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
            (given.brought,),
        )
        write(path.with_suffix(".json"), json.dumps(note_of(attempt), indent=1))
        if earlier is None or not _linked(earlier, attempt):
            write(path, content)  # last: with it the attempt is there
        return attempt


def _learned(attempt: Attempt, given: HandIn, verdict: Verdict) -> Attempt:
    """The attempt with a further file on record, and the earlier time if the file brings one."""
    if given.brought not in attempt.brought:
        attempt = replace(attempt, brought=(*attempt.brought, given.brought))
    if verdict is Verdict.SAME_WORK:  # made once more; not so a copy of the file, whose date says nothing
        attempt = replace(attempt, made=max(attempt.made, given.made))
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
