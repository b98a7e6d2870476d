"""Writes the release of every exercise, one notebook a language, for JupyterLite."""

from __future__ import annotations

from pathlib import Path

import nbformat

from autograder.assignments import assignments, release_notebook
from publish.parts import renewed
from publish.paths import LANGUAGES, RELEASE


def build_releases(out: Path = RELEASE) -> list[Path]:
    """Write ``out/<language>/<assignment>.ipynb`` for all; what was there before is replaced.

    Returns
    -------
    list of Path
        The notebooks written.
    """
    written = []
    with renewed(out, "") as fresh:
        for language in LANGUAGES:
            (fresh / language).mkdir()
            for assignment in assignments():
                path = fresh / language / f"{assignment}.ipynb"
                nbformat.write(release_notebook(assignment, language), path)
                written.append(out / language / path.name)
    return written


if __name__ == "__main__":
    for notebook in build_releases():
        print(notebook)
