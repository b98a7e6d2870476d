"""What the tests of certification share: a way to sign one credential, and what to do to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.certify import credential, keys, rules, site, verify
from autograder.certify.explain import Outcome

Json = dict[str, Any]

PASSPHRASE = "a passphrase for tests only"
TRAINEE = "K7P2QD4M"
WHEN = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Signed:
    """One signed credential with all it takes to verify it."""

    document: Json
    data: bytes
    signer: keys.Signer
    trust: verify.Trust
    index: int


def signer(folder: Path, **options: Any) -> keys.Signer:
    """Make a key in `folder` and unlock it."""
    issuer = keys.generate(folder, "Lớp thử nghiệm", "http://localhost:8000/", PASSPHRASE, **options)
    return keys.unlock(folder, PASSPHRASE, issuer)


def vouched(issuers: list[keys.Issuer], lists: dict[str, Json] | None = None) -> verify.Trust:
    """Return what a site that publishes these keys, oldest first, vouches for."""
    return verify.Trust(site.known(site.entries(issuers), Path("issuers.json")), lists or {})


def unsigned(signer: keys.Signer, name: str = "Nguyễn Thị Ánh", index: int = 4711, **changes: Any) -> Json:
    """Return a credential before it is signed; of `changes`, None removes."""
    rule = rules.load()
    outcome = Outcome("module", "w01", rule.title(rule.level("module"), "w01"), True, (), ())
    grant = credential.Grant(credential.new_id(), TRAINEE, name, outcome, index, WHEN)
    document = {**credential.build(grant, rule, signer.issuer), **changes}
    return {key: value for key, value in document.items() if value is not None}


def make(
    signer: keys.Signer,
    name: str = "Nguyễn Thị Ánh",
    index: int = 4711,
    created: datetime = WHEN,
    **changes: Any,
) -> Json:
    """Return a signed credential; `changes` go in before signing, None removes."""
    return credential.sign(unsigned(signer, name, index, **changes), signer, created=created)


def without_proof(document: Json) -> Json:
    """Return what was signed."""
    return {key: value for key, value in document.items() if key != "proof"}


def why(report: verify.Report) -> str:
    """Return the key of the first reason that is not a good one."""
    return next((check.why for check in report.checks if not check.ok), "")


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return where the objects in a JSON value are."""
    found: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        found.append(path)
        for key, inner in value.items():
            found += paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += paths(inner, (*path, number))
    return found


def at(document: Json, path: tuple[Any, ...]) -> Json:
    """Return the object at a path."""
    for step in path:
        document = document[step]
    return document
