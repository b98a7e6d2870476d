"""What a browser may keep of a site: the list is whole, wherever the parts lie, and tells each change."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from publish import offline
from publish.errors import PublishError
from publish.layout import Layout
from publish.lite import WORKERS, _mind_own_worker
from publish.serve import server
from publish.site import assemble, link

from .conftest import Build, Publish

EDITION = "2026-central-1"


def read(edition: Path) -> dict[str, Any]:
    text = (edition / offline.LIST).read_text("utf-8")
    course: dict[str, Any] = json.loads(text.removeprefix("self.COURSE = ").rstrip(";\n"))
    return course


def of(course: dict[str, Any], part: str) -> set[str]:
    return {name for name, (_, _, parts) in course["files"].items() if part in parts.split()}


@pytest.fixture
def edition(publish: Publish, out: Path) -> Path:
    publish(EDITION)
    return out / EDITION


@pytest.fixture
def alone(build: Build, tmp_path: Path) -> Path:
    """The same as a site that stands alone."""
    layout, folder = Layout(EDITION), tmp_path / "alone"
    folder.mkdir()
    assemble(folder, layout, "", link)
    (folder / layout.python).mkdir(parents=True)
    for path in build.python.iterdir():
        link(str(path), str(folder / layout.python / path.name))
    offline.write(folder, layout, build.python, build.lite)
    return folder


@pytest.fixture(params=["edition", "alone"])
def made(request: pytest.FixtureRequest) -> Path:
    return Path(request.getfixturevalue(request.param))


def test_each_listed_file_is_there_with_its_size_and_hash(made: Path) -> None:
    course = read(made)
    assert course["edition"] == EDITION
    for name, (digest, size, _) in course["files"].items():
        content = (made / name).read_bytes()
        assert len(content) == size, name
        assert base64.urlsafe_b64decode(digest + "=") == hashlib.sha256(content).digest(), name


def test_every_file_is_in_the_part_that_needs_it(made: Path) -> None:
    course = read(made)
    vi, en, labs, exercises = (of(course, part) for part in ("vi", "en", "labs", "exercises"))
    assert {"vi/index.html", "vi/w01-seeing/sheet.html"} <= vi - en
    assert "lite/files/vi/w01.ipynb" in vi & en & exercises  # My progress compares with it
    assert {
        "assets/edition.js",
        "assets/quiz/quiz.js",
        "index.html",
        "assets/offline/missing.html",
    } <= vi & en
    names = {name.rpartition("/")[2] for name in labs}
    assert {"pyodide.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "lab-lock.json", "sizes.json"} <= names
    assert any(name.startswith("linelab-") for name in names)
    assert labs < exercises
    assert "pyodide.js" in {name.rpartition("/")[2] for name in exercises - labs}
    assert any(name.endswith("build/notebooks/bundle.js") for name in exercises)
    assert not labs & (vi | en)


def test_nothing_of_the_site_is_forgotten(made: Path) -> None:
    """But for workers, which browsers keep by themselves, and what the network alone can tell."""
    listed = {(made / name).resolve() for name in read(made)["files"]}
    left = {
        path.relative_to(made).as_posix()
        for path in made.rglob("*")
        if path.is_file() and path.resolve() not in listed
    }
    left = {name for name in left if not name.startswith("assets/social/")}
    assert left <= {
        "sw.js",
        "lite/service-worker.js",
        "assets/offline/files.js",
        "assets/verify/issuers.json",
        "manifest.json",
    }


def test_any_change_makes_another_version(build: Build, publish: Publish, edition: Path, out: Path) -> None:
    versions = [read(edition)["version"]]
    build.page("vi/glossary.html", "Another text")
    publish("2026-central-2")
    versions.append(read(out / "2026-central-2")["version"])
    build.wheel("linelab", "second")
    publish("2026-central-3")
    versions.append(read(out / "2026-central-3")["version"])
    assert len(set(versions)) == 3
    for number, version in enumerate(versions, 1):
        for worker in ("sw.js", "lite/service-worker.js"):
            assert f'"{version}"' in (out / f"2026-central-{number}" / worker).read_text("utf-8")


def test_the_workers_load_what_is_there(made: Path) -> None:
    for worker in ("sw.js", "lite/service-worker.js"):
        text = (made / worker).read_text("utf-8")
        scripts = json.loads(f"[{text.split('importScripts(')[1].split(')')[0]}]")
        assert len(scripts) >= 2
        for script in scripts:
            assert ((made / worker).parent / script).resolve().is_file()
    assert (made / "lite/service-worker.js").read_text("utf-8").endswith("self.of = 'JupyterLite';\n")


def test_browsers_may_install_it_as_an_app(made: Path) -> None:
    for language in ("vi", "en"):
        app = json.loads((made / f"{language}.webmanifest").read_text("utf-8"))
        assert app["lang"] == language
        assert (made / app["start_url"]).is_file()
        for icon in app["icons"]:
            content = (made / icon["src"]).read_bytes()
            if icon["type"] == "image/png":
                width, height = struct.unpack(">II", content[16:24])
                assert icon["sizes"] == f"{width}x{height}"


def test_a_name_that_browsers_read_in_another_way_is_refused(build: Build, publish: Publish) -> None:
    build.page("vi/100%.html", "text")
    with pytest.raises(PublishError, match="100%"):
        publish(EDITION)


def test_jupyterlite_is_kept_from_ending_other_workers(tmp_path: Path) -> None:
    script = tmp_path / "build" / "1.js"
    script.parent.mkdir()
    script.write_bytes(b"async _unregisterOldServiceWorkers(e){" + b";".join(WORKERS) + b"}")
    _mind_own_worker(tmp_path)
    assert script.read_bytes().count(b"/service-worker.js") == 1
    assert b"e.map((e=>e.unregister()))" not in script.read_bytes()
    script.write_bytes(b"async _unregisterOldServiceWorkers(e){in(another,way)}")
    with pytest.raises(PublishError, match="another way"):
        _mind_own_worker(tmp_path)


def test_our_server_ends_the_worker_of_a_site_that_is_gone(edition: Path, out: Path) -> None:
    with server(out) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{running.server_port}/"
        with urllib.request.urlopen(f"{base}{EDITION}/sw.js") as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.read() == (edition / "sw.js").read_bytes()
        with urllib.request.urlopen(f"{base}sw.js") as answer:
            assert answer.headers["Content-Type"].startswith("text/javascript")
            assert b"unregister" in answer.read()
        running.shutdown()
