"""Grades a cohort: executes new attempts in sandboxes side by side, judges them one after another.

Incremental and resumable: an attempt is done once its hash stands in the record of its answers and nbgrader
has its marks; what was interrupted is simply done again.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice

import click
import nbformat

from autograder.assignments import assignments
from autograder.cohort import Cohort
from autograder.collect import Attempt, attempts
from autograder.errors import CourseError
from autograder.execute import Execution, execute
from autograder.judge import judge_submission
from autograder.judgement import judgement
from autograder.nbgrader_course import prepare_course
from autograder.records import read_record
from autograder.sandbox import require_sandbox


@dataclass
class Outcome:
    """What a run of grading did; `problems` are lines for the operator."""

    graded: int = 0
    unchanged: int = 0
    failed: int = 0
    problems: list[str] = field(default_factory=list)


def grade(
    cohort: Cohort, *, jobs: int = 1, regrade: bool = False, unsafe: bool = False, progress: bool = True
) -> Outcome:
    """Grade the latest attempt of each trainee and assignment.

    Parameters
    ----------
    cohort : Cohort
        The class.
    jobs : int
        Sandboxes at once. Each is a process of its own; the threads here only wait for them.
    regrade : bool
        Also what is graded already.
    unsafe : bool
        Without a sandbox. Only for notebooks whose authors you would give your password.
    progress : bool
        Show a bar.

    Raises
    ------
    CourseError
        If there is no sandbox on this machine.
    """
    if not unsafe:
        require_sandbox(cohort.path)
    prepare_course(cohort.path / "nbgrader", cohort.language)
    outcome = Outcome()
    todo = []
    for attempt in latest(cohort, outcome):
        if not regrade and is_graded(cohort, attempt):
            outcome.unchanged += 1
        else:
            todo.append(attempt)
    with (
        closing(_executed(todo, jobs, unsafe)) as results,
        click.progressbar(
            length=len(todo),
            label="Grading",
            hidden=not progress or not todo,
            item_show_func=lambda name: name,
        ) as bar,
    ):
        for attempt, result in results:
            who = f"{attempt.trainee} {attempt.assignment}"
            try:
                if isinstance(result, CourseError):
                    raise result
                judged = judge_submission(
                    cohort.path / "nbgrader",
                    attempt.trainee,
                    attempt.assignment,
                    attempt.read(),
                    result.answers,
                    attempt=attempt.sha256,
                    problems=result.problems,
                )
                _keep_executed(cohort, attempt, result)
                outcome.graded += 1
                said = [*result.problems, *judged.problems]
                if result.trainee and result.trainee != attempt.trainee:
                    said.append(f"the notebook was begun as {result.trainee}; ask whose work it is")
                outcome.problems += [f"{who}: {line}" for line in said]
            except CourseError as error:
                outcome.failed += 1
                outcome.problems.append(f"{who}: not graded: {error.message}")
            except Exception as error:  # a fault of ours in judging one must not stop the batch either
                outcome.failed += 1
                outcome.problems.append(f"{who}: not graded: {_fault(error)}")
            bar.update(1, f"{outcome.failed} failed" if outcome.failed else "")
    outcome.problems = [_one_line(problem) for problem in outcome.problems]
    return outcome


def latest(cohort: Cohort, outcome: Outcome | None = None) -> list[Attempt]:
    """The last attempt of each trainee of the roster at each assignment.

    A damaged attempt goes into `outcome` if that is given, and the others are still found; else it raises.
    """
    found = []
    for trainee in cohort.roster():
        for assignment in assignments():
            try:
                found += attempts(cohort, trainee, assignment)[-1:]
            except CourseError as error:
                if outcome is None:
                    raise
                outcome.failed += 1
                outcome.problems.append(f"{trainee} {assignment}: not graded: {error.message}")
    return found


def _one_line(problem: str) -> str:
    """The text of a trainee's error may hold line ends and control codes, which a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in problem).split())


def _fault(error: Exception) -> str:
    return f"{type(error).__name__}: {error}; please report this with the notebook"


def is_graded(cohort: Cohort, attempt: Attempt) -> bool:
    """Whether the marks in the gradebook are of this very attempt, and no hidden test was broken."""
    try:
        if read_record(cohort.path, attempt.trainee, attempt.assignment).attempt != attempt.sha256:
            return False
        return not judgement(cohort.path / "nbgrader", attempt.trainee, attempt.assignment).problems
    except CourseError:
        return False


def _executed(
    todo: Sequence[Attempt], jobs: int, unsafe: bool
) -> Generator[tuple[Attempt, Execution | CourseError], None, None]:
    """Run the notebooks, several at once; what one does to its sandbox is no matter to the others."""

    def one(attempt: Attempt) -> Execution:
        return execute(attempt.read(), attempt.assignment, unsafe=unsafe)

    left = iter(todo)
    with ThreadPoolExecutor(max_workers=max(jobs, 1)) as pool:
        # no more than two rounds ahead of the judging, so that a large class does not fill the memory
        running = {pool.submit(one, attempt): attempt for attempt in islice(left, 2 * max(jobs, 1))}
        try:
            while running:
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    attempt = running.pop(future)
                    running |= {pool.submit(one, following): following for following in islice(left, 1)}
                    try:
                        yield attempt, future.result()
                    except CourseError as error:
                        yield attempt, error
                    except Exception as error:  # a notebook that we cannot cope with must not stop the batch
                        yield attempt, CourseError(_fault(error))
        finally:
            # Ctrl-C: what has not begun is left for the next run
            pool.shutdown(wait=False, cancel_futures=True)


def _keep_executed(cohort: Cohort, attempt: Attempt, result: Execution) -> None:
    folder = cohort.path / "executed" / attempt.trainee
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(result.notebook, folder / f"{attempt.assignment}.ipynb")
