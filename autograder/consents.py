"""What trainees consented to, a line each time: COHORT/consents.jsonl.

The lines lie beside the ledger and not on it: consent can be withdrawn and its record has to be erasable, and
the ledger forgets nothing. A line is never changed; a withdrawal is another line, and the last line of a
purpose holds. Where there is none, nobody consented: nothing is taken for granted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from autograder.errors import CourseError
from autograder.files import append
from autograder.records import operator
from linelab.texts import LANGUAGES

FILE = "consents.jsonl"
WORDINGS = Path(__file__).with_name("consents.yml")
COURSE, CREDENTIAL, REGISTER, SHARE = PURPOSES = ("course", "credential", "register", "share")
WAYS = ("form", "e-mail", "website")  # how a trainee said so


@dataclass(frozen=True)
class Consent:
    """What a trainee said about one purpose.

    Attributes
    ----------
    trainee, purpose : str
    given : bool
        False for a withdrawal.
    on : str
        The day on which the trainee said so.
    how : str
        Of `WAYS`.
    wording, sha256 : str
        Version and digest of the text that the trainee read.
    language : str
        In which the trainee read it.
    at, by : str
        When it was recorded, in UTC, and by whom, by login name.
    """

    trainee: str
    purpose: str
    given: bool
    on: str
    how: str
    wording: str
    sha256: str
    language: str
    at: str
    by: str


@cache
def wordings() -> dict[str, Any]:
    """The texts that are asked now: version, and name and text of each purpose in each language."""
    found: dict[str, Any] = yaml.safe_load(WORDINGS.read_text("utf-8"))
    return found


def digest(purpose: str, language: str) -> str:
    """SHA-256 of a text as it is asked now."""
    text: str = wordings()["purposes"][purpose]["text"][language]
    return hashlib.sha256(text.encode()).hexdigest()


def record(
    cohort: Path,
    trainee: str,
    purpose: str,
    language: str,
    *,
    given: bool = True,
    on: date | None = None,
    how: str = WAYS[0],
) -> Consent:
    """Write down that a trainee consented to a purpose, or withdrew; it is on the disk when this returns."""
    if purpose not in PURPOSES or language not in LANGUAGES or how not in WAYS:
        raise CourseError(f"{purpose}, {language}, {how}: no such purpose, language or way of saying so")
    now = datetime.now(UTC)
    today = now.astimezone().date()
    if on and on > today:
        raise CourseError(f"--on: {on} has not come yet; give the day on which the trainee said so")
    said = Consent(
        trainee,
        purpose,
        given,
        (on or today).isoformat(),
        how,
        wordings()["version"],
        digest(purpose, language),
        language,
        now.isoformat(timespec="seconds"),
        operator(),
    )
    append(cohort / FILE, json.dumps(asdict(said), ensure_ascii=False))
    return said


def read(cohort: Path) -> list[Consent]:
    """All lines, oldest first; CourseError names a damaged one."""
    path = cohort / FILE
    text = path.read_text("utf-8") if path.exists() else ""
    found = []
    for number, line in enumerate(text[: text.rfind("\n") + 1].splitlines(), 1):
        try:
            found.append(Consent(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise CourseError(
                f"{path}: line {number}: is damaged ({error}); restore it from a copy"
            ) from None
    return found


def standing(lines: Iterable[Consent]) -> dict[tuple[str, str], Consent]:
    """What holds: the last line of each trainee and purpose."""
    return {(one.trainee, one.purpose): one for one in lines}


def consented(cohort: Path, purpose: str) -> set[str]:
    """The trainees who consented to a purpose and did not withdraw."""
    last = standing(read(cohort))
    return {who for (who, what), one in last.items() if what == purpose and one.given}
