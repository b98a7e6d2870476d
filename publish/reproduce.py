"""`make reproducible`: publishes this checkout twice, as on two machines, and compares every byte.

The two differ in whatever may creep into a build: the path of the checkout, the mask of new files, the time
zone, the language of the system, the seed of Python's hashes, the order in which folders list their files,
the home folder, and of course the time. What was compiled before is compiled again.
"""

from __future__ import annotations

import getpass
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from publish import fetch
from publish.check import BINARY
from publish.errors import PublishError
from publish.paths import CACHE, ROOT
from publish.root import NAME

EDITION = "2026-reproducible-1"
LEFT = (".git", ".venv", ".cache", "_build")
# Lists folders the other way round, so that whatever relies on their order shows.
BACKWARDS = """
import os
_listdir, _scandir = os.listdir, os.scandir
class _Scan:
    def __init__(self, *given):
        with _scandir(*given) as found:
            self._entries = iter(sorted(found, key=lambda entry: entry.name, reverse=True))
    def __iter__(self): return self
    def __next__(self): return next(self._entries)
    def __enter__(self): return self
    def __exit__(self, *_): self.close()
    def close(self): pass
os.listdir = lambda *given: sorted(_listdir(*given), reverse=True)
os.scandir = _Scan
"""


@dataclass(frozen=True)
class World:
    """A checkout of its own, and what surrounds a build in it."""

    folder: Path
    settings: dict[str, str]
    mask: int

    def run(self, *command: str) -> None:
        """Run Python in it; what it says is shown."""
        path = [str(self.folder), str(self.folder / "labs"), *filter(None, [self.settings.get("PYTHONPATH")])]
        environment = os.environ | self.settings | {"PYTHONPATH": os.pathsep.join(path)}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        old = os.umask(self.mask)
        try:
            done = subprocess.run([sys.executable, *command], cwd=self.folder, env=environment)
        finally:
            os.umask(old)
        if done.returncode:
            raise PublishError(f"{self.folder}: the build fails there; see what it said")


def worlds(parent: Path) -> tuple[World, World]:
    """Two copies of this checkout in folders of their own, as different as they may be."""
    first, second = parent / "a", parent / "another place" / "with a longer path"
    patched = parent / "patched"
    patched.mkdir()
    (patched / "sitecustomize.py").write_text(BACKWARDS)
    for folder in (first, second):
        shutil.copytree(ROOT, folder, ignore=lambda path, _: LEFT if Path(path) == ROOT else ())
        for path in [*folder.rglob("__pycache__")]:
            shutil.rmtree(path)
        (folder / ".cache").mkdir()
        (folder / ".cache" / "pinned").symlink_to(CACHE / "pinned", target_is_directory=True)
        (folder.parent / f"home of {folder.name}").mkdir()
    one = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
    other = {"TZ": "ICT-7", "LC_ALL": "C", "PYTHONHASHSEED": "2", "PYTHONPATH": str(patched)}
    return (
        World(first, one | {"HOME": str(first.parent / "home of a")}, 0o022),
        World(second, other | {"HOME": str(second.parent / f"home of {second.name}")}, 0o077),
    )


def differences(one: Path, other: Path) -> list[str]:
    """Files of two trees that are not the same, one line each with the place of the first difference."""
    trees = [{p.relative_to(top).as_posix() for p in top.rglob("*") if p.is_file()} for top in (one, other)]
    found = []
    for name in sorted(trees[0] | trees[1]):
        pair = (one / name, other / name)
        if not all(path.is_file() for path in pair):
            found.append(f"{name}: is only in one of the two")
        elif fetch.sha256(pair[0]) != fetch.sha256(pair[1]):
            found.append(f"{name}: differs{_where(*pair)}")
    return found


def _where(one: Path, other: Path) -> str:
    if zipfile.is_zipfile(one) and zipfile.is_zipfile(other):
        with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
            for member in sorted({*first.namelist(), *second.namelist()}):
                contents = [z.read(member) if member in z.namelist() else None for z in (first, second)]
                if contents[0] != contents[1]:
                    return f" in {member}"
        return " in the archive itself"
    a, b = one.read_bytes(), other.read_bytes()
    at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f" at byte {at}: {a[max(0, at - 30) : at + 30]!r} and {b[max(0, at - 30) : at + 30]!r}"


def traces(folder: Path, words: Iterable[str]) -> list[str]:
    """Files that hold one of these words, such as a path of the machine; archives are looked into."""
    wanted = [word.encode() for word in words]
    return [
        f"{name}: holds {word.decode()!r}"
        for name, content in _contents(folder)
        for word in wanted
        if word in content
    ]


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix in BINARY or path.suffix in (".br", ".gz"):
            continue
        name = path.relative_to(folder).as_posix()
        yield name, path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for member in archive.namelist():
                    yield f"{name}!{member}", archive.read(member)


def machine(parent: Path) -> list[str]:
    """Words that only this machine, user and day can have put into a build."""
    today = [time.strftime(form) for form in ("%Y-%m-%d", "%b %d, %Y", "%d/%m/%Y")]
    names = [name for name in (platform.node(), getpass.getuser()) if len(name) > 4]  # not root
    return [str(parent), str(ROOT), *today, *names]


def check(parent: Path, build: Callable[[World], Path]) -> list[str]:
    """Build in two worlds and compare; one line for each file that differs or shows where it was made."""
    outs = [build(world) for world in worlds(parent)]
    return differences(*outs) + traces(outs[0], machine(parent))


def main() -> int:
    """Publish twice and compare."""
    with tempfile.TemporaryDirectory(prefix="reproducible-") as temporary:
        parent = Path(temporary)

        def publish(world: World) -> Path:
            begun = time.perf_counter()
            click.echo(f"publishing in {world.folder}")
            out = world.folder / "web"
            script = "from course import main; main()"
            world.run("-c", script, "publish", "--edition", EDITION, str(out))
            (out / NAME).unlink()  # says when it was published, and is no part of the edition
            (out / "index.html").unlink()
            click.echo(f"  {time.perf_counter() - begun:.0f} s")
            return out

        found = check(parent, publish)
        for line in found:
            click.echo(line)
        size = sum(1 for path in (parent / "a" / "web").rglob("*") if path.is_file())
        click.echo(f"{size} files compared, {len(found)} differences")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
