"""The commands of issuers: keys of an organisation, its DID document, verification, the export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder import gradebook
from autograder.certify import cli, credential, keys
from autograder.certify.link import link
from autograder.cohort import Cohort

from .samples import PASSPHRASE, make


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cohort:
    monkeypatch.setenv("COURSE_COHORT", str(tmp_path / "class"))
    monkeypatch.setenv("COURSE_KEY_PASSPHRASE", PASSPHRASE)
    return Cohort.create(tmp_path / "class")


def run(*arguments: str | Path, code: int = 0) -> Result:
    commands = {command.name: command for command in cli.commands}
    group, *rest = map(str, arguments)
    result = CliRunner().invoke(commands[group], rest)
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


KEYGEN = ("certify", "keygen", "--name", "Trường thử")


def test_a_demo_issuer_needs_nothing_and_says_what_it_is(cohort: Cohort) -> None:
    assert "It is a demo issuer" in run(*KEYGEN).output
    assert "needs no document anywhere" in run("certify", "did-document").stderr


def test_an_organisation_gets_a_document_to_put_on_its_domain(cohort: Cohort, tmp_path: Path) -> None:
    assert "did-document" in run(*KEYGEN, "--domain", "example.edu.vn").output
    file = tmp_path / "did.json"
    said = run("certify", "did-document", "-o", file).stderr
    assert "https://example.edu.vn/.well-known/did.json" in said
    assert json.loads(file.read_text())["id"] == "did:web:example.edu.vn"
    assert json.loads(run("certify", "did-document").stdout) == json.loads(file.read_text())
    signer = keys.unlock(cohort.path / "keys", PASSPHRASE)
    paper = tmp_path / "c.json"
    paper.write_bytes(credential.dump(make(signer)))
    # by the cohort's keys, by the document from the domain, and by nobody's word
    assert "This certificate is valid" in run("verify", paper).output
    assert "This certificate is valid" in run("verify", paper, "--did-document", file).output
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    said = run("verify", paper, "-C", elsewhere, code=1).output
    assert "Could not be checked: the issuer's key is not known" in said
    assert "Nguyễn" not in said


def test_a_trial_of_an_organisation_is_marked_and_stays_one(cohort: Cohort) -> None:
    assert "It is a demo issuer" in run(*KEYGEN, "--domain", "example.edu.vn/trial", "--demo").output
    assert keys.current(cohort.path / "keys").trial
    assert (
        "demo issuer already" in run(*KEYGEN, "--domain", "example.edu.vn/trial", "--rotate", code=1).output
    )
    run(*KEYGEN, "--domain", "example.edu.vn", "--rotate")
    assert not keys.current(cohort.path / "keys").demo


def test_options_that_do_not_go_together_are_refused(cohort: Cohort) -> None:
    assert "--demo goes with --domain" in run(*KEYGEN, "--demo", code=1).output
    assert "--compromised with --rotate" in run(*KEYGEN, "--compromised", code=1).output
    assert "not a domain name" in run(*KEYGEN, "--domain", "localhost", code=1).output
    assert not (cohort.path / "keys").exists()


def test_a_compromised_key_is_withdrawn_and_the_ledger_knows(cohort: Cohort, tmp_path: Path) -> None:
    run(*KEYGEN, "--domain", "example.edu.vn")
    paper = tmp_path / "c.json"
    paper.write_bytes(credential.dump(make(keys.unlock(cohort.path / "keys", PASSPHRASE))))
    assert "publish-status" in run(*KEYGEN, "--rotate", "--compromised").output
    assert "withdrawn this key as compromised" in run("verify", paper, code=1).output
    assert '"withdraws"' in (cohort.path / "ledger.jsonl").read_text("utf-8")


def test_publishing_puts_the_document_where_the_domain_is_the_site(cohort: Cohort, tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "assets" / "verify").mkdir(parents=True)
    (site / "assets" / "verify" / "verify.js").write_text("")
    (site / "assets" / "verify" / "issuers.json").write_text('{"format": "course-issuers/1", "issuers": []}')
    run(*KEYGEN, "--domain", "example.edu.vn/course", "--site", "https://example.edu.vn/course/")
    run(*KEYGEN, "--rotate", "--site", "https://example.edu.vn/course/")
    assert "2 status list(s)" in run("certify", "publish-status", site).output
    document = json.loads((site / "did.json").read_text())
    assert document["id"] == "did:web:example.edu.vn:course"
    assert len(document["assertionMethod"]) == 2
    (entry,) = json.loads((site / "assets" / "verify" / "issuers.json").read_text())["issuers"]
    assert entry["document"] == document
    assert list(entry["retired"]) == document["assertionMethod"][:1]
    assert len(entry["lists"]) == 2


def test_the_link_of_a_code_is_verified_like_its_file(cohort: Cohort) -> None:
    run(*KEYGEN)
    signer = keys.unlock(cohort.path / "keys", PASSPHRASE)
    whole = "".join(link(make(signer), "https://elsewhere.example.org/"))
    assert "Valid, but only a demo" in run("verify", whole).output
    assert "not a certificate" in run("verify", whole[:-9] + "x", code=1).output


def test_results_go_out_as_xapi_and_csv(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainee = cohort.enrol(name="Trần Văn Bình", email="binh@example.org").id
    mark = gradebook.Mark(trainee, "w01", 15, 20, "a" * 64, "2026-11-20T08:00:00Z", True)
    monkeypatch.setattr(gradebook, "marks", lambda _cohort: [mark])
    assert "nothing to write" in run("certify", "export", code=1).output
    assert "keygen" in run("certify", "export", "--csv", tmp_path / "x.csv", code=1).output
    run(*KEYGEN, "--site", "https://course.example.org")
    said = run("certify", "export", "--xapi", tmp_path / "x.json", "--csv", tmp_path / "x.csv").output
    assert said.count("1 results") == 2
    assert "1 of 1 trainees did not consent to sharing" in said
    (one,) = json.loads((tmp_path / "x.json").read_text("utf-8"))
    assert one["actor"]["account"] == {"homePage": "https://course.example.org/", "name": trainee}
    written = (tmp_path / "x.json").read_text("utf-8") + (tmp_path / "x.csv").read_text("utf-8")
    assert "Bình" not in written
    assert "binh" not in written
