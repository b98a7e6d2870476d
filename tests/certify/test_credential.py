"""What is signed verifies, by us and by the library; whatever is done to it afterwards does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.errors import ProofError

from autograder.certify import contexts, credential, keys, status, terms, verify
from autograder.errors import CourseError

from .samples import PASSPHRASE, TRAINEE, WHEN, Signed, make

Json = dict[str, Any]


def library_accepts(document: Json) -> bool:
    try:
        DataIntegrityProofSuite().verify(document, extra_contexts=contexts.documents())
    except ProofError:
        return False
    return True


def failed(report: verify.Report) -> str:
    return next(check.name for check in report.checks if check.ok is False)


def test_a_signed_credential_is_valid_for_us_and_for_the_library(signed: Signed) -> None:
    report = verify.verify(signed.document, signed.trust)
    assert report.verdict == "valid", report.checks
    assert report.demo
    assert all(check.ok for check in report.checks)
    assert [check.name for check in report.checks] == [
        "terms",
        "signature",
        "issuer",
        "demo",
        "dates",
        "status",
    ]
    assert library_accepts(signed.document)


def test_the_credential_has_the_form_of_the_standards(signed: Signed) -> None:
    document = signed.document
    assert document["@context"] == [contexts.V2, contexts.OB3]
    assert document["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert document["proof"]["cryptosuite"] == "eddsa-rdfc-2022"
    entry = document["credentialStatus"]
    assert entry["type"] == "BitstringStatusListEntry"
    assert entry["statusListIndex"] == str(signed.index)  # a string, as the standard says


def test_a_proof_in_a_list_of_one_is_the_same_proof(signed: Signed) -> None:
    assert (
        verify.verify({**signed.document, "proof": [signed.document["proof"]]}, signed.trust).verdict
        == "valid"
    )
    twice = {**signed.document, "proof": [signed.document["proof"]] * 2}
    assert verify.verify(twice, signed.trust).verdict == "invalid"


def test_signing_the_same_twice_gives_the_same_bytes(signer: keys.Signer, signed: Signed) -> None:
    unsigned = {key: value for key, value in signed.document.items() if key != "proof"}
    assert credential.dump(credential.sign(unsigned, signer, created=WHEN)) == signed.data


def test_without_consent_there_is_no_name(signer: keys.Signer) -> None:
    document = make(signer, name="")
    (only,) = document["credentialSubject"]["identifier"]
    assert only["identityHash"] == TRAINEE


def test_a_change_of_any_byte_makes_it_invalid(signed: Signed) -> None:
    for position in range(0, len(signed.data), 5):
        for mask in (1, 0x20):  # another letter; upper for lower case
            bad = bytearray(signed.data)
            bad[position] ^= mask
            try:
                document = verify.parse(bytes(bad))
            except ValueError:
                continue
            report = verify.verify(document, signed.trust)
            assert report.verdict == "invalid", (position, bytes(bad[max(0, position - 20) : position + 20]))


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    if isinstance(value, dict):
        found.append(path)
        for key, inner in value.items():
            found += _paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += _paths(inner, (*path, number))
    return found


def _at(document: Json, path: tuple[Any, ...]) -> Json:
    for step in path:
        document = document[step]
    return document


UNDEFINED = [
    "finalGrade",
    "urn:x:grade",
    "https://example.org/#grade",
    "@index",
    "__proto__",
    "grade level",
    "",
]


@pytest.mark.parametrize("term", UNDEFINED)
def test_a_term_that_no_context_defines_is_refused_wherever_it_stands(signed: Signed, term: str) -> None:
    for path in _paths(signed.document):
        bad = copy.deepcopy(signed.document)
        _at(bad, path)[term] = "A+"
        report = verify.verify(bad, signed.trust)
        assert report.verdict == "invalid", path
        assert failed(report) == "terms"


def test_removing_anything_is_found(signed: Signed) -> None:
    for path in _paths(signed.document):
        for key in list(_at(signed.document, path)):
            bad = copy.deepcopy(signed.document)
            del _at(bad, path)[key]
            assert verify.verify(bad, signed.trust).verdict == "invalid", (*path, key)


CORE = "https://www.w3.org/2018/credentials#"
DISGUISES: dict[str, Callable[[Json], Any]] = {
    "own context": lambda d: d["@context"].append({"finalGrade": "https://example.org/grade"}),
    "own vocabulary": lambda d: d["@context"].append({"@vocab": "https://example.org/"}),
    "context dropped": lambda d: d["@context"].pop(),
    "contexts swapped": lambda d: d["@context"].reverse(),
    "context twice": lambda d: d["@context"].append(d["@context"][1]),
    "unknown context": lambda d: d["@context"].append("https://example.org/context.json"),
    "status under its address": lambda d: d.update({CORE + "credentialStatus": d.pop("credentialStatus")}),
    "status in a nested list": lambda d: d.update(credentialStatus=[[d["credentialStatus"]]]),
    "status included elsewhere": lambda d: d.update({"@included": d.pop("credentialStatus")}),
    "empty list": lambda d: d.update(evidence=[]),
    "null": lambda d: d.update(validUntil=None),
    "relative type": lambda d: d["type"].append("Diploma"),
    "type by address": lambda d: d["type"].append("https://example.org/Diploma"),
    "value object": lambda d: d.update(name={"@value": d["name"]}),
    "proof with a context": lambda d: d["proof"].update({"@context": d["@context"]}),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguise_that_may_keep_the_signed_statements_is_refused(signed: Signed, disguise: str) -> None:
    bad = copy.deepcopy(signed.document)
    DISGUISES[disguise](bad)
    assert verify.verify(bad, signed.trust).verdict == "invalid"


def test_both_verifiers_agree_on_tampered_credentials(signed: Signed) -> None:
    for path in _paths(signed.document):
        for key, value in _at(signed.document, path).items():
            if not isinstance(value, str):
                continue
            bad = copy.deepcopy(signed.document)
            _at(bad, path)[key] = value[:-1] + ("x" if value[-1] != "x" else "y")
            assert verify.verify(bad, signed.trust).verdict == "invalid", (*path, key)
            assert not library_accepts(bad), (*path, key)


def test_another_issuers_key_does_not_pass(tmp_path: Path, signed: Signed) -> None:
    keys.generate(tmp_path, "Somebody else", "http://localhost:8000/", PASSPHRASE)
    other = keys.unlock(tmp_path, PASSPHRASE)
    # honest about who signed: intact, but nobody known vouches for it
    theirs = make(other)
    assert verify.verify(theirs, signed.trust).verdict == "unknown-issuer"
    # claiming to be our issuer
    unsigned = {key: value for key, value in signed.document.items() if key != "proof"}
    forged = credential.sign(unsigned, other)
    assert failed(verify.verify(forged, signed.trust)) == "signature"
    forged["proof"]["verificationMethod"] = signed.signer.issuer.method
    assert failed(verify.verify(forged, signed.trust)) == "signature"


def test_a_proof_moved_to_another_credential_does_not_hold(signed: Signed, signer: keys.Signer) -> None:
    other = make(signer, name="Trần Văn Bình")
    moved = {**other, "proof": signed.document["proof"]}
    assert failed(verify.verify(moved, signed.trust)) == "signature"


def test_dates(signed: Signed, signer: keys.Signer) -> None:
    until = make(signer, validUntil="2027-01-01T00:00:00Z")
    assert verify.verify(until, signed.trust, datetime(2026, 12, 31, tzinfo=UTC)).verdict == "valid"
    expired = verify.verify(until, signed.trust, datetime(2027, 1, 2, tzinfo=UTC))
    assert failed(expired) == "dates"
    early = verify.verify(signed.document, signed.trust, WHEN - timedelta(days=1))
    assert failed(early) == "dates"
    unreadable = make(signer, validFrom=None)
    assert failed(verify.verify(unreadable, signed.trust)) == "dates"


def revoking(signed: Signed, index: int, **changes: Any) -> verify.Trust:
    from autograder.certify.ledger import Entry

    data = {"status_list": signed.signer.issuer.status_list, "status_index": index}
    entry = Entry(1, "", "revocation", data, "", "")
    listed = status.build([entry], signed.signer)
    listed.update(changes)
    return verify.Trust(signed.trust.issuers, {signed.signer.issuer.status_list: listed})


def test_a_revoked_credential_is_invalid_and_its_neighbours_are_not(signed: Signed) -> None:
    assert failed(verify.verify(signed.document, revoking(signed, signed.index))) == "status"
    for other in (signed.index - 1, signed.index + 1, 0, status.SIZE - 1):
        assert verify.verify(signed.document, revoking(signed, other)).verdict == "valid"


def test_a_status_list_that_its_issuer_did_not_sign_so_is_refused(signed: Signed) -> None:
    clean = revoking(signed, 0).lists[signed.signer.issuer.status_list]["credentialSubject"]
    for changes in ({"credentialSubject": clean}, {"validUntil": "2099-01-01T00:00:00Z"}, {"id": "urn:x"}):
        report = verify.verify(signed.document, revoking(signed, signed.index, **changes))
        assert failed(report) == "status"


def test_without_a_list_the_report_says_so_honestly(signed: Signed) -> None:
    report = verify.verify(signed.document, verify.Trust(signed.trust.issuers))
    assert report.verdict == "valid"
    last = report.checks[-1]
    assert last.ok is None
    assert "could not be checked" in last.en
    late = verify.verify(signed.document, signed.trust, datetime.now(UTC) + timedelta(days=200))
    assert late.checks[-1].ok is None
    assert "out of date" in late.checks[-1].en


def test_a_demo_key_signs_only_demos(signer: keys.Signer, signed: Signed) -> None:
    unsigned = {key: value for key, value in signed.document.items() if key != "proof"}
    for changes in ({"name": "Certificate"}, {"issuer": {**unsigned["issuer"], "name": "MOIT"}}):
        with pytest.raises(CourseError, match="demo key"):
            credential.sign({**unsigned, **changes}, signer)


def test_a_demo_credential_without_the_mark_is_invalid_even_if_signed(
    signer: keys.Signer, signed: Signed
) -> None:
    unsigned = {key: value for key, value in signed.document.items() if key != "proof"}
    real_looking = DataIntegrityProofSuite().add_proof(
        {**unsigned, "name": "Certificate"},
        signing_key=signer.key,
        verification_method=signer.issuer.method,
        extra_contexts=contexts.documents(),
    )
    report = verify.verify(real_looking, signed.trust)
    assert report.verdict == "invalid"
    assert failed(report) == "demo"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"\xff\xfe",
        b'{"a": "' + b"x" * 300_000 + b'"}',
    ],
)
def test_what_is_no_json_object_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are those of the JSON parser
        verify.parse(data)


def test_foreign_json_is_named_as_such() -> None:
    report = verify.verify({"format": "course-hand-in/1"}, verify.Trust())
    assert [check.name for check in report.checks] == ["form"]


def test_hostile_values_never_crash_the_verifier(signed: Signed) -> None:
    hostile: list[Any] = [None, 1, 1.5, True, "", [], {}, [[]], "x" * 1000, {"id": {}}, "\ud800"]
    for key in signed.document:
        for value in hostile:
            assert verify.verify({**signed.document, key: value}, signed.trust).verdict == "invalid", (
                key,
                value,
            )
        for inner in signed.document["proof"]:
            proof = {**signed.document["proof"], inner: hostile[2]}
            assert verify.verify({**signed.document, "proof": proof}, signed.trust).verdict == "invalid"


def test_contexts_are_the_pinned_files_and_nothing_else_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="unknown context"):
        contexts.loader()("https://example.org/context.json", {})
    package, inside, _ = contexts.PINS[contexts.OB3]
    monkeypatch.setitem(contexts.PINS, contexts.OB3, (package, inside, "0" * 64))
    with pytest.raises(CourseError, match="not the pinned file"):
        contexts.read(contexts.OB3)


def test_the_site_publishes_the_same_context_files() -> None:
    root = Path(contexts.__file__).parents[2]
    pins = json.loads((root / "publish" / "pins.json").read_text("utf-8"))
    published = {
        file["path"].rsplit("/", 1)[-1]: file["sha256"] for entry in pins["vendor"] for file in entry["files"]
    }
    script = (root / "publish" / "assets" / "verify" / "terms.js").read_text("utf-8")
    for _, inside, digest in contexts.PINS.values():
        name = inside.rsplit("/", 1)[-1]
        assert published[name] == digest
        assert digest in script
    assert terms.PLAIN.pattern in script


def test_keys_are_encrypted_and_bound_to_what_they_say(tmp_path: Path) -> None:
    issuer = keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE)
    (path,) = tmp_path.glob("*.key.json")
    assert path.stat().st_mode & 0o077 == 0
    raw = keys.unlock(tmp_path, PASSPHRASE).key._sk.private_bytes_raw()
    assert raw not in path.read_bytes()
    assert raw.hex() not in path.read_text()
    with pytest.raises(CourseError, match="wrong passphrase"):
        keys.unlock(tmp_path, PASSPHRASE + "x")
    document = json.loads(path.read_text())
    for field, value in (
        ("name", "MOIT"),
        ("status_list", "http://localhost/other.json"),
        ("site", "http://x/"),
    ):
        path.write_text(json.dumps({**document, "issuer": {**document["issuer"], field: value}}))
        with pytest.raises(CourseError, match="changed"):
            keys.unlock(tmp_path, PASSPHRASE)
    path.write_text("{}")
    with pytest.raises(CourseError, match="not a key file"):
        keys.unlock(tmp_path, PASSPHRASE)
    assert issuer.demo


def test_a_key_is_rotated_only_on_request_and_the_old_one_stays(tmp_path: Path) -> None:
    first = keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE)
    with pytest.raises(CourseError, match="--rotate"):
        keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE)
    second = keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE, rotate=True)
    assert keys.issuers(tmp_path) == [first, second]
    assert keys.current(tmp_path) == second
    with pytest.raises(CourseError, match="shorter than 12"):
        keys.generate(tmp_path, "Lớp", "http://localhost:8000", "short", rotate=True)


def test_status_indices_are_random_and_never_given_twice() -> None:
    used: set[int] = set()
    for _ in range(500):
        index = status.free_index(used)
        assert index not in used
        used.add(index)
    assert min(used) < status.SIZE // 8 < status.SIZE * 7 // 8 < max(used)
