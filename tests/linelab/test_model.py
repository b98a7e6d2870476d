"""The description of a line: what it refuses, what it changes, what it keeps."""

from __future__ import annotations

import pytest

from linelab import Buffer, Exponential, Failures, Gamma, Line, LineError, Station, Triangular


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
