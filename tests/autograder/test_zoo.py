"""Hostile notebooks, all in one batch beside two honest ones: none has any effect but on its own marks."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from click.testing import CliRunner
from nbgrader.api import Gradebook

from autograder import execute as execute_module
from autograder.cohort import Cohort
from autograder.collect import attempts
from autograder.gradebook import details, marks
from autograder.records import history, read
from autograder.sandbox import Limits, Sandbox
from course import main
from linelab.cases import Case, load
from linelab.trainees import check_character

ZOO = yaml.safe_load((Path(__file__).parent / "zoo" / "zoo.yml").read_text("utf-8"))
NAMES = [entry["name"] for entry in ZOO]
TIGHT = partial(Limits, cell=1.5, total=4.0, wall=4.5, cpu=5, memory_all=3 << 29)
EDITION = "2026-1"
Q1 = 'answer("q1", case.shift / case.demand)'
Q2 = 'answer("q2", max(case.line.stations, key=lambda s: s.effective_time).name)'
BEGIN = "import os\nfrom linelab.answers import answer, begin, check\nprint('user', os.getuid())\n"
MEMO = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) ![x](http://127.0.0.1/x)\n"
    "$\\href{javascript:alert(1)}{x}$ \x1b[2J\u202egnp.exe\u2066 \x00 <a href='data:text/html,x'>x</a>"
)


def numbers() -> Iterator[str]:
    """Trainee numbers, the same each time."""
    for i in range(10_000):
        yield f"{i:07d}" + check_character(f"{i:07d}")


def case_of(trainee: str) -> Case:
    return load("w01").variant(trainee, EDITION)


def code(source: str, name: str = "") -> Any:
    return nbformat.v4.new_code_cell(source, id=name or "c" + os.urandom(4).hex())


# -- what is changed in the file itself


def _outputs(notebook: Any, neighbour: str) -> None:
    """The outputs of a notebook that answered all; no code makes them."""
    case = case_of(notebook.metadata.trainee)
    for question, value in {"q3": 3600 * case.line.bottleneck_rate, "q4": 200.0, "q5": 60.0}.items():
        record = {"assignment": "w01", "id": question, "value": value}
        data = {"application/vnd.linelab.answer+json": record, "text/plain": "✓"}
        cell = code("# I did it elsewhere", f"w01-{question}-answer")
        cell.outputs = [nbformat.v4.new_output("display_data", data=data)]
        notebook.cells.append(cell)


def _metadata(notebook: Any, neighbour: str) -> None:
    notebook.metadata.course |= {"record": 999, "points": 20, "language": "../../vi"}
    notebook.metadata |= {
        "trusted": True,
        "kernelspec": {"name": "bash", "display_name": "x", "argv": ["sh"]},
    }
    for n, cell in enumerate(notebook.cells):
        cell.metadata["trusted"] = True
        cell.metadata["nbgrader"] = {
            "grade": True, "solution": False, "locked": False, "points": 1000, "schema_version": 3,
            "grade_id": f"w01-q{n}", "cell_type": cell.cell_type, "task": False,
        }  # fmt: skip


def _tests(notebook: Any, neighbour: str) -> None:
    """Tests of its own, twice, under the names of the real ones."""
    for question in ("q1", "q2", "q3", "q7"):
        for source in ("20", "### BEGIN HIDDEN TESTS\n1000\n### END HIDDEN TESTS"):
            cell = code(source)
            cell.metadata["nbgrader"] = {
                "grade": True, "solution": False, "locked": True, "points": 20, "schema_version": 3,
                "grade_id": f"w01-{question}", "cell_type": "code", "task": False,
            }  # fmt: skip
            notebook.cells.append(cell)


def _neighbour(notebook: Any, neighbour: str) -> None:
    first = notebook.cells[0]
    first.source = first.source.replace(notebook.metadata.trainee, neighbour)


def _memo(notebook: Any, neighbour: str) -> None:
    notebook.cells.append(nbformat.v4.new_markdown_cell(MEMO, id="w01-q8"))


PATCHES: dict[str, Callable[[Any, str], None]] = {
    "outputs": _outputs,
    "metadata": _metadata,
    "tests": _tests,
    "neighbour": _neighbour,
    "memo": _memo,
}


def notebook_of(entry: Mapping[str, Any], trainee: str, words: Mapping[str, str], neighbour: str) -> Any:
    """An honest answer, what the entry does, another honest answer."""
    made = nbformat.v4.new_notebook()
    made.metadata = nbformat.from_dict(
        {"course": {"assignment": "w01", "edition": EDITION, "language": "vi"}, "trainee": trainee}
    )
    opening = f'{BEGIN}case = begin("w01", trainee="{trainee}", edition="{EDITION}")'
    cells = [re.sub(r"@([A-Z]+)@", lambda m: words[m[1]], cell) for cell in entry["cells"]]
    made.cells = [code(opening), code(Q1, "w01-q1-answer"), *map(code, cells), code(Q2, "w01-q2-answer")]
    if "patch" in entry:
        PATCHES[entry["patch"]](made, neighbour)
    return made


@dataclass
class World:
    """What the batch left behind."""

    cohort: Cohort
    clean: Cohort
    trainees: dict[str, str]  # entry to number
    honest: list[str]
    said: str
    reached: list[str]
    touched: list[str]
    left: list[str]

    def lines(self, name: str) -> list[str]:
        return [line for line in self.said.splitlines() if line.startswith(self.trainees[name])]

    def shown(self, name: str) -> str:
        """All that its executed notebook shows."""
        path = self.cohort.path / "executed" / self.trainees[name] / "w01.ipynb"
        notebook = json.loads(path.read_text("utf-8"))
        return "\n".join(
            str(part)
            for cell in notebook["cells"]
            for output in cell.get("outputs", [])
            for part in (output.get("text"), output.get("data"), output.get("ename"), output.get("evalue"))
            if part
        )


class Bait:
    """Servers that nobody may reach and files that nobody may touch."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reached = folder, list[str]()
        folder.mkdir()
        self.canary = folder / "canary.txt"
        self.canary.write_text("nobody reads this")
        self.abstract = f"course-zoo-{os.getpid()}-{folder.stat().st_ino}"
        self.servers = [socket.create_server(("127.0.0.1", 0)), socket.socket(socket.AF_UNIX)]
        self.servers.append(socket.socket(socket.AF_UNIX))
        self.servers[1].bind(str(folder / "s"))
        self.servers[2].bind(f"\0{self.abstract}")
        for server in self.servers:
            server.listen()
            threading.Thread(target=self._accept, args=(server,), daemon=True).start()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.udp.setblocking(False)

    @property
    def port(self) -> int:
        return int(self.servers[0].getsockname()[1])

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                server.accept()
                self.reached.append(str(server.getsockname()))

    def close(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.reached.append(f"UDP {self.udp.recv(100)!r}")
        for server in (*self.servers, self.udp):
            server.close()


def contents(*folders: Path) -> dict[str, tuple[int, bytes]]:
    """Kind, rights and content of every file."""
    found = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix != ".pyc":
                found[str(path)] = (path.stat().st_mode, path.read_bytes())
    return found


def named(name: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if entry.read_text().strip() == name:
                found.append(entry.parent.name)
    return found


def hand_in(folder: Path, trainee: str, notebook: Any) -> None:
    """Write a hand-in file as the Hand-in page does."""
    content = {
        "format": "course-hand-in/1", "edition": EDITION, "trainee": trainee, "language": "vi",
        "notebooks": {"w01.ipynb": json.loads(nbformat.writes(notebook))},
    }  # fmt: skip
    folder.mkdir(exist_ok=True)
    (folder / f"{trainee}.json").write_text(json.dumps(content), "utf-8")


def run(cohort: Cohort, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def world(
    _empty_cohort: Path,
    tmp_path_factory: pytest.TempPathFactory,
    copied: Callable[[Path, Path], Cohort],
    worked: Callable[..., Any],
) -> Iterator[World]:
    root = tmp_path_factory.mktemp("zoo")
    with pytest.MonkeyPatch.context() as patch:
        yield _world(root, patch, _empty_cohort, copied, worked)


def _world(
    root: Path,
    patch: pytest.MonkeyPatch,
    empty: Path,
    copied: Callable[[Path, Path], Cohort],
    worked: Callable[..., Any],
) -> World:
    patch.setattr(execute_module, "Limits", TIGHT)
    patch.setenv("COURSE_SECRET", "nobody reads this either")
    patch.setenv("TMPDIR", str(root / "temporary"))
    patch.setattr("tempfile.tempdir", str(root / "temporary"))
    (root / "temporary").mkdir()
    known = numbers()
    honest = [next(known), next(known)]
    takts = {trainee: case_of(trainee).takt for trainee in known}
    # whoever takes a neighbour's answers must get other marks for them
    far = [t for t, takt in takts.items() if abs(takt / case_of(honest[0]).takt - 1) > 0.03]
    trainees = dict(zip(NAMES, far, strict=False))
    roster = "trainee,name,email,language\n" + "".join(f"{t},,,\n" for t in (*honest, *trainees.values()))
    cohort, clean = copied(empty, root / "cohort"), copied(empty, root / "clean")
    for one in (cohort, clean):
        (one.path / "roster.csv").write_text(roster)
        for number, trainee in enumerate(honest):
            changed = {} if number == 0 else {"w01-q2-answer": 'answer("q2", "pack")'}
            hand_in(root / "honest", trainee, worked(trainee, "vi", changed))
        run(one, "collect", str(root / "honest"))
    run(clean, "grade", "--jobs", "1")

    bait = Bait(root / "bait")
    words = {
        "COHORT": str(cohort.path), "OTHER": str(attempts(cohort, honest[0], "w01")[0].path),
        "HOME": str(Path.home()), "CANARY": str(bait.canary), "PORT": str(bait.port), "PID": str(os.getpid()),
        "SOCKET": str(root / "bait" / "s"), "ABSTRACT": bait.abstract, "MARK": f"zoo{os.getpid()}",
    }  # fmt: skip
    for entry in ZOO:
        trainee = trainees[entry["name"]]
        hand_in(root / "hostile", trainee, notebook_of(entry, trainee, words, honest[0]))
    taken = run(cohort, "collect", str(root / "hostile"))
    assert f"{len(ZOO)} accepted, 0 duplicate, 0 rejected" in taken

    package = Path(execute_module.__file__).parent
    guarded = [
        root / "bait",
        root / "hostile",
        cohort.path / "attempts",
        package,
        package.parent / "notebooks",
    ]
    before = contents(*guarded)
    said = run(cohort, "grade", "--jobs", "2")
    for _ in range(100):
        if not named(words["MARK"]):
            break
        time.sleep(0.1)
    after = contents(*guarded)
    bait.close()
    touched = [path for path in before | after if before.get(path) != after.get(path)]
    left = [*named(words["MARK"]), *os.listdir(root / "temporary")]
    return World(cohort, clean, trainees, honest, said, bait.reached, touched, left)


# one world for all, so one process for all
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("zoo")]


def test_there_are_many_of_them() -> None:
    assert len(ZOO) >= 40
    assert len(set(NAMES)) == len(ZOO)


def test_the_whole_batch_is_graded(world: World) -> None:
    assert f"{len(ZOO) + 2} graded, 0 unchanged, 0 failed" in world.said
    assert len(marks(world.cohort)) == len(ZOO) + 2
    for trainee in (*world.trainees.values(), *world.honest):
        assert len(history(world.cohort.path, trainee, "w01")) == 1


def test_nothing_outside_has_changed(world: World) -> None:
    assert world.reached == []
    assert world.touched == []
    assert world.left == []
    for clutter in ("zoo", "zoo-folder", "zoo-link"):
        for place in ("/", "/tmp", "/dev/shm", "/usr"):
            assert not (Path(place) / clutter).exists()
    assert not [line for line in Path("/proc/sysvipc/shm").read_text().splitlines() if str(0x7A6F6F) in line]


def test_neighbours_have_the_marks_of_a_clean_run(world: World) -> None:
    for trainee in world.honest:
        one, other = (read(history(c.path, trainee, "w01")[0]) for c in (world.cohort, world.clean))
        assert (one.answers, one.points, one.reasons) == (other.answers, other.points, other.reasons)
        assert one.problems == other.problems == []
        assert not [line for line in world.said.splitlines() if line.startswith(trainee)]
    best = read(history(world.cohort.path, world.honest[0], "w01")[0]).points
    assert sum(points or 0 for points in best.values()) == 16  # all but the memo


def test_every_notebook_of_roots_has_a_user_of_its_own(world: World) -> None:
    if os.getuid() != 0:
        pytest.skip("everybody else's notebooks each have a user namespace")
    users = [re.search(r"user (\d+)", world.shown(name)) for name in NAMES]
    found = [int(user[1]) for user in users if user]
    assert len(found) > len(ZOO) - 5
    assert len(set(found)) == len(found)
    assert min(found) > 1000


@pytest.mark.parametrize("name", NAMES)
def test_it_gets_nowhere(world: World, name: str) -> None:
    entry = ZOO[NAMES.index(name)]
    lines, shown = world.lines(name), world.shown(name)
    assert "ESCAPED" not in shown
    assert entry.get("shows", "tried") in shown
    found = {d.question: d.points for d in details(world.cohort, world.trainees[name], "w01")}
    wanted = entry.get("marks", {"q1": 1, "q2": 1})
    assert {question: found[question] for question in wanted} == wanted, lines
    assert sum(found.values()) <= 2  # nobody gains by it
    expected = entry.get("line")
    if expected is None:
        assert lines == []
    elif expected != "?":
        assert len(lines) == 1, lines
        assert re.search(expected, lines[0]), lines
    for line in lines:
        assert line.isprintable()
        assert len(line) < 600


def test_the_gradebook_holds_no_more_points_than_there_are(world: World) -> None:
    with Gradebook(f"sqlite:///{world.cohort.path}/nbgrader/gradebook.db") as gradebook:
        assert gradebook.find_assignment("w01").max_score == 20
        assert {s.max_score for s in gradebook.assignment_submissions("w01")} == {20}
        gradebook.engine.dispose()


def test_feedback_and_report_are_written_for_all(world: World) -> None:
    assert f"{len(ZOO) + 2} pages" in run(world.cohort, "feedback")
    run(world.cohort, "report")
    feedback, report = world.cohort.path / "feedback", world.cohort.path / "report"
    assert len(list(feedback.rglob("w01.html"))) == len(ZOO) + 2
    pages = [*feedback.rglob("*.html"), *report.rglob("*.html")]
    assert len(pages) > 2 * (len(ZOO) + 2)
    for page in pages:
        text = page.read_text("utf-8")
        assert len(text) < 200_000
        assert all(c.isprintable() or c == "\n" for c in text), page


# -- one warm process, notebook after notebook and side by side

PROBE = [
    "import builtins, os, sys, random, numpy, linelab, json\n"
    "print(sorted(os.listdir('/tmp')), os.environ.get('ZOO'), hasattr(builtins, 'ZOO'))",
    "print(random.random(), numpy.random.random(), numpy.mean([1, 2]), {'b', 'a', 'c'})",
    "import matplotlib; print(matplotlib.rcParams['figure.dpi'])",
    "from linelab.answers import answer, begin\n"
    f"case = begin('w01', '{next(numbers())}', '{EDITION}')\n{Q1}\n"
    "print(linelab.simulate(case.line, horizon=9000, warm_up=900, replications=2, seed=1).lead_time.mean)",
]


def probe(place: Sandbox) -> list[bytes]:
    """What an honest notebook gives, but for its times."""
    outcome = place.run(json.dumps({"cells": PROBE}).encode())
    return [re.sub(rb', "seconds": [0-9.]+', b"", line) for line in outcome.data.splitlines()]


def test_a_notebook_never_meets_the_one_before_it_or_beside_it() -> None:
    quick = Limits(cell=0.4, total=0.8, wall=1.0, cpu=2, memory_all=1 << 29)
    words = dict.fromkeys(("COHORT", "OTHER", "HOME", "CANARY", "SOCKET"), "/nowhere/x") | {
        "PORT": "9", "PID": "1", "ABSTRACT": "x", "MARK": f"zoo{os.getpid()}",
    }  # fmt: skip
    trainee = next(numbers())
    with Sandbox() as place:
        first = probe(place)
        assert len(first) == len(PROBE) + 1
        assert b"error" not in b"".join(first)
        for entry in ZOO:
            cells = [
                c.source for c in notebook_of(entry, trainee, words, trainee).cells if c.cell_type == "code"
            ]
            job = json.dumps({"cells": cells, "limits": asdict(quick)}).encode()
            beside = threading.Thread(target=place.run, args=(job, quick))
            beside.start()
            assert probe(place) == first, f"beside {entry['name']}"
            beside.join()
            assert probe(place) == first, f"after {entry['name']}"
