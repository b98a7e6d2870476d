"""A production line as data: stations in series with buffers between them.

A `Line` only describes. It knows no engine and no picture; it is frozen, hashable and round-trips through
YAML. Everything wrong with it is reported at once by one `LineError`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import yaml

from linelab.distributions import Distribution, distribution_from


class LineError(ValueError):
    """A line that cannot be simulated.

    Attributes
    ----------
    faults : tuple of str
        Each fault as ``path: what is wrong; how to mend it``.
    """

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


@dataclass(frozen=True)
class Failures:
    """Breakdowns of a station whose clock runs only while it works (operation-dependent failures).

    Parameters
    ----------
    time_to_failure, time_to_repair : Distribution
        In seconds; their means are MTBF and MTTR. The interrupted part is finished after the repair.
    """

    time_to_failure: Distribution
    time_to_repair: Distribution

    @property
    def availability(self) -> float:
        """MTBF / (MTBF + MTTR) (Hopp & Spearman, *Factory Physics*, 3rd ed., section 8.4.2)."""
        mtbf, mttr = self.time_to_failure.average, self.time_to_repair.average
        return mtbf / (mtbf + mttr)


@dataclass(frozen=True)
class Station:
    """One machine or workplace that works on one part at a time."""

    name: str
    process_time: Distribution
    failures: Failures | None = None

    @property
    def availability(self) -> float:
        return self.failures.availability if self.failures else 1.0

    @property
    def effective_time(self) -> float:
        """Effective process time t_e = t_0 / A in seconds (Hopp & Spearman, eq. 8.4)."""
        return self.process_time.average / self.availability


@dataclass(frozen=True)
class Buffer:
    """The lane between two neighbouring stations.

    Parameters
    ----------
    capacity : int
        Places for parts between the two machines; a part takes its place when it leaves the upstream machine
        and gives it back when the downstream machine starts on it. 0 means hand to hand.
    transfer_lot : int
        Parts are moved on only when so many have gathered; at most `capacity`.
    transfer_time : float
        Seconds that one move takes; moves do not wait for each other.
    """

    capacity: int
    transfer_lot: int = 1
    transfer_time: float = 0.0


@dataclass(frozen=True)
class Line:
    """Stations in series, saturated at the first, blocking after service, first in first out.

    Parameters
    ----------
    stations : sequence of Station
    buffers : sequence of Buffer or int
        One between each two neighbours; an int is a capacity.

    Raises
    ------
    LineError
        With every fault found, each with its path and fix.
    """

    stations: tuple[Station, ...]
    buffers: tuple[Buffer, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "stations", tuple(self.stations))
        lanes = tuple(
            Buffer(b) if isinstance(b, int) and not isinstance(b, bool) else b for b in self.buffers
        )
        object.__setattr__(self, "buffers", lanes)
        found = list(_faults(self))
        if found:
            raise LineError(found)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.stations)

    @property
    def raw_process_time(self) -> float:
        """T_0: sum of the mean process times in seconds, without waiting or outages."""
        return sum(s.process_time.average for s in self.stations)

    @property
    def bottleneck_rate(self) -> float:
        """r_b: parts a second of the station with the longest effective time."""
        return 1.0 / max(s.effective_time for s in self.stations)

    def change(self, settings: Mapping[str, Any]) -> Line:
        """Return a line with values replaced by path.

        Examples of paths: ``buffers[0].capacity``, ``buffers[*].transfer_lot``,
        ``stations.glue.failures.time_to_repair.mean``.
        """
        found: list[str] = []
        # several settings may pass through a state that only the last one makes valid
        data: Any = _Unchecked(self.stations, self.buffers)
        for path, value in settings.items():
            try:
                data = _replace_at(data, _tokens(path), value)
            except (LookupError, ValueError, AttributeError, TypeError):
                found.append(f"{path}: no such place in this line; stations are {', '.join(self.names)}")
        if found:
            raise LineError(found)
        return Line(data.stations, data.buffers)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that YAML and JSON can hold."""
        stations = []
        for s in self.stations:
            entry: dict[str, Any] = {"name": s.name, "process_time": s.process_time.to_dict()}
            if s.failures:
                entry["failures"] = {
                    "time_to_failure": s.failures.time_to_failure.to_dict(),
                    "time_to_repair": s.failures.time_to_repair.to_dict(),
                }
            stations.append(entry)
        return {
            "stations": stations,
            "buffers": [{f.name: getattr(b, f.name) for f in fields(b)} for b in self.buffers],
        }

    @classmethod
    def from_dict(cls, data: Any, path: str = "line") -> Line:
        """Build a line from plain data.

        Raises
        ------
        LineError
            With every unknown, missing or impossible field.
        """
        found: list[str] = []
        if not isinstance(data, dict):
            raise LineError([f"{path}: needs `stations:` and `buffers:`"])
        _unknown(data, ("stations", "buffers"), path, found)
        stations = [
            _station(s, f"{path}.stations[{i}]", found) for i, s in enumerate(data.get("stations") or [])
        ]
        buffers = [_buffer(b, f"{path}.buffers[{i}]", found) for i, b in enumerate(data.get("buffers") or [])]
        if found:
            raise LineError(found)
        return cls(tuple(s for s in stations if s), tuple(b for b in buffers if b))

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> Line:
        try:
            return cls.from_dict(yaml.safe_load(text))
        except yaml.YAMLError as error:
            raise LineError([f"line: not YAML; {str(error).splitlines()[0]}"]) from None

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
            rows.append(
                f"{s.name:<12}{s.process_time.average:>8.1f}{s.process_time.scv**0.5:>6.2f}{outage}{after}"
            )
        return "\n".join(rows)


MAX_STATIONS, MAX_CAPACITY = 100, 1_000_000


def _faults(line: Line) -> Iterable[str]:
    if not 1 <= len(line.stations) <= MAX_STATIONS:
        yield f"stations: {len(line.stations)} given; a line has 1 to {MAX_STATIONS}"
    if len(line.buffers) != max(len(line.stations) - 1, 0):
        need = len(line.stations) - 1
        yield f"buffers: {len(line.buffers)} given; {len(line.stations)} stations need {need}"
    seen: set[str] = set()
    for i, s in enumerate(line.stations):
        if not isinstance(s.name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", s.name):
            yield f"stations[{i}].name: {s.name!r} must start with a letter and hold letters, digits, - or _"
        elif s.name in seen:
            yield f"stations[{i}].name: {s.name!r} is used twice; give each station its own name"
        seen.add(s.name)
        yield from s.process_time.faults(f"stations.{s.name}.process_time")
        if s.failures:
            for field in fields(s.failures):
                value: Distribution = getattr(s.failures, field.name)
                path = f"stations.{s.name}.failures.{field.name}"
                yield from value.faults(path)
                if value.average <= 0:
                    yield f"{path}: mean must be above zero"
    for i, b in enumerate(line.buffers):
        for name, low in (("capacity", 0), ("transfer_lot", 1)):
            value = getattr(b, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= MAX_CAPACITY:
                yield f"buffers[{i}].{name}: {value!r} must be a whole number from {low} to {MAX_CAPACITY}"
                return
        if b.transfer_lot > max(b.capacity, 1):
            yield (
                f"buffers[{i}]: a lot of {b.transfer_lot} cannot gather in {b.capacity} places; "
                "raise capacity or lower transfer_lot"
            )
        if not isinstance(b.transfer_time, (int, float)) or not 0 <= b.transfer_time < 1e9:
            yield f"buffers[{i}].transfer_time: {b.transfer_time!r} must be seconds, zero or more"
        elif b.transfer_time and not b.capacity:
            yield f"buffers[{i}].transfer_time: hand to hand (capacity 0) takes no time; raise capacity"


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
        index = int(head) if head.isdigit() else [getattr(item, "name", None) for item in node].index(head)
        return (*node[:index], _replace_at(node[index], rest, value), *node[index + 1 :])
    if is_dataclass(node) and not isinstance(node, type):
        if head not in {f.name for f in fields(node)}:
            raise KeyError(head)
        return replace(node, **{head: _replace_at(getattr(node, head), rest, value)})
    raise KeyError(head)


@dataclass(frozen=True)
class _Unchecked:
    """A line half-way through a change, before its faults are looked for."""

    stations: tuple[Station, ...]
    buffers: tuple[Buffer, ...]


def _unknown(data: Mapping[str, Any], allowed: tuple[str, ...], path: str, found: list[str]) -> None:
    for key in data:
        if key not in allowed:
            found.append(f"{path}.{key}: unknown field; allowed are {', '.join(allowed)}")


def _station(data: Any, path: str, found: list[str]) -> Station | None:
    if not isinstance(data, dict) or "name" not in data or "process_time" not in data:
        found.append(f"{path}: needs `name:` and `process_time:`")
        return None
    _unknown(data, ("name", "process_time", "failures"), path, found)
    time = distribution_from(data["process_time"], f"{path}.process_time", found)
    failures = None
    if data.get("failures") is not None:
        given = data["failures"]
        if not isinstance(given, dict) or {"time_to_failure", "time_to_repair"} - set(given):
            found.append(f"{path}.failures: needs `time_to_failure:` and `time_to_repair:`")
            return None
        _unknown(given, ("time_to_failure", "time_to_repair"), f"{path}.failures", found)
        ttf = distribution_from(given["time_to_failure"], f"{path}.failures.time_to_failure", found)
        ttr = distribution_from(given["time_to_repair"], f"{path}.failures.time_to_repair", found)
        failures = Failures(ttf, ttr) if ttf and ttr else None
    return Station(data["name"], time, failures) if time else None


def _buffer(data: Any, path: str, found: list[str]) -> Buffer | None:
    if isinstance(data, int) and not isinstance(data, bool):
        return Buffer(data)
    if not isinstance(data, dict) or "capacity" not in data:
        found.append(f"{path}: needs a capacity in parts")
        return None
    _unknown(data, tuple(f.name for f in fields(Buffer)), path, found)
    known = {f.name: data[f.name] for f in fields(Buffer) if f.name in data}
    return Buffer(**known)
