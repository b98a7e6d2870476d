"""The lock of the browser's Python: for each package its file, the file's hash and what it needs.

Pyodide loads nothing that no lock names. There are two: JupyterLite's has everything, a lab's only what a lab
in the page needs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from publish import fetch, wheels
from publish.errors import PublishError

LOCK = "pyodide-lock.json"
LAB_LOCK = "lab-lock.json"

Entry = dict[str, Any]

# What each package needs in the browser. Left out of Pyodide's own lists: `pytz`, `matplotlib-pyodide` and
# `fonttools` (matplotlib 3.8 draws without), and of ipywidgets' the two that only carry JavaScript.
DEPENDS: Mapping[str, tuple[str, ...]] = {
    "matplotlib": ("contourpy", "cycler", "kiwisolver", "numpy", "packaging", "pillow",
                   "pyparsing", "python-dateutil"),
    "asttokens": ("six",),
    "ipython": ("asttokens", "decorator", "executing", "matplotlib-inline", "prompt-toolkit", "pure-eval",
                "pygments", "six", "stack-data", "traitlets", "typing-extensions", "sqlite3", "wcwidth"),
    "simpy": (),
    "comm": ("traitlets",),
    "ipywidgets": ("comm", "ipython", "traitlets"),
    "pyyaml": (),
    "typing-extensions": (),
    "anywidget": ("ipywidgets", "psygnal", "typing-extensions"),
    "psygnal": (),
    "linelab": ("numpy", "simpy", "matplotlib", "anywidget", "pyyaml"),
    "ipykernel": (),
    "piplite": ("micropip",),
    "pyodide-kernel": ("ipython", "jedi", "comm", "ipykernel"),
}  # fmt: skip

LAB = ("numpy", "simpy", "pyyaml")  # what linelab needs where a page shows a lab's messages by itself


def key(name: str) -> str:
    """A package's name as a lock spells it."""
    return name.lower().replace("_", "-")


def describe(wheel: Path, depends: tuple[str, ...] | None = None) -> Entry:
    """What a lock says of a pure wheel."""
    name, version, tops = wheels.metadata(wheel)
    if depends is None and key(name) not in DEPENDS:
        raise PublishError(f"publish/lock.py: DEPENDS: say what {name} needs in the browser")
    return {
        "name": key(name),
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "package_type": "package",
        "imports": tops,
        "depends": list(DEPENDS[key(name)] if depends is None else depends),
        "unvendored_tests": False,
    }


def name_by_content(entry: Entry, folder: Path) -> None:
    """Give a wheel a build tag from its hash: a browser's old copy is never taken for the new file."""
    path = folder / entry["file_name"]
    if path.suffix == ".whl":
        name, version, *tags = path.name.split("-")
        entry["file_name"] = "-".join([name, version, f"1{fetch.sha256(path)[:8]}", *tags])
        path.rename(folder / entry["file_name"])


def reachable(entries: Mapping[str, Entry], name: str) -> dict[str, Entry]:
    """The entries that a package needs, itself among them."""
    wanted = [name]
    for one in wanted:
        wanted += [needed for needed in entries[one]["depends"] if needed not in wanted]
    return {one: entries[one] for one in wanted}


def write_lock(info: dict[str, Any], entries: Mapping[str, Entry], folder: Path, file: str = LOCK) -> Path:
    """Write a lock that names just the files in the folder, each with its hash.

    Raises
    ------
    PublishError
        If an entry's file is not there, or an entry depends on one that is not in the lock.
    """
    packages = {}
    for name, entry in sorted(entries.items()):
        path = folder / entry["file_name"]
        if not path.exists():
            raise PublishError(f"{path}: the lock names it, but it is not there; build the runtime again")
        absent = [needed for needed in entry["depends"] if needed not in entries]
        if absent:
            raise PublishError(f"publish/pins.json: {name} needs {', '.join(absent)}; pin it too")
        packages[name] = {**entry, "sha256": fetch.sha256(path)}
    target = folder / file
    target.write_text(json.dumps({"info": info, "packages": packages}, indent=1, sort_keys=True), "utf-8")
    return target
