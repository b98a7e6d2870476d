"""Where the time of grading goes: the notebook's own code, the sandbox, judging, and entering the marks."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder import sandbox
from autograder.bubblewrap import environment
from autograder.cohort import Cohort
from autograder.collect import Attempt
from autograder.entry import Entries
from autograder.execute import execute, source_of
from autograder.grade import Outcome, _enter, _recorded, counted
from autograder.judge import Sheet, hidden_seeds, judge_all
from autograder.submission import as_json
from autograder.work import BATCH, Done

MOST = 40  # hand-ins that are taken apart
WORDS = {
    "own_code": "the notebook's own code, by the clock inside",
    "bare_fork": "a warm fork of it without any sandbox",
    "sandboxed": "the same in the sandbox",
    "sandbox_alone": "so the sandbox alone takes",
    "reading": "reading the notebook and checking what came out",
    "judging": "judging, in batches",
    "entering": "record, gradebook and nbgrader's notebook",
}
BARE = """
import gc, os, socket, sys
sys.path.insert(0, sys.argv[2])
import inside
inside.prepare()
gc.collect()
gc.freeze()
requests = socket.socket(fileno=int(sys.argv[1]))
requests.send(b"ready")
while True:
    message, files, _, _ = socket.recv_fds(requests, 16, 2)
    if not message:
        break
    number = os.fork()
    if number == 0:
        inside.run_job(inside.read_job(files[0]), files[1])
    for file in files:
        os.close(file)
    os.waitpid(number, 0)
"""


def measure(cohort: Cohort, copy: Path) -> dict[str, float]:
    """Seconds a hand-in, each part; forks with and without the sandbox take turns."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(cohort.path, copy)
    cohort = Cohort.open(copy)
    counting = counted(cohort)[:MOST]
    attempts = [one.attempt for one in counting]
    seeds = hidden_seeds(cohort.secret, attempts[0].assignment)
    found: dict[str, list[float]] = {name: [] for name in WORDS}
    ran = []
    with sandbox.Sandbox() as walled, _bare() as bare:
        first = _payload(attempts[0])
        walled.run(first)
        bare(first)
        for attempt in attempts:
            payload = _payload(attempt)
            for name, run in (("sandboxed", lambda p: walled.run(p).data), ("bare_fork", bare)):
                begun = time.perf_counter()
                data = run(payload)
                found[name].append(time.perf_counter() - begun)
                if name == "sandboxed":
                    found["own_code"].append(_inside(data))
            begun = time.perf_counter()
            executed = execute(attempt.read(), attempt.assignment, sandbox=walled)
            executed_text = as_json(executed.notebook)
            found["reading"].append(time.perf_counter() - begun - executed.seconds)
            ran.append((executed, executed_text))
    sheets = [
        Sheet(a.assignment, a.trainee, cohort.edition, run.answers, seeds)
        for a, (run, _) in zip(attempts, ran, strict=True)
    ]
    judge_all(sheets[:1])  # the best plans of the case are looked for once
    begun = time.perf_counter()
    judged = []
    for place in range(0, len(sheets), BATCH):
        judged += judge_all(sheets[place : place + BATCH])
    found["judging"] = [(time.perf_counter() - begun) / len(sheets)]
    with Entries.open(cohort.path) as entries:
        begun = time.perf_counter()
        for first in range(0, len(attempts), BATCH):
            batch = slice(first, first + BATCH)
            recorded = []
            for one, (run, text), verdict in zip(counting[batch], ran[batch], judged[batch], strict=True):
                done = Done(run.answers, run.said, run.trainee, verdict, text, run.seconds)
                recorded.append((one.attempt, _recorded(cohort, one, done)))
            _enter(entries, recorded, Outcome())
        found["entering"] = [(time.perf_counter() - begun) / len(attempts)]
    pairs = zip(found["sandboxed"], found["bare_fork"], strict=True)
    alone = statistics.median(walled - bare for walled, bare in pairs)
    return {name: statistics.fmean(times) for name, times in found.items() if times} | {
        "sandbox_alone": alone
    }


def _payload(attempt: Attempt) -> bytes:
    cells = [source_of(cell) for cell in attempt.read().cells if cell.cell_type == "code"]
    return json.dumps({"cells": cells}).encode()


def _inside(data: bytes) -> float:
    messages = map(json.loads, data.splitlines())
    return sum(message.get("seconds", 0.0) for message in messages)


@contextlib.contextmanager
def _bare() -> Iterator[Callable[[bytes], bytes]]:
    """The same warm process and the same fork, but in no namespace, without limits, filter or watch."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    here = str(Path(sandbox.__file__).parent)
    variables = environment() | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", BARE, str(theirs.fileno()), here]
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], env=variables) as process:
        theirs.close()
        assert ours.recv(16) == b"ready"

        def run(payload: bytes) -> bytes:
            with tempfile.TemporaryFile() as job:
                job.write(payload)
                job.seek(0)
                results = os.pipe()
                socket.send_fds(ours, [b"run"], [job.fileno(), results[1]])
                os.close(results[1])
                with os.fdopen(results[0], "rb") as stream:
                    return stream.read()

        try:
            yield run
        finally:
            ours.close()
            process.wait()
