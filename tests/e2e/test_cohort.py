"""A cohort of twenty demo trainees with mixed records, from the hand-in to the ledger after an erasure.

They are numbers, not names. The board of this class certifies on week 1 alone, so that all levels up to the
consultant are reached by real work: exercises, an exam, a simulation case, and an on-site project.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from playwright.sync_api import Browser, Page

from autograder.assignments import release_notebook
from autograder.certify import rules
from autograder.certify.book import Book
from autograder.certify.exam import sitting
from course import main
from linelab.trainees import normalise
from publish.serve import server

from ..autograder.conftest import WEAK, write_hand_in
from ..certify.projects import project
from ..certify.test_cli_exam import fill
from ..certify.test_exam_case import best
from .test_course import verdict

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSPHRASE = "a passphrase of a test"
STAFF = ("registrar", "trainer", "examiner", "examiner", "decider")
GOOD, WEAK_ONES, NOTHING_DONE, ABSENT = range(13), range(13, 16), range(16, 18), range(18, 20)


class Desk:
    """The instructor's and the board's desk: the commands, typed in the cohort's folder."""

    def __init__(self, cohort: Path) -> None:
        self.cohort = cohort
        self._environment = {
            "COURSE_COHORT": str(cohort),
            "COURSE_KEY_PASSPHRASE": PASSPHRASE,
            "COURSE_PERSON_PASSPHRASE": PASSPHRASE,
            "COURSE_PEOPLE": str(cohort.with_name("people")),
        }

    def __call__(self, *arguments: str | Path, code: int | None = 0) -> str:
        done = CliRunner(env=self._environment).invoke(main, [str(one) for one in arguments])
        assert done.exit_code == code or code is None, f"{arguments}: {done.output}{done.exception!r}"
        return done.output


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A cohort of twenty with its staff, its own rules, and the consent of all but the last who did well."""
    made = Desk(tmp_path / "cohort")
    made("cohort", "new", made.cohort, "--edition", "2026-1")
    made("cohort", "enrol", "--count", "20")
    for place, role in enumerate(STAFF):
        made("certify", "person", "add", f"{role} {place}", "--role", role)
    own = yaml.safe_load(rules.DEFAULT.read_text("utf-8"))
    own["version"], own["modules"] = "2026-91", own["modules"][:1]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(own, allow_unicode=True), "utf-8")
    made("certify", "rules", "adopt", file)
    made("certify", "trained", "--all", "--as", "trainer 1")
    consenting = [one for place, one in enumerate(trainees(made)) if place != GOOD[-1]]
    made("data", "consent", *consenting, "--purpose", "course", "--purpose", "credential")
    return made


def trainees(desk: Desk) -> list[str]:
    lines = (desk.cohort / "roster.csv").read_text("utf-8").splitlines()[1:]
    return [line.split(",")[0] for line in lines]


def hand_in_and_mark(desk: Desk, folder: Path) -> None:
    """Exercises of all kinds, through collecting, grading and marking by a person."""
    folder.mkdir()
    people = trainees(desk)
    for place in (*GOOD, *WEAK_ONES):
        write_hand_in(folder, people[place], "en" if place % 2 else "vi", WEAK if place in WEAK_ONES else {})
    released = release_notebook("w01")
    for place in NOTHING_DONE:
        cells = json.loads(json.dumps(released))
        content = {"format": "course-hand-in/1", "edition": "2026-1", "trainee": people[place]}
        file = folder / f"{people[place]}.json"
        file.write_text(json.dumps(content | {"notebooks": {"w01.ipynb": cells}}), "utf-8")
    assert "18 accepted, 0 duplicate, 0 rejected" in desk("collect", folder)
    assert "18 graded, 0 unchanged, 0 failed" in desk("grade")
    for place in GOOD:
        desk("review", "--set", people[place], "w01", "q8", "4")
    desk("feedback")
    assert "18 attempts" in desk("ledger", "sync")


def examine(desk: Desk, candidates: list[str], folder: Path) -> None:
    """The exam and the simulation case, taken well."""
    for code, part in (("hue-1", "exam"), ("hue-2", "case")):
        inbox = folder / code
        inbox.mkdir(parents=True)
        desk("certify", "exam", "open", code, "--part", part, "--trainees", ",".join(candidates),
             "--as", "examiner 2")  # fmt: skip
        found = sitting.find(Book.open(desk.cohort), code)
        for candidate in candidates:
            paper = found.paper(candidate)
            answers = {question.id: question.right for question in paper.questions}
            if paper.line is not None:
                answers[paper.questions[-1].id] = best(paper.line)
            (path,) = (found.folder / "hand-out").glob(f"*{candidate}.ipynb")
            done = fill(json.loads(path.read_text("utf-8")), answers)
            (inbox / path.name).write_text(json.dumps(done), "utf-8")
        assert "of all candidates are in" in desk("certify", "exam", "take", code, inbox)
        desk("certify", "exam", "close", code, "--as", "examiner 2")
        desk("certify", "exam", "mark", code, "--as", "examiner 2")


def issued(desk: Desk) -> dict[tuple[str, str], Path]:
    """The certificates by trainee and title."""
    found = {}
    for path in (desk.cohort / "credentials").glob("*.json"):
        subject = json.loads(path.read_text("utf-8"))["credentialSubject"]
        (number,) = (x["identityHash"] for x in subject["identifier"] if x["identityType"] != "name")
        found[normalise(number), subject["achievement"]["name"]] = path
    return found


def test_twenty_trainees_from_their_records_to_certificates_and_away(
    desk: Desk, browser: Browser, site_folder: Path, tmp_path: Path
) -> None:
    people = trainees(desk)
    hand_in_and_mark(desk, tmp_path / "hand-ins")
    first, other, without = people[0], people[1], people[GOOD[-1]]

    # explain: what is met, what is missing and why
    assert "✓" in desk("certify", "explain", first, "--language", "en")
    assert "needs 60" in desk("certify", "explain", people[WEAK_ONES[0]], "--language", "en")
    assert "no mark yet" in desk("certify", "explain", people[ABSENT[0]], "--language", "en")

    # decide and issue: who earned it and consented, and nobody else
    desk("certify", "keygen", "--name", "Demo issuer", "--site", "http://localhost:8000/")
    for level in ("module", "completion"):
        said = desk("certify", "decide", "--all", "--level", level, "--yes")
        assert f"{len(GOOD)} to grant, {len(people) - len(GOOD)} do not meet the rules" in said
    assert without[:4] in desk("certify", "issue", code=None)
    found = issued(desk)
    assert len(found) == 2 * (len(GOOD) - 1)
    assert {who for who, _ in found} == {people[place] for place in GOOD[:-1]}

    # two go on: examined, and one of them with a project
    examine(desk, [first, other], tmp_path / "exam")
    assert "2 to grant" in desk("certify", "decide", first, other, "--level", "associate", "--yes")
    source = project(tmp_path / "project")
    desk("certify", "evidence", first, "press-setup", source, "--as", "trainer 1")
    assert "do not meet" in desk("certify", "decide", first, "--level", "consultant", "--yes", code=1)
    desk("certify", "sign-off", first, "press-setup", "--as", "trainer 1")
    desk("certify", "sign-off", first, "press-setup", "--as", "examiner 3")
    assert "1 to grant" in desk("certify", "decide", first, "--level", "consultant", "--yes")
    desk("certify", "issue", code=None)
    assert len(issued(desk)) == 2 * (len(GOOD) - 1) + 3
    assert "unbroken" in desk("ledger", "verify")

    published = tmp_path / "published"
    shutil.copytree(site_folder, published, copy_function=os.link, ignore=shutil.ignore_patterns("verify"))
    shutil.copytree(site_folder / "assets" / "verify", published / "assets" / "verify")
    desk("certify", "publish-status", published)
    (top,) = (path for (who, name), path in issued(desk).items() if who == first and "Consultant" in name)
    with server(published) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        site = f"http://127.0.0.1:{running.server_port}/"
        for width in (1280, 390):
            context = browser.new_context(viewport={"width": width, "height": 844})
            page = context.new_page()
            for file in (top, top.with_suffix(".pdf")):
                begun = time.perf_counter()
                state, words = verdict(page, site, "en", file)
                print(f"\n{width} px, {file.suffix}: page and verdict in {time.perf_counter() - begun:.2f} s")
                assert (state, "Consultant" in words, "Not revoked as of" in words) == ("valid", True, True)
            assert _verifying(page, top) < 1
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            context.close()

        # one is revoked: the page shows it, and the others hold
        desk("certify", "revoke", top.stem, "--why", "mistake")
        desk("certify", "publish-status", published)
        context = browser.new_context()
        page = context.new_page()
        state, words = verdict(page, site, "en", top)
        assert (state, "revoked" in words.lower()) == ("invalid", True)
        assert "revoked" in desk("verify", top, code=1)
        rest = next(path for (who, _), path in issued(desk).items() if who == other)
        assert verdict(page, site, "vi", rest)[0] == "valid"
        context.close()
        running.shutdown()

    # one is erased: nothing of theirs is left but numbers and hashes, and the chain holds
    desk("data", "erase", other, "--yes")
    assert other not in trainees(desk)
    left = [p for p in desk.cohort.rglob("*") if p.is_file() and other in p.name]
    assert left == []
    said = desk("ledger", "verify")
    assert "unbroken" in said
    assert "personal data erased" in desk("ledger", "show", "--trainee", other)
    desk("certify", "publish-status", published)


def _verifying(page: Page, file: Path) -> float:
    """Seconds from choosing a file to the verdict, on a page that is there."""
    page.evaluate("document.querySelector('.cv-card')?.remove()")
    begun = time.perf_counter()
    page.locator(".cv-input").set_input_files(file)
    page.locator(".cv-card").wait_for()
    return time.perf_counter() - begun
