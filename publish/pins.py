"""Reads and writes `pins.json`: every file that comes from elsewhere, with the sha256 it must have.

A group ("vendor", "pyodide", "wheels") is a list of packages; a package is where files come from:

``from``
    ``npm:NAME@VERSION``, ``pip:NAME==VERSION`` (the wheel) or ``https://…/`` (a folder of files).
``files``
    ``path`` in the package (or the wheel's own name), its ``sha256``, and for "vendor" ``to``, its place
    under ``assets/vendor/``. ``replace`` lists [old, new] texts to change in the copy that is published
    (never before the hash is checked), for files that name a host to ask.
``cdn``
    A folder on a CDN that has the same files, tried after the package clients.
``options``
    More options for `pip download`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publish.errors import PublishError

PINS = Path(__file__).with_name("pins.json")


@dataclass(frozen=True)
class PinnedFile:
    """One file of a package and what it must hash to."""

    path: str
    sha256: str
    to: str = ""
    replace: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The file's own name."""
        return self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Package:
    """One source of files; its clients are in `publish.sources`."""

    source: str
    files: tuple[PinnedFile, ...]
    cdn: str = ""
    options: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``npm``, ``pip`` or ``https``."""
        return self.source.partition(":")[0]

    @property
    def spec(self) -> str:
        """What the package client is asked for, such as ``simpy==4.1.1``."""
        return self.source.partition(":")[2]

    def urls(self, file: PinnedFile) -> list[str]:
        """Where a CDN has the file."""
        if self.kind == "https":
            return [self.source.rstrip("/") + "/" + file.path]
        if self.cdn:
            return [self.cdn.rstrip("/") + "/" + file.name]
        if self.kind == "npm":
            return [f"https://cdn.jsdelivr.net/npm/{self.spec}/{file.path}"]
        return []


def load(group: str, pins: Path = PINS) -> list[Package]:
    """The packages of a group of `pins.json`."""
    try:
        entries = json.loads(pins.read_text("utf-8"))[group]
        return [_package(entry) for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PublishError(
            f"{pins}: group {group!r} cannot be read ({error!r}); restore it from git"
        ) from None


def _package(entry: dict[str, Any]) -> Package:
    files = tuple(
        PinnedFile(
            path=file["path"],
            sha256=file["sha256"],
            to=file.get("to", ""),
            replace=tuple((old, new) for old, new in file.get("replace", ())),
        )
        for file in entry["files"]
    )
    return Package(entry["from"], files, entry.get("cdn", ""), tuple(entry.get("options", ())))


def add(group: str, entry: dict[str, Any], pins: Path = PINS) -> None:
    """Write an entry into a group, in place of one of the same package in another version."""
    groups = json.loads(pins.read_text("utf-8")) if pins.exists() else {}
    entries = groups.setdefault(group, [])
    for i, old in enumerate(entries):
        if _name(old["from"]) == _name(entry["from"]):
            kept = {file["path"]: file["replace"] for file in old["files"] if "replace" in file}
            files = [f | ({"replace": kept[f["path"]]} if f["path"] in kept else {}) for f in entry["files"]]
            entries[i] = {**entry, "files": files}
            break
    else:
        entries.append(entry)
    pins.write_text(json.dumps(groups, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _name(source: str) -> str:
    """``npm:@scope/name@1.0`` -> ``npm:@scope/name``; ``pip:name==1.0`` -> ``pip:name``."""
    if source.startswith("npm:"):
        return source.rpartition("@")[0]
    return source.partition("==")[0]
