"""The lab's panel: predict first, stay in the budget, compare with intervals."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from linelab.apps import LABS, module, open_lab
from linelab.apps.__main__ import main
from linelab.cases import load
from linelab.texts import LANGUAGES
from linelab.widgets import LabPanel


@pytest.fixture(params=LANGUAGES)
def panel(request: pytest.FixtureRequest) -> LabPanel:
    return LabPanel(load("w01"), request.param, replications=5)


def set_lever(panel: LabPanel, name: str, value: object) -> None:
    panel._levers[name].value = value


def test_run_waits_for_a_prediction_and_keeps_the_budget(panel: LabPanel) -> None:
    assert panel._run.disabled
    panel._guess.value = 90
    assert not panel._run.disabled
    for name, value in {"transfer_lot": 5, "lane_capacity": 30, "glue_repair": 240, "barcode": 1}.items():
        set_lever(panel, name, value)
    assert panel._run.disabled
    assert "22" in panel._budget.value
    panel.reset()
    assert panel.plan == {}
    assert not panel._run.disabled


def test_a_plan_is_compared_with_today_and_logged(panel: LabPanel) -> None:
    set_lever(panel, "transfer_lot", 15)
    set_lever(panel, "lane_capacity", 30)
    panel._guess.value = 90
    panel.run()
    plan, run = panel.log[0]
    assert plan == {"transfer_lot": 15, "lane_capacity": 30}
    assert run.lead_time.minus(panel.today.lead_time).high < 0
    assert "±" in panel._results.value
    assert "answer(&quot;q7&quot;" in panel._results.value
    assert panel._log.value.count("<tr>") == 2
    assert panel._guess.value == 0  # the next plan needs its own prediction
    assert 'alt="' in panel._picture.value


def test_levers_that_cannot_go_together_are_told(panel: LabPanel) -> None:
    set_lever(panel, "lane_capacity", 8)
    panel._guess.value = 90
    panel.run()
    assert not panel.log
    assert "60" in panel._status.value
    assert "8" in panel._status.value


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_still_picture_is_svg_and_always_the_same(
    lab: str, language: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [f"{tmp_path}/a/{i}.svg" for i in range(2)]
    for file in files:
        monkeypatch.setattr("sys.argv", ["x", lab, "--still", file, "--lang", language])
        main()
    first, second = (Path(file).read_bytes() for file in files)
    assert first == second
    assert ET.fromstring(first).tag.endswith("svg")


def test_unknown_lab() -> None:
    with pytest.raises(ValueError, match="lab01"):
        module("lab99")
    assert open_lab("lab01", lang="en").children
