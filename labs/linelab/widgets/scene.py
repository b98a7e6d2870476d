"""What happened in one replication, as columns from which a page draws the line at any moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from linelab.model import Line
from linelab.results import Run
from linelab.tally import Log

Columns = dict[str, NDArray[Any]]


def columns(run: Run, begin: float, end: float) -> Columns:
    """Operations, stops and stays in lanes that touch the window from `begin` to `end`, replication 0.

    Times are seconds after `begin` as float32; what had not ended when the run did ends far beyond the
    window. A stay is ready when the part may be taken up: its transfer lot is complete and moved.

    Returns
    -------
    dict of str to ndarray
        ``op_station, op_machine, op_start, op_finish, op_leave`` in order of start; ``stop_station,
        stop_state, stop_begin, stop_end``; ``stay_lane, stay_enter, stay_ready, stay_exit`` in order of
        entering a lane.
    """
    log = run.log
    mine = log.replication == run.plan.replications.start
    order = np.nonzero(mine)[0]
    order = order[np.argsort(log.start[order], kind="stable")]
    near = order[(log.leave[order] >= begin) & (log.start[order] <= end)]
    stops = log.stop_replication == run.plan.replications.start
    stops &= (log.stop_end >= begin) & (log.stop_begin <= end)
    stay = _stays(run.line, log, order)
    inside = (stay["exit"] >= begin) & (stay["enter"] <= end)

    def times(values: NDArray[Any]) -> NDArray[Any]:
        return np.minimum(values - begin, 1e7).astype(np.float32)

    return {
        "op_station": log.station[near].astype(np.uint8),
        "op_machine": log.machine[near].astype(np.uint8),
        "op_start": times(log.start[near]),
        "op_finish": times(log.finish[near]),
        "op_leave": times(log.leave[near]),
        "stop_station": log.stop_station[stops].astype(np.uint8),
        "stop_state": log.stop_state[stops].astype(np.uint8),
        "stop_begin": times(log.stop_begin[stops]),
        "stop_end": times(log.stop_end[stops]),
        "stay_lane": stay["lane"][inside].astype(np.uint8),
        "stay_enter": times(stay["enter"][inside]),
        "stay_ready": times(stay["ready"][inside]),
        "stay_exit": times(stay["exit"][inside]),
    }


def _stays(line: Line, log: Log, order: NDArray[np.int64]) -> Columns:
    """Every stay in a lane of the line's own: from leaving a station to the start at the next."""
    found: list[tuple[NDArray[Any], ...]] = []
    for lane, buffer in enumerate(line.buffers):
        before, after = (order[log.station[order] == j] for j in (lane, lane + 1))
        before = before[np.isfinite(log.leave[before]) & (log.part[before] >= 0)]
        before = before[np.argsort(log.leave[before], kind="stable")]
        enter = log.leave[before]
        begun = dict(zip(log.part[after].tolist(), log.start[after].tolist(), strict=True))  # last visit
        leaves = np.array([begun.get(p, np.inf) for p in log.part[before].tolist()])
        leaves = np.where(leaves >= enter, leaves, np.inf)
        lot = buffer.transfer_lot
        if buffer.interval or buffer.vehicle:
            ready = leaves  # when the move came is not in the log
        else:
            last = np.minimum((np.arange(enter.size) // lot + 1) * lot - 1, max(enter.size - 1, 0))
            full = (np.arange(enter.size) // lot + 1) * lot <= enter.size
            ready = np.where(full, enter[last], np.inf) + buffer.transfer_time if enter.size else enter
        found.append((np.full(enter.size, lane), enter, np.minimum(ready, leaves), leaves))
    if not found:
        return {name: np.zeros(0) for name in ("lane", "enter", "ready", "exit")}
    names = ("lane", "enter", "ready", "exit")
    return {n: np.concatenate(c) for n, c in zip(names, zip(*found, strict=True), strict=True)}
