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
    """One module of the course; `weight` is its share in the average."""

    id: str
    name: Text
    weight: float = 1.0


@dataclass(frozen=True)
class Marks:
    """The exercises of the modules, out of 100; `attempts` None: every hand-in counts."""

    each: float
    average: float | None = None
    attempts: int | None = None


@dataclass(frozen=True)
class Exam:
    """An exam, out of 100; `attempts` None: any number of them."""

    passing: float
    attempts: int | None = None
    wait_days: int = 0


@dataclass(frozen=True)
class SignOffs:
    """How many people sign off, in which roles, and how many of them did not train the candidate."""

    number: int
    roles: tuple[str, ...]
    not_trainers: int


@dataclass(frozen=True)
class Project:
    """An on-site project: weeks of data after the change, the company's confirmation, sign-offs."""

    after_weeks: float
    confirmed: bool
    sign_offs: SignOffs


@dataclass(frozen=True)
class Needs:
    """The parts of a certificate; what is None is not asked for."""

    marks: Marks | None = None
    level: str | None = None
    exam: Exam | None = None
    case: Exam | None = None
    project: Project | None = None


@dataclass(frozen=True)
class Renewal:
    """What prolongs a certificate, and how many months before its end."""

    opens_months: int
    needs: Needs


@dataclass(frozen=True)
class Level:
    """One kind of certificate and what it asks for; `valid_years` None: without end."""

    id: str
    offered: bool
    name: Text
    about: Text
    needs: Needs = Needs()
    valid_years: int | None = None
    renewal: Renewal | None = None

    @property
    def each(self) -> float:
        """Return the pass mark of a module, where the level asks for marks."""
        return self.needs.marks.each if self.needs.marks else 0.0


@dataclass(frozen=True)
class Rules:
    """A version of the rules, with the digest of the file they came from.

    `retention` says for attempts, evidence, appeals and names how many months they are kept.
    """

    version: str
    digest: str
    modules: tuple[Module, ...]
    levels: tuple[Level, ...]
    file_days: int
    decide_days: int
    retention: dict[str, int]

    def module(self, target: str) -> Module | None:
        """Return the module with this id, or None."""
        return next((module for module in self.modules if module.id == target), None)

    def level(self, name: str) -> Level:
        """Return the level with this id."""
        return next(level for level in self.levels if level.id == name)

    def title(self, level: Level, target: str) -> Text:
        """Return the name of a certificate; that of a module names the module, too."""
        module = self.module(target)
        if level.id != "module" or module is None:
            return level.name
        return {language: f"{level.name[language]}: {module.name[language]}" for language in level.name}


def load(path: Path = DEFAULT) -> Rules:
    """Read and check a rules file.

    Raises
    ------
    CourseError
        If the file cannot be read, breaks the schema, or contradicts itself.
    """
    try:
        raw = path.read_bytes()
        data = yaml.load(raw.decode("utf-8"), Strict)
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name a rules file that exists") from error
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        detail = " ".join(str(error).split())[:120]
        raise CourseError(f"{path}: not readable YAML ({detail}); correct the file") from error
    _check(path, data)
    rules = Rules(
        version=data["version"],
        digest=hashlib.sha256(raw).hexdigest(),
        modules=tuple(Module(**module) for module in data["modules"]),
        levels=tuple(_level(level) for level in data["levels"]),
        file_days=data["appeals"]["file_days"],
        decide_days=data["appeals"]["decide_days"],
        retention=data["retention"],
    )
    _agree(path, rules)
    return rules


class Strict(yaml.SafeLoader):
    """A key that is there twice would silently win over the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        double = next((key for key in keys if keys.count(key) > 1), None)
        if double:
            raise yaml.YAMLError(f"{double} is there twice, line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def _level(data: dict[str, Any]) -> Level:
    plain = {name: value for name, value in data.items() if name not in ("needs", "renewal")}
    renewal = data.get("renewal")
    return Level(
        **plain,
        needs=_needs(data.get("needs", {})),
        renewal=Renewal(renewal["opens_months"], _needs(renewal["needs"])) if renewal else None,
    )


def _needs(data: dict[str, Any]) -> Needs:
    def exam(part: dict[str, Any] | None) -> Exam | None:
        return Exam(part["pass"], part.get("attempts"), part.get("wait_days", 0)) if part else None

    project = data.get("project")
    if project:
        signs = project["sign_offs"]
        sign_offs = SignOffs(signs["number"], tuple(signs["roles"]), signs["not_trainers"])
    return Needs(
        marks=Marks(**data["marks"]) if "marks" in data else None,
        level=data.get("level"),
        exam=exam(data.get("exam")),
        case=exam(data.get("case")),
        project=Project(project["after_weeks"], project["confirmed"], sign_offs) if project else None,
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


def _agree(path: Path, rules: Rules) -> None:
    before: list[str] = []
    for level in rules.levels:
        for needs in (level.needs, *([level.renewal.needs] if level.renewal else [])):
            if needs.level and needs.level not in before:
                raise CourseError(
                    f"{path}: levels: {level.id}: level: {needs.level} does not stand before; move it up"
                )
            signs = needs.project.sign_offs if needs.project else None
            if signs and signs.not_trainers > signs.number:
                raise CourseError(
                    f"{path}: levels: {level.id}: sign_offs: not_trainers is more than number; lower it"
                )
        if level.offered:
            before.append(level.id)
