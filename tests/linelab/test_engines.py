"""Two engines, one path: the recursion gives the SimPy engine's times, draw for draw."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from linelab import (
    Arrivals,
    Buffer,
    Changeover,
    Conwip,
    Demand,
    Deterministic,
    DrumBufferRope,
    Empirical,
    Exponential,
    Failures,
    Feeder,
    Gamma,
    Inspection,
    Kanban,
    Line,
    LineError,
    Lognormal,
    Maintenance,
    Mix,
    Normal,
    Operators,
    Product,
    Push,
    Quality,
    Saturated,
    Schedule,
    Shift,
    Station,
    Triangular,
    Uniform,
    Vehicles,
    Weibull,
    simulate,
)
from linelab.engines.recursion import run_alike
from linelab.engines.service import Memory
from linelab.experiment import simulate_all
from linelab.tally import Tally

seconds = st.floats(0.5, 60)
times = st.one_of(
    st.builds(Deterministic, seconds),
    st.builds(Exponential, seconds),
    st.builds(Gamma, seconds, st.floats(0.1, 2)),
    st.floats(1, 30).map(lambda x: Triangular(x / 2, x, 2 * x)),
    st.floats(1, 30).map(lambda x: Uniform(x / 2, x)),
    st.builds(Normal, seconds, st.floats(0.1, 20)),
    st.builds(Lognormal, seconds, st.floats(0.1, 2)),
    st.builds(Weibull, seconds, st.floats(0.5, 4)),
    st.lists(seconds, min_size=1, max_size=5).map(lambda values: Empirical(tuple(values))),
)
outages = st.one_of(st.none(), st.builds(Failures, st.builds(Exponential, st.floats(20, 2000)), times))
speeds = st.sampled_from([1.0, 1.0, 0.8])


@st.composite
def buffers(draw: st.DrawFn) -> Buffer:
    capacity = draw(st.integers(0, 20))
    lot = draw(st.integers(1, max(capacity, 1)))
    return Buffer(capacity, lot, draw(st.floats(0, 50)) if capacity else 0.0)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any line in the recursion's class."""
    count = draw(st.integers(1, 12))
    stations = [
        Station(f"s{i}", draw(times), draw(outages), minor_stops=draw(outages), speed=draw(speeds))
        for i in range(count)
    ]
    lanes = [draw(buffers()) for _ in range(count - 1)]
    release = draw(
        st.one_of(
            st.just(Saturated()),
            st.builds(Arrivals, times),
            st.lists(st.floats(0, 2000), min_size=1, max_size=80).map(lambda t: Schedule(tuple(sorted(t)))),
        )
    )
    lots = sum(lane.transfer_lot for lane in lanes) + 1
    cards = st.integers(lots, lots + 20)
    control = draw(
        st.one_of(
            st.just(Push()),
            st.builds(Conwip, cards),
            st.builds(DrumBufferRope, st.sampled_from([s.name for s in stations]), cards),
            st.tuples(*[st.integers(b.transfer_lot, 25) for b in [*lanes, Buffer(1)]]).map(Kanban),
        )
    )
    return Line(stations, lanes, release, control)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(lines(), st.integers(0, 2**32))
def test_departures_agree(line: Line, seed: int) -> None:
    simpy = simulate(line, parts=60, replications=2, seed=seed, engine="simpy")
    recursion = simulate(line, parts=60, replications=2, seed=seed, engine="recursion")
    for name in ("start", "finish", "leave"):
        np.testing.assert_allclose(recursion.paths(name), simpy.paths(name), rtol=0, atol=1e-9)
    np.testing.assert_allclose(recursion.departures, simpy.departures, rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lines(), st.integers(0, 2**32))
def test_figures_agree_at_a_horizon(line: Line, seed: int) -> None:
    """Also what is cut off by the horizon: part-time, lots that are not full, repairs that go on."""
    runs = [
        simulate(line, horizon=2000, warm_up=300, replications=2, seed=seed, engine=engine)
        for engine in ("simpy", "recursion")
    ]
    for name in ("left", "flow", "inside", "lanes", "states", "made", "standard", "window"):
        ours, reference = (getattr(run.tally, name) for run in runs)
        np.testing.assert_allclose(ours, reference, rtol=1e-9, atol=1e-7, err_msg=name)
    for name in ("throughput", "wip", "lead_time"):
        ours, reference = (getattr(run, name).samples for run in runs)
        np.testing.assert_allclose(ours, reference, rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    lines(),
    st.lists(st.tuples(st.floats(0.3, 3), outages), min_size=1, max_size=4),
    st.sampled_from([{"parts": 150}, {"horizon": 4000, "warm_up": 300}]),
    st.integers(1, 3),
)
def test_side_by_side_each_line_gives_what_it_gives_alone(
    line: Line, others: list[tuple[float, Failures | None]], extent: dict[str, float], replications: int
) -> None:
    """To the last bit: a mark must not depend on whose hand-ins were judged together."""
    variants = [line]
    for factor, failures in others:
        first = replace(line.stations[0], speed=factor, failures=failures)
        variants.append(replace(line, stations=(first, *line.stations[1:])))
    memories = (None, Memory())
    for memory in memories:
        together = simulate_all(variants, replications=replications, seed=7, memory=memory, **extent)
        for variant, run in zip(variants, together, strict=True):
            alone = simulate(variant, replications=replications, seed=7, memory=memory, **extent)
            assert (run.line, run.engine) == (variant, alone.engine)
            for column in fields(Tally):
                ours, theirs = (getattr(r.tally, column.name) for r in (run, alone))
                if theirs is not None:
                    np.testing.assert_array_equal(ours, theirs, err_msg=column.name)


def test_lines_that_cannot_go_side_by_side_are_simulated_all_the_same() -> None:
    plain = Line([Station("a", Exponential(5)), Station("b", Exponential(4))], [3])
    double = plain.change({"stations.b.machines": 2})
    wider = plain.change({"buffers[0].capacity": 9})
    found = simulate_all([double, plain, wider, plain], horizon=3000, replications=3)
    assert [run.engine for run in found] == ["simpy", "recursion", "recursion", "recursion"]
    for line, run in zip((double, plain, wider, plain), found, strict=True):
        alone = simulate(line, horizon=3000, replications=3)
        np.testing.assert_array_equal(run.throughput.samples, alone.throughput.samples)
    with pytest.raises(ValueError, match="differ in shape"):
        run_alike([plain, wider], found[0].plan)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(lines(), st.integers(0, 2**32))
def test_workplaces_that_need_nothing_work_like_plain_machines(line: Line, seed: int) -> None:
    """The SimPy engine has two kinds of machine; a station with no defects is the same as either."""
    equipped = replace(line, stations=tuple(replace(s, quality=Quality()) for s in line.stations))
    ours = simulate(equipped, parts=60, replications=1, seed=seed)
    plain = simulate(line, parts=60, replications=1, seed=seed)
    assert (ours.engine, plain.engine) == ("simpy", "recursion")
    np.testing.assert_allclose(ours.departures, plain.departures, rtol=0, atol=1e-9)
    np.testing.assert_allclose(ours.tally.states, plain.tally.states, rtol=1e-9, atol=1e-7)


@st.composite
def floors(draw: st.DrawFn) -> Line:
    """Any line at all; what the description refuses is left out."""
    count = draw(st.integers(1, 4))
    names = [f"s{i}" for i in range(count)]
    few = st.integers(1, 3)
    maybe = lambda strategy: st.one_of(st.none(), strategy)  # noqa: E731
    calendar = st.builds(
        Failures,
        st.builds(Exponential, st.floats(50, 500)),
        times,
        st.sampled_from(["operating", "calendar"]),
    )
    stations = []
    for i, name in enumerate(names):
        joins, splits = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (1, 3)]))
        inspection = st.builds(
            Inspection,
            st.floats(0.5, 1),
            st.floats(0, 0.2),
            maybe(st.sampled_from(names[: i + 1])),
            st.integers(1, 3),
        )
        stations.append(
            Station(
                name,
                draw(times),
                draw(maybe(calendar)),
                draw(few),
                draw(few),
                joins,
                splits,
                draw(speeds),
                minor_stops=draw(maybe(calendar)),
                maintenance=draw(maybe(st.just(Maintenance(400, 30)))),
                shift=draw(maybe(st.just(Shift([(0, 300), (350, 600)], 800)))),
                changeover=draw(maybe(st.just(Changeover(20, {"A>B": 5})))),
                quality=draw(maybe(st.builds(Quality, st.floats(0, 0.5), st.integers(0, 2)))),
                inspection=draw(maybe(inspection)),
            )
        )
    lanes = []
    for _ in range(count - 1):
        kind = draw(st.sampled_from(["plain", "cart", "milk run"]))
        capacity = draw(st.integers(0 if kind == "plain" else 1, 20))
        lanes.append(
            Buffer(
                capacity,
                draw(st.integers(1, max(capacity, 1))),
                draw(st.floats(0, 20)) if capacity else 0.0,
                "cart" if kind == "cart" else None,
                50.0 if kind == "milk run" else 0.0,
                draw(st.sampled_from(["fifo", "lifo", "spt", "edd"])),
            )
        )
    people = st.builds(
        Operators,
        st.just("crew"),
        st.lists(st.sampled_from(names), min_size=1, unique=True).map(tuple),
        few,
        st.sampled_from([("work",), ("repair",), ("work", "changeover", "repair")]),
        st.floats(0, 5),
    )
    control = st.one_of(
        st.just(Push()),
        st.builds(Conwip, st.integers(5, 60)),
        st.builds(DrumBufferRope, st.sampled_from(names), st.integers(5, 60)),
        st.tuples(*[st.integers(1, 60)] * count).map(Kanban),
    )
    feeder = Feeder(Line([Station("f", 5)]), draw(st.sampled_from(names)), draw(few), 12)
    return Line(
        stations,
        lanes,
        draw(st.sampled_from([Saturated(), Arrivals(Exponential(20))])),
        draw(control),
        Mix(
            [Product("A", 2, allowance=300), Product("B", process_times={"s0": 7})],
            draw(st.sampled_from(["random", "level", "lots"])),
        ),
        draw(st.one_of(st.just(()), people.map(lambda p: (p,)))),
        (Vehicles("cart"),),
        draw(maybe(st.just(Demand(Exponential(30))))),
        draw(st.sampled_from([(), (feeder,)])),
    )  # fmt: skip


@st.composite
def possible_floors(draw: st.DrawFn) -> Line:
    try:
        return draw(floors())
    except LineError:
        reject()


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(possible_floors(), st.integers(0, 2**32))
def test_whatever_is_described_runs_and_keeps_its_books(line: Line, seed: int) -> None:
    run = simulate(line, horizon=3000, warm_up=500, replications=1, seed=seed)
    tally = run.tally
    machines = [s.model.machines for s in run.stations]
    np.testing.assert_allclose(tally.states[0].sum(axis=1), 2500.0 * np.array(machines), rtol=1e-9)
    for name in ("left", "bad", "flow", "inside", "lanes", "states", "made", "defects", "waited", "busy"):
        assert (getattr(tally, name) >= -1e-6).all(), name
    assert (tally.bad <= tally.left).all()
    assert (tally.busy <= 2500 * np.array([o.count for o in (*line.operators, *line.vehicles)]) + 1e-6).all()
    again = simulate(line, horizon=3000, warm_up=500, replications=1, seed=seed)
    np.testing.assert_array_equal(again.tally.states, tally.states)


@settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(possible_floors(), st.integers(0, 2**32))
def test_every_part_that_came_in_goes_out(line: Line, seed: int) -> None:
    """A run of a number of parts ends with an empty line, whatever is on the way."""
    line = replace(line, demand=None, mix=Mix([Product("A"), Product("B")], "random"))
    run = simulate(line, parts=30, replications=1, seed=seed)
    weight = [s.splits / s.joins for s in line.stations]
    out = float(run.tally.left[0] + sum(run.tally.scrapped[0]))
    assert run.tally.left[0] == len(run.departures[0])
    if all(w == 1 for w in weight):
        assert out == 30
    assert out > 0


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
        ({"parts": 3, "seed": -1}, "seed"),
        ({"parts": 3, "first": 0.5}, "first"),
        ({"parts": 3, "jobs": 0}, "jobs"),
        ({"parts": 2.5}, "one or more"),
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
