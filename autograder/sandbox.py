"""Runs a trainee's notebook where it can harm nothing: bubblewrap, limits, and a watch from outside.

Inside there are the system's programs, the interpreter, its packages, `linelab` and `inside.py`, all read
only; a small work folder in memory; no network; no other process; nothing of the cohort or of this
repository. What comes out is bytes that nobody has to believe.

The kernel's per-user limits do not bind root. So a root operator's sandbox runs under a user number of its
own, without any capability; everybody else's runs in a user namespace that can make no further ones.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import linelab
from autograder.assignments import NOTEBOOKS
from autograder.errors import CourseError
from autograder.seccomp import filter_program
from autograder.watch import Limits, Outcome, watch

SYSTEM = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/alternatives")]
INSIDE = Path(__file__).with_name("inside.py")
LABS = "/course/labs"
RUNNER = "/course/inside.py"
STARTED = b'{"started": true}'  # what `inside.py` says before the first cell
MISSING = "bubblewrap is missing: run sudo apt-get install bubblewrap"
NO_NAMESPACES = (
    "user namespaces are off, so notebooks cannot be locked in: run "
    "sudo sysctl kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0"
)
__all__ = ["STARTED", "Limits", "Outcome", "bwrap_command", "require_sandbox", "run_in_sandbox"]
_users = itertools.count(int(time.time_ns() // 1000) % 40_000)


def run_in_sandbox(payload: bytes, limits: Limits | None = None, *, unsafe: bool = False) -> Outcome:
    """Run `inside.py` on a payload (what it reads) and give back what it wrote.

    Parameters
    ----------
    payload : bytes
        A notebook and its limits as JSON; see `inside.py`.
    limits : Limits, optional
        What it may use.
    unsafe : bool
        Without bubblewrap: the notebook then runs with the operator's rights. Says so loudly.
    """
    limits = limits or Limits()
    if unsafe:
        print("UNSAFE: a trainee's code runs here without a sandbox, with all your rights", file=sys.stderr)
    with tempfile.TemporaryFile() as source:
        source.write(payload)
        source.seek(0)
        result_read, result_write = os.pipe()
        kept = [result_write]
        try:
            if unsafe:
                command = [*_limited(limits), sys.executable, "-I", str(INSIDE), str(result_write)]
            else:
                kept.append(_filter_fd())
                command = bwrap_command([str(result_write)], kept[-1], limits)
            started = time.monotonic()
            process = subprocess.Popen(
                command,
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=kept,
                env=_environment() if unsafe else {},
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            os.close(result_read)
            raise
        finally:
            for fd in kept:
                os.close(fd)
        try:
            return watch(process, result_read, limits, started)
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
    if STARTED in outcome.data:
        return
    if any(said in outcome.log for said in ("namespace", "uid map", "Operation not permitted")):
        raise CourseError(NO_NAMESPACES)
    reason = (outcome.log.strip().splitlines() or [f"exit code {outcome.code}"])[-1]
    raise CourseError(f"the sandbox does not start: {reason}; run it by hand with bwrap --version and --help")


def bwrap_command(arguments: Sequence[str], seccomp_fd: int, limits: Limits) -> list[str]:
    """The command that starts `inside.py` in the sandbox."""
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise CourseError(MISSING)
    root = os.geteuid() == 0
    command = [*_limited(limits), bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--hostname", "exercise", "--seccomp", str(seccomp_fd)]
    if root:
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        command += ["--cap-add", "CAP_SETPCAP"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534", "--disable-userns"]
    for name, value in _environment().items():
        command += ["--setenv", name, value]
    # first the work folder: the interpreter may lie below /tmp and must not be hidden by it
    command += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", "/tmp"]
    command += _binds()
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]
    command += ["--chdir", "/tmp", "--"]
    if root:
        user = str(200_000 + next(_users) % 40_000)
        command += ["/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        command += ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
    return [*command, sys.executable, "-I", RUNNER, *arguments]


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
    return [*flags, "--ro-bind", str(package), f"{LABS}/linelab", "--ro-bind", str(INSIDE), RUNNER]


def _prefixes() -> list[Path]:
    """Where the interpreter and its packages lie, if not in the system's own folders."""
    found = {Path(sys.base_prefix).resolve(), Path(sys.base_prefix), Path(sys.prefix)}
    found.add(Path(sys.executable).resolve().parents[1])
    return sorted(p for p in found if p != Path("/") and not p.is_relative_to("/usr"))


def _environment() -> dict[str, str]:
    """All that the program inside knows of the outside; one thread a library, for they count as processes."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMEXPR")}
    home = {"HOME": "/tmp", "TMPDIR": "/tmp", "MPLCONFIGDIR": "/tmp/mpl", "IPYTHONDIR": "/tmp/ipython"}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg"} | home | threads


def _limited(limits: Limits) -> list[str]:
    """The command in front that sets the kernel's limits.

    The number of processes is not set here: for a plain user it would count all that the user runs. It is set
    by `inside.py`, in the sandbox, where only the sandbox's own count.
    """
    values = {
        "cpu": limits.cpu,
        "as": limits.memory,
        "fsize": limits.file_size,
        "nofile": limits.files,
        "core": 0,
    }
    return ["/usr/bin/prlimit", *(f"--{name}={value}" for name, value in values.items()), "--"]


def _filter_fd() -> int:
    """A file with the system-call filter, as bwrap wants it."""
    fd = os.memfd_create("filter")
    os.write(fd, filter_program())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
