"""Refusing values that make no sense, in one line that names the field and the fix."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any


def _number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def positive(**values: Any) -> None:
    for name, value in values.items():
        if not _number(value) or value <= 0:
            raise ValueError(f"{name}: {value!r} must be a finite number above zero")


def non_negative(**values: Any) -> None:
    for name, value in values.items():
        if not _number(value) or value < 0:
            raise ValueError(f"{name}: {value!r} must be a finite number, zero or above")


def finite(**values: Any) -> None:
    for name, value in values.items():
        if not _number(value):
            raise ValueError(f"{name}: {value!r} must be a finite number")


def count(least: int, **values: Any) -> None:
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
            raise ValueError(f"{name}: {value!r} must be a whole number, {least} or more")


def share(**values: Any) -> None:
    """Above zero and at most one: yields, efficiencies, probabilities of something that happens."""
    for name, value in values.items():
        if not _number(value) or not 0 < value <= 1:
            raise ValueError(f"{name}: {value!r} must be above 0 and at most 1; give 95 % as 0.95")


def inside(**values: Any) -> None:
    """Strictly between zero and one: confidences, service levels."""
    for name, value in values.items():
        if not _number(value) or not 0 < value < 1:
            raise ValueError(f"{name}: {value!r} must be between 0 and 1; give 95 % as 0.95")


def same_length(**values: Any) -> None:
    """Sequences that belong together, and hold something."""
    lengths = [len(value) for value in values.values()]
    if len(set(lengths)) > 1 or not lengths[0]:
        names = ", ".join(values)
        raise ValueError(f"{names}: lengths are {lengths}; they must be equal and above zero")
