"""The small version of `make bench`: both engines beside SimPy written by hand, in interleaved rounds."""

from __future__ import annotations

import runpy
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from linelab import Exponential, Failures, Line, Station, simulate

BY_HAND = runpy.run_path(str(Path(__file__).parents[1] / "bench" / "peers" / "store.py"))["run"]
BUFFERS = [5] * 4


def line(failing: bool) -> Line:
    failures = Failures(Exponential(100), Exponential(10)) if failing else None
    return Line([Station(f"s{i}", Exponential(1.0), failures) for i in range(5)], BUFFERS)


def speed(parts: int, run: Callable[[], object]) -> float:
    begun = time.perf_counter()
    run()
    return parts / (time.perf_counter() - begun)


def test_engines_are_many_times_as_fast_as_simpy_by_hand() -> None:
    """Margins are wide: the machine is shared, and the figures of record are those of `make bench`."""
    for failing, most in ((False, 60), (True, 35)):
        simpy, recursion = [], []
        for _ in range(3):
            reference = speed(4000, partial(BY_HAND, 4000, 1, failing))
            model = line(failing)
            acted = speed(10_000, partial(simulate, model, parts=10_000, replications=1, engine="simpy"))
            swept = speed(300_000, partial(simulate, model, parts=500, replications=600))
            simpy.append(acted / reference)
            recursion.append(swept / reference)
        assert statistics.median(simpy) > 1.7, simpy
        assert statistics.median(recursion) > most, recursion


def test_the_hand_written_line_is_the_same_line() -> None:
    ours = simulate(line(True), parts=4000, replications=20, seed=2).throughput
    theirs = statistics.mean(BY_HAND(4000, seed, True) for seed in range(8))
    assert abs(theirs - ours.mean) < 0.04 * ours.mean
