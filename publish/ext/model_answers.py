"""``{model-answers} w01``: solutions of the exercise and answers of the quiz, for the instructor's book."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from autograder.assignments import source_notebook
from publish.quiz import Data, load, values

WORDS = {
    "vi": {"exercise": "Bài tập", "quiz": "Tự kiểm tra", "tolerance": "sai lệch cho phép"},
    "en": {"exercise": "The exercise", "quiz": "The self-check", "tolerance": "tolerance"},
}
SOLUTION = re.compile(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", re.S)


class ModelAnswers(SphinxDirective):
    """The solutions stand in one place, the exercise's source; here they are only shown."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Read the sources and make paragraphs and code of them."""
        week, language = self.arguments[0], self.config.language
        lines = [*_exercise(week, language), "", *_quiz(week, language)]
        holder = nodes.container()
        self.state.nested_parse(StringList("\n".join(lines).split("\n")), self.content_offset, holder)
        return list(holder.children)


def _exercise(week: str, language: str) -> Iterator[str]:
    yield f"**{WORDS[language]['exercise']}**\n"
    title = ""
    for cell in source_notebook(week, language).cells:
        found = re.match(r"## (.+)", cell.source) if cell.cell_type == "markdown" else None
        title = found[1] if found else title
        solved = SOLUTION.search(cell.source)
        if solved and cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code":
            yield f"{title}\n\n```python\n{solved[1].rstrip()}\n```\n"


def _quiz(week: str, language: str) -> Iterator[str]:
    words = WORDS[language]
    yield f"**{words['quiz']}**\n"
    for question in load(week).questions:
        asked = " ".join(question["ask"][language].split())
        yield f"- {asked} → **{_right(question, language, words['tolerance'])}**"


def _right(question: Data, language: str, tolerance: str) -> str:
    kind = question["kind"]
    if kind in ("choice", "several"):
        right = [o["text"][language].strip() for o in question["options"] if o.get("right")]
        return "; ".join(right)
    if kind == "number":
        _, value = next(values(question))
        shown, slack = (f"{x:.10g}" for x in (round(value, question["digits"]), question["tolerance"]))
        if language == "vi":
            shown, slack = shown.replace(".", ","), slack.replace(".", ",")
        return f"{shown} {question['unit'][language]} ({tolerance} {slack})"
    if kind == "order":
        return " → ".join(item["text"][language].strip() for item in question["items"])
    return "; ".join(
        f"{p['left'][language].strip()}: {p['right'][language].strip()}" for p in question["pairs"]
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("model-answers", ModelAnswers)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
