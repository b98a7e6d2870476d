"""Times the certification of many trainees: sign, JSON and PDF on the disk, entries on the ledger.

Every certificate is made, none is extrapolated; a sample of them is verified afterwards. Run by
``make bench-certify``; takes some minutes.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from autograder.certify import credential, keys, pdf, rules, site, status, verify
from autograder.certify.explain import explain
from autograder.certify.ledger import Ledger
from autograder.certify.making import Maker

COUNTS = (1_000, 10_000)
NAMES = ("Nguyễn Thị Ánh", "Trần Văn Bình", "Lê Hoàng Phước Đạt", "Phạm Quỳnh Giao", "Đặng Hữu Ích")
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def work() -> float:
    """Return the seconds of processor time used so far, by the processes that have ended, too."""
    return sum(
        x.ru_utime + x.ru_stime
        for x in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def certify(count: int, folder: Path) -> tuple[float, float]:
    """Certify `count` trainees and return the seconds it took, of the clock and of the processors."""
    secret = "only for timing it"
    keys.generate(folder / "keys", "Trường thử", "https://example.org/", secret, did="did:web:example.org")
    signer = keys.unlock(folder / "keys", secret)
    rule, draw = rules.load(), random.Random(count)
    outcomes = [outcome for outcome in explain([], rule) if outcome.level in ("module", "completion")]
    ledger = Ledger(folder / "ledger.jsonl")
    begun, used_before = time.perf_counter(), work()
    used: set[int] = set()
    grants = []
    for _ in range(count):
        index = status.free_index(used)
        used.add(index)
        trainee = "".join(draw.choices(DIGITS, k=8))
        name = draw.choice(NAMES) if draw.random() < 0.5 else ""
        when = datetime.now(UTC).replace(microsecond=0)
        grants.append(
            credential.Grant(credential.new_id(), trainee, name, draw.choice(outcomes), index, when)
        )
    for made in Maker(folder / "credentials", rule, signer).make_all(grants):
        assert not made.error, made.error
        ledger.append("issue", {"id": made.grant.id, "sha256": made.sha256})
    seconds, used_now = time.perf_counter() - begun, work()
    trust = verify.Trust(site.known(site.entries([signer.issuer]), folder))
    for grant in draw.sample(grants, 20):
        path = folder / "credentials" / f"{grant.id.removeprefix('urn:uuid:')}.pdf"
        document = verify.parse(pdf.attached(path.read_bytes()))
        assert verify.verify(document, trust).verdict == "valid"
    assert len(list((folder / "credentials").iterdir())) == 2 * count
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
