"""From a file on the disk to the hand-ins in it: zips and e-mails opened, the rest passed on or refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import BinaryIO

from autograder.collect.archives import MAX_BYTES, Archive, Entry
from autograder.collect.disk import Lying, opened
from autograder.collect.kinds import FIRST, Kind, is_junk, kind_of
from autograder.collect.mail import MAX_MAIL, read_letter
from autograder.collect.words import Note, RejectedError, one_line

MOST = 2  # zips in each other, or e-mails
MOODLE = "_assignsubmission_file"
REFUSED = {Kind.ARCHIVE: "archive", Kind.EXPORT: "export", Kind.MAILBOX: "mailbox", Kind.OTHER: "kind"}


@dataclass(frozen=True)
class Sent:
    """When something was handed in, by somebody other than the trainee: `by` is the key of the words."""

    when: datetime
    by: str


@dataclass(frozen=True)
class Found:
    """Something that may be a hand-in.

    Attributes
    ----------
    place : str
        Where it was, as the receipt shows it.
    names : tuple of str
        Its name and those around it, innermost first: folders, zips, senders.
    content : bytes
    refused : Note or None
        Why it cannot be taken.
    sent : Sent or None
        When it was handed in, if anybody but the trainee says so.
    dated : datetime or None
        The file's own date, which anybody can set.
    """

    place: str
    names: tuple[str, ...]
    content: bytes = b""
    refused: Note | None = None
    sent: Sent | None = None
    dated: datetime | None = None


@dataclass(frozen=True)
class _Around:
    """How many of each kind are around something."""

    zips: int = 0
    mails: int = 0


@dataclass
class Unpacker:
    """Opens what it is given; `passed` collects the names of files that are no hand-ins."""

    zone: tzinfo
    now: datetime
    passed: list[str] = field(default_factory=list)
    advance: Callable[[int], None] = lambda _: None  # bytes of the file on the disk that are done

    def unpack(self, lying: Lying) -> Iterator[Found]:
        """All hand-ins of a file; one that cannot be opened is said, and the others go on."""
        at = Found(one_line(str(lying.path)), lying.names, dated=self._past(lying.dated))
        left = lying.size
        try:
            with opened(lying.path) as stream:
                first = stream.read(FIRST)
                stream.seek(0)
                kind = kind_of(lying.names[0], first)
                if kind is Kind.ZIP:
                    for weight, found in self._zip(at, stream, _Around()):
                        yield from found
                        left -= weight
                        self.advance(weight)
                elif kind is Kind.OTHER and not lying.named:
                    self.passed.append(lying.names[0])
                else:
                    yield from self._take(at, kind, stream.read(_limit(kind) + 1), _Around())
        except RejectedError as error:
            yield replace(at, refused=error.note)
        except OSError as error:
            yield replace(at, refused=RejectedError("unreadable", why=error.strerror).note)
        self.advance(max(left, 0))

    def _take(self, at: Found, kind: Kind, content: bytes, around: _Around) -> Iterator[Found]:
        """What there is in the content of a file; RejectedError if it is nothing to be taken."""
        if kind in REFUSED:
            raise RejectedError(REFUSED[kind])
        if len(content) > _limit(kind):
            raise RejectedError("too_big", limit=_limit(kind) // 1_000_000)
        if kind is Kind.ZIP:
            for _, found in self._zip(at, io.BytesIO(content), around):
                yield from found
        elif kind is Kind.MAIL:
            yield from self._mail(at, content, around)
        else:
            yield replace(at, content=content)

    def _zip(self, at: Found, stream: BinaryIO, around: _Around) -> Iterator[tuple[int, Iterator[Found]]]:
        """Each entry's weight with what is in it."""
        if around.zips >= MOST:
            raise RejectedError("zip_depth")
        for entry in Archive(stream, inside=around != _Around()):
            if not is_junk(entry.parts):
                yield entry.weight, self._entry(at, entry, around)

    def _entry(self, at: Found, entry: Entry, around: _Around) -> Iterator[Found]:
        here = replace(
            at,
            place=one_line(f"{at.place} › {'/'.join(entry.parts)}"),
            names=(*reversed(entry.parts), *at.names),
            dated=self._past(entry.dated(self.zone)) or at.dated,
        )
        # in a zip that somebody made at home the dates are that person's; Moodle's are the server's
        if around == _Around() and here.dated and any(MOODLE in part for part in entry.parts):
            here = replace(here, sent=Sent(here.dated, "moodle"))
        try:
            kind = kind_of(entry.parts[-1], entry.first(FIRST))
            if kind is Kind.OTHER:
                self.passed.append(entry.parts[-1])
                return
            content = b"" if kind in REFUSED else entry.read(_limit(kind))
            yield from self._take(here, kind, content, replace(around, zips=around.zips + 1))
        except RejectedError as error:
            yield replace(here, refused=error.note)

    def _mail(self, at: Found, content: bytes, around: _Around) -> Iterator[Found]:
        if around.mails >= MOST:
            raise RejectedError("mail_depth")
        letter = read_letter(content)
        came = self._past(letter.came)
        sent = Sent(came, "mail_server" if letter.by_server else "mail_sender") if came else None
        mail = replace(at, names=(letter.sender, *at.names), sent=at.sent or sent)
        taken = 0
        for name, part in letter.files:
            kind = kind_of(name, part[:FIRST])
            if kind is Kind.OTHER or is_junk((name,)):
                self.passed.append(name)
                continue
            taken += 1
            here = replace(mail, place=one_line(f"{at.place} › {name}"), names=(name, *mail.names))
            try:
                yield from self._take(here, kind, part, replace(around, mails=around.mails + 1))
            except RejectedError as error:
                yield replace(here, refused=error.note)
        if not taken:
            yield replace(mail, refused=RejectedError("mail_empty").note)

    def _past(self, moment: datetime | None) -> datetime | None:
        """A date, unless it lies in the future; clocks and zones may differ by some hours."""
        if moment is None or moment > self.now + timedelta(days=1):
            return None
        return min(moment, self.now).astimezone(UTC)


def _limit(kind: Kind) -> int:
    return MAX_MAIL if kind is Kind.MAIL else MAX_BYTES
