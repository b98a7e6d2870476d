"""Lines with a product form: closed (CONWIP) and open (Poisson arrivals), one or more machines a station.

Jackson (1957), Networks of waiting lines, *Operations Research* 5(4), doi:10.1287/opre.5.4.518. Gordon &
Newell (1967), Closed queuing systems with exponential servers, *Operations Research* 15(2),
doi:10.1287/opre.15.2.254. Buzen (1973), Computational algorithms for closed queueing networks with
exponential servers, *Communications of the ACM* 16(9), doi:10.1145/362342.362345.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest

from linelab import Arrivals, Conwip, Exponential, Line, Station, simulate, theory
from linelab.distributions import Floats


class Closed(NamedTuple):
    throughput: float
    working: list[float]  # machines at work at each station, mean
    length: list[float]  # parts at each station, mean


def weights(time: float, machines: int, cards: int) -> Floats:
    """f(n) = time^n / (1 · 2 · ... with every factor at most `machines`), n = 0 ... cards."""
    factors = [time / min(n, machines) for n in range(1, cards + 1)]
    return np.cumprod([1.0, *factors])


def buzen(times: Sequence[float], machines: Sequence[int], cards: int) -> Closed:
    """Normalisation constants by convolution; marginals with the station left out of it."""
    own = [weights(t, m, cards) for t, m in zip(times, machines, strict=True)]

    def convolved(columns: Sequence[Floats]) -> Floats:
        g = np.eye(1, cards + 1)[0]
        for column in columns:
            g = np.convolve(g, column)[: cards + 1]
        return g

    g = convolved(own)
    n = np.arange(cards + 1)
    marginals = [column * convolved(own[:i] + own[i + 1 :])[::-1] / g[cards] for i, column in enumerate(own)]
    return Closed(
        float(g[cards - 1] / g[cards]),
        [float(p @ np.minimum(n, m)) for p, m in zip(marginals, machines, strict=True)],
        [float(p @ n) for p in marginals],
    )


def closed_chain(times: Sequence[float], machines: Sequence[int], cards: int) -> Closed:
    """The same line as a chain of the numbers of parts at its stations."""
    last = len(times) - 1
    states = [s for s in product(range(cards + 1), repeat=last + 1) if sum(s) == cards]
    number = {state: i for i, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for state, here in number.items():
        for i, n in enumerate(state):
            if n:
                after = list(state)
                after[i] -= 1
                after[0 if i == last else i + 1] += 1
                rate = min(n, machines[i]) / times[i]
                generator[here, number[tuple(after)]] += rate
                generator[here, here] -= rate
    equations = generator.T.copy()
    equations[0] = 1.0  # one balance equation follows from the others
    shares = np.linalg.solve(equations, np.eye(len(states))[0])
    parts = np.array(states)
    working = shares @ np.minimum(parts, machines)
    return Closed(float(working[last]) / times[last], working.tolist(), (shares @ parts).tolist())


def mean_value_analysis(times: Sequence[float], cards: int) -> float:
    """Reiser & Lavenberg (1980), *Journal of the ACM* 27(2), doi:10.1145/322186.322195."""
    length, throughput = np.zeros(len(times)), 0.0
    for n in range(1, cards + 1):
        flow = np.array(times) * (1 + length)
        throughput = n / float(flow.sum())
        length = throughput * flow
    return throughput


CLOSED = [
    ((1.0, 2.0, 1.5), (1, 1, 1), 4),
    ((0.9, 1.0, 0.5, 1.3), (1, 1, 1, 1), 9),
    ((3.0, 1.0), (1, 1), 7),
]
PARALLEL = [((1.0, 3.6, 1.2), (1, 3, 1), 6), ((2.0, 1.1), (2, 1), 4)]


@pytest.mark.parametrize(("times", "machines", "cards"), CLOSED + PARALLEL, ids=str)
def test_convolution_is_the_chain(times: tuple[float, ...], machines: tuple[int, ...], cards: int) -> None:
    by_product, by_chain = buzen(times, machines, cards), closed_chain(times, machines, cards)
    assert by_product.throughput == pytest.approx(by_chain.throughput, abs=1e-11)
    assert by_product.working == pytest.approx(by_chain.working, abs=1e-11)
    assert by_product.length == pytest.approx(by_chain.length, abs=1e-10)
    if max(machines) == 1:
        assert by_product.throughput == pytest.approx(mean_value_analysis(times, cards), abs=1e-12)


@pytest.mark.parametrize(("times", "machines", "cards"), CLOSED + PARALLEL, ids=str)
def test_conwip(times: tuple[float, ...], machines: tuple[int, ...], cards: int, holds) -> None:  # type: ignore[no-untyped-def]
    """CONWIP with lanes for all its parts is the closed network."""
    exact = buzen(times, machines, cards)
    line = Line(
        [
            Station(f"s{i}", Exponential(t), machines=m)
            for i, (t, m) in enumerate(zip(times, machines, strict=True))
        ],
        [cards] * (len(times) - 1),
        control=Conwip(cards),
    )
    slow = max(machines) > 1  # only the slower engine has parallel machines
    size = {"horizon": 9000, "replications": 40} if slow else {"horizon": 32_000, "replications": 100}
    run = simulate(line, warm_up=2000 if not slow else 1000, seed=81, **size)  # type: ignore[arg-type]
    holds(run.throughput, exact.throughput)
    holds(run.lead_time, cards / exact.throughput)
    for station, working, m in zip(run.stations, exact.working, machines, strict=True):
        holds(station.states["working"], working / m, 0.02)
    for lane, (length, working) in enumerate(zip(exact.length[1:], exact.working[1:], strict=True)):
        holds(run.lane_level(lane), length - working, 0.1)


def test_open_tandem(holds) -> None:  # type: ignore[no-untyped-def]
    """Each station is an M/M/1 of its own, whatever comes before it."""
    times = (0.5, 0.65, 0.4)
    line = Line(
        [Station(f"s{i}", Exponential(t)) for i, t in enumerate(times)],
        [1000, 1000],  # filled with probability 0.65^1000
        release=Arrivals(Exponential(1.0)),
    )
    queues = [theory.mm1(1.0, t) for t in times]
    run = simulate(line, horizon=32_000, warm_up=2000, replications=160, seed=82)
    holds(run.throughput, 1.0)
    holds(run.wip, sum(q.wip for q in queues))
    holds(run.lead_time, sum(q.flow_time for q in queues))
    for lane, queue in enumerate(queues[1:]):
        holds(run.lane_level(lane), queue.queue_length, 0.02)
    for station, time in zip(run.stations, times, strict=True):
        holds(station.states["working"], time)


def test_open_tandem_with_parallel_machines(holds) -> None:  # type: ignore[no-untyped-def]
    """M/M/1 before M/M/2 (Burke 1956, The output of a queuing system, doi:10.1287/opre.4.6.699)."""
    line = Line(
        [Station("one", Exponential(0.5)), Station("two", Exponential(1.2), machines=2)],
        [1000],
        release=Arrivals(Exponential(1.0)),
    )
    first, second = theory.mm1(1.0, 0.5), theory.mmc(1.0, 1.2, 2)
    run = simulate(line, horizon=9000, warm_up=1000, replications=40, seed=83)
    holds(run.throughput, 1.0)
    holds(run.wip, first.wip + second.wip, 0.03)
    holds(run.lead_time, first.flow_time + second.flow_time, 0.03)
    holds(run.station("two").states["working"], 0.6, 0.02)


def test_the_law_of_sojourn(holds) -> None:  # type: ignore[no-untyped-def]
    """Times in successive M/M/1 queues are independent and exponential: CT is a sum of two (Reich 1957).

    Its 90 % point x solves 1 - F(x) = 0.1, with F hypoexponential of rates μ_i - λ.
    """
    a, b = 1 / 0.5 - 1.0, 1 / 0.6 - 1.0

    def beyond(x: float) -> float:
        return (b * math.exp(-a * x) - a * math.exp(-b * x)) / (b - a)

    low, high = 0.0, 100.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > 0.1 else (low, middle)
    line = Line(
        [Station("a", Exponential(0.5)), Station("b", Exponential(0.6))],
        [1000],
        release=Arrivals(Exponential(1.0)),
    )
    run = simulate(line, horizon=32_000, warm_up=2000, replications=60, seed=84)
    holds(run.lead_time_quantile(0.9), low, 0.02)
