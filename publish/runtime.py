"""Builds the browser's Python: Pyodide, the wheels that the course needs, and a lock that names just these.

    publish.runtime.build_runtime(out: Path, precompile: bool | None = None) -> Path

Everything comes through `publish.fetch`, so nothing with a foreign hash gets in; the wheels of the Pyodide
distribution must also match Pyodide's own lock. JupyterLite and the labs in the page share the folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from publish import fetch, pins, wheels
from publish import precompile as compiler
from publish.errors import PublishError
from publish.lock import DEPENDS, LAB, LAB_LOCK, LOCK, describe, key, name_by_content, reachable, write_lock
from publish.parts import is_current, renewed
from publish.paths import CACHE, LABS

# Third parties fall back on a CDN for what they do not find; on our site that must fail by name instead.
CDN, NO_CDN = b"https://cdn.jsdelivr.net/", b"./no-cdn/"
CORE = ("pyodide.mjs", "pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
KERNEL_WHEELS = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"

MAKERS = (
    "lock.py",
    "fontcache_inside.py",
    "runtime.py",
    "wheels.py",
    "precompile.py",
    "precompile.mjs",
    "precompile_inside.py",
)

# Files that no page of the course can reach.
DROP: Mapping[str, tuple[str, ...]] = {
    "matplotlib": ("*/mpl-data/sample_data/*", "*/mpl-data/fonts/afm/*", "*/mpl-data/fonts/pdfcorefonts/*",
                   "*/mpl-data/images/*", "*/tests/*", "*.pyi"),
    "numpy": ("*/include/*", "*.pyi", "*/tests/*", "*.a", "numpy/f2py/*"),
    "pillow": ("*.pyi",),
    "contourpy": ("*.pyi",),
    "ipython": ("*/tests/*",),
    "jedi": ("jedi/third_party/django-stubs/*",),
}  # fmt: skip


def build_runtime(out: Path, precompile: bool | None = None, cache: Path = CACHE) -> Path:
    """Build the runtime folder, or leave it if its inputs have not changed.

    Parameters
    ----------
    out : Path
        The folder to make; what was there is replaced at the end, in one step.
    precompile : bool, optional
        Ship compiled Python (starts in about two thirds of the time). Default: what `precompile.wanted` says.
    cache : Path
        Where downloads and compiled wheels are kept.
    """
    precompiled = compiler.wanted() if precompile is None else precompile
    inputs = _inputs(precompiled)
    if is_current(out, inputs, "browser runtime"):
        return out
    official = fetch.get("pyodide", cache)
    ours = fetch.get("wheels", cache)
    with renewed(out, inputs) as fresh:
        for name in CORE:
            content = official[name].read_bytes()
            if name.endswith(("js", "mjs")):
                content = content.replace(CDN, NO_CDN)
            (fresh / name).write_bytes(content)
        lock = json.loads(official[LOCK].read_text("utf-8"))
        click.echo("browser runtime: packing wheels")
        entries = {
            **_distribution(official, lock, fresh),
            **_additions([*ours.values(), *_kernel_wheels()], fresh),
        }
        write_lock(lock["info"], entries, fresh)
        if precompiled:
            compiler.precompile(fresh, cache)  # starts Pyodide, which wants a lock
        for entry in entries.values():
            name_by_content(entry, fresh)
        write_lock(lock["info"], entries, fresh)
        lab = reachable({**entries, "linelab": {**entries["linelab"], "depends": list(LAB)}}, "linelab")
        write_lock(lock["info"], lab, fresh, LAB_LOCK)
        sizes = {path.name: path.stat().st_size for path in sorted(fresh.iterdir())}
        (fresh / "sizes.json").write_text(json.dumps(sizes), "utf-8")  # for the progress bar of a lab
    size = sum(path.stat().st_size for path in out.iterdir())
    click.echo(f"browser runtime: {len(entries)} packages, {size / 1e6:.1f} MB in {out}")
    return out


def _distribution(files: Mapping[str, Path], lock: dict[str, Any], folder: Path) -> dict[str, dict[str, Any]]:
    """Wheels of the Pyodide distribution, checked against its own lock and stripped of what nobody loads."""
    by_file = {entry["file_name"]: entry for entry in lock["packages"].values()}
    entries = {}
    for path, source in files.items():
        file = path.rsplit("/", 1)[-1]
        if file in CORE or file == LOCK:
            continue
        if file not in by_file:
            raise PublishError(f"publish/pins.json: {file} is not in Pyodide's lock; pin the version that is")
        entry = dict(by_file[file])
        if fetch.sha256(source) != entry["sha256"]:
            raise PublishError(
                f"publish/pins.json: {file}: sha256 is not the one of Pyodide's lock; correct it"
            )
        if file.endswith(".whl"):
            wheels.repack(source, folder / file, DROP.get(key(entry["name"]), ()))
        else:
            shutil.copyfile(source, folder / file)
        entry["depends"] = [key(d) for d in DEPENDS.get(key(entry["name"]), entry["depends"])]
        entries[key(entry["name"])] = entry
    return entries


def _additions(sources: list[Path], folder: Path) -> dict[str, dict[str, Any]]:
    """Pure wheels that Pyodide's distribution lacks, linelab among them."""
    entries = {}
    staging = folder / "staging"
    staging.mkdir()
    built = [wheels.build_wheel(LABS, staging)]
    for source in sources:
        name = source.name.removeprefix(source.name.split("-")[0] + "-") if _pinned(source) else source.name
        if name.endswith("-none-any.whl"):
            built.append(wheels.repack(source, staging / name))
        else:
            shutil.copyfile(source, staging / name)
            built.append(wheels.pure(staging / name, staging))
    for wheel in built:
        placed = wheel.replace(folder / wheel.name)
        entry = describe(placed)
        entries[entry["name"]] = entry
    shutil.rmtree(staging)
    return entries


def _pinned(path: Path) -> bool:
    return path.parent.name == "pinned"


def _kernel_wheels() -> list[Path]:
    """The wheels that JupyterLite's Python kernel brings, without its stand-ins for ipywidgets' servers."""
    folder = Path(sys.prefix) / KERNEL_WHEELS
    found = [w for w in sorted(folder.glob("*.whl")) if not w.name.startswith("widgetsnbextension")]
    if not found:
        raise PublishError(f"{folder}: no wheels; pip install jupyterlite-pyodide-kernel==0.6.1")
    return found


def _inputs(precompiled: bool) -> str:
    """A hash of all that the runtime is made from."""
    digest = hashlib.sha256(repr(precompiled).encode())
    for group in ("pyodide", "wheels"):
        digest.update(repr(pins.load(group)).encode())
    here = Path(__file__).parent
    sources = [p for p in sorted(LABS.rglob("*")) if p.is_file() and not _ignored(p)]
    sources += [*(here / name for name in MAKERS), *_kernel_wheels()]
    for path in sources:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _ignored(path: Path) -> bool:
    parts = path.relative_to(LABS).parts
    return any(part in ("__pycache__", "build", "dist") or part.endswith(".egg-info") for part in parts)
