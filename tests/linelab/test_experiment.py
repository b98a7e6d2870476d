"""Runs and comparisons: what does not depend on how they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import linelab.experiment
from linelab import (
    Buffer,
    Deterministic,
    Experiment,
    Exponential,
    Failures,
    Line,
    LineError,
    Quality,
    Station,
    simulate,
)

LINE = Line([Station("a", Exponential(1.0)), Station("b", Exponential(1.0))], [3])
QUALITY = Line([Station("a", Exponential(1.0), quality=Quality(0.1)), Station("b", 1.0)], [3])


class Client:
    """What a Dask client is asked for, done on the spot."""

    def scheduler_info(self) -> dict[str, Any]:
        return {"workers": {"one": {}, "two": {}}}

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], pure: bool) -> list[Any]:
        assert not pure
        return [function(item) for item in items]

    def gather(self, futures: list[Any]) -> list[Any]:
        return futures


@pytest.mark.parametrize("line", [LINE, QUALITY], ids=["recursion", "simpy"])
@pytest.mark.parametrize("jobs", [2, -1, Client()], ids=["two processes", "all cores", "a client"])
def test_results_do_not_depend_on_the_number_of_jobs(line: Line, jobs: Any) -> None:
    alone = simulate(line, horizon=300, warm_up=50, replications=7, seed=3, record=True)
    shared = simulate(line, horizon=300, warm_up=50, replications=7, seed=3, record=True, jobs=jobs)
    for name in ("left", "flow", "states", "lanes", "made"):
        np.testing.assert_array_equal(getattr(alone.tally, name), getattr(shared.tally, name))
    np.testing.assert_array_equal(alone.departures, shared.departures)
    np.testing.assert_array_equal(alone.paths("start"), shared.paths("start"))


@pytest.mark.parametrize("line", [LINE, QUALITY], ids=["recursion", "simpy"])
def test_a_study_goes_on_where_an_earlier_one_ended(line: Line) -> None:
    whole = simulate(line, parts=50, replications=9, seed=3)
    parts = [simulate(line, parts=50, replications=n, first=f, seed=3) for f, n in ((0, 4), (4, 5))]
    np.testing.assert_array_equal(whole.departures, np.concatenate([p.departures for p in parts]))
    np.testing.assert_array_equal(whole.paths("leave")[4:], parts[1].paths("leave"))


def test_the_interface_as_promised() -> None:
    """The example that the library was asked for, as written but for a shorter horizon."""
    line = Line(
        stations=[
            Station(
                "press",
                process_time=Exponential(mean=1.0),
                failures=Failures(
                    time_to_failure=Exponential(mean=100.0),
                    time_to_repair=Exponential(mean=10.0),
                    clock="operating",
                ),
            ),
            Station("trim", process_time=Deterministic(1.0)),
            Station("pack", process_time=Exponential(mean=1.0), machines=2),
        ],
        buffers=[Buffer(capacity=5), Buffer(capacity=0)],
    )
    run = simulate(line, horizon=5000.0, warm_up=500.0, replications=20, seed=1, engine="auto")
    for estimate in (run.throughput, run.wip, run.lead_time, run.station("trim").states["blocked"]):
        assert estimate.low < estimate.mean < estimate.high
        assert estimate.half_width > 0
        assert len(estimate.samples) == 20
    assert run.bottleneck == "press"
    assert run.station("press").oee.mean == pytest.approx(run.throughput.mean, rel=0.02)  # of 1 s parts
    assert run.little_gap < 0.01
    serial = line.change({"stations.pack.machines": 1})
    assert simulate(serial, parts=1_000, replications=1_000, seed=1).departures.shape == (1000, 1000)
    bigger = {"buffers[0].capacity": 9, "stations.press.process_time.mean": 0.9}
    study = Experiment(
        base=line, scenarios={"bigger buffer": bigger}, horizon=5000.0, replications=30, seed=7
    )
    assert study.run().compare("bigger buffer").low > 0


def test_comparison_is_paired_and_says_what_is_significant() -> None:
    experiment = Experiment(LINE, {"more places": {"buffers[0].capacity": 8}, "same": {}}, 20_000, 500, 10)
    seen: list[float] = []
    result = experiment.run(seen.append)
    assert seen[-1] == 1
    assert result.compare("more places").differs_from_zero
    assert result.compare("more places").mean == pytest.approx(10 / 11 - 5 / 6, rel=0.03)
    assert (result.compare("same").samples == 0).all()
    rows = result.table().splitlines()
    assert rows[2].count("*") == 3
    assert "*" not in rows[3]
    paired = result.compare("more places").half_width
    apart = np.hypot(result["base"].throughput.half_width, result["more places"].throughput.half_width)
    assert paired < apart  # common random numbers


def test_long_runs_show_progress_and_short_ones_do_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(LINE, parts=50, replications=2)
    assert capsys.readouterr().err == ""
    clock = iter(range(10_000))
    monkeypatch.setattr(linelab.experiment.time, "monotonic", lambda: next(clock))
    simulate(LINE, parts=50, replications=5, engine="simpy")
    shown = capsys.readouterr().err
    assert "simulating 100%" in shown
    assert shown.endswith("\r")


@pytest.mark.parametrize("engine", ["simpy", "recursion"])
def test_a_run_can_be_stopped(engine: str) -> None:
    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(LINE, horizon=50_000, replications=3, engine=engine, progress=stop)


def test_no_engine_is_ever_swapped_silently() -> None:
    assert simulate(LINE, parts=5).engine == "recursion"
    assert simulate(QUALITY, parts=5).engine == "simpy"
    with pytest.raises(LineError, match=r"stations\.a\.quality.*use engine='auto'"):
        simulate(QUALITY, parts=5, engine="recursion")
