"""The system calls that a trainee's notebook never needs and an attacker of the kernel would.

A classic BPF program for bubblewrap's ``--seccomp``: calls that make namespaces, mount, trace, load code into
the kernel or keep memory outside the limits answer "not permitted"; everything else is allowed.
"""

from __future__ import annotations

import errno
import platform
import struct

# name: (number on x86-64, number on arm64)
DENIED = {
    "ptrace": (101, 117),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "unshare": (272, 97),
    "perf_event_open": (298, 241),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "memfd_create": (319, 279),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
}
MACHINES = {"x86_64": (0xC000003E, 0, 56), "aarch64": (0xC00000B7, 1, 220)}  # audit arch, column, clone
CLONE3 = 435
NEW_NAMESPACES = 0x7E020000  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000


def filter_program() -> bytes:
    """The program, for the machine that this runs on; kills nothing, unknown architectures are denied."""
    arch, column, clone = MACHINES.get(platform.machine(), (None, 0, 0))
    if arch is None:
        return struct.pack("<HBBI", _RETURN, 0, 0, ALLOW)  # other machines: bubblewrap and limits alone
    deny = _step(_RETURN, ERROR | errno.EPERM)
    code = [
        _step(_LOAD, 4),
        _step(_EQUAL, arch, 1, 0),
        deny,  # the other calling convention of this machine
        _step(_LOAD, 0),
        _step(_AT_LEAST, 0x40000000, 0, 1),
        deny,  # x32
        # clone3 hides its flags from filters; without it the C library falls back to clone
        _step(_EQUAL, CLONE3, 0, 1),
        _step(_RETURN, ERROR | errno.ENOSYS),
    ]
    for numbers in DENIED.values():
        code += [_step(_EQUAL, numbers[column], 0, 1), deny]
    code += [
        _step(_EQUAL, clone, 0, 3),
        _step(_LOAD, 16),
        _step(_ANY_BIT, NEW_NAMESPACES, 0, 1),
        deny,
        _step(_RETURN, ALLOW),
    ]
    return b"".join(code)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
