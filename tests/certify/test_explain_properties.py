"""What must hold of explanations whatever the records are."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.certify import rules
from autograder.certify.chain import Entry
from autograder.certify.explain import Outcome, explain
from autograder.certify.history import in_force

from .cohorts import LATER, MODULES, Records, time

RULES = rules.load()
STRICT = replace(
    RULES,
    version="2026-3",
    levels=tuple(
        replace(level, needs=replace(level.needs, marks=rules.Marks(90, 95))) if level.needs.marks else level
        for level in RULES.levels
    ),
)
LIMITED = replace(
    RULES,
    levels=tuple(
        replace(level, needs=replace(level.needs, marks=replace(level.needs.marks, attempts=2)))
        if level.needs.marks
        else level
        for level in RULES.levels
    ),
)
PEOPLE = ("P-0NE000", "P-TW0000", "P-THREE0")
POINTS = st.sampled_from([0, 5.9, 6, 6.5, 7, 8, 10])
DAYS = st.integers(0, 200)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Step = Callable[[Records], Any]


def sign(project: str, by: str, role: str) -> Step:
    def step(records: Records) -> None:
        found = [e for e in records.entries if e.kind == "evidence" and e.data["project"] == project]
        if found:
            records.sign(found[-1], by, role)

    return step


def decide(target: str, days: int) -> Step:
    def step(records: Records) -> None:
        until = {"valid_until": time(len(records.entries) + days)} if target == "consultant" else {}
        used = next(o.used for o in outcomes(records.entries) if o.target == target)
        records.decide(target, used, **until)

    return step


def revoke(which: int) -> Step:
    def step(records: Records) -> None:
        found = [entry for entry in records.entries if entry.kind == "decision"]
        if found:
            records.revoke(found[which % len(found)])

    return step


MARKS = st.builds(
    lambda module, points, number: lambda records: records.mark(module, points, number),
    st.sampled_from(MODULES),
    POINTS,
    st.integers(1, 3),
)
HAND_INS = st.builds(
    lambda module, number: lambda records: records.attempt(module, number),
    st.sampled_from(MODULES),
    st.integers(1, 3),
)
SITTINGS = st.builds(
    lambda part, points, day: lambda records: records.sat(part, points, day),
    st.sampled_from(["exam", "case"]),
    st.sampled_from([0, 59, 60, 69.9, 70, 100]),
    DAYS,
)
EVIDENCE = st.builds(
    lambda project, weeks, confirmed: lambda records: records.evidence(project, weeks, confirmed),
    st.sampled_from(["p1", "p2"]),
    st.sampled_from([0, 3.9, 4, 6]),
    st.booleans(),
)
SIGNS = st.builds(
    sign,
    st.sampled_from(["p1", "p2"]),
    st.sampled_from(PEOPLE),
    st.sampled_from(["trainer", "examiner"]),
)
TRAINING = st.builds(lambda by: lambda records: records.trained(by), st.sampled_from(PEOPLE))
DECISIONS = st.builds(
    decide, st.sampled_from(["w01", "completion", "associate", "consultant"]), st.integers(1, 400)
)
REVOCATIONS = st.builds(revoke, st.integers(0, 5))
SHOWN = st.lists(st.one_of(MARKS, HAND_INS, SITTINGS, EVIDENCE, SIGNS, TRAINING), max_size=25)


@st.composite
def histories(draw: st.DrawFn, start: bool | None = None) -> Records:
    """Records of somebody; every other has the course, so that the higher levels come into reach."""
    records = Records()
    if draw(st.booleans()) if start is None else start:
        records.course(*draw(st.lists(st.sampled_from([6, 7, 8, 10]), min_size=12, max_size=12)))
    if draw(st.booleans()):
        records.sat("exam", 90, 1)
        records.sat("case", 90, 1)
    for step in draw(SHOWN):
        step(records)
    for step in draw(st.lists(st.one_of(DECISIONS, REVOCATIONS), max_size=4)):
        step(records)
    return records


def outcomes(entries: list[Entry], rule: rules.Rules = RULES, on: str = LATER) -> list[Outcome]:
    return explain(entries, rule, on)


def earned(entries: list[Entry], rule: rules.Rules = RULES) -> set[str]:
    """Certificates whose conditions are met or that are held."""
    return {outcome.target for outcome in outcomes(entries, rule) if outcome.met or outcome.holds}


def held(entries: list[Entry], rule: rules.Rules, on: str) -> set[str]:
    return {outcome.target for outcome in outcomes(entries, rule, on) if outcome.holds}


def improved(entry: Entry, by: float) -> Entry:
    points = min(entry.data["max_points"], entry.data["points"] + by)
    return replace(entry, data={**entry.data, "points": points})


@quick
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(records: Records, dice: random.Random) -> None:
    mixed = list(records.entries)
    dice.shuffle(mixed)
    assert outcomes(mixed) == outcomes(records.entries)
    assert outcomes(mixed, LIMITED) == outcomes(records.entries, LIMITED)


@quick
@given(histories(), st.integers(0, 1000), st.floats(0, 100))
def test_a_better_mark_never_loses_a_level(records: Records, which: int, by: float) -> None:
    places = [i for i, e in enumerate(records.entries) if e.kind in ("mark", "exam-result")]
    if not places:
        return
    place = places[which % len(places)]
    better = list(records.entries)
    better[place] = improved(better[place], by)
    for rule in (RULES, LIMITED):
        assert earned(records.entries, rule) <= earned(better, rule)


@quick
@given(histories(), st.sampled_from(MODULES), st.sampled_from([6, 8, 10]), st.integers(4, 9), DAYS)
def test_a_further_passed_attempt_never_loses_a_level(
    records: Records, module: str, points: float, number: int, day: int
) -> None:
    before = [(rule, earned(records.entries, rule)) for rule in (RULES, LIMITED)]
    records.mark(module, points, number)
    for part in ("exam", "case"):
        records.sat(part, 70 + points, day, exam="one-more")
    for rule, levels in before:
        assert levels <= earned(records.entries, rule)


@quick
@given(histories(), st.sampled_from(MODULES), POINTS, st.integers(4, 9))
def test_a_further_hand_in_good_or_bad_never_loses_a_level(
    records: Records, module: str, points: float, number: int
) -> None:
    before = earned(records.entries)
    records.attempt(module, number)
    assert before <= earned(records.entries)
    records.mark(module, points, number)
    assert before <= earned(records.entries)


@quick
@given(histories(), st.sampled_from(PEOPLE))
def test_a_further_sign_off_never_loses_a_level(records: Records, by: str) -> None:
    before = earned(records.entries)
    for project in ("p1", "p2"):
        sign(project, by, "examiner")(records)
    assert before <= earned(records.entries)


@quick
@given(histories(start=True), st.integers(0, 60), st.integers(0, 400))
def test_new_rules_never_reach_back(records: Records, day: int, later: int) -> None:
    """What was decided by a day, and what is explained of a day before, is as if nothing had changed."""
    versions = {RULES.version: RULES, STRICT.version: STRICT}
    first = {"rules": RULES.version, "from": time(0)[:10], "file_days": 60, "decide_days": 30}
    change = {"rules": STRICT.version, "from": time(day + 1)[:10], "file_days": 5, "decide_days": 5}
    known = [records.add("rules", day=0, **first)]
    changed = [*known, records.add("rules", day=day, **change)]

    def rules_at(entries: list[Entry], on: str) -> rules.Rules:
        entry = in_force(entries, on)
        assert entry is not None
        return versions[entry.data["rules"]]

    before = [entry for entry in records.entries if entry is not changed[1]]
    on = time(day)
    assert rules_at(changed, on) is RULES
    assert outcomes(records.entries, rules_at(changed, on), on) == outcomes(before, RULES, on)
    # after the change what was granted is still held, though the new rules would not grant it
    assert rules_at(changed, time(day + 1)) is STRICT
    after = time(day + 1 + later)
    assert held(records.entries, STRICT, after) == held(before, RULES, after)


@quick
@given(histories(), st.integers(0, 500))
def test_a_certificate_is_held_from_its_decision_to_its_end_or_its_revocation(
    records: Records, day: int
) -> None:
    on = time(day)
    expected = set()
    for entry in records.entries:
        if entry.time > on:
            continue
        if entry.kind == "decision":
            expected.discard(entry.data["target"])
            if entry.data.get("valid_until", "9999") > on:
                expected.add(entry.data["target"])
        if entry.kind == "revocation":
            decisions = [e for e in records.entries if e.kind == "decision" and e.time <= on]
            (gone,) = [e for e in decisions if e.data["id"] == entry.data["id"]]
            if [e for e in decisions if e.data["target"] == gone.data["target"]][-1] is gone:
                expected.discard(gone.data["target"])
    assert held(records.entries, RULES, on) == expected


@quick
@given(histories())
def test_the_records_named_are_enough_to_come_to_the_same(records: Records) -> None:
    for outcome in outcomes(records.entries):
        if outcome.met and not outcome.renews:
            alone = [entry for entry in records.entries if entry.seq in outcome.used]
            again = next(one for one in outcomes(alone) if one.target == outcome.target)
            assert again.met, outcome.target


@quick
@given(histories())
def test_later_records_do_not_change_what_was(records: Records) -> None:
    middle = len(records.entries) // 2
    on = time(middle)
    assert outcomes(records.entries, on=on) == outcomes([e for e in records.entries if e.time <= on], on=on)
