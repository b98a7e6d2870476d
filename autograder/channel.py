"""Reads what came out of the sandbox: bytes that nobody has to believe, and that must not keep us busy.

A notebook can write to its own channel what it likes. So each step has a limit: on the lines that are looked
at, on the outputs of a cell, and on what is kept of an output.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import nbformat

from autograder.inert import picture, readable
from autograder.watch import Limits

# how `inside.py` writes a cell; a look at its number spares parsing what cannot count
LINE = re.compile(rb'^\{"cell": (0|[1-9][0-9]{0,3}), "outputs": .*$', re.MULTILINE)
MAX_LINE = Limits().cell_output + (1 << 20)  # bytes
MAX_DAMAGED = 100  # lines that look right but are not, before the rest is left unread
MAX_OUTPUTS, MAX_ALL = 2_000, 10_000  # of a cell, of a notebook


def outputs(data: bytes, count: int) -> Iterator[list[dict[str, Any]]]:
    """The outputs of the first, second, … of `count` cells, as far as they came in order and in form."""
    number = damaged = taken = 0
    for found in LINE.finditer(data):
        if number == count or damaged > MAX_DAMAGED:
            return
        if int(found[1]) != number:
            continue
        parsed = _parsed(found[0]) if len(found[0]) <= MAX_LINE else None
        if parsed is None:
            damaged += 1
            continue
        number += 1
        parsed = parsed[: min(MAX_OUTPUTS, MAX_ALL - taken)]
        taken += len(parsed)
        yield [output for output in parsed if isinstance(output, dict)]


def kept(output: dict[str, Any]) -> nbformat.NotebookNode | None:
    """The output as text and picture, or None."""
    kind, data = output.get("output_type"), output.get("data")
    made: dict[str, Any] = {}
    if kind == "stream":
        name = "stderr" if output.get("name") == "stderr" else "stdout"
        made = {"output_type": kind, "name": name, "text": readable(output.get("text"))}
    elif kind == "error":
        trace = output.get("traceback")
        lines = [readable(x) for x in trace] if isinstance(trace, list) else []
        name, value = readable(output.get("ename")), readable(output.get("evalue"))
        made = {"output_type": kind, "ename": name, "evalue": value, "traceback": lines}
    elif kind in ("display_data", "execute_result") and isinstance(data, dict):
        shown = (
            {"text/plain": readable(data["text/plain"])} if isinstance(data.get("text/plain"), str) else {}
        )
        image = data.get("image/png")
        if isinstance(image, str) and (drawn := picture(image)):
            shown["image/png"] = drawn
        made = {"output_type": "display_data", "data": shown, "metadata": {}} if shown else {}
    # in form by its making; nbformat's own way to make one checks it against the schema, which takes long
    return nbformat.from_dict(made) if made else None


def _parsed(line: bytes) -> list[Any] | None:
    """The outputs in a line, or None if it is not what `inside.py` would write."""
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):  # also the last line of a notebook that was ended
        return None
    found = message.get("outputs") if isinstance(message, dict) else None
    return found if isinstance(found, list) else None


def _refuse(name: str) -> Any:
    raise ValueError(name)
