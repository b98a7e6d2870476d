"""The hand-in page in real Chromium, on a small site of its own: the release notebooks as JupyterLite serves
them, and work seeded into IndexedDB as JupyterLite stores it (checked against jupyterlite-core 0.6.4)."""

from __future__ import annotations

import copy
import functools
import json
import shutil
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from autograder.assignments import EDITION
from linelab import answers as linelab_answers
from linelab.trainees import is_trainee_id, new_trainee_id, written
from publish.layout import Layout
from publish.notebooks import build_releases
from publish.paths import ASSETS, LANGUAGES

pytestmark = pytest.mark.browser

TRAINEE = "K7P2QD4P"
DATABASE = f"course-{EDITION}"
EARLY, LATE = "2026-11-20T08:00:00.000Z", "2026-11-21T09:30:00.000Z"
CORRECT_FORM = {
    "q1": 48.2, "q2": "glue", "q3": 79.5, "q4": 190.0, "q5": 240, "q6": 1.3, "q7": {"transfer_lot": 30}
}  # fmt: skip
MEMO = "Đề nghị giảm cỡ lô xuống 30 kiện <b>ngay</b>."

PAGE = """<!doctype html><html lang="{language}" data-course-root="../" data-theme="{theme}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>hand in</title></head>
<body><main><div class="course-hand-in"></div></main>
<script type="module" src="../assets/hand-in/hand-in.js"></script></body></html>"""

SEED = """async ([name, entries]) => {
  await new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 3);  // as localforage leaves it: three stores, version 3
    request.onupgradeneeded = () => ["files", "checkpoints", "local-forage-detect-blob-support"]
      .forEach((store) => request.result.createObjectStore(store));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const transaction = request.result.transaction("files", "readwrite");
      for (const entry of entries) transaction.objectStore("files").put(entry, entry.path);
      transaction.oncomplete = () => { request.result.close(); resolve(); };
    };
  });
}"""

STORED = """async (name) => {
  if (!(await indexedDB.databases()).some((database) => database.name === name)) return null;
  const db = await new Promise((resolve) => {
    const request = indexedDB.open(name); request.onsuccess = () => resolve(request.result);
  });
  const all = (method) => new Promise((resolve) => {
    const request = db.transaction("files").objectStore("files")[method]();
    request.onsuccess = () => resolve(request.result);
  });
  const [keys, values] = [await all("getAllKeys"), await all("getAll")];
  db.close();
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}"""

NO_STORAGE = """Object.defineProperty(window, "indexedDB", {value: {
  open() { throw new DOMException("denied", "SecurityError"); }}});"""

FULL_STORAGE = """IDBObjectStore.prototype.put = function () {
  throw new DOMException("full", "QuotaExceededError"); };"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A site under a sub-path with the hand-in page in both languages; its address and folder."""
    top = tmp_path_factory.mktemp("site")
    root = top / "khoa-hoc"
    shutil.copytree(ASSETS / "hand-in", root / "assets" / "hand-in")
    build_releases(root / "lite" / "files")
    (root / "lite" / "jupyter-lite.json").write_text(json.dumps({"jupyter-config-data": {}}))
    Layout(EDITION).write(root)
    for language in LANGUAGES:
        listing = root / "lite" / "api" / "contents" / language / "all.json"
        listing.parent.mkdir(parents=True)
        listing.write_text(json.dumps({"content": [{"path": f"{language}/w01.ipynb"}]}))
        (root / language).mkdir()
        for theme in ("light", "dark"):
            name = "hand-in.html" if theme == "light" else "hand-in-dark.html"
            (root / language / name).write_text(PAGE.format(language=language, theme=theme), encoding="utf-8")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(top)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/khoa-hoc/", root
    server.shutdown()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    """A tab with an empty profile that fails the test on any script error."""
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert not problems


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What linelab would write as outputs, in order."""
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def work(site: tuple[str, Path], said: list[dict[str, Any]]) -> Any:
    """Make a notebook as a trainee leaves it, with the outputs that linelab itself writes."""

    def make(
        answers: dict[str, Any], memo: str = "", language: str = "vi", trainee: str = TRAINEE
    ) -> dict[str, Any]:
        nb: dict[str, Any] = json.loads((site[1] / "lite" / "files" / language / "w01.ipynb").read_text())
        count = 0

        def run(cell: dict[str, Any]) -> None:
            nonlocal count
            count += 1
            cell["execution_count"] = count
            cell["outputs"] = [
                {"output_type": "display_data", "metadata": {}, "data": dict(bundle)} for bundle in said
            ]
            said.clear()

        for cell in nb["cells"]:
            source = "".join(cell["source"])
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            question = name.removeprefix("w01-").removesuffix("-answer")
            if cell["cell_type"] == "markdown":
                cell["attachments"] = None  # as JupyterLite saves it
            if "TRAINEE =" in source and trainee:
                cell["source"] = source.replace('TRAINEE = ""', f'TRAINEE = "{written(trainee)}"')
                linelab_answers.begin("w01", trainee, nb["metadata"]["course"]["edition"], language)
                run(cell)
            elif name.endswith("-answer") and question in answers:
                cell["source"] = f"x = {answers[question]!r}\nanswer({question!r}, x)"
                linelab_answers.answer(question, answers[question])
                run(cell)
            elif name == "w01-q8" and memo:
                cell["source"] = memo
        return nb

    return make


def _model(path: str, nb: dict[str, Any], saved: str = EARLY) -> dict[str, Any]:
    return {"path": path, "name": path[3:], "type": "notebook", "format": "json", "content": nb,
            "created": EARLY, "last_modified": saved, "mimetype": None, "writable": True}  # fmt: skip


def _open(tab: Page, site: tuple[str, Path], language: str = "vi", *models: dict[str, Any]) -> None:
    if models:
        tab.goto(f"{site[0]}lite/jupyter-lite.json")
        tab.evaluate(SEED, [DATABASE, list(models)])
    tab.goto(f"{site[0]}{language}/hand-in.html")
    expect(tab.locator(".hi-body")).not_to_be_empty()


def _row(tab: Page, question: str) -> Any:
    return tab.locator(f'tr[data-question="{question}"]')


def _edit(nb: dict[str, Any], grade_id: str) -> dict[str, Any]:
    cell: dict[str, Any] = next(
        c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )
    return cell


def _hand_in_file(tmp_path: Path, nb: dict[str, Any], made: str = LATE, **changes: Any) -> Path:
    data = {"format": "course-hand-in/1", "edition": "2026-1", "trainee": TRAINEE, "language": "vi",
            "made": made, "notebooks": {"w01.ipynb": nb}} | changes  # fmt: skip
    path = tmp_path / "hand-in_K7P2QD4P_20261121-1630.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("language", "title"), [("vi", "Chưa có bài tập nào"), ("en", "No exercise is saved")]
)
def test_nothing_saved_links_to_the_exercise(
    tab: Page, site: tuple[str, Path], language: str, title: str
) -> None:
    _open(tab, site, language)
    expect(tab.locator(".hi-status")).to_contain_text(title)
    link = tab.locator(".hi-body a")
    assert link.get_attribute("href") == f"{site[0]}lite/notebooks/index.html?path={language}/w01.ipynb"
    assert tab.evaluate(STORED, DATABASE) is None  # looking must not create JupyterLite's database


def test_partial_work_names_what_is_missing(tab: Page, site: tuple[str, Path], work: Any) -> None:
    nb = work({"q1": 48.25, "q2": "glue", "q7": {}})
    _edit(nb, "w01-q3-answer")["outputs"] = [
        {"output_type": "error", "ename": "NameError", "evalue": "name 'tt' is not defined", "traceback": []}
    ]
    _edit(nb, "w01-q4-answer")["source"] = 'answer("q4", 12)'
    _open(tab, site, "vi", _model("vi/w01.ipynb", nb))
    expect(tab.locator(".hi-code")).to_have_text("K7P2-QD4P")
    expect(_row(tab, "q1")).to_contain_text("48,25 giây/kiện")
    expect(_row(tab, "q2").locator(".hi-state")).to_have_text("Đã ghi")
    expect(_row(tab, "q3")).to_contain_text("NameError: name 'tt' is not defined")
    expect(_row(tab, "q3").locator(".hi-state")).to_have_text("Lỗi")
    expect(_row(tab, "q4")).to_contain_text("hãy chạy ô rồi lưu")
    expect(_row(tab, "q7")).to_contain_text("Câu q7 cần một phương án")
    expect(_row(tab, "q8").locator(".hi-state")).to_have_text("Còn thiếu")

    tab.click("#hi-download")
    items = tab.locator("dialog li").all_text_contents()
    assert [item.split(" – ")[0] for item in items] == [f"Câu {n}" for n in (3, 4, 5, 6, 7, 8)]
    tab.keyboard.press("Escape")
    expect(tab.locator("dialog")).to_have_count(0)
    expect(tab.locator("#hi-download")).to_be_focused()
    tab.click("#hi-download")
    with tab.expect_download() as download:
        tab.click("dialog .hi-main")
    assert download.value.suggested_filename.startswith("hand-in_K7P2QD4P_")


@pytest.mark.parametrize("language", LANGUAGES)
def test_complete_work_makes_the_file_of_the_contract(
    tab: Page, site: tuple[str, Path], work: Any, language: str
) -> None:
    nb = work(CORRECT_FORM, MEMO, language)
    _open(tab, site, language, _model(f"{language}/w01.ipynb", nb))
    expect(tab.locator('tr[data-state="recorded"]')).to_have_count(8)
    expect(tab.locator(".hi-body .hi-warning")).to_have_count(0)
    with tab.expect_download() as download:
        tab.click("#hi-download")
    data = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert list(data) == ["format", "edition", "trainee", "language", "made", "notebooks"]
    assert data["format"] == "course-hand-in/1"
    assert (data["edition"], data["trainee"], data["language"]) == ("2026-1", TRAINEE, language)
    assert list(data["notebooks"]) == ["w01.ipynb"]
    handed_in = data["notebooks"]["w01.ipynb"]
    nbformat.validate(handed_in)  # JupyterLite's own `attachments: null` would not pass
    for cell in nb["cells"]:
        cell.pop("attachments", None)
    assert handed_in == nb


def test_markup_in_answers_is_shown_as_text(tab: Page, site: tuple[str, Path], work: Any) -> None:
    evil = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
    nb = work(CORRECT_FORM, evil)
    nb["metadata"]["course"]["title"] = evil
    for output in _edit(nb, "w01-q2-answer")["outputs"]:
        output["data"][linelab_answers.ANSWER]["value"] = evil
    _edit(nb, "w01-q3-answer")["outputs"] = [
        {"output_type": "error", "ename": evil, "evalue": evil, "traceback": []}
    ]
    _open(tab, site, "vi", _model("vi/w01.ipynb", nb))
    expect(_row(tab, "q8").locator(".hi-value")).to_contain_text("<img src=x")
    expect(_row(tab, "q2").locator(".hi-value")).to_contain_text("<script>")
    expect(_row(tab, "q3")).to_contain_text("<img src=x")
    assert tab.locator(".course-hand-in img, .course-hand-in script").count() == 0
    assert tab.evaluate("window.hacked") is None


def test_what_looks_wrong_is_said(tab: Page, site: tuple[str, Path], work: Any) -> None:
    nb = work(CORRECT_FORM, MEMO)
    _edit(nb, "w01-q1-answer")["source"] = 'takt = 50  # corrected\nanswer("q1", takt)'
    _edit(nb, "w01-q5-answer")["source"] = 'wip = 2 * 120\nanswer("q5", wip)'  # cannot be known unrun
    plan = 'x = {"transfer_lot": 5}\nx["lane_capacity"] = 15\nanswer("q7", x)'
    _edit(nb, "w01-q7-answer")["source"] = plan  # nor can this
    _edit(nb, "w01-q6-answer")["execution_count"] = 1
    nb["cells"].remove(_edit(nb, "w01-q3-answer"))
    nb["cells"].append(copy.deepcopy(_edit(nb, "w01-q4-answer")))
    nb["metadata"]["course"]["edition"] = "2025-2"
    _open(tab, site, "vi", _model("vi/w01.ipynb", nb))
    expect(_row(tab, "q1").locator(".hi-note")).to_contain_text("chạy lại ô")
    expect(_row(tab, "q5").locator(".hi-note")).to_have_count(0)
    expect(_row(tab, "q7").locator(".hi-note")).to_have_count(0)
    expect(_row(tab, "q3")).to_contain_text("đã bị xóa")
    expect(_row(tab, "q4")).to_contain_text("nhân đôi")
    warnings = " ".join(tab.locator(".hi-card .hi-warning").all_text_contents())
    assert "thuộc khóa 2025-2" in warnings
    assert "từ trên xuống" in warnings


def test_without_a_valid_trainee_number_there_is_no_file(
    tab: Page, site: tuple[str, Path], work: Any
) -> None:
    nb = work(CORRECT_FORM, MEMO)
    for cell in nb["cells"]:
        for output in cell.get("outputs", []):
            if linelab_answers.BEGIN in output["data"]:
                output["data"][linelab_answers.BEGIN]["trainee"] = "K7P2QD4Q"
    _open(tab, site, "en", _model("vi/w01.ipynb", nb))
    expect(tab.locator(".hi-warning").first).to_contain_text("“K7P2QD4Q” is no valid trainee number")
    tab.click("#hi-download")
    expect(tab.locator(".hi-outcome .hi-error")).to_contain_text("no valid trainee number")
    assert tab.locator("dialog").count() == 0


def test_two_languages_let_the_trainee_choose(tab: Page, site: tuple[str, Path], work: Any) -> None:
    later, earlier = work({"q1": 50.0}, "", "en"), work(CORRECT_FORM, MEMO, "vi")
    _open(tab, site, "en", _model("vi/w01.ipynb", earlier), _model("en/w01.ipynb", later, LATE))
    choices = tab.locator(".hi-versions input")
    expect(choices).to_have_count(2)
    expect(tab.locator('.hi-versions input[value="en/w01.ipynb"]')).to_be_checked()
    tab.check('.hi-versions input[value="vi/w01.ipynb"]')
    expect(tab.locator('tr[data-state="recorded"]')).to_have_count(8)
    with tab.expect_download() as download:
        tab.click("#hi-download")
    assert json.loads(Path(download.value.path()).read_text())["language"] == "vi"


def test_exercises_of_two_trainees_do_not_mix_in_one_file(
    tab: Page, site: tuple[str, Path], work: Any
) -> None:
    mine, other = work(CORRECT_FORM, MEMO, "en"), work(CORRECT_FORM, MEMO, "en", new_trainee_id())
    other["metadata"]["course"]["assignment"] = "w02"
    _open(tab, site, "en", _model("en/w01.ipynb", mine), _model("en/w02.ipynb", other))
    tab.click("#hi-download")
    expect(tab.locator(".hi-outcome .hi-error")).to_contain_text("w01: K7P2-QD4P, 2026-1; w02: ")
    tab.uncheck("#hi-include-w02")
    expect(tab.locator("#hi-include-w02")).to_be_focused()  # redrawn, but the keyboard stays where it was
    with tab.expect_download() as download:
        tab.click("#hi-download")
    assert list(json.loads(Path(download.value.path()).read_text())["notebooks"]) == ["w01.ipynb"]


def test_notebook_alone_can_be_downloaded(tab: Page, site: tuple[str, Path], work: Any) -> None:
    _open(tab, site, "vi", _model("vi/w01.ipynb", work(CORRECT_FORM)))
    with tab.expect_download() as download:
        tab.click("#hi-notebook-w01")
    assert download.value.suggested_filename == "vi_w01.ipynb"
    nbformat.validate(json.loads(Path(download.value.path()).read_text()))


def test_restore_in_a_fresh_profile(tab: Page, site: tuple[str, Path], work: Any, tmp_path: Path) -> None:
    nb = work(CORRECT_FORM, MEMO)
    for cell in nb["cells"]:
        cell.pop("attachments", None)
    _open(tab, site)
    tab.set_input_files("#hi-restore", _hand_in_file(tmp_path, nb))
    expect(tab.locator(".hi-good").last).to_contain_text("Đã khôi phục vi/w01.ipynb")
    expect(tab.locator('tr[data-state="recorded"]')).to_have_count(8)
    stored = tab.evaluate(STORED, DATABASE)
    assert list(stored) == ["vi/w01.ipynb"]
    assert stored["vi/w01.ipynb"]["content"] == nb
    assert stored["vi/w01.ipynb"]["last_modified"] == LATE
    assert stored["vi/w01.ipynb"]["type"] == "notebook"


def test_restore_asks_and_keeps_what_it_replaces(
    tab: Page, site: tuple[str, Path], work: Any, tmp_path: Path
) -> None:
    newer, older = work({"q1": 50.0}), work({"q1": 48.0})
    _open(tab, site, "vi", _model("vi/w01.ipynb", newer, LATE))
    file = _hand_in_file(tmp_path, older, made=EARLY)
    tab.set_input_files("#hi-restore", file)
    expect(tab.locator("dialog")).to_contain_text("MỚI HƠN")
    tab.keyboard.press("Escape")
    expect(tab.locator(".hi-outcome").last).to_contain_text("Không thay đổi gì")
    assert list(tab.evaluate(STORED, DATABASE)) == ["vi/w01.ipynb"]

    tab.set_input_files("#hi-restore", file)
    tab.click("dialog .hi-main")
    expect(tab.locator(".hi-good").last).to_contain_text("Bản cũ được giữ")
    stored = tab.evaluate(STORED, DATABASE)
    backup = next(path for path in stored if ".backup-" in path)
    assert stored[backup]["content"] == newer
    assert stored["vi/w01.ipynb"]["content"] == older
    expect(tab.locator(".hi-versions")).to_contain_text("bản dự phòng")
    expect(tab.locator('.hi-versions input[value="vi/w01.ipynb"]')).to_be_checked()

    tab.set_input_files("#hi-restore", file)
    expect(tab.locator(".hi-outcome").last).to_contain_text("giống hệt")


def test_files_that_are_no_hand_in_file_are_refused(
    tab: Page, site: tuple[str, Path], work: Any, tmp_path: Path
) -> None:
    nb = work({})
    _open(tab, site, "en")
    garbage = tmp_path / "photo.json"
    garbage.write_bytes(b"\xff\xd8\xff")
    foreign = tmp_path / "other.json"
    foreign.write_text('{"format": "something"}')
    notebook = tmp_path / "w01.ipynb"
    notebook.write_text(json.dumps(nb))
    path_trick = _hand_in_file(tmp_path, nb, notebooks={"../../x.ipynb": nb})
    for file, message in [
        (garbage, "photo.json: cannot be read as a hand-in file"),
        (foreign, "other.json: not a hand-in file of this course"),
        (notebook, "w01.ipynb: this is a notebook"),
        (path_trick, "is damaged or was edited"),
    ]:
        tab.set_input_files("#hi-restore", file)
        expect(tab.locator(".hi-error")).to_contain_text(message)
    assert tab.evaluate(STORED, DATABASE) is None


def test_blocked_and_full_storage_are_explained(
    tab: Page, site: tuple[str, Path], work: Any, tmp_path: Path
) -> None:
    _open(tab, site, "en")
    tab.evaluate(f"() => {{ {FULL_STORAGE} }}")
    tab.set_input_files("#hi-restore", _hand_in_file(tmp_path, work({})))
    expect(tab.locator(".hi-error")).to_contain_text("The browser has no room left")
    tab.add_init_script(NO_STORAGE)
    tab.goto(f"{site[0]}en/hand-in.html")
    expect(tab.locator(".hi-error")).to_contain_text("does not let this page read its storage")


def test_coming_back_from_the_exercise_reads_again(tab: Page, site: tuple[str, Path], work: Any) -> None:
    _open(tab, site, "vi", _model("vi/w01.ipynb", work({"q1": 48.0})))
    expect(tab.locator('tr[data-state="recorded"]')).to_have_count(1)
    tab.evaluate(SEED, [DATABASE, [_model("vi/w01.ipynb", work({"q1": 48.0, "q2": "glue"}), LATE)]])
    tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(tab.locator('tr[data-state="recorded"]')).to_have_count(2)


def test_trainee_numbers_are_judged_as_linelab_does(tab: Page, site: tuple[str, Path]) -> None:
    good = [new_trainee_id() for _ in range(200)]
    mistyped = [number[: i % 8] + "7" + number[i % 8 + 1 :] for i, number in enumerate(good)]
    numbers = [*good, *mistyped, "k7p2-qd4p", "K7P2 QDAP", "", "K7P2QD4", "oil00000", "K7P2QD4U"]
    tab.goto(f"{site[0]}vi/hand-in.html")
    judged = tab.evaluate(
        "async ([url, numbers]) => numbers.map((await import(url)).isTraineeId)",
        [f"{site[0]}assets/hand-in/trainee.js", numbers],
    )
    assert judged == [is_trainee_id(number) for number in numbers]
    assert all(judged[:200])


def test_the_page_fits_a_phone_and_has_no_unlabelled_control(
    tab: Page, site: tuple[str, Path], work: Any
) -> None:
    tab.set_viewport_size({"width": 390, "height": 844})
    _open(tab, site, "vi", _model("vi/w01.ipynb", work(CORRECT_FORM, "x" * 3000)))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    for control in tab.locator(".course-hand-in input").all():
        assert control.evaluate("(input) => input.labels.length") == 1
