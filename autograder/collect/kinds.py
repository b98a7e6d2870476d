"""What a file is, by its name and its first bytes, before anything of it is read."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import PurePosixPath

FIRST = 64  # bytes that tell the kind
# what systems and programs leave beside people's files
JUNK_FOLDERS = {"__macosx", ".ipynb_checkpoints", "__pycache__", "$recycle.bin"}
JUNK_FILES = {"thumbs.db", "desktop.ini"}
ARCHIVES = {".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".cab", ".iso"}
EXPORTS = {
    *(".py", ".html", ".htm", ".mhtml", ".docx", ".doc", ".pdf", ".odt", ".rtf", ".md", ".tex"),
    *(".xlsx", ".pptx"),
}
MAILBOXES = {".msg", ".mbox", ".pst", ".ost", ".emlx"}
SIGNATURES = {b"Rar!": "archive", b"7z\xbc\xaf": "archive", b"\x1f\x8b": "archive", b"%PDF": "export"}
BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Kind(Enum):
    """What to do with a file."""

    JUNK = auto()
    ZIP = auto()
    MAIL = auto()
    NOTEBOOK = auto()  # a hand-in file or a notebook, or something that pretends to be one
    ARCHIVE = auto()
    EXPORT = auto()
    MAILBOX = auto()
    OTHER = auto()


def is_junk(parts: tuple[str, ...]) -> bool:
    """Whether a path, in its parts, is nothing that a person put there."""
    names = [part.lower() for part in parts]
    return (
        any(name in JUNK_FOLDERS for name in names)
        or any(name.startswith((".", "~$")) and name not in (".", "..") for name in names)
        or (bool(names) and names[-1] in JUNK_FILES)
    )


def kind_of(name: str, first: bytes) -> Kind:
    """The kind of a file with that name and these first bytes."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in EXPORTS:  # some of them are zips inside
        return Kind.EXPORT
    if suffix in MAILBOXES:
        return Kind.MAILBOX
    if suffix == ".eml":
        return Kind.MAIL
    for signature, kind in SIGNATURES.items():
        if first.startswith(signature):
            return Kind.ARCHIVE if kind == "archive" else Kind.EXPORT
    if suffix in ARCHIVES:
        return Kind.ARCHIVE
    if suffix == ".zip" or first.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Kind.ZIP
    if suffix in (".json", ".ipynb") or _opens_like_json(first):
        return Kind.NOTEBOOK
    return Kind.OTHER


def _opens_like_json(first: bytes) -> bool:
    """Browsers and Notepad like to add .txt to a notebook's name."""
    for bom in BOMS:
        first = first.removeprefix(bom)
    return first.replace(b"\0", b"").lstrip()[:1] == b"{"
