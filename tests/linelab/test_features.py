"""Each feature of a line against a small case that can be worked out by hand, or against theory."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from linelab import (
    Arrivals,
    Buffer,
    Changeover,
    Conwip,
    Demand,
    Deterministic,
    DrumBufferRope,
    Exponential,
    Failures,
    Feeder,
    Inspection,
    Kanban,
    Line,
    LineError,
    Maintenance,
    Mix,
    Operators,
    Power,
    Product,
    Quality,
    Run,
    Schedule,
    Shift,
    Station,
    Vehicles,
    bottleneck,
    simulate,
)


def departures(line: Line, parts: int, **settings: object) -> list[float]:
    return simulate(line, parts=parts, replications=1, **settings).departures[0].tolist()  # type: ignore[arg-type]


def one(station: Station, **settings: object) -> Line:
    return Line([station], **settings)  # type: ignore[arg-type]


# stations


def test_parallel_machines_take_parts_in_turn() -> None:
    line = one(Station("a", 10, machines=2), release=Arrivals(5))
    assert departures(line, 4) == [15, 20, 25, 30]
    run = simulate(line, horizon=1000, warm_up=100, replications=1)
    assert run.station("a").states["working"].mean == pytest.approx(1)


def test_parallel_machines_overtake_one_another() -> None:
    """A slow part on one machine lets faster ones pass."""
    products = Mix([Product("slow", process_times={"a": 100}), Product("fast")], order="lots")
    line = Line(
        [Station("a", 10, machines=2), Station("b", 1)], [5], release=Schedule((0, 0, 1)), mix=products
    )
    run = simulate(line, parts=3, replications=1)
    finish = run.paths("finish")[0]
    assert finish[:, 0].tolist() == [100, 10, 110]
    assert run.departures[0].tolist() == [11, 101, 111]


def test_batch_waits_until_it_is_full() -> None:
    line = one(Station("oven", 20, batch=3), release=Arrivals(10))
    assert departures(line, 6) == [50, 50, 50, 80, 80, 80]
    # the last batch of a run goes incomplete
    assert departures(line, 4) == [50, 50, 50, 70]


def test_joined_parts_become_one_and_split_parts_several() -> None:
    pairs = one(Station("join", 4, joins=2), release=Arrivals(10))
    assert departures(pairs, 4) == [24, 44]
    halves = Line([Station("saw", 6, splits=3), Station("sand", 1)], [3], release=Arrivals(10))
    assert departures(halves, 2) == [17, 18, 19, 27, 28, 29]
    joined_again = Line([Station("saw", 6, splits=3), Station("glue", 1, joins=3)], [3])
    assert departures(joined_again, 3) == [7, 13, 19]
    assert joined_again.bottleneck_rate == pytest.approx(1 / 6)


def test_a_feeder_holds_the_assembly_up() -> None:
    """Two components of 7 s each: one assembly in 14 s although its own station takes 5."""
    feeder = Feeder(Line([Station("mould", 7)]), into="assemble", per_part=2, capacity=2)
    line = Line([Station("cut", 3), Station("assemble", 5)], [4], feeders=[feeder])
    assert departures(line, 3) == [19, 33, 47]
    run = simulate(line, horizon=1400, warm_up=140, replications=1)
    assert run.throughput.mean == pytest.approx(1 / 14)
    assert run.station("mould").states["working"].mean == pytest.approx(1)
    assert run.station("assemble").states["starved"].mean == pytest.approx(9 / 14)
    assert run.bottleneck == "mould"


# outages and times off


def test_operating_clock_runs_only_with_work() -> None:
    failures = Failures(Deterministic(25), Deterministic(100))
    line = one(Station("a", 10, failures), release=Arrivals(50))
    # 25 s of work are over in the middle of the third part
    assert departures(line, 6, engine="simpy") == [60, 110, 260, 270, 280, 410]


def test_calendar_clock_runs_always() -> None:
    failures = Failures(Deterministic(100), Deterministic(10), clock="calendar")
    assert departures(one(Station("a", 30, failures)), 6) == [30, 60, 90, 130, 160, 190]
    idle = one(Station("a", 30, failures), release=Schedule((102.0,)))
    assert departures(idle, 1) == [140]


def test_maintenance_interrupts_work() -> None:
    line = one(Station("a", 30, maintenance=Maintenance(100, 10)))
    assert departures(line, 5) == [30, 60, 90, 130, 160]
    run = simulate(line, horizon=10_000, replications=1)
    assert run.station("a").states["maintenance"].mean == pytest.approx(0.1)
    assert run.station("a").availability.mean == pytest.approx(1)  # what is planned is not lost


def test_work_rests_outside_the_shift() -> None:
    line = one(Station("a", 60, shift=Shift([(0, 100), (120, 200)], period=250)))
    assert departures(line, 4) == [60, 140, 200, 310]
    run = simulate(line, horizon=25_000, replications=1)
    assert run.station("a").states["off"].mean == pytest.approx(70 / 250)
    assert run.station("a").oee.mean == pytest.approx(1, abs=0.005)


def test_what_takes_the_machine_first_has_the_say() -> None:
    """Off shift from 50 on, maintenance 90-100, a calendar breakdown 45-95: each second counts once."""
    station = Station(
        "a",
        10,
        Failures(Deterministic(45), Deterministic(50), clock="calendar"),
        shift=Shift([(0, 50)], period=100),
        maintenance=Maintenance(100, 10),
    )
    states = simulate(one(station), horizon=100, replications=1).station("a").states
    assert {s: e.mean for s, e in states.items() if e.mean} == pytest.approx(
        {"working": 0.45, "down": 0.05, "off": 0.5}
    )


def test_a_blocked_or_starved_station_that_is_down_counts_as_down() -> None:
    failures = Failures(Deterministic(40), Deterministic(10), clock="calendar")
    line = Line([Station("a", 1, failures), Station("b", 100)], [0])
    run = simulate(line, horizon=1000, warm_up=0, replications=1)
    assert run.station("a").states["down"].mean == pytest.approx(0.2)
    assert sum(e.mean for e in run.station("a").states.values()) == pytest.approx(1)


# products, setups, quality


def test_changeover_between_products() -> None:
    mix = Mix([Product("A"), Product("B", process_times={"a": 20})])
    assert departures(one(Station("a", 10, changeover=Changeover(5)), mix=mix), 4) == [10, 35, 50, 75]
    uneven = Changeover(5, {"A>B": 1, "B>A": 100})
    assert departures(one(Station("a", 10, changeover=uneven), mix=mix), 3) == [10, 31, 141]


@pytest.mark.parametrize(
    ("order", "lot", "expected"),
    [("level", 1, "AABAAABA"), ("lots", 2, "AAAAAABB"), ("lots", 1, "AAABAAAB")],
)
def test_order_of_products(order: str, lot: int, expected: str) -> None:
    mix = Mix([Product("A", share=3), Product("B", share=1)], order=order, lot=lot)
    run = simulate(one(Station("a", 1, quality=Quality()), mix=mix), parts=8, replications=1, record=True)
    assert "".join("AB"[p] for p in run.log.product) == expected


def test_random_mix_keeps_its_shares() -> None:
    mix = Mix([Product("A", share=3), Product("B", share=1)], order="random")
    run = simulate(one(Station("a", 1), mix=mix), parts=20_000, replications=1, record=True)
    share = float((run.log.product == 0).mean())
    assert abs(share - 0.75) < 3.3 * math.sqrt(0.75 * 0.25 / 20_000)  # 99.9 %


def test_startup_rejects_follow_changeovers_and_breakdowns() -> None:
    mix = Mix([Product("A"), Product("B")], order="lots", lot=10)
    station = Station("a", 10, changeover=Changeover(5), quality=Quality(startup=2))
    run = simulate(one(station, mix=mix), parts=40, replications=1)
    assert run.tally.defects[0, 0] == 6  # three changeovers
    broken = Station("a", 10, Failures(Deterministic(95), Deterministic(5)), quality=Quality(startup=1))
    assert simulate(one(broken), parts=30, replications=1).tally.defects[0, 0] == 3


def test_scrap_lowers_what_comes_out() -> None:
    line = Line([Station("a", 1, quality=Quality(0.2)), Station("b", 1, inspection=Inspection())], [5])
    run = simulate(line, horizon=8100, warm_up=100, replications=20, seed=4)
    assert wide(run.good_throughput, 0.8)
    assert run.good_throughput.mean == run.throughput.mean  # nothing slips through
    assert run.station("a").quality.mean == pytest.approx(0.8, abs=0.005)
    made = run.station("b").made.samples
    np.testing.assert_allclose(made, run.tally.left + run.station("b").scrapped.samples, atol=1)


def test_inspection_that_misses_and_is_mistaken() -> None:
    """Caught 0.2 · 0.7, alarmed 0.8 · 0.1: 0.78 leave, of which 0.06 are defective."""
    line = one(Station("a", 1, quality=Quality(0.2), inspection=Inspection(catches=0.7, false_alarms=0.1)))
    run = simulate(line, horizon=10_000, replications=20, seed=2)
    assert wide(run.throughput, 0.78)
    assert float((run.tally.bad / run.tally.left).mean()) == pytest.approx(0.06 / 0.78, abs=0.003)


def test_rework_comes_back_and_is_given_up() -> None:
    """Defect rate p, two attempts: the station works 1 + p + p² times a part; p³ of them are scrapped."""
    p = 0.3
    inspection = Inspection(rework="a", attempts=2)
    line = Line([Station("a", 1, quality=Quality(p)), Station("b", 0.1, inspection=inspection)], [2])
    run = simulate(line, horizon=10_100, warm_up=100, replications=20, seed=3)
    assert wide(run.throughput, (1 - p**3) / (1 + p + p * p))
    share = run.station("b").scrapped.mean / (run.tally.left.mean() + run.station("b").scrapped.mean)
    assert share == pytest.approx(p**3, abs=0.003)


# people, vehicles, rules


def test_one_operator_for_two_stations() -> None:
    """Neither station works while the other does; with walking, each part costs two walks."""
    stations = [Station("a", 10), Station("b", 15)]
    line = Line(stations, [3], operators=[Operators("crew", ("a", "b"))])
    run = simulate(line, horizon=25_000, warm_up=250, replications=1)
    assert run.throughput.mean == pytest.approx(1 / 25, rel=1e-3)
    assert run.resources["crew"].mean == pytest.approx(1)
    walking = replace(line, operators=(Operators("crew", ("a", "b"), walking_time=2.5),))
    assert simulate(walking, horizon=30_000, warm_up=300, replications=1).throughput.mean <= 1 / 25
    assert departures(walking, 1) == [10 + 2.5 + 15]
    two = replace(line, operators=(Operators("crew", ("a", "b"), count=2),))
    assert simulate(two, horizon=15_000, warm_up=150, replications=1).throughput.mean == pytest.approx(1 / 15)


def test_a_technician_for_two_machines() -> None:
    """Machine repair with one repairer: two machines with exponential times, exact by its Markov chain."""
    up, repair = 1 / 6, 1 / 4
    states = np.array([[-2 * up, 2 * up, 0], [repair, -(repair + up), up], [0, repair, -repair]])
    balance = np.vstack([states.T, np.ones(3)])
    shares = np.linalg.lstsq(balance, [0, 0, 0, 1], rcond=None)[0]
    working = (2 * shares[0] + shares[1]) / 2
    machine = Station("a", 1, Failures(Exponential(6), Exponential(4)), machines=2)
    line = one(machine, operators=[Operators("technician", ("a",), does=("repair",))])
    run = simulate(line, horizon=8200, warm_up=200, replications=40, seed=5)
    assert wide(run.throughput, 2 * working, 0.015)
    assert run.resources["technician"].mean == pytest.approx(1 - shares[0], abs=0.01)


def test_an_operator_who_sets_up_only() -> None:
    mix = Mix([Product("A"), Product("B")])
    stations = [Station(name, 10, changeover=Changeover(20)) for name in ("a", "b")]
    setter = Operators("setter", ("a", "b"), does=("changeover",))
    line = Line(stations, [5], mix=mix, operators=[setter])
    run = simulate(line, horizon=40_000, warm_up=400, replications=1)
    assert run.throughput.mean == pytest.approx(1 / 50, rel=0.01)  # each part waits for one setup elsewhere
    assert run.station("a").states["waiting"].mean == pytest.approx(0.4, abs=0.01)
    two = replace(line, operators=(replace(setter, count=2),))
    assert simulate(two, horizon=40_000, warm_up=400, replications=1).throughput.mean > 1 / 31


def test_a_vehicle_carries_one_lot_at_a_time() -> None:
    lane = Buffer(20, transfer_lot=2, transfer_time=10, vehicle="cart")
    line = Line([Station("a", 1), Station("b", 1)], [lane], vehicles=[Vehicles("cart")])
    assert departures(line, 4) == [13, 14, 33, 34]
    run = simulate(line, horizon=2000, warm_up=200, replications=1)
    assert run.throughput.mean == pytest.approx(1 / 10)
    assert run.resources["cart"].mean == pytest.approx(1)


def test_a_milk_run_comes_by_the_clock() -> None:
    line = Line([Station("a", 10), Station("b", 1)], [Buffer(20, interval=25.0)])
    assert departures(line, 5) == [26, 27, 51, 52, 76]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [("fifo", [0, 1, 2, 3]), ("lifo", [0, 3, 2, 1]), ("spt", [0, 2, 1, 3]), ("edd", [0, 3, 1, 2])],
)
def test_dispatching_rules(rule: str, expected: list[int]) -> None:
    """Four parts wait for the last station, which takes 10, 30, 5 and 40 s for them."""
    products = [
        Product("p0", process_times={"b": 10}, allowance=10),
        Product("p1", process_times={"b": 30}, allowance=50),
        Product("p2", process_times={"b": 5}, allowance=80),
        Product("p3", process_times={"b": 40}, allowance=30),
    ]
    line = Line(
        [Station("a", 1), Station("b", 10)],
        [Buffer(9, rule=rule)],
        mix=Mix(products),
        release=Schedule((0,) * 4),
    )
    run = simulate(line, parts=4, replications=1, record=True)
    start = run.paths("start")[0, :, 1]
    assert np.argsort(start).tolist() == expected


def test_tardiness() -> None:
    mix = Mix([Product("p", allowance=25)])
    run = simulate(one(Station("a", 10), mix=mix, release=Schedule((0,) * 4)), parts=4, replications=1)
    assert run.late.mean == 0.5  # out at 10, 20, 30, 40
    assert run.tardiness.mean == pytest.approx((5 + 15) / 4)


# release, control, demand


def test_schedule_and_arrivals() -> None:
    stations = [Station("a", 4), Station("b", 3)]
    for engine in ("recursion", "simpy"):
        line = Line(stations, [2], release=Schedule((1, 2, 50)))
        assert departures(line, 9, engine=engine) == [8, 12, 57]
        assert simulate(line, parts=3, replications=1, engine=engine).lead_time.mean == pytest.approx(8)


@pytest.mark.parametrize("engine", ["recursion", "simpy"])
def test_conwip_holds_wip(engine: str) -> None:
    line = Line([Station("a", Exponential(1)), Station("b", Exponential(2))], [50], control=Conwip(4))
    run = simulate(line, horizon=2000, replications=3, engine=engine)
    assert run.wip.samples == pytest.approx(4)
    assert run.little_gap < 0.01


def test_drum_buffer_rope_limits_what_is_before_the_drum() -> None:
    line = Line(
        [Station("a", 1), Station("drum", 10), Station("c", 1)], [50, 50], control=DrumBufferRope("drum", 3)
    )
    for engine in ("recursion", "simpy"):
        run = simulate(line, horizon=1000, warm_up=100, replications=1, engine=engine)
        assert run.throughput.mean == pytest.approx(1 / 10)
        assert run.wip.mean == pytest.approx(3 + 1 / 10)  # the rope, and what the last station has in hand


def test_kanban_of_one_card_is_strictly_one_part_a_stage() -> None:
    line = Line([Station("a", 10), Station("b", 10)], [9], control=Kanban((1, 1)))
    for engine in ("recursion", "simpy"):
        # b takes the part (and a's card is free) only when it is done with the one before
        assert departures(line, 3, engine=engine) == [20, 30, 40]
        run = simulate(line, horizon=1000, warm_up=100, replications=1, engine=engine)
        assert run.wip.mean == pytest.approx(2)


@pytest.mark.parametrize("stock", [1, 3])
def test_base_stock_serves_as_often_as_theory_says(stock: int) -> None:
    """Make to stock with base stock S, Poisson demand, one exponential server: fill rate 1 - rho^S.

    Backlog rho^(S+1) / (1 - rho) (Buzacott & Shanthikumar 1993, *Stochastic Models of Manufacturing
    Systems*, section 4.3, the M/M/1 produce-to-stock system).
    """
    rho = 0.6
    line = one(Station("a", Exponential(rho)), demand=Demand(Exponential(1.0)), control=Conwip(stock))
    run = simulate(line, horizon=21_000, warm_up=1000, replications=40, seed=8)
    assert wide(run.fill_rate, 1 - rho**stock, 0.02)
    assert run.backlog.mean == pytest.approx(rho ** (stock + 1) / (1 - rho), rel=0.05)


def test_kanban_line_with_customers() -> None:
    stations = [Station("a", Exponential(4)), Station("b", Exponential(5))]
    line = Line(stations, [9], control=Kanban((3, 3)), demand=Demand(Exponential(10)))
    run = simulate(line, horizon=50_000, warm_up=1000, replications=2)
    assert run.throughput.mean == pytest.approx(1 / 10, rel=0.03)
    assert 0.5 < run.fill_rate.mean < 1
    assert run.wip.mean <= 6
    mixed = replace(line, mix=Mix([Product("A", share=2), Product("B")]))
    assert simulate(mixed, horizon=50_000, replications=2).fill_rate.mean < run.fill_rate.mean


# what a run says


def test_oee_of_known_losses() -> None:
    """Speed 0.8, breakdowns 100/25, defects 10 %: 0.8 · 0.8 · 0.9 of the time makes good parts."""
    station = Station(
        "a", 2, Failures(Exponential(100), Exponential(25)), speed=0.8, quality=Quality(0.1)
    )  # fmt: skip
    press = simulate(one(station), horizon=50_000, replications=20, seed=6).station("a")
    assert wide(press.availability, 0.8, 0.02)
    assert press.performance.mean == pytest.approx(0.8, rel=1e-3)
    assert press.quality.mean == pytest.approx(0.9, abs=0.003)
    assert press.oee.mean == pytest.approx(0.8 * 0.8 * 0.9, rel=0.01)


def test_minor_stops_hide_in_performance() -> None:
    station = Station("a", 2, minor_stops=Failures(Deterministic(18), Deterministic(2)))
    for engine in ("recursion", "simpy"):
        press = simulate(one(station), horizon=20_000, replications=1, engine=engine).station("a")
        assert press.availability.mean == pytest.approx(1)
        assert press.performance.mean == pytest.approx(0.9, rel=1e-3)
        assert press.states["stopped"].mean == pytest.approx(0.1, rel=1e-3)


def test_energy() -> None:
    line = one(
        Station("a", 10, power=Power(working=6, ready=2, off=0.5), shift=Shift([(0, 50)], 100)),
        release=Arrivals(20),
    )
    run = simulate(line, horizon=1000, replications=1)
    states = run.station("a").states
    working, off = states["working"].mean * 1000, states["off"].mean * 1000
    assert off == pytest.approx(500)
    assert run.station("a").energy.mean == pytest.approx(
        (6 * working + 2 * (500 - working) + 0.5 * 500) / 3600
    )
    assert run.energy_per_part.mean == pytest.approx(run.station("a").energy.mean / run.tally.left[0])


def test_flow_time_quantiles() -> None:
    """M/M/1: the time in the system is exponential with rate mu - lambda (Kleinrock 1975, section 3.2)."""
    line = one(Station("a", Exponential(1)), release=Arrivals(Exponential(2)))
    for engine in ("recursion", "simpy"):
        run = simulate(line, horizon=21_000, warm_up=1000, replications=30, seed=9, engine=engine)
        for share in (0.5, 0.9):
            exact = -math.log(1 - share) / (1 - 0.5)
            assert wide(run.lead_time_quantile(share), exact, 0.03)


def test_bottleneck_by_three_methods() -> None:
    line = Line(
        [Station("a", Exponential(4)), Station("b", Exponential(6)), Station("c", Exponential(3))], [4, 4]
    )
    run = simulate(line, horizon=30_000, warm_up=1000, replications=3)
    assert run.bottleneck == "b"
    assert bottleneck.by_active_period(run) == "b"
    assert bottleneck.by_arrows(run) == "b"


def test_arrows_choose_the_severer_of_two_bottlenecks() -> None:
    """Two slow stations apart from each other: both have no arrow away from them."""
    line = Line([Station(n, Exponential(t)) for n, t in zip("abcde", (8, 2, 2, 2, 7), strict=True)], [20] * 4)
    run = simulate(line, horizon=40_000, warm_up=2000, replications=3)
    assert bottleneck.by_arrows(run) == "a"


# what cannot go on


A, B = Station("a", 1), Station("b", 1)
BOTH = Mix([Product("A"), Product("B")])


@pytest.mark.parametrize(
    ("said", "stations", "rest"),
    [
        ("control.cards", [Station("a", 1, batch=4)], {"control": Conwip(3)}),
        ("can jam", [A, Station("b", 1, joins=5)], {"buffers": [4]}),
        ("one number for each", [A, B], {"buffers": [4], "control": Kanban((1,))}),
        ("never move", [A, Station("b", 1, batch=3)], {"buffers": [4], "control": Kanban((2, 3))}),
        ("rope", [A, B], {"buffers": [Buffer(4, 4)], "control": DrumBufferRope("b", 3)}),
        ("no station", [A], {"control": DrumBufferRope("z", 3)}),
        ("no station up to", [Station("a", 1, inspection=Inspection(rework="nowhere"))], {}),
        (
            "split the part again",
            [Station("a", 1, splits=2), Station("b", 1, inspection=Inspection(rework="a"))],
            {"buffers": [3]},
        ),
        ("two stations", [Station("a", 1, joins=2, splits=2)], {}),
        ("does not fit", [Station("a", 1, maintenance=Maintenance(10, 10))], {}),
        ("never works", [Station("a", 1, shift=Shift([]))], {}),
        ("in order", [Station("a", 1, shift=Shift([(5, 3)]))], {}),
        ("never hold", [A], {"feeders": [Feeder(Line([B]), "a", 3, 2)]}),
        ("pushed", [A], {"feeders": [Feeder(Line([B], control=Conwip(2)), "a")]}),
        ("of the main line", [A], {"feeders": [Feeder(Line([B]), "z")]}),
        ("no task", [A], {"operators": [Operators("o", ("z",), does=("sing",))]}),
        ("needs stations and tasks", [A], {"operators": [Operators("o", ())]}),
        ("not among the vehicles", [A, B], {"buffers": [Buffer(3, vehicle="cart")]}),
        ("takes no time", [A, B], {"buffers": [Buffer(0, interval=5)]}),
        ("no rule", [A, B], {"buffers": [Buffer(3, rule="best")]}),
        ("milk run", [A, B], {"buffers": [Buffer(3, vehicle="v", interval=5)], "vehicles": [Vehicles("v")]}),
        ("at least one", [A], {"release": Schedule(())}),
        ("not before", [A], {"release": Schedule((3, 2))}),
        ("products: none", [A], {"mix": Mix([])}),
        ("used twice", [A], {"mix": Mix([Product("A"), Product("A")])}),
        ("no order", [A], {"mix": Mix([Product("A")], order="best")}),
        ("no such station", [A], {"mix": Mix([Product("x", process_times={"z": 1})])}),
        ("without '>'", [A], {"mix": Mix([Product("x>y")])}),
        ("of the products", [Station("a", 1, changeover=Changeover(1, {"A>C": 2}))], {"mix": BOTH}),
        ("no clock", [Station("a", 1, Failures(5, 1, clock="moon"))], {}),
        ("stock each product", [A], {"demand": Demand(1), "control": Conwip(1), "mix": BOTH}),
    ],
)
def test_impossible_lines_are_refused(said: str, stations: list[Station], rest: dict[str, Any]) -> None:
    with pytest.raises(LineError, match=said):
        Line(stations, **rest)


def test_a_line_that_stands_still_says_so() -> None:
    """A line past its checks, as only a fault of ours could make it, ends in an error and not in silence."""
    line = Line([Station("a", 1), Station("b", 1)], [Buffer(4, 4)], control=Conwip(4))
    object.__setattr__(line, "control", Conwip(3))
    with pytest.raises(LineError, match="stands still, 1 places free"):
        simulate(line, horizon=100, replications=1, engine="simpy")


def wide(estimate: object, exact: float, most: float = 0.01) -> bool:
    """Whether the 99.9 % interval holds the exact value, and is narrow enough to say something."""
    e = replace(estimate, confidence=0.999)  # type: ignore[type-var]
    assert e.half_width < most * exact  # type: ignore[attr-defined]
    return bool(e.low <= exact <= e.high)  # type: ignore[attr-defined]


def test_log_has_every_operation() -> None:
    line = Line([Station("a", Exponential(3)), Station("b", Exponential(3), quality=Quality(0.1))], [2])
    run: Run = simulate(line, horizon=500, replications=2)
    log = run.log
    assert set(log.station) == {0, 1}
    done = np.isfinite(log.finish)
    assert (log.start[done] <= log.finish[done]).all()
    assert (log.finish[done] <= log.leave[done]).all()
    rows = list(run.events())
    assert len(rows) == len(log.part)
    first = {"case": "0-0", "activity": "a", "resource": "a-1", "product": "", "start": 0.0}
    assert rows[0] == first | {"end": float(log.finish[0])}
    assert {row["end"] is None for row in rows} == {True, False}
    assert [row["start"] for row in rows if row["case"] == "1-2"] == sorted(
        row["start"] for row in rows if row["case"] == "1-2"
    )
    spent = [sum(times) for times in run.flow_times]
    np.testing.assert_allclose(spent, run.tally.flow)
