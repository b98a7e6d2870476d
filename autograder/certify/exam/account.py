"""What a sitting says of its candidates and of its items, in words: a reason for every point."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from autograder.certify.exam.kinds import LETTERS
from autograder.certify.exam.paper import texts
from autograder.certify.exam.question import Drawn, shown
from autograder.certify.exam.results import Result, read_result
from autograder.certify.exam.sitting import Sitting
from linelab.texts import number
from linelab.trainees import written


def account(sitting: Sitting, result: Result, language: str, *, with_answers: bool) -> list[str]:
    """Return a candidate's account: each question's points and why.

    `with_answers` also says what was asked, recorded and right: for whoever marks anew.
    """

    def points(value: float) -> str:
        return number(value, language, 0 if float(value).is_integer() else 1)

    def say(key: str, **values: Any) -> str:
        return texts.text(key, language, **values)

    title = say(f"title_{result.part}", code=result.exam)
    whose = {"trainee": written(result.trainee), "paper": result.paper}
    totals = {"points": points(result.points), "most": points(result.most)}
    lines = [say("account_head", title=title, **whose, **totals)]
    for asked, mark in zip(sitting.paper(result.trainee).questions, result.questions, strict=True):
        own = {"points": points(mark["points"]), "most": points(mark["most"])}
        lines.append(say("account_line", number=asked.place, **own, reason=mark["reason"][language]))
        if with_answers:
            lines += [f"    {line}" for line in _answers(asked, mark, language)]
    lines += [say("account_ran", what=problem[language]) for problem in result.problems]
    return [line.replace("$", "") for line in lines]  # no TeX on a terminal


def _answers(asked: Drawn, mark: Mapping[str, Any], language: str) -> Iterator[str]:
    yield f"{asked.item}: {' '.join(asked.ask[language].split())}"
    yield from (f"{place}. {left[language]}" for place, left in enumerate(asked.left, 1))
    yield from (f"{letter}. {one[language]}" for letter, one in zip(LETTERS, asked.options, strict=False))
    yield texts.text("account_given", language, answer=shown(mark["answer"]))
    if asked.kind != "plan":
        yield texts.text("account_right", language, answer=shown(asked.right))


def observed(sitting: Sitting, trainees: Sequence[str]) -> dict[str, tuple[int, float, float]]:
    """Return for each item how many had it, what share of its points they got, and what was expected."""
    shares: dict[str, list[float]] = defaultdict(list)
    expected: dict[str, float] = {}
    for trainee in trainees:
        for asked, mark in zip(
            sitting.paper(trainee).questions, read_result(sitting, trainee).questions, strict=True
        ):
            shares[asked.item].append(mark["points"] / mark["most"])
            expected[asked.item] = asked.share
    return {item: (len(got), sum(got) / len(got), expected[item]) for item, got in sorted(shares.items())}
