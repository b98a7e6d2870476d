"""The rules of a class for its exercises: deadlines, lateness, attempts; COHORT/exercise-rules.yml."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import jsonschema
import yaml

from autograder.assignments import assignments
from autograder.errors import CourseError

FILE = "exercise-rules.yml"
DEFAULT = Path(__file__).with_name(FILE)
SCHEMA = Path(__file__).with_name("exercise-rules.schema.json")


@dataclass(frozen=True)
class Rule:
    """What holds for one exercise.

    Attributes
    ----------
    deadline : datetime or None
        The moment after which work is late.
    grace : timedelta
        This much after the deadline is still on time.
    a_day, at_most : float
        Share of the points that each day begun after the deadline costs, and the most that is lost.
    refuse : bool
        What is late does not count.
    attempts : int or None
        How many count; None for any number.
    """

    deadline: datetime | None = None
    grace: timedelta = timedelta()
    a_day: float = 0.0
    at_most: float = 1.0
    refuse: bool = False
    attempts: int | None = None

    def lateness(self, handed_in: datetime) -> timedelta:
        """How much after the deadline; zero for what is on time."""
        if self.deadline is None or handed_in <= self.deadline + self.grace:
            return timedelta()
        return handed_in - self.deadline

    def lost(self, handed_in: datetime) -> float:
        """Share of the points that lateness costs, from 0 to 1."""
        days = math.ceil(self.lateness(handed_in) / timedelta(days=1))
        return round(min(self.at_most, days * self.a_day), 6)


@dataclass(frozen=True)
class Rules:
    """The rules of a class; times without a zone are meant in `zone`."""

    zone: ZoneInfo
    default: Rule
    exercises: Mapping[str, Rule] = field(default_factory=dict)

    def of(self, assignment: str) -> Rule:
        """The rule for one exercise."""
        return self.exercises.get(assignment, self.default)

    def moment(self, given: str) -> datetime:
        """A date, meaning the end of that day, or a date and time; ValueError if it is neither."""
        return _moment(given, self.zone)

    def shown(self, moment: datetime) -> str:
        """A moment as the class reads it."""
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def words(self) -> Iterator[str]:
        """What is in force, a line an exercise."""
        yield f"times are those of {self.zone.key}"
        named = sorted({*assignments(), *self.exercises})
        for name in named:
            there = "" if name in assignments() else " (not in this edition yet)"
            yield f"{name}{there}: {self._said(self.of(name))}"

    def _said(self, rule: Rule) -> str:
        parts = ["no deadline"]
        if rule.deadline:
            parts = [f"due {self.shown(rule.deadline)}"]
            if rule.grace:
                parts.append(f"on time up to {rule.grace.total_seconds() / 60:g} minutes later")
            if rule.refuse:
                parts.append("later work does not count and has 0 points")
            elif rule.a_day:
                parts.append(
                    f"each day begun after it costs {100 * rule.a_day:g} % of the points, "
                    f"at most {100 * rule.at_most:g} %"
                )
            else:
                parts.append("lateness costs nothing")
        if rule.attempts is None:
            parts.append("any number of attempts")
        else:
            parts.append(f"at most {rule.attempts} {'attempt' if rule.attempts == 1 else 'attempts'}")
        return "; ".join([*parts, "the last that counts is marked"])


def load_rules(folder: Path) -> Rules:
    """Read and check the rules of a cohort folder; a cohort without the file has the course's defaults.

    Raises
    ------
    CourseError
        If the file cannot be read or breaks its schema; it names the field and the fix.
    """
    path = Path(folder) / FILE
    path = path if path.is_file() else DEFAULT
    try:
        data = yaml.load(path.read_text("utf-8-sig"), _Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path}: cannot be read ({type(error).__name__}); save it as UTF-8") from None
    except yaml.YAMLError as error:
        detail = " ".join(str(error).split())[:160]
        raise CourseError(f"{path}: not readable YAML ({detail}); correct the file") from None
    _check(path, data)
    name = data.get("time_zone", "Asia/Ho_Chi_Minh")
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CourseError(
            f"{path}: time_zone: {name!r} is none; write one such as Asia/Ho_Chi_Minh"
        ) from None
    default = data.get("default") or {}
    given = data.get("exercises") or {}
    try:
        return Rules(
            zone,
            _rule("default", default, zone),
            {key: _rule(f"exercises.{key}", default | rule, zone) for key, rule in given.items()},
        )
    except ValueError as error:
        raise CourseError(f"{path}: {error}") from None


def _rule(where: str, data: Mapping[str, Any], zone: ZoneInfo) -> Rule:
    late = data.get("late", {"percent_a_day": 0})
    penalty = late if isinstance(late, dict) else {"percent_a_day": 0}
    deadline = data.get("deadline")
    try:
        due = None if deadline is None else _moment(deadline, zone)
    except ValueError:
        raise ValueError(
            f"{where}.deadline: {deadline!r} is no date; write 2027-01-15 or 2027-01-15 17:00"
        ) from None
    attempts = data.get("attempts", "unlimited")
    return Rule(
        due,
        timedelta(minutes=data.get("grace_minutes", 0)),
        penalty["percent_a_day"] / 100,
        penalty.get("percent_at_most", 100) / 100,
        late == "refuse",
        None if attempts == "unlimited" else attempts,
    )


def _moment(given: str, zone: ZoneInfo) -> datetime:
    given = given.strip()
    try:
        day = date.fromisoformat(given)
    except ValueError:
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC) - timedelta(seconds=1)


def _check(path: Path, data: Any) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))
    problems = sorted(validator.iter_errors(data), key=lambda error: list(map(str, error.path)))
    if problems:
        field_ = ".".join(map(str, problems[0].path)) or "top level"
        raise CourseError(f"{path}: {field_}: {problems[0].message[:160]}; see {DEFAULT} for an example")


class _Loader(yaml.SafeLoader):
    """Dates stay as they are written, and a name that is there twice is an error, not a silent loss."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        double = next((name for name in names if names.count(name) > 1), None)
        if double is not None:
            raise yaml.constructor.ConstructorError(
                None, None, f"{double!r} is there twice, keep one", node.start_mark
            )
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
