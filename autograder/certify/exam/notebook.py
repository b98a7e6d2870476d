"""The notebook that a candidate gets: questions and figures, neither answers nor seeds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from autograder.assignments import STUBS
from autograder.certify.exam.kinds import LETTERS
from autograder.certify.exam.paper import LIMITS, Paper, texts
from autograder.certify.exam.question import Drawn
from linelab.cases import Case
from linelab.trainees import written

KERNEL = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
MEASURE = """\
def measure(plan={}):
    return simulate(case.apply(plan), horizon=case.horizon, warm_up=case.warm_up, replications=100, seed=1)"""

COMPARED = """\
if case and plan and not case.faults(plan):
    today, changed = measure(), measure(plan)
    for name, unit, factor in [("throughput", "/h", 3600), ("lead_time", "min", 1 / 60)]:
        before, after = (getattr(run, name).scaled(factor, unit) for run in (today, changed))
        print(name, ":", before, "→", after, "  Δ", after.minus(before))
    kept = changed.throughput.minus(today.throughput.scaled(case.keep_share, ""))
    print(f"throughput − {100 * case.keep_share:g} % :", kept.scaled(3600, "/h"))"""

Cell = tuple[str, str]  # kind and text


def make(paper: Paper, language: str) -> str:
    """Return the notebook of a paper in a language, as the text of its file."""
    cells: list[dict[str, Any]] = [
        {"cell_type": kind, "id": f"{paper.name}-{place:02d}"[-64:], "metadata": {}, "source": text}
        | ({"execution_count": None, "outputs": []} if kind == "code" else {})
        for place, (kind, text) in enumerate(_cells(paper, language))
    ]
    about = {"exam": paper.exam, "part": paper.part, "paper": paper.number, "language": language}
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, "course": about}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _cells(paper: Paper, language: str) -> Iterator[Cell]:
    def say(key: str, **values: Any) -> str:
        return texts.text(key, language, **values)

    about = say(
        "about",
        trainee=written(paper.trainee),
        paper=paper.number,
        minutes=paper.minutes,
        points=f"{paper.most:g}",
    )
    yield (
        "markdown",
        "\n\n".join([f"# {say(f'title_{paper.part}', code=paper.exam)}", about, say("how"), say("own")]),
    )
    yield "code", _begin(paper, language)
    if paper.line:
        yield "markdown", _case(paper.line, language)
        yield "code", MEASURE
    for question in paper.questions:
        yield "markdown", _asked(question, language)
        yield "code", _cell(paper, question, language)


def _begin(paper: Paper, language: str) -> str:
    """Return the first code cell."""
    lines = [f"    {_quoted(name)}: {_quoted(about)}," for name, about in paper.asked(language).items()]
    parts = ["from linelab import simulate"] if paper.case else []
    parts += ["from linelab.answers import answer, begin_exam", ""]
    if paper.case:
        parts += ['CASE = r"""', paper.case.rstrip("\n"), '"""']
    parts += ["questions = {", *lines, "}"]
    given = {"trainee": written(paper.trainee), "paper": paper.number, "language": language}
    call = ", ".join([_quoted(paper.name), *(f"{name}={_quoted(text)}" for name, text in given.items())])
    if paper.case:
        return "\n".join([*parts, f"case = begin_exam({call}, questions=questions, case=CASE)"])
    return "\n".join([*parts, f"begin_exam({call}, questions=questions)"])


def _quoted(what: Any) -> str:
    """Return a text, or a mapping of texts, as Python has it."""
    return json.dumps(what, ensure_ascii=False)


def _asked(question: Drawn, language: str) -> str:
    """Return the question as Markdown; letters stand before what they are for."""
    key = "question_one" if question.points == 1 else "question"
    head = texts.text(key, language, number=question.place, points=f"{question.points:g}")
    parts = [f"## {head}", question.ask[language]]
    if question.left:
        parts.append("\n".join(f"{place}. {left[language]}" for place, left in enumerate(question.left, 1)))
    if question.options:
        lines = zip(LETTERS, question.options, strict=False)
        parts.append("\n".join(f"- **{letter}.** {option[language]}" for letter, option in lines))
    return "\n\n".join(parts)


def _cell(paper: Paper, question: Drawn, language: str) -> str:
    """Return the cell that records the answer."""
    letters = LETTERS[: len(question.options)]
    example: Any = {"number": None, "choice": '"B"', "plan": paper.to_answer().example}.get(
        question.kind, f'"{letters[::-1]}"'
    )
    hint = texts.text(f"hint_{question.kind}", language, unit=question.unit[language], example=example)
    lines = [f"# {hint}", f'answer("{question.id}", None)']
    if question.kind == "plan":
        lines = [f"# {hint}", "plan = {}", f'answer("{question.id}", plan)', "", COMPARED]
    elif question.kind == "number":
        lines.insert(0, STUBS[language])
    return "\n".join(lines)


def _case(case: Case, language: str) -> str:
    """Return what there is to know of the case, its levers as a table."""

    def say(key: str, **values: Any) -> str:
        return texts.text(key, language, **values)

    limits = LIMITS["case"]
    goal = say("case_goal", goal=case.goal[language], budget=f"{case.budget:g}")
    heads = [say(key) for key in ("lever_name", "lever_what", "lever_options")]
    rows = [heads, ["---"] * len(heads)]
    for lever in case.levers:
        options = ", ".join(f"{setting:g}: {cost:g}" for setting, cost in lever.costs.items())
        what = f"{lever.label[language]} ({lever.unit[language]}). {lever.help[language]}"
        rows.append([f"`{lever.name}`", what, options])
    return "\n\n".join(
        [
            f"## {say('case_now')}",
            f"**{case.title[language]}.** {goal}",
            say("case_run", part=case.part[language], total=limits.total // 60, cell=limits.cell // 60),
            say("levers"),
            "\n".join(f"| {' | '.join(row)} |" for row in rows),
        ]
    )
