"""The item bank: every item fair whatever is drawn, every answer right by a calculation of our own."""

from __future__ import annotations

import math
import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder.certify.exam import bank, form
from autograder.certify.exam.formulas import FormulaError, value
from autograder.certify.exam.question import Drawn, draw
from autograder.certify.exam.template import BLANK, Item, generator
from autograder.errors import CourseError
from linelab.texts import LANGUAGES
from publish.paths import BOOK

BANK = bank.load()
ITEMS = {item.id: item for item in BANK.items}
DRAWS = 40


def drawn(item: Item, number: int) -> Drawn:
    return draw(item, "q01", 2, generator("test", item.id, str(number)))


# -- what the bank holds


def test_there_are_twelve_items_a_week_of_each_level_and_kind() -> None:
    for week in ("w01", "w02", "w03"):
        levels = Counter(item.level for item in BANK.items if item.module == week)
        assert levels == {"recall": 4, "apply": 5, "analyse": 3}
    assert {item.kind for item in BANK.items} == {"choice", "number", "order", "match"}


def test_each_item_asks_for_an_objective_of_its_week() -> None:
    for item in BANK.items:
        (page,) = (BOOK / "en").glob(f"{item.module}-*/index.md")
        assert f"`{item.objective}`" in page.read_text("utf-8"), item.id
        assert item.objective.startswith(item.module)


def texts(data: Any) -> list[dict[str, str]]:
    if isinstance(data, dict):
        if set(data) == set(LANGUAGES):
            return [data]
        return [text for part in data.values() for text in texts(part)]
    return [text for part in data for text in texts(part)] if isinstance(data, list) else []


@pytest.mark.parametrize("item", BANK.items, ids=lambda item: item.id)
def test_both_languages_of_an_item_say_the_same_figures(item: Item) -> None:
    found = texts(item.data)
    assert len(found) >= 3
    for text in found:
        blanks = [sorted(match[0] for match in BLANK.finditer(text[x])) for x in LANGUAGES]
        assert blanks[0] == blanks[1], text
        assert all(unicodedata.is_normalized("NFC", text[x]) for x in LANGUAGES)
    for number in range(5):
        made = drawn(item, number)
        for text in (made.ask, made.reason, *made.options, *made.left):
            assert not any(BLANK.search(text[x]) for x in LANGUAGES)


def test_parameters_are_all_used() -> None:
    for item in BANK.items:
        said = yaml.safe_dump({k: v for k, v in item.data.items() if k != "parameters"}, allow_unicode=True)
        for name in item.data.get("parameters", {}):
            assert re.search(rf"\b{name}\b", said), f"{item.id}: {name}"


# -- fair whatever is drawn


@pytest.mark.parametrize("item", BANK.items, ids=lambda item: item.id)
def test_no_draw_is_ambiguous(item: Item) -> None:
    for number in range(DRAWS):
        made = drawn(item, number)
        if made.kind == "number":
            assert isinstance(made.right, float)
            assert math.isfinite(made.right)
            for wrong in made.wrong:
                assert abs(wrong["value"] - made.right) > max(made.tolerance, 1e-9), made
        else:
            assert isinstance(made.right, str)
            letters = "ABCDEF"[: len(made.options)]
            assert set(made.right) <= set(letters)
            assert len(made.right) == (1 if made.kind == "choice" else len(letters))
            assert len(set(made.right)) == len(made.right)
            for language in LANGUAGES:
                assert len({option[language] for option in made.options}) == len(made.options) >= 3


@pytest.mark.parametrize("item", BANK.items, ids=lambda item: item.id)
def test_the_same_seed_draws_the_same_and_others_differ(item: Item) -> None:
    assert drawn(item, 1) == drawn(item, 1)
    seen = {
        (made.ask["en"], tuple(one["en"] for one in made.left), tuple(one["en"] for one in made.options))
        for made in (drawn(item, number) for number in range(DRAWS))
    }
    assert len(seen) > DRAWS / 3


@pytest.mark.parametrize("kind", ["choice", "order", "match"])
def test_the_right_answer_stands_at_every_letter(kind: str) -> None:
    """Whoever always says the same is right as often as by chance."""
    for item in (item for item in BANK.items if item.kind == kind):
        first = Counter(str(drawn(item, number).right)[0] for number in range(200))
        most = len(drawn(item, 0).options)
        assert len(first) == most, item.id
        assert max(first.values()) < 200 / most * 1.6, item.id


# -- right, by a calculation of our own from the English text

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def pwc(rate: float, content: float, wip: float) -> float:
    """Throughput of the practical worst case; rate and content in one unit of time."""
    return wip / (rate * content + wip - 1) * rate


def takt(hours: float, breaks: float, demand: float) -> float:
    return (hours * 60 - breaks) * 60 / demand


def lot_wait(lot: float, trip: float, rate: float, te: float) -> float:
    return (lot - 1) / 2 * 60 / rate + trip + (lot - 1) / 2 * te / 60


def half_lot(lane: float, te: float, rate: float, lot: float, half: float) -> float:
    assert lane >= 2 * lot
    return (lot - 1) / 2 * (60 / rate + te / 60) - (half - 1) / 2 * (60 / rate + te / 60)


def paired(*n: float) -> float:
    days = [number for number in n if number > 4][:8]  # without the days' own numbers
    return 3.182 * statistics.stdev([b - a for a, b in zip(days[:4], days[4:], strict=True)]) / 2


def second_fixture(t1: float, t2: float, t3: float, t4: float, wip: float) -> float:
    return pwc(60 / max(t1, t2, t4), (t1 + t2 + t3 + t4) / 60, wip)


def replications(mean: float, deviation: float, t: float, percent: float) -> float:
    return math.ceil((t * deviation / (percent / 100 * mean)) ** 2)


EXPECTED: dict[str, Callable[..., float]] = {
    "w01-takt-with-breaks": takt,
    "w01-effective-time": lambda ct, mtbf, mttr: ct * (mtbf + mttr) / mtbf,
    "w01-little-by-counting": lambda a, b, c, hours, output: (a + b + c) / 3 * hours / output,
    "w01-wait-for-the-lot": lambda lot, trip, rate, te, _week: lot_wait(lot, trip, rate, te),
    "w01-half-the-lot": half_lot,
    "w02-rate-with-two-machines": lambda a, b, c, d: 3600 / max(a, b, c / 2, d),
    "w02-critical-wip": lambda *t: sum(t) / max(t),
    "w02-practical-worst-case": lambda rate, content, wip: pwc(rate, content / 60, wip),
    "w02-cap-for-a-share": lambda w0, share: next(
        w for w in range(1, 999) if w / (w0 + w - 1) >= share / 100
    ),
    "w02-second-fixture": second_fixture,
    "w03-limit-by-hand": lambda _now, trim, pack, soon: 3600 / max(trim, pack, soon),
    "w03-replications-from-a-pilot": replications,
    "w03-little-as-a-check": lambda rate, flow, wip: 100 * (wip / (rate * flow / 60) - 1),
    "w03-paired-interval": paired,
    "w03-worth-of-same-days": lambda s1, s2, cov: (s1**2 + s2**2) / (s1**2 + s2**2 - 2 * cov),
}


def figures(made: Drawn) -> list[float]:
    """The numbers of the English text, but for those in symbols and of the usual confidence."""
    text = re.sub(r"\$[^$]*\$|95 % (?:confidence )?interval", "", made.ask["en"])
    return [float(found.replace(",", "")) for found in NUMBER.findall(text)]


def test_every_number_is_checked_here() -> None:
    assert set(EXPECTED) == {item.id for item in BANK.items if item.kind == "number"}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_number_is_what_the_text_leads_to(name: str) -> None:
    for number in range(DRAWS):
        made = drawn(ITEMS[name], number)
        mine = EXPECTED[name](*figures(made))
        assert mine == pytest.approx(made.right, abs=max(made.tolerance / 2, 1e-6)), made.ask["en"]


def right_option(made: Drawn) -> str:
    assert isinstance(made.right, str)
    return made.options["ABCDEF".index(made.right)]["en"]


def hidden_bottleneck(n: list[float]) -> str:
    rows = {
        name: n[3 * i + 1] / n[3 * i + 2] for i, name in enumerate(("Machine 1", "Machine 2", "Machine 3"))
    }
    return max(rows, key=rows.__getitem__)


def which_plan(n: list[float]) -> str:
    *rows, least, budget = n
    plans = {f"Plan {rows[i]:g}": rows[i + 1 : i + 6] for i in range(0, 18, 6)}
    allowed = {
        name: gain for name, (gain, _, kept, _, cost) in plans.items() if kept >= least and cost <= budget
    }
    return max(allowed, key=allowed.__getitem__)


def yardstick(n: list[float]) -> str:
    rate, content, wip, seen, _ = n
    best = min(wip / content * 60, rate)
    if seen < pwc(rate, content / 60, wip) - 0.05:
        return "Look for what makes"
    return "Measure again" if seen > best + 0.05 else "Ask how much WIP"


def wrong_input(n: list[float]) -> str:
    cycle, in_cycle, repair, in_repair, runs, in_runs, jam, in_jam = n
    pairs = [(cycle, in_cycle), (repair * 60, in_repair), (runs * 3600, in_runs), (jam * 60, in_jam)]
    (place,) = [i for i, (sheet, model) in enumerate(pairs) if not math.isclose(sheet, model, rel_tol=1e-3)]
    return ["The moulding cycle", "The repair time", "The time between stops", "The time between jams"][place]


def promise(n: list[float]) -> str:
    base, promised, gain, half = n
    if gain - half <= 0:
        return "No gain is shown, and the promise is refuted"
    refuted = gain + half < base * promised / 100
    return f"There is a gain, {'but the promise is' if refuted else 'and the promise is not'} refuted"


CHOSEN: dict[str, Callable[[list[float]], str]] = {
    "w01-hidden-bottleneck": hidden_bottleneck,
    "w01-which-plan": which_plan,
    "w01-cycle-efficiency": lambda n: f"{sum(n[:4]) / n[4] / 36:.2f} %",
    "w02-when-is-it-done": lambda n: f"After {n[0] / n[1] * n[2]:.1f} hours",
    "w02-against-the-yardstick": yardstick,
    "w03-narrower-interval": lambda n: f"{n[0] * (n[1] / n[2]) ** 2:.0f}",
    "w03-which-input-is-wrong": wrong_input,
    "w03-what-of-the-promise": promise,
}


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_the_right_option_is_what_the_text_leads_to(name: str) -> None:
    for number in range(DRAWS):
        made = drawn(ITEMS[name], number)
        assert right_option(made).startswith(CHOSEN[name](figures(made))), made


def test_an_order_is_what_the_text_leads_to() -> None:
    for number in range(DRAWS):
        made = drawn(ITEMS["w02-order-of-flow-times"], number)
        times = []
        for letter in str(made.right):
            text = made.options["ABCD".index(letter)]["en"]
            rate, content, wip = (
                float(found) for found in re.findall(r"(\d+)(?= trays an hour| min| trays$)", text)
            )
            times.append(content + (wip - 1) * 60 / rate)
        assert times == sorted(times)


# -- a bank of one's own

OWN = """
format: course-exam-bank/1
items:
  - id: own-1
    module: w01
    objective: w01-o1
    level: apply
    kind: number
    steps: 1
    traps: 0
    parameters: {hours: {from: 7, to: 9, step: 1}, demand: {one_of: [100, 200]}}
    ask: {vi: "Nhịp? {hours} giờ, {demand}", en: "Takt? {hours} h, {demand}"}
    unit: {vi: giây, en: s}
    answer: takt(hours * 3600, demand)
    wrong: [{value: demand / hours, because: {vi: Ngược., en: The wrong way round.}}]
    reason: {vi: "T = H ÷ D", en: "T = H ÷ D"}
"""


def own(tmp_path: Path, text: str = OWN) -> Path:
    path = tmp_path / "own.yml"
    path.write_text(text, "utf-8")
    return path


def test_a_board_adds_items_of_its_own(tmp_path: Path) -> None:
    found = bank.load([own(tmp_path)])
    assert len(found.items) == len(BANK.items) + 1
    assert "own.yml" in found.sources
    assert "own-1" in "\n".join(form.sample(found, "own-1"))


def test_a_bank_of_ones_own_can_stand_alone(tmp_path: Path) -> None:
    blueprint = yaml.safe_load((bank.FOLDER / "blueprint.yml").read_text("utf-8"))["blueprint"]
    blueprint |= {"questions": {"w01": {"apply": 1}}, "expected": 0.8}
    text = f"alone: true\n{OWN}\n{yaml.safe_dump({'blueprint': blueprint})}"
    found = bank.load([own(tmp_path, text)])
    assert [item.id for item in found.items] == ["own-1"]
    assert [question.item for question in form.draw_form(found, "seed", "T")] == ["own-1"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("course-exam-bank/1", "bank", "format: 'course-exam-bank/1' was expected"),
        ("kind: number", "kind: essay", r"own-1\.kind: 'essay' is not one of"),
        ("    steps: 1\n", "", "own-1: 'steps' is a required property"),
        ("    traps: 0", "    traps: 0\n    colour: red", "own-1: Unevaluated properties .*'colour'"),
        (", en: s}", "}", "own-1.unit: 'en' is a required property"),
        ("takt(hours", "takt(days", "own-1: 'takt\\(days .* days is none of the item's names"),
        ("takt(hours", "open(hours", "own-1: .* open is no formula"),
        ("takt(hours * 3600, demand)", "demand.__class__", "own-1: .* more than arithmetic"),
        ("takt(hours * 3600, demand)", "1 / (demand - demand)", "own-1: .* division by zero"),
        ('{demand}", en', '{number}", en', "own-1: {number} in a text: there is no such parameter"),
        ("value: demand / hours", 'value: "takt(hours * 3600, demand) * 1.001"', "within the tolerance"),
        ("own-1", "w01-takt-with-breaks", "is taken by an item of"),
        ("    traps: 0", "    traps: 0\n    observed: {share: 0.02, candidates: 40}", "nobody or everybody"),
        ("    traps: 0", "    traps: 0\n    where: [demand > 1000]", "`where` never holds"),
    ],
)
def test_a_fault_is_named_with_file_item_and_fix(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in OWN
    path = own(tmp_path, OWN.replace(old, new))
    with pytest.raises(CourseError) as caught:
        bank.load([path])
    assert str(path) in caught.value.message
    assert re.search(said, caught.value.message), caught.value.message
    assert "\n" not in caught.value.message


def test_a_blueprint_that_the_bank_cannot_meet_is_refused(tmp_path: Path) -> None:
    blueprint = yaml.safe_load((bank.FOLDER / "blueprint.yml").read_text("utf-8"))["blueprint"]
    text = {"format": "course-exam-bank/1", "blueprint": blueprint | {"questions": {"w09": {"recall": 1}}}}
    with pytest.raises(CourseError, match=r"w09\.recall: asks for 1 items, the bank has 0"):
        bank.load([own(tmp_path, yaml.safe_dump(text))])
    text["blueprint"] = blueprint | {"expected": 0.99}
    with pytest.raises(CourseError, match="no choice of items is expected to get 99%"):
        form.draw_form(bank.load([own(tmp_path, yaml.safe_dump(text))]), "seed", "T")


def test_what_was_observed_replaces_what_was_judged(tmp_path: Path) -> None:
    few = OWN.replace("    traps: 0", "    traps: 0\n    observed: {share: 0.4, candidates: 29}")
    many = few.replace("29", "30")
    for text, share in ((OWN, 0.8), (few, 0.8), (many, 0.4)):
        (item,) = [one for one in bank.load([own(tmp_path, text)]).items if one.id == "own-1"]
        assert item.share == pytest.approx(share)


@pytest.mark.parametrize(
    "bad",
    [
        "__import__('os').system('true')", "(1).__class__", "[1][0]", "lambda: 1", "'a' * 9", "9 ** 9 ** 9",
        "1e300 * 1e300", "max(*[1])", "takt(demand=1, available_time=2)", "x", "sqrt(-1)", "1 if 1 else 2",
        "f'{1}'", "True", "1j", "9" * 401, "takt", "print(1)", "(" * 200 + "1" + ")" * 200, "", "1; 2",
    ],
)  # fmt: skip
def test_nothing_but_arithmetic_is_ever_evaluated(bad: str) -> None:
    with pytest.raises(FormulaError):
        value(bad, {"y": 1.0})


def test_formulas_are_those_of_the_field() -> None:
    names = {"x": 3.0}
    assert value("2 * x ** 2 - 1", names) == 17
    assert value("x > 2 and not x == 4", names) == 1
    assert value("1 < x < 2 or x <= 1", names) == 0
    assert value("little_flow_time(12, 3)", names) == 4
    assert value("little_throughput(12, 4)", names) == 3
    assert value("little_wip(3, 4)", names) == 12
    assert value("effective_time(40, 90, 10)", names) == pytest.approx(40 / 0.9)
    assert value("pwc_flow_time(0.5, 8, 9)", names) == pytest.approx(8 + 8 / 0.5)
    assert value("best_throughput(0.5, 8, 2)", names) == pytest.approx(0.25)
    assert value("worst_throughput(0.5, 8, 2)", names) == pytest.approx(0.125)
    assert value("t(10)", names) == pytest.approx(2.262, abs=5e-4)
    assert value("deviation(2, 4, 4, 4, 5, 5, 7, 9)", names) == pytest.approx(
        statistics.stdev([2, 4, 4, 4, 5, 5, 7, 9])
    )
