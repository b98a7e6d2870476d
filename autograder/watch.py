"""What a sandboxed program may use, and the watch from outside that ends it when it uses more."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Limits:
    """What one notebook may use; seconds and bytes.

    Attributes
    ----------
    cell, total, wall : float
        Seconds a cell may take; seconds for all cells; when everything is killed from outside.
    memory, memory_all : int
        Address space of a process; resident memory of all processes of the sandbox.
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
    files: int = 128
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
    """

    data: bytes
    stopped: str | None
    code: int
    seconds: float
    log: str


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
            elif now - started > limits.wall:
                stopped = "time"
            elif now - looked > 0.05:
                looked = now
                if resident(running.pid) > limits.memory_all < proportional(running.pid):
                    stopped = "memory"
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


def resident(pid: int) -> int:
    """Resident bytes of a process and all below it (orphans stay below the sandbox's first).

    What processes share is counted for each of them, so this is at most too much.
    """
    page = resource.getpagesize()
    return sum(_number(f"/proc/{one}/statm", 1) for one in _family(pid)) * page


def proportional(pid: int) -> int:
    """The same with what is shared counted once; takes longer. Where it cannot be read, all is counted."""
    total, page = 0, resource.getpagesize()
    for one in _family(pid):
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text("ascii")
            total += 1024 * int(rollup.partition("Pss:")[2].split()[0])
        except (OSError, ValueError, IndexError):
            total += _number(f"/proc/{one}/statm", 1) * page
    return total


def _family(pid: int) -> Iterator[int]:
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        with contextlib.suppress(OSError, ValueError):  # it ended meanwhile
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += map(int, Path(f"/proc/{one}/task/{task}/children").read_text("ascii").split())


def _number(path: str, column: int) -> int:
    try:
        return int(Path(path).read_text("ascii").split()[column])
    except (OSError, ValueError, IndexError):
        return 0
