"""Writes feedback: a page a trainee and assignment, an overview a trainee, and zips of them to send."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from autograder.cohort import Cohort
from autograder.feedback_page import overview, render
from autograder.files import write
from autograder.standing import Line, standing
from linelab.cases import load
from linelab.trainees import written


@dataclass
class Sent:
    """What there is after a run: pages, overviews and zips, and how many of them are new or changed."""

    pages: int = 0
    overviews: int = 0
    zips: int = 0
    changed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        return self.pages + self.overviews + self.zips - self.changed

    def keep(self, path: Path, content: str | bytes) -> None:
        """Write a file, unless it is there already as it should be: then it keeps its date."""
        raw = content.encode() if isinstance(content, str) else content
        if not path.is_file() or path.read_bytes() != raw:
            write(path, raw)
            self.changed += 1


def write_feedback(cohort: Cohort, *, zips: bool = False) -> Sent:
    """Write ``feedback/<trainee>/<assignment>.html`` for all that is graded, and ``index.html`` for each.

    Parameters
    ----------
    cohort : Cohort
        The class.
    zips : bool
        Also ``feedback/zip/<trainee>.zip``, one file to send to each.

    Returns
    -------
    Sent
        With a line in `problems` for what was not graded to its end, or with an older exercise.
    """
    sent = Sent()
    by_trainee: dict[str, list[Line]] = {}
    lines = standing(cohort, sent.problems)
    if not any(line.record for line in lines):
        return sent
    for line in lines:
        by_trainee.setdefault(line.trainee.id, []).append(line)
    for trainee, lines in by_trainee.items():
        files: dict[str, str] = {}
        for line in lines:
            if line.record is None or not _fits(line, sent.problems):
                continue
            files[f"{line.assignment}.html"] = render(line.trainee, line.record, line.details, cohort.site)
            sent.pages += 1
        files["index.html"] = overview(lines[0].trainee, lines, set(files))
        sent.overviews += 1
        for name, content in files.items():
            sent.keep(cohort.path / "feedback" / trainee / name, content)
        if zips:
            sent.zips += 1
            sent.keep(cohort.path / "feedback" / "zip" / f"{written(trainee)}.zip", _zip(trainee, files))
    return sent


def _fits(line: Line, problems: list[str]) -> bool:
    """Whether the marks are of the questions that the exercise has now."""
    if all(detail.question in load(line.assignment).questions for detail in line.details):
        return True
    problems.append(
        f"{line.trainee.id} {line.assignment}: was graded with other questions than the exercise has now; "
        "run course grade --regrade"
    )
    return False


def _zip(trainee: str, files: dict[str, str]) -> bytes:
    """The pages in one file; the same pages always give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{written(trainee)}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, files[name])
    return out.getvalue()
