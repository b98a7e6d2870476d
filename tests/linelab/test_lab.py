"""The lab kit: sessions answer honestly, scenes and causes agree with the run's own accounts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from linelab import Deterministic, Exponential, Line, Station, simulate
from linelab.apps import lab, names, open_lab, session
from linelab.apps.__main__ import main, opening
from linelab.cases import load
from linelab.engines.service import Memory
from linelab.estimate import Estimate
from linelab.experiment import stream
from linelab.results import Run
from linelab.tally import STATES
from linelab.texts import LANGUAGES
from linelab.widgets import words
from linelab.widgets.lab import METRICS, Lab, digest
from linelab.widgets.scene import columns
from linelab.widgets.session import Desk, Message, Session
from linelab.widgets.why import explains, idle_times
from linelab.widgets.widget import MODULES, bundle

PLANS = {
    "lab01": {"transfer_lot": 5, "lane_capacity": 15},
    "lab02": {"wip_cap": 9, "test_scatter": 0.6},
    "lab03": {"inject_repair": 720, "pack_failures": 3600, "lanes": 15, "robot": 32},
}


def ask(lab_: str | Session, plan: Mapping[str, Any], language: str = "en") -> dict[str, Message]:
    """The last message of each kind that a plan brings."""
    s = session(lab_, language) if isinstance(lab_, str) else lab_
    return {m.data["kind"]: m for m in s.ask({"kind": "plan", "plan": dict(plan), "id": 1})}


def recorded(name: str, plan: Mapping[str, Any], replications: int = 3) -> Run:
    case = load(name)
    return simulate(
        case.apply(plan), horizon=case.horizon, warm_up=case.warm_up, replications=replications, seed=7,
        record=True,
    )  # fmt: skip


# -- what makes a lab quick


@pytest.mark.parametrize("name", ["w01", "w02", "w03"])
def test_memory_changes_no_result(name: str) -> None:
    case, memory = load(name), Memory()
    extent: dict[str, Any] = {
        "horizon": case.horizon, "warm_up": case.warm_up, "replications": 5, "seed": 3,
    }  # fmt: skip
    for lever in case.levers:
        for setting in list(lever.costs)[:3]:
            if case.faults({lever.name: setting}):
                continue
            line = case.apply({lever.name: setting})
            with_, without = simulate(line, memory=memory, **extent), simulate(line, **extent)
            np.testing.assert_allclose(with_.tally.states, without.tally.states, rtol=1e-9, atol=1e-6)
            np.testing.assert_array_equal(with_.lead_time.samples, without.lead_time.samples)


def test_memory_lets_go_of_what_was_used_longest_ago() -> None:
    memory = Memory(limit=3 * 512 * 4)
    for mean in (1.0, 2.0, 3.0, 4.0, 5.0):
        next(memory.blocks(Station("a", Exponential(mean)), 1, 0, range(4)))
        assert memory.size <= 3 * 512 * 4
    first = next(memory.blocks(Station("a", Exponential(5.0)), 1, 0, range(4)))
    assert memory.size == 3 * 512 * 4
    again = next(memory.blocks(Station("a", Exponential(5.0)), 1, 0, range(4)))
    assert first is again


@pytest.mark.parametrize(("name", "plan"), [("w01", {}), ("w02", {"test_fixtures": 2})])
def test_a_stream_ends_where_one_run_would(name: str, plan: dict[str, Any]) -> None:
    case = load(name)
    extent: dict[str, Any] = {"horizon": case.horizon / 3, "warm_up": case.warm_up / 3, "seed": 5}
    runs = list(stream(case.apply(plan), replications=30, seconds=0.02, **extent))
    whole = simulate(case.apply(plan), replications=30, **extent)
    np.testing.assert_array_equal(runs[-1].lead_time.samples, whole.lead_time.samples)
    np.testing.assert_array_equal(runs[-1].station(case.line.names[0]).states["working"].samples,
                                  whole.station(case.line.names[0]).states["working"].samples)  # fmt: skip
    sizes = [len(run.tally.window) for run in runs]
    assert sizes == sorted(set(sizes))
    assert (len(sizes) == 1) == (runs[-1].engine == "recursion")


# -- the animation's data


def seconds_within(begin: Any, end: Any, length: float) -> float:
    return float((np.clip(end, 0, length) - np.clip(begin, 0, length)).sum())


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("w01", {}),
        ("w01", PLANS["lab01"]),
        ("w02", {}),
        ("w02", {"test_fixtures": 2}),
        ("w03", PLANS["lab03"]),
    ],
)
def test_a_scene_holds_what_the_run_counted(name: str, plan: dict[str, Any]) -> None:
    """States and lane levels added up from the columns are those of the run, over the same window."""
    case = load(name)
    run = simulate(
        case.apply(plan), horizon=case.horizon, warm_up=case.warm_up, replications=1, seed=7, record=True
    )
    length = case.horizon - case.warm_up
    scene = columns(run, case.warm_up, case.horizon)
    for j in range(len(run.line.buffers)):
        mine = scene["stay_lane"] == j
        level = seconds_within(scene["stay_enter"][mine], scene["stay_exit"][mine], length) / length
        assert level == pytest.approx(run.lane_level(j).mean, rel=2e-3, abs=2e-3)
    for j, station in enumerate(run.stations):
        ops, stops = scene["op_station"] == j, scene["stop_station"] == j
        machine = length * station.model.machines
        busy = seconds_within(scene["op_start"][ops], scene["op_finish"][ops], length) / machine
        blocked = seconds_within(scene["op_finish"][ops], scene["op_leave"][ops], length) / machine
        stopped = seconds_within(scene["stop_begin"][stops], scene["stop_end"][stops], length) / machine
        down = sum(station.states[s].mean for s in ("down", "stopped"))
        assert blocked == pytest.approx(station.states["blocked"].mean, abs=2e-3)
        assert stopped == pytest.approx(down, abs=2e-3)
        assert busy - stopped == pytest.approx(station.states["working"].mean, abs=2e-3)


def test_a_part_is_ready_once_its_lot_has_arrived() -> None:
    scene = columns(recorded("w01", {}, 1), 54000, 81000)
    first = scene["stay_lane"] == 0
    enter, ready, leave = (scene[f"stay_{x}"][first] for x in ("enter", "ready", "exit"))
    arrived = ready < 1e6
    # 60 bundles become ready together, 180 s after the last of them came
    times, counts = np.unique(ready[arrived], return_counts=True)
    assert set(counts[1:-1]) == {60}
    for time in times[1:-1]:
        assert time == pytest.approx(enter[arrived & (ready == time)].max() + 180, abs=0.01)
    assert (leave >= ready - 0.01).all()
    assert (ready >= enter).all()


# -- why


@pytest.mark.parametrize("plan", [{}, {"transfer_lot": 5, "lane_capacity": 8}, {"glue_repair": 240}])
def test_causes_account_for_all_idle_time(plan: dict[str, Any]) -> None:
    run = recorded("w01", plan)
    for lost in idle_times(run):
        state = run.stations[lost.station].states[lost.state]
        assert lost.share.mean == pytest.approx(state.mean, abs=0.004)
        if lost.share.mean > 0.001:
            assert sum(share for _, share in lost.causes) == pytest.approx(1)


def line_of(*times: float, capacity: int = 5, **changes: Any) -> Line:
    return Line(
        [Station(f"s{i}", Deterministic(t)) for i, t in enumerate(times)], [capacity] * (len(times) - 1)
    ).change(changes)


def causes(line: Line, state: str, station: int) -> dict[tuple[str, int], float]:
    run = simulate(line, horizon=20_000, warm_up=1000, replications=2, seed=1, record=True)
    found = next(x for x in idle_times(run) if (x.state, x.station) == (state, station))
    return {cause: round(share, 2) for cause, share in found.causes if share > 0.005}


def test_a_slow_station_starves_those_after_it_and_blocks_those_before_it() -> None:
    line = line_of(10, 20, 5, 4)
    assert causes(line, "starved", 2) == {("slow", 1): 1.0}
    # it waits 16 s of each 20: 11 in which station 2 has nothing, for the slow one, and 5 in which 2 works
    last = causes(line, "starved", 3)
    assert last == {
        ("slow", 1): pytest.approx(11 / 16, abs=0.01),
        ("slow", 2): pytest.approx(5 / 16, abs=0.01),
    }
    assert causes(line, "blocked", 0) == {("slow", 1): 1.0}


def test_a_long_move_starves() -> None:
    line = line_of(10, 10, capacity=10, **{"buffers[*].transfer_lot": 10, "buffers[*].transfer_time": 100.0})
    found = causes(line, "starved", 1)
    assert found["move", 0] == pytest.approx(1.0)  # its lot is complete as it begins to wait


def test_missing_cards_starve_the_first_station() -> None:
    run = recorded("w02", {"wip_cap": 4})
    first = next(x for x in idle_times(run) if (x.state, x.station) == ("starved", 0))
    assert first.causes == [(("card", 0), pytest.approx(1.0))]


def test_only_lines_whose_parts_keep_their_way_are_explained() -> None:
    assert explains(load("w01").line)
    assert not explains(load("w02").apply({"test_fixtures": 2}))


# -- words


def test_verdicts_follow_the_interval() -> None:
    case, metric = load("w01"), METRICS[1]
    rng = np.random.default_rng(1)
    for shift, kind in ((30.0, "Rises"), (-30.0, "Falls"), (0.0, "No evidence")):
        difference = Estimate(shift + rng.normal(0, 1, 100), "")
        assert words.verdict(difference, metric, case, "en").startswith(kind)
    assert words.verdict(Estimate(np.zeros(9), ""), metric, case, "vi").startswith("Không đổi")


def test_the_plant_is_recognised_and_the_promise_is_tested() -> None:
    case = load("w03")
    corrected = dict(case.plant)
    notes = ask("lab03", corrected)["answer"].data["notes"]
    assert any("All figures agree" in note for note in notes)
    assert any("Not in agreement" in note for note in ask("lab03", {})["answer"].data["notes"])
    notes = ask("lab03", {**corrected, "robot": 32})["answer"].data["notes"]
    assert any("+25 %" in note and "outside" in note for note in notes)
    assert not any("agree" in note for note in notes)  # the robot is not at the plant yet


# -- sessions


@pytest.mark.parametrize("name", names())
def test_both_languages_open_alike(name: str) -> None:
    """Same messages, same numbers; every word in its own language."""
    vi, en = (json.loads(opening(name, language)) for language in LANGUAGES)
    assert [m["kind"] for m in vi] == [m["kind"] for m in en] == ["lab", "answer", "scene", "why"]

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in ("texts", "words", "notes")}
        if isinstance(value, list):
            return [bare(v) for v in value]
        return "…" if isinstance(value, str) else value

    assert bare(vi) == bare(en)
    assert len(vi[3]["texts"]) == len(en[3]["texts"]) > 0
    assert vi[0]["key"] == en[0]["key"]  # the experiment log is one
    for key in ("title", "goal"):
        assert vi[0][key] != en[0][key]


@pytest.mark.parametrize("name", names())
def test_a_plan_is_answered_with_paired_intervals(name: str) -> None:
    case, plan = lab(name).case, PLANS[name]
    got = ask(name, plan)
    answer = got["answer"].data
    extent = {"horizon": case.horizon, "warm_up": case.warm_up, "replications": 100, "seed": 2026}
    today, run = simulate(case.line, **extent), simulate(case.apply(plan), **extent)
    for row, metric in zip(answer["metrics"], METRICS, strict=True):
        difference = metric.of(run, case).minus(metric.of(today, case))
        assert row["plan"][0] == pytest.approx(metric.of(run, case).mean, rel=1e-9)
        assert row["difference"] == pytest.approx([difference.mean, difference.half_width], rel=1e-9)
        assert row["clear"] == difference.differs_from_zero
    assert answer["cost"] == case.cost(plan)
    assert answer["done"] == answer["all"] == 100
    assert {"scene", "why"} <= set(got)
    for station in answer["stations"]:
        assert sum(mean for mean, _ in station["states"].values()) == pytest.approx(1)
        oee = station["availability"][0] * station["performance"][0] * station["quality"][0]
        assert station["oee"][0] == pytest.approx(oee, rel=0.01)
    json.dumps([m.data for m in got.values()], allow_nan=False)


def test_slow_lines_answer_with_few_replications_first() -> None:
    s = session("lab02", "en")
    answers = [
        m.data
        for m in s.ask({"kind": "plan", "plan": {"test_fixtures": 2}, "id": 1})
        if m.data["kind"] == "answer"
    ]
    done = [a["done"] for a in answers]
    assert done[0] < 30
    assert done[-1] == 100
    widths = [a["metrics"][0]["plan"][1] for a in answers]
    assert widths[-1] < widths[0]
    assert answers[0]["metrics"][0]["today"][1] > answers[-1]["metrics"][0]["today"][1]  # paired with as many


def test_a_plan_over_the_budget_is_simulated_and_marked() -> None:
    plan = {"transfer_lot": 5, "glue_repair": 240, "barcode": 1}
    answer = ask("lab01", plan)["answer"].data
    assert answer["over"]
    assert answer["cost"] == 72


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"kind": "plan", "plan": {"speed": 2}, "id": 4}, "speed"),
        ({"kind": "plan", "plan": {"transfer_lot": 7}, "id": 4}, "transfer_lot"),
        ({"kind": "plan", "plan": {"lane_capacity": 8}, "id": 4}, "60"),  # a lot of 60 does not fit
        ({"kind": "compare", "a": {"x": 1}, "b": {}, "id": 4}, "x"),
        ({"kind": "dance", "id": 4}, "dance"),
        ({"kind": "plan", "id": 4}, "plan"),
    ],
)
def test_what_cannot_be_answered_is_told(request_: dict[str, Any], named: str, language: str) -> None:
    (message,) = session("lab01", language).ask(request_)
    assert message.data["kind"] == "fault"
    assert message.data["id"] == 4
    assert named in message.data["text"]


def test_comparison_is_between_the_two_not_with_today() -> None:
    s = session("lab01", "en")
    a, b = {"transfer_lot": 15}, {"transfer_lot": 15, "barcode": 1}
    (there,) = s.ask({"kind": "compare", "a": a, "b": b, "id": 1})
    assert all(row["difference"] == [0, 0] and "Unchanged" in row["words"] for row in there.data["rows"])
    (one,) = s.ask({"kind": "compare", "a": {}, "b": a, "id": 1})
    (two,) = s.ask({"kind": "compare", "a": a, "b": {}, "id": 1})
    for x, y in zip(one.data["rows"], two.data["rows"], strict=True):
        assert x["difference"][0] == pytest.approx(-y["difference"][0])


def test_settings_come_back_from_a_browser_as_they_are() -> None:
    """JSON and storage may turn 5 into 5.0; the lever's own setting is used, and today's is no change."""
    answer = ask("lab01", {"transfer_lot": 5.0, "lane_capacity": 120})["answer"].data
    assert answer["plan"] == {"transfer_lot": 5}


def test_the_sweep_meets_the_practical_worst_case_where_theory_says_so() -> None:
    """Balanced exponential stations under CONWIP are the practical worst case (Hopp & Spearman, ch. 7)."""
    base = lab("lab02")
    even = {f"stations.{s}.process_time": Exponential(600.0) for s in base.case.line.names}
    case = replace(base.case, line=base.case.line.change(even))
    *_, last = Session(base, "en", case).ask({"kind": "sweep", "plan": {}, "id": 1})
    theory = {c["name"]: c["metrics"] for c in last.data["curves"]}["Practical worst case"]
    assert last.data["done"] == 1
    assert (
        [p["setting"] for p in last.data["points"]]
        == last.data["settings"]
        == sorted(base.case.levers[0].costs)
    )
    for point, throughput, flow in zip(
        last.data["points"], theory["throughput"], theory["lead_time"], strict=True
    ):
        for name, exact in (("throughput", throughput), ("lead_time", flow)):
            mean, half = point["metrics"][name]
            # twice the interval is four standard errors; common random numbers put all points off together
            assert abs(mean - exact) < 2 * half


def test_desk_answers_the_newest_and_levers_first() -> None:
    desk = Desk(session("lab02", "en"))
    desk.take({"kind": "sweep", "plan": {}, "id": 1})
    assert desk.step().data["kind"] == "sweep"
    desk.take({"kind": "plan", "plan": {"wip_cap": 9}, "id": 2})
    assert desk.step().data["kind"] == "answer"
    desk.take({"kind": "plan", "plan": {"wip_cap": 4}, "id": 3})
    kinds = []
    while (message := desk.step()) is not None:
        kinds.append((message.data["kind"], message.data["id"]))
    assert kinds[:3] == [("answer", 3), ("scene", 3), ("why", 3)]
    assert {k for k, _ in kinds[3:]} == {"sweep"}


def test_a_trainees_own_line_has_a_log_of_its_own() -> None:
    case = load("w01")
    mine = case.variant("K7P2QD4P", "2026-1")
    assert digest(mine) != digest(case)
    assert digest(case) == digest(load("w01"))


# -- what carries a session


def test_a_widget_carries_the_messages() -> None:
    widget = open_lab("lab01", "en")
    sent: list[tuple[dict[str, Any], list[bytes]]] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._take({"kind": "open"})
    assert [content["kind"] for content, _ in sent] == ["lab", "answer", "scene", "why"]
    content, buffers = sent[2]
    sizes = {"float32": 4, "uint8": 1}
    lengths = {
        c["name"]: len(b) // sizes[c["kind"]] for c, b in zip(content["columns"], buffers, strict=True)
    }
    assert lengths["op_start"] == lengths["op_leave"] > 1000


def test_the_widgets_script_is_whole() -> None:
    front = {f.name for f in files("linelab.widgets").joinpath("front").iterdir()}
    assert front == {f"{name}.js" for name in MODULES} | {"lab.css"}
    script = bundle()
    assert not re.search(r"^import ", script, re.M)
    assert re.findall(r"^export .*", script, re.M) == ["export default { render };"]
    node = shutil.which("node")
    if node:  # the browser tests run it for real
        done = subprocess.run(
            [node, "--input-type=module", "--check"], input=script, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_still_and_opening_are_written(
    tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    svg, data = tmp_path / "a" / "still.svg", tmp_path / "a" / "opening.json"
    arguments = ["x", "lab01", "--still", str(svg), "--opening", str(data), "--lang", language]
    monkeypatch.setattr("sys.argv", arguments)
    main()
    said = ET.parse(svg).getroot().find(".//{http://purl.org/dc/elements/1.1/}title")
    assert said is not None
    case = lab("lab01").case
    assert all(label[language] in (said.text or "") for label in case.station_labels.values())
    assert data.read_text("utf-8") == opening("lab01", language)  # the same bytes each time


def test_an_unknown_lab_is_named() -> None:
    with pytest.raises(ValueError, match=r"lab99.*lab01"):
        lab("lab99")


def test_labs_fit_their_cases() -> None:
    for name in names():
        found = lab(name)
        assert isinstance(found, Lab)
        assert found.id == name
        assert {found.predict, found.goal} <= {m.name for m in found.metrics}
        if found.sweep:
            found.case.lever(found.sweep)
        assert sum(q.kind == "plan" for q in found.case.questions.values()) == 1
    assert len(STATES) == 9
