"""Reads saved e-mails: the files attached, who sent them and when they came."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from autograder.collect.words import RejectedError

MAX_MAIL = 60_000_000  # bytes; attachments grow by a third in an e-mail
MAX_PARTS = 200
# parts without a name that are hand-ins all the same
NAMES = {"application/json": "attachment.json", "application/x-ipynb+json": "attachment.ipynb"}


@dataclass(frozen=True)
class Letter:
    """An e-mail.

    Attributes
    ----------
    sender : str
        Name and address as the e-mail gives them; only a hint.
    came : datetime or None
        When, in UTC.
    by_server : bool
        Whether the time is the receiving server's; else it is the sender's.
    files : tuple of (str, bytes)
        Name and content of each file attached.
    """

    sender: str
    came: datetime | None
    by_server: bool
    files: tuple[tuple[str, bytes], ...]


def read_letter(content: bytes) -> Letter:
    """Take an e-mail apart; RejectedError if it is none or holds no file."""
    try:
        message = email.message_from_bytes(content, policy=email.policy.default)
        files = tuple(_files(message))
        sender = str(message.get("From", ""))
        received, date = str(message.get("Received", "")), str(message.get("Date", ""))
        is_mail = bool(message.keys()) and (bool(sender) or bool(received) or bool(date) or bool(files))
    except RejectedError:
        raise
    except Exception:  # the parser raises many kinds for what a hostile e-mail may hold
        raise RejectedError("mail_damaged") from None
    if not is_mail:
        raise RejectedError("mail_damaged")
    if not files:
        raise RejectedError("mail_empty")
    # the topmost Received is written last, by the server that the e-mail was fetched from
    arrived = _time(received.rpartition(";")[2])
    return Letter(sender, arrived or _time(date), arrived is not None, files)


def _files(message: EmailMessage) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for count, part in enumerate(message.walk()):
        if count > MAX_PARTS:
            raise RejectedError("mail_parts", limit=MAX_PARTS)
        if part.is_multipart():
            continue
        name = part.get_filename() or NAMES.get(part.get_content_type())
        content = part.get_payload(decode=True)
        if name and isinstance(content, bytes):
            found.append((name.replace("\\", "/").rpartition("/")[2] or "attachment", content))
    return found


def _time(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(" ".join(text.split()))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
