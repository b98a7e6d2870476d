"""Instruments that come from npm with all they need: installed once, at the versions of package-lock.json.

`npm ci` refuses a package that has not the hash of that file, and no package's own scripts are run. To renew,
in this folder::

    npm install --package-lock-only --ignore-scripts --save-exact html-validate lighthouse@12.2.3
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import click

from publish import fetch, sources
from publish.errors import PublishError
from publish.paths import CACHE

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json")


def program(path: str, cache: Path = CACHE) -> list[str]:
    """The command that runs a script of an installed package, such as ``lighthouse/cli/index.js``.

    Raises
    ------
    PublishError
        If node is missing, or the packages can neither be had nor are here already.
    """
    script = _installed(cache) / "node_modules" / path
    if not script.is_file():
        raise PublishError(f"publish/quality/package.json: its packages hold no {path}")
    try:
        return [*sources.node(), str(script)]
    except sources.SourceError as error:
        raise PublishError(f"{path}: {error}") from None


def _installed(cache: Path) -> Path:
    """The folder of the packages, by the hash of what is locked."""
    folder = cache / "npm" / fetch.sha256(HERE / FILES[1])[:16]
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    click.echo("fetching the instruments of publish/quality/package-lock.json")
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        fresh = Path(temporary) / "fresh"
        fresh.mkdir()
        for name in FILES:
            shutil.copyfile(HERE / name, fresh / name)
        try:
            command = [
                *sources.npm(),
                "ci",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--loglevel=error",
            ]
            done = subprocess.run(command, cwd=fresh, capture_output=True, text=True, timeout=600)
        except (sources.SourceError, subprocess.TimeoutExpired) as error:
            raise PublishError(f"npm ci in publish/quality: {error}") from None
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise PublishError(
                f"npm ci in publish/quality: {last[:300]}; connect to the network and try again"
            )
        if not folder.exists():  # another process may have been faster
            fresh.rename(folder)
    return folder
