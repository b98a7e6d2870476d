"""Availability, OEE, yields and process capability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from linelab.theory.require import count, finite, inside, non_negative, positive, same_length, share


def availability(mtbf: float, mttr: float) -> float:
    """A = MTBF / (MTBF + MTTR), with MTBF in operating time (Hopp & Spearman, *Factory Physics*, ch. 8)."""
    positive(mtbf=mtbf)
    non_negative(mttr=mttr)
    return mtbf / (mtbf + mttr)


@dataclass(frozen=True)
class Oee:
    """Overall equipment effectiveness and its three factors."""

    availability: float
    effectiveness: float
    quality: float

    @property
    def oee(self) -> float:
        """Availability · effectiveness · quality = PRI · GQ / PBT."""
        return self.availability * self.effectiveness * self.quality


def oee(apt: float, pbt: float, pri: float, pq: float, gq: float) -> Oee:
    """OEE of ISO 22400-2:2014: A = APT / PBT, E = PRI · PQ / APT, quality ratio GQ / PQ.

    Effectiveness above 1 is no error here: it says that the planned run time is too long.

    Parameters
    ----------
    apt, pbt : float
        Actual production time and planned busy time.
    pri : float
        Planned run time per item, in the same unit.
    pq, gq : float
        Produced and good quantity.
    """
    positive(apt=apt, pbt=pbt, pri=pri, pq=pq)
    non_negative(gq=gq)
    if apt > pbt:
        raise ValueError(f"apt: {apt!r} must be at most pbt ({pbt!r}); production time is part of busy time")
    if gq > pq:
        raise ValueError(f"gq: {gq!r} must be at most pq ({pq!r}); good items are part of those produced")
    return Oee(apt / pbt, pri * pq / apt, gq / pq)


def rolled_throughput_yield(yields: Sequence[float]) -> float:
    """RTY = Π FPY_i: share of parts that pass every step the first time."""
    count(1, **{"number of yields": len(yields)})
    for y in yields:
        share(yields=y)
    return math.prod(yields)


@dataclass(frozen=True)
class GoodFlow:
    """What scrap leaves of a line's capacity.

    Attributes
    ----------
    throughput : float
        Good parts per unit of time at the end of the line.
    bottleneck : int
        Index of the station that limits them.
    starts : tuple of float
        Parts per unit of time that each station must take in for that throughput.
    """

    throughput: float
    bottleneck: int
    starts: tuple[float, ...]


def good_throughput(rates: Sequence[float], yields: Sequence[float]) -> GoodFlow:
    """Good output of a line whose stations scrap parts, and the inflated starts it takes.

    One good part at the end takes 1 / Π_{k ≥ i} y_k parts into station i, so station i can give at most
    r_i · Π_{k ≥ i} y_k; the least of these is the throughput. A part that is scrapped after the bottleneck
    costs bottleneck time, one scrapped before it only material (Hopp & Spearman, *Factory Physics*, ch. 12).

    Parameters
    ----------
    rates : sequence of float
        r_i, capacity of each station in parts taken in per unit of time.
    yields : sequence of float
        y_i, share of them that leaves good.
    """
    same_length(rates=rates, yields=yields)
    for rate, y in zip(rates, yields, strict=True):
        positive(rates=rate)
        share(yields=y)
    passing = [math.prod(yields[i:]) for i in range(len(yields))]
    good = [rate * y for rate, y in zip(rates, passing, strict=True)]
    throughput = min(good)
    return GoodFlow(throughput, good.index(throughput), tuple(throughput / y for y in passing))


@dataclass(frozen=True)
class Capability:
    """C_p, what the spread allows, and C_pk, what the spread and the centre allow."""

    cp: float
    cpk: float


def capability(mean: float, deviation: float, lower: float, upper: float) -> Capability:
    """C_p = (USL - LSL) / 6σ and C_pk = min(USL - μ, μ - LSL) / 3σ.

    Montgomery, *Introduction to Statistical Quality Control*, 7th ed., 2012, ISBN 978-1-118-14681-1, ch. 8.
    """
    finite(mean=mean, lower=lower, upper=upper)
    positive(deviation=deviation)
    if lower >= upper:
        raise ValueError(f"lower: {lower!r} must be below upper ({upper!r})")
    return Capability((upper - lower) / (6 * deviation), min(upper - mean, mean - lower) / (3 * deviation))


def cpk_interval(cpk: float, sample_size: int, confidence: float = 0.95) -> tuple[float, float]:
    """Approximate confidence interval of C_pk estimated from a normal sample.

    Ĉ_pk ± z √(1 / 9n + Ĉ_pk² / 2(n - 1)). Bissell (1990), How reliable is your capability index?, *Applied
    Statistics* 39(3), 331-340.

    Returns
    -------
    tuple of float
        Lower and upper bound.
    """
    finite(cpk=cpk)
    count(2, sample_size=sample_size)
    inside(confidence=confidence)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    half_width = z * math.sqrt(1 / (9 * sample_size) + cpk**2 / (2 * (sample_size - 1)))
    return cpk - half_width, cpk + half_width
