"""The commands, from key to revocation, on a small cohort."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.certify import cli, cli_issuer, credential
from autograder.certify import issue as issuing
from autograder.certify.ledger import Ledger

from .samples import PASSPHRASE, TRAINEE, Mark

OTHER = "0000000H"


@dataclass(frozen=True)
class Person:
    id: str
    name: str


class SmallCohort:
    """What certification reads of `autograder.cohort.Cohort`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.people = {TRAINEE: Person(TRAINEE, "Nguyễn <b>Ánh</b>"), OTHER: Person(OTHER, "")}
        self.marks = [Mark(TRAINEE, "w01", 8), Mark(OTHER, "w01", 4)]

    def roster(self) -> dict[str, Person]:
        return self.people


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCohort:
    made = SmallCohort(tmp_path / "cohort")
    made.path.mkdir()
    monkeypatch.setattr(cli, "_open", lambda _folder: made)
    monkeypatch.setattr(cli_issuer, "open_cohort", lambda _folder: made)
    monkeypatch.setattr(cli, "_marks", lambda cohort: cohort.marks)
    monkeypatch.setenv("COURSE_COHORT", str(made.path))
    monkeypatch.setenv("COURSE_KEY_PASSPHRASE", PASSPHRASE)
    return made


def run(group: str, *arguments: str | Path, code: int = 0) -> Result:
    commands = {command.name: command for command in cli.commands}
    result = CliRunner().invoke(commands[group], [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


@pytest.fixture
def issued(cohort: SmallCohort) -> Path:
    run("certify", "keygen", "--name", "Lớp thử")
    run("certify", "issue", "--decided-by", "D. Decider")
    (path,) = (cohort.path / "credentials").glob("*.json")
    return path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "assets" / "verify").mkdir(parents=True)
    (folder / "assets" / "verify" / "verify.js").write_text("")
    (folder / "assets" / "verify" / "issuers.json").write_text(
        '{"format": "course-issuers/1", "issuers": []}'
    )
    return folder


def test_explain_says_why_and_why_not(cohort: SmallCohort) -> None:
    text = run("certify", "explain", "k7p2-qd4m").output
    assert "✓ Giấy chứng nhận hoàn thành học phần: Nhìn thấy nhà máy" in text
    assert "80/100 (needs 60)" in text
    assert "w02 Factory physics: no mark yet" in text
    assert "– Chuyên gia tập sự" in text
    assert "40/100 (needs 60)" in run("certify", "explain", OTHER).output
    assert "not in" in run("certify", "explain", "K7P2QD4X", code=1).output


def test_only_what_is_earned_is_issued_and_only_once(cohort: SmallCohort, issued: Path) -> None:
    document = json.loads(issued.read_text("utf-8"))
    assert [one["identityHash"] for one in document["credentialSubject"]["identifier"]] == [TRAINEE]
    assert issued.with_suffix(".pdf").exists()
    assert "Valid, but only a demo" in run("verify", issued).output
    assert "Valid, but only a demo" in run("verify", issued.with_suffix(".pdf")).output
    assert "Nothing to issue" in run("certify", "issue", "--decided-by", "D").output
    kinds = [entry.kind for entry in Ledger(cohort.path / "ledger.jsonl").entries()]
    assert kinds == ["key", "decision", "issue"]


def test_a_person_must_decide(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    assert "--decided-by" in run("certify", "issue", code=2).output
    assert "--decided-by" in run("certify", "issue", "--decided-by", " ", code=1).output
    assert not (cohort.path / "credentials").exists()


def test_a_mark_that_waits_gives_no_certificate(cohort: SmallCohort) -> None:
    cohort.marks = [Mark(TRAINEE, "w01", 10, complete=False)]
    run("certify", "keygen", "--name", "Lớp thử")
    assert "Nothing to issue" in run("certify", "issue", "--decided-by", "D").output


def test_a_name_needs_consent_and_stays_out_of_the_ledger(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    run("certify", "issue", "--decided-by", "D", "--with-name", TRAINEE)
    (path,) = (cohort.path / "credentials").glob("*.json")
    assert "Nguyễn <b>Ánh</b>" in path.read_text("utf-8")
    assert "Nguyễn" not in (cohort.path / "ledger.jsonl").read_text("utf-8")
    cohort.marks.append(Mark(OTHER, "w01", 9))
    message = run("certify", "issue", "--decided-by", "D", "--with-name", OTHER, code=1).output
    assert "roster.csv" in message


def test_a_wrong_passphrase_changes_nothing(cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    monkeypatch.setenv("COURSE_KEY_PASSPHRASE", "some other passphrase")
    assert "wrong passphrase" in run("certify", "issue", "--decided-by", "D", code=1).output
    assert [entry.kind for entry in Ledger(cohort.path / "ledger.jsonl").entries()] == ["key"]
    assert not (cohort.path / "credentials").exists()


def test_a_crash_after_the_decision_is_finished_with_the_same_number(
    cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("certify", "keygen", "--name", "Lớp thử")

    def crash(*_arguments: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("autograder.certify.pdf.render", crash)
        CliRunner().invoke(cli.certify, ["issue", "--decided-by", "First"])
    decided = Ledger(cohort.path / "ledger.jsonl").entries()[-1]
    assert decided.kind == "decision"
    run("certify", "issue", "--decided-by", "Second")
    (path,) = (cohort.path / "credentials").glob("*.json")
    document = json.loads(path.read_text("utf-8"))
    assert document["id"] == decided.data["id"]
    assert document["credentialStatus"]["statusListIndex"] == str(decided.data["status_index"])
    assert [entry.kind for entry in Ledger(cohort.path / "ledger.jsonl").entries()] == [
        "key",
        "decision",
        "issue",
    ]


def test_revoke_publish_verify(cohort: SmallCohort, issued: Path, site: Path) -> None:
    unknown = run("verify", issued, "--site", site, code=1).output
    assert "Unknown issuer" in unknown
    run("certify", "publish-status", site)
    assert "Not revoked as of" in run("verify", issued, "--site", site).output
    run("certify", "revoke", issued.stem, "--reason", "issued by mistake")
    assert "has revoked this certificate: issued by mistake" in run("verify", issued, code=1).output
    assert "Not revoked as of" in run("verify", issued, "--site", site).output, (
        "the old list is still published"
    )
    run("certify", "publish-status", site)
    assert "has revoked this certificate" in run("verify", issued, "--site", site, code=1).output
    assert "already" in run("certify", "revoke", issued.stem, "--reason", "again", code=1).output
    assert "Nothing to issue" in run("certify", "issue", "--decided-by", "D").output
    run("certify", "issue", "--decided-by", "D", "--again")
    assert len(list((cohort.path / "credentials").glob("*.json"))) == 2


def test_nothing_personal_goes_to_the_site(cohort: SmallCohort, site: Path) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    run("certify", "issue", "--decided-by", "D. Decider", "--with-name", TRAINEE)
    run("certify", "publish-status", site)
    text = "".join(path.read_text("utf-8") for path in site.rglob("*.json"))
    assert "did:key:" in text
    assert credential.DEMO in text
    for private in (TRAINEE, "K7P2", "Ánh", "Decider"):
        assert private not in text


def test_publishing_keeps_other_issuers_and_refuses_what_is_no_site(
    cohort: SmallCohort, issued: Path, site: Path
) -> None:
    file = site / "assets" / "verify" / "issuers.json"
    file.write_text('{"format": "course-issuers/1", "issuers": [{"did": "did:key:zOther", "name": "Other"}]}')
    run("certify", "publish-status", site)
    run("certify", "publish-status", site)
    names = [one["name"] for one in json.loads(file.read_text("utf-8"))["issuers"]]
    assert names == ["Other", f"{credential.DEMO} (Lớp thử)"]
    assert "not a built site" in run("certify", "publish-status", cohort.path, code=1).output


def test_verify_says_what_is_wrong_in_both_languages(
    cohort: SmallCohort, issued: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(issued.read_bytes().replace(b"60/100", b"10/100", 1))
    text = run("verify", bad, code=1).output
    assert "NOT valid" in text
    assert "Chữ ký sai" in text
    assert "The signature is wrong" in text
    assert "10/100" not in text, "content that cannot be trusted is not shown"


@pytest.mark.parametrize("content", [b"", b"hello", b"[1]", b"%PDF-1.7 nothing attached", b"\x00" * 100])
def test_verify_names_a_file_that_is_no_certificate(
    cohort: SmallCohort, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    text = run("verify", path, code=1).output
    assert "thing" in text
    assert len(text.strip().splitlines()) == 1
    assert "none.json" in run("verify", tmp_path / "none.json", code=1).output
    assert run("verify", tmp_path, code=1).output.count("\n") == 1


def test_ledger_verify(cohort: SmallCohort, issued: Path) -> None:
    text = run("ledger", "verify").output
    assert "3 entries, unbroken" in text
    head = text.split()[-1]
    run("ledger", "verify", "--expect", head)
    path = cohort.path / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b"D. Decider", b"E. Decider"))
    assert "was changed" in run("ledger", "verify", code=1).output
    assert "was changed" in run("certify", "issue", "--decided-by", "D", code=1).output


def test_one_that_cannot_be_issued_does_not_stop_the_others(cohort: SmallCohort) -> None:
    cohort.marks = [Mark(OTHER, "w01", 9), Mark(TRAINEE, "w01", 9)]
    run("certify", "keygen", "--name", "Lớp thử")
    arguments = ["--decided-by", "D", "--with-name", OTHER, "--with-name", TRAINEE]
    assert "1 not issued" in run("certify", "issue", *arguments, code=1).output
    assert len(list((cohort.path / "credentials").glob("*.json"))) == 1


def test_two_runs_of_issuing_do_not_meet(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    with issuing.alone(cohort.path):
        assert "is running" in run("certify", "issue", "--decided-by", "D", code=1).output
    assert "K7P2-QD4M" in run("certify", "issue", "--decided-by", "D").output


def test_on_a_real_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder import gradebook
    from autograder.cohort import Cohort

    monkeypatch.setenv("COURSE_COHORT", str(tmp_path / "class"))
    monkeypatch.setenv("COURSE_KEY_PASSPHRASE", PASSPHRASE)
    made = Cohort.create(tmp_path / "class")
    trainee = made.enrol(name="Trần Văn Bình").id

    run("certify", "keygen", "--name", "Lớp thử")
    assert "no mark yet" in run("certify", "explain", trainee).output
    assert "Nothing to issue" in run("certify", "issue", "--decided-by", "D").output
    mark = gradebook.Mark(trainee, "w01", 15, 20, "a" * 64, "2026-11-20T08:00:00Z", True)
    monkeypatch.setattr(gradebook, "marks", lambda _cohort: [mark])
    assert "75/100" in run("certify", "explain", trainee).output
    run("certify", "issue", "--decided-by", "D", "--with-name", trainee)
    (path,) = (made.path / "credentials").glob("*.pdf")
    assert "Hợp lệ" in run("verify", str(path)).output
    assert "3 entries" in run("ledger", "verify").output
    assert "none" in run("certify", "explain", trainee, "-C", tmp_path / "none", code=1).output
