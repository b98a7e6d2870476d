"""The rules file: what the course's own says, and what is wrong with a faulty one."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.certify import rules
from autograder.errors import CourseError

RULES = rules.load()


def test_the_published_rules_are_those_of_the_curriculum() -> None:
    assert [f"w{week:02d}" for week in range(1, 13)] == [module.id for module in RULES.modules]
    assert RULES.level("module").needs == rules.Needs(marks=rules.Marks(60))
    assert RULES.level("completion").needs == rules.Needs(marks=rules.Marks(60, 70))
    associate = RULES.level("associate").needs
    assert associate.level == "completion"
    assert associate.exam is not None
    assert associate.exam.passing == 70
    assert associate.case is not None
    consultant = RULES.level("consultant")
    assert consultant.needs.level == "associate"
    signs = rules.SignOffs(2, ("trainer", "examiner"), 1)
    assert consultant.needs.project == rules.Project(4, True, signs)
    assert consultant.valid_years == 3
    assert consultant.renewal is not None
    assert consultant.renewal.needs.project is not None
    assert all(level.offered for level in RULES.levels)


def test_every_level_is_described_in_both_languages_with_its_own_numbers() -> None:
    for level in RULES.levels:
        marks = level.needs.marks
        for language in ("vi", "en"):
            assert level.name[language]
            if marks:
                assert f"{marks.each:g}/100" in level.about[language]
    assert "70/100" in RULES.level("associate").about["vi"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("marks: {each: 60}", "marks: {each: 160}", "levels.0.needs.marks.each"),
        ('version: "2026-2"', "version: 2026", "version"),
        ("id: w02", "id: w01", "w01 is there twice"),
        ("id: w02", "id: week2", "modules.1.id"),
        ("weight: 1", "weight: 0", "modules.0.weight"),
        ("modules:", "modulus:", "top level"),
        ("format:", "format: [", "not readable YAML"),
        ("after_weeks: 4", "after_weeks: 4\n        after_weeks: 0", "after_weeks is there twice"),
        ("level: completion", "level: consultant", "levels.2.needs.level"),
        ("level: completion", "level: associate", "associate does not stand before"),
        ("not_trainers: 1", "not_trainers: 3", "not_trainers is more than number"),
        ("roles: [trainer, examiner]", "roles: [decider]", "roles"),
        ("valid_years: 3", "# valid_years: 3", "valid_years"),
        ("not_who: [trained, examined, signed]", "not_who: [trained]", "decision"),
        ("role: decider", "role: trainer", "decision"),
        ("file_days: 60", "file_days: 0", "appeals.file_days"),
        ("names: 12", "names: -1", "retention.names"),
        ("  evidence: 12", "  # evidence: 12", "retention"),
        ("format: course-rules/2", "format: course-rules/1", "format"),
    ],
)
def test_a_faulty_rules_file_is_one_clear_line(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "rules.yml"
    text = rules.DEFAULT.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(CourseError) as caught:
        rules.load(path)
    assert says in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_rules_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"none\.yml"):
        rules.load(tmp_path / "none.yml")


def test_a_level_that_is_not_offered_needs_no_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    text = rules.DEFAULT.read_text("utf-8")
    start, end = text.index("  - id: consultant"), text.index("# Said here")
    plain = "  - {id: consultant, offered: false, name: {vi: A, en: B}, about: {vi: A, en: B}}\n\n"
    path.write_text(text[:start] + plain + text[end:], "utf-8")
    assert rules.load(path).level("consultant").needs == rules.Needs()
