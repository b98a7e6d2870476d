"""Interrupted time series: how far the values after a change lie from where they were heading before it.

Segmented regression: value = level + trend·t + level change·after + trend change·t·after + noise, with t in
weeks from the change. Successive values of a plant resemble each other, which makes intervals that ignore it
too narrow. The usual remedy, Newey-West standard errors, holds for long series; with 40 points its 95 %
intervals cover 81 % if neighbours correlate by 0.3, and 70 % if by 0.6, as the tests show. So noise is taken
as autoregressive of first order, e(i) = ρ·e(i-1) + u(i), and ρ, which is not known, is not put at an
estimate but averaged over: for each ρ the transformation of Prais and Winsten makes least squares exact,
with a Student interval; these are mixed by how well each ρ fits, its restricted likelihood. Source: Zellner
& Tiao, "Bayesian Analysis of the Regression Model with Autocorrelated Errors", Journal of the American
Statistical Association 59 (1964) 763-778, with a uniform prior on ρ. The tests measure the coverage of these
intervals, too: 92 to 97 % with 40 points; with 16 points and ρ = 0.8 it falls to 84 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from linelab.distributions import Floats

RHOS = np.linspace(-0.99, 0.99, 100)
CONFIDENCE = 0.95
EXACT = 1e-20  # of the values' squares: what is left by figures that lie on lines exactly, but for rounding


@dataclass(frozen=True)
class Interval:
    """A figure and its 95 % interval."""

    mean: float
    low: float
    high: float

    @property
    def is_distinct(self) -> bool:
        """Whether it leaves out zero."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Fit:
    """A regression with autoregressive noise, for each ρ: coefficients, their covariance, and its weight.

    Attributes
    ----------
    coefficients : ndarray, shape ``(rhos, terms)``
    covariance : ndarray, shape ``(rhos, terms, terms)``
        Scaled by the variance of the noise.
    weights : ndarray, shape ``(rhos,)``
        Add up to 1.
    df : int
        Points less terms.
    """

    coefficients: Floats
    covariance: Floats
    weights: Floats
    rhos: Floats
    df: int

    @property
    def rho(self) -> float:
        """How alike successive values are: the mean of ρ."""
        return float(self.weights @ self.rhos)

    def below(self, terms: Floats, value: float) -> float:
        """How probable it is that a combination of the coefficients lies below a value."""
        middle, scale = self._parts(terms)
        return float(self.weights @ student_cdf((value - middle) / scale, self.df))

    def interval(self, terms: Floats) -> Interval:
        """A combination of the coefficients, such as ``[0, 1]`` for the second, with its interval."""
        middle, _ = self._parts(terms)
        tail = (1 - CONFIDENCE) / 2
        return Interval(
            float(self.weights @ middle), self._quantile(terms, tail), self._quantile(terms, 1 - tail)
        )

    def _parts(self, terms: Floats) -> tuple[Floats, Floats]:
        middle = self.coefficients @ terms
        variance = np.einsum("i,rij,j->r", terms, self.covariance, terms)
        return middle, np.sqrt(np.maximum(variance, np.finfo(float).tiny))

    def _quantile(self, terms: Floats, share: float) -> float:
        middle, scale = self._parts(terms)
        low, high = float(np.min(middle)), float(np.max(middle))
        step = float(np.max(scale))
        while self.below(terms, low) > share:
            low -= step
            step *= 2
        while self.below(terms, high) < share:
            high += step
            step *= 2
        for _ in range(100):
            half = (low + high) / 2
            if high - low <= 1e-9 * float(np.max(scale)):
                break
            low, high = (half, high) if self.below(terms, half) < share else (low, half)
        return (low + high) / 2


def fit(design: Floats, values: Floats, rhos: Floats = RHOS) -> Fit | None:
    """Fit a regression whose noise is autoregressive.

    Parameters
    ----------
    design : ndarray, shape ``(points, terms)``
        A column a term.
    values : ndarray, shape ``(points,)``
        What was measured, in order of time.
    rhos : ndarray
        The values of ρ to average over, each as probable as the other beforehand.

    Returns
    -------
    Fit or None
        None if the values lie on the regression exactly: then there is no noise to measure by.

    Raises
    ------
    ValueError
        If there are no more points than terms, or terms that cannot be told apart.
    """
    n, k = design.shape
    if n <= k or np.linalg.matrix_rank(design) < k:
        raise ValueError("too few points for this regression")
    both = np.column_stack([design, values])
    r = rhos[:, None, None]
    first = np.sqrt(1 - r**2) * both[None, :1]
    moved = np.concatenate([first, both[None, 1:] - r * both[None, :-1]], axis=1)
    x, y = moved[:, :, :k], moved[:, :, k]
    products = np.einsum("rni,rnj->rij", x, x)
    inverse = np.linalg.inv(products)
    coefficients = np.einsum("rij,rnj,rn->ri", inverse, x, y)
    rest = np.sum((y - np.einsum("rni,ri->rn", x, coefficients)) ** 2, axis=1)
    if np.min(rest) <= EXACT * float(np.sum(values**2)):
        return None
    likelihood = 0.5 * np.log(1 - rhos**2) - 0.5 * np.linalg.slogdet(products)[1] - (n - k) / 2 * np.log(rest)
    weights = np.exp(likelihood - np.max(likelihood))
    covariance = inverse * (rest / (n - k))[:, None, None]
    return Fit(coefficients, covariance, weights / np.sum(weights), rhos, n - k)


def segments(weeks: Floats, after: Floats) -> Floats:
    """The terms of segmented regression: level, trend, level change, trend change.

    `weeks` are counted from the change; `after` is 1 for points after it, else 0.
    """
    return np.column_stack([np.ones_like(weeks), weeks, after, weeks * after])


def student_cdf(t: Floats, df: int) -> Floats:
    """Student's distribution function, as `linelab.estimate.student_cdf` but for many values at once."""
    theta = np.arctan(t / math.sqrt(df))
    sin, cos = np.sin(theta), np.cos(theta)
    odd = df % 2
    term, total = (cos if odd else np.ones_like(t)), np.zeros_like(t)
    for k in range(1, (df - 1) // 2 + 1 if odd else df // 2 + 1):
        total = total + term
        term = term * cos * cos * ((2 * k) / (2 * k + 1) if odd else (2 * k - 1) / (2 * k))
    inside = 2 / math.pi * (theta + sin * total) if odd else sin * total
    return 0.5 + inside / 2
