"""The export has the shape of xAPI 1.0.3 statements and tells no more than results."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from datetime import datetime
from typing import Any

import pytest

from autograder.certify import export, rules
from autograder.gradebook import Mark

from .samples import TRAINEE

HOME = "https://course.example.edu.vn/"
COURSE = {"vi": "Khóa học", "en": "Course"}
OTHER = "0000000H"
DAY = "2026-11-20T08:00:00Z"
MARKS = [
    Mark(TRAINEE, "w02", 6, 10, "b" * 64, "2026-11-21T15:00:00+07:00", True),
    Mark(TRAINEE, "w01", 8, 10, "a" * 64, DAY, True),
    Mark(OTHER, "w01", 5.9, 10, "c" * 64, DAY, True),
    Mark(OTHER, "w02", 9, 10, "d" * 64, DAY, False),
]


def made(marks: list[Mark] = MARKS) -> list[dict[str, Any]]:
    rule = rules.load()
    names = {module.id: module.name for module in rule.modules}
    found = export.statements(marks, names, 60, HOME, COURSE)
    return json.loads(export.as_json(found))  # type: ignore[no-any-return]


def nulls(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(nulls, value.values()))
    return any(map(nulls, value)) if isinstance(value, list) else value is None


IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+")


def test_statements_have_the_shape_of_xapi_1_0_3() -> None:
    # section numbers are those of xAPI-Data.md
    for one in made():
        assert set(one) == {"id", "actor", "verb", "object", "result", "context", "timestamp"}  # 2.4
        assert not nulls(one)  # 2.2: no null, but in extensions
        assert str(uuid.UUID(one["id"])) == one["id"]  # 2.4.1, 4.4
        assert set(one["actor"]) == {"objectType", "account"}  # 2.4.2.1: one inverse functional identifier
        account = one["actor"]["account"]
        assert set(account) == {"homePage", "name"}  # 2.4.2.4
        assert IRI.fullmatch(account["homePage"])
        assert IRI.fullmatch(one["verb"]["id"])  # 2.4.3
        assert set(one["verb"]["display"]) == {"vi", "en"}  # 4.2: keys are language tags
        thing = one["object"]
        assert thing["objectType"] == "Activity"  # 2.4.4.1
        assert IRI.fullmatch(thing["id"])
        assert IRI.fullmatch(thing["definition"]["type"])
        result = one["result"]
        score = result["score"]
        assert -1 <= score["scaled"] <= 1  # 2.4.5.1
        assert score["min"] <= score["raw"] <= score["max"]
        assert score["min"] < score["max"]
        assert isinstance(result["success"], bool)
        assert isinstance(result["completion"], bool)
        (group,) = one["context"]["contextActivities"]["grouping"]  # 2.4.6.2
        assert IRI.fullmatch(group["id"])
        assert datetime.fromisoformat(one["timestamp"]).tzinfo is not None  # 2.4.7, 4.5
        assert "version" not in one  # 2.4.10: providers SHOULD NOT set it


def test_it_says_who_passed_and_who_failed() -> None:
    said = [
        (
            one["actor"]["account"]["name"],
            one["object"]["id"],
            one["verb"]["id"].rsplit("/", 1)[-1],
            one["result"]["score"]["scaled"],
            one["result"]["success"],
        )
        for one in made()
    ]
    assert said == [
        (OTHER, f"{HOME}activities/w01", "failed", 0.59, False),
        (TRAINEE, f"{HOME}activities/w01", "passed", 0.8, True),
        (TRAINEE, f"{HOME}activities/w02", "passed", 0.6, True),
    ]


def test_times_are_in_utc() -> None:
    assert made()[-1]["timestamp"] == "2026-11-21T08:00:00Z"


def test_importing_twice_changes_nothing_and_a_new_mark_is_a_new_statement() -> None:
    assert made() == made(list(reversed(MARKS)))
    better = made([Mark(OTHER, "w01", 6.1, 10, "c" * 64, DAY, True)])
    assert better[0]["id"] not in {one["id"] for one in made()}


@pytest.mark.parametrize(("points", "scaled", "raw"), [(12, 1.0, 10), (-1, 0.0, 0), (10, 1.0, 10)])
def test_points_beyond_the_ends_stay_a_valid_score(points: float, scaled: float, raw: float) -> None:
    (one,) = made([Mark(TRAINEE, "w01", points, 10, "0" * 64, DAY, True)])
    assert (one["result"]["score"]["scaled"], one["result"]["score"]["raw"]) == (scaled, raw)


def test_the_table_says_the_same() -> None:
    found = made()
    rows = list(csv.DictReader(io.StringIO(export.as_csv(found))))
    assert [row["verb"] for row in rows] == ["failed", "passed", "passed"]
    assert [float(row["scaled"]) for row in rows] == [0.59, 0.8, 0.6]
    assert [row["statement"] for row in rows] == [one["id"] for one in found]


def test_no_name_and_no_address_goes_out() -> None:
    text = export.as_json(made()) + export.as_csv(made())
    assert "@" not in text
    assert "mbox" not in text
