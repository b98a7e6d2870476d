"""The manifest of a published edition: each of its files with size and hash, and what it was made from."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import zlib
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autograder import assignments
from publish import fetch, sources
from publish.errors import PublishError
from publish.lock import LOCK
from publish.minisign import SUFFIX
from publish.paths import ROOT, RUNTIME

FORMAT = "course-edition/1"
NAME = "manifest.json"
MADE_BY = ("sphinx", "jupyter-book", "sphinx-book-theme", "jupyterlite-core", "jupyterlite-pyodide-kernel",
           "matplotlib")  # fmt: skip

Files = dict[str, dict[str, Any]]  # path -> {"sha256", "size"}
Manifest = dict[str, Any]


def files_in(folder: Path, wanted: Iterable[Path] | None = None) -> Files:
    """Size and hash of the files of a folder (or of those `wanted` of it) but for the manifest itself."""
    found = wanted if wanted is not None else (path for path in folder.rglob("*") if path.is_file())
    listed = {path.relative_to(folder).as_posix(): path for path in found}
    return {
        name: {"sha256": fetch.sha256(path), "size": path.stat().st_size}
        for name, path in sorted(listed.items())
        if name not in (NAME, NAME + SUFFIX)
    }


def source() -> dict[str, Any]:
    """The commit that this checkout is at, and whether it has changes that are in no commit."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "changed": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "changed": None}  # no checkout of git, or no git


def versions() -> dict[str, str]:
    """What the build was made with, as far as its bytes may depend on it."""
    node = subprocess.run([*sources.node(), "--version"], capture_output=True, text=True).stdout.strip()
    pyodide = json.loads((RUNTIME / "pyodide" / LOCK).read_text("utf-8"))["info"]["version"]
    return {
        "course": version("smart-factory-course"),
        "python": platform.python_version(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        "node": node.removeprefix("v"),
        "pyodide": pyodide,
        "system": f"{sys.platform} {platform.machine()}",
        **{name: version(name) for name in MADE_BY},
    }


def make(edition: str, folder: Path, shared: Files, *, draft: bool, made_from: Mapping[str, Any]) -> Manifest:
    """The manifest of an edition's folder; `shared` are its files outside, by their path from the root."""
    return {
        "format": FORMAT,
        "edition": edition,
        "draft": draft,
        "source": dict(made_from),
        "versions": versions(),
        "exercises": {name: assignments.version(name) for name in assignments.assignments()},
        "shared": dict(sorted(shared.items())),
        "files": files_in(folder),
    }


def text(manifest: Manifest) -> str:
    """The manifest as it is written."""
    return json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"


def parse(content: bytes, where: str) -> Manifest:
    """Read a manifest; PublishError says which one is none."""
    try:
        manifest = json.loads(content)
        if manifest["format"] != FORMAT:
            raise ValueError(manifest["format"])
        for files in (manifest["files"], manifest["shared"]):
            for path, entry in files.items():
                if path.startswith("/") or ".." in path.split("/"):
                    raise ValueError(path)
                str(entry["sha256"]), int(entry["size"])
        str(manifest["edition"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PublishError(f"{where}: is no manifest of an edition ({type(error).__name__})") from None
    return dict(manifest)


def differences(old: Manifest, new: Manifest) -> list[str]:
    """Paths of the files that are not the same in both."""
    found = []
    for part in ("files", "shared"):
        names = old[part].keys() | new[part].keys()
        found += sorted(name for name in names if old[part].get(name) != new[part].get(name))
    return found
