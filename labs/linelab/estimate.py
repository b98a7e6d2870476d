"""Means with the interval that says how well they are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from linelab.distributions import Floats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over replications with its Student interval.

    Attributes
    ----------
    samples : ndarray, shape ``(replications,)``
        One value a replication.
    unit : str
    confidence : float
    """

    samples: Floats
    unit: str
    confidence: float = CONFIDENCE

    @property
    def mean(self) -> float:
        return float(np.mean(self.samples))

    @property
    def half_width(self) -> float:
        """t · s / √n (Law, *Simulation Modeling and Analysis*, 5th ed., ch. 4); inf for one replication."""
        n = len(self.samples)
        if n < 2:
            return math.inf
        t = student_quantile(0.5 + self.confidence / 2, n - 1)
        return t * float(np.std(self.samples, ddof=1)) / math.sqrt(n)

    @property
    def low(self) -> float:
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        return self.mean + self.half_width

    @property
    def differs_from_zero(self) -> bool:
        """Whether the interval leaves out zero; of a paired difference: whether it is significant."""
        return self.low > 0 or self.high < 0

    def scaled(self, factor: float, unit: str) -> Estimate:
        return Estimate(self.samples * factor, unit, self.confidence)

    def minus(self, other: Estimate) -> Estimate:
        """Paired difference; both must come from the same seeds (common random numbers)."""
        return Estimate(self.samples - other.samples, self.unit, self.confidence)

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        if math.isinf(self.half_width):
            return f"{self.mean:.4g}{unit} (one replication, no interval)"
        return f"{self.mean:.4g} ± {self.half_width:.2g}{unit}"


def student_cdf(t: float, df: int) -> float:
    """Student's t distribution function for whole degrees of freedom.

    Finite series of Abramowitz & Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4.
    """
    theta = math.atan(t / math.sqrt(df))
    sin, cos = math.sin(theta), math.cos(theta)
    if df % 2:
        term, total = cos, 0.0
        for k in range(1, (df - 1) // 2 + 1):
            total += term
            term *= cos * cos * (2 * k) / (2 * k + 1)
        inside = 2 / math.pi * (theta + sin * total)
    else:
        term, total = 1.0, 0.0
        for k in range(1, df // 2 + 1):
            total += term
            term *= cos * cos * (2 * k - 1) / (2 * k)
        inside = sin * total
    return 0.5 + inside / 2


@lru_cache(maxsize=4096)  # procedures that look after each replication ask again and again
def student_quantile(p: float, df: int) -> float:
    """Value that a Student variable with `df` degrees of freedom stays under with probability `p`."""
    if df < 1:
        raise ValueError("df: at least one degree of freedom is needed; use two replications or more")
    if df > 10_000:
        return NormalDist().inv_cdf(p)
    if p == 0.5:
        return 0.0
    sign = 1.0 if p > 0.5 else -1.0
    p = max(p, 1 - p)
    low, high = 0.0, 1.0
    while student_cdf(high, df) < p:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if student_cdf(middle, df) < p else (low, middle)
    return sign * (low + high) / 2
