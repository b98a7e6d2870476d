"""What the public site says about issuers: who they are, their keys, what they revoked. No personal data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from autograder.certify import credential, did
from autograder.certify.credential import Json
from autograder.certify.keys import Issuer
from autograder.certify.verify import Trust
from autograder.errors import CourseError
from autograder.files import write

FORMAT = "course-issuers/1"


def publish(site: Path, lists: Sequence[tuple[Issuer, Json]]) -> Path:
    """Put issuers, with all their keys and signed status lists, on a built site; others there stay.

    The document of a ``did:web`` whose place is on this very site is put there, too.
    """
    folder = place(site)
    published = {issuer["did"]: issuer for issuer in _issuers(folder / "issuers.json")}
    issuers = [issuer for issuer, _ in lists]
    published |= {entry["did"]: entry for entry in entries(issuers)}
    for issuer, signed in lists:
        write(folder / "status" / list_file(issuer), credential.dump(signed))
        where = _place_of_document(issuer)
        if where:
            write(site / where, document(issuer.did, issuers))
    whole = {"format": FORMAT, "issuers": list(published.values())}
    write(folder / "issuers.json", json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    return folder


def entries(issuers: Sequence[Issuer]) -> list[Json]:
    """Return what verifiers are told of each issuer, given the public sides of all keys, oldest first."""
    found = {}
    for issuer in issuers:
        found[issuer.did] = {
            "did": issuer.did,
            "name": f"{credential.DEMO} ({issuer.name})" if issuer.demo else issuer.name,
            "document": did.document(issuer.did, issuers),
            "retired": did.retirements(issuer.did, issuers),
            "lists": {one.status_list: list_file(one) for one in issuers if one.did == issuer.did},
        }
    return list(found.values())


def document(name: str, issuers: Sequence[Issuer]) -> bytes:
    """Return the file of an issuer's DID document."""
    return (json.dumps(did.document(name, issuers), ensure_ascii=False, indent=1) + "\n").encode()


def place(site: Path) -> Path:
    """Return the folder of issuers: of a built site, or beside the editions of a folder of published ones."""
    if (site / "editions.json").exists():
        return site / "verify"
    if (site / "manifest.json").exists():
        raise CourseError(f"{site}: is an edition, which never changes; name {site.resolve().parent}")
    folder = site / "assets" / "verify"
    if not (folder / "verify.js").exists():
        raise CourseError(
            f"{site}: not a built site (no assets/verify/verify.js); run `course site build` first"
        )
    return folder


def trust(site: Path) -> Trust:
    """Return what a built site vouches for."""
    folder = place(site)
    issuers = _issuers(folder / "issuers.json")
    lists: dict[str, Json] = {}
    for issuer in issuers:
        for name, file in issuer.get("lists", {}).items():
            lists[name] = _read(folder / "status" / Path(file).name)
    return Trust(known(issuers, folder / "issuers.json"), lists)


def known(issuers: Sequence[Json], path: Path) -> dict[str, did.Known]:
    """Return the issuers that the entries in `path` describe; the first ones had no document, as did:key."""
    found = {}
    try:
        for one in issuers:
            if "document" not in one:
                found[one["did"]] = did.Known(one["name"], did.own_keys(one["did"]) or {})
            elif one["document"].get("id") == one["did"]:
                found[one["did"]] = did.known(one["name"], one["document"], one.get("retired"))
        return found
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(f"{path}: an issuer in it cannot be read ({error}); publish it again") from error


def from_document(path: Path) -> did.Known:
    """Return the issuer whose DID document somebody took from its domain."""
    try:
        content = _read(path)
        return did.known(str(content.get("id")), content)
    except ValueError as error:
        raise CourseError(f"{path}: {error}; take did.json from the issuer's domain again") from error


def list_file(issuer: Issuer) -> str:
    """Return the file name of an issuer's status list."""
    return issuer.status_list.rsplit("/", 1)[-1]


def _place_of_document(issuer: Issuer) -> str | None:
    """Return where in its own site the DID document of an issuer belongs, if it belongs there."""
    if not issuer.did.startswith("did:web:"):
        return None
    where = did.address(issuer.did)
    site, wanted = urlsplit(issuer.site), urlsplit(where)
    inside = site.netloc == wanted.netloc and wanted.path.startswith(site.path)
    return wanted.path[len(site.path) :] if inside else None


def _issuers(path: Path) -> list[dict[str, Any]]:
    document = _read(path)
    if document.get("format") != FORMAT or not isinstance(document.get("issuers"), list):
        raise CourseError(f"{path}: not a list of issuers; build the site again")
    return list(document["issuers"])


def _read(path: Path) -> Json:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name the folder of a built site") from error
    except ValueError as error:
        raise CourseError(f"{path}: not readable JSON; build the site again") from error
    if not isinstance(document, dict):
        raise CourseError(f"{path}: not a JSON object; build the site again")
    return document
