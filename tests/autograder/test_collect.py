"""Intake: keeps every attempt, refuses what it cannot take with a reason, and never runs anything."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from autograder.cohort import Cohort
from autograder.collect import attempts, collect
from autograder.errors import CourseError
from autograder.texts import catalogue
from course import main
from linelab.answers import BEGIN
from linelab.texts import LANGUAGES

Maker = Callable[..., Path]


def test_attempts_are_kept_and_numbered(cohort: Cohort, hand_in: Maker) -> None:
    trainee = cohort.enrol().id
    (first,) = collect(cohort, [hand_in(trainee)])
    (again,) = collect(cohort, [hand_in(trainee)])
    (second,) = collect(cohort, [hand_in(trainee, changed={"w01-q1-answer": 'answer("q1", 3)'})])
    assert [r.status for r in (first, again, second)] == ["accepted", "duplicate", "accepted"]
    kept = attempts(cohort, trainee, "w01")
    assert [a.number for a in kept] == [1, 2]
    assert [a.sha256 for a in kept] == [first.attempt, second.attempt]
    with (cohort.path / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["status"] for row in csv.DictReader(stream)] == ["accepted", "duplicate", "accepted"]


def test_a_plain_notebook_is_known_by_its_own_record(cohort: Cohort, solve: Any, tmp_path: Path) -> None:
    trainee = cohort.enrol().id
    notebook = solve(trainee)
    record = {"assignment": "w01", "trainee": trainee, "edition": "2026-1"}
    notebook.cells[2].outputs = [{"output_type": "display_data", "data": {BEGIN: record}, "metadata": {}}]
    # as JupyterLite writes it
    notebook.cells[0]["attachments"] = None
    path = tmp_path / "folder" / "deep" / "w01.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(notebook), "utf-8-sig")
    (receipt,) = collect(cohort, [tmp_path / "folder"])
    assert (receipt.status, receipt.trainee) == ("accepted", trainee)


def test_bad_files_are_refused_by_name_and_the_rest_goes_on(
    cohort: Cohort, hand_in: Maker, tmp_path: Path
) -> None:
    trainee = cohort.enrol(language="en").id
    good = hand_in(trainee)
    data = json.loads(good.read_text("utf-8"))
    folder = tmp_path / "mixed"
    folder.mkdir()

    def put(name: str, content: Any) -> None:
        (folder / name).write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")

    put("a-broken.json", "{")
    put("b-list.json", [1])
    put("c-other.json", {"hello": 1})
    put("d-empty.json", data | {"notebooks": {}})
    put("e-nobody.json", data | {"trainee": "K7P2QD4P"})
    put("f-slip.json", json.loads(json.dumps(data).replace(trainee, "K7P2QD4A")))
    edition = json.loads(json.dumps(data))
    edition["notebooks"]["w01.ipynb"]["metadata"]["course"]["edition"] = "1999-1"
    put("g-edition.json", edition)
    foreign = json.loads(json.dumps(data))
    foreign["notebooks"]["w01.ipynb"] |= {"metadata": {}, "cells": []}
    put("h-foreign.json", foreign)
    shape = json.loads(json.dumps(data))
    shape["notebooks"]["w01.ipynb"]["cells"] = [{"cell_type": "?"}]
    put("i-shape.json", shape)
    put("j-deep.json", "[" * 100_000)
    (folder / "k-link.json").symlink_to(good)
    (folder / "l-big.json").write_bytes(b" " * 20_000_001)
    put("m-good.json", data)
    put("n-list.json", data | {"notebooks": {"w01.ipynb": 3}})
    result = CliRunner().invoke(
        main, ["collect", "-C", str(cohort.path), str(folder), str(tmp_path / "no.json")]
    )
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "1 accepted, 0 duplicate, 14 rejected"
    # in the trainee's language once the trainee is known, else in the cohort's
    expected = {
        "a-broken": "Tệp bị hỏng",
        "b-list": "không phải bài của khóa học",
        "c-other": "không phải bài của khóa học",
        "d-empty": "không có bài nào",
        "e-nobody": "K7P2-QD4P không có trong danh sách lớp",
        "f-slip": "Không có mã học viên",
        "g-edition": "is of edition 1999-1, this cohort has 2026-1",
        "h-foreign": "is no exercise of the course",
        "i-shape": "is not valid",
        "j-deep": "Tệp bị hỏng",
        "k-link": "là liên kết",
        "l-big": "lớn hơn 20 MB",
        "n-list": "is no exercise of the course",
        "no": "Không có tệp này",
    }
    lines = [line for line in result.output.splitlines() if line.startswith("rejected")]
    for name, reason in expected.items():
        (line,) = (x for x in lines if f"/{name}.json" in x)
        assert reason in line
    assert len(attempts(cohort, trainee, "w01")) == 1
    assert not list(cohort.path.rglob("*.new"))


def test_the_last_attempt_is_the_last_though_one_was_taken_out(cohort: Cohort, hand_in: Maker) -> None:
    trainee = cohort.enrol().id

    def take(value: int) -> str:
        changed = {"w01-q1-answer": f'answer("q1", {value})'}
        return collect(cohort, [hand_in(trainee, changed=changed)])[0].attempt

    for value in range(3):
        take(value)
    attempts(cohort, trainee, "w01")[1].path.unlink()
    # whichever way the hashes happen to sort
    for value in range(3, 8):
        assert take(value) == attempts(cohort, trainee, "w01")[-1].sha256
    assert [a.number for a in attempts(cohort, trainee, "w01")] == [1, 3, 4, 5, 6, 7, 8]
    folder = cohort.path / "attempts" / trainee / "w01"
    last = attempts(cohort, trainee, "w01")[-1].path
    last.rename(folder / f"1200-{last.name.partition('-')[2]}")
    assert attempts(cohort, trainee, "w01")[-1].number == 1200


def test_a_file_made_to_keep_us_busy_gets_one_line(
    cohort: Cohort, hand_in: Maker, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    trainee = cohort.enrol(language="en").id
    data = json.loads(hand_in(trainee).read_text("utf-8"))
    notebook = data["notebooks"]["w01.ipynb"]
    many, long, doubled = (tmp_path / f"{name}.json" for name in ("many", "long", "doubled"))
    many.write_text(json.dumps(data | {"notebooks": {str(n): {} for n in range(50_000)}}), "utf-8")
    cell = notebook["cells"][0] | {"source": ""}
    long.write_text(
        json.dumps(data | {"notebooks": {"w01.ipynb": notebook | {"cells": [cell] * 50_000}}}), "utf-8"
    )
    notebook["cells"] += notebook["cells"][:5]
    doubled.write_text(json.dumps(data), "utf-8")
    started = time.monotonic()
    found = collect(cohort, [many, long, doubled])
    assert time.monotonic() - started < 5
    assert [r.status for r in found] == ["rejected", "rejected", "accepted"]
    assert "50000 notebooks" in found[0].reason
    assert "50000 cells" in found[1].reason
    # what earlier tests left open may be found by the garbage collector now
    assert [one for one in recwarn if not issubclass(one.category, ResourceWarning)] == []


def test_a_changed_attempt_is_noticed(cohort: Cohort, hand_in: Maker) -> None:
    trainee = cohort.enrol().id
    collect(cohort, [hand_in(trainee)])
    (kept,) = attempts(cohort, trainee, "w01")
    kept.path.write_text(kept.path.read_text("utf-8").replace("takt", "tact", 1), "utf-8")
    with pytest.raises(CourseError, match="was changed after it was handed in"):
        attempts(cohort, trainee, "w01")


def test_nothing_in_a_folder_is_said(cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = CliRunner().invoke(main, ["collect", "-C", str(cohort.path), str(tmp_path / "empty")])
    assert result.exit_code == 1
    assert "nothing to collect" in result.output


def test_texts_have_both_languages_and_the_same_fields() -> None:
    import string

    for key, entry in catalogue().items():
        assert set(entry) == set(LANGUAGES), key
        fields = [{f for _, f, _, _ in string.Formatter().parse(entry[x]) if f} for x in LANGUAGES]
        assert fields[0] == fields[1], key
