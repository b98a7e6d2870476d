"""What is to go by the months that the rules say, why, and what may not go yet.

attempts   hand-ins, answers, notebooks as they ran, feedback and gradebook rows of an exercise, and a
           candidate's files of a sitting: after the mark. Only what the ledger has the mark of goes, so that
           no result is lost; nothing that waits.
evidence   the files of a project: after the decision on it. Which values it rested on stays, as a digest.
appeals    the texts of an appeal, or of a refusal: after the decision.
names      who a trainee number is: after the last certificate has ended, or else after the last entry.
           While a certificate without end is held, the name stays: its holder can be told from others.

What an open appeal is about stays until that is decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.certify import letters
from autograder.certify.book import Book
from autograder.certify.chain import Entry
from autograder.certify.dates import months_later
from autograder.certify.evidence.keep import FOLDER as EVIDENCE
from autograder.certify.rules import Rules
from autograder.certify.sync import pending
from autograder.cohort import Cohort
from autograder.data import held, rows
from autograder.data.erase import remove
from linelab.trainees import written

ATTEMPTS, PROJECT, APPEALS, NAMES = "attempts", "evidence", "appeals", "names"


@dataclass(frozen=True)
class Due:
    """Something whose time is over.

    Attributes
    ----------
    trainee, kind : str
    what : str
        An exercise, a project, a letter; the whole trainee for `NAMES`.
    why : str
        From when the months are counted, in words.
    since : str
        The day on which they were over.
    paths : tuple of Path
        What goes; for `NAMES` that is what `erase` finds.
    """

    trainee: str
    kind: str
    what: str
    why: str
    since: str
    paths: tuple[Path, ...] = ()

    def line(self, cohort: Path) -> str:
        """What is due and why, for the operator."""
        files = sum(map(held.count, self.paths))
        size = f": {files} files" if self.kind != NAMES else ": everything that is held"
        return f"{written(self.trainee)} {self.kind} {self.what} ({self.why}; over on {self.since}){size}"


def due(cohort: Cohort, book: Book, rules: Rules, on: str) -> Iterator[Due]:
    """What is due at a time, by trainee; whoever is erased as a whole is listed once."""
    book.catch_up()
    news = {(data["trainee"], data["assignment"]) for _, data in pending(cohort, book).drafts}
    for trainee in sorted(set(cohort.roster()) - book.history.erased):
        own = book.history.of(trainee)
        whole = _name(own, book, trainee, rules, on)
        if whole and not any(who == trainee for who, _ in news):
            yield whole
            continue
        for one in _attempts(cohort.path, own, trainee, rules, on):
            if (trainee, one.what) not in news:
                yield one
        yield from _exams(cohort.path, own, trainee, rules, on)
        yield from _evidence(cohort.path, own, trainee, rules, on)
        yield from _letters(cohort.path, own, trainee, rules, on)


def apply(cohort: Path, one: Due) -> None:
    """Remove what is due, the files last: by them it is found again. For `NAMES` that is `erase`'s work."""
    if one.kind == ATTEMPTS:
        rows.remove_grades(cohort, one.trainee, [one.what])
        rows.remove_lines(cohort, one.trainee, {one.what})
    for path in one.paths:
        remove(path)


def _attempts(cohort: Path, own: list[Entry], trainee: str, rules: Rules, on: str) -> Iterator[Due]:
    marks = [entry for entry in own if entry.kind == "mark"]
    contested = _contested(own)
    for assignment in sorted({entry.data["assignment"] for entry in marks}):
        found = [entry for entry in marks if entry.data["assignment"] == assignment]
        waiting = {
            entry.data["attempt"]
            for entry in own
            if entry.kind == "attempt"
            and entry.data["assignment"] == assignment
            and entry.seq > found[-1].seq  # handed in after the last mark
        } - {entry.data["attempt"] for entry in found}
        over = months_later(found[-1].time, rules.retention[ATTEMPTS])
        if over > on or waiting or contested & {entry.seq for entry in found}:
            continue
        paths = _of_assignment(cohort, trainee, assignment)
        if paths:
            yield Due(trainee, ATTEMPTS, assignment, f"marked {found[-1].time[:10]}", over[:10], paths)


def _of_assignment(cohort: Path, trainee: str, assignment: str) -> tuple[Path, ...]:
    course = cohort / "nbgrader"
    found = [
        cohort / "attempts" / trainee / assignment,
        cohort / "answers" / trainee / assignment,
        cohort / "executed" / trainee / f"{assignment}.ipynb",
        *(course / step / trainee / assignment for step in ("submitted", "autograded", "feedback")),
        cohort / "feedback" / trainee / f"{assignment}.html",
        cohort / "feedback" / "zip" / f"{written(trainee)}.zip",
    ]
    there = [path for path in found if path.exists()]
    # the zip alone may hold other exercises, and is made anew
    return tuple(there) if any(path.suffix != ".zip" for path in there) else ()


def _exams(cohort: Path, own: list[Entry], trainee: str, rules: Rules, on: str) -> Iterator[Due]:
    contested = _contested(own)
    last = {f"{e.data['exam']}-{e.data['part']}": e for e in own if e.kind == "exam-result"}
    for name, result in last.items():
        over = months_later(result.time, rules.retention[ATTEMPTS])
        paths = tuple(held.named(cohort / "exams" / name, trainee))
        if over <= on and paths and result.seq not in contested:
            yield Due(trainee, ATTEMPTS, name, f"marked {result.time[:10]}", over[:10], paths)


def _evidence(cohort: Path, own: list[Entry], trainee: str, rules: Rules, on: str) -> Iterator[Due]:
    taken = [entry for entry in own if entry.kind == "evidence"]
    decided = [entry for entry in own if entry.kind in ("decision", "refusal")]
    contested = _contested(own)
    for project in sorted({entry.data["project"] for entry in taken}):
        seqs = {entry.seq for entry in taken if entry.data["project"] == project}
        about = [entry for entry in decided if seqs & set(entry.data["used"])]
        if not about or max(seqs) > about[-1].seq or contested & {entry.seq for entry in about}:
            continue  # nobody decided on it yet, or on what was taken in since
        over = months_later(about[-1].time, rules.retention[PROJECT])
        path = cohort / EVIDENCE / trainee / project
        if over <= on and path.is_dir():
            why = f"decided {about[-1].time[:10]}"
            yield Due(trainee, PROJECT, project, why, over[:10], (path,))


def _letters(cohort: Path, own: list[Entry], trainee: str, rules: Rules, on: str) -> Iterator[Due]:
    decided = {one.data["appeal"]: one for one in own if one.kind == "appeal-decision"}
    contested = _contested(own)
    for entry in own:
        if "reason" not in entry.data or entry.seq in contested:
            continue
        end = decided.get(entry.data["appeal"]) if "appeal" in entry.data else entry
        path = letters.path(cohort, entry.data["reason"])
        if end is None or not path.is_file():
            continue
        over = months_later(end.time, rules.retention[APPEALS])
        if over <= on:
            what = f"{entry.kind} of line {entry.seq}"
            yield Due(trainee, APPEALS, what, f"decided {end.time[:10]}", over[:10], (path,))


def _name(own: list[Entry], book: Book, trainee: str, rules: Rules, on: str) -> Due | None:
    if not own or _contested(own):
        return None
    last, why = own[-1].time, f"last entry {own[-1].time[:10]}"
    revoked = book.history.revocations
    for entry in own:
        if entry.kind != "decision" or entry.data["id"] in revoked:
            continue
        if "valid_until" not in entry.data:
            return None
        if entry.data["valid_until"] > last:
            last = entry.data["valid_until"]
            why = f"certificate ended {last[:10]}"
    over = months_later(last, rules.retention[NAMES])
    return Due(trainee, NAMES, "and all the rest", why, over[:10]) if over <= on else None


def _contested(own: list[Entry]) -> set[int]:
    """Numbers of the entries that an open appeal is about."""
    decided = {one.data["appeal"] for one in own if one.kind == "appeal-decision"}
    return {
        one.data["contested"] for one in own if one.kind == "appeal" and one.data["appeal"] not in decided
    }
