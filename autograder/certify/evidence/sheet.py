"""The sheet of a project, ``project.yml``: what was measured, when it was changed, who confirmed.

It has no field for a person's name: the company's confirmation is known by its date, the position of whoever
signed, and the file that holds it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from autograder.certify.rules import Strict
from autograder.errors import CourseError

FILE = "project.yml"
SCHEMA = Path(__file__).with_name("project.schema.json")
MAX_BYTES = 100_000
SMALLER, LARGER = "smaller", "larger"
PAIRED, INTERRUPTED = "paired", "interrupted"


@dataclass(frozen=True)
class Window:
    """The days of a period, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Confirmation:
    """The company's written confirmation."""

    on: date
    position: str
    file: str


@dataclass(frozen=True)
class Sheet:
    """A filled sheet.

    Attributes
    ----------
    title, change : str
        What the project is, and what was changed.
    measure, unit : str
        What was measured, in what.
    better : str
        `SMALLER` or `LARGER`: which values are good.
    changed : date
        The first day on which work was done the new way.
    before, after : Window
        The days whose data are compared; what lies between them is the time of getting used to it.
    data : str
        Name of the data file.
    comparison : str
        `PAIRED` or `INTERRUPTED`.
    pair : str
        The column that says which rows belong together, for a paired comparison.
    confirmation : Confirmation or None
        None while the company has not confirmed.
    """

    title: str
    change: str
    measure: str
    unit: str
    better: str
    changed: date
    before: Window
    after: Window
    data: str
    comparison: str
    pair: str
    confirmation: Confirmation | None


class _Plain(Strict):
    """YAML whose dates stay as they are written, so that the schema says what is wrong with one.

    It has no aliases: a few lines of them stand for more than any memory holds.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not taken")
        return super().compose_node(parent, index)


_Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in Strict.yaml_implicit_resolvers.items()
}


def read(folder: Path) -> Sheet:
    """Read and check the sheet of a project's folder; CourseError names the field and the fix."""
    path = folder / FILE
    try:
        if path.stat().st_size > MAX_BYTES:
            raise CourseError(f"{path}: over {MAX_BYTES // 1000} kB; keep to the fields of the template")
        data: Any = yaml.load(path.read_bytes().decode("utf-8-sig"), _Plain)
    except OSError as error:
        raise CourseError(
            f"{path}: {error.strerror}; `course certify evidence --template FOLDER` writes one to fill in"
        ) from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())[:120]
        raise CourseError(f"{path}: is not readable YAML ({said}); correct the line, save as UTF-8") from None
    _check(path, data)
    _shows(path, data, "")
    sheet = _sheet(path, data)
    _agree(path, sheet)
    return sheet


def _check(path: Path, data: Any) -> None:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    order = list(schema["properties"])  # as they stand in the template

    def place(error: jsonschema.ValidationError) -> tuple[int, list[str]]:
        names = list(map(str, error.path))
        return (order.index(names[0]) if names and names[0] in order else -1), names

    for problem in sorted(jsonschema.Draft202012Validator(schema).iter_errors(data), key=place):
        field = ".".join(map(str, problem.path)) or "top level"
        said = "is empty" if problem.instance == "" else problem.message[:120]
        fix = problem.schema.get("description", "see the template")
        raise CourseError(f"{path}: {field}: {said}; {fix}")


def _shows(path: Path, data: Any, field: str) -> None:
    """CourseError if a text holds what a terminal would obey, or nobody sees."""
    if isinstance(data, dict):
        for name, value in data.items():
            _shows(path, value, f"{field}.{name}" if field else name)
    elif isinstance(data, str) and not data.replace("\u00a0", " ").isprintable():
        raise CourseError(f"{path}: {field}: has line ends or characters that do not show; type it anew")


def _sheet(path: Path, data: dict[str, Any]) -> Sheet:
    def day(*names: str) -> date:
        found: Any = data
        for name in names:
            found = found[name]
        try:
            return date.fromisoformat(found)
        except ValueError:
            raise CourseError(
                f"{path}: {'.'.join(names)}: {found} is no day of the calendar; write it as 2026-08-31"
            ) from None

    confirmed = data.get("confirmation")
    return Sheet(
        title=data["title"].strip(),
        change=data["change"]["what"].strip(),
        measure=data["measure"]["name"].strip(),
        unit=data["measure"]["unit"].strip(),
        better=data["measure"]["better"],
        changed=day("change", "date"),
        before=Window(day("before", "from"), day("before", "to")),
        after=Window(day("after", "from"), day("after", "to")),
        data=data["data"]["file"],
        comparison=data["data"]["comparison"],
        pair=data["data"].get("pair", ""),
        confirmation=Confirmation(
            day("confirmation", "date"), confirmed["position"].strip(), confirmed["file"]
        )
        if confirmed
        else None,
    )


def _agree(path: Path, sheet: Sheet) -> None:
    order = (
        ("before.from", sheet.before.first, "before.to", sheet.before.last, True),
        ("before.to", sheet.before.last, "change.date", sheet.changed, False),
        ("change.date", sheet.changed, "after.from", sheet.after.first, True),
        ("after.from", sheet.after.first, "after.to", sheet.after.last, True),
    )
    for earlier, one, later, other, same in order:
        if one > other or (one == other and not same):
            raise CourseError(f"{path}: {later}: {other} is not after {earlier} ({one}); put them in order")
    if sheet.comparison == PAIRED and not sheet.pair:
        raise CourseError(f"{path}: data.pair: name the column that says which rows belong together")
