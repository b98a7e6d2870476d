"""From the bytes of a file to the notebooks in it, none of which is looked into yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from autograder.collect.words import Note, RejectedError, note

MAX_NOTEBOOKS = 100  # of a hand-in file
FORMAT = "course-hand-in/1"


@dataclass(frozen=True)
class Claim:
    """What a hand-in file says about itself, and nobody has checked: whose it is, when it was made."""

    trainee: str = ""
    made: str = ""


@dataclass(frozen=True)
class Given:
    """A notebook as it was handed in."""

    name: str
    notebook: Any
    claim: Claim
    mended: tuple[Note, ...] = ()


def read_notebooks(content: bytes, name: str) -> Iterator[Given]:
    """The notebooks of a hand-in file, or the notebook that the file is; RejectedError if it is neither."""
    data, mended = _parse(content)
    if isinstance(data, dict) and data.get("format") == FORMAT:
        notebooks = data.get("notebooks")
        if not isinstance(notebooks, dict) or not notebooks:
            raise RejectedError("empty")
        if len(notebooks) > MAX_NOTEBOOKS:
            raise RejectedError("too_many", count=len(notebooks), limit=MAX_NOTEBOOKS)
        claim = Claim(str(data.get("trainee", ""))[:40], str(data.get("made", ""))[:40])
        for key, notebook in notebooks.items():
            yield Given(str(key), notebook, claim, mended)
    elif isinstance(data, dict) and isinstance(data.get("cells"), list):
        yield Given(name, data, Claim(), mended)
    elif isinstance(data, dict) and "worksheets" in data:
        raise RejectedError("old_notebook")
    else:
        raise RejectedError("not_ours")


def _parse(content: bytes) -> tuple[Any, tuple[Note, ...]]:
    """The JSON of a file, in whichever way of Unicode the program wrote it that saved it last."""
    if not content.strip():
        raise RejectedError("no_bytes")
    encoding = json.detect_encoding(content)
    try:
        data = json.loads(content.decode(encoding))
    except (ValueError, RecursionError):
        raise RejectedError("not_json") from None
    is_usual = encoding == "utf-8"
    return data, () if is_usual else (note("mended_encoding", encoding=encoding.upper()),)
