"""What a plant wrote down: shifts of the plant itself, on days that no model shares."""

from __future__ import annotations

import pytest

from linelab.cases import load
from linelab.experiment import simulate
from linelab.plant import SHIFTS, plant_record


def test_the_record_is_of_the_plant() -> None:
    case = load("w03")
    record = plant_record(case)
    assert len(record.throughput.samples) == SHIFTS
    assert record.line == case.apply(case.plant)
    run = simulate(record.line, horizon=case.horizon, warm_up=case.warm_up, replications=100, seed=1)
    for name in ("throughput", "lead_time", "wip"):
        measured, simulated = getattr(record, name), getattr(run, name)
        assert abs(measured.mean - simulated.mean) < measured.half_width + simulated.half_width, name
    assert record.throughput.minus(plant_record(case).throughput).mean == 0


def test_the_model_as_received_does_not_agree_with_it() -> None:
    case = load("w03")
    record = plant_record(case)
    run = simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=40, seed=1)
    assert run.throughput.low > record.throughput.high
    assert run.lead_time.high < record.lead_time.low


def test_a_line_that_is_no_model_has_no_record() -> None:
    with pytest.raises(ValueError, match="w01: has no plant"):
        plant_record(load("w01"))
