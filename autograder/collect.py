"""Intake: takes hand-in files and notebooks into the cohort folder, each with a receipt; runs nothing."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat

from autograder.assignments import assignments
from autograder.cohort import Cohort, Trainee
from autograder.errors import CourseError
from autograder.files import write
from autograder.inert import printable
from autograder.texts import text
from linelab.answers import BEGIN
from linelab.trainees import is_trainee_id, normalise, written

MAX_BYTES = 20_000_000
MAX_NOTEBOOKS = 100  # of a hand-in file
MAX_CELLS = 2_000  # of a notebook; checking many takes minutes
FORMAT = "course-hand-in/1"
FIELDS = ("when", "file", "status", "trainee", "assignment", "attempt", "reason")


@dataclass(frozen=True)
class Receipt:
    """What became of one notebook: accepted, duplicate or rejected; `reason` in the trainee's language."""

    file: str
    status: str
    trainee: str = ""
    assignment: str = ""
    attempt: str = ""
    reason: str = ""

    def __post_init__(self) -> None:  # a file's name may hold what no terminal and no other file should get
        object.__setattr__(self, "file", printable(self.file))


@dataclass(frozen=True)
class Attempt:
    """An accepted notebook in the cohort folder."""

    trainee: str
    assignment: str
    number: int
    sha256: str
    path: Path

    def read(self) -> nbformat.NotebookNode:
        """The notebook as handed in."""
        notebook: nbformat.NotebookNode = nbformat.from_dict(json.loads(self.path.read_text("utf-8")))
        return notebook


class RejectedError(ValueError):
    """A file that is not taken; the message key says why."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


def collect(cohort: Cohort, paths: Sequence[Path]) -> list[Receipt]:
    """Take in files and folders, in any mix; one receipt a notebook, the rest goes on after a bad file."""
    roster = cohort.roster()
    receipts: list[Receipt] = []
    for path in _files(paths):
        try:
            found = list(_notebooks(path))
        except RejectedError as error:
            said = [Receipt(str(path), "rejected", reason=_reason(error, cohort.language))]
        else:
            said = [_receive(cohort, roster, path, notebook, claimed) for notebook, claimed in found]
        _log(cohort, said)  # at once: what was taken is on record even if this run is stopped
        receipts += said
    return receipts


def _receive(
    cohort: Cohort, roster: Mapping[str, Trainee], path: Path, notebook: Any, claimed: str
) -> Receipt:
    """Take one notebook of a file; a bad one is no matter to the others beside it."""
    language, trainee = cohort.language, ""
    try:
        trainee = _trainee(notebook, claimed)
        if trainee not in roster:
            raise RejectedError("collect.unknown_trainee", trainee=written(trainee))
        language = roster[trainee].language
        return _take(cohort, path, notebook, trainee, language)
    except RejectedError as error:
        return Receipt(str(path), "rejected", trainee, reason=_reason(error, language))
    except CourseError as error:  # a fault in the cohort folder, for the operator to mend
        return Receipt(str(path), "rejected", trainee, reason=error.message)


def _reason(error: RejectedError, language: str) -> str:
    """Why, in the trainee's language and for the operator in English; one line, whatever the file held."""
    said = dict.fromkeys(text(error.key, x, **error.values) for x in (language, "en"))
    return "".join(c if c.isprintable() else " " for c in " · ".join(said))


def attempts(cohort: Cohort, trainee: str, assignment: str) -> list[Attempt]:
    """All attempts of a trainee at an assignment, oldest first."""
    found = []
    for path in attempt_files(cohort, trainee, assignment):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        number, _, short = path.stem.partition("-")
        if not digest.startswith(short):
            raise CourseError(f"{path}: was changed after it was handed in; restore it from a copy")
        found.append(Attempt(trainee, assignment, int(number), digest, path))
    return sorted(found, key=lambda attempt: attempt.number)


def attempt_files(cohort: Cohort, trainee: str, assignment: str) -> list[Path]:
    """The files of the attempts, unread and in no order."""
    return list((cohort.path / "attempts" / trainee / assignment).glob("[0-9][0-9][0-9]*-*.ipynb"))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.exists() and not path.is_symlink():
            yield path
        elif path.is_dir() and not path.is_symlink():
            kinds = (".json", ".ipynb")
            inside = (p for p in path.rglob("*") if p.suffix.lower() in kinds and not p.is_dir())
            yield from sorted(p for p in inside if ".ipynb_checkpoints" not in p.parts)
        else:
            yield path


def _notebooks(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """The notebooks of a file, each with the trainee number that the file claims for it."""
    data = _read(path)
    if data.get("format") == FORMAT:
        notebooks = data.get("notebooks")
        if not isinstance(notebooks, dict) or not notebooks:
            raise RejectedError("collect.empty")
        if len(notebooks) > MAX_NOTEBOOKS:
            raise RejectedError("collect.too_many", count=len(notebooks), limit=MAX_NOTEBOOKS)
        for notebook in notebooks.values():
            yield notebook, str(data.get("trainee", ""))
    elif "cells" in data:
        yield data, ""
    else:
        raise RejectedError("collect.not_ours")


def _read(path: Path) -> dict[str, Any]:
    if path.is_symlink():
        raise RejectedError("collect.link")
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting for ever
            raise RejectedError("collect.unreadable", why="not a regular file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise RejectedError("collect.missing") from None
    except OSError as error:
        raise RejectedError("collect.unreadable", why=error.strerror) from None
    if len(content) > MAX_BYTES:
        raise RejectedError("collect.too_big", limit=MAX_BYTES // 1_000_000)
    try:
        data = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise RejectedError("collect.not_json") from None
    if not isinstance(data, dict):
        raise RejectedError("collect.not_ours")
    return data


def _about(notebook: Any) -> dict[str, Any]:
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    about = metadata.get("course") if isinstance(metadata, dict) else None
    return about if isinstance(about, dict) else {}


def _trainee(notebook: Any, claimed: str) -> str:
    """The number that the file claims, else the one that the notebook was begun with."""
    for given in (claimed, *_begun(notebook)):
        if is_trainee_id(given):
            return normalise(given)
    raise RejectedError("collect.no_trainee")


def _begun(notebook: Any) -> Iterator[str]:
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    for cell in cells if isinstance(cells, list) else []:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            record = data.get(BEGIN) if isinstance(data, dict) else None
            if isinstance(record, dict) and isinstance(record.get("trainee"), str):
                yield record["trainee"]


def _take(cohort: Cohort, path: Path, given: Any, trainee: str, language: str) -> Receipt:
    about = _about(given)
    assignment = about.get("assignment")
    if assignment not in assignments():
        raise RejectedError("collect.not_ours")
    if about.get("edition") != cohort.edition:
        raise RejectedError("collect.edition", given=str(about.get("edition"))[:40], wanted=cohort.edition)
    if isinstance(given.get("cells"), list) and len(given["cells"]) > MAX_CELLS:
        raise RejectedError("collect.too_many_cells", count=len(given["cells"]), limit=MAX_CELLS)
    _mend(given)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a line for each doubled cell id, which make no difference here
            nbformat.validate(nbformat.from_dict(given))
        content = json.dumps(given, ensure_ascii=False, sort_keys=True, indent=1).encode()
    except Exception as error:  # nbformat raises many kinds for what a file may hold
        why = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise RejectedError("collect.not_notebook", why=why) from None
    digest = hashlib.sha256(content).hexdigest()
    before = attempts(cohort, trainee, assignment)
    receipt = Receipt(str(path), "accepted", trainee, assignment, digest)
    if any(attempt.sha256 == digest for attempt in before):
        reason = text("collect.duplicate", language)
        return Receipt(str(path), "duplicate", trainee, assignment, digest, reason)
    folder = cohort.path / "attempts" / trainee / assignment
    number = before[-1].number + 1 if before else 1  # not their count: one may have been taken out
    target = folder / f"{number:03d}-{digest[:12]}.ipynb"
    note = asdict(receipt) | {"when": _now()}
    write(target.with_suffix(".json"), json.dumps(note, ensure_ascii=False, indent=1))
    write(target, content)  # last: with it the attempt is there
    return receipt


def _mend(notebook: dict[str, Any]) -> None:
    """JupyterLite writes ``"attachments": null`` into text cells, which the notebook format does not know."""
    cells = notebook.get("cells")
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and cell.get("attachments", "") is None:
            del cell["attachments"]


def _log(cohort: Cohort, receipts: Sequence[Receipt]) -> None:
    path = cohort.path / "receipts.csv"
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        if is_new:
            writer.writeheader()
        for receipt in receipts:
            writer.writerow(asdict(receipt) | {"when": _now()})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
