"""What the rules say about records: each part, each level, and what becomes of a certificate."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.certify import parts, rules
from autograder.certify.account import account
from autograder.certify.explain import Outcome, explain, explain_facts
from autograder.certify.facts import Facts, percent

from .cohorts import LATER, Records, time

RULES = rules.load()
MODULES = [module.id for module in RULES.modules]


def of(target: str, records: Records, on: str = LATER, rule: rules.Rules = RULES) -> Outcome:
    return next(outcome for outcome in explain(records.entries, rule, on) if outcome.target == target)


def said(outcome: Outcome, language: str = "en") -> str:
    return "\n".join(one.text[language] for one in outcome.requirements)


def todo(outcome: Outcome) -> list[str]:
    return [one.todo["en"] for one in outcome.requirements if one.todo and not one.met]


@pytest.fixture
def records() -> Records:
    return Records()


@pytest.fixture
def graduate(records: Records) -> Records:
    """Twelve modules at 80."""
    records.course(*[8] * 12)
    return records


@pytest.fixture
def associate(graduate: Records) -> Records:
    graduate.sat("exam", 80, day=100)
    graduate.sat("case", 70, day=101)
    return graduate


@pytest.fixture
def consultant(associate: Records) -> Records:
    project = associate.evidence()
    associate.trained("P-TRA1NR")
    associate.sign(project, "P-TRA1NR", "trainer")
    associate.sign(project, "P-ASSESS")
    return associate


# -- marks


@pytest.mark.parametrize(("points", "passed"), [(6.0, True), (5.999, False), (10.0, True), (0.0, False)])
def test_a_module_is_passed_from_sixty(records: Records, points: float, passed: bool) -> None:
    records.mark("w01", points)
    assert of("w01", records).met is passed


def test_completion_needs_all_modules_and_the_average() -> None:
    def complete(*points: float) -> bool:
        made = Records()
        made.course(*points)
        return of("completion", made).met

    assert complete(*[7] * 12)
    assert not complete(*[7] * 11)
    assert not complete(*[6] * 12)  # each passed, average 60
    assert not complete(5.9, *[10] * 11)  # average far above, one module failed


def test_the_average_is_by_weight(records: Records) -> None:
    records.course(10, *[6] * 11)
    assert not of("completion", records).met
    heavy = replace(
        RULES, modules=tuple(replace(m, weight=11 if m.id == "w01" else 1) for m in RULES.modules)
    )
    assert of("completion", records, rule=heavy).met  # (11·100 + 11·60) / 22 = 80
    assert "Average 80/100" in said(of("completion", records, rule=heavy))


def test_the_best_attempt_counts_and_one_graded_again_has_its_newest_mark(records: Records) -> None:
    records.mark("w01", 9, number=1)
    records.mark("w01", 3, number=2)
    assert "90/100" in said(of("w01", records))
    records.mark("w01", 5, number=1)  # the first one graded again
    assert "50/100" in said(of("w01", records))


def test_what_is_handed_in_and_not_marked_waits(records: Records) -> None:
    records.attempt("w01", 1)
    outcome = of("w01", records)
    assert not outcome.met
    assert "attempt 1 waits to be marked" in said(outcome)
    assert "bài nộp lần 1 đang chờ chấm" in said(outcome, "vi")
    assert todo(outcome) == ["Wait until w01 is marked."]
    records.mark("w01", 5, number=1)
    records.attempt("w01", 2)
    assert "50/100 (needs 60); attempt 2 waits" in said(of("w01", records))


def test_a_missing_mark_and_a_low_one_say_what_to_do(records: Records) -> None:
    assert todo(of("w02", records)) == ["Do and hand in w02."]
    mark = records.mark("w02", 5, day=10)
    assert todo(of("w02", records, time(20))) == [
        f"Hand in w02 again with a better result, or appeal against the mark until {time(70)[:10]}."
    ]
    assert todo(of("w02", records, time(71))) == ["Hand in w02 again with a better result."]
    records.add("appeal", day=12, appeal=1, subject="w02", contested=mark.seq)
    assert todo(of("w02", records, time(20))) == ["Hand in w02 again with a better result."]


def test_with_limited_attempts_only_the_first_ones_count(records: Records) -> None:
    level = RULES.level("module")
    limited = replace(level, needs=rules.Needs(marks=rules.Marks(60, attempts=2)))
    rule = replace(RULES, levels=(limited, *RULES.levels[1:]))
    for attempt, points in ((1, 4), (2, 5), (3, 9)):
        records.attempt("w01", attempt, day=10)
        records.mark("w01", points, number=attempt, day=10)
    assert of("w01", records).met
    outcome = of("w01", records, time(20), rule)
    assert not outcome.met
    assert "50/100" in said(outcome)
    assert "No further hand-in of w01 counts; an appeal" in todo(outcome)[0]


@pytest.mark.parametrize(("points", "most"), [(5, 0), (-3, 10)])
def test_impossible_marks_count_as_nothing(points: float, most: float) -> None:
    assert percent(points, most) == 0


def test_a_shown_mark_is_never_rounded_up_to_the_pass_mark(records: Records) -> None:
    records.mark("w01", 5.9999)
    outcome = of("w01", records)
    assert not outcome.met
    assert "59.9/100" in said(outcome)
    assert "59,9/100" in said(outcome, "vi")


def test_the_records_it_rests_on_are_named(graduate: Records) -> None:
    outcome = of("completion", graduate)
    assert outcome.used == tuple(range(1, 13))
    assert outcome.attempts == tuple(entry.data["attempt"] for entry in graduate.entries)


def test_an_upheld_appeal_replaces_the_mark(records: Records) -> None:
    mark = records.mark("w01", 5)
    records.add("appeal", appeal=1, subject="w01", contested=mark.seq)
    records.add("regrade", by="P-0THERS", appeal=1, points=7, max_points=10)
    assert not of("w01", records).met
    records.add("appeal-decision", by="P-DEC1DE", appeal=1, outcome="upheld")
    assert of("w01", records).met
    assert of("w01", records).used == (1, 3, 4)
    assert not of("w01", records, time(3)).met  # before it was decided


# -- exams


def test_the_associate_needs_completion_exam_and_case(associate: Records) -> None:
    assert of("associate", associate).met
    for gone in ("mark", "exam-result"):
        less = Records(entries=[entry for entry in associate.entries if entry.kind != gone])
        assert not of("associate", less).met


@pytest.mark.parametrize(("exam", "case", "met"), [(70, 60, True), (69.9, 100, False), (100, 59.9, False)])
def test_exam_and_case_have_pass_marks_of_their_own(
    graduate: Records, exam: float, case: float, met: bool
) -> None:
    graduate.sat("exam", exam, day=50)
    graduate.sat("case", case, day=50)
    assert of("associate", graduate).met is met


def test_only_so_many_attempts_at_an_exam_count(graduate: Records) -> None:
    graduate.sat("case", 90, day=1)
    for day in (0, 20, 40):
        graduate.sat("exam", 50, day=day)
    assert "attempt 3 of 3" in said(of("associate", graduate))
    assert "Invigilated exam: no further attempt counts." in todo(of("associate", graduate))
    graduate.sat("exam", 100, day=60)
    outcome = of("associate", graduate)
    assert not outcome.met
    assert f"the attempt of {time(60)[:10]} does not count" in said(outcome)


def test_an_attempt_before_the_waiting_time_is_over_does_not_count(graduate: Records) -> None:
    graduate.sat("case", 90, day=1)
    graduate.sat("exam", 50, day=10)
    assert f"take it again on or after {time(24)[:10]}" in todo(of("associate", graduate))[0]
    graduate.sat("exam", 90, day=23)
    assert not of("associate", graduate).met
    graduate.sat("exam", 90, day=24)
    assert of("associate", graduate).met


def test_a_corrected_result_of_a_sitting_is_no_further_attempt(graduate: Records) -> None:
    graduate.sat("case", 90, day=1)
    graduate.sat("exam", 50, day=10, exam="spring")
    graduate.sat("exam", 75, day=10, exam="spring")
    outcome = of("associate", graduate)
    assert outcome.met
    assert "attempt 1 of 3" in said(outcome)


# -- projects


def test_the_consultant_needs_a_signed_off_project(consultant: Records) -> None:
    assert of("consultant", consultant).met


@pytest.mark.parametrize(("weeks", "confirmed", "says"), [
    (3.9, True, "3.9 weeks of data after the change (needs 4)"),
    (4, False, "the company's written confirmation is missing"),
])  # fmt: skip
def test_a_project_lacks_data_or_confirmation(
    associate: Records, weeks: float, confirmed: bool, says: str
) -> None:
    project = associate.evidence("p1", weeks, confirmed)
    for person in ("P-0NE000", "P-TW0000"):
        associate.sign(project, person)
    outcome = of("consultant", associate)
    assert not outcome.met
    assert says in said(outcome)


def test_a_second_signature_is_missing(associate: Records) -> None:
    project = associate.evidence()
    associate.sign(project, "P-0NE000")
    associate.sign(project, "P-0NE000", "trainer")  # the same person twice is one
    outcome = of("consultant", associate)
    assert not outcome.met
    assert "sign-offs: 1 (needs 2)" in said(outcome)
    associate.sign(project, "P-TW0000")
    assert of("consultant", associate).met


def test_one_who_signs_must_not_have_trained_the_trainee(associate: Records) -> None:
    project = associate.evidence()
    for person in ("P-0NE000", "P-TW0000"):
        associate.trained(person)
        associate.sign(project, person)
    outcome = of("consultant", associate)
    assert not outcome.met
    assert "sign-offs by people who did not train the trainee: 0 (needs 1)" in said(outcome)


def test_a_sign_off_is_for_the_evidence_it_was_given_on(associate: Records) -> None:
    first = associate.evidence(weeks=2)
    for person in ("P-0NE000", "P-TW0000"):
        associate.sign(first, person)
    associate.evidence(weeks=6)  # the same project, other files
    assert not of("consultant", associate).met


def test_a_withdrawn_sign_off_does_not_count(consultant: Records) -> None:
    sign = consultant.entries[-1]
    consultant.add("sign-off-withdrawn", by=sign.by, project="p1", manifest=sign.data["manifest"])
    assert not of("consultant", consultant).met


# -- what becomes of a certificate


def test_what_was_decided_is_held_until_it_is_revoked(graduate: Records) -> None:
    assert of("completion", graduate).due
    decision = graduate.decide("completion", day=20)
    outcome = of("completion", graduate, time(30))
    assert outcome.holds
    assert not outcome.due
    assert outcome.notes[0]["en"] == f"Granted on {time(20)[:10]}"
    graduate.revoke(decision, day=25)
    outcome = of("completion", graduate, time(30))
    assert not outcome.holds
    assert outcome.due, "a decider may decide anew"
    assert of("completion", graduate, time(24)).holds


def test_a_level_that_was_revoked_carries_no_other(associate: Records) -> None:
    decision = associate.decide("completion")
    assert of("associate", associate).met
    associate.revoke(decision)
    assert not of("associate", associate).met
    assert "was revoked or has expired" in said(of("associate", associate))
    associate.decide("completion")
    assert of("associate", associate).met


def test_a_certificate_expires_and_is_renewed_by_a_new_project(consultant: Records) -> None:
    used = of("consultant", consultant).used
    consultant.decide("associate", day=200)
    first = consultant.decide("consultant", used, day=200, valid_until=time(1295))
    assert of("consultant", consultant, time(1290)).holds
    late = of("consultant", consultant, time(1300))
    assert not late.holds
    assert f"Expired on {time(1295)[:10]}" in late.notes[0]["en"]
    assert not late.due, "the same project does not count twice"
    project = consultant.evidence("p2", day=300)
    consultant.sign(project, "P-TRA1NR", "trainer", day=300)
    consultant.sign(project, "P-ASSESS", day=300)
    early = of("consultant", consultant, time(400))
    assert early.holds
    assert not early.due
    assert "Renewal opens on" in said(early)
    ready = of("consultant", consultant, time(1200))
    assert ready.holds
    assert ready.due
    assert ready.renews == first.data["id"]
    consultant.decide("consultant", ready.used, day=1200, valid_until=time(2390), renews=ready.renews)
    assert of("consultant", consultant, time(2000)).holds
    assert not of("consultant", consultant, time(1201)).due


def test_after_a_revocation_the_same_project_counts_again(consultant: Records) -> None:
    used = of("consultant", consultant).used
    decision = consultant.decide("consultant", used, valid_until=LATER)
    consultant.revoke(decision)
    assert of("consultant", consultant).due


def test_a_refusal_shows_until_when_to_appeal(graduate: Records) -> None:
    graduate.add("refusal", by="P-DEC1DE", day=20, target="completion", level="completion")
    note = of("completion", graduate, time(30)).notes[0]["en"]
    assert note == f"Refused on {time(20)[:10]}; an appeal can be filed until {time(80)[:10]}"


def test_levels_that_are_not_offered_are_never_met(consultant: Records) -> None:
    levels = (*RULES.levels[:2], *(replace(level, offered=False) for level in RULES.levels[2:]))
    outcomes = explain(consultant.entries, replace(RULES, levels=levels), LATER)
    assert not any(outcome.met for outcome in outcomes if outcome.level in ("associate", "consultant"))


def test_days_to_appeal_are_those_in_force_when_the_mark_was_given(records: Records) -> None:
    for day, days in ((0, 10), (50, 99)):
        data = {"rules": f"2026-{day}", "from": time(day)[:10], "file_days": days, "decide_days": 5}
        records.add("rules", by="P-REG1ST", day=day, **data)
    records.mark("w01", 3, day=20)
    records.mark("w02", 3, day=60)
    assert f"until {time(30)[:10]}" in todo(of("w01", records, time(25)))[0]
    assert f"until {time(159)[:10]}" in todo(of("w02", records, time(65)))[0]


# -- words


def test_every_text_is_there_in_both_languages_with_the_same_fields() -> None:
    def fields(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    for key, text in parts.texts().items():
        assert set(text) == {"vi", "en"}, key
        assert fields(text["vi"]) == fields(text["en"]), key
        assert text["vi"].strip(), key


def test_every_text_is_used() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(parts.__file__).parent.glob("*.py"))
    for key in parts.texts():
        assert f'"{key}"' in source or key in ("part_exam", "part_case"), key


def test_an_account_reads_in_one_language_or_both(consultant: Records) -> None:
    consultant.decide("w01")
    facts = Facts(consultant.entries, LATER)
    outcomes = explain_facts(facts, RULES)
    both = account(consultant.trainee, facts, outcomes, RULES, False, ["vi", "en"])
    assert "0000-001W" in both.splitlines()[0] or consultant.trainee[:4] in both.splitlines()[0]
    assert "w01 Nhìn thấy nhà máy: 80/100 (cần 60)" in both
    assert "w01 Seeing the factory: 80/100 (needs 60). Granted on" in both
    assert "[#1: " in both
    english = account(consultant.trainee, facts, outcomes, RULES, True, ["en"])
    assert "cần" not in english
    assert "No rules are in force in this cohort yet" in english
    assert ": all is there; a decider decides" in english
