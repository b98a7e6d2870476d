"""The issuer's signing keys: made by command, encrypted at rest, bound to what they may sign.

A ``did:key`` issuer is a demo issuer by its very name: anyone can make one in a second. So what it signs
must say that it is a demo. An organisation with a domain is a ``did:web``: its name stays when its key is
changed, and it signs real certificates, unless the key was made for a trial.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openvc.keys import Ed25519SigningKey
from openvc.multibase import encode_multibase

from autograder.certify.ledger import canonical
from autograder.certify.sealed import LEAST, seal, unseal, write_new
from autograder.errors import CourseError

FORMAT = "course-key/1"
ED25519_CODE = b"\xed\x01"  # multicodec prefix of an Ed25519 public key


@dataclass(frozen=True)
class Issuer:
    """The public side of a key."""

    did: str
    name: str
    site: str  # address of the course site, ending in "/"; the QR code points at its verify page
    status_list: str  # identifier of the status list of what this key signs
    created: str
    key: str = ""  # the public key in multibase; empty where the DID itself says it
    trial: bool = False  # a did:web issuer that only tries things out
    withdraws: tuple[str, ...] = ()  # earlier keys, by method, that were found compromised when this was made

    @property
    def demo(self) -> bool:
        """Return whether everything this issuer signs must be marked as a demo."""
        return self.trial or self.did.startswith("did:key:")

    @property
    def public(self) -> str:
        """Return the public key in multibase."""
        return self.key or self.did.removeprefix("did:key:")

    @property
    def method(self) -> str:
        """Return the verification method named in proofs."""
        return f"{self.did}#{self.public}"


@dataclass(frozen=True)
class Signer:
    """An issuer with its unlocked key."""

    issuer: Issuer
    secret: bytes = field(repr=False)

    @property
    def key(self) -> Ed25519SigningKey:
        """Return the key as the library that signs takes it."""
        return Ed25519SigningKey(Ed25519PrivateKey.from_private_bytes(self.secret), self.issuer.method)


def generate(
    folder: Path,
    name: str,
    site: str,
    passphrase: str,
    rotate: bool = False,
    did: str = "",
    trial: bool = False,
    compromised: bool = False,
) -> Issuer:
    """Make a key pair and keep it, encrypted, in `folder`; earlier keys stay there as history.

    `rotate` takes the place of the key in use; a ``did:web`` stays the same issuer. `did` is the ``did:web``
    of the issuer, by default that of the key in use, else a ``did:key``, for demos; of a `trial` all is
    marked as a demo, too. `compromised` says that the key in use is no longer trusted: nothing that it
    signed verifies from now on.
    """
    if len(passphrase) < LEAST:
        raise CourseError(f"COURSE_KEY_PASSPHRASE: shorter than {LEAST} characters; choose a longer one")
    if not re.fullmatch(r"https?://[^\s#?]+", site):
        raise CourseError(f"--site {site}: not a web address; give the address of the course site")
    known = issuers(folder)
    if known and not rotate:
        raise CourseError(f"{folder}: there is a key already; --rotate makes a new one and keeps the old")
    if known and not did and known[-1].key:
        did, trial = known[-1].did, known[-1].trial
    for one in known:
        if one.did == did and one.trial != trial:
            kind = "a demo" if one.trial else "a real"
            raise CourseError(f"--domain: {did} is {kind} issuer already; name another, such as a path of it")
    private = Ed25519PrivateKey.generate()
    public = encode_multibase(ED25519_CODE + private.public_key().public_bytes_raw())
    site = site.rstrip("/") + "/"
    issuer = Issuer(
        did=did or f"did:key:{public}",
        name=" ".join(name.split()),
        site=site,
        # The list's address need not exist yet: the verify page finds the published list by this name.
        status_list=f"{site}assets/verify/status/{secrets.token_hex(8)}.json",
        created=_now(),
        key=public if did else "",
        trial=trial,
        withdraws=(known[-1].method,) if compromised and known else (),
    )
    document = {"format": FORMAT, "issuer": asdict(issuer)}
    # The public side is authenticated with the key: changing it makes the key unreadable.
    document |= seal(private.private_bytes_raw(), passphrase, _bound(document))
    write_new(_path(folder, issuer), document)
    return issuer


def issuers(folder: Path) -> list[Issuer]:
    """Return the public sides of all keys, oldest first; the last one signs."""
    found = [_issuer(_read(path)) for path in folder.glob("*.key.json")]
    return sorted(found, key=lambda issuer: (issuer.created, issuer.did))


def current(folder: Path) -> Issuer:
    """Return the issuer that signs now."""
    known = issuers(folder)
    if not known:
        raise CourseError(f"{folder}: no key yet; make one with `course certify keygen`")
    return known[-1]


def latest(folder: Path, did: str) -> Issuer:
    """Return the key of an issuer that signs for it now, its status lists above all."""
    return [one for one in issuers(folder) if one.did == did][-1]


def unlock(folder: Path, passphrase: str, issuer: Issuer | None = None) -> Signer:
    """Decrypt the key of `issuer` (by default the one that signs now)."""
    issuer = issuer or current(folder)
    path = _path(folder, issuer)
    document = _read(path)
    if _issuer(document) != issuer:
        raise CourseError(f"{path}: is not the key of {issuer.did}; restore it from a backup")
    return Signer(issuer, unseal(document, passphrase, _bound(document), path))


def _path(folder: Path, issuer: Issuer) -> Path:
    return folder / f"{issuer.public}.key.json"


def _issuer(document: dict[str, Any]) -> Issuer:
    fields = dict(document["issuer"])
    return Issuer(**fields | {"withdraws": tuple(fields.get("withdraws", ()))})


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError("format")
        _issuer(document)
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; restore the key file from a backup") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: not a key file of this program; restore it from a backup") from error
    return dict(document)


def _bound(document: dict[str, Any]) -> bytes:
    return canonical([document["format"], document["issuer"]])


def _now() -> str:
    # Microseconds keep the order of two keys made within one second.
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
