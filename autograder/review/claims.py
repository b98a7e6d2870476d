"""Who is reading which answer now, so that two graders seldom do the same work.

A claim is a courtesy. That nobody's mark is lost is seen to where marks are entered.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from autograder.files import write
from autograder.markings import same_person

LIFE = 120.0  # seconds; an open page renews its claim more often


class Claims:
    """The claims of one grader, beside those of all others; a small file each."""

    def __init__(self, cohort: Path, grader: str) -> None:
        self._folder = cohort / "reviews" / "claims"
        self._grader = grader
        self._held = ""

    def take(self, key: str) -> None:
        """Claim an answer in place of the one claimed before; renews a claim that is held."""
        if self._held not in ("", key):
            self.release()
        if key not in self.others():
            write(self._folder / f"{key}.json", json.dumps({"grader": self._grader, "at": time.time()}))
            self._held = key

    def release(self) -> None:
        """Give back what is claimed."""
        if self._held and self._held not in self.others():
            (self._folder / f"{self._held}.json").unlink(missing_ok=True)
        self._held = ""

    def others(self) -> dict[str, str]:
        """What other persons are reading: key of the answer to their name."""
        found = {}
        for file in self._folder.glob("*.json"):
            try:
                claim = json.loads(file.read_text("utf-8"))
                fresh = time.time() - float(claim["at"]) < LIFE
                if fresh and not same_person(str(claim["grader"]), self._grader):
                    found[file.stem] = str(claim["grader"])
            except (OSError, ValueError, KeyError, TypeError):
                continue  # it went, or is half a file: nobody's
        return found
