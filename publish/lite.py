"""Builds JupyterLite on the shared runtime, with the exercises as its files.

    publish.lite.build_lite(runtime: Path, notebooks: Path, out: Path, edition: str) -> Path

The result stands at ``lite/`` of a site. Where Python lies and how the browser's storage is named depends on
the site; `publish.layout` adds both. It asks no other host for anything.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from autograder.assignments import EDITION
from publish.errors import PublishError
from publish.lock import LOCK
from publish.parts import is_current, renewed
from publish.runtime import CDN, NO_CDN

APPS = ("notebooks",)
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"

# The kernel installs what it misses at start, one package after another; what is loaded with Pyodide, at once
# and in parallel, it leaves alone. The first nine are the kernel's own.
PRELOAD = (
    "micropip", "piplite", "ssl", "sqlite3", "ipykernel", "comm", "pyodide_kernel", "jedi", "ipython",
    "linelab", "matplotlib", "ipywidgets", "anywidget", "psygnal",
)  # fmt: skip


def configuration() -> dict[str, Any]:
    """The settings of JupyterLite that are the same in every site."""
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Smart factory course",
            "exposeAppInBrowser": False,
            "disabledExtensions": [
                "@jupyterlab/apputils-extension:announcements",  # asks for news
                "@jupyterlab/extensionmanager-extension",  # asks a package registry
                "@jupyterlite/application-extension:share-file",
                "nbdime-jupyterlab",
                "@jupyterlab/help-extension:resources",
            ],
            # all cells stand in the page, so that the browser's own search and print find them
            "settingsOverrides": {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}},
            "litePluginSettings": {
                KERNEL: {
                    "disablePyPIFallback": True,
                    "loadPyodideOptions": {"packages": list(PRELOAD)},
                }
            },
        },
    }


# JupyterLite takes whatever worker serves its page for its own, and after a change of version it ends all
# workers of the host, the course's among them. It shall look at its own alone.
WORKERS = {
    b"if(t.controller){": b'if(t.controller?.scriptURL.includes("/service-worker.js")){',
    b"await Promise.all(e.map((e=>e.unregister())))": (
        b'await Promise.all(e.filter((e=>e.scope===new URL("./",t).href)).map((e=>e.unregister())))'
    ),
    b"if(s&&s!==d||!s){": b"if(s&&s!==d){",  # one that is there at the first visit is not an old one
}

EXTENSIONS = ("@jupyterlite/pyodide-kernel-extension", "@jupyter-widgets/jupyterlab-manager", "anywidget")


def build_lite(runtime: Path, notebooks: Path, out: Path, edition: str = EDITION) -> Path:
    """Build JupyterLite, or leave it if its inputs have not changed.

    Parameters
    ----------
    runtime : Path
        The built Pyodide folder; checked to hold what the kernel preloads, not copied.
    notebooks : Path
        The released exercises, ``vi/w01.ipynb`` and so on; they become the files a trainee sees.
    out : Path
        The folder to make.
    edition : str
        Name of the edition; its year is the date of all exercises.
    """
    _check_runtime(runtime)
    inputs = _inputs(notebooks)
    if is_current(out, inputs, "JupyterLite"):
        return out
    click.echo("JupyterLite: building")
    with renewed(out, inputs) as fresh:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "jupyter-lite.json").write_text(json.dumps(configuration()), "utf-8")
            build = {
                "apps": list(APPS),
                "contents": [str(notebooks.resolve())],
                "output_dir": str(fresh.resolve()),
                "no_sourcemaps": True,
                "no_unused_shared_packages": True,
                # only the extensions that a trainee needs, not whatever this environment has for graders
                "ignore_sys_prefix": ["federated_extensions"],
                "federated_extensions": [str(_extension(name)) for name in EXTENSIONS],
            }
            (folder / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": build}), "utf-8")
            command = [sys.executable, "-m", "jupyterlite_core", "build"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode or not (fresh / "notebooks" / "index.html").exists():
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise PublishError(f"{out}: JupyterLite does not build: {lines[-1]}")
        for script in fresh.rglob("*.js"):
            content = script.read_bytes()
            if CDN in content:
                script.write_bytes(content.replace(CDN, NO_CDN))
        _mind_own_worker(fresh)
        for listing in fresh.glob("api/contents/**/all.json"):
            _settle(listing, f"{edition[:4]}-01-01T00:00:00Z")
    return out


def _mind_own_worker(lite: Path) -> None:
    """Keep JupyterLite from taking or ending the course's own service worker."""
    found = [(path, path.read_bytes()) for path in sorted((lite / "build").glob("*.js"))]
    found = [(path, content) for path, content in found if b"unregisterOldServiceWorkers" in content]
    if not found or any(content.count(old) != 1 for _, content in found for old in WORKERS):
        raise PublishError(
            f"{lite}: JupyterLite registers its worker in another way than 0.6.4; see publish/lite.py"
        )
    for path, content in found:
        for old, new in WORKERS.items():
            content = content.replace(old, new)
        path.write_bytes(content)


def _settle(listing: Path, then: str) -> None:
    """Make a folder's listing the same at every build: sorted, with one time for all files."""
    folder = json.loads(listing.read_text("utf-8"))
    folder["content"].sort(key=lambda entry: entry["path"])
    for entry in (folder, *folder["content"]):
        entry |= {"created": then, "last_modified": then}
    listing.write_text(json.dumps(folder, indent=2, sort_keys=True), "utf-8")


def _check_runtime(runtime: Path) -> None:
    try:
        packages = json.loads((runtime / LOCK).read_text("utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        raise PublishError(f"{runtime / LOCK}: missing or damaged; build the runtime first") from None
    absent = [name for name in PRELOAD if name.replace("_", "-") not in packages]
    if absent:
        raise PublishError(f"{runtime / LOCK}: lacks {', '.join(absent)}, which the kernel needs")


def _extension(name: str) -> Path:
    path = Path(sys.prefix) / "share/jupyter/labextensions" / name
    if not path.is_dir():
        raise PublishError(f"{path}: not installed; run `make` again to complete the environment")
    return path


def _inputs(notebooks: Path) -> str:
    digest = hashlib.sha256(json.dumps(configuration()).encode())
    digest.update(Path(__file__).read_bytes())
    for name in EXTENSIONS:
        digest.update((_extension(name) / "package.json").read_bytes())
    found = sorted(notebooks.rglob("*.ipynb"))
    if not found:
        raise PublishError(f"{notebooks}: no exercises; publish.notebooks.build_releases writes them")
    for path in found:
        digest.update(path.relative_to(notebooks).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
