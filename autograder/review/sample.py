"""Which answers a second person marks, too: drawn from the cohort's secret, the same whoever asks."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.errors import CourseError
from autograder.review.answers import Answer
from autograder.review.blind import Blind


@dataclass(frozen=True)
class Sample:
    """How many of the answers to a question: a share of them, or a number."""

    share: float = 0.0
    count: int = 0

    @classmethod
    def read(cls, given: str) -> Sample:
        """Read what a person writes: ``0.2``, ``20 %`` or ``15``."""
        text = given.strip().replace(",", ".")
        if re.fullmatch(r"[1-9]\d*", text):
            return cls(count=int(text))
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", text)
        share = float(found[1]) / (100 if found[2] else 1) if found else 0.0
        if not 0 < share <= 1:
            raise CourseError(f"--second {given!r}: give a share such as 0.2 or 20%, or a number such as 15")
        return cls(share=share)

    def drawn(self, blind: Blind, answers: Sequence[Answer]) -> list[Answer]:
        """The sample of the answers to one question; a larger sample holds a smaller one."""
        order = sorted(answers, key=lambda a: blind.place("second", a.assignment, a.question, a.trainee))
        return order[: self.count or math.ceil(self.share * len(answers) - 1e-9)]
