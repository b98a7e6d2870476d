"""Grading on a Dask cluster: whether its workers are fit for it, and how the work gets there and back.

Start a scheduler and workers on the machines that are to help, each with this package and bubblewrap
installed: ``dask scheduler`` on one, ``dask worker ADDRESS --nthreads 1 --nworkers -1`` on all. They see
hand-ins and hidden tests, but nothing of the cohort's folder: names and marks stay here.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Iterable
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import linelab
from autograder.assignments import NOTEBOOKS
from autograder.errors import CourseError
from autograder.sandbox import require_sandbox
from autograder.work import AHEAD, Batch, Queue, Result, Results, Task, do, outcomes

ANSWERS = 15.0  # seconds in which a scheduler must answer
LOOK = 2.0  # seconds between two looks at who is there
GRACE = 60.0  # seconds without any worker after which it is no use to wait
DECIDING = ("numpy", "simpy")  # packages on whose versions marks could depend
OF_OURS = (".py", ".yml", ".md", ".json")


class UnfitError(CourseError):
    """A worker that could give other marks than this machine would."""


def on_cluster(
    tasks: Iterable[Task], address: str, count: int, *, unsafe: bool = False
) -> Generator[Results, None, None]:
    """Do the tasks on a Dask cluster, a batch at a time; a worker that dies loses nothing.

    Parameters
    ----------
    tasks : iterable of Task
        Read as they are needed.
    address : str
        The scheduler's, such as ``tcp://10.0.0.1:8786``.
    count : int
        How many tasks there are, at most.
    unsafe : bool
        The tasks ask for no sandbox, so the workers need none.

    Raises
    ------
    CourseError
        If Dask is not installed, the scheduler does not answer or stops doing so, there are no workers, or
        one of them has another version of this package or no sandbox.
    """
    try:
        from distributed import Client, KilledWorker, wait
    except ImportError:
        raise CourseError("--scheduler: Dask is not installed; run pip install distributed") from None
    who = f"--scheduler {address}"
    try:
        client: Any = Client(address, timeout=ANSWERS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(f"{who}: does not answer ({_first_line(error)}); is it running?") from None
    alone: list[Batch] = []
    running: dict[Any, Batch] = {}
    with client:
        hands = _fit_hands(client, who, unsafe)
        queue, seen = Queue(tasks, count, hands), time.monotonic()
        try:
            while True:
                hands = sum(client.nthreads().values())
                seen = time.monotonic() if hands else seen
                if time.monotonic() - seen > GRACE:
                    raise CourseError(f"{who}: has no workers any more; start some and run the command again")
                while len(running) < AHEAD * max(hands, 1):
                    batch = alone.pop() if alone else queue.take()
                    if not batch:
                        break
                    running[client.submit(_checked, batch, fingerprint(), pure=False)] = batch
                if not running:
                    return
                try:
                    with client.as_current():
                        ready: Any = wait(list(running), timeout=LOOK, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
                except TimeoutError:
                    continue
                for future in ready.done:
                    batch, fault = running.pop(future), future.exception()
                    if isinstance(fault, UnfitError):
                        raise fault
                    if isinstance(fault, KilledWorker) and len(batch) > 1:
                        alone += [(task,) for task in batch]  # to find the one that does it
                        continue
                    if isinstance(fault, KilledWorker):
                        died = CourseError("the workers that graded it died; is there enough memory?")
                        yield [(batch[0], died)]
                        continue
                    results = outcomes(future, batch)
                    queue.give_back(batch[len(results) :])
                    yield list(zip(batch, results, strict=False))
        except _lost_connection() as error:
            raise CourseError(
                f"{who}: the connection is lost ({_first_line(error)}); run the command again to go on"
            ) from None


def fitness(unsafe: bool) -> dict[str, str]:
    """What a worker says of itself; all but `sandbox`, a complaint or nothing, must be as it is here."""
    complaint = ""
    if not unsafe:
        try:
            require_sandbox()
        except CourseError as error:
            complaint = error.message
    return {"course": fingerprint(), "sandbox": complaint} | {name: installed(name) for name in DECIDING}


@cache
def fingerprint() -> str:
    """Which code and exercises these are, by their content; a version number says too little."""
    digest = hashlib.sha256()
    for root in (Path(__file__).parent, Path(linelab.__file__).parent, NOTEBOOKS):
        for file in sorted(root.rglob("*")):
            if file.suffix in OF_OURS and "__pycache__" not in file.parts and file.is_file():
                digest.update(str(file.relative_to(root)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _checked(batch: Batch, wanted: str) -> list[Result]:
    """On a worker: `do`, unless it came after the others were asked and is another one."""
    if fingerprint() != wanted:
        raise UnfitError(_other("a worker"))
    return do(batch)


def _fit_hands(client: Any, who: str, unsafe: bool) -> int:
    """How many hands the workers have; CourseError if there are none, or one is not fit."""
    hands = client.nthreads()
    if not hands:
        address = who.split()[-1]
        raise CourseError(f"{who}: has no workers; start some with: dask worker {address} --nthreads 1")
    ours = fitness(unsafe=True)
    for worker, said in client.run(fitness, unsafe, on_error="return").items():
        if isinstance(said, ImportError):
            raise UnfitError(f"{who}: worker {worker} has no course package; install it there")
        if isinstance(said, Exception):
            raise UnfitError(f"{who}: worker {worker} cannot be asked ({_first_line(said)})")
        if said["sandbox"]:
            raise UnfitError(f"{who}: worker {worker}: {said['sandbox']}")
        if said["course"] != ours["course"]:
            raise UnfitError(f"{who}: {_other(f'worker {worker}')}")
        for name in DECIDING:
            if said[name] != ours[name]:
                raise UnfitError(
                    f"{who}: worker {worker} has {name} {said[name]}, here it is {ours[name]}; "
                    "install requirements.txt there"
                )
    return sum(hands.values())


def _other(worker: str) -> str:
    return f"{worker} has another version of the course package; install this one there and run again"


def _lost_connection() -> tuple[type[BaseException], ...]:
    from concurrent.futures import CancelledError

    return (OSError, CancelledError)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
