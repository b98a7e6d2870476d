"""The JSON-LD contexts a credential may name, taken from installed packages and pinned by digest.

A context decides what a signature means, so it is never fetched and never taken on trust: two different
files circulate as Open Badges ``context-3.0.3.json``. The pins below are those of the files that the
specifications' own addresses serve; the same files and pins are used by the verify page.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import openvc.proof.contexts as library

from autograder.errors import CourseError

V2 = "https://www.w3.org/ns/credentials/v2"
OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"

# url -> (package that carries the file, path inside it, SHA-256 of the file)
PINS: dict[str, tuple[str, str, str]] = {
    V2: (
        "openvc",
        "proof/contexts/credentials-v2.json",
        "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    ),
    OB3: (
        "openbadgeslib",
        "ob3/contexts/ob-v3p0-context-3.0.3.json",
        "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84",
    ),
}


def read(url: str) -> bytes:
    """Return the pinned bytes of the context at `url`."""
    path = _path(url)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(
            f"{path}: {error.strerror}; install the packages as requirements.txt pins them"
        ) from error
    if hashlib.sha256(data).hexdigest() != PINS[url][2]:
        raise CourseError(f"{path}: not the pinned file (SHA-256 differs); install its package as pinned")
    return data


def _path(url: str) -> Path:
    package, inside, _ = PINS[url]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise CourseError(f"{package}: this package carries {url} and is missing; run `make setup` again")
    return Path(spec.origin).parent / inside


@lru_cache(maxsize=1)
def share() -> None:
    """Give the signing library the pinned Open Badges context for good, beside the W3C's that it carries.

    Handed over with each document it is read anew each time, and signing takes four times as long.
    """
    for url in PINS:
        read(url)  # checks the digest
        library._BUNDLED_FILES.setdefault(url, _path(url))


@lru_cache(maxsize=1)
def documents() -> dict[str, dict[str, Any]]:
    """Return every pinned context, parsed, by address."""
    return {url: json.loads(read(url)) for url in PINS}


def loader() -> Callable[[str, Any], dict[str, Any]]:
    """Return a PyLD document loader that knows the pinned contexts and refuses everything else."""

    def load(url: str, _options: Any = None) -> dict[str, Any]:
        if url not in PINS:
            raise ValueError(f"unknown context {url}")
        return {"contextUrl": None, "documentUrl": url, "document": documents()[url], "tag": "static"}

    return load
