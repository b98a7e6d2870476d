"""Notebooks with random damage: none stops the intake, the run, the judging, the entry or the feedback.

`make soak` tries ten times as many as CI does. A failure names its seed; `mutant(seed)` makes it again.
"""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from click.testing import CliRunner

from autograder import execute as execute_module
from autograder.assignments import release_notebook
from autograder.cohort import Cohort
from autograder.execute import execute
from autograder.records import read
from autograder.sandbox import Limits, Outcome
from course import main
from linelab.answers import validate
from linelab.trainees import check_character

SOAK = bool(os.environ.get("COURSE_SOAK"))
NOTEBOOKS = 2_000 if SOAK else 160
CHANNELS = 20_000 if SOAK else 600
TRAINEES = [f"{i:07d}" + check_character(f"{i:07d}") for i in range(NOTEBOOKS)]
TIGHT = partial(Limits, cell=0.6, total=1.0, wall=1.3, cpu=2, memory_all=1 << 30)
ZOO = yaml.safe_load((Path(__file__).parent / "zoo" / "zoo.yml").read_text("utf-8"))
# those that are over in a moment, whatever else happens to them
SNIPPETS = [cell for entry in ZOO if "while" not in str(entry["cells"]) for cell in entry["cells"]]
SNIPPETS = [cell for cell in SNIPPETS if "sleep" not in cell and "os.walk" not in cell and "pip" not in cell]

pytestmark = pytest.mark.slow


def deep(levels: int) -> Any:
    value: Any = "x"
    for level in range(levels):
        value = [value] if level % 2 else {"cells": value}
    return value


VALUES: list[Callable[[random.Random], Any]] = [
    lambda r: None,
    lambda r: r.choice([True, False]),
    lambda r: r.choice([0, -1, 1, 4, 5, 10**30, -(10**400), 2**63, 1e308, 5e-324, -0.0]),
    lambda r: r.choice([float("nan"), float("inf"), -float("inf")]),
    lambda r: r.choice(["", "\x00", "\ud800", "\u202e", "é" * 5000, "\x1b[2J", "{0}", "%n", "../x", "=1+1"]),
    lambda r: r.choice(["<script>alert(1)</script>", "w01", "w02", "code", "markdown", "raw", "__class__"]),
    lambda r: [],
    lambda r: {},
    lambda r: [[]] * r.randrange(1, 300),
    lambda r: {str(n): n for n in range(r.randrange(1, 300))},
    lambda r: deep(r.choice([3, 40, 200, 320, 490, 700, 940])),
    lambda r: {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": None},
    lambda r: "".join(chr(r.randrange(0x3000)) for _ in range(r.randrange(60))),
]  # fmt: skip


def base(trainee: str) -> dict[str, Any]:
    """A small notebook that answers four questions, with the texts around them."""
    made: dict[str, Any] = json.loads(nbformat.writes(release_notebook("w01", "vi")))
    answers = {
        "w01-q1-answer": 'answer("q1", case.shift / case.demand)',
        "w01-q2-answer": 'answer("q2", "glue")',
        "w01-q7-answer": 'answer("q7", {"transfer_lot": 5, "lane_capacity": 15})',
        "w01-q8": ["Tôi đề nghị lô 5 kiện.\n", "Thời gian lưu trình giảm."],
    }
    kept = []
    for cell in made["cells"]:
        if cell["id"] in answers:
            cell["source"] = answers[cell["id"]]
        source = "".join(cell["source"]).replace('TRAINEE = ""', f'TRAINEE = "{trainee}"')
        if cell["cell_type"] == "code" and ("simulate(" in source or "lever" in source):
            continue  # what only takes time
        kept.append(cell | {"source": source})
    made["cells"] = kept
    return made


def nodes(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a structure: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        found.append((value, key))
        found += nodes(below)
    return found


def by_node(data: dict[str, Any], r: random.Random) -> None:
    """Something in the structure is something else, gone, doubled, or under another name."""
    holder, key = r.choice(nodes(data))
    act = r.randrange(5)
    if act == 0 and isinstance(holder, dict):
        del holder[key]
    elif act == 1 and isinstance(holder, list):
        holder.insert(r.randrange(len(holder) + 1), json.loads(json.dumps(holder[key])))
    elif act == 2 and isinstance(holder, dict):
        holder[str(r.choice(VALUES)(r))[:50]] = holder.pop(key)
    else:
        holder[key] = r.choice(VALUES)(r)


def by_cell(data: dict[str, Any], r: random.Random) -> None:
    """A cell is doubled, lost, moved, of another kind, holds something else, or is new."""
    cells = data.get("cells")
    if not isinstance(cells, list) or not cells:
        return
    place = r.randrange(len(cells))
    cell = cells[place]
    act = r.randrange(8)
    if act == 0:
        cells.insert(r.randrange(len(cells)), cell)
    elif act == 1:
        del cells[place]
    elif act == 2:
        r.shuffle(cells)
    elif act == 3 and isinstance(cell, dict):
        cell["cell_type"] = r.choice(["code", "markdown", "raw", "heading", "html", "", None])
    elif act == 4 and isinstance(cell, dict):
        cell["source"] = r.choice([*SNIPPETS, ["a", 5, None], "%%bash\nexit 3", "1/0", "\x0c\x0b", {"a": 1}])
    elif act == 5 and isinstance(cell, dict):
        text = list("".join(map(str, cell.get("source", ""))) or "x")
        for _ in range(r.randrange(1, 6)):
            text[r.randrange(len(text))] = chr(r.randrange(1, 0x500))
        cell["source"] = "".join(text)
    elif act == 6 and isinstance(cell, dict):
        record = {
            "assignment": "w01",
            "id": r.choice(["q1", "q7", "q8", "q\x00"]),
            "value": r.choice(VALUES)(r),
        }
        source = f"import json\nfrom IPython.display import display\nrecord = {record!r}\n"
        cell["source"] = source.replace("nan", "float('nan')").replace("inf", "float('inf')") + (
            "display({'application/vnd.linelab.answer+json': record}, raw=True)"
        )
    elif isinstance(cell, dict):
        cell["metadata"] = {"nbgrader": r.choice(VALUES)(r), "x": r.choice(VALUES)(r)}
        cell["outputs"] = [{"output_type": r.choice(["stream", "error", "x"]), "text": r.choice(VALUES)(r)}]
        cell["id"] = r.choice(["w01-q1", "w01-q8", "", "x" * 100, None, "é"])


def by_byte(data: bytes, r: random.Random) -> bytes:
    """Bytes are changed, cut out, doubled or cut off; or the file is in another encoding."""
    act, place = r.randrange(6), r.randrange(max(len(data), 1))
    length = r.choice([1, 3, 40, 2000])
    if act == 0:
        return data[:place] + bytes(r.randrange(256) for _ in range(length)) + data[place + length :]
    if act == 1:
        return data[:place] + data[place + length :]
    if act == 2:
        return data[:place] + data[place : place + length] * r.randrange(2, 20) + data[place:]
    if act == 3:
        return data[:place]
    if act == 4:
        return data.decode("utf-8", "replace").encode(r.choice(["utf-16", "latin-1", "utf-8-sig"]), "replace")
    changed = bytearray(data)
    for _ in range(r.randrange(1, 20)):
        changed[r.randrange(len(changed))] ^= 1 << r.randrange(8)
    return bytes(changed)


def mutant(seed: int) -> bytes:
    """A hand-in file, damaged in one to four ways."""
    r = random.Random(seed)
    trainee = TRAINEES[seed % len(TRAINEES)]
    notebook = base(trainee)
    data: dict[str, Any] = {
        "format": "course-hand-in/1", "edition": "2026-1", "trainee": trainee, "language": "vi",
        "notebooks": {"w01.ipynb": notebook},
    }  # fmt: skip
    ways = r.choices(["cell", "node", "bytes"], [6, 3, 1], k=r.randrange(1, 5))
    for _ in range(ways.count("cell")):
        by_cell(notebook, r)
    for _ in range(ways.count("node")):
        by_node(data if r.random() < 0.2 else notebook, r)
    content = json.dumps(data, ensure_ascii=r.random() < 0.5).encode("utf-8", "surrogatepass")
    for _ in range(ways.count("bytes")):
        content = by_byte(content, r)
    return content


def test_the_damage_is_the_same_each_time_and_of_all_kinds() -> None:
    assert mutant(7) == mutant(7)
    readable = 0
    for seed in range(60):
        try:
            json.loads(mutant(seed))
            readable += 1
        except (ValueError, RecursionError):
            continue
    assert 25 < readable < 60


def course(cohort: Cohort, *arguments: str, codes: Sequence[int] = (0,)) -> str:
    result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
    assert result.exit_code in codes, result.output
    return result.output


def test_no_damage_stops_the_batch(cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute_module, "Limits", TIGHT)
    (cohort.path / "roster.csv").write_text("trainee\n" + "".join(f"{t}\n" for t in TRAINEES))
    folder = tmp_path / "hand-ins"
    folder.mkdir()
    for seed in range(NOTEBOOKS):
        (folder / f"{seed:05d}.json").write_bytes(mutant(seed))
    course(cohort, "collect", str(folder), codes=(0, 1))
    with (cohort.path / "receipts.csv").open(encoding="utf-8", newline="") as stream:
        receipts = list(csv.DictReader(stream))
    assert {Path(receipt["file"]).name[:5] for receipt in receipts} == {f"{n:05d}" for n in range(NOTEBOOKS)}
    assert all(receipt["reason"].isprintable() for receipt in receipts)
    taken = {receipt["trainee"] for receipt in receipts if receipt["status"] == "accepted"}
    assert len(taken) > NOTEBOOKS // 4
    said = course(cohort, "grade", "--jobs", "2")
    assert f"{len(taken)} graded, 0 unchanged, 0 failed" in said, said
    for path in sorted((cohort.path / "answers").rglob("[0-9]*.json")):
        record = read(path)
        assert record.faults == [], path
        assert all(points is None or 0 <= points <= 6 for points in record.points.values()), path
        assert not any(validate("w01", q, v) for q, v in record.answers.items() if q != "q8"), path
        assert len(record.problems) <= 21, path
    course(cohort, "feedback")
    course(cohort, "report")
    pages = [*(cohort.path / "feedback").rglob("*.html"), cohort.path / "report" / "index.html"]
    assert len(pages) > len(taken)
    for page in pages:
        text = page.read_text("utf-8")
        assert "alert(1)</script" not in text
        assert all(c.isprintable() or c == "\n" for c in text), page


def channel(r: random.Random) -> bytes:
    """What a notebook may write as its results, from nearly right to nonsense."""
    lines = []
    for number in range(r.randrange(6)):
        output: dict[str, Any] = {"output_type": r.choice(["stream", "error", "display_data", None, [], 5])}
        for key in ("text", "ename", "evalue", "traceback", "name"):
            if r.random() < 0.4:
                output[key] = r.choice(VALUES)(r)
        record = {
            "assignment": "w01",
            "id": r.choice(["q1", "q2", "q7", 5, None]),
            "value": r.choice(VALUES)(r),
        }
        record = r.choice([record, {"assignment": "w01", "id": "q2", "value": "glue"}])
        begin = {
            "assignment": r.choice(["w01", 3]),
            "trainee": r.choice(VALUES)(r),
            "edition": r.choice(VALUES)(r),
        }
        media = {
            "application/vnd.linelab.answer+json": r.choice([record, *[make(r) for make in VALUES[:4]]]),
            "application/vnd.linelab.begin+json": begin,
            "text/plain": r.choice(VALUES)(r),
            "image/png": r.choice(VALUES)(r),
        }
        output["data"] = r.choice([media, media, r.choice(VALUES)(r)])
        outputs = r.choice([[output], [output, output], r.choice(VALUES)(r)])
        lines.append(json.dumps({"cell": number, "outputs": outputs}, ensure_ascii=r.random() < 0.5))
    data = "\n".join(lines).encode("utf-8", r.choice(["replace", "surrogatepass"])) + b"\n"
    return by_byte(data, r) if r.random() < 0.4 else data


def test_nothing_on_the_channel_stops_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = nbformat.from_dict(base(TRAINEES[0]))
    said: Sequence[bytes] = [b""]
    monkeypatch.setattr(
        execute_module,
        "run_in_sandbox",
        lambda *args, **named: Outcome(said[0], None, 0, 0.1, "\x1b[2J\x00 end \ud800"),
    )
    found = 0
    for seed in range(CHANNELS):
        said = [channel(random.Random(seed))]
        ran = execute(notebook, "w01")
        nbformat.validate(ran.notebook)
        json.dumps([ran.answers, ran.problems], allow_nan=False, ensure_ascii=False).encode("utf-8")
        assert not any(validate("w01", q, v) for q, v in ran.answers.items()), seed
        assert all(line.isprintable() for line in ran.problems), (seed, ran.problems)
        found += bool(set(ran.answers) - {"q8"})
    assert found > CHANNELS // 50
