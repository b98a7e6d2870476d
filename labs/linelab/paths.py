"""Sample paths: when each part started, was finished and left at each station."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linelab.distributions import Floats


@dataclass(frozen=True)
class Extent:
    """How long to simulate: until `horizon` seconds, or exactly `parts` parts. One of the two is given."""

    horizon: float | None = None
    parts: int | None = None


@dataclass(frozen=True)
class Outages:
    """Every breakdown as flat arrays of one length: where, and from when to when it was down."""

    replication: np.ndarray
    station: np.ndarray
    down: Floats
    up: Floats


@dataclass(frozen=True)
class Paths:
    """Times in seconds, arrays of shape ``(replications, parts, stations)``; ``inf`` if it never came to it.

    A part starts at a station, is finished there (repairs included) and leaves once there is a place for it.
    """

    start: Floats
    finish: Floats
    leave: Floats
    outages: Outages
