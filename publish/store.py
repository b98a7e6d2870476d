"""What published editions share: folders named by their content, in which nothing ever changes or goes.

``runtime/<digest>/`` is either JupyterLite's program, or Pyodide: its core, whose digest that is, and beside
it each package that an edition loads with it. A package has its hash in its name, so that packages of later
editions come in beside those of earlier ones; Pyodide looks for packages nowhere but beside its core.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from publish import fetch, manifest
from publish.compress import compress
from publish.errors import PublishError
from publish.layout import SHARED
from publish.lock import LAB_LOCK, LOCK
from publish.manifest import Files

STORE = "runtime"
SIZES = "sizes.json"
OF_AN_EDITION = (LOCK, LAB_LOCK, SIZES)  # they name packages, and so lie with the edition
LENGTH = 16  # hexadecimal digits of a digest


@dataclass(frozen=True)
class Kept:
    """Where an edition finds what it shares, as addresses from the web root; and these very files."""

    python: str
    program: str
    files: Files


def keep(root: Path, pyodide: Path, lite: Path, *, compressed: bool = True) -> Kept:
    """Bring the shared parts of an edition into the store of a web root.

    Parameters
    ----------
    root : Path
        The folder that holds the editions.
    pyodide, lite : Path
        Both as built; nothing in them is changed.
    compressed : bool
        With compressed copies.

    Raises
    ------
    PublishError
        If a file in the store is not what it was when it came in.
    """
    runtime = [path for path in sorted(pyodide.iterdir()) if path.name not in OF_AN_EDITION]
    packages = {path.name: path for path in runtime if path.suffix == ".whl"}
    core = {path.name: path for path in runtime if path.name not in packages}
    program = {
        path.relative_to(lite).as_posix(): path
        for name in SHARED
        for path in sorted((lite / name).rglob("*"))
        if path.is_file()
    }
    python, files = _keep(root, core, packages, compressed)
    jupyterlite, more = _keep(root, program, {}, compressed)
    return Kept(python, jupyterlite, files | more)


def _keep(
    root: Path, core: dict[str, Path], packages: dict[str, Path], compressed: bool
) -> tuple[str, Files]:
    """One folder of the store: its address from the web root, and these files of it with their copies."""
    folder = root / STORE / digest(core.items())
    _put(core, folder)
    for name, path in packages.items():
        _add(path, folder / name)
    parts = core | packages
    for name, path in parts.items():
        if not (folder / name).is_file() or fetch.sha256(folder / name) != fetch.sha256(path):
            raise PublishError(
                f"{folder / name}: is not as it was published; restore it from a copy of the folder"
            )
    if compressed:
        compress(folder / name for name in parts)
    present = [copy for name in parts for copy in _with_copies(folder / name)]
    return f"{STORE}/{folder.name}/", manifest.files_in(root, present)


def digest(parts: Iterable[tuple[str, Path]]) -> str:
    """The name of a folder: a hash of the names and contents of its files."""
    total = hashlib.sha256()
    for name, path in sorted(parts):
        total.update(f"{name}\0{fetch.sha256(path)}\n".encode())
    return total.hexdigest()[:LENGTH]


def _with_copies(path: Path) -> list[Path]:
    copies = [path.with_name(f"{path.name}.{form}") for form in ("br", "gz")]
    return [path, *(copy for copy in copies if copy.exists())]


def _put(parts: dict[str, Path], folder: Path) -> None:
    """Make the folder with these files, whole or not at all."""
    if folder.exists():
        return
    fresh = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    for name, path in parts.items():
        target = fresh / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    fresh.rename(folder)


def _add(path: Path, target: Path) -> None:
    if not target.exists():
        fresh = target.with_name(f".{target.name}.new")
        shutil.copyfile(path, fresh)
        fresh.rename(target)
