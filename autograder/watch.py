"""What a sandboxed program may use, and the watch from outside that ends it when it uses more."""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path


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


def watch(process: subprocess.Popen[bytes], result: int, limits: Limits, started: float) -> Outcome:
    """Collect what comes out until the program is done, too late, too big or too talkative."""
    assert process.stderr is not None
    chunks: list[bytes] = []
    log, size, stopped = b"", 0, None
    with (
        selectors.DefaultSelector() as selector,
        process.stderr as errors,
        os.fdopen(result, "rb", 0) as data,
    ):
        selector.register(data, selectors.EVENT_READ)
        selector.register(errors, selectors.EVENT_READ)
        while selector.get_map() and stopped is None:
            for key, _ in selector.select(timeout=0.1):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.fileobj is errors:
                    log = (log + chunk)[-4000:]
                else:
                    chunks.append(chunk[: limits.output - size])
                    size += len(chunk)
            if size > limits.output:
                stopped = "output"
            elif time.monotonic() - started > limits.wall:
                stopped = "time"
            elif resident(process.pid) > limits.memory_all:
                stopped = "memory"
            elif process.poll() is not None or not _listens(selector, data):
                break  # what a stray process still holds open is not waited for
        # bubblewrap's first process dies with it, and with that one its whole process namespace
        if process.poll() is None and not stopped:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.5)  # it closed its channel and is about to end
        process.kill()
        code = process.wait()
        chunks.append(_rest(result, limits.output - size))
        log += _rest(errors.fileno(), 4000)
    seconds = time.monotonic() - started
    return Outcome(b"".join(chunks), stopped, code, seconds, log.decode("utf-8", "replace"))


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
    """Resident bytes of a process and all below it (orphans stay below the sandbox's first)."""
    total, waiting = 0, [pid]
    page = resource.getpagesize()
    while waiting:
        one = waiting.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text("ascii").split()[1]) * page
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += map(int, Path(f"/proc/{one}/task/{task}/children").read_text("ascii").split())
        except (OSError, ValueError, IndexError):
            continue  # it ended meanwhile
    return total
