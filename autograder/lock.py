"""Locks a forked process into a sandbox of its own, from inside; standard library only.

`warm.py` is in bubblewrap already: no network, a read-only system, nothing of the course. Each notebook's
process gets besides that its own process, mount, network and message namespaces, an empty work folder, its
limits, no privileges and a filter of system calls. The steps are those of bubblewrap; they are made here
again because bubblewrap starts a program, and a program that is started has to load everything anew.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
NOSUID, NODEV, NOEXEC, BIND, REC, PRIVATE = 2, 4, 8, 0x1000, 0x4000, 1 << 18
SET_DUMPABLE, SET_SECCOMP, CAPBSET_DROP, SET_NO_NEW_PRIVS = 4, 22, 24, 38
LAST_CAPABILITY = 40
CAPABILITY_VERSION = 0x20080522
NOBODY = 65534


def separate() -> None:
    """Leave the namespaces of the parent; the next process that is forked is number 1 of its own.

    An operator who is not root has a user namespace, and here comes a further one: in it the notebook's
    processes are counted by themselves.
    """
    flags = NEWPID | NEWNS | NEWIPC | NEWUTS | NEWNET
    user, group = os.getuid(), os.getgid()
    _call("unshare", flags if user == 0 else flags | NEWUSER)
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{NOBODY} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{NOBODY} {group} 1", "ascii")


def furnish(disk: int, nodes: int) -> None:
    """Mount what no other notebook may share.

    An empty work folder of `disk` bytes and `nodes` files and folders (each takes memory, even an empty one),
    terminals, and the list of one's own processes.
    """
    _call("mount", None, b"/", None, REC | PRIVATE, None)
    work = f"size={disk},nr_inodes={nodes},mode=1777"
    # Python itself may lie below /tmp, and loads some packages only when they are used
    python = {p: os.open(p, os.O_PATH) for p in (sys.base_prefix, sys.prefix) if p.startswith("/tmp/")}
    _call("mount", b"tmpfs", b"/tmp", b"tmpfs", NOSUID | NODEV, work.encode())
    for place, held in python.items():
        os.makedirs(place, exist_ok=True)
        _call("mount", f"/proc/self/fd/{held}".encode(), place.encode(), None, BIND | REC, None)
        os.close(held)
    _call("mount", b"devpts", b"/dev/pts", b"devpts", NOSUID | NOEXEC, b"newinstance,ptmxmode=0666,mode=620")
    _call("mount", b"proc", b"/proc", b"proc", NOSUID | NODEV | NOEXEC, None)
    os.chdir("/tmp")


def drop_privileges(user: int) -> None:
    """Give up every right, for good; root becomes `user`, a number that nobody else has."""
    for capability in range(LAST_CAPABILITY + 1):
        _libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)  # those that this kernel does not know: no matter
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def hide(*, hidden: bool) -> None:
    """Say whether other processes of the same user may look into this one."""
    _call("prctl", SET_DUMPABLE, 0 if hidden else 1, 0, 0, 0)


def limit(limits: Mapping[str, float]) -> None:
    """Set the kernel's limits, for good: the filter of system calls lets nobody change them."""
    values = {
        resource.RLIMIT_CPU: limits["cpu"] + 10,  # the watch outside comes first, and says why
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_FSIZE: limits["file_size"],
        resource.RLIMIT_NOFILE: limits["files"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_CORE: 1,  # zero would still hand a crash to the system's own crash reporter
        resource.RLIMIT_SIGPENDING: 1024,  # like the next two: counted for the operator as a user
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
    }
    for kind, most in values.items():
        hard = resource.getrlimit(kind)[1]
        most = int(most if hard == resource.RLIM_INFINITY else min(most, hard))
        resource.setrlimit(kind, (most, most))
    Path("/proc/self/oom_score_adj").write_text("1000", "ascii")  # if memory runs out, this goes first


def filter_calls(program: bytes) -> None:
    """Switch on a filter of system calls; `program` is a classic BPF program."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    filled = Program(len(program) // 8, program)
    _call("prctl", SET_SECCOMP, 2, ctypes.byref(filled), 0, 0)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
