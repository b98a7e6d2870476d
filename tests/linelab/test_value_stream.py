"""The value-stream map says what the run says."""

import pytest

from linelab import simulate
from linelab.cases import load
from linelab.value_stream import describe_value_stream, value_stream_html


@pytest.fixture(scope="module")
def run():
    case = load("w01")
    return simulate(case.line, horizon=case.horizon, warm_up=case.warm_up, replications=10, seed=3)


def test_waits_and_times_at_stations_add_up_to_the_flow_time(run):
    start, leave = run.paths("start")[0], run.paths("leave")[0]
    counted = (leave[:, -1] > run.plan.warm_up) & (leave[:, -1] <= run.plan.horizon)
    at_stations = (leave[counted] - start[counted]).sum(axis=1).mean()
    waiting = sum(run.lane_wait(j).samples[0] for j in range(3))
    assert at_stations + waiting == pytest.approx(run.lead_time.samples[0])


def test_a_lane_keeps_littles_law(run):
    for lane in range(3):
        expected = run.throughput.mean * run.lane_wait(lane).mean
        assert run.lane_level(lane).mean == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_map_is_drawn_in_the_language(run, language):
    case = load("w01")
    words = describe_value_stream(case, run, language)
    assert all(label[language] in words for label in case.station_labels.values())
    assert f'alt="{words}"' in value_stream_html(case, run, language)
