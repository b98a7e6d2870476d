"""Small cohorts with people, and records as the ledger has them."""

from __future__ import annotations

import hashlib
import itertools
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from autograder.certify import people, rulebook, rules
from autograder.certify.book import Book
from autograder.certify.chain import Entry
from linelab.trainees import check_character

MODULES = [module.id for module in rules.load().modules]
DIGEST = rules.load().digest


def number(i: int) -> str:
    """The i-th trainee number."""
    return f"{i:07d}" + check_character(f"{i:07d}")


def digest(*what: object) -> str:
    """Stands for the SHA-256 of a file."""
    return hashlib.sha256(repr(what).encode()).hexdigest()


@dataclass
class Records:
    """Entries about one trainee, made up without a ledger; each a day after the one before."""

    trainee: str = number(1)
    entries: list[Entry] = field(default_factory=list)
    _seq: Any = field(default_factory=lambda: itertools.count(1))

    def add(self, kind: str, by: str = "", day: int | None = None, **data: Any) -> Entry:
        seq = next(self._seq)
        entry = Entry(
            seq, time(seq if day is None else day), kind, {"trainee": self.trainee, **data}, "", "", by
        )
        self.entries.append(entry)
        return entry

    def attempt(self, module: str = "w01", number: int = 1, **more: Any) -> Entry:
        return self.add("attempt", assignment=module, number=number, attempt=digest(module, number), **more)

    def mark(
        self, module: str = "w01", points: float = 8, number: int = 1, most: float = 10, **more: Any
    ) -> Entry:
        data = {
            "assignment": module, "number": number, "attempt": digest(module, number), "points": points,
            "max_points": most, "late": 0, "record": number, "graded_at": time(0), "marked_by": [],
        }  # fmt: skip
        return self.add("mark", **data, **more)

    def course(self, *points: float) -> None:
        for module, value in zip(MODULES, points, strict=False):
            self.mark(module, value)

    def sat(self, part: str, points: float, day: int, exam: str | None = None, **more: Any) -> Entry:
        data = {
            "exam": exam or f"sitting-{day}", "part": part, "attempt": digest(part, day), "points": points,
            "max_points": 100, "sat_at": time(day),
        }  # fmt: skip
        return self.add("exam-result", by="P-EXAM00", **data, **more)

    def evidence(self, project: str = "p1", weeks: float = 5, confirmed: bool = True, **more: Any) -> Entry:
        manifest = digest(project, weeks, confirmed)
        return self.add(
            "evidence", project=project, manifest=manifest, after_weeks=weeks, confirmed=confirmed, **more
        )

    def sign(self, evidence: Entry, by: str, role: str = "examiner", **more: Any) -> Entry:
        data = {name: evidence.data[name] for name in ("project", "manifest")}
        return self.add("sign-off", by=by, **data, role=role, **more)

    def trained(self, by: str) -> Entry:
        return self.add("training", by=by, trainer=by, trainees=[self.trainee])

    def decide(self, target: str, used: tuple[int, ...] = (), **more: Any) -> Entry:
        level = "module" if target.startswith("w") else target
        return self.add("decision", by="P-DEC1DE", id=f"urn:uuid:{uuid.uuid4()}", level=level, target=target,
                        used=list(used), **more)  # fmt: skip

    def revoke(self, decision: Entry, **more: Any) -> Entry:
        return self.add("revocation", by="P-DEC1DE", id=decision.data["id"], why="mistake", **more)


def time(day: int) -> str:
    """Noon of the day that is so many days into the course."""
    from autograder.certify.dates import days_later

    return f"{days_later('2026-01-01', day)}T12:00:00Z"


LATER = time(3000)


def new_signer(person: str = "") -> people.Signer:
    """A person with a key that lies in no file."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    return people.Signer(person or people.number(public), key)


class Cohort:
    """A cohort on the disk with one person a role, rules in force, and its ledger."""

    def __init__(self, path: Path, trainees: int = 3, adopt: bool = True) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        (path / "cohort.yml").write_text("edition: 2026-1\nlanguage: vi\nsecret: abc\n", "utf-8")
        self.trainees = [number(i) for i in range(trainees)]
        (path / "roster.csv").write_text(
            "trainee,name\n" + "".join(f"{t},\n" for t in self.trainees), "utf-8"
        )
        self.book = Book.open(path)
        self.registrar = self.person("registrar")
        self.trainer = self.person("trainer")
        self.examiner = self.person("examiner")
        self.assessor = self.person("examiner")
        self.decider = self.person("decider")
        if adopt:
            rulebook.adopt(self.book, rules.DEFAULT, "", self.registrar)

    def person(self, *roles: str, **more: Any) -> people.Signer:
        signer = new_signer()
        by = getattr(self, "registrar", signer)
        self.book.append("person", {**vars(signer.card), "roles": list(roles), **more}, by)
        return signer

    def marks(self, trainee: str, *points: float, marked_by: tuple[str, ...] = ()) -> None:
        """Exercises handed in and marked, from the first week on."""
        self.book.append_all(drafts(trainee, *points, marked_by=marked_by))

    def sat(self, trainee: str, exam: float = 80, case: float = 80, by: people.Signer | None = None) -> None:
        """The exam and the case, each at a sitting of its own."""
        for part, points in (("exam", exam), ("case", case)):
            sitting = f"{part}-{trainee.lower()}"
            self.book.append("exam", {"exam": sitting, "part": part, "event": "open"}, by or self.examiner)
            data = {
                "trainee": trainee, "exam": sitting, "part": part, "attempt": digest(trainee, part),
                "points": points, "max_points": 100, "sat_at": self.book.now(),
            }  # fmt: skip
            self.book.append("exam-result", data, by or self.examiner)

    def project(self, trainee: str, project: str = "p1", signed: bool = True) -> dict[str, str]:
        """Evidence of an on-site project, signed off by trainer and assessor."""
        where = {"trainee": trainee, "project": project, "manifest": digest(trainee, project)}
        self.book.append("evidence", {**where, "after_weeks": 6, "confirmed": True}, self.trainer)
        if signed:
            self.book.append("sign-off", {**where, "role": "trainer"}, self.trainer)
            self.book.append("sign-off", {**where, "role": "examiner"}, self.assessor)
        return where


def drafts(trainee: str, *points: float, marked_by: tuple[str, ...] = ()) -> list[tuple[str, dict[str, Any]]]:
    """Entries of exercises handed in and marked."""
    made: list[tuple[str, dict[str, Any]]] = []
    for module, value in zip(MODULES, points, strict=False):
        attempt = {"trainee": trainee, "assignment": module, "number": 1, "attempt": digest(trainee, module)}
        more = {
            "points": value, "max_points": 10, "late": 0, "record": 1, "graded_at": "2026-11-01T00:00:00Z",
            "marked_by": list(marked_by),
        }  # fmt: skip
        made += [("attempt", attempt), ("mark", {**attempt, **more})]
    return made
