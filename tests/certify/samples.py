"""What the tests of certification share: a way to sign one credential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from autograder.certify import credential, keys, rules, verify
from autograder.certify.explain import Outcome

PASSPHRASE = "a passphrase for tests only"
TRAINEE = "K7P2QD4M"
WHEN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Signed:
    """One signed credential with all it takes to verify it."""

    document: dict[str, Any]
    data: bytes
    signer: keys.Signer
    trust: verify.Trust
    index: int


def make(
    signer: keys.Signer, name: str = "Nguyễn Thị Ánh", index: int = 4711, **changes: Any
) -> dict[str, Any]:
    """Return a signed credential; `changes` go in before signing, None removes."""
    rule = rules.load()
    outcome = Outcome("module", "w01", rule.title(rule.level("module"), "w01"), True, (), ())
    grant = credential.Grant(credential.new_id(), TRAINEE, name, outcome, index, WHEN)
    document = {**credential.build(grant, rule, signer.issuer), **changes}
    document = {key: value for key, value in document.items() if value is not None}
    return credential.sign(document, signer, created=WHEN)
