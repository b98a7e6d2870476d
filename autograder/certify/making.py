"""Makes the files of certificates: signed JSON and PDF; many of them on all cores."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.certify import credential, pdf
from autograder.certify.credential import Grant
from autograder.certify.keys import Signer
from autograder.certify.rules import Rules
from autograder.errors import CourseError
from autograder.files import write

FEW = 20  # certificates, for which starting processes takes longer than it saves
AT_ONCE = 25  # given to a process at a time


@dataclass(frozen=True)
class Made:
    """The file of a certificate, or why there is none."""

    grant: Grant
    path: Path
    sha256: str = ""
    error: str = ""


class Maker:
    """Makes certificates with one unlocked key into one folder."""

    def __init__(self, folder: Path, rules: Rules, signer: Signer) -> None:
        self.folder = folder
        self.rules = rules
        self.signer = signer

    def make(self, grant: Grant) -> Made:
        """Sign, and write JSON and PDF; the same grant gives the same files."""
        path = self.folder / f"{grant.id.removeprefix('urn:uuid:')}.json"
        try:
            unsigned = credential.build(grant, self.rules, self.signer.issuer)
            signed = credential.sign(unsigned, self.signer, created=grant.valid_from)
            data = credential.dump(signed)
            write(path.with_suffix(".pdf"), pdf.render(signed, self.signer.issuer.site))
            write(path, data)
        except CourseError as error:
            return Made(grant, path, error=error.message)
        except OSError as error:
            text = f"{path}: {error.strerror}; make room or change the folder's rights, then issue again"
            return Made(grant, path, error=text)
        return Made(grant, path, hashlib.sha256(data).hexdigest())

    def make_all(self, grants: Sequence[Grant], workers: int | None = None) -> Iterator[Made]:
        """Make many, in their order, on `workers` processes, by default one for each core."""
        workers = workers or len(os.sched_getaffinity(0))
        if len(grants) <= FEW or workers == 1:
            yield from map(self.make, grants)
            return
        # Not forks: the typesetter has threads, and a fork copies their locks. The key goes to the processes
        # through a pipe, never onto the disk.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, context, _start, (self,)) as pool:
            yield from pool.map(_make, grants, chunksize=AT_ONCE)


_maker: Maker | None = None  # of a process that makes certificates


def _start(maker: Maker) -> None:
    global _maker
    _maker = maker


def _make(grant: Grant) -> Made:
    assert _maker is not None
    return _maker.make(grant)
