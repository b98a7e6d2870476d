"""A small build to publish: the parts of a site as they lie after a build, with next to nothing in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from publish import editions, manifest, minisign, site
from publish.lite import KERNEL
from publish.paths import LANGUAGES

PAGE = '<!doctype html><html lang="{language}"><title>{name}</title><p>{text}</p></html>\n'
SOURCE = {"commit": "c0ffee" * 6 + "c0ff", "changed": False}
PASSPHRASE = "a passphrase of a test"
Publish = Callable[..., str]


class Build:
    """The parts, which a test may change before it publishes again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "runtime" / "pyodide"
        self.lite = folder / "lite"
        for language in LANGUAGES:
            for name in ("index", "w01-seeing/index", "w01-seeing/sheet", "glossary"):
                self.page(f"{language}/{name}.html", f"About {name}. " * 60)
        self.write("assets/vendor/noble/sha2.js", "export const sha256 = 1;\n")
        for name in ("pyodide.mjs", "pyodide.js", "pyodide.asm.wasm", "python_stdlib.zip"):
            self.write(f"runtime/pyodide/{name}", f"{name} " * 400)
        self.wheel("linelab", "first")
        config = {
            "fullStaticUrl": "./build",
            "fullLabextensionsUrl": "./extensions",
            "litePluginSettings": {
                KERNEL: {"pipliteUrls": ["./extensions/k/all.json?sha256=1"], "loadPyodideOptions": {}}
            },
        }
        app = {"fullStaticUrl": "../build", "settingsUrl": "../build/schemas", "themesUrl": "./build/themes"}
        self.write("lite/jupyter-lite.json", json.dumps({"jupyter-config-data": config}))
        self.write("lite/notebooks/jupyter-lite.json", json.dumps({"jupyter-config-data": app}))
        main = '<link id="jupyter-lite-main" href="../build/notebooks/bundle.js?_=1">'
        self.write("lite/notebooks/index.html", f"<html>{main}</html>")
        for name in ("build/notebooks/bundle.js", "build/schemas/a.json", "build/themes/a.css"):
            self.write(f"lite/{name}", f"/* {name} */ " * 60)
        self.write("lite/extensions/k/all.json", "{}")
        self.write("lite/service-worker.js", "self.of = 'JupyterLite';\n")
        self.write("lite/files/vi/w01.ipynb", "{}")

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def page(self, name: str, text: str) -> Path:
        language = name.split("/")[0]
        return self.write(f"book/{name}", PAGE.format(language=language, name=name, text=text))

    def wheel(self, name: str, text: str) -> str:
        """Put a package into Python's folder in place of an older one of its name, and into the locks."""
        for old in self.python.glob(f"{name}-*.whl"):
            old.unlink()
        tag = hashlib.sha256(text.encode()).hexdigest()[:8]
        file = f"{name}-1.0-1{tag}-py3-none-any.whl"
        self.write(f"runtime/pyodide/{file}", text)
        lock = {"info": {"version": "0.27.7"}, "packages": {name: {"file_name": file}}}
        for kind in ("pyodide-lock.json", "lab-lock.json"):
            self.write(f"runtime/pyodide/{kind}", json.dumps(lock))
        self.write("runtime/pyodide/sizes.json", json.dumps({file: len(text)}))
        return file


def use(build: Build, patch: pytest.MonkeyPatch) -> None:
    """Let publishing take these parts."""
    patch.setattr(site, "BUILD", build.folder)
    patch.setattr(site, "LITE", build.lite)
    patch.setattr(site, "VENDOR", build.folder / "assets" / "vendor")
    patch.setattr(editions, "LITE", build.lite)
    patch.setattr(editions, "PYODIDE", build.python)
    patch.setattr(manifest, "RUNTIME", build.folder / "runtime")


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    made = Build(tmp_path / "build")
    use(made, monkeypatch)
    return made


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The web root; it need not be there."""
    return tmp_path / "web"


@pytest.fixture
def publish(build: Build, out: Path) -> Publish:
    """Publishes the small build under a name."""
    return lambda edition, **more: editions.put(edition, out, SOURCE, **{"quick": True} | more)


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two keys of publishers, `own` and `other`, whose passphrase is PASSPHRASE."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("own", "other"):
        minisign.new_key(folder / name, PASSPHRASE)
    return folder


@pytest.fixture(scope="session")
def signer(keys: Path) -> minisign.Signer:
    return minisign.unlock(keys / "own.key", PASSPHRASE)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory, signer: minisign.Signer) -> Path:
    """A web root with two editions, compressed and signed; not to be changed."""
    folder = tmp_path_factory.mktemp("published")
    made = Build(folder / "build")
    with pytest.MonkeyPatch.context() as patch:
        use(made, patch)
        for edition in ("2026-central-1", "2026-central-2"):
            editions.put(edition, folder / "web", SOURCE, signer=signer)
    return folder / "web"
