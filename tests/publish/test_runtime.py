"""The browser's Python: the lock names what is there, the hashes are true, and it imports."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from publish import fetch, lock, precompile, runtime, wheels
from publish.errors import PublishError
from publish.paths import RUNTIME

INFO = {"version": "0.27.7"}


def wheel(folder: Path, name: str = "lib-1.0-py3-none-any.whl", **members: str) -> Path:
    stem = "-".join(name.split("-")[:2])
    files = {"lib/__init__.py": "answer = 42\n", f"{stem}.dist-info/METADATA": "Name: lib\nVersion: 1.0\n"}
    path = folder / name
    with zipfile.ZipFile(path, "w") as target:
        for member, content in {**files, **members}.items():
            target.writestr(member, content)
    return path


def entry(path: Path, *depends: str) -> dict[str, Any]:
    return {"name": "lib", "file_name": path.name, "depends": list(depends), "sha256": "of the original"}


def test_a_lock_has_the_hash_of_what_is_published(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    written = json.loads(lock.write_lock(INFO, {"lib": entry(path)}, tmp_path).read_text())
    assert written["info"] == INFO
    assert written["packages"]["lib"]["sha256"] == fetch.sha256(path)


def test_a_lock_cannot_name_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="not there"):
        lock.write_lock(INFO, {"lib": entry(tmp_path / "absent.whl")}, tmp_path)


def test_a_lock_cannot_need_a_package_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="lib needs numpy"):
        lock.write_lock(INFO, {"lib": entry(wheel(tmp_path), "numpy")}, tmp_path)


def test_a_wheel_that_differs_from_pyodides_lock_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    official = {"packages": {"lib": {**entry(path), "sha256": "0" * 64}}}
    with pytest.raises(PublishError, match=r"lib-1\.0.*not the one of Pyodide's lock") as raised:
        runtime._distribution({f"assets/{path.name}": path}, official, tmp_path)
    assert "\n" not in raised.value.message


def test_a_wheel_that_pyodides_lock_does_not_have_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path)
    with pytest.raises(PublishError, match="not in Pyodide's lock"):
        runtime._distribution({path.name: path}, {"packages": {}}, tmp_path)


def test_a_changed_wheel_gets_another_name(tmp_path: Path) -> None:
    names = []
    for answer in ("41", "42"):
        path = wheel(tmp_path, **{"lib/a.py": answer})
        described = entry(path)
        lock.name_by_content(described, tmp_path)
        assert (tmp_path / described["file_name"]).exists()
        names.append(described["file_name"])
    assert len(set(names)) == 2
    assert all(name.startswith("lib-1.0-1") and name.endswith("-py3-none-any.whl") for name in names)


def test_repacking_drops_what_is_asked_and_repeats(tmp_path: Path) -> None:
    source = wheel(tmp_path, **{"lib/tests/test_a.py": "", "lib-1.0.dist-info/RECORD": "lib/tests/test_a.py"})
    (tmp_path / "out").mkdir()
    first = wheels.repack(source, tmp_path / "out" / source.name, ["*/tests/*"]).read_bytes()
    with zipfile.ZipFile(tmp_path / "out" / source.name) as packed:
        assert packed.namelist() == ["lib-1.0.dist-info/METADATA", "lib/__init__.py"]
    assert wheels.repack(source, tmp_path / "out" / source.name, ["*/tests/*"]).read_bytes() == first


def test_a_pure_wheel_has_no_machine_code_and_says_so(tmp_path: Path) -> None:
    name = "lib-1.0-cp312-cp312-manylinux2014_x86_64.whl"
    tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux2014_x86_64\n"
    source = wheel(tmp_path, name, **{"lib/_fast.so": "ELF", "lib-1.0.dist-info/WHEEL": tags})
    made = wheels.pure(source, tmp_path)
    with zipfile.ZipFile(made) as packed:
        assert "lib/_fast.so" not in packed.namelist()
        assert b"Tag: py3-none-any" in packed.read("lib-1.0.dist-info/WHEEL")
        assert b"manylinux" not in packed.read("lib-1.0.dist-info/WHEEL")
    assert wheels.metadata(made) == ("lib", "1.0", ["lib"])


@pytest.fixture(scope="module")
def built() -> Path:
    return runtime.build_runtime(RUNTIME / "pyodide")


def test_the_folder_and_its_lock_agree(built: Path) -> None:
    locks = (lock.LOCK, lock.LAB_LOCK)
    packages = [p for name in locks for p in json.loads((built / name).read_text())["packages"].values()]
    present = {path.name for path in built.iterdir()}
    assert present == {p["file_name"] for p in packages} | {*runtime.CORE, *locks, "sizes.json"}
    assert all(fetch.sha256(built / p["file_name"]) == p["sha256"] for p in packages)


def test_a_lab_loads_no_more_than_it_needs(built: Path) -> None:
    lab = json.loads((built / lock.LAB_LOCK).read_text())["packages"]
    assert set(lab) == {"numpy", "simpy", "pyyaml", "linelab"}
    assert all(needed in lab for entry in lab.values() for needed in entry["depends"])


def test_an_interrupted_build_is_repaired_and_repeats(built: Path) -> None:
    before = {path.name: fetch.sha256(path) for path in built.iterdir()}
    fresh = built.with_name(built.name + ".new")
    fresh.mkdir(exist_ok=True)
    (fresh / "pyodide.asm.wasm").write_bytes(b"half")
    shutil.rmtree(built)
    again = runtime.build_runtime(built)
    assert {path.name: fetch.sha256(path) for path in again.iterdir()} == before


def test_compiled_packages_import_without_their_source(built: Path, tmp_path: Path) -> None:
    if not precompile.wanted():
        pytest.skip("COURSE_PRECOMPILE=0")
    script = tmp_path / "inside.py"
    script.write_text(
        "import zipfile, linelab, matplotlib.figure\n"
        "from linelab.apps import open_lab\n"
        "kind = type(open_lab('lab01', lang='vi')).__name__\n"
        "with zipfile.ZipFile('/out.zip', 'w') as out:\n"
        "    out.writestr('file', linelab.__file__)\n"
        "    out.writestr('widget', kind)\n"
    )
    said = dict(precompile.run(built, [], script, ["linelab"]))
    assert said["file"].endswith(b"linelab/__init__.pyc")
    assert said["widget"] == b"LabWidget"


def test_an_error_inside_pyodide_is_one_clear_error(built: Path, tmp_path: Path) -> None:
    script = tmp_path / "inside.py"
    script.write_text("raise ValueError('no such thing')")
    with pytest.raises(PublishError, match=r"no such thing.*COURSE_PRECOMPILE=0"):
        precompile.run(built, [], script)
