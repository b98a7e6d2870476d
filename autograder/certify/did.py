"""Issuers as verifiers know them: a name, and the public keys in their DID document with their history.

A ``did:web`` document lies on the issuer's own domain, which is what says whose it is. It is never fetched
here: verifiers use a copy that the site, the cohort or the reader brings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

from openvc.errors import OpenvcError
from openvc.multibase import decode_multibase

from autograder.certify.keys import ED25519_CODE, Issuer
from autograder.errors import CourseError

Json = dict[str, Any]

CONTEXTS = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]


@dataclass(frozen=True)
class Key:
    """One public key of an issuer.

    What it signed before `retired` stays good; of a `withdrawn` one, which somebody else may have, nothing.
    """

    public: bytes
    retired: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True)
class Known:
    """An issuer that somebody vouches for, with its keys by verification method."""

    name: str
    keys: Mapping[str, Key] = field(default_factory=dict)


def document(did: str, issuers: Iterable[Issuer]) -> Json:
    """Return the DID document of an issuer, from the public sides of all keys of a folder.

    Retired keys stay in it, as what they signed must still verify; it cannot say since when (``expires``
    would void that too), so the history is published beside it, see `retirements`.
    """
    everything = list(issuers)
    withdrawn = {method: one.created for one in everything for method in one.withdraws}
    methods = []
    for one in everything:
        if one.did == did:
            method = {
                "id": one.method,
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": one.public,
            }
            if one.method in withdrawn:
                method["revoked"] = withdrawn[one.method]
            methods.append(method)
    asserting = [method["id"] for method in methods if "revoked" not in method]
    return {"@context": CONTEXTS, "id": did, "verificationMethod": methods, "assertionMethod": asserting}


def retirements(did: str, issuers: Iterable[Issuer]) -> dict[str, str]:
    """Return when each key but the last of an issuer went out of use: when the next one was made."""
    keys = [one for one in issuers if one.did == did]
    return {old.method: new.created for old, new in pairwise(keys)}


def known(name: str, document: Json, retired: Mapping[str, str] | None = None) -> Known:
    """Return an issuer from its DID document; raise ValueError if the document is not one of ours in form."""
    did, keys = document.get("id"), {}
    try:
        for method in document["verificationMethod"]:
            identifier = method["id"]
            if method["type"] != "Multikey" or not identifier.startswith(f"{did}#"):
                continue
            withdrawn = "revoked" in method or identifier not in document["assertionMethod"]
            since = (retired or {}).get(identifier)
            keys[identifier] = Key(
                public_key(method["publicKeyMultibase"]),
                datetime.fromisoformat(since) if since else None,
                withdrawn,
            )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a DID document ({error})") from error
    if not isinstance(did, str) or not keys:
        raise ValueError("a DID document without a key that can be used here")
    return Known(name, keys)


def own_keys(did: str) -> dict[str, Key] | None:
    """Return the key that a ``did:key`` is made of; None for another issuer, whose keys must be known."""
    if not did.startswith("did:key:"):
        return None if did else {}
    multibase = did.removeprefix("did:key:")
    try:
        return {f"{did}#{multibase}": Key(public_key(multibase))}
    except ValueError:
        return {}


def public_key(multibase: str) -> bytes:
    """Return the 32 bytes of an Ed25519 key in multibase; raise ValueError for anything else."""
    try:
        key = decode_multibase(multibase)
    except OpenvcError as error:
        raise ValueError(f"not a key ({error})") from error
    if not key.startswith(ED25519_CODE) or len(key) != 34 or not multibase.startswith("z"):
        raise ValueError("not an Ed25519 key")
    return bytes(key[2:])


def web(domain: str) -> str:
    """Return the ``did:web`` of a domain, with or without a path, such as ``example.edu.vn/course``."""
    host, *path = domain.strip().removeprefix("https://").strip("/").split("/")
    label = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    if not re.fullmatch(rf"{label}(?:\.{label})*\.[a-z][a-z0-9-]*[a-z0-9]", host.lower()):
        raise CourseError(f"--domain {domain}: not a domain name; give one such as example.edu.vn")
    if not all(re.fullmatch(r"[A-Za-z0-9._-]+", part) for part in path):
        raise CourseError(f"--domain {domain}: write its path in letters, digits, dots and hyphens only")
    return ":".join(["did:web", host.lower(), *path])


def address(did: str) -> str:
    """Return where the document of a ``did:web`` must lie (W3C CCG did:web method, section "Read")."""
    host, *path = did.removeprefix("did:web:").split(":")
    return f"https://{unquote(host)}/{'/'.join(path) if path else '.well-known'}/did.json"
