"""Company sheets: one bilingual file a week, ``book/sheets/w01.yml``, read and made into a part of a page.

A sheet is filled in with a pen, standing up: one page, in either form.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import yaml

from publish.errors import PublishError
from publish.paths import BOOK, LANGUAGES

SHEETS = BOOK / "sheets"
KINDS = ({"title", "steps"}, {"title", "columns", "rows"}, {"title", "lines"})

Data = dict[str, Any]


@dataclass(frozen=True)
class Sheet:
    """A sheet as its file has it; `week` such as ``w01``."""

    week: str
    data: Data

    def text(self, name: str, language: str) -> str:
        """One of its own texts: title, purpose or foot."""
        return str(self.data[name][language]).strip()

    @property
    def blocks(self) -> list[Data]:
        """What stands on it, from top to bottom."""
        blocks: list[Data] = self.data["blocks"]
        return blocks


def weeks() -> list[str]:
    """Weeks that have a sheet."""
    return sorted(path.stem for path in SHEETS.glob("w*.yml"))


def load(week: str, folder: Path = SHEETS) -> Sheet:
    """Read and check a sheet.

    Raises
    ------
    PublishError
        One line that names the file, the field and what it must be.
    """
    path = folder / f"{week}.yml"
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise PublishError(f"{path}: cannot be read: {' '.join(str(error).split())}") from None
    fields = {"title", "purpose", "head", "blocks", "foot"}
    if not isinstance(data, dict) or set(data) != fields:
        raise PublishError(f"{path}: needs {', '.join(sorted(fields))} and nothing else")
    for name in ("title", "purpose", "foot"):
        _text(data[name], f"{path}: {name}")
    for number, field in enumerate(data["head"], 1):
        _text(field, f"{path}: head: {number}")
    for number, block in enumerate(data["blocks"], 1):
        _block(block, f"{path}: blocks: {number}")
    return Sheet(week, data)


def _text(value: Any, where: str) -> None:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise PublishError(f"{where}: write it in both languages: {{vi: …, en: …}}")
    for language, text in value.items():
        if not isinstance(text, str) or not text.strip():
            raise PublishError(f"{where}: {language}: is empty or no text")


def _block(block: Any, where: str) -> None:
    if not isinstance(block, dict) or set(block) - {"blank"} not in KINDS:
        kinds = "; ".join(", ".join(sorted(kind)) for kind in KINDS)
        raise PublishError(f"{where}: has {', '.join(sorted(map(str, block)))}; a block has {kinds}")
    _text(block["title"], f"{where}: title")
    for number, step in enumerate(block.get("steps", []), 1):
        _text(step, f"{where}: steps: {number}")
    if "columns" in block:
        for number, column in enumerate(block["columns"], 1):
            _text(column.get("text"), f"{where}: columns: {number}: text")
            if not isinstance(column.get("width"), int | float):
                raise PublishError(f"{where}: columns: {number}: width: write a relative width, such as 2")
        for number, row in enumerate(block["rows"], 1):
            if len(row) != len(block["columns"]):
                raise PublishError(
                    f"{where}: rows: {number}: has {len(row)} cells, not {len(block['columns'])}"
                )
            for cell in row:
                if cell != "":
                    _text(cell, f"{where}: rows: {number}")


def rows(block: Data, language: str) -> Iterator[list[str]]:
    """The rows of a table, the empty ones at its end included."""
    for row in block["rows"]:
        yield [cell[language].strip() if cell else "" for cell in row]
    for _ in range(block.get("blank", 0)):
        yield [""] * len(block["columns"])


# -- as a part of a page


def html(sheet: Sheet, language: str) -> str:
    """The sheet as HTML; the page's style sheet lays it out on A4 when it is printed."""
    parts = [f'<p class="cs-purpose">{escape(sheet.text("purpose", language))}</p>']
    fields = "".join(f"<div>{escape(field[language])}:</div>" for field in sheet.data["head"])
    parts.append(f'<div class="cs-head">{fields}</div>')
    for block in sheet.blocks:
        parts.append(f'<p class="cs-title">{escape(block["title"][language])}</p>')
        if "steps" in block:
            steps = "".join(f"<li>{escape(step[language])}</li>" for step in block["steps"])
            parts.append(f"<ol>{steps}</ol>")
        elif "lines" in block:
            parts.append('<div class="cs-line"></div>' * block["lines"])
        else:
            parts.append(_html_table(block, language))
    parts.append(f'<p class="cs-foot">{escape(sheet.text("foot", language))}</p>')
    return f'<div class="course-sheet">{"".join(parts)}</div>'


def _html_table(block: Data, language: str) -> str:
    total = sum(column["width"] for column in block["columns"])
    widths = "".join(f'<col style="width:{100 * c["width"] / total:.1f}%">' for c in block["columns"])
    heads = "".join(f'<th scope="col">{escape(c["text"][language])}</th>' for c in block["columns"])
    lines = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>"
        for row in rows(block, language)
    )
    return (
        f"<table><colgroup>{widths}</colgroup><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"
    )
