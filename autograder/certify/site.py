"""What the public site says about issuers: who they are and what they revoked. No personal data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from autograder.certify import credential
from autograder.certify.credential import Json
from autograder.certify.keys import Issuer
from autograder.certify.verify import Trust
from autograder.errors import CourseError
from autograder.files import write

FORMAT = "course-issuers/1"


def publish(site: Path, lists: list[tuple[Issuer, Json]]) -> Path:
    """Put issuers and their signed status lists on a built site; other issuers there stay as they are."""
    folder = place(site)
    known = {issuer["did"]: issuer for issuer in _issuers(folder / "issuers.json")}
    for issuer, signed in lists:
        file = list_file(issuer)
        write(folder / "status" / file, credential.dump(signed))
        name = f"{credential.DEMO} ({issuer.name})" if issuer.demo else issuer.name
        known[issuer.did] = {"did": issuer.did, "name": name, "lists": {issuer.status_list: file}}
    document = {"format": FORMAT, "issuers": list(known.values())}
    write(folder / "issuers.json", (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
    return folder


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
            path = folder / "status" / Path(file).name
            lists[name] = _read(path)
    return Trust({issuer["did"]: issuer["name"] for issuer in issuers}, lists)


def list_file(issuer: Issuer) -> str:
    """Return the file name of an issuer's status list."""
    return issuer.status_list.rsplit("/", 1)[-1]


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
