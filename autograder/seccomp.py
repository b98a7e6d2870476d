"""The system calls that a trainee's notebook never needs and an attacker of the kernel would.

A classic BPF program for seccomp: calls that make namespaces, mount, trace, load code into the kernel, reach
out, change limits or keep memory where no limit counts it are answered with an error; all others are allowed.
"""

from __future__ import annotations

import errno
import platform
import struct

# name: (number on x86-64, number on arm64)
DENIED = {
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    # mounts and namespaces; what is not here takes rights that nobody has
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    # parts of the kernel that are large, rarely used, and often broken
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "vmsplice": (278, 75),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # keys, the kernel's log, and watches on files, all of which are counted for the operator as a user
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "syslog": (103, 116),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # memory that belongs to no process, so that nobody sees whose it is
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # limits stay as they were set
    "setrlimit": (160, 164),
}
X86_ONLY = {"modify_ldt": 154, "inotify_init": 253}
CLONE, CLONE3, PRLIMIT, FCNTL = (56, 220), (435, 435), (302, 261), (72, 25)
SOCKETS, SETSOCKOPT = ((41, 198), (53, 199)), (54, 208)  # socket, socketpair
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit architecture, column above
NEW_NAMESPACES = 0x7E020000  # CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
SET_LEASE = 1024  # fcntl: others who open the file would have to wait
SEND_BUFFER = 7  # setsockopt: memory that belongs to no process
AF_UNIX = 1
X32 = 0x40000000
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000


def supported() -> bool:
    """Whether there is a program for this machine."""
    return platform.machine() in MACHINES


def filter_program() -> bytes:
    """The program, for the machine that this runs on; it kills nothing."""
    arch, column = MACHINES[platform.machine()]
    deny, allow = _answer(errno.EPERM), _step(_RETURN, ALLOW)
    code = [
        _step(_LOAD, 4),
        _step(_EQUAL, arch, 1, 0),
        deny,  # the other calling convention of this machine
        _step(_LOAD, 0),
        _step(_AT_LEAST, X32, 0, 1),
        deny,
    ]
    # clone3 hides its flags from filters; without it the C library falls back to clone
    code += _case(CLONE3[column], [_answer(errno.ENOSYS)])
    denied = [numbers[column] for numbers in DENIED.values()]
    for number in [*denied, *X86_ONLY.values()] if column == 0 else denied:
        code += _case(number, [deny])
    code += _case(CLONE[column], [_argument(0), _step(_ANY_BIT, NEW_NAMESPACES, 0, 1), deny, allow])
    # to read a limit is fine: the new one is no address then
    code += _case(
        PRLIMIT[column],
        [_argument(2), _step(_EQUAL, 0, 0, 2), _argument(2, high=True), _step(_EQUAL, 0, 1, 0), deny, allow],
    )
    code += _case(FCNTL[column], [_argument(1), _step(_EQUAL, SET_LEASE, 0, 1), deny, allow])
    code += _case(SETSOCKOPT[column], [_argument(2), _step(_EQUAL, SEND_BUFFER, 0, 1), deny, allow])
    # also the families that no network namespace keeps in, such as that to the host of a virtual machine
    for numbers in SOCKETS:
        said = _answer(errno.ENETUNREACH)
        code += _case(numbers[column], [_argument(0), _step(_EQUAL, AF_UNIX, 1, 0), said, allow])
    return b"".join([*code, allow])


def _case(number: int, steps: list[bytes]) -> list[bytes]:
    """The steps for one system call; the last of them has to return, for they read over its number."""
    return [_step(_EQUAL, number, 0, len(steps)), *steps]


def _argument(position: int, *, high: bool = False) -> bytes:
    """Read half an argument; both machines keep the low half first."""
    return _step(_LOAD, 16 + 8 * position + 4 * high)


def _answer(error: int) -> bytes:
    return _step(_RETURN, ERROR | error)


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
