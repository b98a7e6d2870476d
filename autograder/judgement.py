"""What judging gave, read back from the notebook that nbgrader wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader import utils

from autograder.errors import CourseError
from autograder.marking import REASON, Reason
from autograder.nbgrader_course import log


@dataclass(frozen=True)
class Judgement:
    """What judging gave.

    Attributes
    ----------
    points : dict
        Question id to automatic points; None where a person has to mark.
    reasons : dict
        Question id to the reasons that its test gave.
    problems : list of str
        For the operator: tests that failed to run. Such a question has no points and needs a fix of the test.
    """

    points: dict[str, float | None]
    reasons: dict[str, list[Reason]]
    problems: list[str]


def judgement(folder: str | Path, trainee: str, assignment: str) -> Judgement:
    """Read back what judging gave, from the notebook that nbgrader wrote.

    Raises
    ------
    CourseError
        If judging was not done or did not come to its end. nbgrader writes the notebook twice, first without
        the tests' outputs, and would give all points for a test that has none.
    """
    path = Path(folder) / "autograded" / trainee / assignment / f"{assignment}.ipynb"
    if not path.is_file():
        raise CourseError(f"{path}: is not there; grade this hand-in first")
    try:
        cells = nbformat.read(path, as_version=4).cells
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{path}: cannot be read ({type(error).__name__}); run course grade again"
        ) from None
    result = Judgement({}, {}, [])
    for cell in cells:
        if not utils.is_grade(cell):
            continue
        if cell.cell_type == "code" and not cell.outputs:
            raise CourseError(f"{path}: judging was interrupted; run course grade again")
        question = cell.metadata["nbgrader"]["grade_id"].removeprefix(f"{assignment}-")
        result.points[question] = utils.determine_grade(cell, log)[0]
        outputs = cell.get("outputs", [])
        result.reasons[question] = [dict(o.data[REASON]) for o in outputs if REASON in o.get("data", {})]
        result.problems.extend(
            f"{assignment} {question}: the hidden test is broken, {o.ename}: {o.evalue}"
            for o in outputs
            if o.output_type == "error"
        )
    return result
