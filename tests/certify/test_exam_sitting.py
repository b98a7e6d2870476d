"""Sittings: who may open, take in, close and sign results, and whose notebook is taken for what."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from autograder.certify.chain import Entry
from autograder.certify.exam import bank, results, sitting, taking
from autograder.certify.exam.sitting import Sitting
from autograder.certify.people import Signer
from autograder.errors import CourseError
from linelab.trainees import written

from .cohorts import Cohort, digest

BANK = bank.load()


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    return Cohort(tmp_path / "cohort", trainees=3)


def opened(cohort: Cohort, code: str = "spring", by: Signer | None = None, **languages: str) -> Sitting:
    candidates = languages or dict.fromkeys(cohort.trainees[:2], "vi")
    return sitting.open_exam(cohort.book, code, candidates, BANK, None, by or cohort.examiner)


def handed_out(found: Sitting, trainee: str) -> Path:
    (path,) = (found.folder / "hand-out").glob(f"*{trainee}.ipynb")
    return path


def take(cohort: Cohort, found: Sitting, *paths: Path) -> list[taking.Receipt]:
    return list(taking.take(cohort.book, found, paths))


def result(cohort: Cohort, found: Sitting, trainee: str, by: Signer | None = None, **more: Any) -> Entry:
    data = {
        "trainee": trainee, "exam": found.exam, "part": found.part, "attempt": digest(trainee), "points": 30,
        "max_points": 42, "sat_at": found.opened, **more,
    }  # fmt: skip
    return cohort.book.append("exam-result", data, by or cohort.examiner)


# -- opening


def test_an_opened_sitting_has_a_notebook_for_each_in_their_language(cohort: Cohort) -> None:
    one, two, _ = cohort.trainees
    found = opened(cohort, **{one: "vi", two: "en"})
    entry = cohort.book.history.entries[-1]
    assert (entry.kind, entry.by) == ("exam", cohort.examiner.id)
    assert entry.data["trainees"] == [one, two]
    assert entry.data["form"] == found.commitment
    assert "# Bài thi spring" in handed_out(found, one).read_text("utf-8")
    assert "# Exam spring" in handed_out(found, two).read_text("utf-8")
    papers = [found.paper(trainee) for trainee in (one, two)]
    assert papers[0].number != papers[1].number
    assert [question.item for question in papers[0].questions] != [q.item for q in papers[1].questions]
    assert found.minutes == BANK.blueprint.minutes


def test_neither_the_seed_nor_another_paper_is_handed_out(cohort: Cohort) -> None:
    found = opened(cohort)
    text = "".join(path.read_text("utf-8") for path in (found.folder / "hand-out").iterdir())
    ledger = cohort.book.path.read_text("utf-8")
    for secret in (found.seed, *(about["sha256"] for about in found.papers.values())):
        assert secret not in text
        assert secret not in ledger
    one, two = found.papers
    assert found.papers[two]["number"] not in handed_out(found, one).read_text("utf-8")
    assert found.papers[one]["number"] not in ledger


def test_the_ledger_vouches_for_seed_and_papers(cohort: Cohort) -> None:
    found = opened(cohort)
    trainee = cohort.trainees[0]
    file, paper = found.folder / "sitting.json", found.folder / "papers" / f"{trainee}.json"
    content = paper.read_text("utf-8")
    paper.write_text(content.replace('"right": "', '"right": "A', 1), "utf-8")
    with pytest.raises(CourseError, match="was changed after the sitting was opened"):
        found.paper(trainee)
    paper.write_text(content, "utf-8")
    data = json.loads(file.read_text("utf-8"))
    changes: list[dict[str, Any]] = [
        {"seed": "0" * 64},
        {"sources": []},
        {"papers": {trainee: data["papers"][trainee]}},
    ]
    for change in changes:
        file.write_text(json.dumps(data | change), "utf-8")
        with pytest.raises(CourseError, match=r"is not the sitting that was opened in line \d+"):
            sitting.find(cohort.book, "spring")
    file.write_text("{", "utf-8")
    with pytest.raises(CourseError, match="cannot be read"):
        sitting.find(cohort.book, "spring")


def test_who_may_not_open_a_sitting(cohort: Cohort) -> None:
    for other in (cohort.trainer, cohort.registrar, cohort.decider):
        with pytest.raises(CourseError, match="is no examiner"):
            opened(cohort, by=other)
    both = cohort.person("trainer", "examiner")
    cohort.book.append("training", {"trainer": both.id, "trainees": [cohort.trainees[1]]}, both)
    with pytest.raises(CourseError, match=f"trained {cohort.trainees[1]} and cannot examine them"):
        opened(cohort, by=both)
    own = cohort.person("examiner", is_trainee=cohort.trainees[0])
    with pytest.raises(CourseError, match="nobody acts on their own case"):
        opened(cohort, by=own)
    assert not (cohort.path / "exams" / "spring-exam").exists()
    opened(cohort, by=both, **{cohort.trainees[0]: "vi"})


def test_whoever_trained_the_whole_cohort_examines_none_of_it(cohort: Cohort) -> None:
    both = cohort.person("trainer", "examiner")
    cohort.book.append("training", {"trainer": both.id, "trainees": ["*"]}, both)
    with pytest.raises(CourseError, match="cannot examine them"):
        opened(cohort, by=both)
    found = opened(cohort)
    with pytest.raises(CourseError, match="cannot examine them"):
        result(cohort, found, cohort.trainees[0], by=both)


def test_a_code_is_used_once_and_each_part_has_its_own(cohort: Cohort) -> None:
    found = opened(cohort)
    before = sorted(found.folder.rglob("*"))
    with pytest.raises(CourseError, match=r"spring \(exam\) was opened in line \d+"):
        opened(cohort, **{cohort.trainees[2]: "vi"})
    assert sorted(found.folder.rglob("*")) == before
    cohort.book.append("exam", {"exam": "spring", "part": "case", "event": "open"}, cohort.examiner)
    with pytest.raises(CourseError, match="has both parts; --part says which"):
        sitting.find(cohort.book, "spring")
    assert sitting.find(cohort.book, "spring", "exam").seed == found.seed
    with pytest.raises(CourseError, match="autumn: no such sitting was opened; there are: spring"):
        sitting.find(cohort.book, "autumn")


def test_what_an_interrupted_opening_left_is_in_nobodys_way(cohort: Cohort) -> None:
    left = cohort.path / "exams" / "spring-exam"
    left.mkdir(parents=True)
    (left / "sitting.json").write_text("{}")
    with pytest.raises(CourseError, match="no such sitting was opened"):
        sitting.find(cohort.book, "spring")
    assert len(opened(cohort).papers) == 2


def test_a_failed_opening_leaves_nothing(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise CourseError("no space")

    monkeypatch.setattr(cohort.book, "append", full)
    with pytest.raises(CourseError, match="no space"):
        opened(cohort)
    assert not (cohort.path / "exams" / "spring-exam").exists()


# -- attempts


def test_the_next_attempt_waits_as_the_rules_say(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    def on(day: str) -> None:
        monkeypatch.setattr(cohort.book, "now", lambda: f"{day}T12:00:00Z")

    trainee = cohort.trainees[0]
    found = opened(cohort)
    with pytest.raises(CourseError, match="is at the sitting spring, which is still open"):
        opened(cohort, "second")
    sitting.close(cohort.book, found, cohort.examiner)
    result(cohort, found, trainee)
    with pytest.raises(CourseError, match=r"may sit the exam again from 20.*, by rules 2026-2"):
        opened(cohort, "second")
    opened(cohort, "for-the-other", **{cohort.trainees[1]: "vi"})
    on("2999-01-01")
    made = opened(cohort, "second", **{trainee: "vi"})
    sitting.close(cohort.book, made, cohort.examiner)
    result(cohort, made, trainee)
    on("2999-01-14")
    with pytest.raises(CourseError, match="may sit the exam again from 2999-01-15"):
        opened(cohort, "third", **{trainee: "vi"})
    on("2999-01-15")
    made = opened(cohort, "third", **{trainee: "vi"})
    sitting.close(cohort.book, made, cohort.examiner)
    result(cohort, made, trainee)
    on("2999-12-31")
    with pytest.raises(CourseError, match="has had all 3 attempts at the exam"):
        opened(cohort, "fourth", **{trainee: "vi"})


def test_without_rules_nobody_sits(tmp_path: Path) -> None:
    cohort = Cohort(tmp_path / "cohort", adopt=False)
    with pytest.raises(CourseError, match="no rules are in force there yet"):
        opened(cohort)


# -- taking in


def test_notebooks_are_known_by_their_paper_whatever_the_file_is_called(
    cohort: Cohort, tmp_path: Path
) -> None:
    found = opened(cohort)
    one, two = found.papers
    renamed, folder = tmp_path / "Untitled (3).ipynb", tmp_path / "stick"
    shutil.copy(handed_out(found, one), renamed)
    folder.mkdir()
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(handed_out(found, two), "a/b.ipynb")
    said = take(cohort, found, renamed, folder)
    assert [receipt.taken.trainee for receipt in said if receipt.taken] == [one, two]
    kept = taking.counting(found)[one]
    assert (found.folder / "taken" / one / f"{kept.sha256}.ipynb").read_bytes() == renamed.read_bytes()
    (again,) = take(cohort, found, renamed)
    assert "was taken in before" in again.said
    assert len(taking.taken(found)) == 2


def test_the_last_notebook_counts_and_the_first_is_kept(cohort: Cohort, tmp_path: Path) -> None:
    found = opened(cohort)
    one = cohort.trainees[0]
    take(cohort, found, handed_out(found, one))
    later = tmp_path / "later.ipynb"
    later.write_text(
        handed_out(found, one).read_text("utf-8").replace('answer(\\"q01\\", None)', "1"), "utf-8"
    )
    (receipt,) = take(cohort, found, later)
    assert "instead of the one of" in receipt.said
    assert receipt.taken == taking.counting(found)[one]
    assert len(list((found.folder / "taken" / one).iterdir())) == 2


def refusal(cohort: Cohort, found: Sitting, path: Path) -> str:
    (receipt,) = take(cohort, found, path)
    assert receipt.taken is None
    assert not taking.taken(found)
    return receipt.said


def test_what_is_no_notebook_of_the_sitting_is_refused(cohort: Cohort, tmp_path: Path) -> None:
    found = opened(cohort)
    other = opened(cohort, "autumn", **{cohort.trainees[2]: "vi"})
    said = refusal(cohort, found, handed_out(other, cohort.trainees[2]))
    assert said == "is no notebook of the sitting spring-exam, but of autumn"
    both = json.loads(handed_out(found, cohort.trainees[0]).read_text("utf-8"))
    both["cells"] += json.loads(handed_out(found, cohort.trainees[1]).read_text("utf-8"))["cells"]
    path = tmp_path / "file.ipynb"
    contents: list[tuple[str, str]] = [
        (json.dumps(both), "holds the papers of"),
        ("{", "damaged or no hand-in"),
        ("", "empty"),
        ('{"cells": [3], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', "not valid"),
        (
            '{"cells": [], "metadata": [], "nbformat": 4, "nbformat_minor": 5}',
            "is no notebook of the sitting",
        ),
        (
            '{"format": "course-hand-in/1", "notebooks": {"w01.ipynb": {"cells": []}}}',
            "no exercise of the course",
        ),
    ]
    for content, why in contents:
        path.write_text(content, "utf-8")
        assert why in refusal(cohort, found, path), content
    assert "no such file" in refusal(cohort, found, tmp_path / "nowhere.ipynb")


def test_nothing_is_taken_in_before_opening_or_after_closing(cohort: Cohort) -> None:
    found = opened(cohort)
    one, two = found.papers
    take(cohort, found, handed_out(found, one))
    sitting.close(cohort.book, found, cohort.examiner)
    closed = sitting.find(cohort.book, "spring")
    with pytest.raises(CourseError, match=r"spring: was closed at .*; nothing more is taken in"):
        take(cohort, closed, handed_out(closed, two))
    assert list(taking.counting(closed)) == [one]
    with pytest.raises(CourseError, match=r"spring \(exam\) was closed in line"):
        sitting.close(cohort.book, closed, cohort.examiner)


def test_a_damaged_list_of_what_was_taken_is_named(cohort: Cohort) -> None:
    found = opened(cohort)
    take(cohort, found, handed_out(found, cohort.trainees[0]))
    (found.folder / taking.LOG).write_text("{}\n")
    with pytest.raises(CourseError, match=r"taken\.jsonl: cannot be read"):
        taking.taken(found)


# -- results on the ledger


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"exam": "autumn"}, r"no sitting autumn \(exam\) was opened"),
        ({"part": "case"}, r"no sitting spring \(case\) was opened"),
        ({"sat_at": "2999-01-01T00:00:00Z"}, r"spring was closed at .*, before 2999-01-01"),
        ({"points": 43}, "43 points of 42"),
    ],
)
def test_a_result_must_belong_to_a_sitting(cohort: Cohort, change: dict[str, Any], why: str) -> None:
    found = opened(cohort)
    sitting.close(cohort.book, found, cohort.examiner)
    with pytest.raises(CourseError, match=why):
        result(cohort, found, cohort.trainees[0], **change)
    with pytest.raises(CourseError, match=f"{cohort.trainees[2]} is not among the candidates of spring"):
        result(cohort, found, cohort.trainees[2])
    result(cohort, found, cohort.trainees[0])


def test_a_sitting_cannot_be_closed_that_was_not_opened(cohort: Cohort) -> None:
    with pytest.raises(CourseError, match=r"no sitting spring \(exam\) was opened"):
        cohort.book.append("exam", {"exam": "spring", "part": "exam", "event": "close"}, cohort.examiner)


def test_a_notebook_changed_after_it_was_taken_in_is_not_marked(cohort: Cohort) -> None:
    found = opened(cohort)
    one = cohort.trainees[0]
    (receipt,) = take(cohort, found, handed_out(found, one))
    assert receipt.taken
    path = found.folder / "taken" / one / f"{receipt.taken.sha256}.ipynb"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(CourseError, match="was changed after it was taken in"):
        results.run_notebook(found, receipt.taken, None)  # type: ignore[arg-type]
    path.unlink()
    with pytest.raises(CourseError, match="No such file"):
        results.run_notebook(found, receipt.taken, None)  # type: ignore[arg-type]


def test_every_file_about_a_candidate_is_named_after_them(cohort: Cohort) -> None:
    """So that whoever has to remove what there is of somebody finds it; two lists hold the number alone."""
    found = opened(cohort)
    for trainee in found.papers:
        take(cohort, found, handed_out(found, trainee))
        others = [path for path in found.folder.rglob("*") if path.is_file() and trainee not in str(path)]
        texts = {path.name: path.read_text("utf-8") for path in others}
        number = re.compile(rf"\b({trainee}|{written(trainee)})\b")
        about = {name for name, text in texts.items() if number.search(text)}
        assert about == {"sitting.json", taking.LOG}


def test_a_result_is_signed_by_nobody_who_trained_the_candidate(cohort: Cohort) -> None:
    found = opened(cohort)
    one = cohort.trainees[0]
    both = cohort.person("trainer", "examiner")
    cohort.book.append("training", {"trainer": both.id, "trainees": [one]}, both)
    made = results.Result("spring", "exam", one, "0" * 12, digest(one), found.opened, 30, 42, [], [], 1.0)
    with pytest.raises(CourseError, match="cannot examine them"):
        results.sign(cohort.book, found, made, both)
    assert not results.result_path(found, one).exists()
    results.sign(cohort.book, found, made, cohort.examiner)
    assert results.read_result(found, one) == made
    assert results.signed(cohort.book, found) == {one: 30}
    results.result_path(found, one).write_text("[]")
    with pytest.raises(CourseError, match="cannot be read"):
        results.read_result(found, one)
