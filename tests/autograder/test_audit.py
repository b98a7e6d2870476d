"""The trusted side: nothing of a submission is unpickled, evaluated, imported, or rendered as active HTML."""

from __future__ import annotations

import ast
import pickle
import pickletools
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbconvert.exporters import HTMLExporter
from traitlets.config import Config

from autograder import judge as judge_module
from autograder import plan as plan_module
from autograder import work as work_module
from autograder.cohort import Cohort
from autograder.execute import plain_value
from autograder.inert import harmless, one_line, picture, printable, readable
from autograder.judge import hidden_seeds, judge
from autograder.plan import judge_plan
from autograder.records import notebook_path
from autograder.work import Done, Task, do
from course import main
from linelab.answers import validate
from linelab.cases import load, names

ROOT = Path(work_module.__file__).parents[1]
SOURCES = sorted([*ROOT.glob("autograder/**/*.py"), *ROOT.glob("labs/linelab/**/*.py"), ROOT / "course.py"])

# what makes data into code or programs, and where it may stand; the reason says what reaches it
ALLOWED = {
    "autograder/judge.py exec": "a hidden test, of our own source; answers stand in its names, as data",
    "autograder/judge.py eval": "the last line of the same test, compiled before any answer is there",
    "autograder/judge.py compile": "the source of the same test",
    "autograder/inside.py import_module": "in the sandbox; names of our own",
    "autograder/sandbox.py subprocess": "bubblewrap, with arguments of our own; the job is a file",
    "autograder/watch.py subprocess": "the name of an exception",
    "autograder/forked.py subprocess": "the name of an exception",
    "autograder/work.py ProcessPoolExecutor": "pickles between our own processes; tested below",
    "autograder/cluster.py distributed": "the same between the operator's own machines",
    "autograder/rules.py yaml.load": "a safe loader of our own; the instructor's file, not a trainee's",
    "autograder/certify/rules.py yaml.load": "the same; the rules of certificates",
    "autograder/certify/evidence/sheet.py yaml.load": "the same, without aliases; a trainee's sheet",
    "autograder/certify/pdf.py compile": "the typesetter and a template of our own; what it sets is data",
    "autograder/certify/making.py ProcessPoolExecutor": "pickles between our own processes alone",
    "labs/linelab/experiment.py joblib": "runs of who calls it; grading uses one process",
    "labs/linelab/apps/__init__.py import_module": "a lab that is there; grading opens none",
    "course.py import_module": "our own groups of commands",
}
MODULES = {
    *("pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "dbm", "runpy", "code"),
    *(
        "codeop",
        "imp",
        "subprocess",
        "pty",
        "joblib",
        "distributed",
        "nbclient",
        "jupyter_client",
        "papermill",
    ),
    *("webbrowser", "xmlrpc", "socketserver", "managers", "connection"),
}
CALLS = {
    *(
        "eval",
        "exec",
        "compile",
        "__import__",
        "import_module",
        "load_module",
        "exec_module",
        "create_module",
    ),
    *("ProcessPoolExecutor", "system", "popen", "execv", "execve", "execvp", "execvpe", "execl", "execlp"),
    *("spawnv", "spawnl", "posix_spawn", "fork_exec", "startfile", "unsafe_load", "full_load"),
    *("unsafe_load_all", "read_pickle", "from_string", "Markup"),
}
KEYWORDS = {"shell", "allow_pickle", "autoescape"}


def banned(text: str) -> set[str]:
    """What of the above a module uses."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {part for alias in node.names for part in alias.name.split(".")} & MODULES
        elif isinstance(node, ast.ImportFrom):
            found |= set((node.module or "").split(".")) & MODULES
            found |= {alias.name for alias in node.names} & (MODULES | CALLS)
        elif isinstance(node, ast.Name):
            found |= {node.id} & CALLS
        elif isinstance(node, ast.Attribute):
            of = node.value.id if isinstance(node.value, ast.Name) else ""
            if of in ("yaml", "numpy", "np") and node.attr in ("load", "load_all"):
                found.add(f"{of}.{node.attr}")
            found |= {node.attr} & CALLS if of != "re" else set()
        elif isinstance(node, ast.keyword):
            found |= {str(node.arg)} & KEYWORDS
    return found


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads as x",
        "import yaml; yaml.load(x, yaml.Loader)",
        "yaml.unsafe_load(x)",
        "eval(x)",
        "f = eval",
        "builtins.exec(x)",
        "importlib.import_module(x)",
        "subprocess.run(x, shell=True)",
        "os.system(x)",
        "numpy.load(x, allow_pickle=True)",
        "from nbclient import execute",
        "jinja2.Environment(autoescape=False)",
    ],
)
def test_the_audit_finds_what_it_looks_for(line: str) -> None:
    assert banned(line)
    assert not banned("import re, yaml\nre.compile('x')\nyaml.safe_load('x')")


def test_nothing_makes_data_into_code_but_for_a_reason() -> None:
    assert len(SOURCES) > 60
    found = {f"{path.relative_to(ROOT)} {use}" for path in SOURCES for use in banned(path.read_text("utf-8"))}
    assert found - set(ALLOWED) == set()
    assert set(ALLOWED) - found == set()  # a reason for what is gone misleads


# -- what crosses between our own processes

MARKUP = "</section><script>alert(1)</script><img src=x onerror=alert(1)>[x](javascript:alert(1))"
ESCAPES = "\x1b[2J\x1b]0;t\x07\x9b31m\r\b\x00\u202egnp\u2066\u2028\x85\U000e0041"
HOSTILE = MARKUP + ESCAPES


def hostile(solve: Callable[..., Any], trainee: str) -> nbformat.NotebookNode:
    """A hand-in with markup and terminal codes wherever a trainee can write."""
    words = repr(HOSTILE)
    notebook: nbformat.NotebookNode = solve(
        trainee,
        "en",
        {
            "w01-q1-answer": f"print({words})\nraise ValueError({words})",
            "w01-q2-answer": "from IPython.display import HTML, display\n"
            f"record = {{'assignment': 'w01', 'id': {words}, 'value': {words}}}\n"
            "display({'application/vnd.linelab.answer+json': record}, raw=True)\n"
            f"display(HTML({words}))\ndisplay({{'text/plain': {words}, 'image/png': {words}}}, raw=True)",
            "w01-q3-answer": f"raise type('E' + {MARKUP!r}, (Exception,), {{}})({words})",
            "w01-q7-answer": "from IPython.display import display\n"
            f"value = {{{words}[-60:]: {words}, 'transfer_lot': {words}}}\n"
            "record = {'assignment': 'w01', 'id': 'q7', 'value': value}\n"
            "display({'application/vnd.linelab.answer+json': record}, raw=True)",
            "w01-q8": f"{HOSTILE}\n\n<a href='javascript:alert(1)'>x</a>\n\n![x](http://far.example/x.png)\n\n"
            "$\\href{javascript:alert(1)}{x}$ [y][z]\n\n[z]: javascript:alert(1)",
        },
    )
    for cell in notebook.cells:
        cell.metadata["x"] = HOSTILE
    notebook.cells[0].source += HOSTILE
    return notebook


def test_what_processes_hand_each_other_holds_no_class_of_a_trainees(solve: Callable[..., Any]) -> None:
    """Pickles are read only from processes of our own; in them, what a trainee wrote is text, numbers and
    lists. The names of all classes that reading one can ask for are ours."""
    trainee = "K7P2QD4P"
    task = Task("k", nbformat.writes(hostile(solve, trainee)).encode(), trainee, "w01", "2026-1", [1] * 8)
    try:
        (done,) = do((task,))
    finally:
        while work_module._sandboxes:
            work_module._sandboxes.pop().close()
    assert isinstance(done, Done)
    assert done.answers["q7"]
    for sent, expected in ((task, {"Task"}), (done, {"Done", "Judgement"})):
        assert {words[-1] for words in _globals(pickle.dumps(sent, protocol=4))} == expected
    assert plain(done.answers)


def _globals(data: bytes) -> Iterator[list[str]]:
    """Module and name of each class that a pickle asks for."""
    texts: list[str] = []
    for opcode, argument, _ in pickletools.genops(data):
        if isinstance(argument, str) and "UNICODE" in opcode.name:
            texts.append(argument)
        elif opcode.name == "STACK_GLOBAL":
            yield texts[-2:]
        elif "GLOBAL" in opcode.name or opcode.name in ("INST", "EXT1", "EXT2", "EXT4"):
            yield [str(argument)]


def plain(value: Any) -> bool:
    if type(value) is dict:
        return all(type(k) is str and plain(v) for k, v in value.items())
    if type(value) is list:
        return all(map(plain, value))
    return value is None or type(value) in (str, int, float, bool)


# -- what people see


class Active(HTMLParser):
    """Counts what does something on a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: Counter[str] = Counter()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in (
            "script", "img", "iframe", "object", "embed", "svg", "style", "form", "base", "link", "meta",
            "input", "video", "audio", "source", "math", "template", "button", "textarea",
        ):  # fmt: skip
            self.found[tag] += 1
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "src", "srcset", "action", "formaction", "data"):
                self.found[f"{tag} {name}"] += 1
            if name == "href" and not (value or "#").startswith("#"):
                self.found[f"{tag} href {(value or '').partition(':')[0]}"] += 1


def course(cohort: Cohort, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, [arguments[0], "-C", str(cohort.path), *arguments[1:]])
    assert result.exit_code == code, result.output
    return result.output


def formgrader(path: Path) -> str:
    """The page on which nbgrader shows a hand-in, without nbgrader's own frame around it."""
    config = Config()
    config.HTMLExporter.template_name = "classic"
    page, _ = HTMLExporter(config=config).from_filename(str(path))
    return str(page)


def test_all_that_people_see_of_a_hostile_hand_in_is_inert(
    cohort: Cohort, hand_in: Callable[..., Path], solve: Callable[..., Any], tmp_path: Path
) -> None:
    bad, good = (
        cohort.enrol(HOSTILE.replace("\r", "").replace("\x00", ""), language="en").id,
        cohort.enrol().id,
    )
    content = {"w01.ipynb": hostile(solve, bad)}
    path = hand_in(bad, "en", None, notebooks=content)
    strange = path.rename(tmp_path / "x\x1b[2J\u202e<img src=x onerror=alert(1)>.json")
    undecodable = tmp_path / b"y\xff\x1b.json".decode("utf-8", "surrogateescape")
    undecodable.write_text("{}")
    said = course(cohort, "collect", str(strange), str(undecodable), str(hand_in(good)), code=1)
    said += course(cohort, "grade", "--jobs", "1")
    said += course(cohort, "review", "--list") + course(cohort, "feedback") + course(cohort, "report")
    assert "2 graded, 0 unchanged, 0 failed" in said
    for line in said.splitlines():
        assert line.isprintable(), line
    assert (cohort.path / "receipts.csv").read_text("utf-8").replace("\n", "").isprintable()
    for name in ("feedback", "executed"):
        assert (cohort.path / name / bad).is_dir()
    page, other = (
        Active((cohort.path / "feedback" / t / "w01.html").read_text("utf-8")) for t in (bad, good)
    )
    assert page.found == other.found
    report = (cohort.path / "report" / "index.html").read_text("utf-8")
    assert not {"script", "img", "img src", "img onerror"} & set(Active(report).found)
    pages = [*(cohort.path / "feedback").rglob("*.html"), cohort.path / "report" / "index.html"]
    for written in pages:
        text = written.read_text("utf-8")
        assert all(c.isprintable() or c == "\n" for c in text)
        assert "default-src 'none'" in text
    shown, plainly = (Active(formgrader(notebook_path(cohort.path, t, "w01"))) for t in (bad, good))
    assert shown.found == plainly.found


def test_the_executed_notebook_is_inert(
    cohort: Cohort, hand_in: Callable[..., Path], solve: Callable[..., Any]
) -> None:
    bad, good = cohort.enrol().id, cohort.enrol().id
    course(
        cohort, "collect", str(hand_in(bad, notebooks={"w01.ipynb": hostile(solve, bad)})), str(hand_in(good))
    )
    course(cohort, "grade")
    paths = [cohort.path / "executed" / who / "w01.ipynb" for who in (bad, good)]
    shown, plainly = (Active(formgrader(path)) for path in paths)
    assert not shown.found - plainly.found
    notebook = nbformat.read(paths[0], 4)
    for cell in notebook.cells:
        assert cell.metadata == {}
        for output in cell.get("outputs", []):
            said = [output.get("text", ""), output.get("evalue", ""), *output.get("data", {}).values()]
            assert all(c.isprintable() or c in "\n\t" for text in said for c in text)


@pytest.mark.parametrize("function", [readable, one_line, printable, harmless])
def test_whatever_stands_in_a_text_nothing_acts_on_a_terminal(function: Callable[[str], str]) -> None:
    every = "".join(map(chr, range(0x300))) + ESCAPES + "\ud800\udfff\u200e\u061c\ufeff"
    shown = function(every)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    assert function("Thời gian lưu trình: 59 ± 1 phút") == "Thời gian lưu trình: 59 ± 1 phút"


@pytest.mark.parametrize(
    "text",
    [
        '"><script>',
        "",
        "R0lGODlh",
        "iVBORw0KGgo=",
        "iVBORw0KGgoAAAANSUhEUgA7msoAO5rKCAYAAAA=",
        "\ud800",
        "é" * 9,
    ],
)
def test_what_is_no_picture_is_not_shown_as_one(text: str) -> None:
    assert picture(text) is None


# -- the judge

LEGAL: list[Any] = [
    0, -1, 1, 2**53, -(2**53), 0.5, 1e308, -1e308, 5e-324, "", "5", "x" * 3000, "1e9", "nan", "inf", True,
    False, "__class__", "transfer_lot", "\ud800\x00", "9" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("name", names())
def test_a_plan_of_legal_types_and_absurd_settings_is_never_simulated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is simulated are settings that the case names: no plan can make the judge slow or large."""
    ran: list[Any] = []
    monkeypatch.setattr(plan_module, "runs", ran.append)
    case = load(name)
    question = next(q for q in case.questions.values() if q.kind == "plan")
    tried = 0
    for lever in case.levers:
        for value in LEGAL:
            plan = plain_value({lever.name: value})
            if isinstance(value, bool) or plan[lever.name] not in lever.costs:
                assert not validate(name, question.id, plan)  # it gets as far as the judge
                assert judge_plan(case, plan, [1]).share == 0
                tried += 1
    many = plain_value({f"lever{n}": 2**53 for n in range(50)})
    assert judge_plan(case, many, [1]).share == 0
    assert ran == []
    assert tried > 10 * len(case.levers)


@pytest.mark.parametrize("name", names())
def test_any_answers_that_can_be_recorded_are_judged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_module, "REPLICATIONS", 3)
    case, seeds = load(name), hidden_seeds("5ec7e7", name)
    for value in (
        *LEGAL[::4],
        None,
        [],
        {},
        {"a": {"b": 1}},
        [[1]],
        {lever.name: float(1) for lever in case.levers},
    ):
        answers = {q: plain_value(value) for q in case.questions}
        judged = judge(name, "K7P2QD4P", "2026-1", answers, seeds)
        assert judged.faults == []
        assert set(judged.points) == set(case.questions)
        for question, points in judged.points.items():
            assert points is None or 0 <= points <= case.questions[question].points


def test_a_test_that_never_ends_is_broken_and_the_next_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = (("q1", "while True: pass", 1.0), ("q2", "while True: pass", 1.0), ("q3", "2.0", 2.0))
    monkeypatch.setattr(judge_module, "hidden_tests", lambda assignment: endless)
    before = signal.getsignal(signal.SIGPROF)
    started = time.process_time()
    with work_module._at_most(0.4):
        judged = judge("w01", "K7P2QD4P", "2026-1", {}, [1])
    assert time.process_time() - started < 3
    assert (judged.points["q1"], judged.points["q2"], judged.points["q3"]) == (None, None, 2.0)
    assert [fault.split(":")[0] for fault in judged.faults] == ["w01 q1", "w01 q2"]
    assert "judging takes longer" in judged.faults[0]
    assert signal.getsignal(signal.SIGPROF) == before
    assert signal.getitimer(signal.ITIMER_PROF)[0] == 0


def test_a_flood_on_the_channel_does_not_keep_us_busy() -> None:
    """24 MB of empty or half right lines took minutes to read."""
    from autograder.channel import outputs

    for line in (
        b"\n",
        b"[]\n",
        b'{"cell": 0\n',
        b'{"cell": 0, "outputs": [[[\n',
        b'{"cell": 7, "outputs": []}\n',
    ):
        data = line * ((24 << 20) // len(line))
        started = time.process_time()
        assert list(outputs(data, 10)) == []
        assert time.process_time() - started < 8
    many = [
        b'{"cell": %d, "outputs": [' % n + b'{"output_type":"error"},' * 9_000 + b"{}]}\n" for n in range(50)
    ]
    found = list(outputs(b"".join(many), 500))
    assert len(found) == 50
    assert [len(x) for x in found[:6]] == [2_000] * 5 + [0]


@pytest.mark.parametrize(
    "text", ["\\" * 20_000, "&" * 20_000, "\\href" * 4_000, "](" * 10_000, "<a" * 10_000]
)
def test_no_text_takes_long_to_make_harmless(text: str) -> None:
    """As many backslashes as a memo may have took seconds, and as many as a file may have took days."""
    started = time.process_time()
    harmless(text)
    assert time.process_time() - started < 0.3


def test_without_a_sandbox_grading_refuses_and_unsafe_is_loud(
    cohort: Cohort,
    hand_in: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    course(cohort, "collect", str(hand_in(cohort.enrol().id)))
    monkeypatch.setattr("shutil.which", lambda name: None)
    said = course(cohort, "grade", code=1)
    assert "bubblewrap is missing: run sudo apt-get install bubblewrap" in said
    assert not list((cohort.path / "answers").rglob("*.json"))
    said = course(cohort, "grade", "--unsafe-no-sandbox")
    assert "WARNING: without a sandbox a notebook can read, change and send everything that you can." in said
    assert "1 graded" in said
    capfd.readouterr()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    do((Task("k", nbformat.writes(notebook).encode(), "K7P2QD4P", "w01", "2026-1", [1] * 8, unsafe=True),))
    assert "UNSAFE: a trainee's code runs here without a sandbox" in capfd.readouterr().err
