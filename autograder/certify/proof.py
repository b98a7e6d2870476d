"""Check a Data Integrity proof (``eddsa-rdfc-2022``), independently of the library that signs."""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openvc.errors import OpenvcError
from openvc.multibase import decode_multibase

from autograder.certify import terms
from autograder.certify.keys import ED25519_CODE
from autograder.certify.report import Json, Report, issuer_of


def signed(document: Json, report: Report) -> bool:
    """Check terms and signature of any credential; the two only mean something together."""
    proof = document.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    if not isinstance(proof, dict):
        report.add("signature", False, "Không có chữ ký", "There is no signature")
        return False
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    config = {key: value for key, value in proof.items() if key != "proofValue"}
    if "@context" in proof:
        report.add("terms", False, "Chữ ký mang ngữ cảnh riêng", "The proof brings a context of its own")
        return False
    config["@context"] = document.get("@context")
    for part in (unsigned, config):
        wrong = terms.problem(part)
        if wrong:
            report.add(
                "terms",
                False,
                f"Có nội dung mà chữ ký không bảo vệ: {wrong[:80]}",
                f"Holds content that the signature does not protect: {wrong[:80]}",
            )
            return False
    report.add(
        "terms", True, "Mọi nội dung đều được chữ ký bảo vệ", "All content is protected by the signature"
    )
    if _holds(document, unsigned, proof, config):
        report.add(
            "signature",
            True,
            "Chữ ký đúng, nội dung không bị sửa",
            "The signature is right: nothing was changed",
        )
        return True
    report.add(
        "signature",
        False,
        "Chữ ký sai: nội dung đã bị sửa hoặc không do đơn vị này ký",
        "The signature is wrong: the content was changed, or this issuer did not sign it",
    )
    return False


def _holds(document: Json, unsigned: Json, proof: Json, config: Json) -> bool:
    did = issuer_of(document)
    multibase = did.removeprefix("did:key:")
    expected = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{did}#{multibase}",
    }
    if not did.startswith("did:key:z") or any(proof.get(key) != value for key, value in expected.items()):
        return False
    try:
        key = decode_multibase(multibase)
        signature = decode_multibase(proof["proofValue"])
        if not key.startswith(ED25519_CODE) or len(key) != 34 or len(signature) != 64:
            return False
        hashed = b"".join(hashlib.sha256(terms.canonical(part)).digest() for part in (config, unsigned))
        Ed25519PublicKey.from_public_bytes(key[2:]).verify(signature, hashed)
    except (InvalidSignature, OpenvcError, KeyError, AttributeError, ValueError, TypeError):
        return False
    return True
