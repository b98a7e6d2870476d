"""What a sandboxed program may use, and the watch from outside that ends it when it uses more."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

PATIENCE = 3  # times `Limits.wall`, by the clock: also what waits for a processor has to end


@dataclass(frozen=True)
class Limits:
    """What one notebook may use; seconds and bytes.

    Attributes
    ----------
    cell, total, wall : float
        Seconds a cell may take; seconds for all cells; when everything is killed from outside. The time in
        which a process waits for a processor is left out, so that marks do not depend on what else runs.
    cpu : int
        Processor time, of one process and of all together.
    memory, memory_all : int
        Address space of a process; memory of all processes of the sandbox.
    disk, nodes : int
        Of the work folder: bytes, and number of files and folders.
    """

    cell: float = 60.0
    total: float = 180.0
    wall: float = 200.0
    cpu: int = 200
    memory: int = 2 << 30
    memory_all: int = 3 << 30
    processes: int = 32
    file_size: int = 32 << 20
    disk: int = 64 << 20
    nodes: int = 4096
    files: int = 64
    output: int = 24 << 20
    cell_output: int = 2 << 20


@dataclass(frozen=True)
class Outcome:
    """What came out.

    Attributes
    ----------
    data : bytes
        What was written to the result channel, at most `Limits.output`.
    stopped : str or None
        Why it was killed from outside: ``"time"``, ``"memory"``, ``"output"``; None if it ended itself.
    code : int
        Exit code, negative for a signal.
    log : str
        The end of what was written to the real standard error: for the operator, not for trainees.
    started : bool
        Whether the notebook came to run at all; if not, the fault is ours.
    """

    data: bytes
    stopped: str | None
    code: int
    seconds: float
    log: str
    started: bool = True


class Running(Protocol):
    """A program that was started in a sandbox."""

    pid: int

    def poll(self) -> int | None:
        """Exit code, negative for a signal, or None while it runs."""

    def kill(self) -> None:
        """End it and everything that it started."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; TimeoutExpired after `timeout` seconds."""


def watch(running: Running, result: int, errors: int, limits: Limits, started: float) -> Outcome:
    """Collect what comes out until the program is done, too late, too big or too talkative.

    Parameters
    ----------
    running : Running
        The program.
    result, errors : int
        Pipes to read: what it gives, and its standard error. Both are closed.
    limits : Limits
        What it may use.
    started : float
        When it was started, by the monotonic clock.
    """
    chunks: list[bytes] = []
    log, size, stopped = b"", 0, None
    looked = started
    with (
        selectors.DefaultSelector() as selector,
        os.fdopen(errors, "rb", 0) as said,
        os.fdopen(result, "rb", 0) as data,
    ):
        selector.register(data, selectors.EVENT_READ)
        selector.register(said, selectors.EVENT_READ)
        while selector.get_map() and stopped is None:
            for key, _ in selector.select(timeout=0.1):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is said:
                    log = (log + chunk)[-4000:]
                else:
                    chunks.append(chunk[: max(limits.output - size, 0)])
                    size += len(chunk)
            now = time.monotonic()
            if size > limits.output:
                stopped = "output"
            elif now - looked > 0.05:
                looked = now
                stopped = excess(running.pid, now - started, limits)
            if stopped is None and (running.poll() is not None or not _listens(selector, data)):
                break  # what a stray process still holds open is not waited for
        if running.poll() is None and not stopped:
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.wait(0.5)  # it closed its channel and is about to end
        code = running.poll()
        if code is None:
            running.kill()
            code = running.wait()
        chunks.append(_rest(data.fileno(), max(limits.output - size, 0)))
        log += _rest(said.fileno(), 4000)
    seconds = time.monotonic() - started
    return Outcome(b"".join(chunks), stopped, code, seconds, log[-4000:].decode("utf-8", "replace"))


def _listens(selector: selectors.BaseSelector, stream: object) -> bool:
    return any(key.fileobj is stream for key in selector.get_map().values())


def _rest(fd: int, limit: int) -> bytes:
    """What is still in a pipe, up to a limit, without waiting."""
    os.set_blocking(fd, False)
    found = b""
    with contextlib.suppress(BlockingIOError):
        while len(found) < limit and (chunk := os.read(fd, limit - len(found))):
            found += chunk
    return found


def excess(pid: int, seconds: float, limits: Limits) -> str | None:
    """What a program and all below it have had too much of: memory, time, or None.

    Parameters
    ----------
    pid : int
        The program. Orphans stay below it, as it is the first of its namespace.
    seconds : float
        For how long it has run by the clock.
    limits : Limits
        What it may use.
    """
    family = list(_family(pid))
    if resident(family) > limits.memory_all < proportional(family):
        return "memory"
    if seconds > limits.wall and (seconds > PATIENCE * limits.wall or seconds - waited(family) > limits.wall):
        return "time"
    if seconds * (os.cpu_count() or 1) > limits.cpu < processor_time(family):
        return "time"
    return None


def resident(family: Iterable[int]) -> int:
    """Bytes that processes have in memory or swapped out.

    What they share is counted for each of them, so this is at most too much.
    """
    return sum(_kilobytes(f"/proc/{one}/status", "VmRSS:", "VmSwap:") or 0 for one in family) << 10


def proportional(family: Iterable[int]) -> int:
    """The same with what is shared counted once; takes longer. Where it cannot be read, all is counted."""
    total = 0
    for one in family:
        found = _kilobytes(f"/proc/{one}/smaps_rollup", "Pss:", "SwapPss:")
        total += resident([one]) if found is None else found << 10
    return total


def waited(family: Iterable[int]) -> float:
    """Seconds that the one that waited longest for a processor was ready to run and had none."""
    return max((_fields(f"/proc/{one}/schedstat")[1:2] or [0] for one in family), default=[0])[0] / 1e9


def processor_time(family: Iterable[int]) -> float:
    """Processor time in seconds that processes took, with their children that have ended."""
    ticks = sum(sum(_fields(f"/proc/{one}/stat")[13:17]) for one in family)
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        with contextlib.suppress(OSError, ValueError):  # it ended meanwhile
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += map(int, Path(f"/proc/{one}/task/{task}/children").read_text("ascii").split())


def _kilobytes(path: str, *names: str) -> int | None:
    """Sum of the lines of those names in a file of the kernel; None if it cannot be read."""
    try:
        lines = [line.split() for line in Path(path).read_text("utf-8", "replace").splitlines()]
        return sum(int(words[1]) for words in lines if words[:1] and words[0] in names)
    except (OSError, ValueError, IndexError):
        return None


def _fields(path: str) -> list[int]:
    """The fields of a file of the kernel that has one line; what is no number, as a state is, is zero."""
    try:
        text = Path(path).read_text("utf-8", "replace")
    except OSError:
        return []
    name = text.rfind(")")  # of a program, which may hold spaces
    return [0] * (2 * (name >= 0)) + [
        int(x) if x.lstrip("-").isdigit() else 0 for x in text[name + 1 :].split()
    ]
