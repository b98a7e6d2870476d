"""Grades a cohort: hands the new attempts out, keeps what comes back, and enters it in nbgrader.

Incremental and resumable: an attempt is graded once there is a record of it, and done once that is entered.
What was interrupted goes on where it stopped; nothing is run twice, and nothing is lost.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version as installed
from typing import Any

import click

from autograder.assignments import assignments, version
from autograder.cluster import on_cluster
from autograder.cohort import Cohort
from autograder.collect import Attempt, attempts
from autograder.collect.standing import marked, remarks, standings
from autograder.entry import Entries, Entry, UnreachableError
from autograder.errors import CourseError
from autograder.files import alone, write
from autograder.inert import one_line
from autograder.judge import hidden_seeds
from autograder.nbgrader_course import prepare_course
from autograder.records import Record, entered, in_language, operator, read_record, write_record
from autograder.rules import load_rules
from autograder.sandbox import Sandbox, require_sandbox
from autograder.submission import version_of
from autograder.work import BATCH, Done, Task, here

TRACED = ("numpy", "simpy", "nbgrader", "smart-factory-course")


@dataclass
class Outcome:
    """What a run of grading did; `problems` are lines for the operator."""

    graded: int = 0
    unchanged: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)


def grade(
    cohort: Cohort,
    *,
    jobs: int = 1,
    regrade: bool = False,
    unsafe: bool = False,
    scheduler: str = "",
    sandbox: Sandbox | None = None,
    progress: bool = True,
) -> Outcome:
    """Grade the attempt that counts of each trainee and assignment.

    Parameters
    ----------
    cohort : Cohort
        The class.
    jobs : int
        Processes at once, each with a sandbox of its own.
    regrade : bool
        Also what is graded already; the earlier records stay.
    unsafe : bool
        Without a sandbox. Only for notebooks whose authors you would give your password.
    scheduler : str
        Address of a Dask scheduler whose workers do the work instead of this machine.
    sandbox : Sandbox, optional
        One that has begun already.
    progress : bool
        Show a bar.

    Raises
    ------
    CourseError
        If there is no sandbox on this machine, or another run is at work on this cohort.
    """
    with sandbox or Sandbox() as place, alone(cohort.path / ".grading", "course grade"):
        walled = not unsafe and not scheduler
        if walled:
            require_sandbox(cohort.path, sandbox=place)
        prepare_course(cohort.path / "nbgrader", cohort.language)
        outcome = Outcome()
        with Entries.open(cohort.path) as entries, _regrading(cohort, regrade, outcome) as since:
            todo, unentered, older = _work_left(cohort, entries.known(), since, outcome)
            tasks = _tasks(cohort, todo, unsafe, outcome)
            if scheduler:
                results = on_cluster(tasks, scheduler, len(todo), unsafe=unsafe)
            else:
                results = here(tasks, jobs, len(todo), place if walled else None)
            other = 0
            with closing(results), _bar(len(todo) + len(unentered), progress) as bar:
                for first in range(0, len(unentered), BATCH):
                    some = unentered[first : first + BATCH]
                    _enter(entries, some, outcome)
                    bar.update(len(some))
                for batch in results:
                    recorded = []
                    for task, done in batch:
                        counting = todo[task.key]
                        with _going_on(outcome, counting.attempt):
                            if isinstance(done, CourseError):
                                raise done
                            recorded.append((counting.attempt, _recorded(cohort, counting, done)))
                    other += _enter(entries, recorded, outcome)
                    bar.update(len(batch), f"{outcome.failed} failed" if outcome.failed else "")
    if older:
        outcome.problems.append(
            f"{older} were graded with an older text of their exercise; course grade --regrade does it anew"
        )
    if other:
        outcome.problems.append(
            f"{other} were made from another text of their exercise than this checkout has; if it asks or "
            "counts otherwise, grade with the commit that manifest.json of their edition names"
        )
    outcome.problems = [one_line(problem) for problem in outcome.problems]
    return outcome


@dataclass(frozen=True)
class Counting:
    """The attempt that is marked, the share of its points lost to lateness, and what to say of that."""

    attempt: Attempt
    late: float
    remarks: list[dict[str, str]]


def counted(cohort: Cohort, outcome: Outcome | None = None) -> list[Counting]:
    """The last attempt that counts by the rules, of each trainee of the roster at each assignment.

    A damaged attempt goes into `outcome` if that is given, and the others are still found; else it raises.
    """
    found, rules = [], load_rules(cohort.path)
    for trainee in cohort.roster():
        for assignment in assignments():
            try:
                by_rules = standings(attempts(cohort, trainee, assignment), rules)
            except CourseError as error:
                if outcome is None:
                    raise
                outcome.failed += 1
                outcome.problems.append(f"{trainee} {assignment}: not graded: {error.message}")
                continue
            if by_rules:
                # where all is refused as late, the last is marked all the same, so that there is feedback
                chosen = marked(by_rules) or by_rules[-1]
                lost = chosen.lost if chosen.counts else 1.0
                found.append(Counting(chosen.attempt, lost, remarks(by_rules, rules)))
    return found


def latest(cohort: Cohort, outcome: Outcome | None = None) -> list[Attempt]:
    """The attempts that are marked; see `counted`."""
    return [counting.attempt for counting in counted(cohort, outcome)]


def _work_left(
    cohort: Cohort, known: set[tuple[str, str]], since: str, outcome: Outcome
) -> tuple[dict[str, Counting], list[tuple[Attempt, Record]], int]:
    """What is to be graded, what has a record that is to be entered, and how many were graded otherwise."""
    todo: dict[str, Counting] = {}
    unentered: list[tuple[Attempt, Record]] = []
    older = 0
    for counting in counted(cohort, outcome):
        attempt = counting.attempt
        record = _record_of(cohort, attempt)
        if record is None or record.graded_at <= since:
            todo[f"{attempt.trainee}/{attempt.assignment}"] = counting
        elif (record.late, record.remarks) != (counting.late, counting.remarks):
            # the rules were changed, or an attempt came that does not count: a new record, no new run
            unentered.append((attempt, write_record(cohort.path, _by_the_rules(record, counting))))
        elif (attempt.trainee, attempt.assignment) not in known or not _is_entered(cohort, attempt):
            unentered.append((attempt, record))
        else:
            outcome.unchanged += 1
            older += record.trace.get("version") != version(attempt.assignment)
    return todo, unentered, older


@contextmanager
def _regrading(cohort: Cohort, regrade: bool, outcome: Outcome) -> Iterator[str]:
    """Since when a grading counts: for a regrade since it was begun, also if that run was interrupted."""
    marker = cohort.path / ".regrading"
    if not regrade:
        yield ""
        return
    if marker.is_file():
        outcome.problems.append(f"went on with the regrading that was begun at {marker.read_text('ascii')}")
    else:
        write(marker, _now())
    yield marker.read_text("ascii")
    marker.unlink()


def _record_of(cohort: Cohort, attempt: Attempt) -> Record | None:
    """The newest record, if it is of this attempt and whole."""
    try:
        record = read_record(cohort.path, attempt.trainee, attempt.assignment)
    except CourseError:
        return None
    return record if record.attempt == attempt.sha256 and not record.faults else None


def _is_entered(cohort: Cohort, attempt: Attempt) -> bool:
    try:
        entered(cohort.path, attempt.trainee, attempt.assignment)
    except CourseError:
        return False
    return True


def _tasks(cohort: Cohort, todo: dict[str, Counting], unsafe: bool, outcome: Outcome) -> Iterator[Task]:
    """The tasks, read one by one; those of one assignment together, for they are judged together."""
    for key, counting in sorted(todo.items(), key=lambda item: item[1].attempt.assignment):
        attempt = counting.attempt
        seeds = hidden_seeds(cohort.secret, attempt.assignment)
        try:
            content = attempt.path.read_bytes()
        except OSError as error:
            _failed(outcome, attempt, f"{attempt.path}: cannot be read ({error.strerror})")
            continue
        yield Task(key, content, attempt.trainee, attempt.assignment, cohort.edition, seeds, unsafe)


def _by_the_rules(record: Record, counting: Counting) -> Record:
    """The same grading under other rules."""
    when = _now()
    trace = record.trace | {"graded_by": operator()}
    return replace(record, late=counting.late, remarks=counting.remarks, graded_at=when, trace=trace)


def _recorded(cohort: Cohort, counting: Counting, done: Done) -> Record:
    """Keep what came back: first the notebook as it ran, then the record, with which it is graded."""
    attempt = counting.attempt
    name = f"{attempt.assignment}.ipynb"
    write(cohort.path / "executed" / attempt.trainee / name, done.executed)
    record = Record(
        trainee=attempt.trainee,
        assignment=attempt.assignment,
        answers=done.answers,
        attempt=attempt.sha256,
        graded_at=_now(),
        problems=done.said,
        points=done.judgement.points,
        reasons=done.judgement.reasons,
        faults=done.judgement.faults,
        late=counting.late,
        remarks=counting.remarks,
        trace={
            "attempt_number": attempt.number,
            "handed_in": attempt.handed_in.isoformat(),
            "time_by": attempt.time_by,
            "version": version(attempt.assignment),
            "edition": cohort.edition,
            "seeds": hidden_seeds(cohort.secret, attempt.assignment),
            "packages": _packages(),
            "graded_by": operator(),
            "begun_as": done.begun_as,
            "seconds": round(done.seconds, 3),
        },
    )
    return write_record(cohort.path, record)


def _enter(entries: Entries, recorded: Sequence[tuple[Attempt, Record]], outcome: Outcome) -> int:
    """Enter records in nbgrader, and say what was odd; if it fails, each alone, to find whose fault it is.

    Gives back how many of them were made from another text of their exercise than this checkout has.
    """
    if not recorded:
        return 0
    try:
        notebooks = [attempt.read() for attempt, _ in recorded]
        entries.enter_all(
            [
                Entry(record, notebook, attempt.handed_in)
                for (attempt, record), notebook in zip(recorded, notebooks, strict=True)
            ]
        )
    except UnreachableError:
        raise
    except Exception:
        if len(recorded) > 1:
            return sum(_enter(entries, [one], outcome) for one in recorded)
        with _going_on(outcome, recorded[0][0]):
            raise
        return 0
    for attempt, record in recorded:
        outcome.graded += 1
        said = [*_in_short([in_language(problem, "en") for problem in record.problems]), *record.faults]
        begun = record.trace.get("begun_as")
        if begun and begun != attempt.trainee:
            said.append(f"the notebook was begun as {begun}; ask whose work it is")
        outcome.problems += [f"{attempt.trainee} {attempt.assignment}: {line}" for line in said]
    return sum(
        version_of(notebook) not in ("", version(attempt.assignment))
        for (attempt, _), notebook in zip(recorded, notebooks, strict=True)
    )


@contextmanager
def _going_on(outcome: Outcome, attempt: Attempt) -> Iterator[None]:
    """What goes wrong with one hand-in goes into `outcome`; it must not stop the rest."""
    try:
        yield
    except CourseError as error:
        _failed(outcome, attempt, error.message)
    except Exception as error:
        _failed(outcome, attempt, f"{type(error).__name__}: {error}; please report this")


def _in_short(problems: Sequence[str]) -> list[str]:
    """One line for the operator, however much went wrong; the record and the feedback have them all."""
    more = " (and more, see its feedback)" if len(problems) > 1 else ""
    return [f"{problem}{more}" for problem in problems[:1]]


def _failed(outcome: Outcome, attempt: Attempt, why: str) -> None:
    outcome.failed += 1
    outcome.problems.append(f"{attempt.trainee} {attempt.assignment}: not graded: {why}")


def _bar(length: int, progress: bool) -> Any:
    return click.progressbar(
        length=length, label="Grading", hidden=not progress or not length, item_show_func=lambda name: name
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def _packages() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: installed(name) for name in TRACED}
