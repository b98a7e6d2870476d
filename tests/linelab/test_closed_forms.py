"""The closed forms against worked values of their sources and against derivations of another kind.

Chains are solved as linear equations, compound times by enumeration, closed networks by mean value analysis:
nothing here repeats the algebra of the form that it tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linelab import theory
from linelab.distributions import Floats
from linelab.theory import EffectiveTime, PennyFab, Queue

loads = st.floats(0.01, 0.98)
times = st.floats(0.01, 100)
scvs = st.floats(0, 10)
servers = st.integers(1, 30)


def stationary(generator: Floats) -> Floats:
    """Probabilities of a chain: x with x · generator = 0 and sum 1 (pass P - I for discrete time)."""
    equations = generator.T.copy()
    equations[0] = 1.0  # one balance equation follows from the others
    return np.linalg.solve(equations, np.eye(len(generator))[0])


def two_point(mean: float, scv: float, chance: float = 0.3) -> list[tuple[float, float]]:
    """A time with two values, as (probability, value), of the given mean and scv."""
    deviation = mean * math.sqrt(scv)
    low, high = math.sqrt(chance / (1 - chance)), math.sqrt((1 - chance) / chance)
    return [(1 - chance, mean - deviation * low), (chance, mean + deviation * high)]


def mean_and_scv(outcomes: list[tuple[float, float]]) -> tuple[float, float]:
    assert math.fsum(p for p, _ in outcomes) == pytest.approx(1, abs=1e-12)
    mean = math.fsum(p * x for p, x in outcomes)
    return mean, math.fsum(p * (x - mean) ** 2 for p, x in outcomes) / mean**2


# queues


def test_littles_law_gives_each_of_three() -> None:
    flow = theory.Flow(wip=6, throughput=0.5, flow_time=12)
    assert theory.littles_law(throughput=0.5, flow_time=12) == flow
    assert theory.littles_law(wip=6, flow_time=12) == flow
    assert theory.littles_law(wip=6, throughput=0.5) == flow


@given(loads, times, scvs, scvs, servers)
def test_littles_law_holds_for_every_queue(u: float, t: float, ca2: float, ce2: float, m: int) -> None:
    one, many = u / t, u * m / t
    for rate, queue in [
        (many, theory.ggm(many, t, ca2, ce2, m)),
        (many, theory.mmc(many, t, m)),
        (one, theory.mg1(one, t, ce2)),
        (one, theory.mm1(one, t)),
    ]:
        assert queue.utilisation == pytest.approx(u)
        assert queue.wip == pytest.approx(rate * queue.flow_time)
        assert queue.queue_length == pytest.approx(rate * queue.queue_time)
        assert queue.flow_time == pytest.approx(queue.queue_time + t)


@pytest.mark.parametrize(("machines", "load"), [(1, 0.8), (2, 1.5), (5, 4.2), (12, 9.0)])
def test_erlang_c_against_the_chain(machines: int, load: float) -> None:
    """M/M/c with process times of 1 as a birth-death chain, cut off where next to nothing is left."""
    states = 400
    generator = np.zeros((states, states))
    for n in range(states - 1):
        generator[n, n + 1] = load
        generator[n + 1, n] = min(n + 1, machines)
    np.fill_diagonal(generator, -generator.sum(axis=1))
    p, present = stationary(generator), np.arange(states)
    queue = theory.mmc(load, 1.0, machines)
    assert theory.erlang_c(machines, load) == pytest.approx(p[machines:].sum(), rel=1e-9)
    assert queue.wip == pytest.approx(present @ p, rel=1e-9)
    assert queue.queue_length == pytest.approx(np.maximum(present - machines, 0) @ p, rel=1e-9)


def test_erlang_c_by_hand() -> None:
    """C(c, a) = (a^c / c!) c / (c - a) over its sum with the Poisson terms below c."""
    assert theory.erlang_c(2, 1.0) == pytest.approx(1 / 3)
    assert theory.erlang_c(3, 2.0) == pytest.approx(4 / 9)
    assert 0 < theory.erlang_c(1000, 990.0) < 1


@given(loads, times, scvs)
def test_queues_agree_where_they_meet(u: float, t: float, scv: float) -> None:
    """M/M/c with c = 1 is M/M/1, as is M/G/1 with scv 1; M/D/1 waits half as long; G/G/m with m = 1."""
    rate, mm1 = u / t, theory.mm1(u / t, t)
    assert mm1.wip == pytest.approx(u / (1 - u))
    for other in (theory.mmc(rate, t, 1), theory.mg1(rate, t, 1.0), theory.kingman(rate, t, 1.0, 1.0)):
        assert other.queue_time == pytest.approx(mm1.queue_time)
    assert theory.mg1(rate, t, 0.0).queue_time == pytest.approx(mm1.queue_time / 2)
    assert theory.kingman(rate, t, scv, 0.3) == theory.ggm(rate, t, scv, 0.3, 1)


@pytest.mark.parametrize("u", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("phases", [None, 1, 2, 4])
def test_pollaczek_khinchine_against_the_embedded_chain(u: float, phases: int | None) -> None:
    """Numbers left behind at departures, for fixed (None) and Erlang times; at any time as at departures.

    Arrivals during one process time are Poisson, or negative binomial for Erlang times.
    """
    size = 500
    k = np.arange(size)
    if phases is None:
        arrivals = np.exp(k * math.log(u) - u - [math.lgamma(i + 1) for i in range(size)])
    else:
        chance = phases / (phases + u)
        choose = np.array([float(math.comb(i + phases - 1, i)) for i in range(size)])
        arrivals = choose * chance**phases * (1 - chance) ** k
    step = np.zeros((size, size))
    for n in range(size):
        kept = max(n - 1, 0)
        step[n, kept:] = arrivals[: size - kept]
        step[n, -1] += 1 - step[n].sum()
    p = stationary(step - np.eye(size))
    assert theory.mg1(u, 1.0, 0.0 if phases is None else 1 / phases).wip == pytest.approx(k @ p, rel=1e-6)


def test_hare_and_tortoise() -> None:
    """Hopp & Spearman, *Factory Physics*, 3rd ed., chapter 8: Hare X19 feeds Tortoise 2000; minutes."""
    natural = EffectiveTime(15, 3.35**2 / 15**2)
    hare, tortoise = theory.with_outages(natural, 744, 248), theory.with_outages(natural, 114, 38)
    assert (hare.mean, tortoise.mean) == pytest.approx((20, 20))
    assert (hare.scv, tortoise.scv) == pytest.approx((6.25, 1.0), abs=0.005)
    u = 2.875 / 60 * 20
    first = theory.kingman(2.875 / 60, 20, 1.0, 6.25)
    assert first.utilisation == pytest.approx(u) == pytest.approx(0.9583, abs=5e-5)
    assert first.queue_time / 60 == pytest.approx(27.79, abs=0.005)
    between = theory.departure_scv(u, 1.0, 6.25)
    assert between == pytest.approx(5.82, abs=0.005)
    assert theory.kingman(2.875 / 60, 20, between, 1.0).queue_time / 60 == pytest.approx(26.15, abs=0.05)


def test_short_stops_are_better_than_long_ones() -> None:
    """A machining cell, minutes: t_0 10, c_0² 0.25, Poisson arrivals, u 0.9, exponential repairs."""
    natural = EffectiveTime(10, 0.25)
    for mtbf, mttr, scv, wait in [(480, 40, 0.818, 88.6), (48, 4, 0.307, 63.7)]:
        effective = theory.with_outages(natural, mtbf, mttr)
        assert theory.availability(mtbf, mttr) == pytest.approx(0.9231, abs=5e-5)
        assert effective.mean == pytest.approx(10.83, abs=0.005)
        assert effective.scv == pytest.approx(scv, abs=5e-4)
        queue = theory.kingman(0.9 / effective.mean, effective.mean, 1.0, effective.scv)
        assert queue.queue_time == pytest.approx(wait, abs=0.05)
    assert theory.mg1(0.9, 1.0, 0.5).queue_time == pytest.approx(6.75)


@pytest.mark.parametrize(("mtbf", "mttr", "repair_scv"), [(8, 2, 1.0), (3, 5, 0.4), (50, 10, 0.0)])
def test_outages_by_enumeration(mtbf: float, mttr: float, repair_scv: float) -> None:
    """Failures in a process time t are Poisson of mean t / m_f, each with a repair of two values."""
    natural = EffectiveTime(4, 0.36)
    (p_low, low), (p_high, high) = two_point(mttr, repair_scv)
    outcomes = []
    for p, t in two_point(natural.mean, natural.scv):
        for n in range(60):
            poisson = math.exp(-t / mtbf) * (t / mtbf) ** n / math.factorial(n)
            for k in range(n + 1):
                repairs = math.comb(n, k) * p_high**k * p_low ** (n - k)
                outcomes.append((p * poisson * repairs, t + k * high + (n - k) * low))
    effective = theory.with_outages(natural, mtbf, mttr, repair_scv)
    assert (effective.mean, effective.scv) == pytest.approx(mean_and_scv(outcomes))


def test_setups() -> None:
    """Hopp & Spearman, chapter 8: 1 h a part, 2 h setup every 10 parts, c_0 = c_s = 0.25; then enumerated."""
    slow = theory.with_setups(EffectiveTime(1, 0.0625), 2, 10, 0.0625)
    assert (slow.mean, slow.scv) == pytest.approx((1.2, 0.31), abs=0.001)
    for natural, setup, every, scv in [(EffectiveTime(4, 0.36), 7, 3, 0.5), (EffectiveTime(1, 0), 2, 1, 0.2)]:
        outcomes = []
        for (p, t), (q, s) in product(two_point(natural.mean, natural.scv), two_point(setup, scv)):
            outcomes += [(p * q / every, t + s), (p * q * (1 - 1 / every), t)]
        effective = theory.with_setups(natural, setup, every, scv)
        assert (effective.mean, effective.scv) == pytest.approx(mean_and_scv(outcomes))


@given(loads, scvs)
def test_departures_of_mg1(u: float, ce2: float) -> None:
    """Parts leave one process time after another, or after an exponential idle time with chance 1 - u.

    Moments of the time between departures for arrivals of rate 1.
    """
    service_2 = (1 + ce2) * u**2
    idle_1, idle_2 = (1 - u) * 1, (1 - u) * 2
    variance = (service_2 + 2 * u * idle_1 + idle_2) - (u + idle_1) ** 2
    assert theory.departure_scv(u, 1.0, ce2) == pytest.approx(variance)


def test_departures_in_the_limits() -> None:
    """A busy machine passes on its own variability, an idle one that of arrivals; M/M/m gives Poisson."""
    assert theory.departure_scv(1.0, 3.0, 0.2) == pytest.approx(0.2)
    assert theory.departure_scv(0.0, 3.0, 0.2) == pytest.approx(3.0)
    assert theory.departure_scv(0.7, 1.0, 1.0, machines=4) == pytest.approx(1.0)
    # by hand: 1 + 0.36 · 1 + 0.64 / 2 · 2
    assert theory.departure_scv(0.8, 2.0, 3.0, machines=4) == pytest.approx(2.0)


@pytest.mark.parametrize("machines", [2, 3, 6, 10, 20])
def test_sakasegawa_comes_close_to_erlang_c(machines: int) -> None:
    """An approximation: flow time within 3 % of M/M/m at any load, the wait in heavy traffic too."""
    for u in (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999):
        exact = theory.mmc(u * machines, 1.0, machines)
        found = theory.ggm(u * machines, 1.0, 1.0, 1.0, machines)
        assert found.flow_time == pytest.approx(exact.flow_time, rel=0.03)
        if u >= 0.95:
            assert found.queue_time == pytest.approx(exact.queue_time, rel=0.005)


@given(loads, loads, times, scvs, scvs, servers)
def test_queues_get_longer_with_load_and_variability(
    u: float, other: float, t: float, ca2: float, ce2: float, m: int
) -> None:
    low, high = sorted((u, other))

    def wait(queue: Queue) -> float:
        return queue.queue_time * (1 + 1e-12)

    assert theory.ggm(low * m / t, t, ca2, ce2, m).queue_time <= wait(
        theory.ggm(high * m / t, t, ca2, ce2, m)
    )
    assert theory.mmc(low * m / t, t, m).queue_time <= wait(theory.mmc(high * m / t, t, m))
    assert theory.ggm(u * m / t, t, ca2, ce2, m).queue_time <= wait(theory.ggm(u * m / t, t, ca2, ce2 + 1, m))
    # pooling: m machines with one queue wait less than each with its own
    assert theory.mmc(u * m / t, t, m).queue_time <= wait(theory.mm1(u / t, t))


# lines


def test_penny_fabs_one_and_two() -> None:
    """Hopp & Spearman, chapter 7: four machines of 2 h; then stations of 1, 2, 6 and 2 machines."""
    one, two = theory.penny_fab([2, 2, 2, 2]), theory.penny_fab([2, 5, 10, 3], [1, 2, 6, 2])
    assert (one.bottleneck_rate, one.raw_process_time, one.critical_wip) == pytest.approx((0.5, 8, 4))
    assert (two.bottleneck_rate, two.raw_process_time, two.critical_wip) == pytest.approx((0.4, 20, 8))
    for wip, throughput, flow_time in [(4, 0.2857, 14), (10, 0.3846, 26)]:
        flow = one.practical_worst_case(wip)
        assert (flow.throughput, flow.flow_time) == pytest.approx((throughput, flow_time), abs=5e-5)


@pytest.mark.parametrize("wip", [1, 2, 5, 11])
def test_practical_worst_case_by_mean_value_analysis(wip: int) -> None:
    """Exact MVA of a closed line of 5 exponential machines (Reiser & Lavenberg, 1980)."""
    process_time, stations, queue = 3.0, 5, 0.0
    for w in range(1, wip + 1):
        at_station = process_time * (1 + queue)
        throughput = w / (stations * at_station)
        queue = throughput * at_station
    flow = theory.penny_fab([process_time] * stations).practical_worst_case(wip)
    assert flow.throughput == pytest.approx(throughput)
    assert flow.flow_time == pytest.approx(stations * at_station)


@pytest.mark.parametrize("process_times", [[2, 2, 2, 2], [1, 4, 2], [5, 1, 1, 3]])
@pytest.mark.parametrize("wip", [1, 2, 3, 6])
def test_best_case_by_following_parts(process_times: list[int], wip: int) -> None:
    """Parts in order through fixed times, the next released as one leaves."""
    parts = 400
    done = np.zeros((parts, len(process_times)))
    for part in range(parts):
        clock = done[part - wip, -1] if part >= wip else 0.0
        for j, t in enumerate(process_times):
            clock = max(clock, done[part - 1, j] if part else 0.0) + t
            done[part, j] = clock
    flow = theory.penny_fab(process_times).best_case(wip)
    # over whole rounds of the cards, once the first parts have spread out
    assert (done[-1, -1] - done[-1 - 60, -1]) / 60 == pytest.approx(1 / flow.throughput)
    assert done[-1, -1] - done[-1 - wip, -1] == pytest.approx(flow.flow_time)


@given(st.lists(times, min_size=1, max_size=8), st.integers(1, 200))
def test_cases_are_ordered_and_meet(process_times: list[float], wip: int) -> None:
    line = theory.penny_fab(process_times)
    best, practical, worst = line.best_case(wip), line.practical_worst_case(wip), line.worst_case(wip)
    slack = 1 + 1e-9
    assert worst.throughput <= practical.throughput * slack <= best.throughput * slack**2
    assert best.throughput <= line.bottleneck_rate * slack
    assert worst.flow_time * slack >= practical.flow_time
    for flow in (best, practical, worst):
        assert flow.wip == pytest.approx(flow.throughput * flow.flow_time)
    one_part = [case(1).throughput for case in (line.best_case, line.practical_worst_case, line.worst_case)]
    assert one_part == pytest.approx([1 / line.raw_process_time] * 3)
    # at critical WIP: TH of the practical worst case is W_0 / (2 W_0 - 1) of r_b
    w0 = line.critical_wip
    share = line.practical_worst_case(max(w0, 1.0)).throughput / line.bottleneck_rate
    assert share == pytest.approx(w0 / (2 * w0 - 1), rel=1e-6)
    assert line.best_case(max(w0, 1.0)).throughput == pytest.approx(line.bottleneck_rate)


def two_exponential_chain(rate_1: float, rate_2: float, buffer: int) -> tuple[float, float, float, float]:
    """TH, blocking, starvation and WIP from the states (blocked, parts in the buffer, second working)."""
    states = [(0, 0, 0)] + [(0, n, 1) for n in range(buffer + 1)] + [(1, buffer, 1)]
    index = {state: i for i, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for state in states:
        blocked, stored, working = state
        if not working:  # the first machine feeds the second
            generator[index[state], index[0, 0, 1]] = rate_1
        elif blocked:  # the second takes from the buffer, where the blocked part goes
            generator[index[state], index[0, buffer, 1]] = rate_2
        else:
            finished = (0, stored + 1, 1) if stored < buffer else (1, buffer, 1)
            taken = (0, stored - 1, 1) if stored else (0, 0, 0)
            generator[index[state], index[finished]] = rate_1
            generator[index[state], index[taken]] = rate_2
    np.fill_diagonal(generator, -generator.sum(axis=1))
    p = dict(zip(states, stationary(generator), strict=True))
    throughput = rate_2 * math.fsum(x for (_, _, working), x in p.items() if working)
    blocking = math.fsum(x for (blocked, _, _), x in p.items() if blocked)
    wip = math.fsum(x * (1 + stored + working) for (_, stored, working), x in p.items())
    return throughput, blocking, p[0, 0, 0], wip


@given(st.floats(0.1, 10), st.floats(0.1, 10), st.integers(0, 12))
def test_two_exponential_machines_against_the_chain(rate_1: float, rate_2: float, buffer: int) -> None:
    line = theory.two_exponential_machines(rate_1, rate_2, buffer)
    exact = two_exponential_chain(rate_1, rate_2, buffer)
    assert (line.throughput, line.blocking, line.starvation, line.wip) == pytest.approx(exact, abs=1e-9)
    assert line.flow_time == pytest.approx(exact[3] / exact[0])
    # reversibility, more room helps, and no line is faster than its slowest machine
    assert theory.two_exponential_machines(rate_2, rate_1, buffer).throughput == pytest.approx(
        line.throughput
    )
    more = theory.two_exponential_machines(rate_1, rate_2, buffer + 1).throughput
    assert line.throughput <= more * (1 + 1e-12) <= min(rate_1, rate_2) * (1 + 1e-9)


@pytest.mark.parametrize("buffer", [0, 1, 7, 10_000])
def test_two_equal_exponential_machines(buffer: int) -> None:
    assert theory.two_exponential_machines(3.0, 3.0, buffer).throughput == pytest.approx(
        3 * (buffer + 2) / (buffer + 3)
    )
    for rates in [(5.0, 2.0), (2.0, 5.0)]:
        assert theory.two_exponential_machines(*rates, 10_000).throughput == pytest.approx(2.0)


def two_unreliable_chain(
    p1: float, r1: float, p2: float, r2: float, buffer: int
) -> tuple[float, float, float, float]:
    """TH of the second machine, blocking, starvation and WIP from all 4 (b + 3) states, cycle by cycle."""
    full = buffer + 2
    states = list(product(range(full + 1), (0, 1), (0, 1)))
    index = {state: i for i, state in enumerate(states)}
    step = np.zeros((len(states), len(states)))
    for n, first, second in states:
        up_1 = (1 if n == full else 1 - p1) if first else r1
        up_2 = (1 if n == 0 else 1 - p2) if second else r2
        for a, b in product((0, 1), (0, 1)):
            chance = (up_1 if a else 1 - up_1) * (up_2 if b else 1 - up_2)
            after = n + (a if n < full else 0) - (b if n > 0 else 0)
            step[index[n, first, second], index[after, a, b]] += chance
    p = dict(zip(states, stationary(step - np.eye(len(states))), strict=True))
    throughput = math.fsum(x for (n, _, second), x in p.items() if second and n > 0)
    blocking = math.fsum(x for (n, first, _), x in p.items() if first and n == full)
    starvation = math.fsum(x for (n, _, second), x in p.items() if second and n == 0)
    # the first machine holds a part of its own unless it is blocked, when its part is among the n
    wip = math.fsum(x * n for (n, _, _), x in p.items()) + 1 - blocking
    return throughput, blocking, starvation, wip


chances = st.floats(0.01, 0.9)


@given(chances, chances | st.just(1.0), chances, chances | st.just(1.0), st.integers(0, 10))
def test_two_unreliable_machines_against_the_chain(
    p1: float, r1: float, p2: float, r2: float, buffer: int
) -> None:
    line = theory.two_unreliable_machines(p1, r1, p2, r2, buffer)
    exact = two_unreliable_chain(p1, r1, p2, r2, buffer)
    assert (line.throughput, line.blocking, line.starvation, line.wip) == pytest.approx(exact, abs=1e-9)
    # flow rate and idle time: E = e_1 (1 - blocking) = e_2 (1 - starvation)
    for p, r, idle in ((p1, r1, line.blocking), (p2, r2, line.starvation)):
        assert line.throughput == pytest.approx(theory.isolated_efficiency(p, r) * (1 - idle))
    assert theory.two_unreliable_machines(p2, r2, p1, r1, buffer).throughput == pytest.approx(line.throughput)
    more = theory.two_unreliable_machines(p1, r1, p2, r2, buffer + 1).throughput
    assert line.throughput <= more * (1 + 1e-12)


def test_two_unreliable_machines_between_their_bounds() -> None:
    """No buffer: 1 / (1 + Σ p/r), but for both failing in one cycle; endless buffer: min e."""
    p, r = [0.001, 0.002], [0.01, 0.015]
    none = theory.two_unreliable_machines(p[0], r[0], p[1], r[1], 0).throughput
    assert none == pytest.approx(theory.zero_buffer_efficiency(p, r), rel=1e-3)
    endless = theory.two_unreliable_machines(p[0], r[0], p[1], r[1], 100_000).throughput
    assert endless == pytest.approx(theory.infinite_buffer_efficiency(p, r))


def test_efficiency_of_an_smt_line() -> None:
    """Printer, mounter and reflow with e = 12/13, 25/28 and 35/37, and 120 boards an hour."""
    p, r = [1 / 120, 1 / 250, 1 / 350], [1 / 10, 1 / 30, 1 / 20]
    isolated = [theory.isolated_efficiency(*machine) for machine in zip(p, r, strict=True)]
    assert isolated == pytest.approx([0.923, 0.893, 0.946], abs=5e-4)
    assert theory.zero_buffer_efficiency(p, r) == pytest.approx(0.7934, abs=5e-5)
    assert theory.infinite_buffer_efficiency(p, r) == pytest.approx(0.8929, abs=5e-5)
    assert 120 * theory.zero_buffer_efficiency(p, r) == pytest.approx(95.2, abs=0.05)


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.01, 1)), min_size=1, max_size=6))
def test_zero_buffer_line_against_the_chain(machines: list[tuple[float, float]]) -> None:
    """All up, or one machine down and the rest waiting for it."""
    generator = np.zeros((len(machines) + 1, len(machines) + 1))
    for i, (p, r) in enumerate(machines, start=1):
        generator[0, i], generator[i, 0] = p, r
    np.fill_diagonal(generator, -generator.sum(axis=1))
    rates = [list(rate) for rate in zip(*machines, strict=True)]
    efficiency = theory.zero_buffer_efficiency(*rates)
    assert efficiency == pytest.approx(stationary(generator)[0])
    assert efficiency <= theory.infinite_buffer_efficiency(*rates) * (1 + 1e-12)


# planning


def test_takt() -> None:
    """Two shifts of 460 minutes for 920 parts: one a minute."""
    assert theory.takt_time(2 * 460 * 60, 920) == pytest.approx(60)


def test_minimum_stations() -> None:
    """Ten tasks of 336 s at a takt of 60 s."""
    tasks = [45, 30, 36, 28, 40, 33, 25, 38, 31, 30]
    assert sum(tasks) == 336
    assert theory.minimum_stations(tasks, 60) == 6
    # a whole number of stations is not spoilt by 0.1 + 0.1 + 0.1 > 0.3
    assert theory.minimum_stations([0.1, 0.1, 0.1], 0.3) == 1


@given(st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_minimum_stations_is_the_bound(tasks: list[int]) -> None:
    stations = theory.minimum_stations(tasks, 60)
    assert (stations - 1) * 60 < sum(tasks) <= stations * 60


def test_line_balance() -> None:
    """By hand: 210 s of work in four stations of at most 60 s; SI = √(10² + 0 + 15² + 5²)."""
    balance = theory.line_balance([50, 60, 45, 55])
    assert balance.cycle_time == 60
    assert (balance.efficiency, balance.delay) == pytest.approx((0.875, 0.125))
    assert balance.smoothness == pytest.approx(math.sqrt(350))
    perfect = theory.line_balance([7.5] * 5)
    assert (perfect.efficiency, perfect.smoothness) == (1, 0)


def test_epei_of_a_press() -> None:
    """Five parts, 685 minutes of running a day of 900, 260 minutes of changeovers; then these halved."""
    demand, process = [200, 150, 100, 120, 97], [1, 1.2, 1, 0.9, 1]
    changeovers = [60.0, 50, 50, 40, 60]
    cycle = theory.epei(demand, process, changeovers, 900)
    assert cycle.interval == pytest.approx(1.209, abs=5e-4)
    halved = theory.epei(demand, process, [c / 2 for c in changeovers], 900)
    assert halved.interval == pytest.approx(0.605, abs=5e-4)
    # a cycle's lots and changeovers fill it exactly
    running = sum(q * c for q, c in zip(cycle.lots, process, strict=True))
    assert running + sum(changeovers) == pytest.approx(900 * cycle.interval)


@given(st.floats(1, 1e5), st.floats(0.1, 1e4), st.floats(0.01, 100), st.floats(0.2, 5))
def test_eoq_costs_least(demand: float, order: float, holding: float, factor: float) -> None:
    def cost(quantity: float) -> float:
        return order * demand / quantity + holding * quantity / 2

    best = theory.economic_order_quantity(demand, order, holding)
    assert cost(best) <= cost(best * factor) * (1 + 1e-12)
    assert cost(best) == pytest.approx(math.sqrt(2 * order * demand * holding))


def test_kanban() -> None:
    """A wire harness: 2.667 a minute, 90 minutes, a tenth for safety, 40 a container: 6.6 cards."""
    assert theory.kanban_count(2.667, 90, 40, 0.1) == 7
    assert theory.kanban_count(4, 30, 40) == 3
    assert theory.kanban_count(0.1, 3, 0.1) == 3


def test_reorder_point_by_enumeration() -> None:
    """Demand during the lead time: 2, 3 or 4 periods of a demand of two values, every case counted."""
    demand, demand_scv = 20.0, 0.2
    (p_low, low), (p_high, high) = two_point(demand, demand_scv)
    outcomes = []
    for chance, periods in [(0.25, 2), (0.5, 3), (0.25, 4)]:
        for k in range(periods + 1):
            p = math.comb(periods, k) * p_high**k * p_low ** (periods - k)
            outcomes.append((chance * p, k * high + (periods - k) * low))
    mean, scv = mean_and_scv(outcomes)
    found = theory.reorder_point(demand, 3, demand * math.sqrt(demand_scv), math.sqrt(0.5), 0.95)
    assert found.safety_stock == pytest.approx(1.6448536 * mean * math.sqrt(scv))
    assert found.point == pytest.approx(mean + found.safety_stock)
    assert theory.reorder_point(20, 3, 5, 1, 0.5).safety_stock == pytest.approx(0)


@given(st.floats(0.5, 0.99), st.floats(0.5, 0.99), st.floats(0, 50))
def test_safety_stock_grows_with_service_and_noise(a: float, b: float, deviation: float) -> None:
    low, high = sorted((a, b))
    stock = theory.reorder_point(100, 4, deviation, 0.5, low).safety_stock
    assert stock <= theory.reorder_point(100, 4, deviation, 0.5, high).safety_stock
    assert stock <= theory.reorder_point(100, 4, deviation + 1, 0.5, low).safety_stock


# quality


def test_oee_of_a_shift() -> None:
    """450 minutes busy, 387 producing, half a minute an item, 660 made, 634 good."""
    oee = theory.oee(apt=387, pbt=450, pri=0.5, pq=660, gq=634)
    assert oee.availability == pytest.approx(0.860)
    assert oee.effectiveness == pytest.approx(0.8527, abs=5e-5)
    assert oee.quality == pytest.approx(0.9606, abs=5e-5)
    assert oee.oee == pytest.approx(0.5 * 634 / 450)
    assert oee.oee == pytest.approx(0.7044, abs=5e-5)
    assert theory.oee(apt=450, pbt=450, pri=0.5, pq=900, gq=900).oee == 1


def test_availability() -> None:
    assert theory.availability(480, 40) == pytest.approx(12 / 13)
    assert theory.availability(10, 0) == 1
    assert theory.availability(1 / 0.01, 1 / 0.1) == pytest.approx(theory.isolated_efficiency(0.01, 0.1))


def test_rolled_throughput_yield() -> None:
    assert theory.rolled_throughput_yield([0.99, 0.98, 0.96, 0.98]) == pytest.approx(0.9128, abs=5e-5)


@given(
    st.lists(st.tuples(st.floats(1, 100), st.floats(0.5, 1)), min_size=1, max_size=6),
)
def test_good_throughput_by_pushing_parts_through(stations: list[tuple[float, float]]) -> None:
    """Feed the line with as much as its capacities take and count what comes out."""
    flow = theory.good_throughput(*[list(column) for column in zip(*stations, strict=True)])
    feed, arriving = math.inf, 1.0
    for rate, y in stations:
        feed, arriving = min(feed, rate / arriving), arriving * y
    assert flow.throughput == pytest.approx(feed * arriving)
    assert flow.starts[0] == pytest.approx(feed)
    assert flow.starts[flow.bottleneck] == pytest.approx(stations[flow.bottleneck][0])
    for start, (rate, _) in zip(flow.starts, stations, strict=True):
        assert start <= rate * (1 + 1e-12)


def test_scrap_after_the_bottleneck_costs_output() -> None:
    """TH = r_b · Π y after the bottleneck; scrap before it is made up by more starts."""
    after = theory.good_throughput([20, 10, 20], [1, 1, 0.9])
    before = theory.good_throughput([20, 10, 20], [0.9, 1, 1])
    assert (after.throughput, before.throughput) == pytest.approx((9, 10))
    assert after.bottleneck == before.bottleneck == 1
    assert before.starts == pytest.approx((10 / 0.9, 10, 10))


def test_capability_of_a_turned_diameter() -> None:
    """12 ± 0.10 mm with mean 12.03 and deviation 0.025."""
    found = theory.capability(12.03, 0.025, 11.9, 12.1)
    assert (found.cp, found.cpk) == pytest.approx((1.333, 0.933), abs=5e-4)
    assert theory.capability(12.2, 0.025, 11.9, 12.1).cpk < 0


def test_cpk_interval_published() -> None:
    """*Quality Digest*, May 2000, Last Word: C_pk 1.15 from 45 parts is between 0.89 and 1.41."""
    assert theory.cpk_interval(1.15, 45) == pytest.approx((0.89, 1.41), abs=0.005)


@pytest.mark.parametrize(("mean", "confidence"), [(0.0, 0.9), (1.0, 0.95), (3.0, 0.95)])
def test_cpk_interval_covers_as_often_as_it_says(mean: float, confidence: float) -> None:
    """40,000 samples of 60 parts, limits -6 and 6: within one point of the confidence, an approximation.

    The point is more than 6 standard errors of the share found. Centred (mean 0) the estimate is biased
    low, since the nearer limit of each sample counts, so only off-centre processes are held to it; there the
    interval must not cover more than 2 points less.
    """
    rng = np.random.Generator(np.random.PCG64(7))
    true, n = (6 - mean) / 3, 60
    samples = rng.normal(mean, 1.0, (40_000, n))
    means, deviations = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    covered = 0
    for m, s in zip(means, deviations, strict=True):
        low, high = theory.cpk_interval(theory.capability(m, s, -6.0, 6.0).cpk, n, confidence)
        covered += low <= true <= high
    assert covered / 40_000 == pytest.approx(confidence, abs=0.01 if mean else 0.02)


@given(st.floats(0.2, 3), st.integers(2, 500))
def test_cpk_interval_narrows_with_the_sample(cpk: float, n: int) -> None:
    low, high = theory.cpk_interval(cpk, n)
    less, more = theory.cpk_interval(cpk, n + 1)
    assert low < less < cpk < more < high
    z = NormalDist().inv_cdf(0.975)
    assert (high - low) / 2 > z * cpk / math.sqrt(2 * n)


# what makes no sense


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: theory.littles_law(wip=3), "wip, throughput, flow_time: give exactly two"),
        (lambda: theory.littles_law(wip=3, throughput=0), "throughput: 0 must be a finite number above zero"),
        (lambda: theory.mm1(1.0, 1.0), "arrival_rate: utilisation 1 must be below 1"),
        (lambda: theory.mmc(3.0, 1.0, 2), "arrival_rate: utilisation 1.5 must be below 1"),
        (lambda: theory.mmc(1.0, 1.0, 0), "machines: 0 must be a whole number, 1 or more"),
        (lambda: theory.mmc(1.0, 1.0, 2.5), "machines: 2.5 must be a whole number"),  # type: ignore[arg-type]
        (lambda: theory.erlang_c(2, 2.0), "offered_load: 2.0 must be below machines"),
        (lambda: theory.kingman(0.5, 1.0, -1.0, 1.0), "arrival_scv: -1.0 must be"),
        (lambda: theory.mg1(0.5, 1.0, math.nan), "process_scv: nan must be"),
        (lambda: theory.mg1(0.5, "1", 1.0), "process_time: '1' must be"),  # type: ignore[arg-type]
        (lambda: theory.departure_scv(1.2, 1.0, 1.0), "utilisation: 1.2 must be at most 1"),
        (lambda: theory.with_outages(EffectiveTime(1, 1), 0, 1), "mtbf: 0 must be"),
        (lambda: theory.with_setups(EffectiveTime(1, 1), 1, 0.5), "parts_between: 0.5 must be 1 or more"),
        (lambda: theory.penny_fab([]), "process_times, machines: lengths are [0, 0]"),
        (lambda: theory.penny_fab([1, 2], [1]), "process_times, machines: lengths are [2, 1]"),
        (lambda: PennyFab(0.1, 1), "bottleneck_rate: 0.1 is below 1 / raw_process_time"),
        (lambda: PennyFab(0.5, 8).best_case(0.5), "wip: 0.5 must be 1 part or more"),
        (lambda: theory.two_exponential_machines(1, 1, -1), "buffer: -1 must be a whole number, 0 or more"),
        (lambda: theory.two_unreliable_machines(1.0, 0.1, 0.1, 0.1, 3), "p1: 1.0 must be between 0 and 1"),
        (lambda: theory.two_unreliable_machines(0.1, 1.1, 0.1, 0.1, 3), "r1: 1.1 must be above 0"),
        (lambda: theory.zero_buffer_efficiency([0.1], [0.1, 0.2]), "p, r: lengths are [1, 2]"),
        (lambda: theory.takt_time(0, 10), "available_time: 0 must be"),
        (lambda: theory.minimum_stations([30, 70], 60), "takt: 60 is below the longest task, 70"),
        (lambda: theory.line_balance([]), "number of station_times: 0 must be"),
        (lambda: theory.epei([100], [1], [10], 100), "available_time: 100 is not above the running time 100"),
        (lambda: theory.economic_order_quantity(1, 1, 0), "holding_cost: 0 must be"),
        (lambda: theory.kanban_count(1, 1, 0), "container: 0 must be"),
        (lambda: theory.reorder_point(1, 1, 1, 1, 95), "service_level: 95 must be between 0 and 1"),
        (lambda: theory.reorder_point(1, 1, 1, 1, 0.4), "service_level: 0.4 must be 0.5 or more"),
        (lambda: theory.oee(460, 450, 0.5, 10, 9), "apt: 460 must be at most pbt (450)"),
        (lambda: theory.oee(400, 450, 0.5, 10, 11), "gq: 11 must be at most pq (10)"),
        (lambda: theory.availability(-1, 1), "mtbf: -1 must be"),
        (lambda: theory.rolled_throughput_yield([0.9, 95]), "yields: 95 must be above 0 and at most 1"),
        (lambda: theory.good_throughput([1], [0]), "yields: 0 must be"),
        (lambda: theory.capability(1, 0, 0, 2), "deviation: 0 must be"),
        (lambda: theory.capability(1, 1, 2, 2), "lower: 2 must be below upper (2)"),
        (lambda: theory.cpk_interval(1.3, 1), "sample_size: 1 must be a whole number, 2 or more"),
    ],
)
def test_nonsense_is_refused(call: Callable[[], Any], named: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as refused:
        call()
    assert str(refused.value).startswith(named)
