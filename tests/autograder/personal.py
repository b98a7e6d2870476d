"""A class with everything in it that can be held on a trainee, for copies, erasure and retention."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from autograder import consents
from autograder.certify import appeals, decide, issue, keys, people, rulebook, rules, sync
from autograder.certify.book import Book
from autograder.certify.evidence import keep
from autograder.certify.evidence.folder import read
from autograder.cohort import Cohort
from autograder.collect import collect
from autograder.feedback import write_feedback
from autograder.files import append, write
from autograder.manual import set_manual
from autograder.markings import SECOND
from autograder.report import write_report

from ..certify.projects import TODAY, project

NAME, EMAIL = "Nguyễn Thị Hồng Đào", "hong.dao@example.org"
OTHER_NAME = "Trần Văn Bình"
REMARK, SECOND_REMARK = "A remark on her memo: weigh the risk", "Another remark, by a second person"
APPEAL, ANSWER = "My second answer is right, see page nine.", "Question two was marked wrongly indeed."
GRADER = "A. Grader"
RIGHT, EXAM_TEXT = "the right answer is 17", "what she wrote at the exam"
PASSPHRASE = "a passphrase of a test"


@dataclass(frozen=True)
class Full:
    """The cohort, whose data are meant, another trainee, and the people of the staff."""

    cohort: Cohort
    book: Book
    trainee: str
    other: str
    registrar: people.Signer
    decider: people.Signer
    examiner: people.Signer
    key: Path
    folder: Path

    @property
    def path(self) -> Path:
        return self.cohort.path


def fill(cohort: Cohort, trainee: str, other: str, folder: Path) -> Full:
    """Fill a graded cohort: names, people's marks, feedback, report, ledger, project, appeal, certificate."""
    path = cohort.path
    roster = f"trainee,name,email,language,company\n{trainee},{NAME},{EMAIL},vi,Công ty Hoa Sen\n"
    (path / "roster.csv").write_text(f"{roster}{other},{OTHER_NAME},,en,\n", "utf-8")
    for one in (trainee, other):
        for purpose in (consents.COURSE, consents.CREDENTIAL):
            consents.record(path, one, purpose, "vi")
        set_manual(cohort, one, "w01", "q8", 4, REMARK if one == trainee else "Fine.", grader=GRADER)
        set_manual(cohort, one, "w01", "q8", 3, SECOND_REMARK, grader="B. Grader", role=SECOND)
    book, signers, registrar = Book.open(path), {}, None
    for role in ("registrar", "trainer", "examiner", "decider"):
        signers[role], file = people.make(folder / "people", PASSPHRASE)
        registrar = registrar or signers[role]
        book.append("person", {**vars(signers[role].card), "roles": [role]}, registrar)
        if role == "registrar":
            key = file
    assert registrar is not None
    rulebook.adopt(book, rules.DEFAULT, "", registrar)
    news = sync.sync(cohort, book)
    assert not news.problems
    found = read(project(folder / "project"), today=TODAY)
    manifest, _ = keep.take_in(book, trainee, "press-setup", found, signers["examiner"])
    both = {"trainer": signers["trainer"].id, "trainees": [trainee, other]}
    book.append("training", both, signers["trainer"])
    where = {"trainee": trainee, "project": "press-setup", "manifest": manifest, "role": "trainer"}
    book.append("sign-off", where, signers["trainer"])
    _exam(path, trainee, book, signers["examiner"])
    appeals.file(book, trainee, "w01", APPEAL)
    appeals.regrade(book, cohort, 1, signers["examiner"])
    appeals.decide(book, cohort, 1, False, ANSWER, signers["decider"])
    docket = decide.docket(book, [trainee, other], lambda one: one.target == "w01", signers["decider"].id)
    decide.grant(book, docket, signers["decider"])
    keys.generate(path / "keys", "Lớp thử", "http://localhost/", PASSPHRASE)
    issuing = issue.Issuing(
        path / "credentials",
        book,
        keys.unlock(path / "keys", PASSPHRASE),
        lambda one: cohort.roster()[one].name,
    )
    results = list(issuing.issue(issue.plan(book), {trainee}))
    assert all(isinstance(result, Path) for _, result in results), results
    write_feedback(cohort, zips=True)
    write_report(cohort)
    write_report(cohort, pseudonyms=True)
    stray = folder / f"{NAME}_1_assignsubmission_file" / "photo.jpg"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"\xff\xd8\xff\xe0")
    collect(cohort, [stray])  # rejected, with the name on the receipt
    return Full(cohort, book, trainee, other, registrar, signers["decider"], signers["examiner"], key, folder)


def _exam(path: Path, trainee: str, book: Book, examiner: people.Signer) -> None:
    """A sitting as `autograder.certify.exam` leaves it in the folder, with its result."""
    folder = path / "exams" / "autumn-exam"
    for name, content in (
        (f"papers/{trainee}.json", RIGHT), (f"hand-out/autumn-exam-{trainee}.ipynb", "{}"),
        (f"taken/{trainee}/{'a' * 64}.ipynb", EXAM_TEXT), (f"results/{trainee}.json", "{}"),
    ):  # fmt: skip
        write(folder / name, content)
    append(folder / "taken.jsonl", json.dumps({"trainee": trainee, "time": book.now(), "sha256": "a" * 64}))
    opened = {"exam": "autumn", "part": "exam", "event": "open", "form": "b" * 64, "trainees": [trainee]}
    book.append("exam", opened, examiner)
    result = {"points": 30, "max_points": 40, "sat_at": book.now(), "attempt": "a" * 64}
    book.append("exam-result", {"trainee": trainee, "exam": "autumn", "part": "exam", **result}, examiner)


def holds(path: Path, *needles: str) -> list[str]:
    """Files of a folder, or their names, that hold one of the needles, whatever kind of file."""
    found = []
    for one in sorted(path.rglob("*")):
        name = one.relative_to(path).as_posix()
        content = one.read_bytes() if one.is_file() else b""
        found += [f"{name}: {x}" for x in needles if x in name or x.encode() in content]
    return found
