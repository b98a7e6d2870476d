"""Engines turn a `Line` into sample paths. Both give the same path, draw for draw.

simpy      the reference: one process a station, readable as a factory
recursion  the same departure times by max-plus recursion, all replications at once with numpy
"""

from __future__ import annotations

from collections.abc import Callable

from linelab.engines import recursion, simpy
from linelab.model import Line
from linelab.paths import Extent, Paths

Progress = Callable[[float], None]
ENGINES: dict[str, Callable[[Line, Extent, int, int, Progress | None], Paths]] = {
    "simpy": simpy.run,
    "recursion": recursion.run,
}


def choose(engine: str) -> str:
    """Name of the engine to use; every line that can be described today is in the recursion's class."""
    if engine == "auto":
        return "recursion"
    if engine not in ENGINES:
        raise ValueError(f"engine: {engine!r} is unknown; use auto, {' or '.join(ENGINES)}")
    return engine
