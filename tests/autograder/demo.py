"""A made-up cohort with mixed results, entered as graded without running a notebook; numbers, no names."""

from __future__ import annotations

import hashlib
import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from autograder.assignments import release_notebook
from autograder.cohort import ROSTER_FIELDS, Cohort
from autograder.entry import Entries
from autograder.files import write
from autograder.markings import FIRST, Marking, append_marking
from autograder.records import Record, write_record
from autograder.texts import both
from linelab.cases import load
from linelab.trainees import check_character, written

WEEKS = ("w01", "w02")
ABILITY = (0.95, 0.9, 0.8, 0.7, 0.6, 0.45, 0.3)
COPIED = (3, 17)  # two whose memo of week 1 is the same but for a few words
EQUAL = (5, 22)  # two with the same wrong figures in week 1
BROKEN = 8  # whose week 2 met a broken hidden test
MEMOS = yaml.safe_load(Path(__file__).with_name("memos.yml").read_text("utf-8"))


def numbers(count: int) -> list[str]:
    """Trainee numbers, the same each time."""
    bodies = [f"D{n:03d}{n % 7}M{n % 9}" for n in range(count)]
    return [body + check_character(body) for body in bodies]


def memo(rng: random.Random, language: str) -> str:
    """A memo of its own, put together from some sentences and figures."""
    bank = MEMOS[language]
    parts = [rng.choice(bank["openings"]), *rng.sample(bank["reasons"], 3), *rng.sample(bank["risks"], 2)]
    text = " ".join(part.format(a=rng.randint(2, 30), b=rng.randint(31, 90)) for part in parts)
    text = re.sub(r"\[([^\]]*)\]", lambda found: rng.choice(found[1].split("|")), text)
    return re.sub(r" +([.,;])|  +", lambda found: found[1] or " ", text)


def fill(cohort: Cohort, count: int = 30, seed: int = 1) -> list[str]:
    """Enrol `count` trainees and enter results for most of them; their numbers in the order of the roster."""
    rng, people = random.Random(seed), numbers(count)
    languages = {who: "en" if n % 5 == 4 else "vi" for n, who in enumerate(people)}
    rows = [
        ",".join(ROSTER_FIELDS),
        *(f"{written(w)},,t{n}@example.org,{languages[w]}" for n, w in enumerate(people)),
    ]
    write(cohort.path / "roster.csv", "\n".join(rows) + "\n")
    shared = memo(random.Random(99), "vi")
    with Entries.open(cohort.path) as entries:
        for n, who in enumerate(people):
            for week in WEEKS:
                if n % 11 == 10 or (week == "w02" and n % 6 == 5):
                    continue  # has not begun, or has not gone on
                ability = ABILITY[n % len(ABILITY)] - (0.4 if week == "w02" and n % 8 == 1 else 0.0)
                text = memo(rng, languages[who])
                if week == "w01" and n in COPIED:
                    text = shared if n == COPIED[0] else shared.replace("Tôi", "Nhóm tôi") + " Xin cảm ơn."
                record = _record(cohort, rng, who, week, ability, text, n)
                times = _attempts(cohort, rng, record, n)
                if n % 13 == 12:
                    continue  # received, not graded yet
                record = write_record(cohort.path, record)
                entries.enter(record, release_notebook(week, languages[who]), times[-1])
                if n % 4 != 3:
                    _marked(entries, record, ability, languages[who])
    return people


def _record(
    cohort: Cohort, rng: random.Random, who: str, week: str, ability: float, text: str, n: int
) -> Record:
    case = load(week)
    answers: dict[str, Any] = {}
    points: dict[str, float | None] = {}
    reasons: dict[str, list[dict[str, Any]]] = {}
    for question in case.questions.values():
        right = rng.random() < ability
        if question.kind == "number":
            answers[question.id] = round(rng.uniform(2, 300), 6)
        elif question.kind == "choice":
            answers[question.id] = question.options[2] if right else rng.choice(question.options)
        elif question.kind == "plan":
            levers = rng.sample(case.levers, 2)
            answers[question.id] = {x.name: rng.choice(list(x.costs)) for x in levers}
        elif n % 17 != 16:
            answers[question.id] = text
        share = (
            (1.0 if right else 0.0)
            if question.kind != "plan"
            else round(min(1.0, ability + rng.random() / 4), 2)
        )
        points[question.id] = round(share * question.points, 1)
        word = ("Đúng." if right else "Chưa đúng."), ("Right." if right else "Not right.")
        reasons[question.id] = [{"vi": word[0], "en": word[1], "points": 0.0, "max": question.points}]
        if question.kind == "text":
            points[question.id], reasons[question.id] = (None if answers.get(question.id) else 0.0), []
    if week == "w01" and n in EQUAL:
        answers |= {"q3": 85.714286, "q4": 13385.25}
        points |= {"q3": 0.0, "q4": 0.0}
    faults = []
    if week == "w02" and n == BROKEN:
        points["q5"], faults = None, ["w02 q5: the hidden test is broken, NameError: name 'x' is not defined"]
    said = [both("run.error", cell=7, what="NameError: name 'takt' is not defined")] if n % 9 == 4 else []
    return Record(
        who, week, answers, hashlib.sha256(f"{who}{week}".encode()).hexdigest(),
        datetime.now(UTC).isoformat(timespec="seconds"), said, points, reasons, faults,
        late=0.1 if n % 10 == 2 else 0.0, trace={"attempt_number": 1 + n % 3},
    )  # fmt: skip


def _attempts(cohort: Cohort, rng: random.Random, record: Record, n: int) -> list[datetime]:
    """The attempts' files with their receipts, some days apart."""
    folder = cohort.path / "attempts" / record.trainee / record.assignment
    days = 20 if record.assignment == "w01" else 9
    first = datetime.now(UTC) - timedelta(days=days, hours=rng.uniform(0, 90))
    times = [first + k * timedelta(hours=rng.uniform(5, 40)) for k in range(1 + n % 3)]
    for k, when in enumerate(times, 1):
        content = json.dumps({"cells": [], "metadata": {"of": f"{record.attempt} {k}"}})
        digest, at = hashlib.sha256(content.encode()).hexdigest(), when.isoformat(timespec="seconds")
        target = folder / f"{k:03d}-{digest[:12]}.ipynb"
        write(target, content)
        note = {
            "handed_in": at,
            "collected": at,
            "time_by": "collected",
            "made": "",
            "same_as": 0,
            "brought": [],
        }
        write(target.with_suffix(".json"), json.dumps(note))
    return times


def _marked(entries: Entries, record: Record, ability: float, language: str) -> None:
    """A person's mark for the free text, by its rubric."""
    comments = {"vi": "Rõ ràng; còn thiếu khoảng tin cậy.", "en": "Clear; the interval is missing."}
    for question in load(record.assignment).questions.values():
        if question.kind != "text" or record.points[question.id] is not None:
            continue
        name = f"{record.assignment}-{question.id}"
        place = (name, record.assignment, record.assignment, record.trainee)
        levels = {row.id: round(2 * ability - n % 2 / 2) / 2 for n, row in enumerate(question.rubric)}
        points = sum(levels[row.id] * row.points for row in question.rubric)
        marking = Marking(
            record.trainee, record.assignment, question.id, FIRST, "demo", record.graded_at, points, levels
        )
        append_marking(entries.cohort, marking)
        grade = entries.gradebook.find_grade(*place)
        grade.manual_score, grade.needs_manual_grade = points, False
        entries.gradebook.find_comment(*place).manual_comment = comments[language]
        entries.gradebook.db.commit()
