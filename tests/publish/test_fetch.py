"""Nothing gets in without its pinned hash, whatever source it comes from and whatever interrupted it."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from publish import fetch, pins, sources
from publish.errors import PublishError
from publish.pins import Package, PinnedFile
from publish.sources import SourceError

GOOD, BAD = b"export const answer = 42;\n", b"export const answer = 41;\n"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tgz(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


class Sources:
    """Stands in for npm and the CDN: what each gives, and how often it was asked."""

    def __init__(self) -> None:
        self.npm: dict[str, bytes] | None = {}
        self.cdn: dict[str, bytes] = {}
        self.asked: list[str] = []

    def archive(self, package: Package, folder: Path) -> Path:
        self.asked.append(package.kind)
        if self.npm is None:
            raise SourceError("npm error no network")
        return tgz(folder / "lib-1.0.0.tgz", self.npm)

    def url(self, address: str, target: Path) -> None:
        self.asked.append("cdn")
        name = address.rsplit("/", 1)[-1]
        if name not in self.cdn:
            raise SourceError(f"{address}: HTTP Error 404")
        target.write_bytes(self.cdn[name])


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Sources:
    world = Sources()
    monkeypatch.setattr(sources, "archive", world.archive)
    monkeypatch.setattr(sources, "url", world.url)
    return world


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def package(**more: Any) -> Package:
    return Package("npm:lib@1.0.0", (PinnedFile("dist/lib.js", digest(GOOD), **more),))


def test_a_good_file_is_fetched_once(world: Sources, cache: Path) -> None:
    world.npm = {"dist/lib.js": GOOD}
    assert fetch.get_package(package(), cache)["dist/lib.js"].read_bytes() == GOOD
    assert fetch.get_package(package(), cache)["dist/lib.js"].read_bytes() == GOOD
    assert world.asked == ["npm"]


def test_a_wrong_file_is_refused_and_the_next_source_asked(world: Sources, cache: Path) -> None:
    world.npm, world.cdn = {"dist/lib.js": BAD}, {"lib.js": GOOD}
    assert fetch.get_package(package(), cache)["dist/lib.js"].read_bytes() == GOOD
    assert world.asked == ["npm", "cdn"]


def test_a_mismatch_everywhere_is_one_clear_error(world: Sources, cache: Path) -> None:
    world.npm, world.cdn = {"dist/lib.js": BAD}, {"lib.js": BAD}
    with pytest.raises(PublishError) as raised:
        fetch.get_package(package(), cache)
    said = raised.value.message
    assert "\n" not in said
    for part in ("lib.js", "npm:lib@1.0.0", digest(BAD)[:16], digest(GOOD)[:16], "refused"):
        assert part in said
    assert not [p for p in cache.rglob("*") if p.is_file()], "nothing of a refused file may stay"


def test_a_missing_file_names_what_was_tried_and_the_way_out(world: Sources, cache: Path) -> None:
    world.npm = None
    with pytest.raises(PublishError, match=r"no network.*404.*copy .*cache"):
        fetch.get_package(package(), cache)


def test_a_damaged_cache_is_repaired(world: Sources, cache: Path) -> None:
    world.npm = {"dist/lib.js": GOOD}
    path = fetch.get_package(package(), cache)["dist/lib.js"]
    path.write_bytes(GOOD[:10])
    assert fetch.get_package(package(), cache)["dist/lib.js"].read_bytes() == GOOD
    assert world.asked == ["npm", "npm"]


def test_an_interruption_leaves_no_half_file(world: Sources, cache: Path, monkeypatch: Any) -> None:
    world.npm = {"dist/lib.js": GOOD}
    with monkeypatch.context() as patch:

        def interrupt(*_: Any) -> None:
            raise KeyboardInterrupt

        patch.setattr(fetch, "_accept", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch.get_package(package(), cache)
    assert not [p for p in cache.rglob("*") if p.is_file()]
    assert fetch.get_package(package(), cache)["dist/lib.js"].read_bytes() == GOOD


def test_what_is_cached_needs_no_network(world: Sources, cache: Path) -> None:
    (cache / "pinned").mkdir(parents=True)
    fetch.cached(package().files[0], cache).write_bytes(GOOD)
    fetch.get_package(package(), cache)
    assert world.asked == []


def write_pins(path: Path, **file: Any) -> Path:
    entry = {"from": "npm:lib@1.0.0", "files": [{"path": "dist/lib.js", "sha256": digest(GOOD), **file}]}
    path.write_text(json.dumps({"vendor": [entry]}), "utf-8")
    return path


def test_vendor_puts_files_in_place_and_rewrites_hosts(world: Sources, cache: Path, tmp_path: Path) -> None:
    world.npm = {"dist/lib.js": GOOD}
    pinned = write_pins(tmp_path / "pins.json", to="lib/lib.js", replace=[["42", "43"]])
    out = fetch.vendor(tmp_path / "vendor", cache, pinned)
    assert (out / "lib" / "lib.js").read_bytes() == GOOD.replace(b"42", b"43")


def test_a_replacement_that_no_longer_fits_is_an_error(world: Sources, cache: Path, tmp_path: Path) -> None:
    world.npm = {"dist/lib.js": GOOD}
    pinned = write_pins(tmp_path / "pins.json", to="lib.js", replace=[["https://host/", ""]])
    with pytest.raises(PublishError, match="https://host/"):
        fetch.vendor(tmp_path / "vendor", cache, pinned)


def test_pin_writes_hashes_that_get_accepts(world: Sources, cache: Path, tmp_path: Path) -> None:
    world.npm = {"dist/lib.js": GOOD, "dist/lib.js.map": b"{}", "dist/font.woff2": b"font"}
    path = tmp_path / "pins.json"
    pins.add("vendor", fetch.pin("npm:lib@1.0.0", ["dist/=lib/"]), path)
    out = fetch.vendor(tmp_path / "vendor", cache, path)
    assert sorted(p.name for p in (out / "lib").iterdir()) == ["font.woff2", "lib.js"]


def test_pin_of_a_file_that_is_not_there(world: Sources) -> None:
    world.npm = {"dist/lib.js": GOOD}
    with pytest.raises(PublishError, match=r"no dist/absent\.js"):
        fetch.pin("npm:lib@1.0.0", ["dist/absent.js"])


def test_pinning_a_new_version_keeps_the_replacements(tmp_path: Path) -> None:
    path = write_pins(tmp_path / "pins.json", to="lib.js", replace=[["a", "b"]])
    entry = {"from": "npm:lib@2.0.0", "files": [{"path": "dist/lib.js", "sha256": "0" * 64, "to": "lib.js"}]}
    pins.add("vendor", entry, path)
    [found] = pins.load("vendor", path)
    assert (found.source, found.files[0].replace) == ("npm:lib@2.0.0", (("a", "b"),))


def test_a_wheel_can_be_the_file_or_hold_it(tmp_path: Path) -> None:
    wheel = tmp_path / "lib-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as target:
        target.writestr("lib/x.js", GOOD)
    wanted = [PinnedFile("lib/x.js", ""), PinnedFile(wheel.name, "")]
    got = {file.path: path.read_bytes() for file, path in sources.members(wheel, wanted, tmp_path)}
    assert got == {"lib/x.js": GOOD, wheel.name: wheel.read_bytes()}


def test_every_pin_is_a_whole_hash_with_a_place_of_its_own() -> None:
    targets: list[str] = []
    for group in ("vendor", "pyodide", "wheels"):
        for entry in pins.load(group):
            for file in entry.files:
                assert len(bytes.fromhex(file.sha256)) == 32, file.path
                targets += [file.to or file.name] if group == "vendor" else []
    assert len(targets) == len(set(targets))


def test_damaged_pins_are_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "pins.json"
    path.write_text("{", "utf-8")
    with pytest.raises(PublishError, match=r"pins\.json: group 'vendor'"):
        pins.load("vendor", path)
