"""One page a trainee and assignment: points, reasons, the answers that were marked, the person's comment.

It never holds hidden tests, solutions or expected values; everything that a trainee wrote is shown as text.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from autograder.cohort import Cohort, Trainee
from autograder.files import write
from autograder.gradebook import Detail, judged
from autograder.page import page
from autograder.records import Record, read_record
from autograder.texts import text
from linelab.cases import load
from linelab.cases.questions import Question
from linelab.texts import number
from linelab.trainees import written


def write_feedback(cohort: Cohort, problems: list[str]) -> list[Path]:
    """Write ``feedback/<trainee>/<assignment>.html`` for all that is graded; what is not, into `problems`."""
    roster, written_ = cohort.roster(), []
    for mark, found in judged(cohort, problems):
        trainee = roster.get(mark.trainee)
        if trainee is None:
            continue
        record = read_record(cohort.path, mark.trainee, mark.assignment)
        content = render(trainee, record, found)
        path = write(cohort.path / "feedback" / mark.trainee / f"{mark.assignment}.html", content)
        written_.append(path)
    return written_


def render(trainee: Trainee, record: Record, found: list[Detail]) -> str:
    """The feedback page as HTML, in the trainee's language, complete in itself."""
    language, case = trainee.language, load(record.assignment)

    def say(key: str, **values: Any) -> str:
        return escape(text(f"feedback.{key}", language, **values))

    points, most = sum(d.points for d in found), sum(d.max_points for d in found)
    title = say("title", assignment=record.assignment)
    total = say("total", points=number(points, language), most=number(most, language, 0))
    parts = [
        f"<h1>{title}: {escape(case.title[language])}</h1>",
        f"<p>{say('trainee')}: <strong>{escape(written(trainee.id))}</strong></p>",
        f'<p class="total">{total}</p>',
    ]
    parts += [f"<p>{escape(str(remark.get(language, '')))}</p>" for remark in record.remarks]
    if any(d.waiting for d in found):
        parts.append(f"<p>{say('waiting')}</p>")
    for detail in found:
        parts.append(_question(case.questions[detail.question], detail, record, language))
    if points < most * 0.8 and not any(d.waiting for d in found):
        parts.append(f"<p>{say('reread', week=int(record.assignment.removeprefix('w')))}</p>")
    if record.problems:
        lines = "".join(f"<li>{escape(line)}</li>" for line in record.problems)
        parts.append(f"<h2>{say('problems')}</h2><p>{say('problems_intro')}</p><ul>{lines}</ul>")
    parts.append(
        f"<p><small>{say('attempt', attempt=record.attempt[:12], when=record.graded_at)}</small></p>"
    )
    return page(text("feedback.title", language, assignment=record.assignment), language, "".join(parts))


def _question(question: Question, detail: Detail, record: Record, language: str) -> str:
    def say(key: str, **values: Any) -> str:
        return escape(text(f"feedback.{key}", language, **values))

    share = detail.points / detail.max_points if detail.max_points else 1.0
    colour = "part" if detail.waiting else "good" if share >= 0.99 else "part" if share > 0 else "bad"
    points = say("total", points=number(detail.points, language), most=number(detail.max_points, language, 0))
    title = f"{say('question', number=question.id.removeprefix('q'))}. {escape(question.label[language])}"
    rows = [
        f"<dt>{say('answer')}</dt><dd>{_answer(question, record.answers.get(question.id), language)}</dd>"
    ]
    reasons = [escape(str(reason.get(language, ""))) for reason in detail.reasons]
    body = "".join(f"<p>{line}</p>" for line in reasons if line)
    if detail.waiting:
        body += f"<p>{say('by_hand')}</p>"
    if detail.comment:
        rows.append(f'<dt>{say("comment")}</dt><dd class="memo">{escape(detail.comment)}</dd>')
    return (
        f'<section class="{colour}"><header><h2>{title}</h2><span class="points">{points}</span></header>'
        f"{body}<dl>{''.join(rows)}</dl></section>"
    )


def _answer(question: Question, value: Any, language: str) -> str:
    if value is None:
        return escape(text("feedback.none", language))
    if question.kind == "number":
        return escape(f"{number(float(value), language, 2)} {question.unit[language]}")
    if question.kind == "plan":
        return escape(", ".join(f"{name} = {setting}" for name, setting in value.items()))
    css = ' class="memo"' if question.kind == "text" else ""
    return f"<span{css}>{escape(str(value))}</span>"
