"""Production-line simulation for learning: one line description, two engines, honest intervals."""

from linelab.distributions import (
    Deterministic,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Normal,
    Triangular,
    Uniform,
    Weibull,
)
from linelab.estimate import Estimate
from linelab.experiment import Comparison, Experiment, simulate
from linelab.model import *  # noqa: F403 - every description of a line
from linelab.model import __all__ as _descriptions
from linelab.results import Run

__all__ = [
    "Comparison",
    "Deterministic",
    "Distribution",
    "Empirical",
    "Estimate",
    "Experiment",
    "Exponential",
    "Gamma",
    "Lognormal",
    "Normal",
    "Run",
    "Triangular",
    "Uniform",
    "Weibull",
    "simulate",
    *_descriptions,
]
