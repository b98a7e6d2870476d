"""Engines turn a `Line` into a `Tally`. Both act out the same sample path, draw for draw.

simpy      the reference, every feature; read `machine.py`, then `workplace.py`, then `simpy.py`
recursion  the same times by max-plus recursion, all replications at once with numpy, for lines in its class
"""

from __future__ import annotations

from linelab.engines import recursion, simpy
from linelab.model import Line, LineError

ENGINES = {"simpy": simpy.run, "recursion": recursion.run}


def choose(engine: str, line: Line) -> str:
    """Name of the engine to use: the fastest that is exact for the line.

    Raises
    ------
    LineError
        If there is no such engine, or it cannot do this line.
    """
    reason = recursion.outside(line)
    if engine == "auto":
        return "simpy" if reason else "recursion"
    if engine not in ENGINES:
        raise LineError([f"engine: {engine!r} is unknown; use auto, {' or '.join(ENGINES)}"])
    if engine == "recursion" and reason:
        raise LineError([f"{reason}; the recursion cannot do that, use engine='auto'"])
    return engine
