"""Inside bubblewrap: loads what notebooks import once, then forks a locked process for each notebook.

Started as ``warm.py SOCKET``. Every message on that socket is a notebook's limits as JSON, with four open
files: the job (what `inside.read_job` reads), where its results go, its standard error, and a socket to say
how it begins and ends. This process never reads a job. Of each notebook there are two processes: number 1 of
its own namespace, which waits and then says how it ended, and number 2, which runs it. When number 1 ends, so
does everything that the notebook started.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from array import array
from pathlib import Path
from typing import Any

sys.path.insert(0, "/course/labs")
sys.path.insert(0, "/course")

import inside  # type: ignore[import-not-found]  # they lie side by side in the sandbox
import lock  # type: ignore[import-not-found]
import seccomp  # type: ignore[import-not-found]

sys.path.remove("/course")

FILES = 4
LONGEST = 1 << 16


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the operator's; it ends us when it is done
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the ones between
    program = seccomp.filter_program()
    inside.prepare()
    gc.collect()
    gc.freeze()  # what is loaded stays in pages that all share
    requests.send(b"ready")
    while True:
        message, files = _receive(requests)
        if not message:
            return
        if os.fork() == 0:
            try:
                requests.close()
                _start(json.loads(message), files, program)
            except BaseException as error:  # for the operator; the traceback would not help
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(70)
        for file in files:
            os.close(file)


def _receive(requests: socket.socket) -> tuple[bytes, list[int]]:
    message, extra, _, _ = requests.recvmsg(LONGEST, socket.CMSG_SPACE(FILES * 4))
    files = array("i")
    for _, _, data in extra:
        files.frombytes(data)
    return message, list(files)


def _start(limits: dict[str, Any], files: list[int], program: bytes) -> None:
    """In a process between: make the namespaces; number 1 of them is the next one."""
    job, results, errors, ending = files
    os.setsid()
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.dup2(errors, 2)
    lock.separate()
    if os.fork() == 0:
        _one(limits, job, results, ending, program)


def _one(limits: dict[str, Any], job: int, results: int, ending: int, program: bytes) -> None:
    """Number 1: furnish the place, start the notebook, wait, say how it ended."""
    say = socket.socket(fileno=ending)
    say.send(b"here")  # the kernel adds our number, as it is outside
    lock.furnish(int(limits["disk"]), int(limits["nodes"]))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    lock.limit(limits)
    lock.drop_privileges(int(limits["user"]))
    # before the notebook is there: it must never meet a number 1 that it could look into, or without a filter
    lock.hide(hidden=True)
    lock.filter_calls(program)
    number = os.fork()
    if number == 0:
        _close_all_but(0, 1, 2, job, results, ending)
        lock.hide(hidden=False)  # it is an ordinary process to itself, as after the start of a program
        signal.signal(signal.SIGINT, signal.default_int_handler)
        work = inside.read_job(job)
        say.send(b"begun")  # from here on whatever happens is the notebook's doing
        say.close()
        inside.run_job(work, results)
        os._exit(0)
    _close_all_but(ending)
    code = 0
    while True:
        try:
            ended, status = os.wait()
        except InterruptedError:
            continue
        if ended == number:
            code = os.waitstatus_to_exitcode(status)
            break
    say.send(json.dumps({"code": code}).encode())
    os._exit(0)


def _close_all_but(*kept: int) -> None:
    for entry in Path("/proc/self/fd").iterdir():
        number = int(entry.name)
        if number not in kept:
            try:
                os.close(number)
            except OSError:
                continue  # the one that listed them


if __name__ == "__main__":
    main()
