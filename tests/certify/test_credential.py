"""What is signed has the form of the standards and verifies, by us and by the library."""

from __future__ import annotations

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openvc.proof.data_integrity import DataIntegrityProofSuite
from openvc.proof.errors import ProofError

from autograder.certify import contexts, credential, keys, rules, terms, verify
from autograder.certify.explain import Outcome
from autograder.errors import CourseError
from publish import fetch
from publish.errors import PublishError

from .samples import TRAINEE, WHEN, Json, Signed, at, make, paths, why, without_proof


def library_accepts(document: Json) -> bool:
    try:
        DataIntegrityProofSuite().verify(
            {**document, "proof": document["proof"][0]}, extra_contexts=contexts.documents()
        )
    except ProofError:
        return False
    return True


def test_a_signed_credential_is_valid_for_us_and_for_the_library(signed: Signed) -> None:
    report = verify.verify(signed.document, signed.trust)
    assert report.verdict == "valid", report.checks
    assert report.demo
    assert [(check.name, check.ok) for check in report.checks] == [
        ("terms", True),
        ("signature", True),
        ("issuer", True),
        ("demo", True),
        ("dates", True),
        ("status", True),
    ]
    assert library_accepts(signed.document)


def test_both_verifiers_agree_on_tampered_credentials(signed: Signed) -> None:
    for path in paths(signed.document):
        for key, value in at(signed.document, path).items():
            if not isinstance(value, str):
                continue
            bad = copy.deepcopy(signed.document)
            at(bad, path)[key] = value[:-1] + ("x" if value[-1] != "x" else "y")
            assert verify.verify(bad, signed.trust).verdict == "invalid", (*path, key)
            assert not library_accepts(bad), (*path, key)


def test_the_credential_has_the_form_of_the_standards(signed: Signed) -> None:
    document = signed.document
    assert document["@context"] == [contexts.V2, contexts.OB3]
    assert document["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    (proof,) = document["proof"]  # a list, as the Open Badges schema has it
    assert proof["cryptosuite"] == "eddsa-rdfc-2022"
    entry = document["credentialStatus"]
    assert entry["type"] == "BitstringStatusListEntry"
    assert entry["statusListIndex"] == str(signed.index)  # a string, as the standard says


@pytest.mark.parametrize("name", ["", "Nguyễn Thị Ánh"])
@pytest.mark.parametrize("until", [None, "2029-11-20T08:00:00Z"])
def test_it_is_valid_by_the_schema_of_1edtech(signed: Signed, name: str, until: str | None) -> None:
    # ob_v3p0_achievementcredential_schema.json, kept out of the repository by its licence
    try:
        files = fetch.get("vectors")
    except PublishError as error:
        pytest.skip(f"the schema is not in the cache and cannot be fetched: {error.message}")
    schema = json.loads(
        files["tests/fixtures/ob_schemas/ob_v3p0_achievementcredential_schema.json"].read_text("utf-8")
    )
    kind = jsonschema.Draft201909Validator
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    validator.validate(make(signed.signer, name=name, validUntil=until))
    for broken in ({"validFrom": 1}, {"credentialSubject": {}}, {"proof": "z"}, {"@context": [contexts.V2]}):
        assert list(validator.iter_errors(signed.document | broken))


def test_signing_the_same_twice_gives_the_same_bytes(signed: Signed) -> None:
    again = credential.sign(without_proof(signed.document), signed.signer, created=WHEN)
    assert credential.dump(again) == signed.data


def test_without_consent_there_is_no_name(signed: Signed) -> None:
    (only,) = make(signed.signer, name="")["credentialSubject"]["identifier"]
    assert only["identityHash"] == TRAINEE


@pytest.mark.parametrize(
    ("level", "kind"),
    [
        ("module", "MicroCredential"),
        ("completion", "CertificateOfCompletion"),
        ("consultant", "Certification"),
    ],
)
def test_a_level_is_named_in_the_words_of_the_badge_vocabulary(signed: Signed, level: str, kind: str) -> None:
    rule = rules.load()
    outcome = Outcome(level, level, rule.level(level).name, True, (), ())
    grant = credential.Grant("urn:uuid:1", TRAINEE, "", outcome, 1, WHEN)
    document = credential.build(grant, rule, signed.signer.issuer)
    assert document["credentialSubject"]["achievement"]["achievementType"] == kind


def test_a_certificate_runs_as_many_years_as_the_rules_say(signed: Signed) -> None:
    rule = rules.load()
    outcome = Outcome("consultant", "consultant", rule.level("consultant").name, True, (), ())
    end = WHEN.replace(year=2029)
    grant = credential.Grant("urn:uuid:1", TRAINEE, "", outcome, 1, WHEN, end)
    document = credential.build(grant, rule, signed.signer.issuer)
    assert (document["validFrom"], document["validUntil"]) == ("2026-11-20T08:00:00Z", "2029-11-20T08:00:00Z")
    for_ever = credential.Grant("urn:uuid:1", TRAINEE, "", outcome, 1, WHEN)
    assert "validUntil" not in credential.build(for_ever, rule, signed.signer.issuer)


def test_without_a_list_the_report_says_so_honestly(signed: Signed) -> None:
    report = verify.verify(signed.document, verify.Trust(signed.trust.issuers))
    assert report.verdict == "valid"
    assert report.checks[-1].ok is None
    assert "could not be checked" in report.checks[-1].text("en")


def test_a_list_says_for_which_day_it_speaks(signed: Signed) -> None:
    (listed,) = signed.trust.lists.values()
    day = f"{datetime.fromisoformat(listed['validFrom']).astimezone(verify.VIETNAM):%d/%m/%Y}"
    last = verify.verify(signed.document, signed.trust).checks[-1]
    assert f"Chưa bị thu hồi tính đến {day}" in last.text("vi")
    assert "A later revocation cannot be known here" in last.text("en")


def test_a_cohort_answers_from_its_ledger(signed: Signed) -> None:
    for reason, verdict in ((None, "valid"), ("issued by mistake", "invalid")):
        trust = verify.Trust(signed.trust.issuers, {}, {signed.document["id"]: reason})
        report = verify.verify(signed.document, trust)
        assert report.verdict == verdict
        assert "ledger" in report.checks[-1].text("en") or "by mistake" in report.checks[-1].text("en")


def test_a_demo_key_signs_only_demos(signed: Signed) -> None:
    unsigned = without_proof(signed.document)
    for changes in ({"name": "Certificate"}, {"issuer": {**unsigned["issuer"], "name": "MOIT"}}):
        with pytest.raises(CourseError, match="demo key"):
            credential.sign({**unsigned, **changes}, signed.signer)


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


def test_hostile_values_never_crash_the_verifier(signed: Signed) -> None:
    hostile: list[Any] = [None, 1, 1.5, True, "", [], {}, [[]], "x" * 1000, {"id": {}}, "\ud800"]
    (proof,) = signed.document["proof"]
    for key in signed.document:
        for value in hostile:
            report = verify.verify({**signed.document, key: value}, signed.trust)
            assert report.verdict == "invalid", (key, value)
            assert why(report)
        for inner in proof:
            bad = {**signed.document, "proof": [{**proof, inner: hostile[2]}]}
            assert verify.verify(bad, signed.trust).verdict == "invalid"


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


def test_a_signer_with_another_key_is_another_issuer(signed: Signed, tmp_path: Path) -> None:
    other = keys.generate(tmp_path, "Lớp", "http://localhost:8000/", "another passphrase")
    assert other.did != signed.signer.issuer.did
    assert other.status_list != signed.signer.issuer.status_list
