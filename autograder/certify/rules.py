"""Read the certification rules: one YAML file, checked against a JSON Schema."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from autograder.errors import CourseError

HERE = Path(__file__).parent
DEFAULT = HERE / "rules.yml"
SCHEMA = HERE / "rules.schema.json"

Text = dict[str, str]  # {"vi": …, "en": …}


@dataclass(frozen=True)
class Module:
    """One module of the course."""

    id: str
    name: Text


@dataclass(frozen=True)
class Level:
    """One kind of certificate and what it asks for; marks are out of 100."""

    id: str
    offered: bool
    name: Text
    about: Text
    each: float = 0.0
    average: float = 0.0


@dataclass(frozen=True)
class Rules:
    """The rules in force, with the digest of the file they came from."""

    version: str
    digest: str
    modules: tuple[Module, ...]
    levels: tuple[Level, ...]

    def module(self, target: str) -> Module | None:
        """Return the module with this id, or None."""
        return next((module for module in self.modules if module.id == target), None)

    def level(self, name: str) -> Level:
        """Return the level with this id."""
        return next(level for level in self.levels if level.id == name)


def load(path: Path = DEFAULT) -> Rules:
    """Read and check a rules file.

    Raises
    ------
    CourseError
        If the file cannot be read, breaks the schema, or names an id twice.
    """
    try:
        raw = path.read_bytes()
        data = yaml.safe_load(raw.decode("utf-8"))
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name a rules file that exists") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        detail = " ".join(str(error).split())[:120]
        raise CourseError(f"{path}: not readable YAML ({detail}); correct the file") from error
    _check(path, data)
    return Rules(
        version=data["version"],
        digest=hashlib.sha256(raw).hexdigest(),
        modules=tuple(Module(**module) for module in data["modules"]),
        levels=tuple(Level(**level) for level in data["levels"]),
    )


def _check(path: Path, data: Any) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    problem = next(
        iter(sorted(validator.iter_errors(data), key=lambda error: list(map(str, error.path)))), None
    )
    if problem is not None:
        field = ".".join(map(str, problem.path)) or "top level"
        raise CourseError(f"{path}: {field}: {problem.message[:160]}; see {SCHEMA.name}")
    for kind in ("modules", "levels"):
        ids = [item["id"] for item in data[kind]]
        double = next((name for name in ids if ids.count(name) > 1), None)
        if double:
            raise CourseError(f"{path}: {kind}: {double} is there twice; keep one")
    if not any(level["id"] == "module" and level["offered"] for level in data["levels"]):
        raise CourseError(
            f"{path}: levels: the level `module` is missing; every course certifies its modules"
        )
