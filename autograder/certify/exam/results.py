"""Results: notebooks run in the sandbox, their answers judged as data, signed on the ledger.

COHORT/exams/…/results/<trainee>.json holds what each question gave and why, for the candidate's account and
for whoever marks anew on an appeal.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import nbformat

from autograder.certify.book import Book
from autograder.certify.chain import Signer
from autograder.certify.exam.judging import judge
from autograder.certify.exam.paper import LIMITS
from autograder.certify.exam.sitting import Sitting
from autograder.certify.exam.taking import Taken, notebook_of
from autograder.errors import CourseError
from autograder.execute import Execution, execute
from autograder.files import write
from autograder.sandbox import Sandbox
from linelab.trainees import written

FORMAT = "course-exam-result/1"
T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """The result of one candidate; `problems` are what happened as the notebook ran, in each language."""

    exam: str
    part: str
    trainee: str
    paper: str
    attempt: str
    sat_at: str
    points: float
    most: float
    questions: Sequence[Mapping[str, Any]]
    problems: Sequence[Mapping[str, str]]
    seconds: float


def mark_all(sitting: Sitting, todo: Sequence[Taken]) -> Iterator[tuple[Taken, Result | CourseError]]:
    """Run several notebooks at once, each in a process of the sandbox, and judge them one after another."""

    def run(taken: Taken) -> Execution | CourseError:
        return _guarded(lambda: run_notebook(sitting, taken, sandbox))

    with Sandbox() as sandbox, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for taken, ran in zip(todo, pool.map(run, todo), strict=True):
            if isinstance(ran, CourseError):
                yield taken, ran
            else:
                yield taken, _guarded(partial(mark, sitting, taken, ran))


def _guarded(work: Callable[[], T]) -> T | CourseError:
    """A notebook that we cannot cope with must not stop the others."""
    try:
        return work()
    except CourseError as error:
        return error
    except Exception as error:
        return CourseError(f"{type(error).__name__}: {error}; please report this with the notebook")


def run_notebook(sitting: Sitting, one: Taken, sandbox: Sandbox) -> Execution:
    """Run a notebook in the sandbox; CourseError if the fault is ours."""
    path = sitting.folder / "taken" / one.trainee / f"{one.sha256}.ipynb"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; restore it from a copy") from None
    if hashlib.sha256(content).hexdigest() != one.sha256:
        raise CourseError(f"{path}: was changed after it was taken in; restore it from a copy")
    notebook = nbformat.from_dict(notebook_of(content, path.name))
    return execute(notebook, sitting.paper(one.trainee).to_answer(), LIMITS[sitting.part], sandbox=sandbox)


def mark(sitting: Sitting, one: Taken, ran: Execution) -> Result:
    """Judge what a notebook recorded; not in several threads at once."""
    paper = sitting.paper(one.trainee)
    marked = judge(paper, ran.answers, sitting.seeds)
    return Result(
        exam=sitting.exam,
        part=sitting.part,
        trainee=one.trainee,
        paper=paper.number,
        attempt=one.sha256,
        sat_at=one.time,
        points=round(sum(question.points for question in marked), 1),
        most=paper.most,
        questions=[asdict(question) for question in marked],
        problems=ran.said,
        seconds=round(ran.seconds, 1),
    )


def sign(book: Book, sitting: Sitting, result: Result, signer: Signer) -> None:
    """Keep a result and its reasons, and put it on the ledger; CourseError if this person may not."""
    data = {
        "trainee": result.trainee,
        "exam": result.exam,
        "part": result.part,
        "attempt": result.attempt,
        "points": result.points,
        "max_points": result.most,
        "sat_at": result.sat_at,
    }
    refused = book.refuses(("exam-result", data), signer.id)
    if refused:
        raise CourseError(refused)
    content = {"format": FORMAT, **asdict(result)}
    write(result_path(sitting, result.trainee), json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    book.append("exam-result", data, signer)


def signed(book: Book, sitting: Sitting) -> dict[str, float]:
    """Return the points of the candidates whose results are on the ledger."""
    return {
        entry.data["trainee"]: entry.data["points"]
        for entry in book.history.entries
        if entry.kind == "exam-result"
        and (entry.data["exam"], entry.data["part"]) == (sitting.exam, sitting.part)
    }


def result_path(sitting: Sitting, trainee: str) -> Path:
    """Return where a candidate's result lies."""
    return sitting.folder / "results" / f"{trainee}.json"


def read_result(sitting: Sitting, trainee: str) -> Result:
    """Return a candidate's result with its reasons."""
    path = result_path(sitting, trainee)
    try:
        data = json.loads(path.read_text("utf-8"))
        del data["format"]
        return Result(**data)
    except FileNotFoundError:
        raise CourseError(
            f"{written(trainee)}: has no result at {sitting.name}; course certify exam mark"
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(
            f"{path}: cannot be read ({type(error).__name__}); restore it from a copy"
        ) from None
