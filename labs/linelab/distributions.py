"""Processing, failure and repair times: what a distribution is and how it draws.

Each distribution draws from a `numpy.random.Generator` in blocks. Drawing *n* values and then *m* gives the
same numbers as drawing *n + m*, so that neither block sizes nor the engine can change a sample path. Only
generators whose bit stream is the same in CPython and in the browser are used (uniform, exponential, gamma,
triangular).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """A non-negative random time.

    Attributes
    ----------
    average : float
        Expected value, in seconds.
    scv : float
        Squared coefficient of variation, variance / mean² (dimensionless).
    """

    kind: ClassVar[str] = ""

    @property
    def average(self) -> float:
        raise NotImplementedError

    @property
    def scv(self) -> float:
        raise NotImplementedError

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        """Draw `size` independent times, in seconds; shape ``(size,)``."""
        raise NotImplementedError

    def faults(self, path: str) -> list[str]:
        """Everything that is wrong with the parameters, each as one line with its path and fix."""
        found = []
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
                found.append(f"{path}.{field.name}: {value!r} is not a finite number; give seconds")
            elif value < 0 or (value == 0 and field.name == "mean"):
                found.append(f"{path}.{field.name}: {value!r} must be above zero; give seconds")
        return found

    def to_dict(self) -> dict[str, Any]:
        return {"distribution": self.kind} | {f.name: getattr(self, f.name) for f in fields(self)}


@dataclass(frozen=True)
class Deterministic(Distribution):
    """Always the same time."""

    mean: float
    kind: ClassVar[str] = "deterministic"

    @property
    def average(self) -> float:
        return self.mean

    @property
    def scv(self) -> float:
        return 0.0

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return np.full(size, float(self.mean))


@dataclass(frozen=True)
class Exponential(Distribution):
    """Memoryless time: the usual model of times between failures."""

    mean: float
    kind: ClassVar[str] = "exponential"

    @property
    def average(self) -> float:
        return self.mean

    @property
    def scv(self) -> float:
        return 1.0

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.exponential(self.mean, size)


@dataclass(frozen=True)
class Gamma(Distribution):
    """Time given by its mean and coefficient of variation `cv` (standard deviation / mean)."""

    mean: float
    cv: float
    kind: ClassVar[str] = "gamma"

    @property
    def average(self) -> float:
        return self.mean

    @property
    def scv(self) -> float:
        return self.cv**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        shape = 1.0 / self.cv**2
        return rng.gamma(shape, self.mean / shape, size)

    def faults(self, path: str) -> list[str]:
        found = super().faults(path)
        if not found and not 0.01 <= self.cv <= 10:
            found.append(f"{path}.cv: {self.cv!r} is outside 0.01 to 10; use deterministic for no variation")
        return found


@dataclass(frozen=True)
class Triangular(Distribution):
    """Time known by its least, most likely and largest value."""

    low: float
    mode: float
    high: float
    kind: ClassVar[str] = "triangular"

    @property
    def average(self) -> float:
        return (self.low + self.mode + self.high) / 3

    @property
    def scv(self) -> float:
        a, c, b = self.low, self.mode, self.high
        return (a * a + b * b + c * c - a * b - a * c - b * c) / 18 / self.average**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.triangular(self.low, self.mode, self.high, size)

    def faults(self, path: str) -> list[str]:
        found = super().faults(path)
        if not found and not (self.low <= self.mode <= self.high and self.low < self.high):
            found.append(f"{path}: needs low <= mode <= high and low < high")
        return found


KINDS: dict[str, type[Distribution]] = {
    cls.kind: cls for cls in (Deterministic, Exponential, Gamma, Triangular)
}


def distribution_from(data: Any, path: str, found: list[str]) -> Distribution | None:
    """Read a distribution from plain data; what is wrong is appended to `found`.

    A bare number is a deterministic time.
    """
    if isinstance(data, (int, float)) and not isinstance(data, bool):
        return Deterministic(float(data))
    if not isinstance(data, dict) or data.get("distribution") not in KINDS:
        found.append(f"{path}: needs `distribution:` with one of {', '.join(KINDS)}")
        return None
    cls = KINDS[data["distribution"]]
    given = {key: value for key, value in data.items() if key != "distribution"}
    wanted = [f.name for f in fields(cls)]
    for name in given:
        if name not in wanted:
            found.append(f"{path}.{name}: unknown field; {cls.kind} takes {', '.join(wanted)}")
    for name in wanted:
        if name not in given:
            found.append(f"{path}.{name}: missing; {cls.kind} takes {', '.join(wanted)}")
    if set(given) != set(wanted):
        return None
    return cls(**given)
