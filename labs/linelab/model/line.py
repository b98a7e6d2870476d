"""The line: stations in series with what flows between them. Frozen, hashable, YAML in and out.

Everything wrong with it is reported at once by one `LineError`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import yaml

from linelab.model.faults import LineError, whole
from linelab.model.flow import (
    Arrivals,
    Buffer,
    Conwip,
    Demand,
    DrumBufferRope,
    Kanban,
    Mix,
    Operators,
    Push,
    Saturated,
    Schedule,
    Vehicles,
)
from linelab.model.plain import distribution_schema, from_plain, schema_of, to_plain
from linelab.model.station import NAME, Station

MAX_STATIONS = 100
_SATURATED, _PUSH = Saturated(), Push()


@dataclass(frozen=True)
class Line:
    """Stations in series with buffers between them.

    Without further words the first station is saturated, a station that has finished a part is blocked while
    the next lane is full (blocking after service), and parts keep their order.

    Parameters
    ----------
    stations : sequence of Station
    buffers : sequence of Buffer or int
        One between each two neighbours; an int is a capacity.
    release : Saturated, Arrivals or Schedule
        When parts become available to the first station.
    control : Push, Conwip, Kanban or DrumBufferRope
        What a part needs besides, to enter or to move on.
    mix : Mix, optional
        Products; without one all parts are alike.
    operators : sequence of Operators
    vehicles : sequence of Vehicles
    demand : Demand, optional
        Customers; without them a finished part leaves at once.
    feeders : sequence of Feeder

    Raises
    ------
    LineError
        With every fault found, each with its path and fix.
    """

    stations: tuple[Station, ...]
    buffers: tuple[Buffer, ...] = ()
    release: Saturated | Arrivals | Schedule = _SATURATED
    control: Push | Conwip | Kanban | DrumBufferRope = _PUSH
    mix: Mix | None = None
    operators: tuple[Operators, ...] = ()
    vehicles: tuple[Vehicles, ...] = ()
    demand: Demand | None = None
    feeders: tuple[Feeder, ...] = ()

    def __post_init__(self) -> None:
        for name in ("stations", "operators", "vehicles", "feeders"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        lanes = tuple(
            Buffer(b) if isinstance(b, int) and not isinstance(b, bool) else b for b in self.buffers
        )
        object.__setattr__(self, "buffers", lanes)
        found = list(_faults(self))
        if found:
            raise LineError(found)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the stations, those of feeders after those of the line itself."""
        own = tuple(s.name for s in self.stations)
        return own + tuple(name for feeder in self.feeders for name in feeder.line.names)

    @property
    def products(self) -> tuple[str, ...]:
        """Names of the products; one without a name if all parts are alike."""
        return self.mix.names if self.mix else ("",)

    @property
    def raw_process_time(self) -> float:
        """T_0: sum of the mean process times in seconds, without waiting or outages."""
        return sum(s.process_time.average / s.speed for s in self.stations)

    @property
    def bottleneck_rate(self) -> float:
        """r_b: finished parts a second of the station with the longest effective time."""
        needed, slowest = 1.0, 0.0  # parts that a station takes up for each finished part of the line
        for s in reversed(self.stations):
            needed *= s.joins / s.splits
            slowest = max(slowest, s.effective_time * needed)
        return 1.0 / slowest

    def change(self, settings: Mapping[str, Any]) -> Line:
        """Return a line with values replaced by path.

        Examples of paths: ``buffers[0].capacity``, ``buffers[*].transfer_lot``,
        ``stations.glue.failures.time_to_repair.mean``, ``control.cards``.
        """
        found: list[str] = []
        # several settings may pass through a state that only the last one makes valid
        data: Any = _Unchecked(*(getattr(self, f.name) for f in fields(self)))
        for path, value in settings.items():
            try:
                data = _replace_at(data, _tokens(path), value)
            except (LookupError, ValueError, AttributeError, TypeError):
                found.append(f"{path}: no such place in this line; stations are {', '.join(self.names)}")
        if found:
            raise LineError(found)
        return Line(*(getattr(data, f.name) for f in fields(data)))

    def to_dict(self) -> dict[str, Any]:
        """Plain data that YAML and JSON can hold."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_dict(cls, data: Any, path: str = "line") -> Line:
        """Build a line from plain data.

        Raises
        ------
        LineError
            With every unknown, missing or impossible field.
        """
        if not isinstance(data, dict):
            raise LineError([f"{path}: needs `stations:` and `buffers:`"])
        found: list[str] = []
        line = from_plain(cls, data, path, found)
        if found:
            raise LineError(found)
        assert isinstance(line, Line)
        return line

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> Line:
        """Read a line from YAML; LineError with every fault."""
        try:
            return cls.from_dict(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise LineError([f"line: not YAML; {str(error).splitlines()[0]}"]) from None

    @staticmethod
    def schema() -> dict[str, Any]:
        """JSON Schema (draft 2020-12) of a line's plain data, published as ``linelab/line.schema.json``."""
        definitions: dict[str, Any] = {"Distribution": distribution_schema()}
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "linelab line",
            **schema_of(Line, definitions),
            "$defs": definitions,
        }

    def __str__(self) -> str:
        rows = [f"{'station':<12}{'mean s':>8}{'cv':>6}{'MTBF s':>9}{'MTTR s':>8}   buffer after"]
        for i, s in enumerate(self.stations):
            f = s.failures
            outage = (
                f"{f.time_to_failure.average:>9.0f}{f.time_to_repair.average:>8.0f}"
                if f
                else f"{'-':>9}{'-':>8}"
            )
            lane = self.buffers[i] if i < len(self.buffers) else None
            after = f"   {lane.capacity} places, lots of {lane.transfer_lot}" if lane else ""
            name = s.name if s.machines == 1 else f"{s.name} x{s.machines}"
            rows.append(
                f"{name:<12}{s.process_time.average:>8.1f}{s.process_time.scv**0.5:>6.2f}{outage}{after}"
            )
        if not isinstance(self.release, Saturated) or not isinstance(self.control, Push):
            rows.append(f"release {self.release.kind}, control {self.control.kind}")
        return "\n".join(rows)


@dataclass(frozen=True)
class Feeder:
    """A line of its own that makes a component for one station of the main line.

    Parameters
    ----------
    line : Line
        Saturated and pushed; it stops when its lane is full.
    into : str
        Station of the main line that needs the component.
    per_part : int
        Components for each part that the station turns out.
    capacity : int
        Places for finished components.
    """

    line: Line
    into: str
    per_part: int = 1
    capacity: int = 1

    def faults(self, path: str, names: tuple[str, ...]) -> Iterator[str]:
        if self.into not in names:
            yield f"{path}.into: {self.into!r} is no station of the main line; there are {', '.join(names)}"
        yield from whole(self.per_part, f"{path}.per_part", high=10_000)
        yield from whole(self.capacity, f"{path}.capacity")


def _faults(line: Line) -> Iterable[str]:
    if not 1 <= len(line.stations) <= MAX_STATIONS:
        yield f"stations: {len(line.stations)} given; a line has 1 to {MAX_STATIONS}"
    if len(line.buffers) != max(len(line.stations) - 1, 0):
        need = len(line.stations) - 1
        yield f"buffers: {len(line.buffers)} given; {len(line.stations)} stations need {need}"
    wrong = [f"stations[{i}]" for i, s in enumerate(line.stations) if not isinstance(s, Station)]
    wrong += [f"buffers[{i}]" for i, b in enumerate(line.buffers) if not isinstance(b, Buffer)]
    if wrong:
        yield from (f"{path}: must be a {path[:-1].split('[')[0][:-1].capitalize()}" for path in wrong)
        return
    names, seen = line.names, set()
    for i, name in enumerate(names):
        if not isinstance(name, str) or not NAME.fullmatch(name):
            yield f"stations[{i}].name: {name!r} must start with a letter and hold letters, digits, - or _"
        elif name in seen:
            yield f"stations[{i}].name: {name!r} is used twice; give each station its own name"
        seen.add(name)
    own = tuple(s.name for s in line.stations)
    for i, s in enumerate(line.stations):
        yield from s.faults(f"stations.{s.name}", own[:i], line.products)
        back = s.inspection.rework if s.inspection else None
        if back in own[: i + 1] and any(
            p.joins * p.splits > 1 for p in line.stations[own.index(back) : i + 1]
        ):
            path = f"stations.{s.name}.inspection.rework"
            yield f"{path}: {back!r} would join or split the part again; send it to a later station"
    carriers = tuple(v.name for v in line.vehicles)
    for i, b in enumerate(line.buffers):
        yield from b.faults(f"buffers[{i}]", carriers)
    yield from line.release.faults("release")
    yield from line.control.faults("control", own)
    if line.mix:
        yield from line.mix.faults("mix", own)
    for i, crew in enumerate(line.operators):
        yield from crew.faults(f"operators[{i}]", own)
    for i, vehicle in enumerate(line.vehicles):
        yield from vehicle.faults(f"vehicles[{i}]")
    if line.demand:
        yield from line.demand.faults("demand")
    for i, feeder in enumerate(line.feeders):
        yield from feeder.faults(f"feeders[{i}]", own)
        inner = feeder.line
        plain = isinstance(inner.release, Saturated) and isinstance(inner.control, Push)
        if not plain or inner.feeders or inner.demand or inner.mix or inner.operators or inner.vehicles:
            yield f"feeders[{i}].line: must be saturated and pushed, of one product, without people or demand"
    yield from _deadlocks(line)


def _deadlocks(line: Line) -> Iterable[str]:
    """Capacities that a line stops for ever with."""
    for s, lane in zip(line.stations[1:], line.buffers, strict=False):
        taken = s.batch * s.joins  # less can lie still, short of a lot and of a batch
        need = lane.transfer_lot + taken - math.gcd(lane.transfer_lot, taken)
        if lane.transfer_lot <= lane.capacity < need:
            yield f"stations.{s.name}: its lane of {lane.capacity} places can jam; give it {need} or more"
    for i, feeder in enumerate(line.feeders):
        into = next((s for s in line.stations if s.name == feeder.into), None)
        need = feeder.per_part * into.batch * into.splits if into else 0
        if feeder.capacity < need:
            yield f"feeders[{i}].capacity: {feeder.capacity} places never hold the {need} needed; raise it"
    # parts that may lie still in unfinished lots and batches, in cards; one more is needed to move any. Parts
    # come to each gathering place in groups of what gathered before, unless an inspection takes some out.
    still, weight, group, stuck = 0, 1, 1, {}
    lots = [b.transfer_lot for b in line.buffers] + [1]
    for s, lot in zip(line.stations, lots, strict=False):
        taken = s.batch * s.joins
        still += weight * (taken - math.gcd(group, taken))
        weight *= s.joins
        group = s.batch * s.splits if taken > 1 else group * s.splits
        stuck[s.name] = still
        group = 1 if s.inspection else group
        if lot > 1:
            still += weight * (lot - math.gcd(group, lot))
            group = lot
    control, last = line.control, line.stations[-1].name
    if isinstance(control, Conwip) and line.demand and control.cards < len(line.products):
        yield f"control.cards: {control.cards} cannot stock each product; give {len(line.products)} or more"
    if isinstance(control, Conwip) and control.cards <= stuck[last]:
        yield f"control.cards: {control.cards} can all lie in unfinished lots; give {stuck[last] + 1} or more"
    if isinstance(control, DrumBufferRope) and control.rope <= stuck.get(control.drum, 0):
        need = stuck[control.drum] + 1
        yield f"control.rope: {control.rope} can all lie in unfinished lots; give {need} or more"
    if isinstance(control, Kanban) and len(control.cards) == len(line.stations):
        together = [s.batch * s.joins for s in line.stations[1:]] + [1]
        for i, (s, lot, taken) in enumerate(zip(line.stations, lots, together, strict=True)):
            need = s.batch * s.splits + lot - 1 + taken - math.gcd(lot, taken)
            if control.cards[i] < need:
                few = control.cards[i]
                yield f"control.cards[{i}]: {few} cards never move what lies after {s.name}; give {need}"


def _tokens(path: str) -> list[str]:
    return [t for t in re.split(r"[.\[\]]+", path) if t]


def _replace_at(node: Any, tokens: list[str], value: Any) -> Any:
    """Copy `node` with the place that `tokens` lead to replaced; nothing is validated on the way."""
    if not tokens:
        return value
    head, rest = tokens[0], tokens[1:]
    if isinstance(node, tuple):
        if head == "*":
            return tuple(_replace_at(item, rest, value) for item in node)
        index = int(head) if head.isdigit() else [_name_of(item) for item in node].index(head)
        item = node[index]
        if isinstance(item, tuple) and item[:1] == (head,):  # a row of a table: replace what it maps to
            return (*node[:index], (head, _replace_at(item[1], rest, value)), *node[index + 1 :])
        return (*node[:index], _replace_at(item, rest, value), *node[index + 1 :])
    if is_dataclass(node) and not isinstance(node, type):
        if head not in {f.name for f in fields(node)}:
            raise KeyError(head)
        return replace(node, **{head: _replace_at(getattr(node, head), rest, value)})
    raise KeyError(head)


def _name_of(item: Any) -> Any:
    return item[0] if isinstance(item, tuple) and item else getattr(item, "name", None)


@dataclass(frozen=True)
class _Unchecked:
    """A line half-way through a change, before its faults are looked for."""

    stations: Any
    buffers: Any
    release: Any
    control: Any
    mix: Any
    operators: Any
    vehicles: Any
    demand: Any
    feeders: Any
