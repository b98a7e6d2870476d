"""What an author says of a lab: a case, the prediction to ask for, and what may be swept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linelab.cases import Case, load
from linelab.estimate import Estimate
from linelab.results import Run
from linelab.texts import text

Curves = Callable[[Case, Sequence[Any]], Mapping[str, Mapping[str, Sequence[float]]]]


@dataclass(frozen=True)
class Metric:
    """A figure of a run in the unit that the shop floor uses.

    Attributes
    ----------
    name : str
        An estimate of `linelab.results.Run`.
    better : {"high", "low"}
    digits : int
        Shown behind the point.
    """

    name: str
    better: str
    digits: int = 1

    def of(self, run: Run, case: Case) -> Estimate:
        estimate: Estimate = getattr(run, self.name)
        factor = {"throughput": case.period, "lead_time": 1 / 60, "wip": 1.0}[self.name]
        return estimate.scaled(factor, "")

    def unit(self, case: Case, language: str) -> str:
        if self.name == "throughput":
            return text(f"unit.per_{case.per}", language, parts=case.parts[language])
        return text("unit.minutes", language) if self.name == "lead_time" else case.parts[language]


METRICS = (Metric("throughput", "high"), Metric("lead_time", "low"), Metric("wip", "low"))


@dataclass(frozen=True)
class Lab:
    """A lab, complete.

    Parameters
    ----------
    id : str
        Such as ``"lab01"``.
    source : str or Case
        A case, or the id of one in `linelab.cases`: the line, its levers and budget, its words.
    predict : str
        Metric that the trainee commits to before the first plan is shown.
    goal : str
        Metric that the trade-off with the cost is about.
    sweep : str, optional
        Lever that may be run through all its settings, with the others as they stand.
    curves : callable, optional
        ``curves(case, settings)`` gives, by name in ``lab.curve.*`` of the texts, what theory says of each
        metric at the settings of the swept lever, in the units of the lab.
    """

    id: str
    source: str | Case
    predict: str = "lead_time"
    goal: str = "lead_time"
    sweep: str | None = None
    curves: Curves | None = None
    metrics: tuple[Metric, ...] = field(default=METRICS)

    @property
    def case(self) -> Case:
        return load(self.source) if isinstance(self.source, str) else self.source


def digest(case: Case) -> str:
    """A short name of the line and its levers: experiments are kept apart by it."""
    data = [case.line.to_dict(), [[x.name, list(map(str, x.costs.items()))] for x in case.levers]]
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:12]
