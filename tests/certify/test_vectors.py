"""The published examples of the W3C and of 1EdTech verify with our own verifier, and with the published test
keys their signatures come out the same.

Their files stay out of the repository: they are fetched by hash (publish/pins.json) as the libraries of the
browser are, and a test that cannot have its file says so. What stands here are numbers of the two documents.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from openvc.keys import Ed25519SigningKey
from openvc.multibase import decode_multibase, encode_multibase
from openvc.proof.data_integrity import DataIntegrityProofSuite

from autograder.certify import contexts, did, proof, terms, verify
from autograder.certify.report import Json, Report
from publish import fetch
from publish.errors import PublishError

from .samples import without_proof

EXAMPLES = "https://www.w3.org/ns/credentials/examples/v2"
W3C = "tests/fixtures/vc_di_eddsa/"

# Open Badges 3.0 Implementation Guide, 1EdTech, Final Release 2.0 of 7 April 2025, "Linked Data Proof Test
# Vector for Open Badges 3.0": key pair, hashes, signature. © 1EdTech Consortium
OB_KEY = "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi"
OB_SECRET = "6241a409e6707bb640a0140a8a32bc3d193c33a661747284d6adfa4ed4180be4"
OB_DOCUMENT_HASH = "87f65a76d40146205e3b3e06cb0fbd153f97f9ce70372390f52566bb7f9e0773"
OB_PROOF_HASH = "d34009cea0dbc1ca941e09dc01c8c9d3e3ce3c5b853f67ee44698dcea10f5d19"
OB_ISSUER = "https://example.edu/issuers/565049"
OB_PROOF = {
    "type": "DataIntegrityProof",
    "created": "2010-01-01T19:23:24Z",
    "verificationMethod": f"{OB_ISSUER}#{OB_KEY}",
    "cryptosuite": "eddsa-rdfc-2022",
    "proofPurpose": "assertionMethod",
    "proofValue": "z5x9aCBYovW3CQCbKdNyhEm7ffYSw1YpEdPywQJoNbzDD2gkzQDKJ1sYKJaWvqZtkMtSbz35HcbgXVEDYHxCzgkCr",
}


def published(group: str) -> dict[str, Path]:
    try:
        return fetch.get(group)
    except PublishError as error:
        pytest.skip(f"not in the cache, and cannot be fetched: {error.message}")


@pytest.fixture
def w3c(monkeypatch: pytest.MonkeyPatch) -> tuple[Json, dict[str, str], dict[str, str]]:
    """The signed credential of vc-di-eddsa, its key pair, and its two hashes."""
    files = published("vectors")
    context = json.loads(files[W3C + "credentials-examples-v2.json"].read_text("utf-8"))
    known = contexts.documents() | {EXAMPLES: context}
    monkeypatch.setattr(contexts, "documents", lambda: known)
    monkeypatch.setitem(contexts.PINS, EXAMPLES, ("", "", ""))
    document, pair = (
        json.loads(files[W3C + name].read_text("utf-8"))
        for name in ("signed-credential.json", "key-pair.json")
    )
    hashes = {
        name: files[W3C + f"{name}-hash.txt"].read_text("ascii").strip() for name in ("doc", "proof-config")
    }
    return document, pair, hashes


@pytest.fixture
def badge() -> Json:
    """The signed credential of the Open Badges guide."""
    page = published("vectors-1edtech")["ob_v3p0/impl/linked-data-proof-ob.html"].read_text("utf-8")
    found = re.search(r'title="Signed credential">(.*?)</pre', page, re.DOTALL)
    assert found
    document: Json = json.loads(html.unescape(found[1]))
    return document


def verdict(document: Json, keys: dict[str, did.Key]) -> tuple[bool | None, list[str]]:
    report = Report(document)
    return proof.signed(document, keys, report), [check.why for check in report.checks]


def digests(document: Json) -> tuple[str, str]:
    unsigned, config = proof.parts(document, proof.the_proof(document) or {})
    return tuple(hashlib.sha256(terms.canonical(part)).hexdigest() for part in (unsigned, config))  # type: ignore[return-value]


def signed_again(document: Json, secret: bytes) -> str:
    """The proof value that our two implementations make of a document with the published key: the same."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    given = proof.the_proof(document)
    assert given
    unsigned, config = proof.parts(document, given)
    ours = encode_multibase(key.sign(proof.digest(unsigned, config)))
    theirs = DataIntegrityProofSuite().add_proof(
        without_proof(document),
        signing_key=Ed25519SigningKey(key, given["verificationMethod"]),
        verification_method=given["verificationMethod"],
        created=proof.time_of(given["created"]),
        extra_contexts=contexts.documents(),
    )
    assert theirs["proof"]["proofValue"] == ours
    return ours


def changed(document: Json) -> list[Json]:
    """The document with a letter more in each of its plain texts."""
    made: list[Json] = []

    def walk(value: Any, rebuild: Any) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, lambda new, key=key, value=value: rebuild({**value, key: new}))
        elif isinstance(value, str):
            made.append(rebuild(value + "x"))

    walk(without_proof(document), lambda new: {**new, "proof": document["proof"]})
    return made


def test_the_example_of_the_w3c_verifies(w3c: tuple[Json, dict[str, str], dict[str, str]]) -> None:
    document, pair, hashes = w3c
    method = document["proof"]["verificationMethod"]
    keys = {method: did.Key(did.public_key(pair["publicKeyMultibase"]))}
    assert verdict(document, keys) == (True, ["terms", "signature"])
    assert digests(document) == (hashes["doc"], hashes["proof-config"])
    assert keys == did.own_keys(pair["publicKeyMultibase"].join(["did:key:", ""]))
    bad = changed(document)
    assert len(bad) > 5
    assert all(verdict(one, keys)[0] is False for one in bad)


def test_the_signature_of_the_w3c_is_reproduced(w3c: tuple[Json, dict[str, str], dict[str, str]]) -> None:
    document, pair, _ = w3c
    # multicodec ed25519-priv (0x1300), then the 32 bytes
    secret = decode_multibase(pair["privateKeyMultibase"]).removeprefix(b"\x80\x26")
    assert signed_again(document, secret) == document["proof"]["proofValue"]


def test_the_example_of_1edtech_verifies(badge: Json) -> None:
    assert badge["proof"] == OB_PROOF
    keys = {OB_PROOF["verificationMethod"]: did.Key(did.public_key(OB_KEY))}
    assert verdict(badge, keys) == (True, ["terms", "signature"])
    assert digests(badge) == (OB_DOCUMENT_HASH, OB_PROOF_HASH)
    known = {OB_ISSUER: did.Known("Example Corp", keys)}
    assert verify.verify(badge, verify.Trust(known)).verdict == "valid"
    bad = changed(badge)
    assert len(bad) > 10
    assert all(verdict(one, keys)[0] is False for one in bad)


def test_the_signature_of_1edtech_is_reproduced(badge: Json) -> None:
    assert signed_again(badge, bytes.fromhex(OB_SECRET)) == OB_PROOF["proofValue"]


def test_the_published_numbers_of_1edtech_fit_together() -> None:
    # without its file: the proof's own hash, and the signature over the two published hashes
    config = {key: value for key, value in OB_PROOF.items() if key != "proofValue"}
    config["@context"] = [contexts.V2, contexts.OB3]  # type: ignore[assignment]
    assert hashlib.sha256(terms.canonical(config)).hexdigest() == OB_PROOF_HASH
    data = bytes.fromhex(OB_PROOF_HASH + OB_DOCUMENT_HASH)
    assert proof.holds(OB_PROOF, data, did.public_key(OB_KEY))
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(OB_SECRET))
    assert encode_multibase(key.sign(data)) == OB_PROOF["proofValue"]
    assert not proof.holds(OB_PROOF, data[::-1], did.public_key(OB_KEY))
