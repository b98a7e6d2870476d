"""What is wrong with a description: every fault as one line with its path and fix."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from linelab.distributions import Distribution

LARGEST = 1_000_000  # a count beyond this is a slip of the pen
LONGEST = 1e9  # seconds, thirty years


class LineError(ValueError):
    """A line, or a run of it, that cannot be simulated.

    Attributes
    ----------
    faults : tuple of str
        Each fault as ``path: what is wrong; how to mend it``.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def whole(value: Any, path: str, low: int = 1, high: int = LARGEST) -> Iterator[str]:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        yield f"{path}: {value!r} must be a whole number from {low} to {high}"


def seconds(value: Any, path: str, above_zero: bool = False) -> Iterator[str]:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LONGEST
    if not good or (above_zero and value == 0):
        yield f"{path}: {value!r} must be seconds, {'above zero' if above_zero else 'zero or more'}"


def share(value: Any, path: str, low: float = 0.0, high: float = 1.0) -> Iterator[str]:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not low <= value <= high:
        yield f"{path}: {value!r} must be a number from {low:g} to {high:g}"


def time(value: Any, path: str, may_be_zero: bool = False) -> Iterator[str]:
    """Faults of a distribution of times."""
    if not isinstance(value, Distribution):
        yield f"{path}: {value!r} is no distribution; give Exponential(mean=...) or a number of seconds"
        return
    found = value.faults(path)
    yield from found
    if not found and not may_be_zero and value.average <= 0:
        yield f"{path}: mean must be above zero"
