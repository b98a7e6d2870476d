"""Times the certification of many trainees: sign, JSON and PDF on the disk, entries on the ledger.

Every certificate is made, none is extrapolated; a sample of them is verified afterwards. The decisions are
real ones on marks, signed before the clock starts. Run by ``make bench-certify``; takes some minutes.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from autograder.certify import decide, keys, pdf, people, rulebook, rules, site, verify
from autograder.certify.book import Book
from autograder.certify.chain import Draft
from autograder.certify.issue import Issuing, plan
from linelab.trainees import check_character

COUNTS = (1_000, 10_000)
NAMES = ("Nguyễn Thị Ánh", "Trần Văn Bình", "Lê Hoàng Phước Đạt", "Phạm Quỳnh Giao", "Đặng Hữu Ích")


def work() -> float:
    """Return the seconds of processor time used so far, by the processes that have ended, too."""
    return sum(
        x.ru_utime + x.ru_stime
        for x in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def person(book: Book, role: str, by: people.Signer | None = None) -> people.Signer:
    """Put somebody on the ledger whose key lies in no file."""
    key = Ed25519PrivateKey.generate()
    signer = people.Signer(people.number(key.public_key().public_bytes_raw().hex()), key)
    book.append("person", {**vars(signer.card), "roles": [role]}, by or signer)
    return signer


def decided(folder: Path, count: int, draw: random.Random) -> Book:
    """Return the ledger of a cohort in which each of `count` trainees was granted one module."""
    book = Book.open(folder)
    registrar = person(book, "registrar")
    decider = person(book, "decider", registrar)
    rulebook.adopt(book, rules.DEFAULT, "", registrar)
    modules = rulebook.current(book).modules
    trainees = [f"{i:07d}" + check_character(f"{i:07d}") for i in range(count)]
    drafts: list[Draft] = []
    for trainee in trainees:
        attempt = {
            "trainee": trainee,
            "assignment": draw.choice(modules).id,
            "number": 1,
            "attempt": draw.randbytes(32).hex(),
        }
        mark = {"points": 8, "max_points": 10, "late": 0, "record": 1, "marked_by": []}
        drafts += [("attempt", attempt), ("mark", {**attempt, **mark, "graded_at": book.now()})]
    book.append_all(drafts)
    found = decide.docket(book, trainees, lambda outcome: outcome.level == "module", decider.id)
    assert len(decide.grant(book, found, decider)) == count
    return book


def certify(count: int, folder: Path) -> tuple[float, float]:
    """Certify `count` trainees and return the seconds it took, of the clock and of the processors."""
    secret = "only for timing it"
    keys.generate(folder / "keys", "Trường thử", "https://example.org/", secret, did="did:web:example.org")
    signer = keys.unlock(folder / "keys", secret)
    draw = random.Random(count)
    book = decided(folder, count, draw)
    plans = plan(book)
    named = {one.trainee: draw.choice(NAMES) for one in plans if draw.random() < 0.5}
    begun, used_before = time.perf_counter(), work()
    for _, result in Issuing(folder / "credentials", book, signer, lambda x: named[x]).issue(plans, named):
        assert isinstance(result, Path), result
    seconds, used_now = time.perf_counter() - begun, work()
    trust = verify.Trust(site.known(site.entries([signer.issuer]), folder))
    for one in draw.sample(plans, min(20, count)):
        path = folder / "credentials" / f"{one.id.removeprefix('urn:uuid:')}.pdf"
        document = verify.parse(pdf.attached(path.read_bytes()))
        assert verify.verify(document, trust).verdict == "valid"
    assert len(list((folder / "credentials").iterdir())) == 2 * count
    assert not plan(Book.open(folder)), "the ledger has them all"
    return seconds, used_now - used_before


def main() -> None:
    """Time each count."""
    cores = len(os.sched_getaffinity(0))
    for count in [int(given) for given in sys.argv[1:]] or COUNTS:
        with tempfile.TemporaryDirectory() as folder:
            seconds, processors = certify(count, Path(folder))
        load = os.getloadavg()[0]
        print(
            f"{count} certificates in {seconds:.1f} s, {1000 * seconds / count:.1f} ms each, "
            f"on {cores} cores; processor time {processors:.1f} s (load {load:.1f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
