"""The lab as a notebook's widget, for JupyterLite and for Jupyter on one's own machine."""

from __future__ import annotations

import asyncio
import re
from importlib.resources import files
from typing import Any

import anywidget

from linelab.widgets.session import Desk, Session

# in the order in which each needs those before it
MODULES = ("dom", "patterns", "scene", "stage", "levers", "results", "charts", "log", "main", "widget")


def bundle() -> str:
    """The page's modules as the one module that a widget may have: without the imports among them."""
    front = files("linelab.widgets").joinpath("front")
    parts = []
    for name in MODULES:
        source = front.joinpath(f"{name}.js").read_text("utf-8")
        source = re.sub(r'^import .*? from "\./\w+\.js";\n', "", source, flags=re.M | re.S)
        if name == "charts":  # its main function has a plain name; main.js imports it under another
            source += "\nconst sweepChart = sweep;\n"
        parts.append(re.sub(r"^export (?!default)", "", source, flags=re.M))
    return "\n".join(parts)


class LabWidget(anywidget.AnyWidget):
    """Carries a session's messages between Python and the notebook's page."""

    _esm = bundle()
    _css = files("linelab.widgets").joinpath("front", "lab.css").read_text("utf-8")

    def __init__(self, session: Session, **keys: Any) -> None:
        super().__init__(**keys)
        self.session, self._desk = session, Desk(session)
        self._task: Any = None
        self.on_msg(lambda _widget, content, _buffers: self._take(content))

    def _take(self, request: dict[str, Any]) -> None:
        self._desk.take(request)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no loop, so nothing newer can come in between
            while self._step():
                pass
            return
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._go_on())

    async def _go_on(self) -> None:
        while self._step():
            await asyncio.sleep(0)  # a newer request may come in here

    def _step(self) -> bool:
        message = self._desk.step()
        if message is None:
            return False
        self.send(*message.packed())
        return True
