"""Certificates good and bad, each with what a verifier must say of it: the same here and in the browser."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from openvc.proof.data_integrity import DataIntegrityProofSuite

from autograder.certify import contexts, keys, site, status
from autograder.certify.chain import Entry

from .samples import Json, make, signer, unsigned, without_proof

REVOKED = 99  # the status index that the published lists revoke


@dataclass(frozen=True)
class Case:
    """A certificate, the verdict on it, and the key of the first reason that is not a good one."""

    name: str
    document: Json
    verdict: str
    why: str = ""


class World:
    """Issuers of every kind, and what the site publishes of them."""

    def __init__(self, folder: Path) -> None:
        self.demo = signer(folder / "demo")
        self.old = signer(folder / "real", did="did:web:example.edu.vn")
        self.real = signer(folder / "real", rotate=True)
        self.stolen = signer(folder / "robbed", did="did:web:example.org:course")
        self.heir = signer(folder / "robbed", rotate=True, compromised=True)
        self.trial = signer(folder / "trial", did="did:web:trial.example.edu.vn", trial=True)
        self.stranger = signer(folder / "stranger")
        self.foreign = signer(folder / "foreign", did="did:web:elsewhere.example.edu")

    def publish(self, where: Path, when: datetime | None = None) -> None:
        """Put what a cohort publishes on a site, dated `when`."""
        lists = []
        for issuer, heir in (
            (self.demo, self.demo),
            (self.old, self.real),
            (self.real, self.real),
            (self.stolen, self.heir),
            (self.heir, self.heir),
            (self.trial, self.trial),
        ):
            data = {"status_list": issuer.issuer.status_list, "status_index": REVOKED}
            revocation = Entry(1, "", "revocation", data, "", "")
            lists.append((issuer.issuer, status.build([revocation], heir, when, issuer.issuer)))
        site.publish(where, lists)

    def cases(self) -> list[Case]:
        """Return every case that one published site can tell; lists out of date are tested apart."""
        good, other = make(self.real), make(self.real, name="Trần Văn Bình")
        later = datetime.now(UTC) + timedelta(seconds=3)
        borrowed = DataIntegrityProofSuite().add_proof(
            without_proof(good),
            signing_key=self.stranger.key,
            verification_method=self.real.issuer.method,
            extra_contexts=contexts.documents(),
        )
        renamed = make(self.stranger)
        renamed["issuer"]["id"] = self.real.issuer.did

        def case(name: str, why: str, document: Json) -> Case:
            return Case(name, document, "invalid", why)

        def changed(change: Callable[[Json], Any]) -> Json:
            bad = copy.deepcopy(good)
            change(bad)
            return bad

        def dated(**dates: str | None) -> Json:
            return make(self.real, **dates)

        def listed(**entry: str) -> Json:
            kept: Json = unsigned(self.real)["credentialStatus"]
            return make(self.real, credentialStatus=kept | entry)

        term = {"finalGrade": "https://example.org/grade"}
        return [
            Case("good", good, "valid"),
            Case("proof as an object", good | {"proof": good["proof"][0]}, "valid"),
            Case("without a name", make(self.real, name=""), "valid"),
            Case("of an earlier key", make(self.old), "valid"),
            Case("a demo", make(self.demo), "valid"),
            Case("a trial of an organisation", make(self.trial), "valid"),
            Case("runs for years yet", dated(validUntil="2999-01-01T00:00:00Z"), "valid"),
            Case("no status", make(self.real, credentialStatus=None), "valid", "no-status"),
            Case("unknown issuer", make(self.stranger), "unknown", "issuer-unknown"),
            Case("unknown domain", make(self.foreign), "unknown", "key-unknown"),
            case("no certificate", "not-a-badge", {"format": "course-hand-in/1"}),
            case("signed after the key's retirement", "key-retired", make(self.old, created=later)),
            case("signed by a stolen key", "key-withdrawn", make(self.stolen)),
            case("another issuer's key", "signature-wrong", dict(borrowed)),
            case("another issuer's name", "signature-wrong", renamed),
            case("a name changed", "signature-wrong", changed(lambda d: d.update(name=d["name"] + "!"))),
            case("replayed proof on another subject", "signature-wrong", other | {"proof": good["proof"]}),
            case("two proofs", "no-signature", good | {"proof": good["proof"] * 2}),
            case("no proof", "no-signature", without_proof(good)),
            case("a term added", "undefined-term", changed(lambda d: d.update(finalGrade="A+"))),
            case(
                "a term in the proof", "undefined-term", changed(lambda d: d["proof"][0].update(grade="A+"))
            ),
            case("swapped contexts", "undefined-term", changed(lambda d: d["@context"].reverse())),
            case("a context of its own", "undefined-term", changed(lambda d: d["@context"].append(term))),
            case("expired", "expired", dated(validUntil="2026-11-21T00:00:00Z")),
            case("not valid yet", "not-yet", dated(validFrom="2999-01-01T00:00:00Z")),
            case(
                "signed in the future", "not-yet", make(self.real, created=datetime(2999, 1, 1, tzinfo=UTC))
            ),
            case("no date", "dates-unreadable", dated(validFrom=None)),
            case("revoked", "revoked", make(self.real, index=REVOKED)),
            case("revoked, of an earlier key", "revoked", make(self.old, index=REVOKED)),
            case("an index that no list has", "status-unreadable", listed(statusListIndex="131072")),
            case("an index in words", "status-unreadable", listed(statusListIndex="04711")),
            case(
                "another issuer's list",
                "status-list-wrong",
                listed(statusListCredential=self.demo.issuer.status_list),
            ),
            case("a demo shown as real", "demo-unmarked", unmarked(self.demo)),
            case("a trial shown as real", "demo-unmarked", unmarked(self.trial)),
        ]


def unmarked(who: keys.Signer) -> Json:
    """Return what a demo key would sign if our own code let it: a certificate without the mark."""
    signed = DataIntegrityProofSuite().add_proof(
        unsigned(who) | {"name": "Certificate"},
        signing_key=who.key,
        verification_method=who.issuer.method,
        created=datetime(2026, 11, 20, tzinfo=UTC),
        extra_contexts=contexts.documents(),
    )
    return dict(signed)
