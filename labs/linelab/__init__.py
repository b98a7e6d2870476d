"""Production-line simulation for learning: one line description, two engines, honest intervals."""

from linelab.distributions import Deterministic, Distribution, Exponential, Gamma, Triangular
from linelab.estimate import Estimate
from linelab.experiment import Comparison, Experiment, simulate
from linelab.model import Buffer, Failures, Line, LineError, Station
from linelab.results import Run

__all__ = [
    "Buffer",
    "Comparison",
    "Deterministic",
    "Distribution",
    "Estimate",
    "Experiment",
    "Exponential",
    "Failures",
    "Gamma",
    "Line",
    "LineError",
    "Run",
    "Station",
    "Triangular",
    "simulate",
]
