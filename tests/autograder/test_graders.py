"""How well graders agree: the figures are those of the literature and of hand computation."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.cohort import Cohort
from autograder.manual import set_manual
from autograder.markings import FIRST, SECOND, SETTLED, append_marking, fingerprint
from autograder.review import agreement, reviewed
from autograder.review.graders import _kappa, differing, weighted_kappa
from linelab.cases import load
from linelab.streams import stream_states

ROWS = [row.id for row in load("w01").questions["q8"].rubric]


def by_the_table(one: list[float], other: list[float]) -> float:
    """Cohen's definition as he gives it: from a table of proportions and weights of disagreement."""
    n = len(one)
    both, rows, columns = Counter(zip(one, other, strict=True)), Counter(one), Counter(other)
    marks = sorted({*one, *other})
    weight = {(i, j): (i - j) ** 2 for i in marks for j in marks}
    observed = sum(v * both[cell] / n for cell, v in weight.items())
    expected = sum(v * rows[i] / n * columns[j] / n for (i, j), v in weight.items())
    return 1 - observed / expected


def kappa(one: list[float], other: list[float]) -> float:
    return float(weighted_kappa(np.array(one, float), np.array(other, float)))


def test_kappa_is_what_scikit_learn_publishes_for_its_quadratic_weights() -> None:
    """Of sklearn's own tests of cohen_kappa_score: 0.9541."""
    one, other = [0] * 46 + [1] * 44 + [2] * 10, [0] * 50 + [1] * 40 + [2] * 10
    assert kappa(one, other) == pytest.approx(0.9541, abs=5e-5)


def test_kappa_with_two_marks_is_the_unweighted_one() -> None:
    """With two categories all weights are equal; Artstein and Poesio (2008), table 1: 0.348."""
    one, other = [0] * 40 + [1] * 60, [0] * 20 + [1] * 20 + [0] * 10 + [1] * 50
    assert kappa(one, other) == pytest.approx(0.348, abs=5e-4)


def test_kappa_by_hand() -> None:
    """Marks 0 ½ 1 1 and 0 0 ½ 1: observed (0 + ¼ + ¼ + 0) / 4 = 1/8.

    By chance, each of the one with each of the other: (0 + 0 + ¼ + 1) + (¼ + ¼ + 0 + ¼) + 2 (1 + 1 + ¼ + 0)
    = 6½ over 16 pairs = 13/32. So kappa is 1 - 4/13 = 9/13.
    """
    assert kappa([0, 0.5, 1, 1], [0, 0, 0.5, 1]) == pytest.approx(9 / 13)


def test_kappa_is_cohens_whatever_was_given() -> None:
    (state,) = stream_states(7, range(1), 0, 0)
    random = np.random.Generator(np.random.PCG64(int(state[0])))
    for _ in range(50):
        one, other = random.integers(0, 3, (2, int(random.integers(3, 40)))) / 2
        if len({*one, *other}) > 1:
            assert kappa(list(one), list(other)) == pytest.approx(by_the_table(list(one), list(other)))


def test_kappa_at_its_ends() -> None:
    assert kappa([0, 0.5, 1], [0, 0.5, 1]) == 1
    assert kappa([0, 1], [1, 0]) == -1
    assert kappa([0, 0, 1, 1], [0, 1, 0, 1]) == 0
    assert math.isnan(kappa([1, 1], [1, 1]))


def mark(cohort: Cohort, number: int, role: str, grader: str, levels: list[float]) -> None:
    """The marks that a person gives the answer of a trainee, by their place on the roster."""
    trainee = list(cohort.roster())[number]
    given = dict(zip(ROWS, levels, strict=True))
    set_manual(cohort, trainee, "w01", "q8", sum(levels), role=role, grader=grader, levels=given)


ONE = [[1, 1, 1, 1], [1, 0.5, 0, 0], [0, 0, 0, 0], [1, 0.5, 0.5, 0.5]]
OTHER = [[1, 1, 1, 1], [1, 0, 0, 0], [0.5, 0, 0, 0], [1, 1, 1, 1]]


@pytest.fixture
def both(classroom: Cohort) -> Cohort:
    """Four answers that An and Bình marked; each gave two of the first marks."""
    for number, (an, binh) in enumerate(zip(ONE, OTHER, strict=True)):
        first, second = (("An", an), ("Bình", binh)) if number % 2 else (("Bình", binh), ("An", an))
        mark(classroom, number, FIRST, *first)
        mark(classroom, number, SECOND, *second)
    return classroom


def test_agreement_by_criterion_and_points(both: Cohort) -> None:
    rows = {row.criterion: row for row in agreement(both)}
    assert list(rows) == [*ROWS, ""]
    decision = rows["decision"]  # An 1 1 0 1, Bình 1 1 ½ 1
    assert (decision.answers, decision.exact, decision.near) == (4, 0.75, 1.0)
    assert decision.kappa is not None
    assert decision.kappa.value == pytest.approx(by_the_table([1, 1, 0, 1], [1, 1, 0.5, 1]))
    assert decision.kappa.low <= decision.kappa.value <= decision.kappa.high
    points = rows[""]  # 4 1.5 0 2.5 and 4 1 0.5 4
    assert (points.exact, points.near) == (0.25, 0.75)
    assert points.difference is not None
    assert points.graders == ("An", "Bình")  # whoever marked first
    # An less Bình: 0, ½, -½, -1½; so the mean is -3/8, s² is 2.1875 / 3, and t(0.975, 3) = 3.18245
    half = 3.18245 * math.sqrt(2.1875 / 3 / 4)
    assert points.difference.value == pytest.approx(-0.375)
    assert points.difference.high - points.difference.value == pytest.approx(half, rel=1e-4)


def test_the_interval_is_the_same_each_time(both: Cohort) -> None:
    assert agreement(both) == agreement(both)


def test_the_interval_narrows_with_more_answers_and_holds_the_truth() -> None:
    """Of graders who slip by chance, in a known way, most 95 % intervals hold the kappa of them all."""
    (state,) = stream_states(11, range(1), 0, 0)
    random = np.random.Generator(np.random.PCG64(int(state[0])))
    # truth uniform on 0, ½, 1; each grader moves to a random level with probability 0.3
    truth = random.integers(0, 3, (300, 2, 60))[:, :1] / 2
    slip = random.random((300, 2, 60)) < 0.3
    given = np.where(slip, random.integers(0, 3, (300, 2, 60)) / 2, truth)
    expected = 0.7**2  # two uniform marks: correlation and quadratic kappa are 0.49
    found = [_kappa(one, other) for one, other in given]
    held = np.mean([k is not None and k.low <= expected <= k.high for k in found])
    assert 0.90 < held <= 0.99
    few = [_kappa(one[:15], other[:15]) for one, other in given[:40]]
    width = [k.high - k.low for k in found[:40] if k is not None]
    assert np.mean(width) < 0.7 * np.mean([k.high - k.low for k in few if k is not None])


def test_one_same_mark_for_all_is_no_kappa(classroom: Cohort) -> None:
    for number in range(3):
        mark(classroom, number, FIRST, "An", [1, 1, 1, 1])
        mark(classroom, number, SECOND, "Bình", [1, 1, 1, 1])
    assert [(row.kappa, row.exact) for row in agreement(classroom)] == [(None, 1.0)] * 5


def test_several_pairs_of_graders_stand_apart_and_together(both: Cohort) -> None:
    mark(both, 4, FIRST, "chi", [1, 1, 1, 0])
    mark(both, 4, SECOND, "An", [1, 1, 1, 1])
    mark(both, 5, FIRST, "An", [1, 1, 1, 0])
    mark(both, 5, SECOND, "Chi", [1, 1, 1, 1])  # the same person, typed otherwise
    points = {row.graders: row for row in agreement(both) if not row.criterion}
    assert {tuple(g.lower() for g in graders): row.answers for graders, row in points.items()} == {
        ("an", "bình"): 4, ("an", "chi"): 2, ("", ""): 6,
    }  # fmt: skip
    assert points["", ""].difference is None


def test_only_two_persons_marks_of_the_same_text_are_a_pair(classroom: Cohort) -> None:
    mark(classroom, 0, FIRST, "An", [1, 1, 1, 1])
    mark(classroom, 0, SECOND, " an ", [0, 0, 0, 0])
    assert agreement(classroom) == []
    trainee = list(classroom.roster())[1]
    mark(classroom, 1, FIRST, "An", [1, 1, 1, 1])
    other = set_manual(classroom, trainee, "w01", "q8", 2, role=SECOND, grader="Bình")
    lines = classroom.path / "reviews" / "w01.jsonl"
    lines.write_text("".join(lines.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    append_marking(classroom.path, replace(other, answer=fingerprint("an earlier text")))
    assert agreement(classroom) == []


def test_what_differs_by_more_than_the_threshold_or_a_whole_level(both: Cohort) -> None:
    roster = list(both.roster())
    found = reviewed(both)
    assert [a.trainee for a in differing(found, 0.5)] == sorted([roster[3]])  # 2.5 and 4
    assert differing(found, 1.5) == []
    assert {a.trainee for a in differing(found, 0.25)} == {roster[1], roster[2], roster[3]}
    mark(both, 4, FIRST, "An", [1, 0, 1, 1])  # the same points, two rows a whole level apart
    mark(both, 4, SECOND, "Bình", [0, 1, 1, 1])
    assert roster[4] in {a.trainee for a in differing(reviewed(both), 4)}


def test_reviewed_says_who_marked_what(both: Cohort) -> None:
    found = {a.trainee: a for a in reviewed(both)}
    roster = list(both.roster())
    assert len(found) == 10
    assert [found[t].waiting for t in roster] == [False] * 4 + [True] * 6
    one = found[roster[1]]
    assert one.first is not None
    assert one.second is not None
    assert (one.points, one.first.grader, one.second.grader, one.settled) == (1.5, "An", "Bình", False)
    mark(both, 1, SETTLED, "Chi", [1, 0, 0, 0])
    settled = next(a for a in reviewed(both) if a.trainee == roster[1])
    assert (settled.points, settled.settled) == (1, True)
    assert (settled.first, settled.second) == (one.first, one.second)  # agreement is about these


def test_a_cohort_without_a_gradebook_has_nothing(tmp_path: Path) -> None:
    assert agreement(tmp_path) == []
