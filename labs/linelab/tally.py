"""What an engine hands over: counts and sums over the window, a row for each replication."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linelab.distributions import Floats

# where a machine's time goes; the last three only stations that have such things
STATES = (
    "working",
    "starved",  # no part
    "blocked",  # no place, or no card, for the finished part
    "down",
    "stopped",  # minor stops
    "changeover",
    "waiting",  # for an operator
    "maintenance",
    "off",  # outside the shift
)
STATE = {name: i for i, name in enumerate(STATES)}


@dataclass(frozen=True)
class Plan:
    """What to run: until `horizon` seconds, or exactly `parts` released parts. One of the two is given.

    An engine may take draws from `memory`, and leave its own there, if it knows how.
    """

    horizon: float | None
    parts: int | None
    warm_up: float
    seed: int
    replications: range
    record: bool = False
    memory: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Log:
    """What happened, as columns; times in seconds, inf for what had not happened when the run ended.

    Every operation: a part starts at a station, is finished there (repairs included) and leaves once there is
    a place for it. Every part that went out, with its flow time. Every stop of a machine.
    """

    replication: NDArray[np.int64]
    part: NDArray[np.int64]
    station: NDArray[np.int64]
    machine: NDArray[np.int64]
    product: NDArray[np.int64]
    start: Floats
    finish: Floats
    leave: Floats
    out_replication: NDArray[np.int64]
    out_time: Floats
    out_flow: Floats
    stop_replication: NDArray[np.int64]
    stop_station: NDArray[np.int64]
    stop_state: NDArray[np.int64]
    stop_begin: Floats
    stop_end: Floats


@dataclass(frozen=True)
class Tally:
    """R replications, J stations (feeders' after the line's own), P crews and fleets.

    Attributes
    ----------
    window : shape (R,), seconds counted
    left : (R,), parts that left; `bad` of them defective, `late` after their due date
    flow : (R,), their flow times added up; `tardiness` : seconds late added up
    inside : (R,), part-seconds in the line
    lanes : (R, lanes), part-seconds in each lane
    states : (R, J, states), machine-seconds
    made, defects, scrapped, reworked : (R, J), parts
    standard : (R, J), seconds that what was made should have taken at design speed
    asked, served_at_once, waited : (R,), customers, those served without waiting, their waits added up
    busy : (R, P), seconds that people and vehicles were in use
    departures : (R, parts), seconds, inf for a part that never left; only of runs of a number of parts
    log : only if it was asked for
    """

    window: Floats
    left: Floats
    bad: Floats
    late: Floats
    flow: Floats
    tardiness: Floats
    inside: Floats
    lanes: Floats
    states: Floats
    made: Floats
    defects: Floats
    scrapped: Floats
    reworked: Floats
    standard: Floats
    asked: Floats
    served_at_once: Floats
    waited: Floats
    busy: Floats
    departures: Floats | None = None
    log: Log | None = None


def joined(tallies: Sequence[Tally]) -> Tally:
    """Tallies of some replications each, one after another, as one."""
    if len(tallies) == 1:
        return tallies[0]
    columns: dict[str, Any] = {}
    for column in fields(Tally):
        parts = [getattr(t, column.name) for t in tallies]
        if column.name == "log":
            logs = [p for p in parts if p is not None]
            columns["log"] = _joined_logs(logs) if logs else None
        else:
            columns[column.name] = np.concatenate(parts) if parts[0] is not None else None
    return Tally(**columns)


def divided(tally: Tally, count: int) -> list[Tally]:
    """The reverse for equal shares: a tally of many replications as `count` tallies; it has no log."""
    columns: dict[str, Any] = {
        column.name: [None] * count
        if (whole := getattr(tally, column.name)) is None
        else np.split(whole, count)
        for column in fields(Tally)
    }
    return [Tally(**{name: shares[i] for name, shares in columns.items()}) for i in range(count)]


def _joined_logs(logs: Sequence[Log]) -> Log:
    return Log(**{f.name: np.concatenate([getattr(log, f.name) for log in logs]) for f in fields(Log)})
