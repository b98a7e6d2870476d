"""Grading on a Dask cluster of processes on this machine that see nothing of the cohort."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from autograder import cluster
from autograder import grade as grading
from autograder.cluster import UnfitError
from autograder.cohort import Cohort
from autograder.collect import collect
from autograder.errors import CourseError
from autograder.grade import Outcome, grade
from autograder.records import Record, history, read

Maker = Callable[..., Path]
DASK = str(Path(sys.executable).with_name("dask"))


class Machines:
    """A scheduler and workers, each in a folder of its own from which the tests' folders cannot be seen."""

    def __init__(self, folder: Path, hidden: Path) -> None:
        self._folder, self._hidden = folder, hidden
        self._processes: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
        self.scheduler = self._start([DASK, "scheduler", *options], "scheduler")
        self._wait(lambda: file.is_file() and file.read_text().strip().endswith("}"), "scheduler")
        self.address = str(json.loads(file.read_text())["address"])

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until it is there."""
        name = f"worker-{len(self._processes)}"
        hide = ["bwrap", "--cap-add", "ALL"] if os.geteuid() == 0 else ["bwrap"]
        hide += ["--dev-bind", "/", "/", "--tmpfs", str(self._hidden), "--die-with-parent", "--"]
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        started = self._start(
            [*hide, DASK, "worker", self.address, *options, "--local-directory", name], name, **environment
        )
        self._wait(lambda: "Registered to" in (self._folder / name / "log").read_text(), name)
        return started

    def _start(self, command: list[str], name: str, **environment: str) -> subprocess.Popen[bytes]:
        place = self._folder / name
        place.mkdir()
        with (place / "log").open("wb") as log:
            found = shutil.which(command[0])
            assert found
            process = subprocess.Popen(
                [found, *command[1:]], cwd=place, env=os.environ | environment, stdout=log, stderr=log
            )
        self._processes.append(process)
        return process

    def _wait(self, there: Callable[[], bool], name: str) -> None:
        end = time.monotonic() + 120
        while not there():
            assert time.monotonic() < end, (self._folder / name / "log").read_text()
            time.sleep(0.1)

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()


@pytest.fixture
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    with contextlib.ExitStack() as ended:
        ended.callback(shutil.rmtree, folder, ignore_errors=True)
        made = Machines(folder, tmp_path_factory.getbasetemp())
        ended.callback(made.close)
        yield made


@pytest.fixture
def collected(cohort: Cohort, hand_in: Maker, weak_answers: dict[str, str]) -> Cohort:
    """A cohort with eight hand-ins, each with a variant of its own."""
    files = [hand_in(cohort.enrol().id, changed=weak_answers if n % 3 == 2 else None) for n in range(8)]
    assert {receipt.status for receipt in collect(cohort, files)} == {"accepted"}
    return cohort


def on(machines: Machines, cohort: Cohort) -> Outcome:
    return grade(cohort, scheduler=machines.address, progress=False)


def records(cohort: Cohort) -> dict[str, list[Record]]:
    return {trainee: [read(p) for p in history(cohort.path, trainee, "w01")] for trainee in cohort.roster()}


def after(number: int, do: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something once the records of so many hand-ins are written."""
    real, count = grading.write_record, 0

    def write_record(*arguments: Any) -> Record:
        nonlocal count
        written = real(*arguments)
        count += 1
        if count == number:
            do()
        return written

    monkeypatch.setattr(grading, "write_record", write_record)


@pytest.mark.slow
def test_marks_are_those_of_this_machine_though_a_worker_is_killed_half_way(
    collected: Cohort, copied: Callable[[Path, Path], Cohort], machines: Machines,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    alone = copied(collected.path, tmp_path / "alone")
    assert grade(alone, jobs=2, progress=False).graded == 8
    first, _second = machines.worker(), machines.worker()
    with Client(machines.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        assert set(client.run(Path.exists, collected.path).values()) == {False}
    after(3, first.kill, monkeypatch)
    outcome = on(machines, collected)
    assert first.wait(10) == -9
    assert (outcome.graded, outcome.failed) == (8, 0), outcome.problems
    here, there = records(alone), records(collected)
    for trainee, (record,) in there.items():  # one each: nothing twice
        (local,) = here[trainee]
        for name in ("answers", "points", "reasons", "problems", "faults", "attempt"):
            assert getattr(record, name) == getattr(local, name)
    assert on(machines, collected).unchanged == 8


@pytest.mark.slow
def test_what_stops_a_cluster_is_said_and_the_next_run_goes_on(
    collected: Cohort, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CourseError, match="has no workers; start some with: dask worker tcp"):
        on(machines, collected)
    only = machines.worker()
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "GRACE", 1.0)
        after(2, only.kill, patch)
        with pytest.raises(CourseError, match="has no workers any more; start some and run"):
            on(machines, collected)
    done = sum(map(len, records(collected).values()))
    assert 2 <= done < 8
    machines.worker()
    with monkeypatch.context() as patch:
        after(2, machines.scheduler.kill, patch)
        with pytest.raises(CourseError, match=r"the connection is lost .* run the command again to go on"):
            on(machines, collected)
    assert done + 2 <= sum(map(len, records(collected).values()))
    outcome = grade(collected, jobs=2, progress=False)
    assert outcome.failed == 0
    assert {len(found) for found in records(collected).values()} == {1}


@pytest.mark.slow
def test_workers_that_could_give_other_marks_or_no_sandbox_are_refused(
    collected: Cohort, machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines.worker()
    real = cluster.fingerprint()
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "fingerprint", lambda: "another")
        with pytest.raises(UnfitError, match=r"worker tcp.* has another version of the course package"):
            on(machines, collected)
        # one that comes later than the others were asked
        patch.setattr(cluster, "_fit_hands", lambda *_: 1)
        with pytest.raises(UnfitError, match="another version of the course package; install this one"):
            on(machines, collected)
    assert cluster.fingerprint() == real
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "installed", lambda name: "0.1")
        with pytest.raises(UnfitError, match=r"worker tcp.* has numpy .*, here it is 0\.1"):
            on(machines, collected)
    programs = str(Path(sys.executable).parent)
    machines.worker(PATH=programs)
    with pytest.raises(UnfitError, match=r"worker tcp.*: bubblewrap is missing"):
        on(machines, collected)
    assert records(collected) == {trainee: [] for trainee in collected.roster()}


def test_a_scheduler_that_is_not_there_is_one_line(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWERS", 1.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    for given in (address, "nonsense://x"):
        with pytest.raises(CourseError, match=f"--scheduler {given}: does not answer") as caught:
            list(cluster.on_cluster([], given, 0))
        assert "\n" not in caught.value.message
