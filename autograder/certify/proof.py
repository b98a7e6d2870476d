"""Check a Data Integrity proof (``eddsa-rdfc-2022``), independently of the library that signs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from openvc.errors import OpenvcError
from openvc.multibase import decode_multibase

from autograder.certify import terms
from autograder.certify.did import Key
from autograder.certify.report import Json, Report, issuer_of, time_of

KIND = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-rdfc-2022",
    "proofPurpose": "assertionMethod",
}


def signed(document: Json, keys: Mapping[str, Key] | None, report: Report) -> bool | None:
    """Check terms and signature of any credential; the two only mean something together.

    `keys` are the issuer's by verification method, None if they are not known.
    """
    proof = the_proof(document)
    if proof is None:
        return report.add("signature", False, "no-signature")
    if "@context" in proof:
        return report.add("terms", False, "undefined-term", term="proof.@context")
    unsigned, config = parts(document, proof)
    for part in (unsigned, config):
        wrong = terms.problem(part)
        if wrong:
            return report.add("terms", False, "undefined-term", term=wrong[:80])
    report.add("terms", True, "terms")
    method, did = proof.get("verificationMethod"), issuer_of(document)
    if keys is None and isinstance(method, str) and method.startswith(f"{did}#"):
        return report.add("signature", None, "key-unknown", did=did[:200])
    key = (keys or {}).get(method) if isinstance(method, str) else None
    try:
        data = digest(unsigned, config)
    except (ValueError, TypeError):  # half a letter, say, which no canonical form has
        return report.add("signature", False, "signature-wrong")
    if key is None or not holds(proof, data, key.public):
        return report.add("signature", False, "signature-wrong")
    if key.withdrawn:
        return report.add("signature", False, "key-withdrawn")
    if key.retired and not _before(proof.get("created"), key.retired):
        return report.add("signature", False, "key-retired", retired=key.retired)
    return report.add("signature", True, "signature")


def the_proof(document: Json) -> Json | None:
    """Return the one proof of a document, given as an object or as a list of one."""
    proof = document.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    return proof if isinstance(proof, dict) else None


def parts(document: Json, proof: Json) -> tuple[Json, Json]:
    """Return what is signed: the document without its proof, and the proof without its value."""
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    config = {key: value for key, value in proof.items() if key != "proofValue"}
    return unsigned, {**config, "@context": document.get("@context")}


def digest(unsigned: Json, config: Json) -> bytes:
    """Return the 64 bytes that are signed (vc-di-eddsa, section 3.2.4)."""
    return b"".join(hashlib.sha256(terms.canonical(part)).digest() for part in (config, unsigned))


def holds(proof: Json, data: bytes, public: bytes) -> bool:
    """Return whether the proof is of the kind that is accepted here and its signature is that of the key."""
    if any(proof.get(key) != value for key, value in KIND.items()):
        return False
    try:
        signature = decode_multibase(proof["proofValue"])
        if len(signature) != 64 or not proof["proofValue"].startswith("z"):
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, OpenvcError, KeyError, AttributeError, ValueError, TypeError):
        return False
    return True


def _before(created: object, end: datetime) -> bool:
    try:
        return time_of(created) < end
    except ValueError:
        return False
