"""Build and sign one Open Badges 3.0 credential (W3C VC 2.0, Data Integrity ``eddsa-rdfc-2022``).

The subject is a pseudonym, the trainee number; a name is there only when the trainee consented. Marks
stay out: the credential says what was achieved, the ledger keeps what the decision was based on.
"""

from __future__ import annotations

import json
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from openvc.errors import OpenvcError
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.status.issue import build_status_list_entry

from autograder.certify import contexts
from autograder.certify.explain import Outcome
from autograder.certify.keys import Issuer, Signer
from autograder.certify.rules import Rules
from autograder.errors import CourseError

DEMO = "DEMO – not issued by MOIT or Samsung"
DEMO_VI = "BẢN TRÌNH DIỄN – không do Bộ Công Thương hay Samsung cấp"
NAMESPACE = uuid.UUID("7d0a8f2e-5b1c-4c55-9a3e-0f6c1e7d2b94")  # of this course's achievements

# What the badge vocabulary calls each level; one that is not listed is a certification.
TYPES = {"module": "MicroCredential", "completion": "CertificateOfCompletion"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Grant:
    """Who gets which credential: everything that is decided before it is written."""

    id: str
    trainee: str
    name: str  # empty without consent
    outcome: Outcome
    status_index: int
    valid_from: datetime
    valid_until: datetime | None = None  # None: it does not expire


def new_id() -> str:
    """Return a fresh credential identifier."""
    return f"urn:uuid:{uuid.uuid4()}"


def build(grant: Grant, rules: Rules, issuer: Issuer) -> Json:
    """Return the unsigned credential."""
    level = rules.level(grant.outcome.level)
    title = both(grant.outcome.title)
    who = [_identity("identifier", grant.trainee)]
    if grant.name:
        name = " ".join(unicodedata.normalize("NFC", grant.name).split())
        who.append(_identity("name", name))
    achievement = {
        "id": f"urn:uuid:{uuid.uuid5(NAMESPACE, f'{rules.version}/{grant.outcome.target}')}",
        "type": ["Achievement"],
        "achievementType": TYPES.get(level.id, "Certification"),
        "humanCode": f"{grant.outcome.target} {rules.version}",
        "name": title,
        "description": both(level.name),
        "criteria": {"narrative": both(level.about)},
    }
    return {
        "@context": [contexts.V2, contexts.OB3],
        "id": grant.id,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": f"{DEMO}: {title}" if issuer.demo else title,
        "issuer": {"id": issuer.did, "type": ["Profile"], "name": _issuer_name(issuer)},
        "validFrom": _utc(grant.valid_from),
        **({"validUntil": _utc(grant.valid_until)} if grant.valid_until else {}),
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": who,
            "achievement": achievement,
        },
        "credentialStatus": build_status_list_entry(
            status_list_credential=issuer.status_list, index=grant.status_index
        ),
    }


def sign(document: Json, signer: Signer, created: datetime | None = None) -> Json:
    """Return a signed copy; refuse a demo key for what is not marked as a demo, and a real one for what is.

    The proof of a badge is a list of one, as the Open Badges schema has it; that of a status list is an
    object, as the W3C's examples have it. Both mean the same.
    """
    issuer = signer.issuer
    if issuer.demo and not marked_demo(document):
        raise CourseError(f"{issuer.did[:40]}: a demo key signs only what says “{DEMO}”")
    if not issuer.demo and DEMO in json.dumps(document, ensure_ascii=False):
        raise CourseError(f"{issuer.did[:40]}: a key for real certificates signs nothing that says “{DEMO}”")
    contexts.share()
    try:
        signed = DataIntegrityProofSuite().add_proof(
            document, signing_key=signer.key, verification_method=issuer.method, created=created
        )
    except OpenvcError as error:
        raise CourseError(f"{document.get('id')}: cannot be signed ({error})") from error
    badge = "OpenBadgeCredential" in document.get("type", ())
    return {**signed, "proof": [signed["proof"]] if badge else signed["proof"]}


def marked_demo(document: Json) -> bool:
    """Return whether the credential says at its head and in its issuer's name that it is a demo."""
    issuer = document.get("issuer")
    named = issuer.get("name", "") if isinstance(issuer, dict) else ""
    return str(document.get("name", "")).startswith(DEMO) and str(named).startswith(DEMO)


def dump(document: Json) -> bytes:
    """Return the file form: no spare byte, so that any change of a byte is a change of content."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def both(text: dict[str, str]) -> str:
    """Return the two languages in one string: the badge vocabulary has no language maps."""
    return text["vi"] if text["vi"] == text["en"] else f"{text['vi']} · {text['en']}"


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _issuer_name(issuer: Issuer) -> str:
    return f"{DEMO} ({issuer.name})" if issuer.demo else issuer.name


def _identity(kind: str, value: str) -> Json:
    return {"type": "IdentityObject", "hashed": False, "identityHash": value, "identityType": kind}
