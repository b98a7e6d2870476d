"""What one assignment's hand-ins say together: numbers only, no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from autograder.assignments import release_notebook
from autograder.cohort import Cohort
from autograder.errors import CourseError
from autograder.judge import hidden_seeds, hidden_tests, run_test
from autograder.marking import expecting
from autograder.report.items import Item, analyse
from autograder.report.similarity import (
    FEW,
    Alike,
    Comparison,
    Equal,
    Shingle,
    Text,
    compare,
    equal_numbers,
    shingles_of,
)
from autograder.standing import Line
from linelab.cases import load
from linelab.texts import LANGUAGES

MOST_PAIRS = 40  # an assignment; each gets a page


@dataclass
class Pair:
    """Two trainees whose hand-ins have something in common that is worth a look."""

    one: str
    other: str
    texts: dict[str, Alike] = field(default_factory=dict)
    numbers: list[Equal] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)

    @property
    def weight(self) -> tuple[float, float]:
        """For the order: how alike the texts are, then how many numbers are equal."""
        return max((x.resemblance for x in self.texts.values()), default=0.0), len(self.numbers)


@dataclass(frozen=True)
class Study:
    """An assignment's hand-ins together.

    Attributes
    ----------
    lines : sequence of Line
        The whole roster.
    items : list of Item
        The questions.
    comparisons : mapping
        Question with a free text to the comparison of all its texts.
    pairs : list of Pair
        Worth a look, those that are most alike first; at most `MOST_PAIRS`.
    left_out : int
        Pairs beyond that.
    common : list of Equal
        Equal numbers that more than `FEW` trainees have: rather one misunderstanding.
    """

    assignment: str
    lines: Sequence[Line]
    items: list[Item]
    comparisons: Mapping[str, Comparison]
    pairs: list[Pair]
    left_out: int
    common: list[Equal]


def study(cohort: Cohort, assignment: str, lines: Sequence[Line]) -> Study:
    """Study one assignment from the standing of all trainees in it."""
    questions = load(assignment).questions
    marked = {x.trainee.id: x for x in lines if x.record is not None}
    points = [{d.question: None if d.waiting else d.points for d in x.details} for x in marked.values()]
    items = analyse(points, {q.id: q.points for q in questions.values()})
    pairs: dict[tuple[str, str], Pair] = {}

    def pair(one: str, other: str) -> Pair:
        key = (min(one, other), max(one, other))
        return pairs.setdefault(key, Pair(*key))

    comparisons, common = {}, []
    for question in questions.values():
        given = {who: x.record.answers.get(question.id) for who, x in marked.items() if x.record}
        if question.kind == "text":
            texts = {who: Text.of(str(text)) for who, text in given.items() if text}
            comparisons[question.id] = compare(texts, template(assignment))
            for alike in comparisons[question.id].alike:
                pair(alike.one, alike.other).texts[question.id] = alike
        elif question.kind == "number":
            numbers = {who: float(x) for who, x in given.items() if isinstance(x, (int, float))}
            for equal in equal_numbers(
                question.id, numbers, _wrong(marked, question.id), _Expected(cohort, assignment, question.id)
            ):
                if len(equal.trainees) > FEW:
                    common.append(equal)
                    continue
                for n, one in enumerate(equal.trainees):
                    for other in equal.trainees[n + 1 :]:
                        pair(one, other).numbers.append(equal)
    for found in pairs.values():  # few plans are possible, so that equal ones alone say nothing
        records = [marked[who].record for who in (found.one, found.other)]
        for question in questions.values():
            plans = [record.answers.get(question.id) for record in records if record]
            if question.kind == "plan" and plans[0] and plans[0] == plans[1]:
                found.plans.append(question.id)
    ranked = sorted(pairs.values(), key=lambda x: (*(-w for w in x.weight), x.one, x.other))
    left_out = len(ranked[MOST_PAIRS:])
    return Study(assignment, lines, items, comparisons, ranked[:MOST_PAIRS], left_out, common)


@lru_cache(maxsize=32)
def template(assignment: str) -> frozenset[Shingle]:
    """What the exercise itself says, in both languages, and so nobody's own words."""
    cells = [cell.source for x in LANGUAGES for cell in release_notebook(assignment, x).cells]
    return shingles_of(cells)


def _wrong(marked: Mapping[str, Line], question: str) -> set[str]:
    return {
        who
        for who, line in marked.items()
        for detail in line.details
        if detail.question == question and detail.points < detail.max_points
    }


class _Expected:
    """What the hidden test of a question expects in a trainee's own variant."""

    def __init__(self, cohort: Cohort, assignment: str, question: str) -> None:
        self.cohort, self.assignment, self.question = cohort, assignment, question
        self.seeds = hidden_seeds(cohort.secret, assignment)

    def __call__(self, trainee: str) -> float | None:
        case = load(self.assignment).variant(trainee, self.cohort.edition)
        answers = dict.fromkeys(case.questions)
        for question, source, most in hidden_tests(self.assignment):
            if question == self.question and source is not None:
                with expecting() as expected:
                    run_test(source, most, answers, case, self.seeds)
                return expected[-1] if expected else None
        raise CourseError(f"{self.assignment} {self.question}: has no hidden test")
