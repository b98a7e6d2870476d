"""How a trainee records an answer in an exercise notebook.

An answer is a value that JSON can hold. It leaves the notebook as an output of its own media type, which the
hand-in page and the grading read; nothing else of the trainee's code is ever believed.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from linelab.cases import Case, load, read
from linelab.cases.questions import Question
from linelab.texts import LANGUAGES, number, table, text
from linelab.trainees import is_trainee_id, normalise, written

ANSWER = "application/vnd.linelab.answer+json"
BEGIN = "application/vnd.linelab.begin+json"

_open: dict[str, Any] = {}  # what this notebook works on, once begun


@dataclass(frozen=True)
class Paper:
    """What a notebook answers: the questions of an exercise, or of somebody's exam.

    Attributes
    ----------
    name : str
        Which one; stands in everything that the notebook records.
    questions : mapping
        By id.
    example : mapping
        A plan as it could be.
    """

    name: str
    questions: Mapping[str, Question]
    example: Mapping[str, Any]

    def faults(self, question: str, value: Any, language: str = "en") -> list[str]:
        """Why `value` cannot be an answer, in words; empty if it can. Says nothing on whether it is right."""
        if question not in self.questions:
            return [text("answer.unknown", language, id=question, known=", ".join(self.questions))]
        q = self.questions[question]
        return [
            text(
                key,
                language,
                id=q.id,
                unit=q.unit[language],
                low=f"{q.low:g}",
                high=f"{q.high:g}",
                options=", ".join(q.options),
                example=dict(self.example),
            )
            for key in q.faults(value)
        ]


def exercise(assignment: str) -> Paper:
    """The questions of an assignment of the course."""
    case = load(assignment)
    return Paper(assignment, case.questions, _example(case))


def exam_paper(name: str, questions: Mapping[str, Mapping[str, Any]], case: Case | None = None) -> Paper:
    """The questions of an exam, as `begin_exam` takes them."""
    asked = {
        key: Question(
            id=key,
            kind=one["kind"],
            points=0.0,
            label=dict.fromkeys(LANGUAGES, key),
            unit=dict.fromkeys(LANGUAGES, one.get("unit", "")),
            options=tuple(one.get("options", ())),
        )
        for key, one in questions.items()
    }
    return Paper(name, asked, _example(case))


def schema(assignment: str) -> dict[str, Question]:
    """The questions of an assignment, by id."""
    return dict(load(assignment).questions)


def validate(assignment: str, question: str, value: Any, language: str = "en") -> list[str]:
    """Why `value` cannot be an answer, in words; empty if it can. Says nothing on whether it is right."""
    return exercise(assignment).faults(question, value, language)


def _example(case: Case | None) -> dict[str, Any]:
    return {lever.name: lever.today for lever in case.levers[:2]} if case else {}


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
    _open.update(paper=exercise(assignment), language=language, case=case, answers={})
    record = {"assignment": assignment, "trainee": number_, "edition": edition}
    _show(
        text("answer.begun", language, assignment=assignment, trainee=written(number_)),
        good=True,
        extra={BEGIN: record},
        more=_brief(case, language),
    )
    return case


def begin_exam(
    name: str,
    trainee: str,
    paper: str,
    questions: Mapping[str, Mapping[str, Any]],
    language: str = "vi",
    case: str = "",
) -> Case | None:
    """Open an exam's notebook; it was made for one trainee, with all that answering takes.

    Parameters
    ----------
    name : str
        The sitting and its part, such as ``"spring-exam"``.
    trainee : str
        The trainee number that the notebook was made for.
    paper : str
        Number of the paper, by which the examiner knows it.
    questions : mapping
        By id: the ``kind``, with ``unit`` or ``options``.
    language : {"vi", "en"}
        Language of the messages.
    case : str
        The case of the simulation part as YAML or JSON; empty if there is none.

    Returns
    -------
    Case or None
        The case, if there is one.
    """
    language = language if language in LANGUAGES else "vi"
    own = read(case, name) if case else None
    _open.clear()
    _open.update(paper=exam_paper(name, questions, own), language=language, case=own, answers={})
    record = {"assignment": name, "trainee": trainee, "edition": paper}
    message = text("answer.exam_begun", language, name=name, trainee=written(normalise(trainee)), paper=paper)
    _show(message, good=True, extra={BEGIN: record}, more=_brief(own, language) if own else "")
    return own


def answer(question: str, value: Any) -> None:
    """Record the answer to a question; the last one counts. Says at once if its form is wrong."""
    if not _open:
        _show(text("answer.begin_first", "vi") + " · " + text("answer.begin_first", "en"), good=False)
        return
    language, paper = _open["language"], _open["paper"]
    value = _plain(value)
    faults = paper.faults(question, value, language)
    if faults:
        _show(" ".join(faults), good=False)
        return
    q = paper.questions[question]
    _open["answers"][question] = value
    shown = value
    if q.kind == "number":
        shown = f"{number(value, language, 2)} {q.unit[language]}"
    named = f"{question} ({q.label[language]})" if q.label[language] != question else question
    lines = [text("answer.recorded", language, named=named, value=shown)]
    good = True
    if q.kind == "plan":
        said, good = _about_plan(_open["case"], value, language)
        lines.append(said)
    record = {"assignment": paper.name, "id": question, "value": value}
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
