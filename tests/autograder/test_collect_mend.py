"""Mending: a notebook that a program or a person damaged grades as the one that it was."""

from __future__ import annotations

import copy
import json
import os
import shutil
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.assignments import release_notebook
from autograder.cohort import Cohort
from autograder.collect import attempts, collect
from autograder.collect.reading import read_notebooks
from autograder.collect.restore import restore
from autograder.collect.shape import MAX_CELLS, check_shape, mend_shape
from autograder.collect.which import recognise
from autograder.collect.words import RejectedError
from autograder.execute import texts
from autograder.submission import rebuild
from linelab.answers import exercise

Damage = Callable[[Any], None]
TRAINEE = "K7P2QD4P"


@pytest.fixture(autouse=True)
def _disk_that_is_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here cuts the power."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def mended(content: bytes, name: str = "w01.ipynb") -> tuple[Any, str]:
    """A file's only notebook as it would be kept, and what was said of the mending."""
    (found,) = read_notebooks(content, name)
    said = [*found.mended, *mend_shape(found.notebook)]
    said += restore(found.notebook, recognise(found.notebook, name))
    check_shape(found.notebook)
    notebook = nbformat.from_dict(json.loads(json.dumps(found.notebook)))
    return notebook, " ".join(note.text("en") for note in said)


def graded(notebook: Any) -> list[str]:
    """What grading takes from a notebook: the answer cells put into the release, and the free texts."""
    return [cell.source for cell in rebuild(notebook, "w01").cells] + [
        str(texts(notebook, exercise("w01"), []))
    ]


# -- what programs and people do to notebooks


def lose_course(notebook: Any) -> None:
    notebook["metadata"] = {"vscode": {"x": 1}, "kernelspec": {"display_name": "Python"}}


def lose_ids(notebook: Any) -> None:
    notebook["nbformat_minor"] = 4
    for cell in notebook["cells"]:
        cell.pop("id", None)


def lose_marks(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell["metadata"] = {"collapsed": False}


def lose_all(notebook: Any) -> None:
    for damage in (lose_course, lose_ids, lose_marks):
        damage(notebook)


def windows_lines(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell["source"] = text(cell).replace("\n", "\r\n")


def decompose(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell["source"] = unicodedata.normalize("NFD", text(cell))


def as_lines(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell["source"] = text(cell).splitlines(keepends=True)


def null_attachments(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell["attachments"] = None


def same_ids(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell["id"] = "x y"


def no_outputs(notebook: Any) -> None:
    for cell in notebook["cells"]:
        cell.pop("outputs", None)
        cell.pop("execution_count", None)


def bad_outputs(notebook: Any) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [3, {"output_type": "?"}, {"output_type": "display_data", "data": {}}]


def text(cell: Any) -> str:
    return "".join(cell["source"])


def answer_cells(notebook: Any) -> list[int]:
    ids = [cell.get("id") or "" for cell in notebook["cells"]]
    return [n for n, name in enumerate(ids) if name.endswith("-answer") or name == "w01-q8"]


def copy_answers(notebook: Any) -> None:
    """As Jupyter copies a cell: the mark, too, under another id; the copy is left as it is."""
    for n in reversed(answer_cells(notebook)):
        notebook["cells"].insert(n + 1, copy.deepcopy(notebook["cells"][n]) | {"id": f"copy-{n}"})


def copy_answers_whole(notebook: Any) -> None:
    """As other programs do: under the same id, the mark lost."""
    for n in reversed(answer_cells(notebook)):
        notebook["cells"].insert(n + 1, copy.deepcopy(notebook["cells"][n]) | {"metadata": {}})


def empty_copies_first(notebook: Any) -> None:
    """A copy as released before each answer, under the same id, and all marks lost."""
    language = notebook["metadata"]["course"]["language"]
    released = {cell.id: cell for cell in release_notebook("w01", language).cells}
    lose_marks(notebook)
    for n in reversed(answer_cells(notebook)):
        cell = notebook["cells"][n]
        notebook["cells"].insert(n, copy.deepcopy(cell) | {"source": released[cell["id"]].source})


def turn_answers(notebook: Any) -> None:
    """Code into text and text into code, by the menu or a key."""
    for n in answer_cells(notebook):
        cell = notebook["cells"][n]
        for key in ("outputs", "execution_count"):
            cell.pop(key, None)
        if cell["cell_type"] == "code":
            cell["cell_type"] = "markdown"
        else:
            cell |= {"cell_type": "code", "outputs": [], "execution_count": None}


def delete_others(notebook: Any) -> None:
    """All that is not the trainee's to fill, but for the first cell."""
    kept = [n for n, cell in enumerate(notebook["cells"]) if "TRAINEE" in text(cell)]
    notebook["cells"] = [notebook["cells"][n] for n in (*kept, *answer_cells(notebook))]


HARMLESS: list[Damage] = [windows_lines, decompose, as_lines, null_attachments, no_outputs, bad_outputs]
LOSSES: list[Damage] = [lose_course, lose_ids, lose_marks, lose_all, same_ids, copy_answers]
LOSSES += [copy_answers_whole, empty_copies_first, turn_answers, delete_others]
ANSWERS = st.dictionaries(
    st.sampled_from([f"w01-q{n}-answer" for n in range(1, 8)] + ["w01-q8"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30),
    max_size=4,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=ANSWERS,
    loss=st.sampled_from(LOSSES),
    harm=st.lists(st.sampled_from(HARMLESS), unique=True, max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le"]),
    language=st.sampled_from(["vi", "en"]),
)
def test_a_mended_notebook_grades_as_it_was(
    solve: Any, written: dict[str, str], loss: Damage, harm: list[Damage], encoding: str, language: str
) -> None:
    answers = {}
    for name, given_ in written.items():
        kept = unicodedata.normalize("NFC", given_)
        question = name.removeprefix("w01-").removesuffix("-answer")
        answers[name] = kept if name == "w01-q8" else f"# {kept}\nanswer({question!r}, 1)"
    good = solve(TRAINEE, language, answers)
    bad = json.loads(json.dumps(good))
    for damage in (loss, *harm):
        damage(bad)
    notebook, _ = mended(json.dumps(bad, ensure_ascii=False).encode(encoding))
    assert graded(notebook) == graded(good)
    again, said = mended(json.dumps(notebook).encode())
    assert again == notebook
    assert "restored" not in said


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lose_course, "was lost and is restored"),
        (lose_ids, "Notebook format 4.4 was raised to 4.5"),
        (lose_ids, "cells without an id of their own were given one"),
        (lose_marks, "Lost marks of graded cells are restored: q1, q2"),
        (windows_lines, "Line ends and accented letters"),
        (decompose, "Line ends and accented letters"),
        (bad_outputs, "outputs that cannot be read were left out"),
        (same_ids, "were given one"),
        (copy_answers, "Answer cells are there more than once: q1, q2"),
        (copy_answers_whole, "Answer cells are there more than once: q1, q2"),
        (turn_answers, "turned back into code or text: q1, q2"),
        (delete_others, "Deleted cells are put back as released when it is graded: q1"),
    ],
)
def test_what_was_mended_is_said(solve: Any, damage: Damage, said: str) -> None:
    bad = json.loads(json.dumps(solve(TRAINEE)))
    damage(bad)
    assert said in mended(json.dumps(bad).encode())[1]


@pytest.mark.parametrize("damage", [null_attachments, as_lines, lambda _: None])
def test_what_programs_do_as_a_rule_is_not_remarked(solve: Any, damage: Damage) -> None:
    bad = json.loads(json.dumps(solve(TRAINEE)))
    damage(bad)
    assert mended(json.dumps(bad).encode())[1] == ""


def test_the_way_a_notebook_was_saved_makes_no_other_attempt(
    cohort: Cohort, solve: Any, tmp_path: Path
) -> None:
    """The same work out of two programs is the same work."""
    trainee = cohort.enrol().id
    good = json.loads(json.dumps(solve(trainee)))
    other = copy.deepcopy(good)
    for damage in (as_lines, windows_lines, null_attachments):
        damage(other)
    for name, notebook in (("a", good), ("b", other)):
        (tmp_path / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-16")
    found = collect(cohort, [tmp_path / "a.ipynb", tmp_path / "b.ipynb"])
    assert [r.status for r in found] == ["accepted", "duplicate"]
    assert "UTF-16" in found[0].repairs


def test_of_copied_texts_the_first_that_was_changed_is_marked(solve: Any) -> None:
    bad = json.loads(json.dumps(solve(TRAINEE, "en", {"w01-q8": "*Write your answer here.*"})))
    at = answer_cells(bad)[-1]
    for n, words in enumerate(("My memo.", "Another one.")):
        bad["cells"].append(copy.deepcopy(bad["cells"][at]) | {"id": f"copy-{n}", "source": words})
    notebook, _ = mended(json.dumps(bad).encode())
    assert texts(notebook, exercise("w01"), []) == {"q8": "My memo."}
    assert rebuild(notebook, "w01").cells[-1].source == "My memo."


def test_cells_that_could_be_one_or_another_are_not_guessed(solve: Any) -> None:
    """Two unmarked texts after the last question: neither is taken for the memo."""
    bad = json.loads(json.dumps(solve(TRAINEE, "en")))
    lose_all(bad)
    bad["cells"].append({"cell_type": "markdown", "source": "Or this?", "metadata": {}})
    notebook, said = mended(json.dumps(bad).encode())
    assert "put back as released when it is graded: q8" in said
    assert texts(notebook, exercise("w01"), []) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"nbformat": 3}, "old_notebook"),
        ({"cells": [3]}, "not_notebook"),
        ({"cells": [{"cell_type": "code", "source": 5}]}, "not_notebook"),
        ({"cells": [{"cell_type": "code", "source": [5]}]}, "not_notebook"),
        ({"cells": [{"cell_type": "code", "source": ""}] * (MAX_CELLS + 1)}, "too_many_cells"),
    ],
)
def test_what_is_no_notebook_is_refused(solve: Any, change: dict[str, Any], said: str) -> None:
    notebook = json.loads(json.dumps(solve(TRAINEE))) | change
    with pytest.raises(RejectedError, match=said):
        mended(json.dumps(notebook).encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_stands_in_a_notebook_there_is_a_receipt(
    cohort: Cohort, solve: Any, tmp_path: Path, data: st.DataObject
) -> None:
    """Any value in the place of any other, up to three times."""
    notebook = json.loads(json.dumps(solve(TRAINEE)))
    for _ in range(data.draw(st.integers(1, 3))):
        node: Any = notebook
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not (isinstance(node[key], (dict, list)) and node[key]) or data.draw(st.integers(0, 3)) == 0:
                node[key] = data.draw(JSON)
                break
            node = node[key]
    path = tmp_path / "w01.ipynb"
    path.write_text(json.dumps(notebook), "utf-8")
    (cohort.path / "roster.csv").write_text(f"trainee,name\n{TRAINEE},\n", "utf-8")
    shutil.rmtree(cohort.path / "attempts", ignore_errors=True)
    (receipt,) = collect(cohort, [path])
    assert receipt.status in ("accepted", "duplicate", "rejected")
    if receipt.status != "rejected":
        kept = attempts(cohort, TRAINEE, receipt.assignment)
        assert receipt.attempt in [attempt.sha256 for attempt in kept]
        assert rebuild(kept[-1].read(), receipt.assignment).cells
