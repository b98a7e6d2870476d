"""Which edition a site is and where its parts lie: told to the site's own scripts and to JupyterLite.

A site that is only built stands alone: it holds everything. A published edition lies in a folder beside what
all editions share, which is named by its content (`publish.store`) and so is there only once.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from publish.errors import PublishError
from publish.lite import KERNEL
from publish.lock import LOCK

# JupyterLite's program, the same for every edition. So are its extensions, but the kernel's worker is one of
# their files: it needs JupyterLite's service worker, and that serves only what lies in the edition.
SHARED = ("build",)

SCRIPT = """\
// Written when the site was put together (publish/layout.py): which edition this is, and where its parts lie.
const at = (path) => new URL(`../${{path}}`, import.meta.url);

export const EDITION = {edition}; // in the names of all that this browser keeps
export const EDITIONS = {editions}; // the list of published editions, if this is one
export const PYTHON = at({python}); // Pyodide and its packages
export const LOCKS = at({locks}); // which packages there are, and their sizes
export const ISSUERS = at({issuers}); // who issues certificates, and what they revoked
"""


@dataclass(frozen=True)
class Layout:
    """An edition, and addresses relative to the root of its site, each with a slash at its end."""

    edition: str
    python: str = "runtime/pyodide/"
    locks: str = "runtime/pyodide/"
    program: str = "lite/"
    issuers: str = "assets/verify/"
    editions: str = ""

    def write(self, site: Path) -> None:
        """Write it into an assembled site; what lies elsewhere is taken out of JupyterLite's folder."""
        said = {name: json.dumps(getattr(self, name)) for name in ("edition", "python", "locks", "issuers")}
        editions = f"at({json.dumps(self.editions)})" if self.editions else "null"
        (site / "assets").mkdir(parents=True, exist_ok=True)
        (site / "assets" / "edition.js").write_text(SCRIPT.format(editions=editions, **said), "utf-8")
        if (site / "lite").is_dir():
            self._configure(site / "lite")

    def _configure(self, lite: Path) -> None:
        apps = [path for path in lite.rglob("jupyter-lite.json") if path.parent != lite]
        self._edit(lite / "jupyter-lite.json", "./")
        for path in apps:
            self._edit(path, "../" * len(path.parent.relative_to(lite).parts))
        if self.program == "lite/":
            return
        for name in SHARED:
            shutil.rmtree(lite / name)
        for path in lite.rglob("index.html"):
            up = "../" * len(path.parent.relative_to(lite).parts)
            page = path.read_text("utf-8")
            if 'id="jupyter-lite-main"' not in page:
                continue
            fresh = page.replace(f'href="{up}build/', f'href="{up}../{self.program}build/')
            if fresh == page:
                raise PublishError(f"{path}: loads no program from build/; has JupyterLite's layout changed?")
            _renew(path, fresh)

    def _edit(self, path: Path, up: str) -> None:
        """Change the addresses in one file of settings, whose folder lies `up` below JupyterLite's own."""
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        settings = document["jupyter-config-data"]
        for name, value in settings.items():
            settings[name] = self._moved(value, up)
        kernel = settings.get("litePluginSettings", {}).get(KERNEL)
        if kernel:
            settings["courseEdition"] = self.edition  # for labs in notebooks
            settings["contentsStorageName"] = f"course-{self.edition}"  # read by the Hand-in page, too
            for kind in ("settings", "workspaces"):
                settings[f"{kind}StorageName"] = f"course-{self.edition}-{kind}"
            kernel["pyodideUrl"] = f"./../{self.python}pyodide.js"
            kernel["pipliteUrls"] = [self._moved(address, up) for address in kernel["pipliteUrls"]]
            kernel["loadPyodideOptions"]["lockFileURL"] = f"../{self.locks}{LOCK}"
        _renew(path, json.dumps(document, indent=2, sort_keys=True) + "\n")

    def _moved(self, value: Any, up: str) -> Any:
        """An address of JupyterLite's program as it is from now on; anything else as it was."""
        if self.program == "lite/" or not isinstance(value, str):
            return value
        for start in dict.fromkeys((up, "./")):
            for name in SHARED:
                if value == start + name or value.startswith(f"{start}{name}/"):
                    return f"{start}../{self.program}{value.removeprefix(start)}"
        return value


def _renew(path: Path, text: str) -> None:
    """Write a new file in its place: the old one may be a link to a part of the build."""
    fresh = path.with_name(path.name + ".part")
    fresh.write_text(text, "utf-8")
    fresh.replace(path)
