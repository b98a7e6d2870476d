"""Pace, balance, lots and stocks.

Time is in any one unit; demand is per that unit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from linelab.theory.require import count, inside, non_negative, positive, same_length


def takt_time(available_time: float, demand: float) -> float:
    """T = available time / demand in that time (Rother & Shook, *Learning to See*)."""
    positive(available_time=available_time, demand=demand)
    return available_time / demand


def minimum_stations(task_times: Sequence[float], takt: float) -> int:
    """N_min = ⌈Σ t_i / T⌉: no assignment of the tasks can do with fewer stations.

    Scholl & Becker (2006), *European Journal of Operational Research* 168(3), doi:10.1016/j.ejor.2004.07.022.
    """
    _times(task_times=task_times)
    positive(takt=takt)
    if max(task_times) > takt:
        raise ValueError(f"takt: {takt!r} is below the longest task, {max(task_times)!r}; split that task")
    return _whole(sum(task_times) / takt)


@dataclass(frozen=True)
class Balance:
    """How evenly work is shared among stations.

    Attributes
    ----------
    cycle_time : float
        Time of the slowest station, max ST.
    efficiency : float
        LE = Σ ST / (N · max ST).
    delay : float
        Balance delay BD = 1 - LE.
    smoothness : float
        Smoothness index SI = √Σ (max ST - ST_k)², in the unit of the times; 0 for a perfect balance.
    """

    cycle_time: float
    efficiency: float
    delay: float
    smoothness: float


def line_balance(station_times: Sequence[float]) -> Balance:
    """Line efficiency, balance delay and smoothness index from the work content of each station.

    Moodie & Young (1965), A heuristic method of assembly line balancing for assumptions of constant or
    variable work element times, *Journal of Industrial Engineering* 16.
    """
    _times(station_times=station_times)
    slowest = max(station_times)
    efficiency = sum(station_times) / (len(station_times) * slowest)
    smoothness = math.sqrt(sum((slowest - t) ** 2 for t in station_times))
    return Balance(slowest, efficiency, 1 - efficiency, smoothness)


@dataclass(frozen=True)
class LotCycle:
    """Every part every interval.

    Attributes
    ----------
    interval : float
        EPEI, in the period that demand is given for.
    lots : tuple of float
        Q_i = D_i · EPEI, parts of each kind a cycle.
    """

    interval: float
    lots: tuple[float, ...]


def epei(
    demand: Sequence[float],
    process_times: Sequence[float],
    changeovers: Sequence[float],
    available_time: float,
) -> LotCycle:
    """EPEI = Σ C/O / (T_avail - Σ D_i c_i): shortest cycle in which a machine can make every part once.

    Whatever time a period leaves beside running goes to changeovers. Rother & Shook, *Learning to See*;
    Duggan, *Creating Mixed Model Value Streams*.

    Parameters
    ----------
    demand : sequence of float
        D_i, parts of each kind a period.
    process_times, changeovers : sequence of float
        c_i a part and C/O_i a lot.
    available_time : float
        A period, in the unit of the times.

    Raises
    ------
    ValueError
        If running alone takes the available time.
    """
    same_length(demand=demand, process_times=process_times, changeovers=changeovers)
    for d, c, setup in zip(demand, process_times, changeovers, strict=True):
        positive(demand=d, process_times=c)
        non_negative(changeovers=setup)
    positive(available_time=available_time)
    running = sum(d * c for d, c in zip(demand, process_times, strict=True))
    if running >= available_time:
        raise ValueError(
            f"available_time: {available_time!r} is not above the running time {running:.6g}; "
            "add time or lower demand"
        )
    interval = sum(changeovers) / (available_time - running)
    return LotCycle(interval, tuple(d * interval for d in demand))


def economic_order_quantity(demand: float, order_cost: float, holding_cost: float) -> float:
    """EOQ = √(2 A D / h), at which ordering costs as much as holding.

    Harris (1913), How many parts to make at once, reprinted in *Operations Research* 38(6), 1990,
    doi:10.1287/opre.38.6.947.

    Parameters
    ----------
    demand : float
        D, parts a period.
    order_cost : float
        A, money an order or setup.
    holding_cost : float
        h, money a part a period.
    """
    positive(demand=demand, order_cost=order_cost, holding_cost=holding_cost)
    return math.sqrt(2 * order_cost * demand / holding_cost)


def kanban_count(demand: float, lead_time: float, container: float, safety: float = 0.0) -> int:
    """N = ⌈D · L · (1 + α) / C⌉ cards (Monden, *Toyota Production System*).

    Parameters
    ----------
    demand : float
        D, parts per unit of time.
    lead_time : float
        L, from the card's return to the full container.
    container : float
        C, parts a card.
    safety : float
        α, 0.1 for a tenth more.
    """
    positive(demand=demand, lead_time=lead_time, container=container)
    non_negative(safety=safety)
    return _whole(demand * lead_time * (1 + safety) / container)


@dataclass(frozen=True)
class ReorderPoint:
    """Stock position at which to order, and its part that is there for uncertainty; in parts."""

    point: float
    safety_stock: float


def reorder_point(
    demand: float,
    lead_time: float,
    demand_deviation: float,
    lead_time_deviation: float,
    service_level: float,
) -> ReorderPoint:
    """ROP = d · L + z √(L σ_d² + d² σ_L²).

    Demands of the periods and the lead time are independent, their sum taken as normal. Silver, Pyke &
    Thomas, *Inventory and Production Management in Supply Chains*, 4th ed., 2017, ISBN 978-1-4665-5861-8.

    Parameters
    ----------
    demand, demand_deviation : float
        d and σ_d of one period.
    lead_time, lead_time_deviation : float
        L and σ_L, in periods.
    service_level : float
        Probability of no stockout in an order cycle; z is its normal quantile. At least 0.5.
    """
    positive(demand=demand, lead_time=lead_time)
    non_negative(demand_deviation=demand_deviation, lead_time_deviation=lead_time_deviation)
    inside(service_level=service_level)
    if service_level < 0.5:
        raise ValueError(f"service_level: {service_level!r} must be 0.5 or more; less needs no safety stock")
    deviation = math.sqrt(lead_time * demand_deviation**2 + (demand * lead_time_deviation) ** 2)
    safety_stock = NormalDist().inv_cdf(service_level) * deviation
    return ReorderPoint(demand * lead_time + safety_stock, safety_stock)


def _times(**values: Sequence[float]) -> None:
    for name, times in values.items():
        count(1, **{f"number of {name}": len(times)})
        for t in times:
            positive(**{name: t})


def _whole(value: float) -> int:
    """Round up to at least 1, but not for the last bits of a whole number such as 0.1 · 3 / 0.3."""
    return max(1, math.ceil(round(value, 9)))
