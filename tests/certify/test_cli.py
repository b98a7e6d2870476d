"""The commands, from records to revocation, on a small cohort."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder import consents
from autograder.certify import cli, credential, people, rulebook, rules
from autograder.certify import issue as issuing
from autograder.certify.book import Book
from autograder.cohort import Cohort

from .cohorts import drafts, number
from .projects import project
from .samples import PASSPHRASE

ONE, OTHER = number(1), number(2)
STAFF = {
    "registrar": "R. Registrar",
    "trainer": "T. Trainer",
    "examiner": "E. Examiner",
    "decider": "D. Decider",
}


class SmallCohort:
    """A cohort with two trainees, one person a role, and rules in force."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mark(self, trainee: str, *points: float) -> None:
        Book.open(self.path).append_all(drafts(trainee, *points))

    def kinds(self) -> list[str]:
        """What was put on the ledger since it was founded."""
        founding = len(STAFF) + 1
        return [entry.kind for entry in Book.open(self.path).history.entries[founding:]]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("founded")
    path = folder / "cohort"
    path.mkdir()
    (path / "cohort.yml").write_text("edition: 2026-1\nlanguage: vi\nsecret: abc\n", "utf-8")
    roster = f"trainee,name\n{ONE},Nguyễn <b>Ánh</b>\n{OTHER},\n"
    (path / "roster.csv").write_text(roster, "utf-8")
    book, registrar = Book.open(path), None
    for role, name in STAFF.items():
        signer, _ = people.make(folder / "people", PASSPHRASE)
        registrar = registrar or signer
        book.append("person", {**vars(signer.card), "roles": [role]}, registrar)
        people.set_name(path, signer.id, name)
    assert registrar is not None
    rulebook.adopt(book, rules.DEFAULT, "", registrar)
    for trainee in (ONE, OTHER):
        consents.record(path, trainee, consents.CREDENTIAL, "vi")
    return folder


@pytest.fixture
def cohort(founded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCohort:
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("COURSE_COHORT", str(tmp_path / "cohort"))
    monkeypatch.setenv("COURSE_PEOPLE", str(tmp_path / "people"))
    monkeypatch.setenv("COURSE_PERSON_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("COURSE_KEY_PASSPHRASE", PASSPHRASE)
    made = SmallCohort(tmp_path / "cohort")
    made.mark(ONE, 8)
    made.mark(OTHER, 4)
    return made


def run(group: str, *arguments: str | Path, code: int = 0, given: str | None = None) -> Result:
    commands = {command.name: command for command in cli.commands}
    result = CliRunner().invoke(commands[group], [str(argument) for argument in arguments], input=given)
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def decide(*arguments: str | Path, code: int = 0) -> Result:
    return run("certify", "decide", "--level", "module", "--yes", *arguments, code=code)


@pytest.fixture
def issued(cohort: SmallCohort) -> Path:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    run("certify", "issue")
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


# -- explain


def test_explain_says_why_and_why_not_on_which_records_and_what_next(cohort: SmallCohort) -> None:
    text = run("certify", "explain", ONE.lower()).output
    assert "✓ w01 Nhìn thấy nhà máy: 80/100 (cần 60)" in text
    assert "w01 Seeing the factory: 80/100 (needs 60)" in text
    assert "[#7: " in text
    assert "w02 Factory physics: no mark yet" in text
    assert "✗ Chuyên gia tập sự" in text
    assert "→ Làm và nộp bài w02." in text
    assert "40/100 (needs 60)" in run("certify", "explain", OTHER).output
    assert "not in" in run("certify", "explain", number(9), code=1).output


def test_explain_in_one_language_of_a_day_and_by_trial_rules(cohort: SmallCohort, tmp_path: Path) -> None:
    text = run("certify", "explain", ONE, "--language", "en").output
    assert "cần" not in text
    past = run("certify", "explain", ONE, "--language", "en", "--on", "2020-01-01").output
    assert "The ledger has nothing about this trainee yet" in past
    assert "No rules are in force in this cohort yet" in past
    stricter = tmp_path / "stricter.yml"
    content = rules.DEFAULT.read_text("utf-8").replace("each: 60", "each: 85").replace("2026-2", "2026-9")
    stricter.write_text(content, "utf-8")
    text = run("certify", "explain", ONE, "--rules", stricter, "--language", "en").output
    assert "80/100 (needs 85)" in text
    assert "By rules 2026-9" in text
    assert "--on: 'soon' is no day" in run("certify", "explain", ONE, "--on", "soon", code=1).output


# -- people and rules


def test_a_cohort_gets_its_people_and_rules(
    tmp_path: Path, cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_PEOPLE", str(tmp_path / "others"))
    path = tmp_path / "another"
    path.mkdir()
    for name in ("cohort.yml", "roster.csv"):
        shutil.copy(cohort.path / name, path)
    monkeypatch.setenv("COURSE_COHORT", str(path))
    add = ["certify", "person", "add"]
    assert "give one or more of" in run(*add, "Lê Văn Một", code=1).output
    assert "first person is a registrar" in run(*add, "Lê Văn Một", "--role", "decider", code=1).output
    run(*add, "Lê Văn Một", "--role", "registrar", "--role", "trainer")
    assert "holds no key of a decider" in decide("--all", code=1).output
    run(*add, "Lê Văn Hai", "--role", "decider")
    assert "also the name of trainee" in run(*add, "nguyễn <b>ánh</b>", "--role", "trainer", code=1).output
    run(*add, "Nguyễn <b>Ánh</b>", "--role", "trainer", "--trainee", ONE)
    listed = run("certify", "person", "list").output
    assert "(Lê Văn Một): registrar, trainer" in listed
    assert f"also trainee {ONE[:4]}-{ONE[4:]}" in listed
    assert "There are 1 registrars" in listed
    assert "Lê" not in (path / "ledger.jsonl").read_text("utf-8")
    assert "None yet" in run("certify", "rules", "list").output
    assert "no rules are in force" in decide("--all", code=1).output
    assert "are in force from" in run("certify", "rules", "adopt").output
    assert "✓ 2026-2" in run("certify", "rules", "list").output
    assert len(list((tmp_path / "others").glob("*.key.json"))) == 3


def test_a_key_made_elsewhere_comes_as_a_public_file(cohort: SmallCohort, tmp_path: Path) -> None:
    made = run("certify", "person", "key", "--out", tmp_path / "laptop").output
    (card,) = (tmp_path / "laptop").glob("*.public.json")
    arguments = ("certify", "person", "add", "F. Far", "--role", "decider", "--public", card)
    assert card.name.split(".")[0] in run(*arguments).output
    assert card.name.split(".")[0] in made
    assert "is there already" in run(*arguments, code=1).output
    (key,) = (tmp_path / "laptop").glob("*.key.json")
    assert "1 decided" in decide(ONE, "--as", "F. Far", "--key", key).output
    assert "is the key of" in decide(ONE, "--as", "D. Decider", "--key", key, code=1).output


def test_with_several_keys_at_hand_one_says_whose(cohort: SmallCohort) -> None:
    run("certify", "person", "add", "Another Decider", "--role", "decider")
    assert "--as says whose" in decide(ONE, code=1).output
    assert "as Another Decider" not in decide(ONE, "--as", "another decider").output
    assert "is nobody on the ledger" in decide(ONE, "--as", "Nobody", code=1).output


def test_keys_are_rotated_lost_and_replaced(cohort: SmallCohort, tmp_path: Path) -> None:
    run("certify", "person", "rotate", "--as", "D. Decider")
    assert "1 decided" in decide(ONE, "--as", "D. Decider").output
    assert "2 so far" in run("certify", "person", "list").output
    replace = ("certify", "person", "replace", "D. Decider")
    assert "is not reported lost" in run(*replace, code=1).output
    lost = ("certify", "person", "lost", "D. Decider", "--as")
    assert "a second person has to" in run(*lost, "T. Trainer").output
    assert "signs nothing any more" in run(*lost, "E. Examiner").output
    cohort.mark(OTHER, 8, 9)
    assert "reported lost" in decide(OTHER, "--as", "D. Decider", code=1).output
    run(*replace, "--as", "R. Registrar")
    assert "2 decided" in decide(OTHER, "--as", "D. Decider").output


def test_roles_change_and_end(cohort: SmallCohort) -> None:
    roles = ("certify", "person", "roles", "T. Trainer")
    assert "give one of them" in run(*roles, code=1).output
    assert "decider, trainer" in run(*roles, "--role", "trainer", "--role", "decider").output
    run("certify", "trained", "--all", "--as", "T. Trainer")
    text = decide(ONE, "--as", "T. Trainer", code=1).output
    assert "trained" in text
    assert "1 not by you" in text
    assert "no role any more" in run(*roles, "--none").output
    assert "T. Trainer) is no decider" in decide(ONE, "--as", "T. Trainer", code=1).output


# -- decide and issue


def test_deciding_shows_what_it_will_sign_and_asks(cohort: SmallCohort) -> None:
    arguments = ("certify", "decide", ONE, OTHER, "--level", "module", "--module", "w01")
    said = run(*arguments, given="n\n", code=1).output
    assert f"✓ {ONE[:4]}-{ONE[4:]} w01" in said
    assert f"✗ {OTHER[:4]}-{OTHER[4:]} w01: w01 Seeing the factory: 40/100 (needs 60)" in said
    assert cohort.kinds()[-1] == "mark"
    assert "1 decided" in run(*arguments, given="y\n").output
    assert cohort.kinds()[-1] == "decision"
    assert "nothing to decide" in run(*arguments, code=1).output


def test_the_passphrase_is_asked_for_once_for_a_whole_batch(
    cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    cohort.mark(OTHER, 8, 9)
    monkeypatch.delenv("COURSE_PERSON_PASSPHRASE")
    said = run("certify", "decide", "--all", "--level", "module", given=f"{PASSPHRASE}\ny\n").output
    assert said.count("Passphrase of") == 1
    assert "3 decided" in said
    assert PASSPHRASE not in said


def test_nothing_is_issued_any_more_to_whom_was_erased(cohort: SmallCohort) -> None:
    """Erasing takes the number out of the roster; ledger and explanation go on."""
    cohort.mark(OTHER, 8)
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    book = Book.open(cohort.path)
    paths = [path for path, person, _ in people.key_files(cohort.path.parent / "people")
             if "registrar" in book.history.people[person].roles]  # fmt: skip
    book.append("erasure", {"trainee": ONE}, people.unlock(paths[0], PASSPHRASE))
    (cohort.path / "roster.csv").write_text(f"trainee,name\n{OTHER},\n", "utf-8")
    run("certify", "issue")
    (path,) = (cohort.path / "credentials").glob("*.json")
    assert OTHER in path.read_text("utf-8")
    assert "80/100" in run("certify", "explain", ONE, "--language", "en").output
    run("ledger", "verify")


def test_one_revoked_while_others_are_issued_does_not_stop_them(
    cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.certify import pdf

    cohort.mark(OTHER, 8)
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    first = next(iter(Book.open(cohort.path).history.decisions))
    real = pdf.render

    def render(*arguments: object) -> bytes:
        if "revocation" not in cohort.kinds():
            run("certify", "revoke", first, "--why", "mistake")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pdf, "render", render)
    assert "1 not issued" in run("certify", "issue", code=1).output
    assert cohort.kinds().count("issue") == 1
    assert "Nothing to issue" in run("certify", "issue").output


def test_deciding_takes_a_list(cohort: SmallCohort, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"{ONE}\n{OTHER.lower()}\n", "utf-8")
    assert "1 decided" in decide("--list", listed).output
    assert "say on whom" in decide(code=1).output
    assert "none.txt" in decide("--list", tmp_path / "none.txt", code=1).output


def test_only_what_is_decided_is_issued_and_only_once(cohort: SmallCohort, issued: Path) -> None:
    document = json.loads(issued.read_text("utf-8"))
    assert [one["identityHash"] for one in document["credentialSubject"]["identifier"]] == [ONE]
    assert issued.with_suffix(".pdf").exists()
    assert "Valid, but only a demo" in run("verify", issued).output
    assert "Valid, but only a demo" in run("verify", issued.with_suffix(".pdf")).output
    assert "Nothing to issue" in run("certify", "issue").output
    assert cohort.kinds()[-4:] == ["key", "decision", "allotment", "issue"]


def test_a_person_must_decide_before_anything_is_issued(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    assert "Nothing to issue" in run("certify", "issue").output
    assert not (cohort.path / "credentials").exists()


def test_a_refusal_keeps_its_reason_outside_of_the_ledger(cohort: SmallCohort, tmp_path: Path) -> None:
    why = tmp_path / "why.txt"
    why.write_text("Bài chép của Ánh.", "utf-8")
    arguments = ("certify", "refuse", ONE, "--level", "module")
    assert "says which" in run(*arguments, "--reason", why, code=1).output
    assert "appeal until" in run(*arguments, "--module", "w01", "--reason", why).output
    assert "Ánh" not in (cohort.path / "ledger.jsonl").read_text("utf-8")
    assert "Refused on" in run("certify", "explain", ONE, "--language", "en").output
    assert "--again" in decide(ONE, code=1).output
    assert "1 decided" in decide(ONE, "--again").output


def test_a_name_needs_consent_and_stays_out_of_the_ledger(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    run("certify", "issue", "--with-name", ONE)
    (path,) = (cohort.path / "credentials").glob("*.json")
    assert "Nguyễn <b>Ánh</b>" in path.read_text("utf-8")
    assert "Nguyễn" not in (cohort.path / "ledger.jsonl").read_text("utf-8")


def test_nothing_is_issued_to_whom_has_not_consented(cohort: SmallCohort) -> None:
    """The others get theirs; once the trainee says yes, the next run issues the rest."""
    cohort.mark(OTHER, 8, 9)
    consents.record(cohort.path, OTHER, consents.CREDENTIAL, "vi", given=False)
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    said = run("certify", "issue", code=1).output
    assert "2 not issued" in said  # two certificates of one trainee, named once
    assert said.count(f"{OTHER[:4]}-{OTHER[4:]}: has not consented") == 1
    assert f"course data consent {OTHER[:4]}-{OTHER[4:]} --purpose credential" in said
    (path,) = (cohort.path / "credentials").glob("*.json")
    assert ONE in path.read_text("utf-8")
    assert cohort.kinds().count("allotment") == 1  # not even a place in the status list
    assert "nothing issued" in run("certify", "issue", code=1).output
    consents.record(cohort.path, OTHER, consents.SHARE, "vi")
    assert "nothing issued" in run("certify", "issue", code=1).output  # each purpose by itself
    consents.record(cohort.path, OTHER, consents.CREDENTIAL, "vi")
    run("certify", "issue")
    assert cohort.kinds().count("issue") == 3


def test_one_that_cannot_be_issued_does_not_stop_the_others(cohort: SmallCohort) -> None:
    cohort.mark(OTHER, 8, 9)
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    message = run("certify", "issue", "--with-name", OTHER, "--with-name", ONE, code=1).output
    assert "roster.csv" in message
    assert "2 not issued" in message
    assert len(list((cohort.path / "credentials").glob("*.json"))) == 1
    run("certify", "issue")
    assert len(list((cohort.path / "credentials").glob("*.json"))) == 3


def test_a_name_that_the_font_lacks_is_refused_before_it_has_a_place(cohort: SmallCohort) -> None:
    roster = cohort.path / "roster.csv"
    roster.write_text(roster.read_text("utf-8").replace("Nguyễn <b>Ánh</b>", "김민수"), "utf-8")
    run("certify", "keygen", "--name", "Lớp thử")
    decide(ONE)
    said = run("certify", "issue", "--with-name", ONE, code=1).output
    assert f"roster.csv: {ONE}: name: has letters that the certificate's font lacks" in said
    assert cohort.kinds()[-1] == "decision"
    run("certify", "issue")
    assert cohort.kinds()[-2:] == ["allotment", "issue"]


def test_a_wrong_passphrase_changes_nothing(cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    before = cohort.kinds()
    with monkeypatch.context() as wrong:
        wrong.setenv("COURSE_PERSON_PASSPHRASE", "some other passphrase")
        assert "wrong passphrase" in decide("--all", code=1).output
    assert cohort.kinds() == before
    decide("--all")
    monkeypatch.setenv("COURSE_KEY_PASSPHRASE", "some other passphrase")
    assert "wrong passphrase" in run("certify", "issue", code=1).output
    assert cohort.kinds() == [*before, "decision"]
    assert not (cohort.path / "credentials").exists()


def test_a_crash_before_the_issue_is_finished_with_the_same_number_and_place(
    cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")

    def crash(*_arguments: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("autograder.certify.pdf.render", crash)
        CliRunner().invoke(cli.certify, ["issue"])
    place = Book.open(cohort.path).history.entries[-1]
    assert place.kind == "allotment"
    run("certify", "issue")
    (path,) = (cohort.path / "credentials").glob("*.json")
    document = json.loads(path.read_text("utf-8"))
    assert document["id"] == place.data["id"]
    assert document["credentialStatus"]["statusListIndex"] == str(place.data["status_index"])
    assert cohort.kinds()[-3:] == ["decision", "allotment", "issue"]


def test_a_decision_waits_for_a_key_that_was_changed_meanwhile(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    run("certify", "keygen", "--name", "Lớp thử", "--rotate")
    assert ONE[:4] in run("certify", "issue").output


def test_two_runs_of_issuing_do_not_meet(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    with issuing.alone(cohort.path):
        assert "is running" in run("certify", "issue", code=1).output
    assert f"{ONE[:4]}-{ONE[4:]}" in run("certify", "issue").output


def test_rules_that_came_after_the_decision_do_not_touch_it(cohort: SmallCohort, tmp_path: Path) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    stricter = tmp_path / "stricter.yml"
    content = rules.DEFAULT.read_text("utf-8").replace("60/100", "95/100").replace("each: 60", "each: 95")
    stricter.write_text(content.replace("2026-2", "2026-3"), "utf-8")
    run("certify", "rules", "adopt", stricter)
    assert "Granted on" in run("certify", "explain", ONE, "--language", "en").output
    run("certify", "issue")
    (path,) = (cohort.path / "credentials").glob("*.json")
    assert "60/100" in path.read_text("utf-8")
    run("ledger", "verify")


# -- revoke, publish, verify


def test_revoke_publish_verify(cohort: SmallCohort, issued: Path, site: Path) -> None:
    unknown = run("verify", issued, "--site", site, code=1).output
    assert "Unknown issuer" in unknown
    run("certify", "publish-status", site)
    assert "Not revoked as of" in run("verify", issued, "--site", site).output
    revoke = ("certify", "revoke", issued.stem, "--why")
    assert "is no decider" in run(*revoke, "mistake", "--as", "T. Trainer", code=1).output
    run(*revoke, "mistake")
    assert "has revoked this certificate: mistake" in run("verify", issued, code=1).output
    assert "Not revoked as of" in run("verify", issued, "--site", site).output, (
        "the old list is still published"
    )
    run("certify", "publish-status", site)
    assert "has revoked this certificate" in run("verify", issued, "--site", site, code=1).output
    assert "already" in run(*revoke, "misconduct", code=1).output
    assert "Nothing to issue" in run("certify", "issue").output
    decide(ONE, "--again")
    run("certify", "issue")
    assert len(list((cohort.path / "credentials").glob("*.json"))) == 2


def test_what_was_decided_and_not_issued_can_be_revoked(cohort: SmallCohort) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    decision = Book.open(cohort.path).history.entries[-1].data["id"]
    run("certify", "revoke", decision, "--why", "mistake")
    assert "Nothing to issue" in run("certify", "issue").output


def test_nothing_personal_goes_to_the_site(cohort: SmallCohort, site: Path) -> None:
    run("certify", "keygen", "--name", "Lớp thử")
    decide("--all")
    run("certify", "issue", "--with-name", ONE)
    run("certify", "publish-status", site)
    text = "".join(path.read_text("utf-8") for path in site.rglob("*.json"))
    assert "did:key:" in text
    assert credential.DEMO in text
    for private in (ONE, ONE[:4], "Ánh", "Decider", "P-"):
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


# -- the ledger


def test_ledger_verify(cohort: SmallCohort, issued: Path) -> None:
    text = run("ledger", "verify").output
    assert "13 entries, unbroken, 6 signed" in text
    head = text.split()[-1]
    run("ledger", "verify", "--expect", head)
    path = cohort.path / "ledger.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"level":"module"', b'"level":"modulo"'))
    for command in (("ledger", "verify"), ("certify", "explain", ONE), ("certify", "issue")):
        assert "was changed" in run(*command, code=1).output


def test_ledger_show_says_it_in_words(cohort: SmallCohort, issued: Path) -> None:
    text = run("ledger", "show", "--trainee", ONE).output
    assert f"{ONE} handed in w01, attempt 1" in text
    assert f"(D. Decider): {ONE} is granted w01 under rules 2026-2" in text
    assert OTHER not in text
    everything = run("ledger", "show").output
    assert "(R. Registrar): rules 2026-2 are in force from" in everything
    assert len(run("ledger", "show", "--kind", "person").output.splitlines()) == len(STAFF)
    assert "points: 8   (points after what lateness costs)" in run("ledger", "show", "--fields").output
    assert "nothing about" in run("ledger", "show", "--trainee", number(9), code=1).output


def test_an_auditor_reads_without_a_key(
    cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COURSE_PEOPLE", str(tmp_path / "nowhere"))
    for command in (
        ("ledger", "verify"), ("ledger", "show"), ("certify", "explain", ONE), ("certify", "person", "list"),
        ("certify", "rules", "list"), ("appeal", "list"),
    ):  # fmt: skip
        run(*command)


def test_a_decision_against_the_rules_makes_verify_fail(cohort: SmallCohort) -> None:
    book = Book.open(cohort.path)
    path = next(p for p, person, _ in people.key_files(cohort.path.parent / "people")
                if "decider" in book.history.people[person].roles)  # fmt: skip
    rule = rulebook.current(book)
    data = {
        "trainee": OTHER, "id": "urn:uuid:00000000-0000-4000-8000-000000000001", "level": "module",
        "target": "w01", "rules": rule.version, "rules_sha256": rule.digest, "used": [], "attempts": [],
        "valid_from": book.now(),
    }  # fmt: skip
    book.append("decision", data, people.unlock(path, PASSPHRASE))
    text = run("ledger", "verify", code=1).output
    assert f"line {book.history.entries[-1].seq}: {OTHER} was granted w01 without meeting the rules" in text


# -- appeals


def test_an_appeal_by_command(cohort: SmallCohort, tmp_path: Path) -> None:
    why = tmp_path / "why.txt"
    why.write_text("Phần hai có trong bài.", "utf-8")
    text = run("appeal", "file", OTHER, "w01", "--reason", why).output
    assert "Appeal 1 of" in text
    assert "30 days left. Next: another person marks it anew" in run("appeal", "list").output
    assert "is open, to be decided by" in run("certify", "explain", OTHER, "--language", "en").output
    regrade = ("appeal", "regrade", "1", "--as", "E. Examiner")
    assert "give one of them" in run(*regrade, code=1).output
    assert "give a question and its points" in run(*regrade, "--set", "q1", "much", code=1).output
    assert "7 of 10 points" in run(*regrade, "--points", "7").output
    decision = ("appeal", "decide", "1", "--reason", why)
    assert "say which" in run(*decision, code=1).output
    assert "more means upheld" in run(*decision, "--rejected", code=1).output
    assert "upheld" in run(*decision, "--upheld").output
    assert "70/100 (needs 60)" in run("certify", "explain", OTHER, "--language", "en").output
    assert "0 open" in run("appeal", "list").output
    assert "upheld on" in run("appeal", "list", "--all").output
    story = run("appeal", "show", "1").output
    assert f"{OTHER} w01, attempt 1: 4 of 10 points" in story
    assert story.count("    | Phần hai có trong bài.") == 2
    assert "E. Examiner" in story
    for letter in (cohort.path / "letters").iterdir():
        letter.unlink()
    assert run("appeal", "show", "1").output.count("(erased)") == 2
    assert "there is none" in run("appeal", "show", "2", code=1).output


# -- projects


def test_evidence_and_sign_offs_by_command(cohort: SmallCohort, tmp_path: Path) -> None:
    sign = ("certify", "sign-off", ONE, "p1")
    assert "no evidence of such a project" in run(*sign, "--as", "T. Trainer", code=1).output
    folder = project(tmp_path / "p")
    take_in = ("certify", "evidence", ONE, "p1", folder, "--as", "E. Examiner")
    said = run(*take_in).output
    assert "distinguishable from chance" in said
    page = Path(re.findall(r"Read (\S+),", said)[0])
    assert page.is_relative_to(cohort.path / "evidence" / ONE)
    assert "is on record already" in run(*take_in).output
    assert cohort.kinds().count("evidence") == 1
    run(*sign, "--as", "T. Trainer")
    assert "sign-offs: 1 (needs 2)" in run("certify", "explain", ONE).output
    run("certify", "trained", ONE, "--as", "T. Trainer")
    run(*sign, "--as", "E. Examiner")
    assert "who did not train the trainee: 1 (needs 1)" in run("certify", "explain", ONE).output
    assert "withdrawn" in run(*sign, "--withdraw", "--as", "E. Examiner").output
    assert "sign-offs: 1 (needs 2)" in run("certify", "explain", ONE).output
    shutil.rmtree(cohort.path / "evidence" / ONE / "p1" / "files")
    assert "is gone or was changed" in run(*sign, "--as", "E. Examiner", code=1).output
    assert "give one of them" in run("certify", "trained", ONE, "--all", code=1).output


def test_on_a_real_cohort(tmp_path: Path, cohort: SmallCohort, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Cohort.create(tmp_path / "class")
    monkeypatch.setenv("COURSE_COHORT", str(made.path))
    monkeypatch.setenv("COURSE_PEOPLE", str(tmp_path / "class-people"))
    trainee = made.enrol(name="Trần Văn Bình").id
    consents.record(made.path, trainee, consents.CREDENTIAL, "vi")
    for name, role in (("A", "registrar"), ("B", "decider")):
        run("certify", "person", "add", name, "--role", role)
    run("certify", "rules", "adopt")
    run("certify", "keygen", "--name", "Lớp thử")
    assert "no mark yet" in run("certify", "explain", trainee).output
    assert "nothing to decide" in decide("--all", code=1).output
    assert "0 attempts and 0 marks" in run("ledger", "sync").output
    Book.open(made.path).append_all(drafts(trainee, 7.5))
    assert "75/100" in run("certify", "explain", trainee).output
    decide("--all")
    run("certify", "issue", "--with-name", trainee)
    (path,) = (made.path / "credentials").glob("*.pdf")
    assert "Hợp lệ" in run("verify", str(path)).output
    run("ledger", "verify")
    assert "none" in run("certify", "explain", trainee, "-C", tmp_path / "none", code=1).output
