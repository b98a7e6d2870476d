"""Which station holds the line back, by three methods of the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from linelab.results import Run


def by_utilisation(run: Run) -> str:
    """The station whose capacity is taken for the greatest share of time."""
    return max(run.stations, key=lambda s: s.utilisation.mean).name


def by_active_period(run: Run) -> str:
    """The station with the longest mean time between two waits (Roser, Nakano & Tanaka 2001).

    *A practical bottleneck detection method*, Winter Simulation Conference, doi:10.1109/WSC.2001.977398.
    """
    return max(run.stations, key=lambda s: active_period(run, s.place)).name


def active_period(run: Run, place: int) -> float:
    """Mean seconds that a machine of a station goes on without being starved or blocked."""
    log = run.log
    mine = log.station == place
    order = np.lexsort((log.start[mine], log.machine[mine], log.replication[mine]))
    start, finish, leave = (column[mine][order] for column in (log.start, log.finish, log.leave))
    if not start.size:
        return 0.0
    who = log.replication[mine][order] * 10_000 + log.machine[mine][order]
    same = who[1:] == who[:-1]
    goes_on = same & (start[1:] <= leave[:-1]) & (leave[:-1] <= finish[:-1])
    ended = np.isfinite(finish)
    periods = 1 + int((~goes_on).sum())
    return float((finish - start)[ended].sum() / periods)


def by_arrows(run: Run) -> str:
    """The station that neither starves its successors nor blocks its predecessors (Kuo, Lim & Meerkov 1996).

    *Bottlenecks in serial production lines: a system-theoretic approach*, Mathematical Problems in
    Engineering 2, doi:10.1155/S1024123X96000348. An arrow points from a station that is blocked more often
    than the next is starved to that next one, else the other way; the bottleneck has no arrow away from it.
    Where there are several, the one with the greatest severity.
    """
    own = run.stations[: len(run.line.stations)]
    blocked = [s.states["blocked"].mean for s in own]
    starved = [s.states["starved"].mean for s in own]
    gaps = [blocked[i] - starved[i + 1] for i in range(len(own) - 1)]  # above zero: the arrow points on
    free = [
        i for i in range(len(own)) if not (i < len(gaps) and gaps[i] > 0) and not (i > 0 and gaps[i - 1] < 0)
    ]

    def severity(i: int) -> float:
        return (abs(gaps[i]) if i < len(gaps) else 0.0) + (abs(gaps[i - 1]) if i else 0.0)

    return own[max(free, key=severity)].name
