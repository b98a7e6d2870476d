"""Stage two of grading: nbgrader, with our own step where it would run the trainee's notebook.

nbgrader keeps its sanitising steps, its gradebook and its pages for the instructor. In place of its `Execute`
stands `JudgeCells`: it runs only the locked test cells, whose text nbgrader has just put back from the
gradebook, on the answers of stage one. No line of the trainee's is run here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.converters import Autograde

from autograder.errors import CourseError
from autograder.gradebook import keep_manual
from autograder.judgement import Judgement, judgement
from autograder.nbgrader_course import convert
from autograder.records import Record, read_record, write_record
from autograder.submission import rebuild
from linelab.answers import schema
from linelab.trainees import is_trainee_id, normalise


def judge_submission(
    folder: str | Path,
    trainee: str,
    assignment: str,
    notebook: nbformat.NotebookNode,
    answers: Mapping[str, Any],
    *,
    attempt: str = "",
    problems: Sequence[str] = (),
) -> Judgement:
    """Grade one hand-in.

    Parameters
    ----------
    folder : path
        nbgrader's course folder, inside the cohort's folder.
    trainee, assignment : str
        Whose it is (who handed it in, whatever the notebook says), and which.
    notebook : NotebookNode
        As handed in; only the text of the answer cells is taken from it.
    answers : dict
        Of stage one.
    attempt : str
        SHA-256 of the handed-in notebook, kept with the marks.
    problems : list of str
        Of stage one, kept with the answers.
    """
    if not is_trainee_id(trainee) or normalise(trainee) != trainee:
        raise CourseError(f"trainee {trainee!r}: is not a trainee number; take it from roster.csv")
    folder = Path(folder).resolve()
    before = _manual_text(folder.parent, trainee, assignment)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    record = Record(trainee, assignment, dict(answers), attempt, now, list(problems))
    rebuilt = rebuild(notebook, assignment)
    # first: beside the new record, the judgement of an older attempt would be taken for that of this one
    shutil.rmtree(folder / "autograded" / trainee / assignment, ignore_errors=True)
    place = folder / "submitted" / trainee / assignment
    place.mkdir(parents=True, exist_ok=True)
    nbformat.write(rebuilt, place / f"{assignment}.ipynb")
    write_record(folder.parent, record)
    convert(Autograde, folder, assignment, trainee)
    if before is not None and before == _manual_text(folder.parent, trainee, assignment):
        keep_manual(folder, trainee, assignment)
    return judgement(folder, trainee, assignment)


def _manual_text(cohort: Path, trainee: str, assignment: str) -> str | None:
    """The free texts of the last hand-in, as one text; None if there was none."""
    try:
        answers = read_record(cohort, trainee, assignment).answers
    except CourseError:
        return None
    wanted = {q.id: answers.get(q.id) for q in schema(assignment).values() if q.kind == "text"}
    return json.dumps(wanted, sort_keys=True)
