"""Runs trainees' notebooks where they can harm nothing: bubblewrap, limits, and a watch from outside.

Inside there are the system's programs, the interpreter, its packages, `linelab` and the few files that run a
notebook, all read only; a small work folder in memory; no network; no other process; nothing of the cohort
or of this repository. What comes out is bytes that nobody has to believe.

A `Sandbox` is one bubblewrap with a Python in it that has loaded what exercises import (`warm.py`). For each
notebook it forks, and the new process locks itself into namespaces of its own (`lock.py`), so that no
notebook meets another. Starting Python and its packages anew would take twenty times as long.

The kernel's per-user limits do not bind root. So a root operator's notebooks each run under a user number of
their own, without any capability; everybody else's each run in a user namespace of their own.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

from autograder.assignments import NOTEBOOKS
from autograder.bubblewrap import HERE, bwrap_command, environment, shown, spare_users
from autograder.errors import CourseError
from autograder.forked import Forked
from autograder.seccomp import MACHINES, supported
from autograder.watch import Limits, Outcome, watch

START = 60.0  # seconds that a start may take on a slow machine
STARTED = b'{"started": true}'  # what `inside.py` says before the first cell where nobody else can say it
NO_NAMESPACES = (
    "user namespaces are off, so notebooks cannot be locked in: run "
    "sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
)
__all__ = ["Limits", "Outcome", "Sandbox", "require_sandbox", "run_in_sandbox"]


class Sandbox:
    """A place to run notebooks in, several at once if called from several threads; a context manager.

    A process that is forked after the first run shares it; what closes it there leaves it to the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0  # the process that started it
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._ready = False
        self._log: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._log is not None:
            self._log.close()

    def begin(self) -> None:
        """Start it without waiting for it: it loads its packages while the caller does other things."""
        with self._lock, contextlib.suppress(OSError):  # the first run says why it does not start
            self._begun()

    def run(self, payload: bytes, limits: Limits | None = None) -> Outcome:
        """Run one job and give back what it wrote; see `inside.run_job` for what it reads.

        Raises
        ------
        CourseError
            If there is no sandbox to be had.
        """
        limits = limits or Limits()
        for last in (False, True):
            try:
                forked, results, errors = self._start(payload, limits)
                # its time begins now: that the warm process had to start first is not the notebook's fault
                outcome = watch(forked, results, errors, limits, time.monotonic())
                return replace(outcome, started=forked.begun)
            except OSError as error:  # the warm process is gone: the next round starts another
                self.close()
                if last:
                    raise CourseError(self._why(str(error))) from None
        raise AssertionError("not reached")

    def close(self) -> None:
        """End it, with whatever still runs in it."""
        with self._lock:
            if self._requests is not None:
                self._requests.close()
                self._requests = None
            if self._process is not None and self._owner == os.getpid():
                _end(self._process.pid)
                self._process.wait()
            self._process = None

    def _start(self, payload: bytes, limits: Limits) -> tuple[Forked, int, int]:
        """The notebook's first process, and the pipes of its results and errors."""
        with contextlib.ExitStack() as ours, tempfile.TemporaryFile() as job:
            job.write(payload)
            job.seek(0)
            results, errors = os.pipe(), os.pipe()
            ending, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.callback(theirs.close)
            for pipe in (results, errors):
                ours.callback(os.close, pipe[1])
            try:
                ending.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                ending.settimeout(START)
                users = spare_users()
                asked = asdict(limits) | {"user": secrets.choice(users) if users else 0}
                files = [job.fileno(), results[1], errors[1], theirs.fileno()]
                requests = self._opened()
                with self._lock:
                    socket.send_fds(requests, [json.dumps(asked).encode()], files)
                theirs.close()
                return Forked(ending), results[0], errors[0]
            except BaseException:
                ending.close()
                os.close(results[0])
                os.close(errors[0])
                raise

    def _opened(self) -> socket.socket:
        with self._lock:
            requests = self._begun()
            if not self._ready:
                if requests.recv(16) != b"ready":
                    raise OSError("it ended before it was ready")
                self._ready = True
            return requests

    def _begun(self) -> socket.socket:
        if self._requests is not None:
            return self._requests
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the process
            try:
                self._process = subprocess.Popen(
                    bwrap_command([str(theirs.fileno())]),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._log,
                    pass_fds=[theirs.fileno()],
                    env={},
                    cwd="/",
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        ours.settimeout(START)
        self._requests, self._ready, self._owner = ours, False, os.getpid()
        return ours

    def _why(self, error: str) -> str:
        """In words for the operator, from what the sandbox said when it could not start."""
        said = ""
        if self._log is not None:
            self._log.seek(0)
            said = self._log.read()[-4000:].decode("utf-8", "replace")
        if any(words in said for words in ("namespace", "uid map", "Operation not permitted")):
            return NO_NAMESPACES
        reason = (said.strip().splitlines() or [error])[-1]
        return f"the sandbox does not start: {reason}; try bwrap --ro-bind / / true"


def _end(bubblewrap: int) -> None:
    """Kill bubblewrap and the first process of its namespace, and so all of that.

    That process asks to die with bubblewrap only once it is complete; one that has just begun would stay.
    """
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(bubblewrap, signal.SIGSTOP)
        os.waitid(
            os.P_PID, bubblewrap, os.WSTOPPED | os.WEXITED | os.WNOWAIT
        )  # from here on it starts nothing
        for child in Path(f"/proc/{bubblewrap}/task/{bubblewrap}/children").read_text("ascii").split():
            os.kill(int(child), signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(bubblewrap, signal.SIGKILL)


def run_in_sandbox(payload: bytes, limits: Limits | None = None, *, unsafe: bool = False) -> Outcome:
    """Run one job in a sandbox of its own.

    Parameters
    ----------
    payload : bytes
        A notebook's cells and its limits as JSON; see `inside.py`.
    limits : Limits, optional
        What it may use.
    unsafe : bool
        Without bubblewrap: the notebook then runs with the operator's rights. Says so loudly.
    """
    if unsafe:
        return _run_unsafe(payload, limits or Limits())
    with Sandbox() as sandbox:
        return sandbox.run(payload, limits)


class _Unlocked(subprocess.Popen[bytes]):
    """A notebook without a sandbox, with all that it started."""

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _run_unsafe(payload: bytes, limits: Limits) -> Outcome:
    print("UNSAFE: a trainee's code runs here without a sandbox, with all your rights", file=sys.stderr)
    with tempfile.TemporaryFile() as job:
        job.write(payload)
        job.seek(0)
        results, errors = os.pipe(), os.pipe()
        values = {"cpu": limits.cpu, "as": limits.memory, "fsize": limits.file_size, "core": 0}
        command = ["/usr/bin/prlimit", *(f"--{name}={value}" for name, value in values.items()), "--"]
        try:
            process = _Unlocked(
                [*command, sys.executable, "-I", str(HERE / "inside.py"), str(results[1])],
                stdin=job,
                stdout=subprocess.DEVNULL,
                stderr=errors[1],
                pass_fds=[results[1]],
                env=environment(),
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            os.close(results[0])
            os.close(errors[0])
            raise
        finally:
            os.close(results[1])
            os.close(errors[1])
        try:
            outcome = watch(process, results[0], errors[0], limits, time.monotonic())
            return replace(outcome, started=STARTED in outcome.data)
        finally:  # also when the operator interrupts
            process.kill()
            process.wait()


def require_sandbox(*private: Path, sandbox: Sandbox | None = None) -> None:
    """Try the sandbox; CourseError says what to do if it is not there or would show a private folder.

    `sandbox` is one that is there already, or has begun; else one is made for the trial alone.
    """
    if not supported():
        raise CourseError(
            f"this machine's processor has no filter of system calls here, so notebooks cannot be locked in; "
            f"grade on one of {', '.join(MACHINES)}"
        )
    bwrap_command([])
    for folder in (NOTEBOOKS, Path(os.path.expanduser("~")), *private):
        for place in shown():
            if folder.resolve().is_relative_to(place):
                raise CourseError(
                    f"{folder}: lies below {place}, which notebooks can read; move it elsewhere"
                )
    trial = sandbox.run if sandbox else run_in_sandbox
    outcome = trial(b'{"cells": []}', Limits(wall=30.0))
    if not outcome.started:
        reason = (outcome.log.strip().splitlines() or [f"exit code {outcome.code}"])[-1]
        if "ermitted" in reason:
            raise CourseError(NO_NAMESPACES)
        raise CourseError(f"the sandbox does not start: {reason}; try bwrap --ro-bind / / true")
