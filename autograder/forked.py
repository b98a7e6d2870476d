"""A notebook's processes, as the sandbox's parent sees them: by the number of the first one."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess

CREDENTIALS = struct.Struct("3i")  # process, user, group


class Forked:
    """A running notebook; `begun` once its own code runs. When the first process ends, so do all."""

    def __init__(self, ending: socket.socket) -> None:
        self._ending = ending
        self._code: int | None = None
        self.begun = False
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
            if said == b"begun":
                self.begun = True
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
