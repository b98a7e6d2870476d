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
import itertools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import linelab
from autograder.assignments import NOTEBOOKS
from autograder.errors import CourseError
from autograder.watch import Limits, Outcome, watch

SYSTEM = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/alternatives")]
HERE = Path(__file__).parent
PARTS = ("warm.py", "lock.py", "seccomp.py", "inside.py")  # what of this package is inside
LABS = "/course/labs"
RUNNER = "/course/warm.py"
SCRATCH = 16 << 20  # bytes of the warm process's own work folder
START = 60.0  # seconds that a start may take on a slow machine
FIRST_USER, USERS = 200_000, 40_000
CREDENTIALS = struct.Struct("3i")  # process, user, group
STARTED = b'{"started": true}'  # what `inside.py` says before the first cell
MISSING = "bubblewrap is missing: run sudo apt-get install bubblewrap"
NO_NAMESPACES = (
    "user namespaces are off, so notebooks cannot be locked in: run "
    "sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
)
__all__ = ["STARTED", "Limits", "Outcome", "Sandbox", "bwrap_command", "require_sandbox", "run_in_sandbox"]
_users = itertools.count(int(time.time_ns() // 1000) % USERS)


class Sandbox:
    """A place to run notebooks in, several at once if called from several threads; a context manager."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._log: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

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
                started = time.monotonic()
                return watch(*self._start(payload, limits), limits, started)
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
            if self._process is not None:
                self._process.kill()  # bubblewrap's first process dies with it, and its whole namespace
                self._process.wait()
                self._process = None

    def _start(self, payload: bytes, limits: Limits) -> tuple[_Forked, int, int]:
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
                asked = asdict(limits) | {"user": FIRST_USER + next(_users) % USERS}
                files = [job.fileno(), results[1], errors[1], theirs.fileno()]
                requests = self._opened()
                with self._lock:
                    socket.send_fds(requests, [json.dumps(asked).encode()], files)
                theirs.close()
                return _Forked(ending), results[0], errors[0]
            except BaseException:
                ending.close()
                os.close(results[0])
                os.close(errors[0])
                raise

    def _opened(self) -> socket.socket:
        with self._lock:
            if self._requests is not None:
                return self._requests
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
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
                theirs.close()
                ours.settimeout(START)
                if ours.recv(16) != b"ready":
                    raise OSError("it ended before it was ready")
            except BaseException:
                ours.close()
                theirs.close()
                raise
            self._requests = ours
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


class _Forked:
    """A notebook's processes, by the number of their first one."""

    def __init__(self, ending: socket.socket) -> None:
        self._ending = ending
        self._code: int | None = None
        try:
            _, extra, _, _ = ending.recvmsg(64, socket.CMSG_SPACE(CREDENTIALS.size))
            found = [data for _, kind, data in extra if kind == socket.SCM_CREDENTIALS]
            self.pid = CREDENTIALS.unpack(found[0])[0] if found else 0
            if not self.pid:
                raise OSError("a notebook's processes could not be made")
            self._handle = os.pidfd_open(self.pid)
        except ProcessLookupError:  # it is over already
            self._handle = -1

    def poll(self) -> int | None:
        return self._look(0.0)

    def wait(self, timeout: float | None = None) -> int:
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("notebook", timeout or 0.0)
        return code

    def kill(self) -> None:
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self._code is not None:
            return self._code
        self._ending.settimeout(timeout)
        try:
            said = self._ending.recv(256)
        except (BlockingIOError, TimeoutError):
            return None
        except OSError:
            said = b""
        self._code = json.loads(said)["code"] if said else -signal.SIGKILL
        self._ending.close()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        return self._code


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


def _run_unsafe(payload: bytes, limits: Limits) -> Outcome:
    print("UNSAFE: a trainee's code runs here without a sandbox, with all your rights", file=sys.stderr)
    with tempfile.TemporaryFile() as job:
        job.write(payload)
        job.seek(0)
        results, errors = os.pipe(), os.pipe()
        values = {"cpu": limits.cpu, "as": limits.memory, "fsize": limits.file_size, "core": 0}
        command = ["/usr/bin/prlimit", *(f"--{name}={value}" for name, value in values.items()), "--"]
        try:
            started = time.monotonic()
            process = subprocess.Popen(
                [*command, sys.executable, "-I", str(HERE / "inside.py"), str(results[1])],
                stdin=job,
                stdout=subprocess.DEVNULL,
                stderr=errors[1],
                pass_fds=[results[1]],
                env=_environment(),
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
            return watch(process, results[0], errors[0], limits, started)
        finally:  # also when the operator interrupts
            process.kill()
            process.wait()


def require_sandbox(*private: Path) -> None:
    """Try the sandbox; CourseError says what to do if it is not there or would show a private folder."""
    if shutil.which("bwrap") is None:
        raise CourseError(MISSING)
    for folder in (NOTEBOOKS, *private):
        for shown in (*map(Path.resolve, SYSTEM), *_prefixes()):
            if folder.resolve().is_relative_to(shown.resolve()):
                raise CourseError(
                    f"{folder}: lies below {shown}, which notebooks can read; move it elsewhere"
                )
    outcome = run_in_sandbox(b'{"cells": []}', Limits(wall=30.0))
    if STARTED not in outcome.data:
        reason = (outcome.log.strip().splitlines() or [f"exit code {outcome.code}"])[-1]
        if "ermitted" in reason:
            raise CourseError(NO_NAMESPACES)
        raise CourseError(f"the sandbox does not start: {reason}; try bwrap --ro-bind / / true")


def bwrap_command(arguments: Sequence[str]) -> list[str]:
    """The command that starts `warm.py` in bubblewrap."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise CourseError(MISSING)
    command = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--hostname", "exercise"]
    if os.geteuid() == 0:
        command += ["--cap-drop", "ALL"]
        for right in ("SYS_ADMIN", "SETUID", "SETGID", "SETPCAP"):  # to lock notebooks in; they get none
            command += ["--cap-add", f"CAP_{right}"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    # first the work folder: the interpreter may lie below /tmp and must not be hidden by it
    command += ["--perms", "1777", "--size", str(SCRATCH), "--tmpfs", "/tmp"]
    command += _binds()
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]
    command += ["--chdir", "/tmp", "--"]
    # not -I, which would leave out the hash seed: sets then have the same order each time
    return [*command, sys.executable, "-s", "-P", RUNNER, *arguments]


def _binds() -> list[str]:
    """Read-only mounts of what Python needs, and links where the system has links."""
    flags = []
    for path in SYSTEM:
        if path.is_symlink():
            flags += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            flags += ["--ro-bind", str(path), str(path)]
    for file in sorted(Path("/etc").glob("ld.so.*")):
        flags += ["--ro-bind", str(file), str(file)]
    for prefix in _prefixes():
        for folder in reversed(prefix.parents[:-1]):  # bubblewrap would make them as closed as ours are
            flags += ["--perms", "0755", "--dir", str(folder)]
        flags += ["--ro-bind", str(prefix), str(prefix)]
    package = Path(linelab.__file__).resolve().parent
    for made in ("/course", LABS):
        flags += ["--perms", "0755", "--dir", made]
    for name in PARTS:
        flags += ["--ro-bind", str(HERE / name), f"/course/{name}"]
    return [*flags, "--ro-bind", str(package), f"{LABS}/linelab"]


def _prefixes() -> list[Path]:
    """Where the interpreter and its packages lie, if not in the system's own folders."""
    found = {Path(sys.base_prefix).resolve(), Path(sys.base_prefix), Path(sys.prefix)}
    found.add(Path(sys.executable).resolve().parents[1])
    return sorted(p for p in found if p != Path("/") and not p.is_relative_to("/usr"))


def _environment() -> dict[str, str]:
    """All that the program inside knows of the outside; one thread a library, for they count as processes."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMEXPR")}
    home = {"HOME": "/tmp", "TMPDIR": "/tmp", "MPLCONFIGDIR": "/tmp/mpl", "IPYTHONDIR": "/tmp/ipython"}
    fixed = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    return fixed | home | threads
