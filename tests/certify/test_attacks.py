"""The attacks that must fail, each by its name."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest
from click.testing import CliRunner

from autograder.certify import cli_verify, credential, link, pdf, site, status, verify
from autograder.certify.chain import Entry
from autograder.errors import CourseError

from .cases import REVOKED, Case, World
from .samples import WHEN, Json, Signed, at, make, paths, unsigned, why

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def published(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "assets" / "verify").mkdir(parents=True)
    (folder / "assets" / "verify" / "verify.js").write_text("")
    (folder / "assets" / "verify" / "issuers.json").write_text(
        json.dumps({"format": site.FORMAT, "issuers": []})
    )
    world.publish(folder)
    return folder


def test_each_case_gets_its_verdict(world: World, published: Path) -> None:
    trust = site.trust(published)
    cases = world.cases()
    got = [Case(c.name, c.document, (r := verify.verify(c.document, trust)).verdict, why(r)) for c in cases]
    assert got == cases


def test_the_command_says_the_verdict_and_every_reason_in_both_languages(
    world: World, published: Path, tmp_path: Path
) -> None:
    trust = site.trust(published)
    for case in world.cases():
        file = tmp_path / "credential.json"
        file.write_bytes(credential.dump(case.document))
        result = CliRunner().invoke(cli_verify.verify, [str(file), "--site", str(published)])
        assert (result.exit_code == 0) == (case.verdict == "valid"), case.name
        report = verify.verify(case.document, trust)
        for language in ("vi", "en"):
            assert verify.say(report.title, language) in result.output, case.name
            for check in report.checks:
                assert check.text(language) in result.output, case.name
        if not report.trusted and "name" in case.document:
            assert case.document["name"] not in result.output, "what cannot be trusted is not shown"


# -- one bit changed ---------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_bit_changed_anywhere_in_the_credential(signed: Signed) -> None:
    data = signed.data
    for position in range(len(data)):
        for mask in {1 << position % 8, 0x20 if position % 4 == 0 else 1}:  # each bit in turn; other case
            bad = bytearray(data)
            bad[position] ^= mask
            try:
                document = verify.parse(bytes(bad))
            except ValueError:
                continue
            verdict = verify.verify(document, signed.trust).verdict
            assert verdict == "invalid", bytes(bad[max(0, position - 20) : position + 20])


def test_one_bit_changed_anywhere_in_the_status_list(signed: Signed) -> None:
    (name, listed), *_ = signed.trust.lists.items()
    data = credential.dump(listed)
    read = 0
    for position in range(len(data)):
        bad = bytearray(data)
        bad[position] ^= 1 << position % 8
        try:
            document = verify.parse(bytes(bad))
        except ValueError:
            continue
        read += 1
        report = verify.verify(signed.document, verify.Trust(signed.trust.issuers, {name: document}))
        assert why(report) == "status-list-wrong", bytes(bad[max(0, position - 20) : position + 20])
    assert read > len(data) // 4


def test_one_bit_changed_anywhere_in_the_attachment_of_the_pdf(signed: Signed) -> None:
    printed = pdf.render(signed.document, "http://localhost:8000/")
    start = printed.find(b"stream", printed.find(b"/EmbeddedFile"))
    end = printed.find(b"endstream", start)
    assert 500 < end - start < 2000
    for position in range(start, end):
        for bit in range(8):
            bad = bytearray(printed)
            bad[position] ^= 1 << bit
            try:
                content = pdf.attached(bytes(bad))
                document = verify.parse(content)
            except ValueError:
                continue
            # Some bits say how the file is packed, not what is in it.
            assert content == signed.data or verify.verify(document, signed.trust).verdict == "invalid"


def test_one_digit_changed_anywhere_in_the_link(signed: Signed) -> None:
    address, digits = link.link(signed.document, "http://localhost:8000/")
    fragment = address.partition("#")[2] + digits
    assert link.unpack(fragment) == signed.data
    for position in range(len(fragment)):
        other = "1" if fragment[position] != "1" else "2"
        try:
            content = link.unpack(fragment[:position] + other + fragment[position + 1 :])
            document = verify.parse(content)
        except ValueError:
            continue
        assert content == signed.data or verify.verify(document, signed.trust).verdict == "invalid"


def test_removing_anything(signed: Signed) -> None:
    for path in paths(signed.document):
        for key in list(at(signed.document, path)):
            bad = copy.deepcopy(signed.document)
            del at(bad, path)[key]
            assert verify.verify(bad, signed.trust).verdict == "invalid", (*path, key)


# -- content beside the signature ---------------------------------------------------------------------


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
def test_a_term_added_that_no_context_defines(signed: Signed, term: str) -> None:
    for path in paths(signed.document):
        bad = copy.deepcopy(signed.document)
        at(bad, path)[term] = "A+"
        assert why(verify.verify(bad, signed.trust)) == "undefined-term", path


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
    "proof with a context": lambda d: d["proof"][0].update({"@context": d["@context"]}),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_swapped_contexts_and_other_disguises(signed: Signed, disguise: str) -> None:
    bad = copy.deepcopy(signed.document)
    DISGUISES[disguise](bad)
    assert verify.verify(bad, signed.trust).verdict == "invalid"


def test_replayed_proof_on_another_subject(signed: Signed) -> None:
    other = make(signed.signer, name="Trần Văn Bình")
    moved = {**other, "proof": signed.document["proof"]}
    assert why(verify.verify(moved, signed.trust)) == "signature-wrong"


# -- issuers ------------------------------------------------------------------------------------------


def test_another_issuers_key(world: World, published: Path) -> None:
    trust = site.trust(published)
    # honest about who signed: intact, but nobody known vouches for it
    assert verify.verify(make(world.stranger), trust).verdict == "unknown"
    # claiming to be ours
    forged = credential.sign(unsigned(world.demo), world.stranger)
    assert why(verify.verify(forged, trust)) == "signature-wrong"
    forged["proof"][0]["verificationMethod"] = world.demo.issuer.method
    assert why(verify.verify(forged, trust)) == "signature-wrong"
    # one published issuer in the name of another
    forged = credential.sign(unsigned(world.real), world.old, created=WHEN)
    assert verify.verify(forged, trust).verdict == "valid", "two keys of one issuer"
    forged = credential.sign(unsigned(world.demo), world.trial)
    assert why(verify.verify(forged, trust)) == "signature-wrong"


def test_a_demo_shown_as_real(world: World, published: Path) -> None:
    trust = site.trust(published)
    for who in (world.demo, world.trial):
        with pytest.raises(CourseError, match="demo key"):
            credential.sign(unsigned(who) | {"name": "Certificate"}, who)
        report = verify.verify(make(who), trust)
        assert (report.verdict, report.demo, report.title) == ("valid", True, "verdict-valid-demo")
    with pytest.raises(CourseError, match="a key for real certificates signs nothing"):
        credential.sign(unsigned(world.real) | {"description": credential.DEMO}, world.real)


# -- time and status ----------------------------------------------------------------------------------


def test_expired_and_not_yet_valid(signed: Signed) -> None:
    until = make(signed.signer, validUntil="2027-01-01T00:00:00Z")
    lists = verify.Trust(signed.trust.issuers)
    assert verify.verify(until, lists, datetime(2026, 12, 31, tzinfo=UTC)).verdict == "valid"
    assert why(verify.verify(until, lists, datetime(2027, 1, 2, tzinfo=UTC))) == "expired"
    early = verify.verify(signed.document, lists, WHEN - DAY)
    assert why(early) == "not-yet"
    assert "check the clock" in early.checks[-2].text("en")


def revoking(signed: Signed, *indices: int, when: datetime | None = None, **changes: Any) -> verify.Trust:
    name = signed.signer.issuer.status_list
    entries = [
        Entry(1, "", "revocation", {"status_list": name, "status_index": one}, "", "") for one in indices
    ]
    listed = status.build(entries, signed.signer, when) | changes
    return verify.Trust(signed.trust.issuers, {name: listed})


def test_revoked(signed: Signed) -> None:
    assert why(verify.verify(signed.document, revoking(signed, signed.index))) == "revoked"
    for other in (signed.index - 1, signed.index + 1, 0, status.SIZE - 1):
        assert verify.verify(signed.document, revoking(signed, other)).verdict == "valid"
    everyone = revoking(signed, *range(signed.index), *range(signed.index + 1, 10_000))
    assert verify.verify(signed.document, everyone).verdict == "valid"


def test_a_status_list_that_its_issuer_did_not_sign_so(signed: Signed, world: World) -> None:
    clean = revoking(signed, 0).lists[signed.signer.issuer.status_list]["credentialSubject"]
    for changes in ({"credentialSubject": clean}, {"validUntil": "2099-01-01T00:00:00Z"}, {"id": "urn:x"}):
        report = verify.verify(signed.document, revoking(signed, signed.index, **changes))
        assert why(report) == "status-list-wrong"
    name = signed.signer.issuer.status_list
    foreign = status.build([], world.stranger, issuer=signed.signer.issuer)
    report = verify.verify(signed.document, verify.Trust(signed.trust.issuers, {name: foreign}))
    assert why(report) == "status-list-wrong"


def test_a_stale_status_list_is_said_to_be_stale(signed: Signed) -> None:
    now = datetime.now(UTC)
    old = revoking(signed, when=now - 100 * DAY)
    report = verify.verify(signed.document, old, now)
    assert (why(report), report.checks[-1].ok) == ("status-old", None)
    assert "out of date" in report.checks[-1].text("en")
    # what it knows it still knows
    revoked = revoking(signed, signed.index, when=now - 100 * DAY)
    assert why(verify.verify(signed.document, revoked, now)) == "revoked"


def test_clock_set_back(signed: Signed) -> None:
    made = datetime(2027, 6, 1, tzinfo=UTC)
    lists = revoking(signed, when=made)
    # The list is dated later than this clock: said, and not taken for good.
    report = verify.verify(signed.document, lists, made - 30 * DAY)
    assert (why(report), report.checks[-1].ok) == ("status-future", None)
    assert "later than this device's clock" in report.checks[-1].text("en")
    # Setting the clock back does not bring an expired certificate back to life.
    until = make(signed.signer, validUntil="2027-05-01T00:00:00Z")
    assert why(verify.verify(until, lists, datetime(2027, 4, 1, tzinfo=UTC))) == "expired"
    # A certificate signed after "now" is not valid yet, however far back its start is dated.
    late = make(signed.signer, created=made)
    assert why(verify.verify(late, verify.Trust(signed.trust.issuers), made - DAY)) == "not-yet"
    assert (
        verify.verify(late, verify.Trust(signed.trust.issuers), made - timedelta(minutes=1)).verdict
        == "valid"
    )


def test_the_issuers_clock_set_back(signed: Signed) -> None:
    entries = [Entry(1, "2027-06-01T00:00:00Z", "key", {}, "", "")]
    with pytest.raises(CourseError, match="clock of this machine is behind"):
        status.build(entries, signed.signer, datetime(2027, 5, 1, tzinfo=UTC))
    assert status.build(entries, signed.signer, datetime(2027, 6, 1, tzinfo=UTC))


def test_a_re_used_index(signed: Signed) -> None:
    name = signed.signer.issuer.status_list
    places = [
        Entry(n, "", "allotment", {"id": f"urn:uuid:{n}", "status_list": name, "status_index": 7}, "", "")
        for n in (1, 2)
    ]
    assert status.used_indices(places[:1], signed.signer.issuer) == {7}
    with pytest.raises(CourseError, match="share the status index 7"):
        status.used_indices(places, signed.signer.issuer)
    used: set[int] = set()
    for _ in range(500):
        index = status.free_index(used)
        assert index not in used
        used.add(index)
    assert min(used) < status.SIZE // 8 < status.SIZE * 7 // 8 < max(used)


def test_the_status_list_hides_who_is_on_it(signed: Signed) -> None:
    (listed,) = revoking(signed, REVOKED).lists.values()
    assert status.SIZE >= 131_072  # Bitstring Status List 1.0, section 3.1
    text = json.dumps(listed)
    assert "K7P2QD4M" not in text
    assert set(listed["credentialSubject"]) <= {"id", "type", "statusPurpose", "encodedList"}


# -- print --------------------------------------------------------------------------------------------


def test_qr_pointing_elsewhere(signed: Signed) -> None:
    # The code names the site that the key was made for, which no credential and no trainee can change ...
    assert json.loads(signed.data).get("site") is None
    address, _ = link.link(signed.document, signed.signer.issuer.site)
    assert address == "http://localhost:8000/vi/verify.html#1."
    # ... and that address is printed beside it, so that a person can compare.
    whole = pdf._page(signed.document, signed.signer.issuer.site, "")
    assert whole["address"] == "localhost:8000/vi/verify.html"


def test_html_and_markup_in_names(signed: Signed) -> None:
    hostile = '<img src=x onerror="alert(1)"> #strong[x] *b* \\ $x$ <b>Ánh</b>'
    document = make(signed.signer, name=hostile)
    assert verify.verify(document, signed.trust).verdict == "valid"
    (page,) = pypdf.PdfReader(io.BytesIO(pdf.render(document, "http://localhost:8000/"))).pages
    assert hostile in " ".join(page.extract_text().split())
