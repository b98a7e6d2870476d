"""Which exercise a notebook is and whose: as it says itself, else as what is around it says; no guess."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from autograder.assignments import release_notebook
from autograder.cohort import Cohort, Trainee
from autograder.collect import Receipt, collect
from autograder.collect.whose import Names
from autograder.collect.words import RejectedError
from course import main
from linelab.answers import BEGIN
from linelab.trainees import written

Put = Callable[..., Receipt]


@pytest.fixture
def member(cohort: Cohort) -> str:
    return cohort.enrol(name="Nguyễn Văn An", language="en").id


@pytest.fixture
def take(cohort: Cohort, tmp_path: Path) -> Put:
    """Collect one notebook under a name."""

    def put(notebook: Any, name: str = "exercise.ipynb") -> Receipt:
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook), "utf-8")
        (receipt,) = collect(cohort, [path])
        return receipt

    return put


def bare(notebook: Any, *, ids: bool = False, marks: bool = False) -> Any:
    """Without the notebook's own metadata, and without the cells' if so said, as other programs save it."""
    notebook = json.loads(json.dumps(notebook))
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        if ids:
            del cell["id"]
        if marks:
            cell["metadata"] = {}
    return notebook


# -- which


def test_metadata_say_which_and_nothing_is_remarked(take: Put, member: str, solve: Any) -> None:
    receipt = take(solve(member))
    assert (receipt.assignment, receipt.status) == ("w01", "accepted")
    assert "Known as" not in receipt.repairs


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ({}, "by its cells"),
        ({"ids": True}, "by its cells"),
        ({"marks": True}, "by its cells"),
        ({"ids": True, "marks": True}, "by its text"),
    ],
)
def test_lost_metadata_are_made_up_for_by_the_content(
    take: Put, member: str, solve: Any, damage: dict[str, bool], said: str
) -> None:
    receipt = take(bare(solve(member), **damage))
    assert (receipt.assignment, receipt.status) == ("w01", "accepted"), receipt.reason
    assert f"Known as w01 {said}" in receipt.repairs
    assert "Edition 2026-1 by its text" in receipt.repairs
    assert "is restored" in receipt.repairs


def test_the_files_name_is_the_last_resort(take: Put, member: str, solve: Any) -> None:
    """The first cell was rewritten, so that no text says which week; the edition is still there."""
    notebook = bare(solve(member), ids=True, marks=True)
    first = next(c for c in notebook["cells"] if "begin(" in c["source"])
    first["source"] = first["source"].replace('"w01"', "WEEK")
    receipt = take(notebook, "Copy of W01 (1).ipynb")
    assert (receipt.assignment, receipt.status) == ("w01", "accepted"), receipt.reason
    assert "by the file's name" in receipt.repairs


def test_a_foreign_notebook_named_like_ours_is_refused(take: Put, member: str) -> None:
    cell = {"cell_type": "code", "source": f'TRAINEE = "{member}"\nprint(1)', "metadata": {}, "outputs": []}
    notebook = {
        "cells": [cell | {"execution_count": None}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    receipt = take(notebook, "w01.ipynb")
    assert receipt.status == "rejected"
    assert "no exercise of the course" in receipt.reason


def test_a_notebook_with_the_cells_of_two_weeks_is_refused(take: Put, member: str, solve: Any) -> None:
    notebook = bare(solve(member))
    notebook["cells"] += bare(release_notebook("w02"))["cells"]
    receipt = take(notebook)
    assert "cells of several" in receipt.reason


@pytest.mark.parametrize("how", ["metadata", "text", "nowhere"])
def test_another_edition_or_none_is_refused(take: Put, member: str, solve: Any, how: str) -> None:
    notebook = json.loads(json.dumps(solve(member)))
    if how == "metadata":
        notebook["metadata"]["course"]["edition"] = "1999-1"
    else:
        notebook = bare(notebook)
        for cell in notebook["cells"]:
            other = ', edition="1999-1"' if how == "text" else ""
            cell["source"] = cell["source"].replace(', edition="2026-1"', other)
    receipt = take(notebook)
    assert receipt.status == "rejected"
    assert ("does not say of which edition" if how == "nowhere" else "is of edition 1999-1") in receipt.reason


def test_an_exercise_that_there_is_not_is_refused(take: Put, member: str, solve: Any) -> None:
    notebook = solve(member)
    notebook.metadata["course"]["assignment"] = "w99"
    assert "no exercise of the course" in take(notebook).reason


# -- whose


def test_what_was_begun_goes_before_what_is_typed_and_both_before_the_name(
    cohort: Cohort, take: Put, member: str, solve: Any
) -> None:
    begun, typed = cohort.enrol(language="en").id, cohort.enrol(language="en").id
    notebook = json.loads(json.dumps(solve(typed)))
    name = f"{written(member)}.ipynb"
    receipt = take(notebook, name)
    assert receipt.trainee == typed
    assert "by the text of the first cell, which was not run" in receipt.repairs
    record = {"assignment": "w01", "trainee": begun, "edition": "2026-1"}
    first = next(c for c in notebook["cells"] if "begin(" in c["source"])
    first["outputs"] = [{"output_type": "display_data", "data": {BEGIN: record}, "metadata": {}}]
    assert take(notebook, name).trainee == begun
    receipt = take(solve(""), name)
    assert receipt.trainee == member
    assert f"by the name “{name}”" in receipt.repairs


def test_somebody_who_is_not_on_the_roster_is_refused_whatever_the_name_says(
    take: Put, member: str, solve: Any
) -> None:
    receipt = take(solve("K7P2QD4P"), f"{member}.ipynb")
    assert receipt.status == "rejected"
    assert "K7P2-QD4P is not on the roster" in receipt.reason


def test_work_under_anothers_number_is_taken_and_the_instructor_is_told(
    cohort: Cohort, member: str, hand_in: Callable[..., Path], tmp_path: Path
) -> None:
    """Else somebody could put an empty notebook over another's work, and nobody would notice."""
    cohort.enrol(name="Trần Thị Bình")
    path = tmp_path / "Trần Thị Bình_7_assignsubmission_file_" / "w01.json"
    path.parent.mkdir()
    hand_in(member).rename(path)
    result = CliRunner().invoke(main, ["collect", "-C", str(cohort.path), str(path)])
    assert result.exit_code == 0, result.output
    assert "is not that of “Trần Thị Bình_7_assignsubmission_file_”" in result.output
    assert "1 with the number of one trainee and the name of another" in result.output
    assert "Bình" not in (cohort.path / "receipts" / f"{member}.txt").read_text("utf-8-sig")


def test_nobody_is_guessed(cohort: Cohort, take: Put, member: str, solve: Any) -> None:
    cohort.enrol(name="An Văn Nguyễn")
    receipt = take(solve(""), "Nguyễn Văn An.ipynb")
    assert receipt.status == "rejected"
    assert "fits 2 people" in receipt.reason
    assert "no trainee number" in take(solve(""), "bai nop.ipynb").reason


ROSTER = [
    Trainee("K7P2QD4P", "Nguyễn Văn An", "an@example.org"),
    Trainee("00000011", "Trần Thị Bình", "binh.tran@example.org"),
    Trainee("00000022", "Trần Thị Binh Minh", ""),
    Trainee("00000033", "Đỗ", ""),
    Trainee("00000044", "", ""),
]


@pytest.mark.parametrize(
    ("names", "who"),
    [
        (["hand-in_K7P2QD4P_20261123-1040.json"], "K7P2QD4P"),
        (["k7p2-qd4p.ipynb"], "K7P2QD4P"),
        (["w01.ipynb", "K7P2 QD4P"], "K7P2QD4P"),
        (["w01 - Nguyễn Văn An.ipynb"], "K7P2QD4P"),
        (["w01_nguyen_van_an_final.ipynb"], "K7P2QD4P"),
        (["An Nguyễn Văn_991_assignsubmission_file_w01.ipynb"], "K7P2QD4P"),
        (["w01.ipynb", "Nguyen Van An_991_assignsubmission_file_"], "K7P2QD4P"),
        (["w01.ipynb", "An N. <AN@Example.org>"], "K7P2QD4P"),
        (["Do.ipynb"], "00000033"),
        # with its marks a name is one person's, though without them it would be inside another's
        (["w01 - Trần Thị Bình.ipynb"], "00000011"),
        (["w01 - Trần Thị Binh Minh.ipynb"], "00000022"),
        # a whole part goes before a piece of a longer one
        (["w01 - Tran Thi Binh.ipynb"], "00000011"),
        # what is nearest to the file counts
        (["Nguyễn Văn An.ipynb", "Trần Thị Bình"], "K7P2QD4P"),
        (["w01.ipynb", "Downloads"], None),
        (["Do it yourself.ipynb"], None),  # a single word is not looked for inside a name
        (["20261123.ipynb"], None),
        (["x" * 100_000], None),
    ],
)
def test_names_point_to_one_person_or_to_nobody(names: list[str], who: str | None) -> None:
    found = Names({trainee.id: trainee for trainee in ROSTER}).find(names)
    assert (found[0] if found else None) == who


@pytest.mark.parametrize("name", ["Trần Thị Binh Minh và Nguyễn Văn An.ipynb", "K7P2QD4P 00000011.ipynb"])
def test_a_name_that_fits_several_is_refused(name: str) -> None:
    with pytest.raises(RejectedError):
        Names({trainee.id: trainee for trainee in ROSTER}).find([name])
