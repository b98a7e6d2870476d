"""A lab at work: takes what the trainee does as plain data, answers in messages that any page can show.

A message is a dict that JSON can hold, with ``kind``, and a dict of arrays. Answers come in steps, figures
first: whoever carries them may turn to a newer request between two steps and drop the rest of an older one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linelab.cases import Case
from linelab.engines.service import Memory
from linelab.estimate import Estimate
from linelab.experiment import simulate, stream
from linelab.plant import plant_record
from linelab.results import Run
from linelab.tally import STATES
from linelab.texts import catalogue, text
from linelab.widgets import words
from linelab.widgets.lab import Lab, Metric, digest
from linelab.widgets.scene import columns
from linelab.widgets.why import explains, idle_times

REPLICATIONS = 100
KEPT = 200  # plans whose results are at hand at once
SEED = 2026
RECORDED = {"recursion": 20, "simpy": 4}  # replications whose every event is looked at for the causes
LOSSES = ("availability", "performance", "quality", "oee")

Plan = Mapping[str, Any]


@dataclass(frozen=True)
class Message:
    """What goes to the page."""

    data: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def packed(self) -> tuple[dict[str, Any], list[bytes]]:
        """As it travels: the data, with the name and kind of each array, and the bytes of the arrays."""
        named = [{"name": n, "kind": str(a.dtype)} for n, a in self.arrays.items()]
        return {**self.data, "columns": named}, [a.tobytes() for a in self.arrays.values()]


def _message(kind: str, arrays: Mapping[str, NDArray[Any]] | None = None, **data: Any) -> Message:
    return Message({"kind": kind, **data}, arrays or {})


class Session:
    """One trainee at one lab.

    Parameters
    ----------
    lab : Lab
    language : {"vi", "en"}
    case : Case, optional
        A trainee's own variant of the lab's case.
    """

    def __init__(self, lab: Lab, language: str, case: Case | None = None) -> None:
        self.lab, self.language, self.case = lab, language, case or lab.case
        self._memory = Memory()
        self._runs: dict[tuple[Any, ...], Run] = {}

    def opening(self) -> Iterator[Message]:
        """The lab's own words and levers, then today's line."""
        yield _message("lab", **self._about())
        yield from self._plan({}, 0)

    def ask(self, request: Mapping[str, Any]) -> Iterator[Message]:
        """Answer a request; what cannot be answered is told in a message, in the trainee's language."""
        try:
            kind = request.get("kind")
            if kind == "open":
                yield from self.opening()
            elif kind == "plan":
                yield from self._plan(self._settings(request["plan"]), request["id"])
            elif kind == "sweep":
                yield from self._sweep(self._settings(request["plan"]), request["id"])
            elif kind == "compare":
                yield self._compare(self._settings(request["a"]), self._settings(request["b"]), request["id"])
            else:
                raise ValueError(f"kind: {kind!r} is unknown")
        except (ValueError, KeyError, TypeError) as error:
            said = text("plan.fault", self.language, fault=str(error))
            yield _message("fault", id=request.get("id"), text=said)

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """The lab's metrics, each with digits enough to show its interval of today."""
        today = self._run({})
        widths = [metric.of(today, self.case).half_width for metric in self.lab.metrics]
        pairs = zip(self.lab.metrics, widths, strict=True)
        return tuple(replace(m, digits=max(m.digits, 2)) if 0 < w < 0.1 else m for m, w in pairs)

    # -- what is asked for

    def _plan(self, plan: Plan, id_: int) -> Iterator[Message]:
        misfits = self.case.misfits(plan)
        if misfits:
            said = text("plan.fault", self.language, fault="; ".join(misfits))
            yield _message("fault", id=id_, text=said)
            return
        for run in self._simulated(plan):
            yield _message("answer", id=id_, **self._answer(plan, run))
        recorded = simulate(run.line, replications=RECORDED[run.engine], record=True, **self._extent())
        begin = self.case.warm_up
        end = begin + min(self.case.shift, self.case.horizon - begin)
        yield _message("scene", columns(recorded, begin, end), id=id_, plan=dict(plan), seconds=end - begin,
                       lanes=[{"capacity": b.capacity, "lot": b.transfer_lot} for b in recorded.line.buffers],
                       machines=[s.machines for s in recorded.line.stations])  # fmt: skip
        yield _message("why", id=id_, plan=dict(plan), texts=self._why(run, recorded))

    def _sweep(self, plan: Plan, id_: int) -> Iterator[Message]:
        lever = self.case.lever(str(self.lab.sweep))
        settings = sorted(lever.costs) if _numeric(lever.costs) else list(lever.costs)
        curves = self.lab.curves(self.case, settings) if self.lab.curves else {}
        named = [
            {"name": text(f"lab.curve.{name}", self.language), "metrics": {m: list(v) for m, v in by.items()}}
            for name, by in curves.items()
        ]
        points: list[dict[str, Any]] = []
        for i, setting in enumerate(settings):
            changed = {**plan, lever.name: setting}
            changed = {n: s for n, s in changed.items() if s != self.case.lever(n).today}
            if not self.case.misfits(changed):
                run = self._run(changed)
                figures = {m.name: _pair(m.of(run, self.case)) for m in self.metrics}
                points.append({"setting": setting, "metrics": figures})
            if i + 1 == len(settings) or i % 2:
                yield _message("sweep", id=id_, lever=lever.name, points=list(points), curves=named,
                               settings=settings, done=(i + 1) / len(settings))  # fmt: skip

    def _compare(self, a: Plan, b: Plan, id_: int) -> Message:
        one, two = self._run(a), self._run(b)
        rows = []
        for metric in self.metrics:
            difference = metric.of(two, self.case).minus(metric.of(one, self.case))
            said = words.verdict(difference, metric, self.case, self.language)
            row = {"a": metric.of(one, self.case), "b": metric.of(two, self.case), "difference": difference}
            rows.append({"name": metric.name, "words": said, **{n: _pair(e) for n, e in row.items()}})
        return _message("compare", id=id_, a=dict(a), b=dict(b), rows=rows)

    # -- runs

    def _settings(self, plan: Plan) -> dict[str, Any]:
        """The levers that stand elsewhere than today; settings as the case has them."""
        found = {}
        for name, setting in plan.items():
            lever = self.case.lever(name)
            known = {str(s): s for s in lever.costs}
            setting = known.get(f"{setting:g}" if isinstance(setting, float) else str(setting), setting)
            if setting != lever.today:
                found[name] = setting
        return found

    def _run(self, plan: Plan) -> Run:
        """The plan's run with all replications."""
        *_, run = self._simulated(plan)
        return run

    def _simulated(self, plan: Plan) -> Iterator[Run]:
        """The plan's run with more and more replications, the last with all."""
        key = tuple(sorted(plan.items()))
        if key in self._runs:
            yield self._runs[key]
            return
        run = None
        for run in stream(self.case.apply(plan), replications=REPLICATIONS, **self._extent()):
            yield run
        assert run is not None
        self._runs[key] = run
        if len(self._runs) > KEPT:
            del self._runs[next(k for k in self._runs if k)]  # the oldest plan; today is compared with always

    def _extent(self) -> dict[str, Any]:
        case = self.case
        return {"horizon": case.horizon, "warm_up": case.warm_up, "seed": SEED, "memory": self._memory,
                "progress": lambda share: None}  # fmt: skip

    @cached_property
    def plant(self) -> Run:
        """The record of the plant itself, for a model to be compared with."""
        return plant_record(self.case)

    # -- runs as data

    def _about(self) -> dict[str, Any]:
        case, lang, lab = self.case, self.language, self.lab
        # a model to be made right is no line of today, and nothing in it is better for being more
        shown = {k: x[lang] for k, x in catalogue().items() if k.startswith(("lab.", "state."))}
        if case.plant:
            shown |= {"lab.today": shown["lab.received"], "lab.now": shown["lab.received.short"]}
        question = next(q for q in case.questions.values() if q.kind == "plan")
        return {
            "lab": lab.id,
            "key": f"{lab.id}-{digest(case)}",
            "language": lang,
            "title": case.title[lang],
            "goal": case.goal[lang],
            "goal_metric": lab.goal,
            "parts": case.parts[lang],
            "budget": case.budget,
            "predict": lab.predict,
            "sweep": lab.sweep,
            "assignment": case.id,
            "question": question.id,
            "metrics": [
                {"name": m.name, "label": text(f"metric.{m.name}", lang), "unit": m.unit(case, lang),
                 "digits": m.digits, "better": "" if case.plant else m.better}
                for m in self.metrics
            ],
            "levers": [
                {"name": x.name, "label": x.label[lang], "unit": x.unit[lang], "help": x.help[lang],
                 "options": [{"value": s, "cost": c} for s, c in x.costs.items()]}
                for x in case.levers
            ],
            "stations": [{"name": n, "label": case.station_labels[n][lang]} for n in case.line.names],
            "crews": [
                {"stations": [case.line.names.index(s) for s in o.stations]}
                for o in case.line.operators if "work" in o.does
            ],
            "states": list(STATES),
            "texts": shown,
        }  # fmt: skip

    def _answer(self, plan: Plan, run: Run) -> dict[str, Any]:
        case, lang = self.case, self.language
        done = len(run.tally.window)
        today = _first(self._run({}), done)
        rows = []
        for metric in self.metrics:
            here, there = metric.of(today, case), metric.of(run, case)
            difference = there.minus(here)
            row: dict[str, Any] = {
                "name": metric.name,
                "today": _pair(here),
                "plan": _pair(there),
                "difference": _pair(difference),
                "words": words.verdict(difference, metric, case, lang),
                "clear": difference.differs_from_zero,
            }
            if case.plant:
                row["plant"] = _pair(metric.of(self.plant, case))
            rows.append(row)
        kept, said = words.keeps(case, today, run, lang)
        notes = [said] if said and plan else []
        promised = case.claim and plan.get(case.claim.lever) == case.claim.setting
        if case.plant and not promised:  # what is promised is not yet at the plant
            notes.append(words.agreement(case, self.plant, run, self.metrics, lang))
        if case.claim and promised:
            without = {n: s for n, s in plan.items() if n != case.claim.lever}
            notes.append(words.claim(case, _first(self._run(without), done), run, lang))
        return {
            "plan": dict(plan),
            "cost": case.cost(plan),
            "over": case.cost(plan) > case.budget,
            "kept": kept,
            "notes": notes,
            "done": done,
            "all": REPLICATIONS,
            "metrics": rows,
            "bottleneck": run.bottleneck,
            "stations": self._stations(run),
        }

    def _stations(self, run: Run) -> list[dict[str, Any]]:
        return [
            {"name": s.name, "label": self.case.station_labels[s.name][self.language],
             "states": {name: _pair(e) for name, e in s.states.items() if e.mean > 0},
             "utilisation": _pair(s.utilisation), **{name: _pair(getattr(s, name)) for name in LOSSES}}
            for s in run.stations
        ]  # fmt: skip

    def _why(self, run: Run, recorded: Run) -> list[str]:
        case, lang = self.case, self.language
        said = [words.bottleneck(case, run, lang), words.moved(case, self._run({}), run, lang)]
        if explains(run.line):
            said += words.idle(case, run, idle_times(recorded), lang)
        said.append(words.where_it_waits(case, run, lang))
        return [sentence for sentence in said if sentence]


class Desk:
    """Requests waiting for their answers: a newer one takes the place of an older one of its kind."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._work: dict[str, Iterator[Message]] = {}

    def take(self, request: Mapping[str, Any]) -> None:
        kind = str(request.get("kind"))
        answer = {kind: self._session.ask(request)}
        self._work.pop(kind, None)
        # a lever's move is answered before anything else goes on
        self._work = answer | self._work if kind == "plan" else self._work | answer

    def step(self) -> Message | None:
        """The next message; None if all is answered."""
        while self._work:
            kind = next(iter(self._work))
            message = next(self._work[kind], None)
            if message is not None:
                return message
            del self._work[kind]
        return None


def _first(run: Run, count: int) -> Run:
    """The same run as if only its first replications had been made."""
    if count == len(run.tally.window):
        return run
    rows = {f.name: getattr(run.tally, f.name) for f in fields(run.tally)}
    cut: dict[str, Any] = {n: v[:count] for n, v in rows.items() if isinstance(v, np.ndarray)}
    return replace(run, tally=replace(run.tally, **cut))


def _pair(estimate: Estimate) -> list[float | None]:
    """Mean and half-width as JSON can hold them; None for what is not a number."""
    return [x if np.isfinite(x) else None for x in (estimate.mean, estimate.half_width)]


def _numeric(settings: Any) -> bool:
    return all(isinstance(s, (int, float)) for s in settings)
