"""Processing, failure and repair times: what a distribution is and how it draws.

Each distribution draws from a `numpy.random.Generator` in blocks. Drawing *n* values and then *m* gives the
same numbers as drawing *n + m*, so that neither block sizes nor the engine can change a sample path. The
generators give the same bits in CPython and in the browser; lognormal and Weibull, whose last place depends
on the C library, agree to 1e-15 relative.
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

    def fill(self, rng: np.random.Generator, out: Floats) -> None:
        """Draw as many times as `out` holds, into it; the same numbers as `sample` gives."""
        out[:] = self.sample(rng, len(out))

    def faults(self, path: str) -> list[str]:
        """Everything that is wrong with the parameters, each as one line with its path and fix."""
        found = []
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
                found.append(f"{path}.{field.name}: {value!r} is not a finite number; give seconds")
            elif value < 0 or (value == 0 and field.name in ("mean", "shape", "sd")):
                found.append(f"{path}.{field.name}: {value!r} must be above zero; give seconds")
        return found

    def to_dict(self) -> dict[str, Any]:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        plain = {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
        return {"distribution": self.kind} | plain


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

    def fill(self, rng: np.random.Generator, out: Floats) -> None:
        rng.standard_exponential(out=out)
        out *= self.mean


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
        return super().faults(path) or _cv_faults(self.cv, path)


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


@dataclass(frozen=True)
class Uniform(Distribution):
    """Any time from `low` to `high`, all equally likely."""

    low: float
    high: float
    kind: ClassVar[str] = "uniform"

    @property
    def average(self) -> float:
        return (self.low + self.high) / 2

    @property
    def scv(self) -> float:
        return (self.high - self.low) ** 2 / 12 / self.average**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.uniform(self.low, self.high, size)

    def faults(self, path: str) -> list[str]:
        found = super().faults(path)
        if not found and not self.low < self.high:
            found.append(f"{path}: needs low < high")
        return found


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal time with the values below zero left out; `mean` and `sd` are those before the cut.

    `average` and `scv` are those after it (Johnson, Kotz & Balakrishnan, *Continuous Univariate
    Distributions*, vol. 1, 2nd ed., section 13.10.1).
    """

    mean: float
    sd: float
    kind: ClassVar[str] = "normal"

    @property
    def _hazard(self) -> float:
        """phi(a) / (1 - Phi(a)) at the cut, a = -mean / sd."""
        a = -self.mean / self.sd
        return math.exp(-a * a / 2) / math.sqrt(2 * math.pi) / (0.5 * math.erfc(a / math.sqrt(2)))

    @property
    def average(self) -> float:
        return self.mean + self.sd * self._hazard

    @property
    def scv(self) -> float:
        a, hazard = -self.mean / self.sd, self._hazard
        return self.sd**2 * (1 + a * hazard - hazard * hazard) / self.average**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        kept = rng.normal(self.mean, self.sd, size)
        kept = kept[kept >= 0]
        while kept.size < size:  # asks for just what is missing, so that no accepted draw is ever dropped
            more = rng.normal(self.mean, self.sd, size - kept.size)
            kept = np.concatenate([kept, more[more >= 0]])
        return kept


@dataclass(frozen=True)
class Lognormal(Distribution):
    """Skewed time, such as a repair, given by its mean and coefficient of variation `cv`."""

    mean: float
    cv: float
    kind: ClassVar[str] = "lognormal"

    @property
    def average(self) -> float:
        return self.mean

    @property
    def scv(self) -> float:
        return self.cv**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        variance = math.log1p(self.cv**2)
        return rng.lognormal(math.log(self.mean) - variance / 2, math.sqrt(variance), size)

    def faults(self, path: str) -> list[str]:
        return super().faults(path) or _cv_faults(self.cv, path)


@dataclass(frozen=True)
class Weibull(Distribution):
    """Life of a part that wears (`shape` above 1) or fails early (below 1), given by its mean."""

    mean: float
    shape: float
    kind: ClassVar[str] = "weibull"

    @property
    def average(self) -> float:
        return self.mean

    @property
    def scv(self) -> float:
        first, second = math.gamma(1 + 1 / self.shape), math.gamma(1 + 2 / self.shape)
        return second / first**2 - 1

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return rng.weibull(self.shape, size) * (self.mean / math.gamma(1 + 1 / self.shape))

    def faults(self, path: str) -> list[str]:
        found = super().faults(path)
        if not found and not 0.1 <= self.shape <= 100:
            found.append(f"{path}.shape: {self.shape!r} is outside 0.1 to 100")
        return found


@dataclass(frozen=True)
class Empirical(Distribution):
    """One of the times that were measured on the floor, each as likely as the others."""

    values: tuple[float, ...]
    kind: ClassVar[str] = "empirical"

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", tuple(float(v) for v in self.values))

    @property
    def average(self) -> float:
        return math.fsum(self.values) / len(self.values)

    @property
    def scv(self) -> float:
        mean = self.average
        return math.fsum((v - mean) ** 2 for v in self.values) / len(self.values) / mean**2

    def sample(self, rng: np.random.Generator, size: int) -> Floats:
        return np.asarray(self.values)[rng.integers(len(self.values), size=size)]

    def faults(self, path: str) -> list[str]:
        if not self.values:
            return [f"{path}.values: is empty; give the measured times in seconds"]
        if not all(math.isfinite(v) and v >= 0 for v in self.values) or not any(self.values):
            return [f"{path}.values: must be seconds, zero or more, and not all zero"]
        return []


def _cv_faults(cv: float, path: str) -> list[str]:
    if 0.01 <= cv <= 10:
        return []
    return [f"{path}.cv: {cv!r} is outside 0.01 to 10; use deterministic for no variation"]


KINDS: dict[str, type[Distribution]] = {
    cls.kind: cls
    for cls in (
        Deterministic,
        Exponential,
        Normal,
        Lognormal,
        Gamma,
        Triangular,
        Uniform,
        Weibull,
        Empirical,
    )
}


def as_distribution(value: Any) -> Any:
    """A bare number is a deterministic time; all else stays as it is, for the faults to name."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Deterministic(float(value))
    return value


def distribution_from(data: Any, path: str, found: list[str]) -> Distribution | None:
    """Read a distribution from plain data; what is wrong is appended to `found`.

    A bare number is a deterministic time.
    """
    number = as_distribution(data)
    if isinstance(number, Distribution):
        return number
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
    try:
        return cls(**given)
    except (TypeError, ValueError):
        found.append(f"{path}: values that are not numbers; give seconds")
        return None
