"""Two engines, one path: the recursion gives the SimPy engine's times, draw for draw."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from linelab import Buffer, Deterministic, Exponential, Failures, Gamma, Line, Station, Triangular, simulate

seconds = st.floats(0.5, 60)
times = st.one_of(
    st.builds(Deterministic, seconds),
    st.builds(Exponential, seconds),
    st.builds(Gamma, seconds, st.floats(0.1, 2)),
    st.floats(1, 30).map(lambda x: Triangular(x / 2, x, 2 * x)),
)
outages = st.one_of(st.none(), st.builds(Failures, st.builds(Exponential, st.floats(20, 2000)), times))


@st.composite
def buffers(draw: st.DrawFn) -> Buffer:
    capacity = draw(st.integers(0, 20))
    lot = draw(st.integers(1, max(capacity, 1)))
    return Buffer(capacity, lot, draw(st.floats(0, 50)) if capacity else 0.0)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    count = draw(st.integers(1, 6))
    stations = [Station(f"s{i}", draw(times), draw(outages)) for i in range(count)]
    return Line(stations, [draw(buffers()) for _ in range(count - 1)])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(lines(), st.integers(0, 2**32))
def test_departures_agree(line: Line, seed: int) -> None:
    simpy = simulate(line, parts=60, replications=2, seed=seed, engine="simpy")
    recursion = simulate(line, parts=60, replications=2, seed=seed, engine="recursion")
    for name in ("start", "finish", "leave"):
        ours, reference = recursion.paths(name), simpy.paths(name)
        np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-9)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(lines(), st.integers(0, 2**32))
def test_figures_agree_at_a_horizon(line: Line, seed: int) -> None:
    """Also what is cut off by the horizon: part-time, lots that are not full, repairs that go on."""
    runs = [
        simulate(line, horizon=2000, warm_up=300, replications=2, seed=seed, engine=engine)
        for engine in ("simpy", "recursion")
    ]
    for name in ("throughput", "wip", "lead_time"):
        ours, reference = (getattr(run, name).samples for run in runs)
        np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-9)
    for ours, reference in zip(runs[0].stations, runs[1].stations, strict=True):
        for state, share in ours.states.items():
            np.testing.assert_allclose(share.samples, reference.states[state].samples, rtol=0, atol=1e-9)


def test_other_draws_stay_when_one_lever_moves() -> None:
    line = Line([Station("a", Exponential(1)), Station("b", Exponential(1))], [5])
    slow = line.change({"stations.b.process_time.mean": 2.0})
    ours, theirs = (simulate(x, parts=300, replications=3, seed=9) for x in (line, slow))
    np.testing.assert_array_equal(ours.paths("start")[:, :5, 0], theirs.paths("start")[:, :5, 0])
    work = [r.paths("finish")[:, :, 1] - r.paths("start")[:, :, 1] for r in (ours, theirs)]
    np.testing.assert_allclose(2 * work[0], work[1], rtol=1e-9)


def test_replications_do_not_depend_on_how_many_there_are() -> None:
    line = Line([Station("a", Gamma(3, 0.5)), Station("b", Exponential(3))], [4])
    few, many = (simulate(line, parts=400, replications=r, seed=3).departures for r in (2, 7))
    np.testing.assert_array_equal(few, many[:2])


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({}, "give one of the two"),
        ({"horizon": 10, "parts": 3}, "give one of the two"),
        ({"horizon": 10, "warm_up": 20}, "beyond the warm-up"),
        ({"horizon": float("inf")}, "finite"),
        ({"parts": 0}, "one or more"),
        ({"parts": 3, "replications": 0}, "replications"),
        ({"parts": 3, "engine": "abacus"}, "abacus"),
        ({"horizon": 1e15}, "2e9 operations"),
    ],
)
def test_senseless_runs_are_refused_in_one_line(given_: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        simulate(Line([Station("a", Exponential(1))]), **given_)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
