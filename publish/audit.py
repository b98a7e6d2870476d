"""Compares a deployed copy with the manifests that it was published with: a folder, or what a host sends.

Each file is held against its size and hash, and in a folder nothing may be that no manifest names. What a
signature says is checked if the publisher's public key is given.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import click

from publish import compress, hosting, manifest, minisign, root, store
from publish.errors import PublishError
from publish.manifest import Manifest

AT_ONCE = 8
TIMEOUT = 30  # seconds without a byte
PAUSES = (0, 1, 3)  # seconds before each try
AROUND = {root.NAME, *root.FOR_PEOPLE}  # files of the web root that no manifest holds


class Copy(Protocol):
    """Where files come from."""

    def read(self, path: str) -> bytes:
        """A file by its path from the web root; `Missing` if it is not there, OSError if it cannot be had."""

    def names(self, folder: str) -> set[str] | None:
        """The files below a folder, or None if that cannot be known."""


class MissingError(Exception):
    """There is no such file; the text says how that was found."""


@dataclass
class Findings:
    """What was found: `differences` mean that the copy is not what was published."""

    checked: int = 0
    size: int = 0
    differences: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Folder:
    """A copy on this machine."""

    path: Path

    def read(self, path: str) -> bytes:
        file = self.path / path
        if not file.is_file():
            raise MissingError("is not there")
        return file.read_bytes()

    def names(self, folder: str) -> set[str] | None:
        top = self.path / folder
        return {path.relative_to(self.path).as_posix() for path in top.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Web:
    """A copy on a web host."""

    address: str

    def read(self, path: str) -> bytes:
        request = urllib.request.Request(
            self.address + quote(path), headers={"Accept-Encoding": "identity", "Cache-Control": "no-cache"}
        )
        for pause in PAUSES:
            time.sleep(pause)
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                    content: bytes = answer.read()
                    return _plain(content, answer.headers.get("Content-Encoding", ""), path)
            except urllib.error.HTTPError as error:
                if error.code in (403, 404, 410):
                    raise MissingError(f"is not there (the host answers {error.code})") from None
                failure: Exception = error
            except (OSError, http.client.HTTPException) as error:
                failure = error
        raise OSError(f"cannot be had: {failure}")

    def names(self, folder: str) -> set[str] | None:
        return None


def _plain(content: bytes, coding: str, path: str) -> bytes:
    """What a browser would see; a host may send a compressed copy though it was asked not to."""
    if coding != "gzip" or path.endswith(".gz"):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error):
        return content


def check(where: str, edition: str = "", key: minisign.PublicKey | None = None) -> Findings:
    """Check a deployed copy.

    Parameters
    ----------
    where : str
        Folder or web address of the web root, or of one edition in it.
    edition : str
        Check this one alone; otherwise all that the copy's list names.
    key : PublicKey, optional
        The publisher's. Without it a signature is only mentioned.

    Raises
    ------
    PublishError
        If there is neither a list of editions nor a manifest, or one that cannot be read.
    """
    copy, editions, is_pack = _opened(where, edition)
    found = Findings()
    manifests = {}
    for name in editions:
        path = f"{name}/{manifest.NAME}"
        try:
            content = copy.read(path)
        except (MissingError, OSError) as error:
            found.differences.append(f"{path}: {error}")
            continue
        manifests[name] = manifest.parse(content, path)
        if manifests[name]["edition"] != name:
            found.differences.append(f"{path}: is the manifest of edition {manifests[name]['edition']}")
        _signature(copy, path, content, key, found)
    wanted = dict(_wanted(manifests))
    if is_pack:
        copies = tuple(f".{form}" for form in compress.FORMS)  # which a pack has no use for
        wanted = {path: entry for path, entry in wanted.items() if not path.endswith(copies)}
    _compare(copy, wanted, found)
    _extra(copy, set(wanted), manifests, bool(edition) or len(editions) == 1, found)
    found.differences.sort()
    return found


def _opened(where: str, edition: str) -> tuple[Copy, list[str], bool]:
    """The copy of the web root, the editions to check, and whether it is an unpacked offline pack."""
    address = urlsplit(where)
    copy: Copy
    if address.scheme in ("http", "https"):
        base = f"{address.scheme}://{address.netloc}{address.path.removesuffix('index.html').rstrip('/')}/"
        make: Callable[[str], Copy] = Web
    else:
        path = Path(where).resolve()
        if not path.is_dir():
            raise PublishError(f"--check {where}: is no folder and no web address")
        base, make = f"{path}/", lambda base: Folder(Path(base))
    copy = make(base)
    try:
        about, entries = root.entries_of(copy.read(root.NAME), root.NAME)
    except MissingError:
        upper, _, name = base.rstrip("/").rpartition("/")
        try:
            copy.read(manifest.NAME)
        except (MissingError, OSError):
            raise PublishError(
                f"--check {where}: has neither {root.NAME} nor {manifest.NAME}; name a published copy"
            ) from None
        return make(f"{upper}/"), [name], False
    except OSError as error:
        raise PublishError(f"--check {where}: {root.NAME} {error}") from None
    listed = [entry["edition"] for entry in entries]
    if edition and edition not in listed:
        raise PublishError(f"--edition {edition}: is not there; there are {', '.join(listed) or 'none'}")
    return copy, [edition] if edition else listed, bool(about.get("pack"))


def _signature(
    copy: Copy, path: str, content: bytes, key: minisign.PublicKey | None, found: Findings
) -> None:
    where = path + minisign.SUFFIX
    try:
        signature = copy.read(where).decode("utf-8", "replace")
    except MissingError:
        if key:
            found.differences.append(f"{where}: is not there, so nobody vouches for the edition")
        else:
            found.untold.append(f"{path}: is not signed: who changes files can change it with them")
        return
    except OSError as error:
        found.differences.append(f"{where}: {error}")
        return
    try:
        if key:
            minisign.check(content, signature, key, where)
        else:
            name = minisign.signed_by(signature, where)
            found.untold.append(
                f"{where}: whether the signature holds; name the publisher's public key: --key (key {name})"
            )
    except PublishError as error:
        found.differences.append(error.message)


def _wanted(manifests: dict[str, Manifest]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every file by its path from the web root; what editions share comes once."""
    for name, made in manifests.items():
        for path, entry in made["files"].items():
            yield f"{name}/{path}", entry
        yield from made["shared"].items()


def _compare(copy: Copy, wanted: dict[str, dict[str, Any]], found: Findings) -> None:
    stop = threading.Event()

    def one(path: str) -> str:
        if stop.is_set():
            return ""
        entry = wanted[path]
        try:
            content = copy.read(path)
        except (MissingError, OSError) as error:
            return f"{path}: {error}"
        if len(content) != entry["size"]:
            return f"{path}: has {len(content)} bytes, not {entry['size']}"
        if hashlib.sha256(content).hexdigest() != entry["sha256"]:
            return f"{path}: has another content"
        return ""

    total = sum(entry["size"] for entry in wanted.values())
    with ThreadPoolExecutor(AT_ONCE) as pool, click.progressbar(length=total, label="Checking") as bar:
        try:
            for path, difference in zip(wanted, pool.map(one, wanted), strict=True):
                bar.update(wanted[path]["size"])
                found.differences += [difference] if difference else []
        except BaseException:
            stop.set()  # Ctrl-C: do not read what is left
            raise
    found.checked, found.size = len(wanted), total


def _extra(copy: Copy, known: set[str], manifests: dict[str, Manifest], alone: bool, found: Findings) -> None:
    """Files that no manifest names."""
    around = f"{', '.join(sorted(AROUND))}, {hosting.FOLDER}/ and {root.ISSUERS}/"
    found.untold.append(f"{around}: lie around the editions and may change; no manifest holds them")
    present: set[str] = set()
    for name in manifests:
        names = copy.names(name)
        if names is None:
            found.untold.append("files that no manifest names: a web host does not tell what else it has")
            return
        present |= names - {f"{name}/{manifest.NAME}", f"{name}/{manifest.NAME}{minisign.SUFFIX}"}
    if alone:
        found.untold.append(f"{store.STORE}/: may hold files of other editions; check them all to know")
    else:
        everything = copy.names("") or set()
        top = {path for path in everything if path.split("/")[0] not in manifests}
        fixed = (f"{hosting.FOLDER}/", f"{root.ISSUERS}/")
        present |= {path for path in top if path not in AROUND and not path.startswith(fixed)}
    found.differences += [f"{path}: no manifest names it" for path in sorted(present - known)]
