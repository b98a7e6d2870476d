"""Writes the release of every exercise, one notebook a language, for JupyterLite."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

from autograder.assignments import assignments, release_notebook
from publish.paths import LANGUAGES, RELEASE


def build_releases(out: Path = RELEASE) -> list[Path]:
    """Write ``out/<language>/<assignment>.ipynb`` for all; what was there before is replaced.

    Returns
    -------
    list of Path
        The notebooks written.
    """
    fresh = out.with_name(out.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    written = []
    for language in LANGUAGES:
        (fresh / language).mkdir(parents=True)
        for assignment in assignments():
            path = fresh / language / f"{assignment}.ipynb"
            nbformat.write(release_notebook(assignment, language), path)
            written.append(out / language / path.name)
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    return written


if __name__ == "__main__":
    for notebook in build_releases():
        print(notebook)
