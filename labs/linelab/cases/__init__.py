"""The factory cases: one YAML file each, read and validated by one loader.

A case is a line with its words in both languages, the levers that a plan may set and what they cost, what
it must keep, what differs between trainees, and the questions that are asked about it. It holds no solutions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import yaml

from linelab.cases.questions import Question, read_questions
from linelab.model import Line, LineError

Text = Mapping[str, str]  # {"vi": …, "en": …}
Plan = Mapping[str, Any]  # lever -> setting


class CaseError(ValueError):
    """A case or a plan that cannot be used: names the field and the fix."""


@dataclass(frozen=True)
class Lever:
    """A thing that a plan may set.

    Attributes
    ----------
    paths : tuple of str
        Where the setting goes in the line; empty for a lever that moves no part.
    costs : mapping
        Setting to cost in million VND, the setting of today first.
    """

    name: str
    paths: tuple[str, ...]
    label: Text
    unit: Text
    help: Text
    costs: Mapping[Any, float]

    @property
    def today(self) -> Any:
        return next(iter(self.costs))


@dataclass(frozen=True)
class Claim:
    """A promise to be tested: with lever `lever` at `setting`, `metric` changes by `share` of itself."""

    lever: str
    setting: Any
    metric: str
    share: float
    label: Text


@dataclass(frozen=True)
class Case:
    """A factory case; times in seconds, money in million VND.

    Attributes
    ----------
    part, parts : {"vi": str, "en": str}
        What flows, described once, and its short name in the plural for units.
    per : {"hour", "shift"}
        What the shop floor counts its throughput by.
    goal : {"vi": str, "en": str}
        What a plan is to reach.
    keep_share : float
        Share of today's throughput that a plan must keep; zero if none must be kept.
    plant : mapping
        Settings at which the line is as the plant itself, for a model that has to be made right; else empty.
    claim : Claim, optional
        What somebody promises of a lever.
    """

    id: str
    title: Text
    part: Text
    parts: Text
    per: str
    goal: Text
    line: Line
    station_labels: Mapping[str, Text]
    shift: float
    demand: int
    warm_up: float
    horizon: float
    budget: float
    levers: tuple[Lever, ...]
    keep_share: float
    variation: tuple[Mapping[str, Any], ...]
    questions: Mapping[str, Question]
    plant: Mapping[str, Any]
    claim: Claim | None

    @property
    def takt(self) -> float:
        """Takt time in seconds: working time of a shift / demand of a shift (ISO 22400-2; Rother & Shook)."""
        return self.shift / self.demand

    @property
    def period(self) -> float:
        """Seconds in what the throughput is counted by."""
        return self.shift if self.per == "shift" else 3600.0

    def figure(self, path: str) -> float:
        """The demand, or the figure of the line at a path such as ``stations.glue.process_time.mean``."""
        return float(self.demand) if path == "demand" else _value_at(self.line, path)

    def lever(self, name: str) -> Lever:
        for lever in self.levers:
            if lever.name == name:
                return lever
        raise CaseError(f"plan: {name!r} is no lever; there are {', '.join(x.name for x in self.levers)}")

    def faults(self, plan: Plan) -> list[str]:
        """What is wrong with a plan: unknown levers or settings, a line that cannot run, over budget."""
        found = self.misfits(plan)
        if not self._unknown(plan) and self.cost(plan) > self.budget:
            found.append(f"plan: costs {self.cost(plan):g}, the budget is {self.budget:g} million VND")
        return found

    def misfits(self, plan: Plan) -> list[str]:
        """Why a plan cannot be simulated, whatever it costs."""
        unknown = self._unknown(plan)
        if unknown:
            return unknown
        try:
            self.apply(plan)
        except LineError as error:
            return list(error.faults)
        return []

    def _unknown(self, plan: Plan) -> list[str]:
        """Levers and settings of a plan that the case has not."""
        found = []
        for name, setting in plan.items():
            try:
                lever = self.lever(name)
            except CaseError as error:
                found.append(str(error))
                continue
            if isinstance(setting, bool) or setting not in lever.costs:
                found.append(f"plan.{name}: {setting!r} is not one of {', '.join(map(str, lever.costs))}")
        return found

    def cost(self, plan: Plan) -> float:
        """Cost of a plan in million VND."""
        return float(sum(self.lever(name).costs[setting] for name, setting in plan.items()))

    def apply(self, plan: Plan) -> Line:
        """The line as the plan makes it.

        Raises
        ------
        LineError
            If the settings cannot go together.
        """
        settings = {path: plan[name] for name in plan for path in self.lever(name).paths}
        return self.line.change(settings)

    def variant(self, trainee: str, edition: str) -> Case:
        """The same case with a trainee's own numbers, always the same for one trainee and edition."""
        digest = hashlib.sha256(f"{edition}|{trainee}|{self.id}".encode()).digest()
        rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
        changes, demand = {}, self.demand
        for rule in self.variation:
            factor = rule["low"] + (rule["high"] - rule["low"]) * float(rng.random())
            value = round(self.figure(rule["path"]) * factor / rule["step"]) * rule["step"]
            if rule["path"] == "demand":
                demand = int(value)
            else:
                changes[rule["path"]] = float(value)
        return replace(self, line=self.line.change(changes), demand=demand)


def _value_at(line: Line, path: str) -> float:
    node: Any = line.to_dict()
    for token in path.split("."):
        node = next(s for s in node if s["name"] == token) if isinstance(node, list) else node[token]
    return float(node)


def names() -> list[str]:
    """Ids of the cases that this package carries."""
    return sorted(f.name[:-4] for f in files(__package__).iterdir() if f.name.endswith(".yml"))


@cache
def load(name: str) -> Case:
    """Read the case of that id.

    Raises
    ------
    CaseError
        If there is no such case or its file is wrong; names the field.
    """
    if name not in names():
        raise CaseError(f"case {name!r}: there is none; there are {', '.join(names())}")
    return read(files(__package__).joinpath(f"{name}.yml").read_text("utf-8"), f"{name}.yml")


def _one_of(data: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = data[name]
    if value not in allowed:
        raise KeyError(f"{name} (one of {', '.join(allowed)})")
    return str(value)


def read(text: str, source: str) -> Case:
    """Read a case from YAML text; `source` names the file in errors."""
    try:
        data = yaml.safe_load(text)
        line = Line.from_dict(data["line"])
        return Case(
            id=data["id"],
            title=data["title"],
            part=data["part"],
            parts=data["parts"],
            per=_one_of(data, "per", ("hour", "shift")),
            goal=data["goal"],
            line=line,
            station_labels=data["stations"],
            shift=float(data["shift"]),
            demand=int(data["demand"]),
            warm_up=float(data["warm_up"]),
            horizon=float(data["horizon"]),
            budget=float(data["budget"]),
            levers=tuple(
                Lever(n, tuple(x["paths"]), x["label"], x["unit"], x["help"], x["options"])
                for n, x in data["levers"].items()
            ),
            keep_share=float(data["keep_share"]),
            variation=tuple(data["variant"]),
            questions=read_questions(data["questions"]),
            plant=data.get("plant", {}),
            claim=Claim(**data["claim"]) if "claim" in data else None,
        )
    except yaml.YAMLError as error:
        raise CaseError(f"{source}: not YAML; {str(error).splitlines()[0]}") from None
    except KeyError as error:
        raise CaseError(f"{source}: {error.args[0]} is missing") from None
    except LineError as error:
        raise CaseError(f"{source}: {error}") from None
