"""Keys and detached signatures in the format of minisign, so that others can check them with its own program.

A key is two files: ``NAME.pub`` to give away, ``NAME.key`` to keep, which is encrypted by a passphrase. A
signature of ``x`` is ``x.minisig``; ``minisign -Vm x -p NAME.pub`` checks it without this program.
The format: https://jedisct1.github.io/minisign/ (Ed25519 over a BLAKE2b hash; scrypt for the passphrase).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
import struct
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from publish.errors import PublishError

SUFFIX = ".minisig"
SHORTEST = 12  # characters of a passphrase
# scrypt with N = 2^17 (128 MiB, some 0.4 s a guess); the two limits are what minisign reads N from
OPERATIONS, MEMORY, N = 2**22, 2**27, 2**17


@dataclass(frozen=True)
class PublicKey:
    """The key that checks signatures; its number tells keys apart."""

    number: bytes
    raw: bytes

    @property
    def name(self) -> str:
        """The number as minisign writes it."""
        return self.number[::-1].hex().upper()

    @property
    def text(self) -> str:
        """One line, which can be given in place of a file."""
        return base64.b64encode(b"Ed" + self.number + self.raw).decode()


@dataclass(frozen=True)
class Signer:
    """An unlocked key."""

    public: PublicKey
    private: Ed25519PrivateKey

    def sign(self, content: bytes, comment: str) -> str:
        """The text of the signature file; `comment` is one line that is signed, too."""
        signature = self.private.sign(_hash(content))
        over_all = self.private.sign(signature + comment.encode())
        lines = [
            f"untrusted comment: signature from key {self.public.name}",
            base64.b64encode(b"ED" + self.public.number + signature).decode(),
            f"trusted comment: {comment}",
            base64.b64encode(over_all).decode(),
        ]
        return "\n".join(lines) + "\n"


def new_key(path: Path, passphrase: str) -> PublicKey:
    """Make a key: ``path`` with ``.key`` and ``.pub`` added.

    Raises
    ------
    PublishError
        If the passphrase is short, or one of the files is there already.
    """
    if len(passphrase) < SHORTEST:
        raise PublishError(f"the passphrase is shorter than {SHORTEST} characters; choose a longer one")
    secret_file, public_file = path.with_name(path.name + ".key"), path.with_name(path.name + ".pub")
    for file in (secret_file, public_file):
        if file.exists():
            raise PublishError(f"{file}: is there already; name another, keys are never overwritten")
    private = Ed25519PrivateKey.generate()
    public = PublicKey(secrets.token_bytes(8), private.public_key().public_bytes_raw())
    body = public.number + private.private_bytes_raw() + public.raw
    checksum = hashlib.blake2b(b"Ed" + body, digest_size=32).digest()
    salt = secrets.token_bytes(32)
    sealed = _xor(body + checksum, _stretch(passphrase, salt, N))
    head = b"EdScB2" + salt + struct.pack("<QQ", OPERATIONS, MEMORY)
    path.parent.mkdir(parents=True, exist_ok=True)
    encoded = base64.b64encode(head + sealed).decode()
    with open(os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(f"untrusted comment: encrypted secret key {public.name} of a publisher\n{encoded}\n")
    public_file.write_text(f"untrusted comment: public key {public.name} of a publisher\n{public.text}\n")
    return public


def unlock(path: Path, passphrase: str) -> Signer:
    """Read a secret key; minisign's own can be read, too, if its memory limit is not above 1 GiB."""
    data = _decoded(_lines(path, 2)[1], 158, path)
    if data[:6] != b"EdScB2":
        raise PublishError(f"{path}: is no encrypted minisign key; make one with course site key")
    salt, (operations, memory), sealed = data[6:38], struct.unpack("<QQ", data[38:54]), data[54:]
    n = _cost(operations, memory)
    if n > 2**20:
        raise PublishError(f"{path}: asks for more than 1 GiB of memory; make a key with course site key")
    opened = _xor(sealed, _stretch(passphrase, salt, n))
    body, checksum = opened[:72], opened[72:]
    if hashlib.blake2b(b"Ed" + body, digest_size=32).digest() != checksum:
        raise PublishError(f"{path}: wrong passphrase, or the file is damaged; nothing was signed")
    return Signer(PublicKey(body[:8], body[40:]), Ed25519PrivateKey.from_private_bytes(body[8:40]))


def public_key(given: str) -> PublicKey:
    """The public key in a file, or given as its one line itself."""
    path = Path(given)
    line = _lines(path, 2)[1] if path.is_file() else given
    data = _decoded(line, 42, path)
    if data[:2] != b"Ed":
        raise PublishError(f"{given}: is no minisign public key; name the .pub file")
    return PublicKey(data[2:10], data[10:])


def signed_by(signature: str, where: str) -> str:
    """Which key a signature says it is of; nothing is checked."""
    return PublicKey(_parts(signature, where)[0][2:10], b"").name


def check(content: bytes, signature: str, key: PublicKey, where: str) -> str:
    """Check a signature, and return its trusted comment.

    Raises
    ------
    PublishError
        What is wrong with it.
    """
    first, comment, over_all = _parts(signature, where)
    if first[2:10] != key.number:
        raise PublishError(
            f"{where}: is signed by key {PublicKey(first[2:10], b'').name}, not by the given key {key.name}"
        )
    public = Ed25519PublicKey.from_public_bytes(key.raw)
    try:
        public.verify(first[10:], _hash(content) if first[:2] == b"ED" else content)
        public.verify(over_all, first[10:] + comment.encode())
    except InvalidSignature:
        raise PublishError(
            f"{where}: the signature of key {key.name} does not hold: the file was changed"
        ) from None
    return comment


def _parts(signature: str, where: str) -> tuple[bytes, str, bytes]:
    lines = signature.splitlines()
    if len(lines) < 4 or not lines[2].startswith("trusted comment: "):
        raise PublishError(f"{where}: is no minisign signature")
    first, last = _decoded(lines[1], 74, where), _decoded(lines[3], 64, where)
    if first[:2] not in (b"ED", b"Ed"):
        raise PublishError(f"{where}: is no minisign signature")
    return first, lines[2].removeprefix("trusted comment: "), last


def _lines(path: Path, count: int) -> list[str]:
    try:
        lines = path.read_text("ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PublishError(f"{path}: cannot be read ({type(error).__name__}); name a key file") from None
    if len(lines) < count:
        raise PublishError(f"{path}: is no key file; make a key with course site key")
    return lines


def _decoded(line: str, length: int, where: object) -> bytes:
    try:
        data = base64.b64decode(line, validate=True)
    except binascii.Error:
        data = b""
    if len(data) != length:
        raise PublishError(f"{where}: is damaged, or no minisign file")
    return data


def _hash(content: bytes) -> bytes:
    return hashlib.blake2b(content).digest()


def _stretch(passphrase: str, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=104, n=n, r=8, p=1).derive(passphrase.encode())


def _cost(operations: int, memory: int) -> int:
    """N as libsodium picks it from the two limits, where they leave p at 1."""
    most = operations // 32 if operations < memory // 32 else memory // 1024
    n = 2
    while n <= most // 2:
        n *= 2
    return n


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
