"""The people of the staff: each with a number, an Ed25519 key of their own, and a key file to sign with.

The private key lies in a file that only its owner's passphrase opens, in a folder of the owner's choice
(by default ``~/.config/course/people``), never in the cohort's folder. The ledger holds number, public
key and roles; ``people.yml`` of the cohort holds the names, and can be erased.
"""

from __future__ import annotations

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from autograder.certify.chain import canonical
from autograder.certify.sealed import LEAST, seal, unseal, write_new
from autograder.errors import CourseError
from autograder.files import write
from linelab.trainees import ALPHABET

KEY_FORMAT = "course-person-key/1"
CARD_FORMAT = "course-person/1"
NAMES = "people.yml"


@dataclass(frozen=True)
class Card:
    """The public side of a key: what the registrar needs to put a person on the ledger."""

    person: str
    public: str
    proof: str


@dataclass(frozen=True)
class Signer:
    """A person with an unlocked key."""

    id: str
    key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        """The public key in hexadecimal digits."""
        return self.key.public_key().public_bytes_raw().hex()

    @property
    def card(self) -> Card:
        """The public side, with the proof that the owner has the private one."""
        return Card(self.id, self.public, self.sign(_claim(self.id, self.public)))

    def sign(self, content: bytes) -> str:
        """Return the signature in hexadecimal digits."""
        return self.key.sign(content).hex()


def number(public: str) -> str:
    """Return the number of the person whose first key this is."""
    value = int.from_bytes(hashlib.sha256(bytes.fromhex(public)).digest()[:4], "big") >> 2
    return "P-" + "".join(ALPHABET[value >> shift & 31] for shift in range(25, -1, -5))


def is_signed(content: bytes, signature: str, public: str) -> bool:
    """Return whether the signature is that of the key."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_owned(person: str, public: str, proof: str) -> bool:
    """Return whether whoever made this card had the private key."""
    return is_signed(_claim(person, public), proof, public)


def key_folder() -> Path:
    """Return where key files lie unless somebody says otherwise."""
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return Path(os.environ.get("COURSE_PEOPLE") or home / "course" / "people")


def make(folder: Path, passphrase: str, person: str = "") -> tuple[Signer, Path]:
    """Make a key and its file; `person` is the number of somebody who has one already."""
    if len(passphrase) < LEAST:
        raise CourseError(f"passphrase: shorter than {LEAST} characters; choose a longer one")
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    signer = Signer(person or number(public), key)
    head = {
        "format": KEY_FORMAT,
        "person": signer.id,
        "public": public,
        "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    sealed = seal(key.private_bytes_raw(), passphrase, canonical(head))
    return signer, write_new(folder / f"{signer.id}-{public[:8]}.key.json", {**head, **sealed})


def key_files(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Each key file of a folder with the person and the public key that it is for."""
    for path in sorted(folder.glob("*.key.json")):
        document = _read(path, KEY_FORMAT)
        yield path, document["person"], document["public"]


def owner(path: Path) -> str:
    """Return the number of the person whose key file this is."""
    return str(_read(path, KEY_FORMAT)["person"])


def unlock(path: Path, passphrase: str) -> Signer:
    """Open a key file."""
    document = _read(path, KEY_FORMAT)
    head = {name: document.get(name) for name in ("format", "person", "public", "made")}
    key = Ed25519PrivateKey.from_private_bytes(unseal(document, passphrase, canonical(head), path))
    return Signer(document["person"], key)


def write_card(path: Path, card: Card) -> Path:
    """Write the public side of a key, to be sent to the registrar."""
    return write(path, json.dumps({"format": CARD_FORMAT, **vars(card)}, indent=1) + "\n")


def read_card(path: Path) -> Card:
    """Read the public side of a key; CourseError if its maker did not have the private one."""
    document = _read(path, CARD_FORMAT)
    card = Card(document["person"], document["public"], str(document.get("proof", "")))
    if not is_owned(card.person, card.public, card.proof):
        raise CourseError(f"{path}: was changed; ask the person for the file anew")
    return card


def names(cohort: Path) -> dict[str, str]:
    """Return the names of the staff by number; who was erased is not there."""
    path = cohort / NAMES
    try:
        known: Any = yaml.safe_load(path.read_text("utf-8")) if path.exists() else None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CourseError(
            f"{path}: cannot be read ({type(error).__name__}); restore it from a copy"
        ) from None
    if known is None:
        return {}
    if not isinstance(known, dict) or not all(isinstance(x, str) for pair in known.items() for x in pair):
        raise CourseError(f"{path}: is not a list of number: name; correct it")
    return known


def set_name(cohort: Path, person: str, name: str) -> None:
    """Keep the name of a person beside the ledger."""
    known = names(cohort) | {person: tidy(name)}
    head = "# Who is who on the ledger. A line may be erased; the ledger holds the numbers alone.\n"
    write(cohort / NAMES, head + yaml.safe_dump(known, allow_unicode=True))


def tidy(name: str) -> str:
    """Return a name in one spelling, without what a terminal would obey."""
    shown = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    return " ".join(shown.split())


def _claim(person: str, public: str) -> bytes:
    return canonical([CARD_FORMAT, person, public])


def _read(path: Path, wanted: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["format"] != wanted:
            raise ValueError("format")
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["public"]))
        if not isinstance(document["person"], str):
            raise ValueError("person")
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name the right file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: not such a file ({wanted}); name the right one") from error
    return dict(document)
