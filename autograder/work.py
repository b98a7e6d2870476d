"""The work on one hand-in, and who does it: processes of this machine, or a Dask cluster.

A task holds all that it needs as data, and gives data back; it touches no file of the cohort. So it does not
matter where it is done, in which order, or how often.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import nbformat

from autograder.errors import CourseError
from autograder.execute import execute
from autograder.judge import Judgement, judge
from autograder.sandbox import Sandbox

SET_PDEATHSIG = 1
AHEAD = 2  # tasks a process that are handed out before they can be begun
JUDGING = 600.0  # seconds of processor time for one hand-in, which takes a second
MOST = 500  # tasks that a cluster has at a time


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
    problems: list[str]
    begun_as: str | None
    judgement: Judgement
    executed: str
    seconds: float


_sandboxes: list[Sandbox] = []  # one a process, made when it is first needed


def do(task: Task) -> Done:
    """Run a notebook in the sandbox, then judge its answers."""
    notebook = nbformat.from_dict(json.loads(task.content))
    if not _sandboxes and not task.unsafe:
        _sandboxes.append(Sandbox())
        atexit.register(_sandboxes[0].close)
    place = None if task.unsafe else _sandboxes[0]
    ran = execute(notebook, task.assignment, sandbox=place, unsafe=task.unsafe)
    with _at_most(JUDGING):
        judged = judge(task.assignment, task.trainee, task.edition, ran.answers, task.seeds)
    executed = nbformat.writes(ran.notebook)
    return Done(ran.answers, ran.problems, ran.trainee, judged, executed, ran.seconds)


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


def here(tasks: Iterable[Task], jobs: int) -> Generator[tuple[Task, Done | CourseError], None, None]:
    """Do the tasks in processes of this machine.

    A process that dies, as when the machine is out of memory, takes the tasks under way with it. They are
    tried once more, each alone, so that the one that does it is found and the others are not lost.
    """
    left, shaken = deque(tasks), deque[Task]()
    while left or shaken:
        alone = bool(shaken)
        running: dict[Future[Done], Task] = {}
        with _pool(1 if alone else jobs) as pool:
            source = shaken if alone else left
            try:
                while source or running:
                    while source and len(running) < (1 if alone else AHEAD * jobs):
                        running[pool.submit(do, source[0])] = source[0]
                        source.popleft()
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        result = _result(future)
                        yield running.pop(future), result
            except BrokenProcessPool:
                lost = list(running.values())
                if alone:
                    for task in lost:
                        yield task, CourseError("the process that graded it died; is there enough memory?")
                else:
                    shaken.extend(lost)
            except BaseException:
                _stop(pool)
                raise


def on_cluster(tasks: Iterable[Task], address: str) -> Generator[tuple[Task, Done | CourseError], None, None]:
    """Do the tasks on a Dask cluster; a worker that dies loses nothing, its tasks go to another.

    Raises
    ------
    CourseError
        If Dask is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise CourseError("--scheduler: Dask is not installed; run pip install distributed") from None
    try:
        client: Any = Client(address, timeout=15, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(f"--scheduler {address}: does not answer ({error}); is it running?") from None
    left = iter(tasks)
    with client:
        if not client.scheduler_info().get("workers"):
            raise CourseError(f"--scheduler {address}: has no workers; start some with dask worker {address}")
        running: dict[str, Task] = {}

        def more(count: int) -> list[Any]:
            futures: list[Any] = []
            for task in islice(left, count):
                future: Any = client.submit(do, task, pure=False)
                running[future.key] = task
                futures.append(future)
            return futures

        waiting: Any = as_completed(more(MOST))  # type: ignore[no-untyped-call]
        for future in waiting:
            task = running.pop(future.key)
            yield task, _result(future)
            waiting.update(more(1))


def _pool(jobs: int) -> ProcessPoolExecutor:
    # forked, so that nbgrader and numpy are not imported again; this process has no threads
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(os.getpid(),))


def _begin(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that hands out the work
    ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL)  # nobody would take what it gives any more
    if os.getppid() != parent:  # it was killed before we said so
        os._exit(1)


def _stop(pool: ProcessPoolExecutor) -> None:
    """Do not wait for what is under way; it is done again in the next run."""
    pool.shutdown(wait=False, cancel_futures=True)
    for process in multiprocessing.active_children():
        process.terminate()


def _result(future: Any) -> Done | CourseError:
    try:
        done: Done = future.result()
        return done
    except (BrokenProcessPool, KeyboardInterrupt):
        raise
    except CourseError as error:
        return error
    except Exception as error:  # a notebook that we cannot cope with must not stop the batch
        return CourseError(f"{type(error).__name__}: {error}; please report this with the notebook")
