"""The work on hand-ins, and who does it: processes of this machine, or a Dask cluster.

A task holds all that it needs as data, and gives data back; it touches no file of the cohort. So it does not
matter where it is done, in which order, or how often. Tasks are handed out a batch at a time, since judging
takes much less time for several hand-ins together.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import nbformat

from autograder.errors import CourseError
from autograder.execute import Execution, execute
from autograder.judge import Judgement, Sheet, judge_all
from autograder.records import Problem
from autograder.sandbox import Sandbox
from autograder.submission import as_json

SET_PDEATHSIG = 1
AHEAD = 2  # batches a process that are handed out before they can be begun
BATCH = 16  # tasks
PATIENCE = 5.0  # seconds after which a batch is judged as far as it has run; the rest is handed out again
JUDGING = 600.0  # seconds of processor time for a batch, of which each takes a second


@dataclass(frozen=True)
class Task:
    """One hand-in to grade: its notebook as JSON, whose it is, and the hidden seeds of its assignment."""

    key: str
    content: bytes
    trainee: str
    assignment: str
    edition: str
    seeds: list[int]
    unsafe: bool = False


@dataclass(frozen=True)
class Done:
    """What came of it; `executed` is the notebook with its outputs as JSON."""

    answers: dict[str, Any]
    said: list[Problem]
    begun_as: str | None
    judgement: Judgement
    executed: str
    seconds: float


Result = Done | CourseError
Batch = tuple[Task, ...]
Results = list[tuple[Task, Result]]
_sandboxes: list[Sandbox] = []  # the one this process uses: its parent's, or made when it is first needed
_alone = threading.Lock()  # a worker of a cluster has threads


def do(batch: Batch) -> list[Result]:
    """Run notebooks in the sandbox, one after another, then judge their answers.

    One result a task, in order; fewer if the notebooks take long, but at least one.
    """
    begun = time.monotonic()
    ran: list[Execution | CourseError] = []
    for task in batch:
        if ran and time.monotonic() - begun > PATIENCE:
            break
        try:
            ran.append(_run(task))
        except Exception as error:
            ran.append(_said(error))
    with _alone:
        return _judged(batch, ran)


def _run(task: Task) -> Execution:
    notebook = nbformat.from_dict(json.loads(task.content))
    if task.unsafe:
        return execute(notebook, task.assignment, unsafe=True)
    with _alone:
        if not _sandboxes:
            _sandboxes.append(Sandbox())
            atexit.register(_sandboxes[0].close)
    return execute(notebook, task.assignment, sandbox=_sandboxes[0])


def _judged(batch: Batch, ran: Sequence[Execution | CourseError]) -> list[Result]:
    sheets = {
        place: Sheet(task.assignment, task.trainee, task.edition, run.answers, task.seeds)
        for place, (task, run) in enumerate(zip(batch, ran, strict=False))
        if isinstance(run, Execution)
    }
    judgements: dict[int, Judgement | CourseError] = {}
    try:
        with _at_most(JUDGING):
            judgements.update(zip(sheets, judge_all(list(sheets.values())), strict=True))
    except Exception:  # whose fault it is comes out when each is judged alone
        for place, sheet in sheets.items():
            try:
                with _at_most(JUDGING):
                    (judgements[place],) = judge_all([sheet])
            except Exception as error:
                judgements[place] = _said(error)
    return [_result(run, judgements.get(place)) for place, run in enumerate(ran)]


def _result(run: Execution | CourseError, judged: Judgement | CourseError | None) -> Result:
    if isinstance(run, CourseError):
        return run
    if not isinstance(judged, Judgement):
        return judged or CourseError("was not judged; please report this")
    executed = as_json(run.notebook)
    return Done(run.answers, run.said, run.trainee, judged, executed, run.seconds)


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer, so that a fault of ours cannot hold up the batch.

    It counts processor time, so that it does not depend on what else runs. What is interrupted is a hidden
    test, which is then broken. In a thread, as on a cluster, nothing can be interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise CourseError(f"judging takes longer than {seconds:.0f} s; please report this with the notebook")

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds, seconds / 10)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _said(error: Exception) -> CourseError:
    """A notebook that we cannot cope with must not stop the batch."""
    if isinstance(error, CourseError):
        return error
    return CourseError(f"{type(error).__name__}: {error}; please report this with the notebook")


class Queue:
    """Tasks on their way, handed out in batches that get smaller towards the end, so that all end together.

    Parameters
    ----------
    tasks : iterable of Task
        Read as they are needed: a large class must not fill the memory.
    count : int
        How many they are, at most.
    hands : int
        How many work at once.
    """

    def __init__(self, tasks: Iterable[Task], count: int, hands: int) -> None:
        self._fresh = iter(tasks)
        self._again: deque[Task] = deque()
        self._left, self._hands = count, hands

    def take(self) -> Batch:
        """The next batch; empty if there is none."""
        size = max(1, min(BATCH, self._left // (3 * self._hands)))
        again = (self._again.popleft() for _ in range(len(self._again)))
        batch = tuple(islice(chain(again, self._fresh), size))
        self._left -= len(batch)
        return batch

    def give_back(self, tasks: Iterable[Task]) -> None:
        """Take tasks back that were not begun."""
        before = len(self._again)
        self._again.extend(tasks)
        self._left += len(self._again) - before


def here(
    tasks: Iterable[Task], jobs: int, count: int, sandbox: Sandbox | None = None
) -> Generator[Results, None, None]:
    """Do the tasks in processes of this machine, a batch at a time; `count` is how many they are, at most.

    They share `sandbox`, which must have run before; without it each makes one of its own.

    A process that dies, as when the machine is out of memory, takes the tasks under way with it. They are
    tried once more, each alone, so that the one that does it is found and the others are not lost.
    """
    queue = Queue(tasks, count, jobs)
    while lost := (yield from _shared(queue, jobs, AHEAD * jobs, sandbox)):
        alone = Queue(lost, 0, 1)
        while died := (yield from _shared(alone, 1, 1, sandbox)):
            yield [(t, CourseError("the process that graded it died; is there enough memory?")) for t in died]


def _shared(
    queue: Queue, jobs: int, ahead: int, sandbox: Sandbox | None
) -> Generator[Results, None, list[Task]]:
    """Do what is in the queue, or until a process dies; the tasks that are lost with it."""
    running: dict[Future[list[Result]], Batch] = {}
    with _pool(jobs, sandbox) as pool:
        try:
            while True:
                while len(running) < ahead and (batch := queue.take()):
                    try:
                        running[pool.submit(do, batch)] = batch
                    except BrokenProcessPool:
                        queue.give_back(batch)
                        raise
                if not running:
                    return []
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    results = outcomes(future, running[future])
                    batch = running.pop(future)
                    queue.give_back(batch[len(results) :])
                    yield list(zip(batch, results, strict=False))
        except BrokenProcessPool:
            return [task for batch in running.values() for task in batch]
        except BaseException:
            _stop(pool)
            raise


def _pool(jobs: int, sandbox: Sandbox | None) -> ProcessPoolExecutor:
    # forked, so that nbgrader and numpy are not imported again; this process has no threads
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(os.getpid(), sandbox))


def _begin(parent: int, sandbox: Sandbox | None) -> None:
    _sandboxes[:] = [sandbox] if sandbox else []
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that hands out the work
    ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL)  # nobody would take what it gives any more
    if os.getppid() != parent:  # it was killed before we said so
        os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """Do not wait for what is under way; it is done again in the next run."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def outcomes(future: Any, batch: Batch) -> list[Result]:
    """What came of a batch that is done with, though perhaps not to its end."""
    try:
        results: list[Result] = future.result()
        return results
    except (BrokenProcessPool, KeyboardInterrupt):
        raise
    except Exception as error:
        return [_said(error)] * len(batch)
