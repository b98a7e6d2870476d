"""The unseen simulation case: a line with fresh figures, drawn by seed, as hard for everybody.

The template is a case file of `linelab.cases` with a part `exam`. Each paper's line has its own pace (all
times are multiplied by one factor, which changes every figure and no share of the gain), its own product and
stations, and stations that differ a little from the template's; so no plan or number can be passed on.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import yaml

from autograder.certify.exam.bank import SCHEMA
from autograder.certify.exam.paper import texts
from autograder.certify.exam.question import Drawn, draw
from autograder.certify.exam.template import Item, Names, generator
from autograder.errors import CourseError
from autograder.plan import measured
from linelab.cases import Case, CaseError, read
from linelab.texts import LANGUAGES, number

TEMPLATE = Path(__file__).with_name("case.yml")
Data = dict[str, Any]


def load(path: Path = TEMPLATE) -> Data:
    """Read a template; CourseError names the file, the field and what is wrong."""
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
        read(path.read_text("utf-8"), path.name)
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; name a case file that exists") from None
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError, CaseError, TypeError) as error:
        detail = " ".join(str(error).split())[:160]
        raise CourseError(f"{path}: not a case ({detail}); correct the file") from None
    fault = next(iter(_schema().iter_errors(data.get("exam"))), None)
    if fault is not None:
        where = ".".join(map(str, ["exam", *fault.absolute_path]))
        raise CourseError(f"{path}: {where}: {fault.message[:160]}; see {SCHEMA.name}")
    return dict(data)


@cache
def _schema() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return jsonschema.Draft202012Validator({"$ref": "#/$defs/case", "$defs": schema["$defs"]})


def draw_case(data: Data, seed: str, trainee: str, seeds: list[int], source: str) -> tuple[str, list[Drawn]]:
    """Draw a trainee's case.

    Parameters
    ----------
    data
        Of `load`.
    seed, trainee
        The sitting's secret and whose case it is; the same two give the same case.
    seeds
        Hidden seeds, on which the right answers about the line are simulated.
    source
        Name of the file, for messages.

    Returns
    -------
    tuple
        The case as YAML, with nothing in it that tells an answer; and the questions.
    """
    own = fresh(data, generator(seed, trainee, data["id"]))
    text = yaml.safe_dump(own, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)
    case, exam = read(text, source), data["exam"]
    words = {**case.station_labels, "parts": case.parts}
    names, random = _figures(case, exam, seeds), generator(seed, trainee, data["id"], "questions")
    questions = [
        draw(
            Item.of(entry, 0.0, source),
            f"q{place:02d}",
            exam["points"][entry["level"]],
            random,
            names,
            words,
        )
        for place, entry in enumerate(exam["items"], 1)
    ]
    return text, [*questions, _plan(case, exam["plan"], f"q{len(questions) + 1:02d}")]


def fresh(data: Data, random: np.random.Generator) -> Data:
    """Return the template with fresh figures, and without what belongs to the examiner alone."""
    own = {key: copy.deepcopy(part) for key, part in data.items() if key != "exam"}
    rules = data["exam"]
    pace = float(random.choice(rules["pace"]))
    story, offer = (part[int(random.integers(len(part)))] for part in (rules["stories"], rules["offers"]))
    own |= {key: story[key] for key in ("title", "part", "parts", "stations")}
    own |= {key: offer[key] for key in ("budget", "keep_share")}
    for name, options in offer["options"].items():
        own["levers"][name]["options"] = options
    _swap(own, rules["trouble"][-1], rules["trouble"][int(random.integers(len(rules["trouble"])))])
    for station in own["line"]["stations"]:
        factor = pace * _between(random, rules["station"])
        station["process_time"]["mean"] = _rounded(station["process_time"]["mean"] * factor)
        for side in ("time_to_failure", "time_to_repair") if "failures" in station else ():
            station["failures"][side]["mean"] = _rounded(station["failures"][side]["mean"] * pace)
    for buffer in own["line"].get("buffers", ()):
        if "transfer_time" in buffer:
            buffer["transfer_time"] = _rounded(buffer["transfer_time"] * pace)
    for lever in own["levers"].values():
        if lever.pop("timed", False):
            lever["options"] = {_rounded(s * pace): cost for s, cost in lever["options"].items()}
    own["warm_up"], own["horizon"] = round(own["warm_up"] * pace), round(own["horizon"] * pace)
    own |= {"variant": [], "questions": {}}
    line = read(yaml.safe_dump(own, sort_keys=False), "exam").line
    own["demand"] = round(own["shift"] * line.bottleneck_rate * _between(random, rules["load"]))
    return own


def _swap(own: Data, usual: str, trouble: str) -> None:
    """Let two stations change places, their names staying, and fill in the words that say which is which."""
    stations = {station["name"]: station for station in own["line"]["stations"]}
    for key in {*stations[usual], *stations[trouble]} - {"name"} if trouble != usual else ():
        pair = [stations[name].pop(key, None) for name in (trouble, usual)]
        stations[usual] |= {key: pair[0]} if pair[0] is not None else {}
        stations[trouble] |= {key: pair[1]} if pair[1] is not None else {}
    words = own["stations"][trouble]
    for lever in own["levers"].values():
        lever["paths"] = [
            path.replace(f"stations.{usual}.", f"stations.{trouble}.") for path in lever["paths"]
        ]
        lever["label"] = {x: text.format(trouble=words[x]) for x, text in lever["label"].items()}
    own["goal"] = {x: text.format(keep=_percent(own["keep_share"], x)) for x, text in own["goal"].items()}


def _percent(share: float, language: str) -> str:
    percent = round(100 * share, 1)
    return number(percent, language, 0 if percent.is_integer() else 1)


def _between(random: np.random.Generator, limits: list[float]) -> float:
    low, high = limits
    return low + (high - low) * float(random.random())


def _rounded(seconds: float) -> int:
    """Return a time as people write it: three digits at most."""
    step: int = 10 ** max(0, len(str(int(seconds))) - 3)
    return round(seconds / step) * step


def _figures(case: Case, exam: Mapping[str, Any], seeds: list[int]) -> Names:
    """Return what the formulas of the questions may name: the line's own figures, and what it does today."""
    today = measured(case, seeds)
    changed = measured(case, seeds, exam["effect"])
    rate, content = case.line.bottleneck_rate, case.line.raw_process_time
    names = {
        "shift": case.shift,
        "demand": float(case.demand),
        "rate": 3600 * rate,
        "content": content / 60,
        "flow_time": today.lead_time.mean / 60,
        "throughput": 3600 * today.throughput.mean,
        "wip": today.wip.mean,
        "effect": (today.lead_time.mean - changed.lead_time.mean) / 60,
    }
    for station in case.line.stations:
        names |= {
            f"t_{station.name}": station.process_time.average,
            f"e_{station.name}": station.effective_time,
        }
    return names


def _plan(case: Case, points: float, name: str) -> Drawn:
    ask = {x: texts.text("plan_ask", x, keep=_percent(case.keep_share, x)) for x in LANGUAGES}
    empty = dict.fromkeys(ask, "")
    return Drawn(name, "plan", "", "", "analyse", "plan", points, 0.0, ask, empty, empty, "")
