"""Week 2: an assembly cell between the best, the practical worst and the worst case; cap the WIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from linelab.cases import Case
from linelab.theory.lines import penny_fab
from linelab.widgets.lab import Lab


def cases_of_theory(case: Case, caps: Sequence[Any]) -> Mapping[str, Mapping[str, Sequence[float]]]:
    """Throughput and flow time of the three cases at each WIP, for the line as it is today."""
    stations = case.line.stations
    fab = penny_fab([s.effective_time for s in stations])
    flows = {"best": fab.best_case, "practical": fab.practical_worst_case, "worst": fab.worst_case}
    return {
        name: {
            "throughput": [flow(cap).throughput * case.period for cap in caps],
            "lead_time": [flow(cap).flow_time / 60 for cap in caps],
            "wip": list(caps),
        }
        for name, flow in flows.items()
    }


LAB = Lab("lab02", "w02", predict="throughput", sweep="wip_cap", curves=cases_of_theory)
