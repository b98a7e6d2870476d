"""An interval from one long run, by means of batches long enough to be nearly independent."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from linelab.distributions import Floats
from linelab.estimate import CONFIDENCE, Estimate

BATCHES = (30, 20, 10)
SIGNIFICANCE = 0.05  # of the test for correlation


@dataclass(frozen=True)
class BatchMeans:
    """Batch means of a run.

    Attributes
    ----------
    estimate : Estimate
        Its samples are the batch means.
    size : int
        Observations in a batch.
    correlation : float
        Between neighbouring batch means, by von Neumann's ratio; see `von_neumann`.
    p_value : float
        Probability of so much correlation or more between independent batches.
    """

    estimate: Estimate
    size: int
    correlation: float
    p_value: float

    @property
    def correlated(self) -> bool:
        """Whether the batches are still correlated, which makes the interval too narrow."""
        return self.p_value < SIGNIFICANCE


def von_neumann(values: Floats) -> tuple[float, float]:
    """Lag-1 correlation of `values` and its one-sided p-value under independence.

    C = 1 - Σ (x_j - x_{j+1})² / (2 Σ (x_j - x̄)²), half of von Neumann's ratio taken from 1; for k independent
    normal values it has mean 0 and variance (k - 2) / (k² - 1), and is nearly normal from k = 8 on.
    J. von Neumann (1941), "Distribution of the ratio of the mean square successive difference to the
    variance", *Annals of Mathematical Statistics* 12(4), doi:10.1214/aoms/1177731677; G. S. Fishman (1978),
    "Grouping observations in digital simulation", *Management Science* 24(5), 510-521, applies it to batches.
    """
    k = len(values)
    if k < 8:
        raise ValueError(f"batches: {k} are too few to test for correlation; use 8 or more")
    spread = float(np.sum((values - np.mean(values)) ** 2))
    if spread == 0:
        return 0.0, 1.0
    c = 1 - float(np.sum(np.diff(values) ** 2)) / (2 * spread)
    return c, 1 - NormalDist().cdf(c * math.sqrt((k * k - 1) / (k - 2)))


def batch_means(
    series: Floats, *, batches: int | Sequence[int] = BATCHES, unit: str = "", confidence: float = CONFIDENCE
) -> BatchMeans:
    """Mean of one long run with a Student interval over batch means.

    10 to 30 batches are enough for a good interval, and more only make them shorter and correlated:
    B. Schmeiser (1982), "Batch size effects in the analysis of simulation output", *Operations Research*
    30(3), 556-568. Law, *Simulation Modeling and Analysis*, 5th ed., section 9.5.3.

    Parameters
    ----------
    series : ndarray, shape ``(observations,)``
        In order of time, the warm-up already taken off; flow times of successive parts, say.
    batches : int or sequence of int
        How many, 8 or more. The first number whose batches show no correlation is taken, else the last. What
        does not fill the batches is left out at the beginning.
    unit : str
        Of the observations.
    confidence : float
        Of the interval.

    Warns
    -----
    UserWarning
        If the batches are correlated: the run is too short for its interval.

    Raises
    ------
    ValueError
        If the series is not one of finite numbers or holds less than two observations a batch.
    """
    values = np.asarray(series, dtype=float)
    if values.ndim != 1 or not np.isfinite(values).all():
        raise ValueError("series: must be finite numbers of shape (observations,)")
    counts = (batches,) if isinstance(batches, int) else tuple(batches)
    if not counts or len(values) < 2 * max(counts):
        raise ValueError(f"batches: {counts} of {len(values)} observations; give two or more to each")
    for count in counts:
        size = len(values) // count
        means = values[len(values) - count * size :].reshape(count, size).mean(axis=1)
        found = BatchMeans(Estimate(means, unit, confidence), size, *von_neumann(means))
        if not found.correlated:
            return found
    warnings.warn(
        f"batches of {found.size} are correlated by {found.correlation:.2f}; their interval is too narrow, "
        "so lengthen the run",
        stacklevel=2,
    )
    return found
