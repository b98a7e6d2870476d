"""Marking by persons: blind, two at once, a second time for a sample, and settled where they differ."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner

from autograder.cohort import Cohort, Trainee
from autograder.entry import Entries
from autograder.errors import CourseError
from autograder.gradebook import details, open_gradebook
from autograder.manual import OvertakenError, set_manual
from autograder.markings import FIRST, SECOND, SETTLED, markings
from autograder.records import read_record, write_record
from autograder.review import claims, handlers, reviewed
from autograder.review.blind import MASK, Blind, masked
from autograder.review.desk import DONE, LATER, MINE, OPEN, Desk, Item, Session, TakenError
from autograder.review.handlers import FRONT
from autograder.review.sample import Sample
from autograder.texts import catalogue
from course import main
from linelab.trainees import check_character, is_trainee_id, written

FULL = {"decision": 1.0, "figures": 1.0, "why": 1.0, "risk": 1.0}
NONE = dict.fromkeys(FULL, 0.0)


def course(cohort: Cohort, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["review", "-C", str(cohort.path), *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result.output


def desk(cohort: Cohort, grader: str, role: str = "first", **more: Any) -> Desk:
    return Desk(cohort, Session(grader, role, **more))


def items(desk: Desk, state: str = "") -> list[Item]:
    return [item for item in desk.items("w01", "q8") if state in ("", item.state)]


def view(desk: Desk, item: Item) -> dict[str, Any]:
    return desk.view("w01", "q8", item.answer.notebook)


def mark(desk: Desk, item: Item, levels: dict[str, float], comment: str = "") -> None:
    seen = view(desk, item)["seen"]
    desk.mark("w01", "q8", item.answer.notebook, levels, comment, seen)


# -- blind


def test_blind_names_are_short_stable_and_an_assignments_own() -> None:
    people = [f"{i:07d}" + check_character(f"{i:07d}") for i in range(500)]
    codes = [Blind("a secret").code("w01", trainee) for trainee in people]
    assert len(set(codes)) == 500
    assert all(len(code) == 7 and not is_trainee_id(code) for code in codes)
    assert codes == [Blind("a secret").code("w01", trainee) for trainee in people]
    assert not set(codes) & {Blind("a secret").code("w02", trainee) for trainee in people}
    assert not set(codes) & {Blind("another secret").code("w01", trainee) for trainee in people}


def test_nothing_that_a_grader_gets_says_whose_answer_it_is(classroom: Cohort) -> None:
    first = desk(classroom, "An")
    for item in items(first):
        shown = json.dumps(view(first, item), ensure_ascii=False)
        for trainee in classroom.roster().values():
            record = read_record(classroom.path, trainee.id, "w01")
            for telling in (trainee.id, written(trainee.id), trainee.name, record.attempt, record.graded_at):
                assert telling.lower() not in shown.lower(), telling
    signed = [x for x in items(first) if "Ký:" in view(first, x)["text"]]
    assert signed
    assert all(view(first, x)["text"].count(MASK) == 2 for x in signed)


def test_names_shows_numbers_and_leaves_the_text_alone(classroom: Cohort) -> None:
    named = desk(classroom, "An", names=True)
    assert {item.code for item in items(named)} == {written(t) for t in classroom.roster()}
    signed = next(x for x in items(named) if "Ký:" in view(named, x)["text"])
    assert MASK not in view(named, signed)["text"]
    assert view(named, signed)["name"] == classroom.roster()[signed.answer.trainee].name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ký: Nguyễn Văn An, mã 3z2g FH7Q", f"Ký: {MASK}, mã {MASK}"),
        ("3Z2GFH7Q. 3Z2G–FH7Q, ma so 3z2g_fh7q", f"{MASK}. {MASK}, ma so {MASK}"),
        ("NGUYEN VAN AN; Nguyễn\nVăn  An; An Nguyễn; văn-an", f"{MASK}; {MASK}; {MASK}; {MASK}"),
        ("N\u0067uye\u0302\u0303n Va\u0306n An", MASK),  # letters with their marks apart
        ("thư: AN.Nguyen@nha-may.vn", f"thư: {MASK}"),
        ("An toàn lao động; vận an toàn; 3Z2GFH7Q9", "An toàn lao động; vận an toàn; 3Z2GFH7Q9"),
    ],
)
def test_number_name_and_address_are_covered_in_every_spelling(text: str, shown: str) -> None:
    person = Trainee("3Z2GFH7Q", "Nguyễn Văn An", "an.nguyen@nha-may.vn")
    assert masked(text, person) == shown


def test_who_has_no_name_or_one_name_only() -> None:
    assert masked("Bình quân 5. 3Z2GFH7Q", Trainee("3Z2GFH7Q")) == f"Bình quân 5. {MASK}"
    assert masked("Ký: Bình. Trung bình", Trainee("3Z2GFH7Q", "Bình")) == f"Ký: {MASK}. Trung bình"


def test_graders_have_orders_of_their_own_that_stay(classroom: Cohort) -> None:
    an, binh = ([x.code for x in items(desk(classroom, name))] for name in ("An", "Bình"))
    assert sorted(an) == sorted(binh)
    assert an != binh
    assert an == [x.code for x in items(desk(classroom, " an "))]


# -- what is beside the text


def test_the_rubric_and_the_other_answers_stand_in_the_trainees_language(classroom: Cohort) -> None:
    first = desk(classroom, "An")
    shown = {item.answer.trainee: view(first, item) for item in items(first)}
    first_one, _, _, english, *_ = classroom.roster()
    assert [row["label"] for row in shown[english]["rubric"]] == [
        "Decision", "Figures", "Why", "Risk and measuring",
    ]  # fmt: skip
    vietnamese = shown[first_one]
    assert vietnamese["rubric"][0]["label"] == "Quyết định"
    others = {other["question"]: other for other in vietnamese["others"]}
    assert others["q4"]["value"] == "228,06 phút"
    assert others["q3"]["value"] == "Chưa ghi câu trả lời."
    plan = others["q7"]
    assert (plan["points"], plan["most"], plan["reasons"]) == (6, 6, ["Đạt 100 % mức cải thiện."])
    settings = [(row["setting"], row["cost"]) for row in plan["plan"]["rows"]]
    assert settings == [("5", 27), ("15", 12), ("240", 20)]
    assert (plan["plan"]["total"], plan["plan"]["budget"]) == (59, 60)


def test_a_plan_that_cannot_be_is_shown_without_a_cost(classroom: Cohort) -> None:
    trainee, *_ = classroom.roster()
    _hand_in_another(classroom, trainee, q7={"transfer_lot": 7, "magic": "an <b>", "barcode": True})
    first = desk(classroom, "An")
    shown = view(first, next(x for x in items(first) if x.answer.trainee == trainee))
    plan = next(o for o in shown["others"] if o["question"] == "q7")["plan"]
    assert [row["cost"] for row in plan["rows"]] == [None, None, None]
    assert [row["setting"] for row in plan["rows"]] == ["7", "an <b>", "True"]
    assert plan["total"] is None


# -- two graders at once


def test_a_mark_counts_at_once_and_is_not_the_other_graders_to_see(classroom: Cohort) -> None:
    an, binh = desk(classroom, "An"), desk(classroom, "Bình")
    item = items(an, OPEN)[0]
    mark(an, item, FULL | {"why": 0.5}, "  Rõ.  ")
    (detail,) = (d for d in details(classroom, item.answer.trainee, "w01") if d.question == "q8")
    assert (detail.points, detail.comment, detail.waiting) == (3.5, "Rõ.", False)
    assert len(items(an, MINE)) == 1
    assert len(items(an, OPEN)) == 9
    again = view(an, item)
    assert (again["levels"], again["comment"]) == (FULL | {"why": 0.5}, "Rõ.")
    theirs = next(x for x in items(binh) if x.code == item.code)
    assert theirs.state == DONE
    with pytest.raises(TakenError):
        view(binh, theirs)


def test_who_comes_second_is_told_and_overwrites_nothing(classroom: Cohort) -> None:
    an, binh = desk(classroom, "An"), desk(classroom, "Bình")
    item = items(an, OPEN)[0]
    seen = [view(grader, item)["seen"] for grader in (an, binh)]
    an.mark("w01", "q8", item.answer.notebook, FULL, "", seen[0])
    with pytest.raises(OvertakenError):
        binh.mark("w01", "q8", item.answer.notebook, NONE, "", seen[1])
    assert [a.points for a in reviewed(classroom) if a.notebook == item.answer.notebook] == [4]


def test_one_grader_in_two_windows_overwrites_nothing_either(classroom: Cohort) -> None:
    an = desk(classroom, "An")
    item = items(an, OPEN)[0]
    one, other = view(an, item)["seen"], view(an, item)["seen"]
    seen = an.mark("w01", "q8", item.answer.notebook, FULL, "", one)["seen"]
    with pytest.raises(OvertakenError):
        an.mark("w01", "q8", item.answer.notebook, NONE, "", other)
    an.mark("w01", "q8", item.answer.notebook, NONE, "", seen)


def test_a_text_that_was_handed_in_anew_is_not_marked_unseen(classroom: Cohort) -> None:
    an = desk(classroom, "An")
    item = items(an, OPEN)[0]
    trainee, seen = item.answer.trainee, view(an, item)["seen"]
    _hand_in_another(classroom, trainee, q8="Một bài khác.")
    with pytest.raises(OvertakenError):
        an.mark("w01", "q8", item.answer.notebook, FULL, "", seen)
    mark(an, item, NONE)
    assert view(an, item)["changed"] is False
    _hand_in_another(classroom, trainee, q8="Một bài khác nữa.")
    assert view(an, item)["changed"] is True
    assert view(an, item)["levels"] == {}


def _hand_in(cohort: Cohort, trainee: str) -> Any:
    return nbformat.read(cohort.path / "nbgrader" / "submitted" / trainee / "w01" / "w01.ipynb", 4)


def _hand_in_another(cohort: Cohort, trainee: str, **answers: Any) -> None:
    record = read_record(cohort.path, trainee, "w01")
    again = write_record(cohort.path, replace(record, answers=record.answers | answers))
    with Entries.open(cohort.path) as entries:
        entries.enter(again, _hand_in(cohort, trainee), datetime.now(UTC))


@pytest.mark.parametrize("levels", [{}, FULL | {"why": 0.7}, FULL | {"magic": 1.0}, {"decision": 1.0}])
def test_only_levels_of_the_rubric_are_taken(classroom: Cohort, levels: dict[str, float]) -> None:
    an = desk(classroom, "An")
    item = items(an, OPEN)[0]
    with pytest.raises(CourseError, match="one of its levels"):
        mark(an, item, levels)


def test_a_claim_tells_others_and_ends_by_itself(classroom: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    an, binh = desk(classroom, "An").claims, desk(classroom, "Bình").claims
    an.take("x-q8")
    assert binh.others() == {"x-q8": "An"}
    assert an.others() == {}
    binh.take("x-q8")  # no use
    assert binh.others() == {"x-q8": "An"}
    an.take("y-q8")
    assert binh.others() == {"y-q8": "An"}
    an.release()
    assert binh.others() == {}
    an.take("x-q8")
    monkeypatch.setattr(claims, "LIFE", 0.0)
    assert binh.others() == {}


# -- a second mark for a sample


def first_marks(cohort: Cohort) -> None:
    """An marks six, Bình four."""
    an, binh = desk(cohort, "An"), desk(cohort, "Bình")
    for number, item in enumerate(items(an)):
        mark(an if number < 6 else binh, item, FULL, "Bí mật của người chấm lần một")


@pytest.mark.parametrize(
    ("given", "count"), [("0.2", 2), ("20%", 2), ("20 %", 2), ("0,25", 3), ("3", 3), ("100%", 10), ("99", 10)]
)
def test_the_sample_is_as_large_as_asked(classroom: Cohort, given: str, count: int) -> None:
    answers = reviewed(classroom)
    assert len(Sample.read(given).drawn(Blind(classroom.secret), answers)) == count


@pytest.mark.parametrize("given", ["0", "0%", "1.5", "-1", "x", "", "120%"])
def test_a_sample_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(CourseError, match="--second"):
        Sample.read(given)


def test_the_sample_comes_from_the_secret_and_grows_without_loss(classroom: Cohort) -> None:
    answers = reviewed(classroom)
    one = Sample(count=5).drawn(Blind("one"), answers)
    assert one != Sample(count=5).drawn(Blind("two"), answers)
    assert one == Sample(count=5).drawn(Blind("one"), answers[::-1])
    assert one == Sample(count=8).drawn(Blind("one"), answers)[:5]


def test_a_second_mark_is_another_persons_and_blind(classroom: Cohort) -> None:
    first_marks(classroom)
    binh = desk(classroom, "Bình", SECOND)
    assert len(items(binh)) == 6  # those that An marked
    for item in items(binh):
        assert item.state == OPEN
        shown = view(binh, item)
        assert (shown["levels"], shown["comment"], shown["points"], shown["marks"]) == ({}, "", None, [])
        assert "Bí mật" not in json.dumps(shown, ensure_ascii=False)
        mark(binh, item, NONE)
    assert {x.state for x in items(binh)} == {MINE}
    assert all(a.points == 4 for a in reviewed(classroom))  # the first marks count
    chi = desk(classroom, "Chi", SECOND)
    assert sorted(x.state for x in items(chi)) == [DONE] * 6 + [OPEN] * 4


def test_a_second_mark_waits_for_the_first(classroom: Cohort) -> None:
    second = desk(classroom, "Bình", SECOND, sample=Sample(count=3))
    assert [x.state for x in items(second)] == [LATER] * 3
    with pytest.raises(CourseError, match="no first mark yet"):
        view(second, items(second)[0])


def test_two_second_graders_at_once_do_not_overwrite_each_other(classroom: Cohort) -> None:
    first_marks(classroom)
    chi, dung = desk(classroom, "Chi", SECOND), desk(classroom, "Dũng", SECOND)
    item = items(chi)[0]
    seen = [view(grader, item)["seen"] for grader in (chi, dung)]
    chi.mark("w01", "q8", item.answer.notebook, FULL, "", seen[0])
    with pytest.raises(OvertakenError):
        dung.mark("w01", "q8", item.answer.notebook, NONE, "", seen[1])


def test_a_difference_is_settled_by_name_and_recorded(classroom: Cohort) -> None:
    first_marks(classroom)
    binh = desk(classroom, "Bình", SECOND)
    near, far = items(binh)[:2]
    mark(binh, near, FULL | {"why": 0.5})
    mark(binh, far, FULL | {"why": 0.0, "risk": 0.5}, "Không nói vì sao.")
    chi = desk(classroom, "Chi", SETTLED)
    (item,) = items(chi)
    assert (item.answer.notebook, item.state) == (far.answer.notebook, OPEN)
    shown = view(chi, item)
    assert [m["points"] for m in shown["marks"]] == [4, 2.5]
    assert shown["marks"][1]["comment"] == "Không nói vì sao."
    assert "Bình" not in json.dumps(shown["marks"], ensure_ascii=False)
    mark(chi, item, FULL | {"why": 0.5}, "Đã trao đổi.")
    (settled,) = (a for a in reviewed(classroom) if a.notebook == far.answer.notebook)
    assert (settled.points, settled.settled) == (3.5, True)
    line = markings(classroom.path, "w01")[settled.trainee, "q8"][-1]
    assert (line.role, line.grader, line.points) == (SETTLED, "Chi", 3.5)
    assert [x.state for x in items(chi)] == [MINE]
    an = desk(classroom, "An")
    assert next(x for x in items(an) if x.code == item.code).state == DONE


# -- without a browser


def test_the_list_is_blind_and_its_names_can_be_used(classroom: Cohort) -> None:
    listed = course(classroom, "--list")
    assert not any(written(t) in listed for t in classroom.roster())
    assert "10 answers wait for a person" in listed
    code = listed.split()[0]
    said = course(classroom, "--set", code.lower(), "w01", "q8", "3,5", "--comment", "Rõ", "--grader", "An")
    assert f"{code.lower()} w01 q8: 3.5 points by An" in said
    assert "9 answers wait for a person" in course(classroom, "--list")
    again = course(classroom, "--set", code, "w01", "q8", "2", "--grader", "Bình")
    assert "in place of 3.5 by An" in again
    named = course(classroom, "--list", "--names")
    assert sum(written(t) in named for t in classroom.roster()) == 9


def test_second_marks_and_settlements_are_listed_too(classroom: Cohort) -> None:
    first_marks(classroom)
    assert "6 answers wait" in course(classroom, "--list", "--second", "100%", "--grader", "Bình")
    assert "0 answers wait" in course(classroom, "--list", "--settle", "--grader", "Chi")
    assert "course review --second" in course(classroom, "--agreement")
    binh = desk(classroom, "Bình", SECOND)
    for number, item in enumerate(items(binh)):
        mark(binh, item, NONE if number == 0 else FULL)
    said = course(classroom, "--agreement")
    assert "w01 q8, An and Bình: 6 answers marked by both" in said
    assert "An less Bình" in said
    code = items(desk(classroom, "x", SETTLED))[0].code
    assert f"{code} w01 q8: 4 by An, 0 by Bình" in said
    assert "1 answers differ by more than 0.5 points" in said
    assert "0 answers differ" not in course(classroom, "--agreement", "--threshold", "3.5")  # a whole level
    course(classroom, "--settle", "--grader", "Chi", "--set", code, "w01", "q8", "2")
    assert "0 answers differ" in course(classroom, "--agreement")
    two = next(x.code for x in items(binh) if x.code != code)
    course(classroom, "--settle", "--grader", "Chi", "--set", two, "w01", "q8", "2")
    free = next(x for x in items(desk(classroom, "An")) if x.answer.second is None)
    said = course(classroom, "--settle", "--grader", "Chi", "--set", free.code, "w01", "q8", "2", code=1)
    assert "has no two marks to settle" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--settle", "--list"], "give --grader NAME"),
        (["--settle", "--second", "2", "--grader", "An"], "two different tasks"),
        (["--second", "2", "--set", "x", "w01", "q8", "1"], "given on the page"),
        (["--second", "all", "--list"], "--second 'all'"),
        (["--comment", "x", "--list"], "--comment: belongs to a mark"),
        (["--set", "AAA-AAA", "w01", "q8", "1"], "roster.csv"),
    ],
)
def test_options_that_do_not_go_together_are_one_clear_line(
    cohort: Cohort, options: list[str], said: str
) -> None:
    output = course(cohort, *options, code=1)
    assert said in output
    assert len(output.splitlines()) == 1


def test_a_mark_from_outside_of_the_page_is_anybodys(classroom: Cohort) -> None:
    an = desk(classroom, "An")
    item = items(an)[0]
    set_manual(classroom, item.answer.trainee, "w01", "q8", 3, "Trên dòng lệnh.", grader="An")
    shown = view(an, item)
    assert (shown["points"], shown["levels"], shown["comment"]) == (3, {}, "Trên dòng lệnh.")
    with open_gradebook(classroom.path) as gradebook:  # as nbgrader's own server enters it
        grade = gradebook.find_grade("w01-q8", "w01", "w01", item.answer.trainee)
        grade.manual_score = 1.0
        gradebook.db.commit()
    (answer,) = (a for a in reviewed(classroom) if a.notebook == item.answer.notebook)
    assert (answer.points, answer.mark) == (1, None)
    assert view(desk(classroom, "Bình"), item)["points"] == 1


def test_every_word_of_the_page_is_there_and_none_is_left_over() -> None:
    code = "".join(path.read_text("utf-8") for path in FRONT.glob("*.js"))
    there = {key.removeprefix("review.") for key in catalogue() if key.startswith("review.")}
    assert {key for key in re.findall(r'say\("(\w+)"', code) if key not in there} == set()
    refused = set(re.findall(r'"(overtaken|taken|failed)"', Path(handlers.__file__).read_text("utf-8")))
    assert refused == {"overtaken", "taken", "failed"}
    assert refused | {"unreachable"} <= there
    for role in (FIRST, SECOND, SETTLED):
        assert f"nothing_{role}" in there
    families = ("nothing_", "role_", "given_", "key_", "names", "blind")
    for key in there:
        assert f'"{key}"' in code or key.startswith(families), f"{key} is never used"
