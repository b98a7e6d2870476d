"""The description of a line: what it refuses, what it changes, what it keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import linelab
from linelab import (
    Arrivals,
    Buffer,
    Changeover,
    Conwip,
    Demand,
    Deterministic,
    DrumBufferRope,
    Empirical,
    Exponential,
    Failures,
    Feeder,
    Gamma,
    Inspection,
    Kanban,
    Line,
    LineError,
    Lognormal,
    Maintenance,
    Mix,
    Normal,
    Operators,
    Power,
    Product,
    Push,
    Quality,
    Schedule,
    Shift,
    Station,
    Triangular,
    Uniform,
    Vehicles,
    Weibull,
)


@pytest.fixture
def line() -> Line:
    return Line(
        [
            Station("cut", Triangular(1, 2, 4)),
            Station("pack", Gamma(3, 0.5), Failures(Exponential(90), Exponential(9))),
        ],
        [Buffer(8, 4, 1.5)],
    )


def test_round_trip_and_hash(line: Line) -> None:
    assert Line.from_yaml(line.to_yaml()) == line
    assert len({line, Line.from_dict(line.to_dict())}) == 1
    assert "pack" in str(line)


def test_change_by_path_leaves_the_rest(line: Line) -> None:
    changed = line.change({"buffers[*].transfer_lot": 2, "stations.pack.failures.time_to_repair.mean": 5.0})
    assert changed.buffers[0] == Buffer(8, 2, 1.5)
    assert changed.stations[1].failures is not None
    assert changed.stations[1].failures.time_to_repair == Exponential(5.0)
    assert changed.stations[0] == line.stations[0]


def test_settings_that_only_fit_together_may_be_given_in_any_order(line: Line) -> None:
    assert line.change({"buffers[0].capacity": 2, "buffers[0].transfer_lot": 1}).buffers[0].capacity == 2


def test_every_fault_is_told_at_once_with_path_and_fix() -> None:
    with pytest.raises(LineError) as caught:
        Line([Station("a", Exponential(-1)), Station("a", Gamma(1, 99)), Station("", Exponential(1))], [3])
    said = str(caught.value)
    for part in ("stations.a.process_time.mean", "used twice", "stations[2].name", "cv", "buffers: 1 given"):
        assert part in said
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stations.drill.process_time.mean": 1}, "stations are cut, pack"),
        ({"buffers[7].capacity": 1}, "no such place"),
        ({"stations.cut.process_time.colour": 1}, "no such place"),
        ({"buffers[0].capacity": 2}, "cannot gather"),
        ({"buffers[0].capacity": 2.5}, "whole number"),
        ({"stations.pack.process_time.mean": float("nan")}, "finite"),
    ],
)
def test_impossible_changes(line: Line, settings: dict[str, object], said: str) -> None:
    with pytest.raises(LineError, match=said):
        line.change(settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1, 2", "not YAML"),
        ("stations: [{name: a}]", "process_time"),
        ("stations: [{name: a, process_time: 3, colour: 2}]", "colour: unknown field"),
        ("stations: [{name: a, process_time: {distribution: magic}}]", "one of deterministic"),
        ("stations: [{name: a, process_time: {distribution: gamma, mean: 2}}]", "cv: missing"),
        ("stations: [{name: a, process_time: 3}]\nbuffers: [{lots: 3}]", "capacity: missing"),
        ("3", "needs `stations:`"),
    ],
)
def test_bad_yaml_names_the_place(text: str, said: str) -> None:
    with pytest.raises(LineError, match=said):
        Line.from_yaml(text)


def everything() -> Line:
    """A line with every kind of description in it."""
    press = Station(
        "press",
        Normal(12, 2),
        Failures(Weibull(900, 2), Lognormal(60, 1), clock="calendar"),
        machines=2,
        batch=2,
        speed=0.9,
        minor_stops=Failures(Uniform(50, 150), 5),
        maintenance=Maintenance(7200, 300),
        shift=Shift([(0, 14_000), (15_000, 28_800)]),
        changeover=Changeover(Empirical((200, 260, 240)), {"A>B": 90}),
        quality=Quality(0.02, 3),
        power=Power(11, 3),
    )
    check = Station("check", 4, inspection=Inspection(0.95, 0.01, rework="check", attempts=2))
    return Line(
        [press, Station("saw", 3, splits=2), check],
        [Buffer(20, 4, 30, vehicle="cart", rule="edd"), 6],
        release=Arrivals(Exponential(15)),
        control=Conwip(30),
        mix=Mix([Product("A", 2, {"saw": 5}, 3600), Product("B")], order="lots", lot=10),
        operators=[Operators("crew", ("press", "check"), 2, ("work", "repair"), 4.0)],
        vehicles=[Vehicles("cart", 2)],
        demand=Demand(Gamma(9, 0.5)),
        feeders=[Feeder(Line([Station("mould", Triangular(3, 4, 6))]), "check", 2, 12)],
    )


def test_every_description_survives_yaml_and_keeps_to_the_schema() -> None:
    line = everything()
    assert Line.from_yaml(line.to_yaml()) == line
    assert hash(Line.from_yaml(line.to_yaml())) == hash(line)
    schema = Line.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(line.to_dict(), schema)
    jsonschema.validate({"stations": [{"name": "a", "process_time": 3}, {"name": "b", "process_time": 4}],
                         "buffers": [7]}, schema)  # fmt: skip
    for control in (Kanban((5, 30, 30)), DrumBufferRope("saw", 9), Push()):
        other = replace(line, control=control, release=Schedule((1, 2.5)))
        assert Line.from_yaml(other.to_yaml()) == other
        jsonschema.validate(other.to_dict(), schema)


def test_the_published_schema_is_the_one_of_the_code() -> None:
    published = Path(linelab.__file__).with_name("line.schema.json")
    made = json.dumps(Line.schema(), indent=1) + "\n"
    assert published.read_text("utf-8") == made, "renew it with: python -m linelab.model"


@pytest.mark.parametrize(
    "change",
    [
        {"stations": 3},
        {"release": {"kind": "whenever"}},
        {"control": {"kind": "conwip", "cards": 2.5}},
        {"mix": {"products": [{"name": "A", "process_times": [1]}]}},
        {"demand": {}},
        {"operators": [{"name": "o", "stations": "press"}]},
        {"buffers": [True, 6]},
        {"vehicles": ["cart"]},
        {"colour": "red"},
    ],
)
def test_plain_data_that_is_wrong_is_refused_and_breaks_the_schema(change: dict[str, object]) -> None:
    data = everything().to_dict() | change
    with pytest.raises(LineError, match=re.escape(f"line.{next(iter(change))}")):
        Line.from_dict(data)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, Line.schema())


def test_tables_and_kinds_can_be_changed_by_path() -> None:
    line = everything().change(
        {
            "mix.products.A.process_times.saw.mean": 6.0,
            "stations.press.changeover.between.A>B.mean": 45.0,
            "control.cards": 31,
            "release.interarrival.mean": 20.0,
        }
    )
    assert line.mix is not None
    assert line.mix.products[0].process_times == (("saw", Deterministic(6.0)),)
    assert line.stations[0].changeover is not None
    assert dict(line.stations[0].changeover.between)["A>B"] == Deterministic(45.0)
    assert line.control == Conwip(31)


def test_effective_time_and_bottleneck_rate() -> None:
    """t_e = t_0 / A (Hopp & Spearman, eq. 8.4); two machines halve it, a split doubles what must pass."""
    drill = Station("drill", 9.0, Failures(90, 10))
    assert drill.effective_time == pytest.approx(10)
    assert replace(drill, machines=2).effective_time == pytest.approx(5)
    assert replace(drill, batch=3).effective_time == pytest.approx(10 / 3)
    assert replace(drill, maintenance=Maintenance(100, 20)).effective_time == pytest.approx(12.5)
    assert replace(drill, shift=Shift([(0, 43_200)])).effective_time == pytest.approx(20)
    assert replace(drill, speed=0.5).effective_time == pytest.approx(20)
    line = Line([Station("saw", 6, splits=2), Station("glue", 2), Station("join", 1, joins=2)], [4, 4])
    assert line.bottleneck_rate == pytest.approx(1 / 6)
    assert line.raw_process_time == 9


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Line([Station("a", "slow")]),  # type: ignore[arg-type]
        lambda: Line([Station("a", 1, speed=0)]),
        lambda: Line([Station("a", 1, machines=True)]),
        lambda: Line(["a"]),  # type: ignore[list-item]
        lambda: Line([Station("a", 1), Station("b", 1)], ["few"]),  # type: ignore[list-item]
        lambda: Line([Station("a", Empirical(()))]),
        lambda: Line([Station("a", Empirical((0, 0)))]),
        lambda: Line([Station("a", Uniform(3, 2))]),
        lambda: Line([Station("a", Weibull(3, 0.01))]),
        lambda: Line([Station("a", Lognormal(3, 0))]),
        lambda: Line([Station("a", Triangular(0, 0, 0))]),
        lambda: Line([Station("a", 1, Failures(Deterministic(0), 1))]),
    ],
)
def test_wrong_values_are_refused(wrong: Callable[[], Line]) -> None:
    with pytest.raises(LineError):
        wrong()
