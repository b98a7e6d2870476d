"""A paper: the questions of one candidate with their right answers, as it lies in the cohort's folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from autograder.certify.chain import canonical
from autograder.certify.exam.kinds import LETTERS
from autograder.certify.exam.question import Drawn
from autograder.errors import CourseError
from autograder.watch import Limits
from linelab import answers
from linelab.cases import Case, read
from linelab.texts import LANGUAGES, Catalogue

FORMAT = "course-exam-paper/1"
LIMITS = {  # of a notebook when it is run again; a candidate may search a case for a while
    "exam": Limits(),
    "case": Limits(cell=240, total=720, wall=760, cpu=760),
}
texts = Catalogue(files("autograder.certify.exam").joinpath("texts.yml"))


def both(key: str, **values: Any) -> dict[str, str]:
    """Return a text in each language."""
    return {language: texts.text(key, language, **values) for language in LANGUAGES}


@dataclass(frozen=True)
class Paper:
    """What one candidate is asked at one sitting.

    Attributes
    ----------
    number : str
        By which the notebook that comes back is known; nobody else's notebook holds it.
    case : str
        The case of the simulation part as YAML; empty in the other.
    """

    exam: str
    part: str
    trainee: str
    number: str
    minutes: int
    questions: tuple[Drawn, ...]
    case: str = ""

    @property
    def name(self) -> str:
        """Return what the notebook calls it."""
        return name_of(self.exam, self.part)

    @property
    def most(self) -> float:
        """Return the points that can be had."""
        return sum(question.points for question in self.questions)

    @cached_property
    def line(self) -> Case | None:
        """Return the case, if there is one."""
        return read(self.case, self.name) if self.case else None

    def asked(self, language: str = "en") -> dict[str, dict[str, Any]]:
        """Return what a notebook has to know of the questions: kinds, units and letters."""
        found: dict[str, dict[str, Any]] = {}
        for one in self.questions:
            kind = "letters" if one.kind in ("order", "match") else one.kind
            found[one.id] = {"kind": kind}
            if kind == "number":
                found[one.id]["unit"] = one.unit[language]
            elif kind != "plan":
                found[one.id]["options"] = LETTERS[: len(one.options)]
        return found

    def to_answer(self) -> answers.Paper:
        """Return what recorded answers are checked against."""
        return answers.exam_paper(self.name, self.asked(), self.line)

    def text(self) -> str:
        """Return the content of its file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1) + "\n"


def name_of(exam: str, part: str) -> str:
    """Return what a part of a sitting is called in folders and notebooks."""
    return f"{exam}-{part}"


def digest(text: str) -> str:
    """Return the SHA-256 of a paper's file."""
    return hashlib.sha256(text.encode()).hexdigest()


def load(path: Path, expected: str) -> Paper:
    """Read a paper; CourseError if it is not the one that the ledger vouches for."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise CourseError(f"{path}: {error.strerror}; restore it from a copy") from None
    if digest(text) != expected:
        raise CourseError(f"{path}: was changed after the sitting was opened; restore it from a copy")
    data = json.loads(text)
    del data["format"]
    questions = tuple(Drawn(**one) for one in data.pop("questions"))
    return Paper(**data, questions=questions)


def commitment(exam: str, part: str, seed: str, papers: Mapping[str, str], sources: Sequence[str]) -> str:
    """Return the digest that the ledger keeps of a sitting: it vouches for seed and papers."""
    return hashlib.sha256(canonical([FORMAT, exam, part, seed, dict(papers), list(sources)])).hexdigest()
