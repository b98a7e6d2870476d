"""Runs in the sandbox: executes a notebook's code cells and writes down what they output.

Nothing of this repository is here but `linelab` and the files beside this one. Reads
``{"cells": [source, …], "limits": {…}}`` from standard input. Writes one JSON line a cell,
``{"cell": number, "outputs": […], "seconds": …}``, to the file descriptor named by its argument, then
``{"done": true}``. A notebook can write there, too, if it looks for it: nobody believes what comes out, it is
only claims, so that nothing is gained.
"""

from __future__ import annotations

import importlib
import os
import random
import signal
import sys
import time
from json import loads
from types import FrameType
from typing import Any

sys.path.insert(0, "/course/labs")
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from recorder import Record, Stream, encode  # type: ignore[import-not-found]
from traitlets import Type
from traitlets.config import Config

sys.path.pop(0)  # a notebook finds nothing of ours by its name

PRELOADED = ("numpy", "simpy", "matplotlib.pyplot", "linelab", "linelab.answers", "linelab.apps")
# taken before a notebook can put something else in their place
_encode, _write, _exit, _read_at, _by_the_clock = encode, os.write, os._exit, os.pread, time.monotonic


class OutOfTime(BaseException):
    """A cell's time is up; no `except Exception` catches it."""


class Clock:
    """Seconds that go by for this process; they stand still while it waits for a processor.

    So a notebook has the same time on a machine that is busy with other things.
    """

    end, _waits = float("inf"), -1  # of the cell that runs; a file of the kernel

    def start(self) -> None:
        try:
            self._waits = os.open("/proc/self/schedstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._waits = -1

    def now(self) -> float:
        try:
            waited = int(_read_at(self._waits, 100, 0).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):  # a kernel that does not count it
            waited = 0.0
        return _by_the_clock() - waited


RECORD = Record(0)
CLOCK = Clock()


class Publisher(DisplayPublisher):
    def publish(self, data: Any, *_: Any, **__: Any) -> None:
        RECORD.data("display_data", data)

    def clear_output(self, wait: bool = False) -> None:
        """Keep everything: a record that was shown once counts."""


class Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        """No prompt."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        RECORD.data("execute_result", format_dict)

    def finish_displayhook(self) -> None:
        self._is_active = False


class Shell(InteractiveShell):
    display_pub_class = Type(Publisher)
    displayhook_class = Type(Hook)

    def enable_gui(self, gui: str | None = None) -> None:
        """There is no window system."""

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        lines = stb if isinstance(stb, list) else [str(stb)]
        RECORD.error(getattr(etype, "__name__", "Error"), str(evalue), lines)


def _shell() -> InteractiveShell:
    if not Shell.initialized():
        config = Config()
        config.HistoryManager.enabled = False  # else a database and a thread
        shell = Shell.instance(user_ns={"__name__": "__main__"}, config=config)
        shell.colors = "NoColor"
    return Shell.instance()


def _out_of_time(_number: int, _frame: FrameType | None) -> None:
    left = CLOCK.end - CLOCK.now()
    if left > 0:  # it had to wait for a processor
        _ring(left)
    else:
        raise OutOfTime("the time for this cell is up")


def _ring(seconds: float) -> None:
    """Raise the alarm then, and once a second from then on, for a cell may swallow the first ones."""
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), 1.0)


def run(cells: list[str], limits: dict[str, float], channel: int) -> None:
    """Execute the cells one after another; an error in one does not stop the next."""
    RECORD.limit = int(limits.get("cell_output", 2 << 20))
    shell = _shell()
    sys.stdout, sys.stderr = Stream("stdout", RECORD), Stream("stderr", RECORD)
    signal.signal(signal.SIGALRM, _out_of_time)
    CLOCK.start()
    end = CLOCK.now() + limits.get("total", 180.0)
    for number, source in enumerate(cells):
        RECORD.start()
        started = CLOCK.now()
        seconds = min(limits.get("cell", 60.0), end - started)
        if seconds <= 0:
            _send(channel, {"stopped": "time", "cell": number})
            break
        try:
            CLOCK.end = started + seconds
            _ring(seconds)
            shell.run_cell(source, store_history=False)  # IPython has no types
        except BaseException as error:  # an alarm or exit that came when IPython itself was at work
            RECORD.error(type(error).__name__, str(error), [])
        finally:
            _calm()
        spent = max(0.0, round(CLOCK.now() - started, 3))  # the kernel's two clocks differ by a little
        _send(channel, {"cell": number, "outputs": RECORD.done(), "seconds": spent})
    _send(channel, {"done": True})


def _calm() -> None:
    """Switch the alarm off, though one may come at this very moment."""
    for _ in range(3):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            return
        except OutOfTime:
            continue


def _send(channel: int, message: dict[str, Any]) -> None:
    line = _encode(message).encode("utf-8", "replace") + b"\n"
    while line:
        line = line[_write(channel, line) :]


def prepare() -> None:
    """Load what the exercises import, and make the shell: what every notebook would else do first."""
    os.makedirs(os.environ.get("MPLCONFIGDIR", "/tmp/mpl"), exist_ok=True)
    shell = _shell()
    sys.stdout, sys.stderr = Stream("stdout", RECORD), Stream("stderr", RECORD)
    for module in PRELOADED:
        importlib.import_module(module)
    for cell in ("1/0", "1", "print()"):  # the first error, value and text load more
        shell.run_cell(cell, store_history=False)
    cases = importlib.import_module("linelab.cases")
    loaded = [cases.load(name) for name in cases.names()]
    importlib.import_module(
        "linelab.texts"
    ).catalogue()  # the library's words, a file that takes long to read
    some = loaded[0]  # the first run of a line makes what all runs share
    importlib.import_module("linelab").simulate(some.line, horizon=some.warm_up + 60, replications=2, seed=0)


def read_job(source: int) -> dict[str, Any]:
    """Read a job from the file `source`, and close it."""
    with open(source, "rb") as stream:
        job: dict[str, Any] = loads(stream.read())
    return job


def run_job(job: dict[str, Any], channel: int) -> None:
    """Run a job; does not come back."""
    os.set_inheritable(channel, False)
    # the same notebook draws the same numbers each time, as far as it uses the two shared generators
    random.seed(0)
    importlib.import_module("numpy").random.seed(0)
    os.makedirs(os.environ.get("MPLCONFIGDIR", "/tmp/mpl"), exist_ok=True)
    try:
        run(job["cells"], job.get("limits", {}), channel)
    finally:
        _exit(0)  # whatever threads still run


def main() -> None:
    """Run one job without the warm parent: from standard input, results to the file of the argument."""
    job, channel = read_job(0), int(sys.argv[1])
    _send(channel, {"started": True})
    run_job(job, channel)


if __name__ == "__main__":
    main()
