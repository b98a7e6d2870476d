"""Keeps the evidence of a project in the cohort's folder; the ledger holds one digest of it.

COHORT/evidence/<trainee>/<project>/files/<sha256>   each file, once, by its content
COHORT/evidence/<trainee>/<project>/<digest>.json    the list of files; its SHA-256 stands on the ledger
COHORT/evidence/<trainee>/<project>/<digest>.vi.html, .en.html    the page for those who sign off
COHORT/evidence/<trainee>/counted.json   digests of the values that projects rest on: none counts twice

The list begins with a random number: without it nobody can tell from the digest that stays on the ledger what
the files were, once they are erased.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from pathlib import Path
from typing import Any

from autograder.certify.book import Book
from autograder.certify.chain import Signer, canonical
from autograder.certify.evidence.folder import Project
from autograder.certify.evidence.page import render
from autograder.errors import CourseError
from autograder.files import write
from linelab.texts import LANGUAGES

FOLDER = "evidence"
FORMAT = "course-evidence/1"
COUNTED = "counted.json"
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def check_code(project: str) -> None:
    """CourseError if a project cannot be called so."""
    if not CODE.fullmatch(project):
        raise CourseError(
            f"{project}: is no code of a project; use small letters, digits and dashes, such as press-setup"
        )


def take_in(book: Book, trainee: str, code: str, project: Project, signer: Signer) -> tuple[str, bool]:
    """Copy a project's files into the cohort and put it on the ledger.

    Returns its digest, and whether it is new: what is on record with the same files stays as it is.
    """
    check_code(code)
    book.catch_up()
    known = latest(book, trainee, code)
    files = [{"path": one.path, "sha256": one.sha256, "size": one.size} for one in project.documents]
    if known and (listed := manifest(book.cohort, trainee, code, known)) and listed["files"] == files:
        check(book.cohort, trainee, code, known)
        return known, False
    data = {
        "trainee": trainee,
        "project": code,
        "manifest": "0" * 64,
        "after_weeks": project.series.after_weeks,
        "confirmed": project.confirmed,
    }
    refused = book.refuses(("evidence", data), signer.id)
    if refused:
        raise CourseError(refused)
    _counts_once(book.cohort, trainee, code, project)
    digest = _keep(book.cohort, trainee, code, project, files)
    book.append("evidence", {**data, "manifest": digest}, signer)
    return digest, True


def latest(book: Book, trainee: str, code: str) -> str:
    """The digest that was put on the ledger last for a project; empty if there is none."""
    found = [one.data for one in book.history.of(trainee) if one.kind == "evidence"]
    return str(next((one["manifest"] for one in reversed(found) if one["project"] == code), ""))


def _keep(cohort: Path, trainee: str, code: str, project: Project, files: list[dict[str, Any]]) -> str:
    folder = cohort / FOLDER / trainee / code
    for one in project.documents:
        content = (project.path / one.path).read_bytes()
        if hashlib.sha256(content).hexdigest() != one.sha256:
            raise CourseError(f"{project.path / one.path}: was changed meanwhile; try again")
        if not (folder / "files" / one.sha256).is_file():
            write(folder / "files" / one.sha256, content)
    content = canonical({"format": FORMAT, "salt": secrets.token_hex(16), "files": files})
    digest = hashlib.sha256(content).hexdigest()
    write(folder / f"{digest}.json", content)
    for language in LANGUAGES:
        write(
            page_of(cohort, trainee, code, digest, language), render(project, trainee, code, digest, language)
        )
    counted = _counted(cohort, trainee)
    counted[code] = sorted({*counted.get(code, []), project.series.fingerprint})
    write(folder.parent / COUNTED, json.dumps(counted, indent=1))
    return digest


def page_of(cohort: Path, trainee: str, code: str, digest: str, language: str) -> Path:
    """Where the page on a state of the evidence lies."""
    return cohort / FOLDER / trainee / code / f"{digest}.{language}.html"


def manifest(cohort: Path, trainee: str, code: str, digest: str) -> dict[str, Any] | None:
    """The list of files with this digest; None if it was removed, CourseError if it was changed."""
    path = cohort / FOLDER / trainee / code / f"{digest}.json"
    if not path.is_file():
        return None
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise CourseError(f"{path}: was changed after it was taken in; restore it from a copy")
    listed: dict[str, Any] = json.loads(content)
    return listed


def check(cohort: Path, trainee: str, code: str, digest: str) -> None:
    """CourseError if the files that a digest on the ledger stands for are not there, or were changed."""
    listed = manifest(cohort, trainee, code, digest)
    if listed is None:
        raise CourseError(
            f"{cohort / FOLDER / trainee / code}: the files of {digest[:12]} are not there; restore "
            f"them from a copy, or take the evidence in again"
        )
    for one in listed["files"]:
        path = cohort / FOLDER / trainee / code / "files" / one["sha256"]
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != one["sha256"]:
            raise CourseError(f"{path}: {one['path']} is gone or was changed; restore it from a copy")


def _counted(cohort: Path, trainee: str) -> dict[str, list[str]]:
    path = cohort / FOLDER / trainee / COUNTED
    try:
        found: dict[str, list[str]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except ValueError:
        raise CourseError(f"{path}: is damaged; restore it from a copy") from None
    return found


def _counts_once(cohort: Path, trainee: str, code: str, project: Project) -> None:
    """A renewal asks for another project: the same values under another code are none."""
    for other, fingerprints in _counted(cohort, trainee).items():
        if other != code and project.series.fingerprint in fingerprints:
            raise CourseError(
                f"{project.path / project.sheet.data}: has the values of project {other}; a project counts "
                f"once, so give {other} as its code"
            )
