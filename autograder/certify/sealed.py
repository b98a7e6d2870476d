"""A secret at rest: encrypted by a passphrase, and bound to what stands beside it in the clear."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from autograder.errors import CourseError

SCRYPT = {"n": 2**15, "r": 8, "p": 1}  # 32 MiB and about 0.1 s for each guess
LEAST = 12  # characters of a passphrase


def seal(secret: bytes, passphrase: str, bound: bytes) -> dict[str, Any]:
    """Return the encrypted secret; it opens only with the passphrase and the same `bound`."""
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    closed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, secret, bound)
    return {"kdf": "scrypt", **SCRYPT, "salt": _text(salt), "nonce": _text(nonce), "sealed": _text(closed)}


def unseal(document: dict[str, Any], passphrase: str, bound: bytes, path: Path) -> bytes:
    """Return the secret; CourseError names `path` if the passphrase is wrong or the file was changed."""
    try:
        salt, nonce, closed = (base64.b64decode(document[field]) for field in ("salt", "nonce", "sealed"))
        return AESGCM(_stretch(passphrase, salt)).decrypt(nonce, closed, bound)
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{path}: wrong passphrase, or the file was changed; nothing was signed") from error


def write_new(path: Path, document: dict[str, Any]) -> Path:
    """Write a key file that only its owner may read; never over another one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name another folder") from error
    with open(handle, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    return path


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **SCRYPT).derive(passphrase.encode("utf-8"))


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
