"""Results for a learning platform: xAPI statements that say passed or failed, and the same as CSV.

After xAPI 1.0.3, part two (github.com/adlnet/xAPI-Spec, xAPI-Data.md). A trainee is an account on the
course's site by number (2.4.2.4): no name and no e-mail goes out, and nothing but results, no clicks.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from autograder.certify.facts import Facts

if TYPE_CHECKING:
    from autograder.gradebook import Mark

Json = dict[str, Any]
Text = dict[str, str]

NAMESPACE = uuid.UUID("2f0a4d3e-91a5-4c57-9d4d-0f0c5d0d8a61")  # of this course's statements
VERBS = "http://adlnet.gov/expapi/verbs/"
ACTIVITIES = "http://adlnet.gov/expapi/activities/"
SAYS = {"passed": {"vi": "đạt", "en": "passed"}, "failed": {"vi": "không đạt", "en": "failed"}}
COLUMNS = ("trainee", "module", "verb", "points", "max_points", "scaled", "graded_at", "statement")


def statements(
    marks: Iterable[Mark], names: Mapping[str, Text], passing: float, site: str, course: Text
) -> list[Json]:
    """Return one statement for each complete mark, by trainee and module.

    The identifier follows from what is said, so that importing twice changes nothing.

    Parameters
    ----------
    marks
        Those that still wait for a person are left out: they are neither passed nor failed.
    names
        The name of each module in both languages.
    passing
        The mark out of 100 that is a pass.
    site
        The address of the course site, ending in "/"; accounts and activities are named under it.
    course
        The name of the course in both languages.
    """
    return [
        _statement(mark, names[mark.assignment], passing, site, course)
        for mark in sorted(marks, key=lambda mark: (mark.trainee, mark.assignment))
        if mark.complete and mark.assignment in names
    ]


def after_appeals(marks: Iterable[Mark], facts: Callable[[str], Facts]) -> list[Mark]:
    """Return the marks with the points that upheld appeals gave; `facts` are those of a trainee."""
    found = []
    for mark in marks:
        points = facts(mark.trainee).points_on_appeal(mark.assignment, mark.attempt)
        found.append(mark if points is None else replace(mark, points=points))
    return found


def _statement(mark: Mark, name: Text, passing: float, site: str, course: Text) -> Json:
    # A score lies between its ends (2.4.5.1), so that points beyond the most count as the most.
    raw = min(max(mark.points, 0.0), mark.max_points)
    scaled = round(raw / mark.max_points, 4) if mark.max_points > 0 else 0.0
    verb = "passed" if scaled >= passing / 100 else "failed"
    said = [site, mark.trainee, mark.assignment, mark.attempt, mark.points, mark.max_points, verb]
    return {
        "id": str(uuid.uuid5(NAMESPACE, json.dumps(said))),
        "actor": {"objectType": "Agent", "account": {"homePage": site, "name": mark.trainee}},
        "verb": {"id": VERBS + verb, "display": SAYS[verb]},
        "object": {
            "objectType": "Activity",
            "id": f"{site}activities/{mark.assignment}",
            "definition": {"type": f"{ACTIVITIES}assessment", "name": name},
        },
        "result": {
            "score": {"scaled": scaled, "raw": raw, "min": 0, "max": mark.max_points},
            "success": verb == "passed",
            "completion": True,
        },
        "context": {
            "contextActivities": {
                "grouping": [
                    {
                        "objectType": "Activity",
                        "id": f"{site}activities/course",
                        "definition": {"type": f"{ACTIVITIES}course", "name": course},
                    }
                ]
            }
        },
        "timestamp": _utc(mark.graded_at),
    }


def as_json(found: Iterable[Json]) -> str:
    """Return the file of statements: a JSON array, as a learning record store takes it."""
    return json.dumps(list(found), ensure_ascii=False, indent=1) + "\n"


def as_csv(found: Iterable[Json]) -> str:
    """Return the same as a table."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")  # RFC 4180, as spreadsheets write it
    table.writerow(COLUMNS)
    for one in found:
        score = one["result"]["score"]
        table.writerow(
            [
                one["actor"]["account"]["name"],
                one["object"]["id"].rsplit("/", 1)[-1],
                one["verb"]["id"].removeprefix(VERBS),
                score["raw"],
                score["max"],
                score["scaled"],
                one["timestamp"],
                one["id"],
            ]
        )
    return out.getvalue()


def _utc(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
