"""Brings attempts and marks from the cohort folder onto the ledger: what is new, and nothing twice.

A mark comes once it is complete; an attempt comes at once, so that an explanation can say what waits. Who
marked free text stands there by number: each grader that ``reviews/`` names is found among the people of the
cohort by number or by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.certify import people
from autograder.certify.book import Book
from autograder.certify.chain import Draft
from autograder.cohort import Cohort
from autograder.collect import attempt_files, attempts
from autograder.errors import CourseError
from autograder.markings import markings, same_person
from autograder.records import read_record

if TYPE_CHECKING:
    from autograder.gradebook import Mark


@dataclass
class News:
    """What is not on the ledger yet, and what to tell: what cannot be brought there, what is odd."""

    drafts: list[Draft] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int]:
        """How many attempts and marks there are."""
        kinds = [kind for kind, _ in self.drafts]
        return kinds.count("attempt"), kinds.count("mark")


def sync(cohort: Cohort, book: Book, trainees: Collection[str] | None = None) -> News:
    """Put what is new of these trainees (by default all) onto the ledger; none of it, if one is refused."""
    book.catch_up()
    news = pending(cohort, book, trainees)
    if news.drafts:
        book.append_all(news.drafts)
    return news


def pending(cohort: Cohort, book: Book, trainees: Collection[str] | None = None) -> News:
    """Return what `sync` would put onto the ledger now."""
    from autograder import gradebook  # it loads nbgrader, for which other commands need not wait

    news = News()
    wanted = set(cohort.roster() if trainees is None else trainees) - book.history.erased
    numbers: dict[tuple[str, str, str], int] = {}
    for trainee in sorted(wanted):
        for kind, data in _attempts(cohort, book, trainee, news):
            numbers[data["trainee"], data["assignment"], data["attempt"]] = data["number"]
            news.drafts.append((kind, data))
    graders = Graders(cohort.path, book)
    for mark in gradebook.marks(cohort, wanted):
        if mark.complete:
            news.drafts += _mark(cohort, book, mark, numbers, graders, news)
    news.warnings += graders.strangers()
    return news


def _attempts(cohort: Cohort, book: Book, trainee: str, news: News) -> Iterator[Draft]:
    known = {
        (entry.data["assignment"], entry.data["attempt"][:12])
        for entry in book.history.of(trainee)
        if entry.kind == "attempt"
    }
    folder = cohort.path / "attempts" / trainee
    for assignment in sorted(path.name for path in folder.iterdir()) if folder.is_dir() else ():
        files = attempt_files(cohort, trainee, assignment)
        if all((assignment, path.stem.partition("-")[2]) in known for path in files):
            continue  # known by their names: reading them all each time would take minutes
        try:
            found = attempts(cohort, trainee, assignment)
        except CourseError as error:
            news.problems.append(error.message)
            continue
        for attempt in found:
            if (assignment, attempt.sha256[:12]) not in known:
                yield (
                    "attempt",
                    {
                        "trainee": trainee,
                        "assignment": assignment,
                        "number": attempt.number,
                        "attempt": attempt.sha256,
                    },
                )


def _mark(
    cohort: Cohort,
    book: Book,
    mark: Mark,
    numbers: dict[tuple[str, str, str], int],
    graders: Graders,
    news: News,
) -> list[Draft]:
    key = mark.trainee, mark.assignment, mark.attempt
    number = numbers.get(key) or book.history.attempts.get(key)
    if number is None:
        news.problems.append(
            f"{mark.trainee} {mark.assignment}: the attempt {mark.attempt[:12]} that was graded is not in "
            f"attempts/; restore it from a copy"
        )
        return []
    last = book.history.marks.get(key)
    by = graders.of(mark.trainee, mark.assignment)
    same = {"points": mark.points, "max_points": mark.max_points, "late": mark.late, "marked_by": by}
    graded_at = datetime.fromisoformat(mark.graded_at).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if last and all(last.data[name] == value for name, value in {**same, "graded_at": graded_at}.items()):
        return []
    record = read_record(cohort.path, mark.trainee, mark.assignment)
    data = {
        "trainee": mark.trainee,
        "assignment": mark.assignment,
        "number": number,
        "attempt": mark.attempt,
        "record": record.number,
        "graded_at": graded_at,
        **same,
    }
    if record.trace.get("version"):
        data["version"] = record.trace["version"]
    return [("mark", data)]


class Graders:
    """Who marked what, by number of the ledger's people."""

    def __init__(self, cohort: Path, book: Book) -> None:
        self._cohort = cohort
        self._known = [(number, number) for number in book.history.people]
        self._known += [(name, number) for number, name in people.names(cohort).items()]
        self._by_trainee: dict[str, dict[str, set[str]]] = {}  # assignment, trainee: names
        self._strangers: set[str] = set()

    def of(self, trainee: str, assignment: str) -> list[str]:
        """Return the numbers of those who marked a trainee's answers, a second time, too."""
        if assignment not in self._by_trainee:
            found = self._by_trainee[assignment] = {}
            for (owner, _), given in markings(self._cohort, assignment).items():
                found.setdefault(owner, set()).update(one.grader for one in given)
        numbers = set()
        for grader in self._by_trainee[assignment].get(trainee, ()):
            same = {number for name, number in self._known if same_person(name, grader)}
            numbers |= same
            if not same:
                self._strangers.add(grader)
        return sorted(numbers)

    def strangers(self) -> list[str]:
        """Return a line for each grader who is not among the people of the cohort."""
        return [
            f"{name} marked answers and is not on the list of people, so the ledger does not say who it was: "
            f"course certify person add"
            for name in sorted(self._strangers)
        ]
