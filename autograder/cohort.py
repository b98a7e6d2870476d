"""The cohort folder: everything that belongs to one class, outside the repository.

cohort.yml       edition, language, the secret that hidden seeds come from, the site's address
roster.csv       trainee numbers; names and addresses only if the instructor enters them
exercise-rules.yml   deadlines, lateness, number of attempts
attempts/        every hand-in that was accepted, never overwritten
receipts.csv, receipts/      what became of each file; a text a trainee
answers/         what the last graded attempt answered
nbgrader/        nbgrader's course folder with the gradebook
reviews/         who gave which mark to a free text, a line each; second marks, too
feedback/        one page a trainee and assignment
report/          the cohort at a glance
consents.jsonl   what trainees consented to, a line each time
credentials/, keys/, ledger.jsonl     certification; people.yml, rules/ and letters/ beside it
evidence/        on-site projects: files, and a page on each for those who sign off
exams/           sittings: papers with their answers, notebooks given out and taken in, results
"""

from __future__ import annotations

import contextlib
import csv
import io
import secrets
import shutil
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import yaml

from autograder.assignments import EDITION, edition_named
from autograder.errors import CourseError
from autograder.files import write
from autograder.rules import DEFAULT as DEFAULT_RULES
from autograder.rules import FILE as RULES
from autograder.settings import FILE, read_settings, web_address
from linelab.texts import LANGUAGES
from linelab.trainees import is_trainee_id, new_trainee_id, normalise


@dataclass(frozen=True)
class Trainee:
    """A line of the roster; `name` and `email` may be empty."""

    id: str
    name: str = ""
    email: str = ""
    language: str = "vi"


ROSTER_FIELDS = ("trainee", *(f.name for f in fields(Trainee) if f.name != "id"))


@dataclass(frozen=True)
class Cohort:
    """An opened cohort folder."""

    path: Path
    edition: str
    language: str
    secret: str
    site: str = ""

    @classmethod
    def create(cls, path: Path, edition: str = EDITION, language: str = "vi", site: str = "") -> Cohort:
        """Make a new cohort folder with an empty roster and a prepared gradebook.

        Raises
        ------
        CourseError
            If something is there already; nothing half-made is left behind.
        """
        from autograder.nbgrader_course import (
            prepare_course,
        )  # nbgrader: seconds that opening a cohort need not take

        path = path.resolve()
        if path.exists() and (not path.is_dir() or any(x.name != ".new" for x in path.iterdir())):
            raise CourseError(f"{path}: is there already and not empty; name a new folder")
        if language not in LANGUAGES:
            raise CourseError(f"language {language!r}: use {' or '.join(LANGUAGES)}")
        edition_named(edition)
        site = web_address(site, "--site")
        was_there = path.exists()
        # inside a folder that is there: it may be all that may be written to, as in a container
        fresh = path / ".new" if was_there else path.with_name(f".{path.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        try:
            fresh.mkdir(parents=True, mode=0o700)  # personal data and the secret: for the owner alone
            settings = {
                "edition": edition,
                "language": language,
                "secret": secrets.token_hex(32),
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
            } | ({"site": site} if site else {})
            (fresh / "cohort.yml").write_text(
                "# The secret decides the hidden seeds: whoever knows it can rehearse the judging. Keep it.\n"
                + yaml.safe_dump(settings, sort_keys=False),
                "utf-8",
            )
            write(fresh / "roster.csv", ",".join(ROSTER_FIELDS) + "\n")
            write(fresh / RULES, DEFAULT_RULES.read_bytes())
            if was_there:
                # perhaps the folder that the shell stands in: it stays, and is filled, cohort.yml last
                with contextlib.suppress(OSError):  # a folder of another system has no such rights
                    path.chmod(0o700)
                for name in ("roster.csv", RULES, "cohort.yml"):
                    (fresh / name).rename(path / name)
                fresh.rmdir()
            else:
                fresh.rename(path)
        except OSError as error:
            shutil.rmtree(fresh, ignore_errors=True)
            raise CourseError(
                f"{path}: cannot be made ({error.strerror}); name a folder that you may write"
            ) from None
        try:
            prepare_course(path / "nbgrader", language)
        except BaseException:
            for part in path.iterdir():
                shutil.rmtree(part) if part.is_dir() else part.unlink()
            if not was_there:
                path.rmdir()
            raise
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> Cohort:
        """Open a cohort folder; CourseError names the file and field that is wrong."""
        path = path.resolve()
        if not (path / FILE).is_file():
            raise CourseError(
                f"{path}: is no cohort folder; name one with -C, or make one: course cohort new PATH"
            )
        settings = read_settings(path)
        return cls(path, settings.edition, settings.language, settings.secret, settings.site)

    def roster(self) -> dict[str, Trainee]:
        """The trainees by number; CourseError names the line and field that is wrong."""
        file = self.path / "roster.csv"
        try:
            text = file.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(
                f"{file}: cannot be read ({type(error).__name__}); save it as CSV UTF-8"
            ) from None
        reader = csv.DictReader(io.StringIO(text))
        try:
            rows = [(reader.line_num, row) for row in reader]
        except csv.Error as error:
            raise CourseError(f"{file}: line {reader.line_num + 1}: {error}; save it as CSV UTF-8") from None
        if "trainee" not in (reader.fieldnames or ()):
            raise CourseError(f"{file}: line 1: needs the columns {','.join(ROSTER_FIELDS)}")
        found: dict[str, Trainee] = {}
        for line, row in rows:
            where, given = f"{file}: line {line}", normalise(row["trainee"] or "")
            if not any((value or "").strip() for value in row.values() if isinstance(value, str)):
                continue
            if not is_trainee_id(given):
                raise CourseError(
                    f"{where}: trainee: {row['trainee']!r} is no trainee number; look for a typing slip"
                )
            if given in found:
                raise CourseError(f"{where}: trainee: {row['trainee']!r} is there twice; remove one")
            language = (row.get("language") or self.language).strip()
            if language not in LANGUAGES:
                raise CourseError(f"{where}: language: {language!r}: use {' or '.join(LANGUAGES)}")
            found[given] = Trainee(
                given, (row.get("name") or "").strip(), (row.get("email") or "").strip(), language
            )
        return found

    def enrol(self, name: str = "", email: str = "", language: str | None = None) -> Trainee:
        """Add a trainee with a fresh number to the roster; columns that the instructor added stay."""
        known = self.roster()
        reader = csv.DictReader(io.StringIO((self.path / "roster.csv").read_text("utf-8-sig")))
        columns = list(dict.fromkeys([*(reader.fieldnames or ()), *ROSTER_FIELDS]))
        rows = [{key: row.get(key) or "" for key in columns} for row in reader]
        number = new_trainee_id()
        while number in known:
            number = new_trainee_id()
        trainee = Trainee(number, name, email, language or self.language)
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, dict(zip(ROSTER_FIELDS, asdict(trainee).values(), strict=True))])
        write(self.path / "roster.csv", out.getvalue())
        return trainee

    def trainee(self, given: str) -> Trainee:
        """The trainee of that number, however it is written; CourseError if it is not on the roster."""
        found = self.roster().get(normalise(given))
        if found is None:
            raise CourseError(
                f"trainee {given!r}: is not in {self.path / 'roster.csv'}; look for a typing slip"
            )
        return found
