"""What sample paths say: throughput, WIP, lead time and the time that each station spent in each state."""

from __future__ import annotations

import numpy as np

from linelab.distributions import Floats
from linelab.paths import Paths

STATES = ("working", "starved", "blocked", "down")


def clip_sum(begin: Floats, end: Floats, low: float, high: float, axis: int) -> Floats:
    """Total time of the intervals inside the window, summed over `axis`; both ends may be inf."""
    inside = np.minimum(end, high) - np.maximum(begin, low)
    total: Floats = np.where(inside > 0, inside, 0.0).sum(axis=axis)
    return total


def throughput(paths: Paths, low: float, high: float) -> Floats:
    """Parts a second that left the line from `low` until just before `high`; shape ``(R,)``."""
    count: Floats = _left(paths, low, high).sum(axis=1) / (high - low)
    return count


def wip(paths: Paths, low: float, high: float) -> Floats:
    """Time average of the parts between the first start and leaving the line; shape ``(R,)``."""
    return clip_sum(paths.start[:, :, 0], paths.leave[:, :, -1], low, high, axis=1) / (high - low)


def lead_time(paths: Paths, low: float, high: float) -> Floats:
    """Mean seconds from first start to leaving, of the parts that left in the window; shape ``(R,)``.

    nan for a replication in which no part left.
    """
    return _mean_spent(paths, paths.start[:, :, 0], paths.leave[:, :, -1], low, high)


def lane_wait(paths: Paths, low: float, high: float, lane: int) -> Floats:
    """Mean seconds between station `lane` and the next, of the parts that left the line in the window.

    Shape ``(R,)``; nan for a replication in which no part left.
    """
    return _mean_spent(paths, paths.leave[:, :, lane], paths.start[:, :, lane + 1], low, high)


def _left(paths: Paths, low: float, high: float) -> np.ndarray:
    """Which parts left the line from `low` until just before `high`; shape ``(R, parts)``."""
    out = paths.leave[:, :, -1]
    mask: np.ndarray = (out >= low) & (out < high)
    return mask


def _mean_spent(paths: Paths, begin: Floats, end: Floats, low: float, high: float) -> Floats:
    left = _left(paths, low, high)
    with np.errstate(invalid="ignore"):  # parts that never came so far hold inf - inf
        spent = np.where(left, end - begin, 0.0).sum(axis=1)
    mean: Floats = spent / np.where(left.any(axis=1), left.sum(axis=1), np.nan)
    return mean


def states(paths: Paths, low: float, high: float) -> dict[str, Floats]:
    """Share of the window that each station spent in each state; arrays of shape ``(R, stations)``."""
    window = high - low
    busy = clip_sum(paths.start, paths.finish, low, high, axis=1)
    blocked = clip_sum(paths.finish, paths.leave, low, high, axis=1)
    down = np.zeros_like(busy)
    o = paths.outages
    np.add.at(
        down,
        (o.replication, o.station),
        np.maximum(np.minimum(o.up, high) - np.maximum(o.down, low), 0.0),
    )
    return {
        "working": (busy - down) / window,
        "starved": np.maximum(window - busy - blocked, 0.0) / window,
        "blocked": blocked / window,
        "down": down / window,
    }


def lane_levels(paths: Paths, times: Floats, lane: int) -> Floats:
    """Parts in the lane after station `lane` at each of `times`, mean over replications; shape of `times`."""
    entered = np.sort(paths.leave[:, :, lane], axis=1)
    left = np.sort(paths.start[:, :, lane + 1], axis=1)
    counts = [
        np.searchsorted(a, times, side="right") - np.searchsorted(b, times, side="right")
        for a, b in zip(entered, left, strict=True)
    ]
    mean: Floats = np.mean(counts, axis=0)
    return mean
