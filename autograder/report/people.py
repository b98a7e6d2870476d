"""Who is meant on a page: trainee numbers and names, or pseudonyms for discussing it in a team."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from autograder.cohort import Trainee
from autograder.texts import text
from linelab.trainees import written


@dataclass(frozen=True)
class People:
    """What each trainee of the roster is called, in the order in which they are listed.

    Attributes
    ----------
    labels : mapping
        Trainee number to the number as people read it, or to a pseudonym.
    names : mapping
        Trainee number to a name; empty if there is none, or none is shown.
    veiled : pattern or None
        Finds the numbers and names of the roster in texts; None if they may be shown.
    """

    labels: Mapping[str, str]
    names: Mapping[str, str]
    veiled: re.Pattern[str] | None = None

    @classmethod
    def known(cls, roster: Mapping[str, Trainee]) -> People:
        """Everybody by number and name."""
        return cls({who: written(who) for who in roster}, {who: t.name for who, t in roster.items()})

    @classmethod
    def hidden(cls, roster: Mapping[str, Trainee], secret: str, language: str) -> People:
        """Everybody by a pseudonym that stays the same for a cohort but does not give the number away."""
        # by a keyed digest, as the roster's own order may be known
        order = sorted(roster, key=lambda who: hashlib.sha256(f"{secret}|pseudonym|{who}".encode()).digest())
        width = len(str(len(order)))
        labels = {
            who: text("report.pseudonym", language, number=f"{n:0{width}d}") for n, who in enumerate(order, 1)
        }
        words = {w for who, t in roster.items() for w in (who, written(who), t.name, t.email) if w}
        longest_first = sorted(map(re.escape, words), key=len, reverse=True)
        veiled = re.compile("|".join(longest_first), re.IGNORECASE) if words else None
        return cls(labels, dict.fromkeys(order, ""), veiled)

    def who(self, trainee: str) -> str:
        """What a trainee is called, as HTML."""
        name = f" {escape(self.names[trainee])}" if self.names[trainee] else ""
        return f'<strong class="number">{escape(self.labels[trainee])}</strong>{name}'

    def veil(self, given: str) -> str:
        """A text of a trainee without the numbers, names and addresses of the roster, if they are hidden."""
        return self.veiled.sub("…", given) if self.veiled else given
