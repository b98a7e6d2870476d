"""What a line can do: the Penny Fab's cases, and what buffers do for machines that vary or fail.

Sources
-------
- Hopp & Spearman, *Factory Physics*, 3rd ed., 2011, ISBN 978-1-57766-739-1: chapter 7.
- Gershwin, *Manufacturing Systems Engineering*, 1994, ISBN 0-13-560608-X.
- Buzacott & Shanthikumar, *Stochastic Models of Manufacturing Systems*, 1993, ISBN 0-13-847567-9.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linelab.distributions import Floats
from linelab.theory.queues import Flow
from linelab.theory.require import count, inside, positive, same_length, share


@dataclass(frozen=True)
class PennyFab:
    """A line without outages or limits to its lanes (Hopp & Spearman, chapter 7).

    Attributes
    ----------
    bottleneck_rate : float
        r_b, parts per unit of time of the station with least capacity.
    raw_process_time : float
        T_0, sum of the mean process times.
    """

    bottleneck_rate: float
    raw_process_time: float

    def __post_init__(self) -> None:
        positive(bottleneck_rate=self.bottleneck_rate, raw_process_time=self.raw_process_time)
        # T_0 holds the process time of the bottleneck, which is 1 / r_b or, with parallel machines, more
        if self.bottleneck_rate * self.raw_process_time < 1 - 1e-9:
            raise ValueError(
                f"bottleneck_rate: {self.bottleneck_rate!r} is below 1 / raw_process_time; "
                "give both in the same unit of time"
            )

    @property
    def critical_wip(self) -> float:
        """W_0 = r_b · T_0: least WIP that reaches r_b where nothing varies."""
        return self.bottleneck_rate * self.raw_process_time

    def best_case(self, wip: float) -> Flow:
        """Nothing varies: CT = max(T_0, w / r_b), TH = min(w / T_0, r_b)."""
        _at_least_one(wip)
        flow_time = max(self.raw_process_time, wip / self.bottleneck_rate)
        return Flow(wip, wip / flow_time, flow_time)

    def worst_case(self, wip: float) -> Flow:
        """All parts move as one lot: CT = w · T_0, TH = 1 / T_0."""
        _at_least_one(wip)
        return Flow(wip, 1 / self.raw_process_time, wip * self.raw_process_time)

    def practical_worst_case(self, wip: float) -> Flow:
        """Balanced exponential single machines: CT = T_0 + (w - 1) / r_b, TH = w / (W_0 + w - 1) · r_b."""
        _at_least_one(wip)
        flow_time = self.raw_process_time + (wip - 1) / self.bottleneck_rate
        return Flow(wip, wip / flow_time, flow_time)


def penny_fab(process_times: Sequence[float], machines: Sequence[int] | None = None) -> PennyFab:
    """r_b and T_0 of a line from the mean process times of its stations and their parallel machines."""
    machines = [1] * len(process_times) if machines is None else machines
    same_length(process_times=process_times, machines=machines)
    for t, m in zip(process_times, machines, strict=True):
        positive(process_times=t)
        count(1, machines=m)
    rate = min(m / t for t, m in zip(process_times, machines, strict=True))
    return PennyFab(rate, float(sum(process_times)))


@dataclass(frozen=True)
class TwoMachineLine:
    """Steady state of two machines with a buffer between; the first never starves, the second never blocks.

    Attributes
    ----------
    throughput : float
        Parts per unit of time.
    blocking : float
        Share of time that the first machine is blocked.
    starvation : float
        Share of time that the second machine is starved.
    wip : float
        Mean number of parts in both machines and the buffer; the first always holds one.
    """

    throughput: float
    blocking: float
    starvation: float
    wip: float

    @property
    def flow_time(self) -> float:
        """Mean time from the start on the first machine, by Little's law."""
        return self.wip / self.throughput


def two_exponential_machines(rate_1: float, rate_2: float, buffer: int) -> TwoMachineLine:
    """Two reliable machines with exponential times and blocking after service, exact.

    The parts that the first machine is done with - in the second, in the buffer, or blocked in the first -
    are a birth-death chain of b + 3 states: P(n) ∝ (μ_1 / μ_2)^n and TH = μ_1 (1 - P(b + 2)). For equal
    rates TH = μ (b + 2) / (b + 3). Hunt (1956), Sequential arrays of waiting lines, *Operations Research*
    4(6), doi:10.1287/opre.4.6.674.

    Parameters
    ----------
    rate_1, rate_2 : float
        μ_1 and μ_2, parts per unit of time.
    buffer : int
        b, places between the machines.
    """
    positive(rate_1=rate_1, rate_2=rate_2)
    count(0, buffer=buffer)
    n = np.arange(buffer + 3)
    probabilities = _powers(rate_1 / rate_2, n)
    probabilities /= probabilities.sum()
    blocking = float(probabilities[-1])
    wip = float(n @ probabilities) + 1 - blocking
    return TwoMachineLine(rate_1 * (1 - blocking), blocking, float(probabilities[0]), wip)


def two_unreliable_machines(p1: float, r1: float, p2: float, r2: float, buffer: int) -> TwoMachineLine:
    """Two machines of one equal, fixed cycle that fail, exact in discrete time of one cycle.

    In a cycle a working machine fails with probability p and a failed one is repaired with probability r;
    machines that are blocked or starved do not fail. Throughput is per cycle. After Buzacott (1967),
    Automatic transfer lines with buffer stocks, *International Journal of Production Research* 5; product
    form of Gershwin & Schick (1983), Modeling and analysis of three-stage transfer lines with unreliable
    machines and finite buffers, *Operations Research* 31(2), doi:10.1287/opre.31.2.354.

    Parameters
    ----------
    p1, p2 : float
        Cycle time / MTBF of each machine; between 0 and 1.
    r1, r2 : float
        Cycle time / MTTR of each machine; above 0, at most 1.
    buffer : int
        b, places between the machines: with the place in each machine Gershwin's N = b + 2.
    """
    inside(p1=p1, p2=p2)
    share(r1=r1, r2=r2)
    count(0, buffer=buffer)
    # `levels`: weight of each number n of parts that the first machine is done with; `up`: of those states in
    # which the first machine works. States are (α1, α2); only (0, 1) can be empty, only (1, 0) full.
    last = buffer + 2
    repair = r1 + r2 - r1 * r2
    if buffer == 0:  # no inner states, so no product form: four states, solved by hand
        both_down = p1 * p2 / repair
        empty = (p1 * (1 - p2) + both_down * (1 - r1) * r2) / r1
        full = (p2 * (1 - p1) + both_down * (1 - r2) * r1) / r2
        levels, up = np.array([empty, 1 + both_down, full]), np.array([0.0, 1.0, 0.0])
    else:
        a1, a2 = repair - r1 * p2, repair - p1 * r2
        fail = p1 + p2 - p1 * p2
        y1, y2 = a1 / (fail - p1 * r2), a2 / (fail - p2 * r1)
        ratio = y2 / y1
        # Weights are X^n Y1^α1 Y2^α2 inside; next to empty (1, 0) can't be, next to full (0, 1) can't.
        power = _powers(ratio, np.arange(last + 1))
        levels, up = power * (1 + y1) * (1 + y2), power * y1 * (1 + y2)
        levels[0], up[0] = power[1] * a1 / (r1 * p2), 0.0
        up[1] = power[1] / p2 * a1 / (fail - p2 * r1)
        levels[1] = power[1] * (1 + y2) + up[1]
        both_up = power[-2] / p1 * a2 / (fail - p1 * r2)
        up[-2] = power[-2] * y1 + both_up
        levels[-2] = power[-2] + up[-2]
        levels[-1], up[-1] = power[-2] * a2 / (p1 * r2), 0.0
    total = float(levels.sum())
    blocking, starvation = float(levels[-1]) / total, float(levels[0]) / total
    wip = float(np.arange(last + 1) @ levels) / total + 1 - blocking
    return TwoMachineLine(float(up.sum()) / total, blocking, starvation, wip)


def isolated_efficiency(p: float, r: float) -> float:
    """e = r / (r + p): share of time up of a machine that is never blocked or starved."""
    positive(p=p, r=r)
    return r / (r + p)


def zero_buffer_efficiency(p: Sequence[float], r: Sequence[float]) -> float:
    """E = 1 / (1 + Σ p_i / r_i): a line without buffers stops whenever one machine is down.

    Machines fail only while they work, and one at a time; equal cycle times. Buzacott (1968), Prediction of
    the efficiency of production systems without internal storage, *International Journal of Production
    Research* 6(3).

    Parameters
    ----------
    p, r : sequence of float
        Failure and repair rates of the machines, 1 / MTBF and 1 / MTTR.
    """
    return 1 / (1 + sum(1 / e - 1 for e in _efficiencies(p, r)))


def infinite_buffer_efficiency(p: Sequence[float], r: Sequence[float]) -> float:
    """E = min e_i: with endless buffers a line is as good as its least efficient machine (Gershwin)."""
    return min(_efficiencies(p, r))


def _efficiencies(p: Sequence[float], r: Sequence[float]) -> list[float]:
    same_length(p=p, r=r)
    return [isolated_efficiency(p_i, r_i) for p_i, r_i in zip(p, r, strict=True)]


def _at_least_one(wip: float) -> None:
    positive(wip=wip)
    if wip < 1:
        raise ValueError(f"wip: {wip!r} must be 1 part or more")


def _powers(ratio: float, n: Floats | np.ndarray[tuple[int], np.dtype[np.int_]]) -> Floats:
    """Multiples of ratio^n of which the largest is 1, so that long buffers do not overflow."""
    exponents = n * np.log(ratio)
    return np.asarray(np.exp(exponents - exponents.max()), dtype=np.float64)
