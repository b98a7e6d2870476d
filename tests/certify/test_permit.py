"""What the ledger refuses, whoever tries it and however: acts out of role, on oneself, unsigned, forged."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.certify import decide, entries, people, rulebook, rules
from autograder.certify.book import Book
from autograder.certify.chain import Entry, digest
from autograder.certify.explain import Outcome
from autograder.certify.fields import FIELDS, ROLES
from autograder.certify.ledger import Ledger
from autograder.errors import CourseError

from .cohorts import Cohort, new_signer


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return Cohort(tmp_path / "cohort")


def asked(target: str) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.target == target


def grant(cohort: Cohort, trainee: str, target: str, by: people.Signer | None = None) -> Entry:
    """Decide, or raise with the reason why this person may not."""
    by = by or cohort.decider
    found = decide.docket(cohort.book, [trainee], asked(target), by.id)
    if found.barred:
        raise CourseError(found.barred[0][1])
    assert found.cases, [one.text["en"] for case in found.open for one in case.outcome.requirements]
    return decide.grant(cohort.book, found, by)[0]


def forge(cohort: Cohort, kind: str, data: dict[str, Any], by: str = "", sig: str = "") -> int:
    """Write an entry past the program, chained and hashed as it should be; returns its line."""
    ledger = Ledger(cohort.book.path)  # knows the chain, and nobody's rights
    last = ledger.entries()[-1]
    draft = Entry(last.seq + 1, last.time, kind, data, last.hash, "", by, sig)
    entry = replace(draft, hash=digest(draft, sig))
    with cohort.book.path.open("ab") as file:
        file.write(entry.line() + b"\n")
    cohort.book.path.with_suffix(".head").write_text(f"{entry.seq} {entry.hash}\n", "ascii")
    return entry.seq


def found_at(cohort: Cohort, line: int, says: str) -> None:
    """Every reader stops at the line, and says why."""
    for read in (Book.open, lambda path: Book(path).verify()):
        with pytest.raises(CourseError) as caught:
            read(cohort.path)
        assert f"line {line}:" in caught.value.message
        assert says in caught.value.message


def decision(cohort: Cohort, trainee: str, **more: Any) -> dict[str, Any]:
    return {
        "trainee": trainee, "id": "urn:uuid:00000000-0000-4000-8000-000000000001", "level": "module",
        "target": "w01", "rules": "2026-2", "rules_sha256": rules.load().digest, "used": [], "attempts": [],
        "valid_from": cohort.book.now(), **more,
    }  # fmt: skip


# -- decisions


def test_a_decision_by_someone_who_trained_the_candidate_is_refused(cohort: Cohort) -> None:
    trainee, other = cohort.trainees[:2]
    both = cohort.person("trainer", "decider")
    cohort.marks(trainee, 8)
    cohort.marks(other, 8)
    cohort.book.append("training", {"trainer": both.id, "trainees": [trainee]}, both)
    with pytest.raises(CourseError, match="trained"):
        grant(cohort, trainee, "w01", both)
    assert grant(cohort, other, "w01", both).by == both.id
    assert grant(cohort, trainee, "w01").by == cohort.decider.id


def test_who_trained_the_whole_cohort_decides_on_nobody_of_it(cohort: Cohort) -> None:
    both = cohort.person("trainer", "decider")
    cohort.book.append("training", {"trainer": both.id, "trainees": ["*"]}, cohort.registrar)
    cohort.marks(cohort.trainees[0], 8)
    with pytest.raises(CourseError, match="trained"):
        grant(cohort, cohort.trainees[0], "w01", both)


def test_a_decision_by_someone_who_examined_the_candidate_is_refused(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    both = cohort.person("examiner", "decider")
    cohort.marks(trainee, 8)
    cohort.sat(trainee, by=both)
    with pytest.raises(CourseError, match="examined"):
        grant(cohort, trainee, "w01", both)


def test_a_decision_by_someone_who_marked_the_candidate_is_refused(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, 8, marked_by=(cohort.decider.id,))
    with pytest.raises(CourseError, match="marked"):
        grant(cohort, trainee, "w01")


def test_a_decision_by_someone_who_signed_off_the_candidate_is_refused(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    both = cohort.person("examiner", "decider")
    cohort.marks(trainee, *[8] * 12)
    cohort.sat(trainee)
    where = cohort.project(trainee, signed=False)
    for signer in (cohort.assessor, both):
        cohort.book.append("sign-off", {**where, "role": "examiner"}, signer)
    with pytest.raises(CourseError, match="signed off"):
        grant(cohort, trainee, "consultant", both)
    taken_back = {name: value for name, value in where.items() if name != "role"}
    cohort.book.append("sign-off-withdrawn", taken_back, both)
    with pytest.raises(CourseError, match="signed off"):  # taking it back does not undo having had a part
        grant(cohort, trainee, "w01", both)


def test_only_a_decider_decides(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    for signer in (cohort.trainer, cohort.examiner, cohort.registrar, cohort.person("auditor")):
        with pytest.raises(CourseError, match="is no decider"):
            cohort.book.append("decision", decision(cohort, trainee), signer)


def test_a_missing_second_signature_grants_nothing(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, *[8] * 12)
    cohort.sat(trainee)
    where = cohort.project(trainee, signed=False)
    cohort.book.append("sign-off", {**where, "role": "examiner"}, cohort.assessor)
    found = decide.docket(cohort.book, [trainee], asked("consultant"), cohort.decider.id)
    assert not found.cases
    assert "sign-offs: 1 (needs 2)" in str(found.open[0].outcome.requirements)
    cohort.book.append("sign-off", {**where, "role": "trainer"}, cohort.trainer)
    assert grant(cohort, trainee, "consultant").data["valid_until"] > cohort.book.now()


def test_a_self_sign_off_is_refused(cohort: Cohort) -> None:
    trainee, other = cohort.trainees[:2]
    self_made = cohort.person("trainer", "examiner", "decider", is_trainee=trainee)
    where, elsewhere = cohort.project(trainee, signed=False), cohort.project(other, signed=False)
    with pytest.raises(CourseError, match="nobody acts on their own case"):
        cohort.book.append("sign-off", {**where, "role": "examiner"}, self_made)
    cohort.book.append("sign-off", {**elsewhere, "role": "examiner"}, self_made)
    cohort.marks(trainee, 8)
    with pytest.raises(CourseError, match="nobody acts on their own case"):
        cohort.book.append("decision", decision(cohort, trainee), self_made)


def test_who_becomes_a_trainee_later_acts_no_more_on_that_case(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    where = cohort.project(trainee, signed=False)
    data = {"person": cohort.assessor.id, "roles": ["examiner"], "is_trainee": trainee}
    cohort.book.append("person-roles", data, cohort.registrar)
    with pytest.raises(CourseError, match="own case"):
        cohort.book.append("sign-off", {**where, "role": "examiner"}, cohort.assessor)
    data = {**data, "is_trainee": cohort.trainees[1]}
    with pytest.raises(CourseError, match="and stays it"):
        cohort.book.append("person-roles", data, cohort.registrar)


def test_a_decision_names_rules_in_force_and_records_of_that_trainee(cohort: Cohort) -> None:
    trainee, other = cohort.trainees[:2]
    cohort.marks(other, 8)
    foreign = cohort.book.history.entries[-1].seq
    for more, says in (
        ({"rules_sha256": "0" * 64}, "not in force"),
        ({"used": [foreign]}, f"entry {foreign} is not about"),
        ({"used": [9999]}, "is not about"),
        ({"level": "completion"}, "no certificate of the level"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "valid_until"),
        ({"valid_from": "2020-01-01T00:00:00Z"}, "valid_from is not the time"),
        ({"valid_from": "2099-01-01T00:00:00Z"}, "valid_from is not the time"),
    ):
        with pytest.raises(CourseError, match=says):
            cohort.book.append("decision", decision(cohort, trainee, **more), cohort.decider)


def test_a_certificate_is_granted_once(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, 8)
    first = grant(cohort, trainee, "w01")
    again = decision(cohort, trainee, id="urn:uuid:00000000-0000-4000-8000-000000000002")
    with pytest.raises(CourseError, match="holds w01 already"):
        cohort.book.append("decision", again, cohort.decider)
    with pytest.raises(CourseError, match="is taken"):
        cohort.book.append("decision", {**again, "id": first.data["id"]}, cohort.decider)


def test_a_place_in_the_status_list_is_given_once(cohort: Cohort) -> None:
    cohort.marks(cohort.trainees[0], 8)
    cohort.marks(cohort.trainees[1], 8)
    made = [grant(cohort, trainee, "w01").data for trainee in cohort.trainees[:2]]
    place = {"status_list": "https://example.org/list", "status_index": 7, "named": False}
    ids = [{"trainee": one["trainee"], "id": one["id"]} for one in made]
    cohort.book.append("allotment", {**ids[0], **place})
    with pytest.raises(CourseError, match="place 7 of the status list is taken"):
        cohort.book.append("allotment", {**ids[1], **place})
    with pytest.raises(CourseError, match="nobody decided"):
        cohort.book.append("allotment", {**ids[1], "trainee": ids[0]["trainee"], **place, "status_index": 8})
    with pytest.raises(CourseError, match="has no place"):
        cohort.book.append("issue", {**ids[1], "sha256": "0" * 64})
    with pytest.raises(CourseError, match="not the place"):
        cohort.book.append("revocation", {**ids[0], "why": "mistake"}, cohort.decider)


# -- forging without keys


def test_a_decision_forged_without_keys_is_found_at_its_line(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    line = forge(cohort, "decision", decision(cohort, trainee))
    found_at(cohort, line, "is not signed")


@pytest.mark.parametrize("sig", ["", "00" * 64, "zz", "ab" * 64])
def test_a_decision_in_the_name_of_a_decider_needs_their_key(cohort: Cohort, sig: str) -> None:
    line = forge(cohort, "decision", decision(cohort, cohort.trainees[0]), cohort.decider.id, sig)
    found_at(cohort, line, "signature")


def test_a_made_up_decider_is_found(cohort: Cohort) -> None:
    thief = new_signer()
    card = {**vars(thief.card), "roles": ["decider"]}
    with pytest.raises(CourseError, match="not on the list"):
        cohort.book.append("person", card, thief)
    line = forge(cohort, "person", card)
    found_at(cohort, line, "is not signed")


def test_somebody_elses_signature_is_found(cohort: Cohort) -> None:
    cohort.marks(cohort.trainees[0], 8)
    real = cohort.decider
    disguised = people.Signer(real.id, cohort.trainer.key)
    with pytest.raises(CourseError, match=r"signature of .* is wrong"):
        cohort.book.append("decision", decision(cohort, cohort.trainees[0]), disguised)


def test_a_signature_replayed_at_another_place_is_found(cohort: Cohort) -> None:
    trainee = cohort.trainees[0]
    cohort.marks(trainee, 8)
    made = grant(cohort, trainee, "w01")
    cohort.book.append(
        "revocation", {"trainee": trainee, "id": made.data["id"], "why": "mistake"}, cohort.decider
    )
    again = {**made.data, "id": "urn:uuid:00000000-0000-4000-8000-000000000009"}
    for data in (made.data, again):
        line = forge(cohort, "decision", data, made.by, made.sig)
        found_at(cohort, line, "signature")
        cut(cohort)


def test_a_signature_replayed_in_another_cohort_is_found(cohort: Cohort, tmp_path: Path) -> None:
    """The same people, rules and trainees: only the chain is another."""
    other = Cohort.__new__(Cohort)
    other.path = tmp_path / "other"
    other.path.mkdir()
    other.book = Book.open(other.path)
    for entry in cohort.book.history.entries:
        signer = {s.id: s for s in (cohort.registrar,)}[entry.by]
        other.book.append(entry.kind, entry.data, signer)
    trainee = cohort.trainees[0]
    cohort.marks(trainee, 8)
    Cohort.marks(other, trainee, 8)
    made = grant(cohort, trainee, "w01")
    assert other.book.history.entries[-1].seq == made.seq - 1
    line = forge(other, "decision", made.data, made.by, made.sig)
    found_at(other, line, "signature")


def test_a_signature_on_what_the_software_notes_is_found(cohort: Cohort) -> None:
    data = {"trainee": cohort.trainees[0], "assignment": "w01", "number": 1, "attempt": "0" * 64}
    with pytest.raises(CourseError, match="noted by the software"):
        cohort.book.append("attempt", data, cohort.trainer)


def cut(cohort: Cohort) -> None:
    """Take the forged last line away again."""
    whole = cohort.book.path.read_bytes().splitlines(keepends=True)[:-1]
    cohort.book.path.write_bytes(b"".join(whole))
    last = json.loads(whole[-1])
    cohort.book.path.with_suffix(".head").write_text(f"{last['seq']} {last['hash']}\n", "ascii")


# -- keys


def rotate(cohort: Cohort, person: people.Signer) -> people.Signer:
    new = new_signer(person.id)
    cohort.book.append("person-key", vars(new.card), person)
    return new


def test_a_key_used_after_its_rotation_is_refused_and_what_it_signed_before_holds(cohort: Cohort) -> None:
    one, two = cohort.trainees[:2]
    cohort.marks(one, 8)
    cohort.marks(two, 8)
    old = cohort.decider
    grant(cohort, one, "w01", old)
    new = rotate(cohort, old)
    line = cohort.book.history.entries[-1].seq
    with pytest.raises(CourseError, match=f"a key that was replaced in line {line}"):
        grant(cohort, two, "w01", old)
    assert grant(cohort, two, "w01", new).by == old.id
    assert Book.open(cohort.path).verify() is not None


def test_only_the_owner_rotates_a_key(cohort: Cohort) -> None:
    new = new_signer(cohort.decider.id)
    for by in (cohort.registrar, cohort.trainer):
        with pytest.raises(CourseError, match=r"only P-.* replaces that key"):
            cohort.book.append("person-key", vars(new.card), by)


def test_a_key_nobody_showed_to_have_is_refused(cohort: Cohort) -> None:
    new, other = new_signer(cohort.decider.id), new_signer()
    with pytest.raises(CourseError, match="did not show to have it"):
        cohort.book.append("person-key", {**vars(new.card), "proof": other.card.proof}, cohort.decider)
    card = people.Signer(cohort.decider.id, cohort.trainer.key).card
    with pytest.raises(CourseError, match="was used before"):
        cohort.book.append("person-key", vars(card), cohort.decider)


def test_a_lost_key_is_revoked_by_two_others_and_replaced_by_a_registrar(cohort: Cohort) -> None:
    lost = cohort.decider
    report = ("person-key-lost", {"person": lost.id})
    with pytest.raises(CourseError, match="for two others"):
        cohort.book.append(*report, lost)
    cohort.book.append(*report, cohort.trainer)
    with pytest.raises(CourseError, match="reported it already"):
        cohort.book.append(*report, cohort.trainer)
    cohort.marks(cohort.trainees[0], 8)
    grant(cohort, cohort.trainees[0], "w01", lost)  # one report alone stops nobody
    cohort.book.append(*report, cohort.examiner)
    cohort.marks(cohort.trainees[1], 8)
    with pytest.raises(CourseError, match="reported lost"):
        grant(cohort, cohort.trainees[1], "w01", lost)
    new = new_signer(lost.id)
    for by in (cohort.trainer, lost):
        with pytest.raises(CourseError, match=r"reported lost|registrar gives"):
            cohort.book.append("person-key", vars(new.card), by)
    cohort.book.append("person-key", vars(new.card), cohort.registrar)
    assert grant(cohort, cohort.trainees[1], "w01", new).by == lost.id


def test_when_the_only_registrar_lost_the_key_a_decider_gives_a_new_one(cohort: Cohort) -> None:
    for by in (cohort.trainer, cohort.examiner):
        cohort.book.append("person-key-lost", {"person": cohort.registrar.id}, by)
    new = new_signer(cohort.registrar.id)
    with pytest.raises(CourseError, match="gives"):
        cohort.book.append("person-key", vars(new.card), cohort.trainer)
    cohort.book.append("person-key", vars(new.card), cohort.decider)
    cohort.registrar = new
    assert cohort.person("auditor").id in cohort.book.history.people


# -- people and rules


def test_an_auditor_reads_everything_and_acts_on_nothing(cohort: Cohort) -> None:
    auditor = cohort.person("auditor")
    assert Book.open(cohort.path).verify() is not None
    for kind, known in entries.KINDS.items():
        if not known.roles or kind == "person-key":
            continue
        data = {name: EXAMPLES.get(name) for name in known.needs}
        data |= {"trainee": cohort.trainees[0]} if "trainee" in known.needs else {}
        entries.check(kind, data)
        with pytest.raises(CourseError, match=f"{auditor.id} is no "):
            cohort.book.append(kind, data, auditor)
    rotate(cohort, auditor)  # their own key they may change


def test_an_auditor_has_no_other_role(cohort: Cohort) -> None:
    with pytest.raises(CourseError, match="no other role"):
        cohort.person("auditor", "decider")


def test_the_first_person_is_a_registrar_and_one_always_stays(tmp_path: Path, cohort: Cohort) -> None:
    book, first = Book.open(tmp_path / "empty"), new_signer()
    with pytest.raises(CourseError, match="first person on a ledger is a registrar"):
        book.append("person", {**vars(first.card), "roles": ["decider"]}, first)
    with pytest.raises(CourseError, match="is the last registrar"):
        cohort.book.append("person-roles", {"person": cohort.registrar.id, "roles": []}, cohort.registrar)
    second = cohort.person("registrar")
    cohort.book.append("person-roles", {"person": cohort.registrar.id, "roles": []}, second)
    with pytest.raises(CourseError, match="is no registrar"):
        cohort.person("trainer")


def test_who_has_left_signs_nothing(cohort: Cohort) -> None:
    cohort.book.append("person-roles", {"person": cohort.decider.id, "roles": []}, cohort.registrar)
    cohort.marks(cohort.trainees[0], 8)
    with pytest.raises(CourseError, match="is no decider"):
        grant(cohort, cohort.trainees[0], "w01")


def test_nobody_says_for_another_trainer_that_they_trained(cohort: Cohort) -> None:
    other = cohort.person("trainer")
    data = {"trainer": other.id, "trainees": ["*"]}
    with pytest.raises(CourseError, match="says that"):
        cohort.book.append("training", data, cohort.trainer)
    with pytest.raises(CourseError, match="is no trainer"):
        cohort.book.append("training", {**data, "trainer": cohort.decider.id}, cohort.registrar)
    cohort.book.append("training", data, cohort.registrar)


def test_rules_do_not_reach_back(cohort: Cohort, tmp_path: Path) -> None:
    def version(name: str) -> Path:
        path = tmp_path / f"{name}.yml"
        path.write_text(rules.DEFAULT.read_text("utf-8").replace('"2026-2"', f'"{name}"'), "utf-8")
        return path

    with pytest.raises(CourseError, match="do not reach back"):
        rulebook.adopt(cohort.book, version("2026-3"), "2020-01-01", cohort.registrar)
    with pytest.raises(CourseError, match="there are rules 2026-2 already"):
        rulebook.adopt(cohort.book, rules.DEFAULT, "", cohort.registrar)
    rulebook.adopt(cohort.book, version("2027-1"), "2099-01-01", cohort.registrar)
    assert rulebook.current(cohort.book).version == "2026-2"
    with pytest.raises(CourseError, match="come into force later"):
        rulebook.adopt(cohort.book, version("2026-4"), "", cohort.registrar)
    later = rulebook.in_force(cohort.book, "2099-01-02T00:00:00Z")
    assert later is not None
    assert later.version == "2027-1"


def test_the_copy_of_rules_in_force_may_not_change(cohort: Cohort) -> None:
    path = cohort.path / "rules" / "2026-2.yml"
    path.write_text(path.read_text("utf-8").replace("each: 60", "each: 10"), "utf-8")
    with pytest.raises(CourseError, match="is not the file that was put in force"):
        rulebook.current(cohort.book)
    path.unlink()
    with pytest.raises(CourseError, match="restore it from a copy"):
        rulebook.current(cohort.book)


# -- what may stand in the ledger

EXAMPLES: dict[str, Any] = {
    "person": "P-000000", "public": "0" * 64, "proof": "0" * 128, "roles": [], "is_trainee": "0000001D",
    "trainer": "P-000000", "marked_by": [], "trainee": "0000001D", "trainees": ["*"], "assignment": "w01",
    "number": 1, "attempt": "0" * 64, "points": 1, "max_points": 1, "late": 0, "record": 1,
    "version": "0" * 16, "graded_at": "2026-01-01T00:00:00Z", "questions": {"q1": 2}, "exam": "spring",
    "part": "exam", "event": "open", "form": "0" * 64, "sat_at": "2026-01-01T00:00:00Z", "project": "p1",
    "manifest": "0" * 64, "after_weeks": 4.5, "confirmed": True, "role": "trainer", "rules": "2026-2",
    "rules_sha256": "0" * 64, "from": "2026-01-01", "file_days": 1, "decide_days": 1,
    "id": "urn:uuid:00000000-0000-4000-8000-000000000001", "level": "module", "target": "w01", "used": [1],
    "attempts": [], "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z",
    "renews": "urn:uuid:00000000-0000-4000-8000-000000000001", "did": "did:key:z1", "method": "did:key:z1#z1",
    "withdraws": [], "status_list": "https://example.org/1", "status_index": 0, "named": False,
    "sha256": "0" * 64, "why": "mistake", "appeal": 1, "subject": "w01", "contested": 1, "reason": "0" * 64,
    "file_by": "2026-01-01", "decide_by": "2026-01-01", "outcome": "upheld",
}  # fmt: skip
FREE_TEXT = (
    "Nguyễn Thị Ánh",
    "A. Person",
    "0912 345 678",
    "a@example.org",
    "because of illness",
    " ",
    "x" * 500,
)


def test_no_field_takes_a_name_or_free_text() -> None:
    assert set(EXAMPLES) == set(FIELDS)
    for name, field in FIELDS.items():
        assert field.fits(EXAMPLES[name]), name
        assert field.meaning
        for text in FREE_TEXT:
            assert not field.fits(text), name
            assert not field.fits([text]), name
            assert not field.fits({text: 1}), name
        for odd in (None, float("nan"), float("inf"), -1, {"a": "b"}, [[]], b"x"):
            assert not field.fits(odd), (name, odd)


def test_an_entry_has_the_fields_of_its_kind_and_no_others() -> None:
    for kind, known in entries.KINDS.items():
        whole = {name: EXAMPLES[name] for name in (*known.needs, *known.may)}
        entries.check(kind, whole)
        assert "{" not in entries.say(kind, whole)
        for name in known.needs:
            with pytest.raises(CourseError, match=f"{name} is missing"):
                entries.check(kind, {key: value for key, value in whole.items() if key != name})
        with pytest.raises(CourseError, match="no such field"):
            entries.check(kind, {**whole, "name": "Ánh"})
        assert known.roles <= set(ROLES)
    with pytest.raises(CourseError, match="no such kind"):
        entries.check("gossip", {})
