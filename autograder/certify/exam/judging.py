"""Marks recorded answers against a paper: pure data, no line of a candidate's is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.certify.exam.paper import Paper, both
from autograder.certify.exam.question import Drawn, mistake, share_of
from autograder.plan import judge_plan


@dataclass(frozen=True)
class Marked:
    """What one question gave, and why in both languages."""

    question: str
    item: str
    answer: Any
    points: float
    most: float
    reason: Mapping[str, str]


def judge(paper: Paper, answers: Mapping[str, Any], seeds: Sequence[int]) -> list[Marked]:
    """Mark all questions of a paper.

    Parameters
    ----------
    paper
        As it was drawn when the sitting was opened: what the notebook says of its questions plays no part.
    answers
        Question id to value, as the notebook recorded them when it was run.
    seeds
        Hidden seeds for the plan of a simulation case.
    """
    return [_mark(paper, question, answers.get(question.id), seeds) for question in paper.questions]


def _mark(paper: Paper, question: Drawn, answer: Any, seeds: Sequence[int]) -> Marked:
    if answer is None:
        share, reason = 0.0, _joined(both("missing"), question.reason)
    elif question.kind == "plan":
        assert paper.line is not None  # a plan is asked about a case
        verdict = judge_plan(paper.line, answer, seeds, own=True)
        share, reason = verdict.share, dict(verdict.reason)
    else:
        share = share_of(question, answer)
        slip = mistake(question, answer) if share < 1 else None
        said = both("right" if share == 1 else "half" if share else "wrong")
        reason = _joined(said, *([slip] if slip else []), question.reason)
    points = round(question.points * share, 1)
    return Marked(question.id, question.item, answer, points, question.points, reason)


def _joined(*texts: Mapping[str, str]) -> dict[str, str]:
    return {language: " ".join(text[language] for text in texts if text[language]) for language in texts[0]}
