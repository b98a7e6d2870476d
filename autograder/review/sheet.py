"""What a grader sees of one answer: the text, its rubric, and the trainee's other answers to check it by."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autograder.gradebook import Detail
from autograder.records import Record, notebook_path
from autograder.texts import text
from linelab.cases import Case
from linelab.cases.questions import LEVELS, Question
from linelab.texts import LANGUAGES, number

Mask = Callable[[str], str]


def language_of_hand_in(cohort: Path, trainee: str, assignment: str) -> str:
    """The language that the trainee worked in."""
    about = json.loads(notebook_path(cohort, trainee, assignment).read_text("utf-8"))["metadata"]["course"]
    return str(about["language"]) if about.get("language") in LANGUAGES else "vi"


def sheet(
    record: Record, question: Question, case: Case, details: Mapping[str, Detail], language: str, mask: Mask
) -> dict[str, Any]:
    """The answer and all that is beside it, as plain texts in the trainee's language.

    Parameters
    ----------
    record : Record
        Of the hand-in's grading.
    question : Question
        The one to mark.
    case : Case
        Of the assignment.
    details : mapping
        Question id to its mark.
    language : str
        Of the hand-in.
    mask : callable
        Covers what would tell who wrote a text.
    """
    written = str(record.answers.get(question.id) or "")
    return {
        "language": language,
        "label": question.label[language],
        "text": mask(written),
        "words": len(written.split()),
        "reasons": _reasons(record, question.id, language, mask),
        "rubric": [
            {
                "id": row.id,
                "label": row.label[language],
                "points": row.points,
                "levels": [
                    {"share": share, "label": level[language]}
                    for share, level in zip(LEVELS, row.levels, strict=True)
                ],
            }
            for row in question.rubric
        ],
        # plans first: a memo is mostly about one
        "others": sorted(
            (
                _other(record, other, case, details.get(other.id), language, mask)
                for other in case.questions.values()
                if other.id != question.id
            ),
            key=lambda other: other["plan"] is None,
        ),
    }


def _other(
    record: Record, question: Question, case: Case, detail: Detail | None, language: str, mask: Mask
) -> dict[str, Any]:
    value = record.answers.get(question.id)
    found: dict[str, Any] = {
        "question": question.id,
        "label": question.label[language],
        "points": None if detail is None or detail.waiting else detail.points,
        "most": question.points,
        "reasons": _reasons(record, question.id, language, mask),
        "plan": None,
        "value": "",
    }
    if isinstance(value, dict):
        found["plan"] = _plan(value, case, language, mask)
    elif value is None:
        found["value"] = text("feedback.none", language)
    elif question.kind == "number":
        found["value"] = f"{number(float(value), language, 2)} {question.unit[language]}".strip()
    else:
        found["value"] = mask(str(value))
    return found


def _plan(plan: Mapping[str, Any], case: Case, language: str, mask: Mask) -> dict[str, Any]:
    """A plan in words, with what each setting costs: the figures that a memo should repeat."""
    levers = {lever.name: lever for lever in case.levers}
    rows: list[dict[str, Any]] = []
    costs: list[float | None] = []
    for name, setting in plan.items():
        lever = levers.get(name)
        known = lever is not None and not isinstance(setting, bool) and setting in lever.costs
        costs.append(float(lever.costs[setting]) if lever is not None and known else None)
        label = lever.label[language] if lever is not None else mask(name)
        unit = lever.unit[language] if lever is not None else ""
        shown = mask(_setting(setting, language))
        rows.append({"label": label, "setting": shown, "unit": unit, "cost": costs[-1]})
    paid = [cost for cost in costs if cost is not None]
    return {
        "rows": rows,
        "total": sum(paid) if len(paid) == len(costs) else None,
        "budget": case.budget,
    }


def _setting(value: Any, language: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    digits = len(f"{value:.10g}".partition(".")[2]) if isinstance(value, float) else 0
    return number(value, language, digits)


def _reasons(record: Record, question: str, language: str, mask: Mask) -> list[str]:
    found = (str(reason.get(language, "")) for reason in record.reasons.get(question, []))
    return [mask(reason) for reason in found if reason]
