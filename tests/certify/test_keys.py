"""Keys are encrypted, bound to what they may sign, and changed without losing what they signed."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from openvc.did.base import DidDocument, parse_did_document
from openvc.did.did_web import DidWebResolver

from autograder.certify import credential, did, keys, sealed, site, status, verify
from autograder.errors import CourseError

from .cases import World
from .samples import PASSPHRASE, Json, make, signer, unsigned, vouched, why

WEB = "did:web:example.edu.vn"


def test_keys_are_encrypted_and_bound_to_what_they_say(tmp_path: Path) -> None:
    issuer = keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE)
    (path,) = tmp_path.glob("*.key.json")
    assert path.stat().st_mode & 0o077 == 0
    raw = keys.unlock(tmp_path, PASSPHRASE).secret
    assert raw not in path.read_bytes()
    assert raw.hex() not in path.read_text()
    with pytest.raises(CourseError, match="wrong passphrase"):
        keys.unlock(tmp_path, PASSPHRASE + "x")
    document = json.loads(path.read_text())
    for field, value in (
        ("name", "MOIT"),
        ("status_list", "http://localhost/other.json"),
        ("site", "http://x/"),
        ("trial", True),
        ("withdraws", ["did:key:z"]),
    ):
        path.write_text(json.dumps({**document, "issuer": {**document["issuer"], field: value}}))
        with pytest.raises(CourseError, match="changed"):
            keys.unlock(tmp_path, PASSPHRASE)
    path.write_text("{}")
    with pytest.raises(CourseError, match="not a key file"):
        keys.unlock(tmp_path, PASSPHRASE)
    assert issuer.demo


def test_a_key_file_of_the_first_form_still_opens(tmp_path: Path) -> None:
    # made before there were domains: the public side had five fields
    made = signer(tmp_path)
    (path,) = tmp_path.glob("*.key.json")
    document = json.loads(path.read_text())
    fields = {key: asdict(made.issuer)[key] for key in ("did", "name", "site", "status_list", "created")}
    document["issuer"] = fields
    document |= sealed.seal(made.secret, PASSPHRASE, keys._bound(document))
    path.write_text(json.dumps(document))
    assert keys.unlock(tmp_path, PASSPHRASE).issuer == made.issuer


def test_a_key_is_rotated_only_on_request_and_the_old_one_stays(tmp_path: Path) -> None:
    first = keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE)
    with pytest.raises(CourseError, match="--rotate"):
        keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE)
    second = keys.generate(tmp_path, "Lớp", "http://localhost:8000", PASSPHRASE, rotate=True)
    assert keys.issuers(tmp_path) == [first, second]
    assert keys.current(tmp_path) == second
    with pytest.raises(CourseError, match="shorter than 12"):
        keys.generate(tmp_path, "Lớp", "http://localhost:8000", "short", rotate=True)


def test_an_organisation_keeps_its_name_when_it_changes_its_key(tmp_path: Path) -> None:
    first = signer(tmp_path, did=WEB)
    second = signer(tmp_path, rotate=True)
    assert first.issuer.did == second.issuer.did == WEB
    assert first.issuer.method != second.issuer.method
    assert not second.issuer.demo
    with pytest.raises(CourseError, match="a real issuer already"):
        signer(tmp_path, rotate=True, did=WEB, trial=True)


def test_rotation_keeps_what_was_signed_before_and_voids_what_is_signed_after(tmp_path: Path) -> None:
    old = signer(tmp_path, did=WEB)
    before = make(old)
    new = signer(tmp_path, rotate=True)
    end = datetime.fromisoformat(new.issuer.created)
    trust = vouched([old.issuer, new.issuer])
    assert verify.verify(before, trust).verdict == "valid"
    assert verify.verify(make(new), trust).verdict == "valid"
    at_once = make(old, created=end - timedelta(seconds=1))
    assert verify.verify(at_once, trust).verdict == "valid"
    for late in (timedelta(seconds=1), timedelta(minutes=4)):
        report = verify.verify(make(old, created=end + late), trust)
        assert why(report) == "key-retired"
    undated = unsigned(old)
    signed = credential.sign(undated, old, created=end - timedelta(days=1))
    del signed["proof"][0]["created"]
    assert verify.verify(signed, trust).verdict == "invalid"


def test_the_list_of_an_old_key_goes_on_signed_by_its_heir(tmp_path: Path) -> None:
    old = signer(tmp_path, did=WEB)
    before = make(old)
    new = signer(tmp_path, rotate=True)
    assert keys.latest(tmp_path, WEB) == new.issuer
    now = datetime.fromisoformat(new.issuer.created) + timedelta(seconds=1)
    for who, verdict in ((new, "not-revoked"), (old, "status-list-wrong")):
        listed = status.build([], who, now, old.issuer)
        trust = vouched([old.issuer, new.issuer], {old.issuer.status_list: listed})
        assert verify.verify(before, trust, now).checks[-1].why == verdict


def test_what_a_compromised_key_signed_holds_no_more(tmp_path: Path) -> None:
    stolen = signer(tmp_path, did=WEB)
    before = make(stolen)
    heir = signer(tmp_path, rotate=True, compromised=True)
    trust = vouched([stolen.issuer, heir.issuer])
    assert why(verify.verify(before, trust)) == "key-withdrawn"
    assert verify.verify(make(heir), trust).verdict == "valid"
    third = signer(tmp_path, rotate=True)
    later = vouched([stolen.issuer, heir.issuer, third.issuer])
    assert why(verify.verify(before, later)) == "key-withdrawn"
    assert verify.verify(make(heir), later).verdict == "valid"


def test_the_did_document_is_one_that_a_library_reads(tmp_path: Path) -> None:
    old, new = signer(tmp_path, did="did:web:example.edu.vn:course"), signer(tmp_path, rotate=True)
    content = json.loads(site.document(new.issuer.did, keys.issuers(tmp_path)))
    asked: list[str] = []

    def fetch(address: str) -> Json:
        asked.append(address)
        return dict(content)

    resolved = DidWebResolver(fetch).resolve(new.issuer.did)
    assert asked == [did.address(new.issuer.did)] == ["https://example.edu.vn/course/did.json"]
    assert isinstance(resolved, DidDocument)
    assert parse_did_document(content).id == new.issuer.did
    assert content["assertionMethod"] == [old.issuer.method, new.issuer.method]
    for method in content["verificationMethod"]:
        assert method["type"] == "Multikey"
        assert method["controller"] == new.issuer.did
        assert len(did.public_key(method["publicKeyMultibase"])) == 32
    secret = keys.unlock(tmp_path, PASSPHRASE).secret
    assert secret.hex() not in json.dumps(content)


def test_a_compromised_key_is_marked_as_revoked_and_asserts_nothing(tmp_path: Path) -> None:
    stolen, heir = signer(tmp_path, did=WEB), signer(tmp_path, rotate=True, compromised=True)
    content = did.document(WEB, [stolen.issuer, heir.issuer])
    first, second = content["verificationMethod"]
    assert first["revoked"] == heir.issuer.created
    assert "revoked" not in second
    assert content["assertionMethod"] == [heir.issuer.method]


def test_an_issuer_is_verified_by_the_document_from_its_domain(tmp_path: Path) -> None:
    who = signer(tmp_path / "keys", did=WEB)
    file = tmp_path / "did.json"
    file.write_bytes(site.document(WEB, [who.issuer]))
    known = site.from_document(file)
    assert known.name == WEB
    assert verify.verify(make(who), verify.Trust({WEB: known})).verdict == "valid"
    for broken in ("{}", '{"id": 1, "verificationMethod": []}', '{"id": "x", "verificationMethod": [1]}'):
        file.write_text(broken)
        with pytest.raises(CourseError, match=r"did\.json"):
            site.from_document(file)


def test_a_document_cannot_speak_for_another_issuer(tmp_path: Path) -> None:
    world = World(tmp_path)
    content = did.document(world.foreign.issuer.did, [world.foreign.issuer])
    content["verificationMethod"] += did.document(world.real.issuer.did, [world.real.issuer])[
        "verificationMethod"
    ]
    known = did.known("x", content)
    assert list(known.keys) == [world.foreign.issuer.method]
    entry = {"did": world.real.issuer.did, "name": "x", "document": content}
    assert not site.known([entry], tmp_path)


@pytest.mark.parametrize(
    ("domain", "name", "place"),
    [
        ("example.edu.vn", "did:web:example.edu.vn", "https://example.edu.vn/.well-known/did.json"),
        ("https://Example.edu.vn/", "did:web:example.edu.vn", "https://example.edu.vn/.well-known/did.json"),
        ("a.org/x/y", "did:web:a.org:x:y", "https://a.org/x/y/did.json"),
    ],
)
def test_a_domain_becomes_a_did(domain: str, name: str, place: str) -> None:
    assert did.web(domain) == name
    assert did.address(name) == place


@pytest.mark.parametrize(
    "domain", ["localhost", "127.0.0.1", "a b.org", "đà-nẵng.vn", "a.org/x y", "", "a..b", "a.org:8"]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(CourseError, match="--domain"):
        did.web(domain)


def test_a_site_published_before_there_were_documents_still_vouches(tmp_path: Path) -> None:
    who = signer(tmp_path)
    known = site.known([{"did": who.issuer.did, "name": who.issuer.name, "lists": {}}], tmp_path)
    assert verify.verify(make(who), verify.Trust(known)).verdict == "valid"
