"""The command that starts bubblewrap, and with it what notebooks can see: nothing that is not named here."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import linelab
from autograder.errors import CourseError

SYSTEM = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/alternatives")]
HERE = Path(__file__).parent
PARTS = ("warm.py", "lock.py", "seccomp.py", "inside.py", "recorder.py")  # what of this package is inside
LABS = "/course/labs"
RUNNER = "/course/warm.py"
SCRATCH = 16 << 20  # bytes of the warm process's own work folder
ENOUGH = 1000  # user numbers; with fewer, as in some containers, root is no root
MISSING = "bubblewrap is missing: run sudo apt-get install bubblewrap"


def bwrap_command(arguments: Sequence[str]) -> list[str]:
    """The command that starts `warm.py` in bubblewrap.

    Raises
    ------
    CourseError
        If there is no bubblewrap.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise CourseError(MISSING)
    command = [bwrap, "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    command += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
    command += ["--hostname", "exercise"]
    if spare_users():
        command += ["--cap-drop", "ALL"]
        for right in ("SYS_ADMIN", "SETUID", "SETGID", "SETPCAP"):  # to lock notebooks in; they get none
            command += ["--cap-add", f"CAP_{right}"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    for name, value in environment().items():
        command += ["--setenv", name, value]
    # first the work folder: the interpreter may lie below /tmp and must not be hidden by it
    command += ["--perms", "1777", "--size", str(SCRATCH), "--tmpfs", "/tmp"]
    command += _binds()
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/"]
    command += ["--chdir", "/tmp", "--"]
    # not -I, which would leave out the hash seed: sets then have the same order each time
    return [*command, sys.executable, "-s", "-P", RUNNER, *arguments]


def shown() -> list[Path]:
    """The folders of this machine that notebooks can read."""
    return [path.resolve() for path in (*SYSTEM, *_prefixes())]


def spare_users() -> range:
    """User numbers that root can give to notebooks; empty for everybody else.

    They are taken from the upper half of those there are, which no system hands out.
    """
    if os.geteuid() != 0:
        return range(0)
    lines = Path("/proc/self/uid_map").read_text("ascii").splitlines()
    first, count = max(((int(x.split()[0]), int(x.split()[2])) for x in lines), key=lambda pair: pair[1])
    return range(first + count // 2, first + count - 2) if count >= ENOUGH else range(0)


def environment() -> dict[str, str]:
    """All that the program inside knows of the outside; one thread a library, for they count as processes."""
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "OMP", "MKL", "NUMEXPR")}
    home = {"HOME": "/tmp", "TMPDIR": "/tmp", "MPLCONFIGDIR": "/tmp/mpl", "IPYTHONDIR": "/tmp/ipython"}
    fixed = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "MPLBACKEND": "agg", "PYTHONHASHSEED": "0"}
    return fixed | home | threads


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
