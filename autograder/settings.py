"""What cohort.yml says: edition, language, the secret that hidden seeds come from, the site's address."""

from __future__ import annotations

import re
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from autograder.errors import CourseError
from linelab.texts import LANGUAGES

FILE = "cohort.yml"


@dataclass(frozen=True)
class Settings:
    """The settings of a cohort; `site` is the address of the course site, or empty."""

    edition: str
    language: str
    secret: str
    site: str = ""


def read_settings(folder: Path) -> Settings:
    """Read a cohort folder's settings; CourseError names the file and field that is wrong."""
    file = folder / FILE
    try:
        data: Any = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        said = str(error).splitlines()[0]
        raise CourseError(f"{file}: cannot be read ({said}); restore it from a copy") from None
    for name in [field.name for field in fields(Settings) if field.default is MISSING]:
        if not isinstance(data, dict) or not isinstance(data.get(name), str) or not data[name]:
            raise CourseError(f"{file}: {name} is missing; restore it from a copy")
    if data["language"] not in LANGUAGES:
        raise CourseError(f"{file}: language {data['language']!r}: use {' or '.join(LANGUAGES)}")
    site = web_address(data.get("site") or "", f"{file}: site")
    return Settings(data["edition"], data["language"], data["secret"], site)


def web_address(given: Any, where: str) -> str:
    """The address of a site, with a slash at its end; empty stays empty. Errors name `where` it was given."""
    if given and not (isinstance(given, str) and re.fullmatch(r"https?://[^\s#?\"'<>]+", given)):
        raise CourseError(f"{where}: {given!r} is no web address such as https://course.example/")
    return given.rstrip("/") + "/" if given else ""


def canvas_ids(folder: Path) -> dict[str, int]:
    """Canvas's own ids of the assignments, as cohort.yml has them under `canvas`; often none."""
    file = Path(folder) / FILE
    given = yaml.safe_load(file.read_text("utf-8")).get("canvas") or {}
    if not isinstance(given, dict) or not all(isinstance(x, int) for x in given.values()):
        raise CourseError(f"{file}: canvas: give numbers by assignment, such as {{w01: 1234}}")
    return {str(name): number for name, number in given.items()}


def gradebook_url(folder: Path) -> str:
    """Where the gradebook is: a file in the cohort folder, or what cohort.yml says under `gradebook`.

    Another place is a database that several graders share, such as
    ``postgresql://grader:password@host/cohort``.
    """
    file = Path(folder) / FILE
    try:
        data: Any = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError):
        data = None
    given = data.get("gradebook") if isinstance(data, dict) else None
    if given is not None and not (isinstance(given, str) and "://" in given):
        raise CourseError(
            f"{file}: gradebook: {given!r} is no address such as postgresql://user:word@host/name"
        )
    return given or f"sqlite:///{(Path(folder) / 'nbgrader' / 'gradebook.db').resolve()}"
