"""A sitting: COHORT/exams/<code>-<part>/, opened and closed by an examiner on the ledger.

sitting.json     minutes, the secret seed, each candidate's paper with its digest
papers/          questions with right answers; stays with the examiner
hand-out/        a notebook for each candidate, to be given out
taken/, taken.jsonl     the notebooks that came back, by digest; when each was taken in
results/         what each question gave, and why

The ledger's entry holds the digest of seed and papers: nobody can change an answer afterwards unseen, and
it tells neither.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.certify import rulebook
from autograder.certify.book import Book
from autograder.certify.chain import Entry, Signer
from autograder.certify.dates import days_later
from autograder.certify.exam import case as cases
from autograder.certify.exam import notebook, paper
from autograder.certify.exam.bank import Bank
from autograder.certify.exam.form import draw_form
from autograder.certify.exam.paper import Paper
from autograder.certify.facts import Facts
from autograder.errors import CourseError
from autograder.files import write_all
from autograder.judge import hidden_seeds
from linelab.trainees import written

FOLDER = "exams"
FORMAT = "course-sitting/1"


@dataclass(frozen=True)
class Sitting:
    """An opened sitting.

    Attributes
    ----------
    papers
        Trainee to the number and the digest of their paper.
    sources
        The files that it was drawn from, with their digests.
    opened, closed : str
        Times on the ledger; `closed` is empty while it is open.
    """

    folder: Path
    exam: str
    part: str
    minutes: int
    seed: str
    papers: Mapping[str, Mapping[str, str]]
    sources: Sequence[str]
    opened: str = ""
    closed: str = ""

    @property
    def name(self) -> str:
        """Return its name, of code and part."""
        return paper.name_of(self.exam, self.part)

    @property
    def seeds(self) -> list[int]:
        """Return the hidden seeds that plans are simulated on."""
        return hidden_seeds(self.seed, self.name)

    @property
    def commitment(self) -> str:
        """Return what the ledger keeps of it."""
        digests = {trainee: one["sha256"] for trainee, one in self.papers.items()}
        return paper.commitment(self.exam, self.part, self.seed, digests, self.sources)

    def paper(self, trainee: str) -> Paper:
        """Return a candidate's paper."""
        return paper.load(self.folder / "papers" / f"{trainee}.json", self.papers[trainee]["sha256"])

    def text(self) -> str:
        """Return the content of sitting.json."""
        kept = ("exam", "part", "minutes", "seed", "papers", "sources")
        about = {"format": FORMAT, **{name: getattr(self, name) for name in kept}}
        return json.dumps(about, ensure_ascii=False, indent=1) + "\n"


def open_exam(
    book: Book,
    code: str,
    candidates: Mapping[str, str],
    bank: Bank,
    minutes: int | None,
    signer: Signer,
    advance: Callable[[], object] = lambda: None,
) -> Sitting:
    """Open a sitting of the exam: a form for each of `candidates` (trainee to language).

    `advance` is called after each.
    """
    seed = secrets.token_hex(32)
    sources = [f"{name} {digest}" for name, digest in bank.sources.items()]
    sitting = _new(book, code, "exam", minutes or bank.blueprint.minutes, seed, candidates, sources)
    _check(book, sitting, signer)
    papers = []
    for trainee, about in sitting.papers.items():
        questions = tuple(draw_form(bank, seed, trainee))
        papers.append(Paper(code, "exam", trainee, about["number"], sitting.minutes, questions))
        advance()
    return _open(book, sitting, papers, candidates, signer)


def open_case(
    book: Book,
    code: str,
    candidates: Mapping[str, str],
    template: Path,
    minutes: int | None,
    signer: Signer,
    advance: Callable[[], object] = lambda: None,
) -> Sitting:
    """Open a sitting of the simulation case: a case with fresh figures for each of `candidates`."""
    data = cases.load(template)
    seed, minutes = secrets.token_hex(32), minutes or data["exam"]["minutes"]
    sources = [f"{template.name} {paper.digest(template.read_text('utf-8'))}"]
    sitting = _new(book, code, "case", minutes, seed, candidates, sources)
    _check(book, sitting, signer)
    papers = []
    for trainee, about in sitting.papers.items():
        text, questions = cases.draw_case(data, seed, trainee, sitting.seeds, template.name)
        papers.append(Paper(code, "case", trainee, about["number"], minutes, tuple(questions), text))
        advance()
    return _open(book, sitting, papers, candidates, signer)


def close(book: Book, sitting: Sitting, signer: Signer) -> Entry:
    """Close a sitting: nothing is taken in afterwards."""
    return book.append("exam", {"exam": sitting.exam, "part": sitting.part, "event": "close"}, signer)


def find(book: Book, code: str, part: str = "") -> Sitting:
    """Return a sitting of this code; CourseError if there is none, or its file is another than was opened."""
    book.catch_up()
    found = [key for key in book.history.sittings if key[0] == code and part in ("", key[1])]
    if not found:
        known = ", ".join(sorted({key[0] for key in book.history.sittings})) or "none yet"
        raise CourseError(f"{code}: no such sitting was opened; there are: {known}")
    if len(found) > 1:
        raise CourseError(f"{code}: has both parts; --part says which")
    state = book.history.sittings[found[0]]
    file = book.cohort / FOLDER / paper.name_of(*found[0]) / "sitting.json"
    try:
        data: dict[str, Any] = json.loads(file.read_text("utf-8"))
        del data["format"]
        sitting = Sitting(folder=file.parent, **data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(
            f"{file}: cannot be read ({type(error).__name__}); restore it from a copy"
        ) from None
    if sitting.commitment != state.opened.data.get("form"):
        raise CourseError(
            f"{file}: is not the sitting that was opened in line {state.opened.seq}; restore it from a copy"
        )
    return replace(sitting, opened=state.opened.time, closed=state.closed.time if state.closed else "")


def _new(
    book: Book,
    code: str,
    part: str,
    minutes: int,
    seed: str,
    candidates: Mapping[str, str],
    sources: Sequence[str],
) -> Sitting:
    folder = book.cohort / FOLDER / paper.name_of(code, part)
    papers = {trainee: {"number": secrets.token_hex(6)} for trainee in candidates}
    return Sitting(folder, code, part, minutes, seed, papers, sources)


def _draft(sitting: Sitting, form: str) -> tuple[str, dict[str, Any]]:
    about = {"exam": sitting.exam, "part": sitting.part, "event": "open"}
    return "exam", {**about, "form": form, "trainees": list(sitting.papers)}


def _check(book: Book, sitting: Sitting, signer: Signer) -> None:
    """Raise CourseError, before any work is done, if the sitting may not be opened."""
    book.catch_up()
    refused = book.refuses(_draft(sitting, "0" * 64), signer.id)
    faults = [refused] if refused else []
    faults += [why for trainee in sitting.papers if (why := too_early(book, trainee, sitting.part))]
    if faults:
        raise CourseError("\n".join(faults))


def too_early(book: Book, trainee: str, part: str) -> str | None:
    """Return why a trainee may not sit this part today, or None."""
    rules, now, who = rulebook.current(book), book.now(), written(trainee)
    asked = [needs for level in rules.levels if (needs := getattr(level.needs, part))]
    for (_, other), state in book.history.sittings.items():
        if other == part and not state.closed and trainee in state.opened.data.get("trainees", ()):
            return (
                f"{who}: is at the sitting {state.opened.data['exam']}, which is still open; close it first"
            )
    for needs in asked[:1]:
        counting, _ = Facts(book.history.records(trainee), now).sat(part, needs)
        if needs.attempts is not None and len(counting) >= needs.attempts:
            return (
                f"{who}: has had all {needs.attempts} attempts at the {part} that rules {rules.version} allow"
            )
        if counting:
            again = days_later(counting[-1].entry.data["sat_at"], needs.wait_days)
            if now[:10] < again:
                return f"{who}: may sit the {part} again from {again}, by rules {rules.version}"
    return None


def _open(
    book: Book, sitting: Sitting, papers: Sequence[Paper], candidates: Mapping[str, str], signer: Signer
) -> Sitting:
    """Write the folder, then the ledger; a folder without its entry is what an interrupted run left."""
    texts = {one.trainee: one.text() for one in papers}
    numbers = {
        trainee: {**about, "sha256": paper.digest(texts[trainee])}
        for trainee, about in sitting.papers.items()
    }
    made = replace(sitting, papers=numbers)
    shutil.rmtree(made.folder, ignore_errors=True)
    contents: dict[Path, str | bytes] = {made.folder / "sitting.json": made.text()}
    for one in papers:
        contents[made.folder / "papers" / f"{one.trainee}.json"] = texts[one.trainee]
        out = made.folder / "hand-out" / f"{made.name}-{one.trainee}.ipynb"
        contents[out] = notebook.make(one, candidates[one.trainee])
    try:
        write_all(contents)
        book.append(*_draft(made, made.commitment), signer)
    except BaseException:
        shutil.rmtree(made.folder, ignore_errors=True)
        raise
    return find(book, made.exam, made.part)
