"""Writes the notebooks of JupyterLite, one a language: the release of every exercise, and every lab."""

from __future__ import annotations

from pathlib import Path

import nbformat

from autograder.assignments import EDITION, assignments, release_notebook
from publish.parts import renewed
from publish.paths import LABS, LANGUAGES, RELEASE

WORDS = {
    "vi": "# Bài thực hành {number}\n\nChạy ô dưới đây (**Shift + Enter**) để mở bài thực hành. "
    "Nhật ký thí nghiệm dùng chung với bài thực hành trong trang sách trên cùng trình duyệt này.",
    "en": "# Lab {number}\n\nRun the cell below (**Shift + Enter**) to open the lab. "
    "Its experiment log is shared with the lab in the book's page in this browser.",
}


def build_releases(out: Path = RELEASE, edition: str = EDITION) -> list[Path]:
    """Write ``out/<language>/<name>.ipynb`` for all; what was there before is replaced.

    Parameters
    ----------
    out : Path
        The folder to make.
    edition : str
        Name of the edition, which the exercises carry.

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
                nbformat.write(release_notebook(assignment, language, edition), path)
                written.append(out / language / path.name)
            for lab in labs():
                path = fresh / language / f"{lab}.ipynb"
                nbformat.write(lab_notebook(lab, language), path)
                written.append(out / language / path.name)
    return written


def labs() -> list[str]:
    """Ids of the labs."""
    return sorted(path.stem for path in (LABS / "linelab" / "apps").glob("lab*.py"))


def lab_notebook(lab: str, language: str) -> nbformat.NotebookNode:
    """A lab as a notebook: the same that stands in the page, for JupyterLite and for Jupyter elsewhere."""
    code = f'from linelab.apps import open_lab\n\nopen_lab("{lab}", "{language}")'
    cells = [
        nbformat.v4.new_markdown_cell(WORDS[language].format(number=int(lab[3:])), id=f"{lab}-words"),
        nbformat.v4.new_code_cell(code, id=f"{lab}-open"),
    ]
    kernel = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
    notebook: nbformat.NotebookNode = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    return notebook


if __name__ == "__main__":
    for notebook in build_releases():
        print(notebook)
