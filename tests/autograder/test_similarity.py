"""How alike hand-ins are: what must make no difference, what must, and how long it takes."""

from __future__ import annotations

import random
import time
import unicodedata

import pytest

from autograder.assignments import assignments, release_notebook
from autograder.report.similarity import (
    ALIKE,
    FEW,
    LEAST_SHINGLES,
    SHINGLE,
    Text,
    common_figures,
    compare,
    equal_numbers,
    shingles_of,
    significant,
)
from autograder.report.study import template
from linelab.cases import load

MEMO = (
    "Tôi đề nghị giảm cỡ lô chuyển tiếp xuống 15 kiện và kẻ lại làn FIFO còn 30 chỗ. Thời gian lưu trình "
    "giảm từ 223 ± 1 phút xuống 59,3 ± 0,8 phút, lưu lượng gần như giữ nguyên. Đổi lại, máy dán phải được "
    "sửa nhanh hơn."
)
OTHER = (
    "First the carts, then the lanes: we move fifteen bundles at a time and paint thirty places on the "
    "floor. "
    "A bundle is then through in an hour, which the foreman checks with cards on five bundles a shift."
)


def words(rng: random.Random, count: int) -> str:
    return " ".join("".join(rng.choices("abcdeghiklmnoprstuvxy", k=4)) for _ in range(count))


def likeness(one: str, other: str, template_: str = "") -> float:
    """Resemblance of two texts as the comparison has it; 0 if they are not listed."""
    found = compare({"a": Text.of(one), "b": Text.of(other)}, shingles_of([template_]))
    return found.alike[0].resemblance if found.alike else 0.0


def test_the_resemblance_is_broders() -> None:
    """His own example of a text that repeats itself (1997), and one that can be counted by hand."""
    text = Text.of("a rose is a rose is a rose")
    assert len(text.words) == 8
    assert text.shingles == {
        ("a", "rose", "is", "a", "rose"), ("rose", "is", "a", "rose", "is"), ("is", "a", "rose", "is", "a")
    }  # fmt: skip
    base = [f"w{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(100)]
    one, other = " ".join(base[:60]), " ".join(base[20:80])
    shared, either = 40 - SHINGLE + 1, 80 - SHINGLE + 1
    assert likeness(one, other) == pytest.approx(shared / either)


@pytest.mark.parametrize(
    "disguised",
    [
        MEMO.upper(),
        MEMO.replace("15", "20").replace("223", "198").replace("59,3", "61.0"),
        MEMO.replace(", ", "; ").replace(". ", "  "),
        "".join(c for c in unicodedata.normalize("NFD", MEMO) if not unicodedata.combining(c)),
        unicodedata.normalize("NFD", MEMO),
    ],
    ids=["case", "numbers", "punctuation", "diacritics", "decomposed"],
)
def test_retyping_and_other_figures_do_not_hide_a_passage(disguised: str) -> None:
    assert likeness(MEMO, disguised) > 0.95


def test_texts_of_different_people_are_not_listed() -> None:
    assert likeness(MEMO, OTHER) == 0.0
    rng = random.Random(1)
    found = compare({str(n): Text.of(words(rng, 150)) for n in range(40)})
    assert (found.alike, found.texts, found.pairs, found.short) == ([], 40, 780, 0)


def test_a_text_inside_a_longer_one_is_listed_though_they_are_not_alike() -> None:
    rng = random.Random(2)
    inside, around = words(rng, 60), words(rng, 600)
    found = compare({"a": Text.of(inside), "b": Text.of(f"{around} {inside}")})
    assert found.alike[0].resemblance < ALIKE
    assert found.alike[0].inside > 0.9


def test_what_the_exercise_says_itself_does_not_count() -> None:
    rng = random.Random(3)
    asked = words(rng, 80)
    one, other = f"{asked} {words(rng, 100)}", f"{asked} {words(rng, 100)}"
    assert likeness(one, other) > ALIKE
    assert likeness(one, other, asked) == 0.0


@pytest.mark.parametrize("assignment", assignments())
def test_a_copied_question_is_nobodys_own_words(assignment: str) -> None:
    for language in ("vi", "en"):
        question = next(
            cell.source
            for cell in release_notebook(assignment, language).cells
            if cell.cell_type == "markdown" and len(cell.source) > 400
        )
        text = Text.of(question)
        assert len(text.shingles) > LEAST_SHINGLES
        assert not text.shingles - template(assignment)


def test_short_texts_are_counted_and_not_compared() -> None:
    found = compare({"a": Text.of("Đồng ý."), "b": Text.of("Đồng ý."), "c": Text.of(MEMO)})
    assert (found.texts, found.pairs, found.short) == (1, 0, 2)


def test_passages_are_marked_where_both_have_them_and_nowhere_else() -> None:
    rng = random.Random(4)
    shared = words(rng, 12)
    one, other = Text.of(f"{words(rng, 9)}, {shared}! {words(rng, 9)}"), Text.of(f"{shared} {words(rng, 20)}")
    both = one.shingles & other.shingles
    assert [one.shown[a:b] for a, b in one.passages(both)] == [shared]
    assert [other.shown[a:b] for a, b in other.passages(both)] == [shared]


def test_all_pairs_of_a_large_cohort_take_seconds() -> None:
    rng = random.Random(5)
    phrases = [words(rng, 8) for _ in range(300)]
    texts = {}
    for n in range(500):
        parts = [rng.choice(phrases) if rng.random() < 0.4 else words(rng, 8) for _ in range(20)]
        texts[str(n)] = Text.of(" ".join(parts))
    texts["copy"] = Text.of(texts["7"].shown.upper() + " Xin cảm ơn.")
    began = time.perf_counter()
    found = compare(texts)
    took = time.perf_counter() - began
    print(f"\n{found.pairs} pairs in {took:.2f} s")
    assert {found.alike[0].one, found.alike[0].other} == {"7", "copy"}
    assert took < 10  # well below one on an idle processor


def test_equal_numbers_count_only_where_right_answers_differ_and_one_is_wrong() -> None:
    answers = {"a": 85.714286, "b": 85.714286, "c": 77.25}
    apart = {"a": 80.0, "b": 82.0, "c": 81.0}.get
    (found,) = equal_numbers("q3", answers, {"a", "b", "c"}, apart)
    assert (found.trainees, found.value) == (("a", "b"), 85.714286)
    assert equal_numbers("q3", answers, {"b"}, apart)  # right for one of them, and taken over by the other
    assert not equal_numbers("q3", answers, {"c"}, apart)  # right for both
    assert not equal_numbers("q3", answers, {"a", "b"}, lambda _: 80.0)  # the same figures, the same slip
    round_ = {"a": 30.0, "b": 30.0, "c": 12.5}
    assert not equal_numbers("q3", round_, {"a", "b"}, apart)  # numbers that people come to by rounding


def test_what_is_expected_is_asked_for_only_where_numbers_are_equal() -> None:
    asked: list[str] = []

    def expected(who: str) -> float:
        asked.append(who)
        return float(len(asked))

    answers = {str(n): 100.123 + n for n in range(50)} | {"x": 3.14159, "y": 3.14159}
    assert len(equal_numbers("q1", answers, set(answers), expected)) == 1
    assert asked == ["x", "y"]


@pytest.mark.parametrize(
    ("written", "digits"), [("30", 1), ("37.5", 3), ("0.05", 1), ("1200", 2), ("85.714286", 8), ("-0.25", 2)]
)
def test_significant_digits(written: str, digits: int) -> None:
    assert significant(written) == digits


def test_what_two_variants_have_in_common_is_found() -> None:
    one, other = (load("w01").variant(who, "2026-1") for who in ("K7P2QD4P", "0000000Z"))
    shared = dict(common_figures(one, other))
    for path in (rule["path"] for rule in load("w01").variation):
        assert (path in shared) == (one.figure(path) == other.figure(path))
    assert dict(common_figures(one, one)).keys() == {rule["path"] for rule in one.variation}


def test_few_is_less_than_a_class() -> None:
    """Numbers that more have in common are told apart as one misunderstanding, not as pairs."""
    answers = {str(n): 123.456 for n in range(FEW + 1)}
    (found,) = equal_numbers("q1", answers, set(answers), lambda who: float(who))
    assert len(found.trainees) > FEW
