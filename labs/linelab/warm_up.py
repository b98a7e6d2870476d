"""Where the start-up ends: Welch's moving average to look at and MSER-5 to decide."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linelab.distributions import Floats
from linelab.texts import text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BATCH = 5  # the 5 of MSER-5


@dataclass(frozen=True)
class WarmUp:
    """Warm-up found in a series.

    Attributes
    ----------
    truncation : int
        Periods to leave out.
    time : float
        Their length in seconds: what `simulate` takes as `warm_up`.
    settled : bool
        Whether the truncation lies in the first half of the series. If not, the series is too short to tell;
        lengthen it.
    mean : ndarray, shape ``(periods,)``
        Mean over the replications.
    smooth : ndarray, shape ``(periods - window,)``
        Welch's moving average of `mean`.
    window : int
    width : float
        Seconds of a period.
    """

    truncation: int
    time: float
    settled: bool
    mean: Floats
    smooth: Floats
    window: int
    width: float


def binned_throughput(departures: Floats, width: float, horizon: float) -> Floats:
    """Throughput of each period of `width` seconds.

    Parameters
    ----------
    departures : ndarray, shape ``(replications, parts)``
        Seconds at which parts left, in any order; inf if never. `Run.departures` is one.
    width, horizon : float
        Seconds. What remains of the horizon after the last whole period is left out.

    Returns
    -------
    ndarray, shape ``(replications, floor(horizon / width))``
        Parts a second; a period holds its begin and not its end.

    Raises
    ------
    ValueError
        If the times are not such an array or the horizon holds no period.
    """
    times = np.asarray(departures, dtype=float)
    if times.ndim != 2 or np.isnan(times).any():
        raise ValueError(
            "departures: must be times of shape (replications, parts), inf for a part that never left"
        )
    if not (math.isfinite(horizon) and 0 < width <= horizon):
        raise ValueError(f"width: {width!r} s must be above zero and at most the horizon of {horizon!r} s")
    # a horizon of whole periods keeps its last one though 0.3 // 0.1 is 2
    edges = width * np.arange(math.floor(horizon / width * (1 + 1e-12)) + 1)
    counts = [np.diff(np.searchsorted(np.sort(row), edges, side="left")) for row in times]
    return np.array(counts) / width


def welch(series: Floats, window: int) -> Floats:
    """Welch's moving average of the mean over replications.

    Each period is averaged with `window` neighbours on both sides; at the beginning with as many as it has.
    P. D. Welch, "The statistical analysis of simulation results", in S. Lavenberg (ed.), *The Computer
    Performance Modeling Handbook*, 1983; Law, *Simulation Modeling and Analysis*, 5th ed., section 9.5.1.

    Parameters
    ----------
    series : ndarray, shape ``(replications, periods)`` or ``(periods,)``
        Values of successive periods.
    window : int
        At most a quarter of the periods.

    Returns
    -------
    ndarray, shape ``(periods - window,)``
    """
    mean = _mean(series)
    if not 0 <= window <= len(mean) // 4:
        raise ValueError(f"window: {window!r} must be from 0 to a quarter of the {len(mean)} periods")
    i = np.arange(len(mean) - window)
    reach = np.minimum(i, window)
    sums = np.concatenate([[0.0], np.cumsum(mean)])
    smooth: Floats = (sums[i + reach + 1] - sums[i - reach]) / (2 * reach + 1)
    return smooth


def mser5(series: Floats) -> int:
    """Periods to leave out by MSER-5, as a multiple of 5.

    Means Z of batches of 5 periods, cut after the d batches that minimise Σ_{j>d} (Z_j - Z̄_d)² / (k - d)²:
    the squared standard error of what is left, as if it were independent. K. P. White (1997), "An effective
    truncation heuristic for bias reduction in simulation output", *Simulation* 69(6),
    doi:10.1177/003754979706900601; W. W. Franklin & K. P. White (2008), "Stationarity tests and MSER-5",
    *Proceedings of the Winter Simulation Conference*, 541-546. The last five batches are never cut to: so few
    may be alike by chance.

    Parameters
    ----------
    series : ndarray, shape ``(replications, periods)`` or ``(periods,)``
        Of replications the mean is taken; give one row for its own truncation. 50 periods or more.
    """
    mean = _mean(series)
    batches = mean[: len(mean) // BATCH * BATCH].reshape(-1, BATCH).mean(axis=1)
    if len(batches) < 2 * BATCH:
        raise ValueError(f"series: {len(mean)} periods are too few; MSER-5 needs {2 * BATCH * BATCH} or more")
    left = len(batches) - np.arange(len(batches) - BATCH + 1)  # batches left after cutting 0, 1, ...
    centred = batches - batches[-1]  # differences of large squares lose digits
    sums = np.cumsum(centred[::-1])[::-1][: len(left)]
    squares = np.cumsum(centred[::-1] ** 2)[::-1][: len(left)]
    return BATCH * int(np.argmin((squares - sums**2 / left) / left**2))


def warm_up_from(series: Floats, width: float, *, window: int | None = None) -> WarmUp:
    """Warm-up of a series of periods: MSER-5 on its mean over replications, Welch's average to look at.

    Parameters
    ----------
    series : ndarray, shape ``(replications, periods)`` or ``(periods,)``
        As `binned_throughput` gives it; 50 periods or more, 5 replications or more advised.
    width : float
        Seconds of a period.
    window : int, optional
        Of Welch's moving average; a tenth of the periods by default.
    """
    if not (math.isfinite(width) and width > 0):
        raise ValueError(f"width: {width!r} must be seconds above zero")
    mean = _mean(series)
    window = len(mean) // 10 if window is None else window
    cut = mser5(mean)
    return WarmUp(cut, cut * width, 2 * cut <= len(mean), mean, welch(mean, window), window, width)


def welch_figure(warm_up: WarmUp, language: str, *, scale: float = 1.0, label: str | None = None) -> Figure:
    """The mean over replications, Welch's moving average and the truncation point.

    Parameters
    ----------
    warm_up : WarmUp
        What `warm_up_from` found.
    language : {"vi", "en"}
        Of the labels.
    scale : float
        Factor on the series, for parts an hour say.
    label : str, optional
        Of the vertical axis; throughput in parts a second by default.
    """
    from matplotlib.figure import Figure  # the numbers must not wait for a picture

    figure = Figure(figsize=(9.2, 3.6), layout="constrained")
    axes = figure.subplots()
    hours = warm_up.width / 3600 * (np.arange(len(warm_up.mean)) + 0.5)
    axes.plot(hours, warm_up.mean * scale, color="#9aa5b1", lw=0.9, label=text("warm_up.mean", language))
    smooth = text("warm_up.welch", language, window=warm_up.window)
    axes.plot(hours[: len(warm_up.smooth)], warm_up.smooth * scale, color="#0072B2", lw=2, label=smooth)
    axes.axvline(warm_up.time / 3600, color="#D55E00", ls="--", label=text("warm_up.end", language))
    axes.set_xlabel(text("warm_up.time", language))
    axes.set_ylabel(label or text("warm_up.throughput", language))
    axes.margins(x=0)
    axes.legend(frameon=False, fontsize=9.5)
    return figure


def _mean(series: Floats) -> Floats:
    values = np.atleast_2d(np.asarray(series, dtype=float))
    if values.ndim != 2 or not values.size or not np.isfinite(values).all():
        raise ValueError("series: must be finite numbers of shape (replications, periods) or (periods,)")
    mean: Floats = values.mean(axis=0)
    return mean
