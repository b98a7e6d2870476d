"""How a trainee records an answer in an exercise notebook.

An answer is a value that JSON can hold. It leaves the notebook as an output of its own media type, which the
hand-in page and the grading read; nothing else of the trainee's code is ever believed.
"""

from __future__ import annotations

import html
from typing import Any

from linelab.cases import Case, load
from linelab.cases.questions import Question
from linelab.texts import LANGUAGES, number, table, text
from linelab.trainees import is_trainee_id, normalise, written

ANSWER = "application/vnd.linelab.answer+json"
BEGIN = "application/vnd.linelab.begin+json"

_open: dict[str, Any] = {}  # the exercise that this notebook works on, once begun


def schema(assignment: str) -> dict[str, Question]:
    """The questions of an assignment, by id."""
    return dict(load(assignment).questions)


def validate(assignment: str, question: str, value: Any, language: str = "en") -> list[str]:
    """Why `value` cannot be an answer, in words; empty if it can. Says nothing on whether it is right."""
    questions = schema(assignment)
    if question not in questions:
        return [text("answer.unknown", language, id=question, known=", ".join(questions))]
    q, case = questions[question], load(assignment)
    example = {lever.name: lever.today for lever in case.levers[:2]}
    return [
        text(
            key,
            language,
            id=q.id,
            unit=q.unit[language],
            low=f"{q.low:g}",
            high=f"{q.high:g}",
            options=", ".join(q.options),
            example=example,
        )
        for key in q.faults(value)
    ]


def begin(assignment: str, trainee: str, edition: str, language: str = "vi") -> Case | None:
    """Open an exercise with the trainee's own variant of its case.

    Parameters
    ----------
    assignment : str
        Such as ``"w01"``.
    trainee : str
        The trainee number that the instructor gave out.
    edition : str
        Edition of the course, written in the exercise.
    language : {"vi", "en"}
        Language of the messages.

    Returns
    -------
    Case or None
        The variant; None, with a message that says what to do, if the number is missing or mistyped.
    """
    language = language if language in LANGUAGES else "vi"
    _open.clear()
    if not trainee.strip():
        _show(text("answer.no_trainee", language), good=False)
        return None
    if not is_trainee_id(trainee):
        _show(text("answer.bad_trainee", language, given=repr(trainee)), good=False)
        return None
    number_ = normalise(trainee)
    case = load(assignment).variant(number_, edition)
    _open.update(assignment=assignment, trainee=number_, language=language, case=case, answers={})
    record = {"assignment": assignment, "trainee": number_, "edition": edition}
    _show(
        text("answer.begun", language, assignment=assignment, trainee=written(number_)),
        good=True,
        extra={BEGIN: record},
        more=_brief(case, language),
    )
    return case


def answer(question: str, value: Any) -> None:
    """Record the answer to a question; the last one counts. Says at once if its form is wrong."""
    if not _open:
        _show(text("answer.begin_first", "vi") + " · " + text("answer.begin_first", "en"), good=False)
        return
    language, assignment = _open["language"], _open["assignment"]
    value = _plain(value)
    faults = validate(assignment, question, value, language)
    if faults:
        _show(" ".join(faults), good=False)
        return
    q = schema(assignment)[question]
    _open["answers"][question] = value
    shown = value
    if q.kind == "number":
        shown = f"{number(value, language, 2)} {q.unit[language]}"
    lines = [text("answer.recorded", language, id=question, label=q.label[language], value=shown)]
    good = True
    if q.kind == "plan":
        said, good = _about_plan(_open["case"], value, language)
        lines.append(said)
    record = {"assignment": assignment, "id": question, "value": value}
    _show(". ".join(lines), good=good, extra={ANSWER: record})


def check(question: str) -> None:
    """Say whether the answer to a question is recorded in the right form; not whether it is right."""
    if not _open:
        _show(text("answer.begin_first", "vi") + " · " + text("answer.begin_first", "en"), good=False)
        return
    there = question in _open["answers"]
    _show(text("answer.in_place" if there else "answer.missing", _open["language"], id=question), good=there)


def _about_plan(case: Case, plan: dict[str, Any], language: str) -> tuple[str, bool]:
    faults = case.faults(plan)
    if not faults:
        return text("plan.in_budget", language, cost=f"{case.cost(plan):g}", budget=f"{case.budget:g}"), True
    try:
        cost = case.cost(plan)
    except (KeyError, ValueError):
        return text("plan.fault", language, fault="; ".join(faults)), False
    if cost > case.budget:
        return text("plan.over_budget", language, cost=f"{cost:g}", budget=f"{case.budget:g}"), False
    return text("plan.fault", language, fault="; ".join(faults)), False


def _brief(case: Case, language: str) -> str:
    """The trainee's own figures as an HTML table: demand, shift, and each station's times."""
    heads = [text(f"brief.{key}", language) for key in ("station", "time", "cv", "mtbf", "mttr")]
    rows = []
    for s in case.line.stations:
        f = s.failures
        outage = (f.time_to_failure.average, f.time_to_repair.average) if f else (None, None)
        shown = [
            f"{case.station_labels[s.name][language]} ({s.name})",
            number(s.process_time.average, language),
        ]
        shown += [number(s.process_time.scv**0.5, language, 2)]
        shown += ["–" if x is None else number(x, language, 0) for x in outage]
        rows.append(shown)
    said = text(
        "brief.demand",
        language,
        part=case.part[language],
        parts=case.parts[language],
        demand=number(case.demand, language, 0),
        shift=number(case.shift, language, 0),
    )
    return f"<p>{html.escape(said)}</p>" + table(heads, rows)


def _plain(value: Any) -> Any:
    """The value as JSON can hold it: numpy scalars become numbers, plans become plain dicts."""
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return value.item()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return value


def _show(message: str, *, good: bool, extra: dict[str, Any] | None = None, more: str = "") -> None:
    mark = "✓" if good else "✗"
    colour = "#1a7f37" if good else "#b42318"
    bundle: dict[str, Any] = {
        "text/plain": f"{mark} {message}",
        "text/html": f'<p style="border-left:4px solid {colour};padding:.2rem .7rem;margin:.3rem 0">'
        f"<strong>{mark}</strong> {html.escape(message)}</p>{more}",
    }
    try:
        from IPython.display import display
    except ImportError:  # linelab works without a notebook, too
        print(bundle["text/plain"])
        return
    display(bundle | (extra or {}), raw=True)
