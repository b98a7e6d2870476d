"""The rubric of a free-text question as trainees read it in the exercise: a Markdown table.

The rubric itself stands in the case file, `questions.<id>.rubric`; the page that instructors mark on reads
it there, too.
"""

from __future__ import annotations

from autograder.texts import text
from linelab.cases.questions import Question
from linelab.texts import number

HEADS = ("0", "½", "1")


def rubric_table(question: Question, language: str) -> str:
    """A row a criterion, a column a level; a row that is not worth one point says what it is worth."""
    rows = [[text("rubric.criterion", language), *HEADS], ["---"] * (1 + len(HEADS))]
    for criterion in question.rubric:
        label = criterion.label[language]
        if criterion.points != 1:
            digits = 0 if criterion.points.is_integer() else 1
            label = text(
                "rubric.worth",
                language,
                label=label,
                points=number(criterion.points, language, digits),
            )
        rows.append([label, *(level[language] for level in criterion.levels)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines[1] = lines[1].replace(" ", "")
    return "\n".join(lines)
