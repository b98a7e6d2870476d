"""Keeps what the cell that runs puts out, up to a size; in the sandbox, standard library only."""

from __future__ import annotations

import threading

# taken before a notebook can put something else in their place
from json import JSONEncoder, loads
from typing import Any

MOST = 2_000  # outputs of a cell
LARGEST = 6  # bytes that a character of text takes in JSON, at most
ERROR = 200_000  # bytes of a cell's errors for which there is always room
encode = JSONEncoder(allow_nan=False, ensure_ascii=False).encode


class Record:
    """The outputs of the cell that runs, as nbformat has them, up to a size and a number.

    Text has three quarters of the size, so that who prints too much still records an answer.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.lock = threading.RLock()
        self.start()

    def start(self) -> None:
        with self.lock:
            self.outputs: list[dict[str, Any]] = []
            self.size = 0

    def text(self, name: str, text: str) -> None:
        with self.lock:
            left = self.limit * 3 // 4 - self.size
            if (size := _size(text)) > left:
                text = text[: max(left, 0) // LARGEST]
                size = _size(text)
            self.size += size
            last = self.outputs[-1] if self.outputs else {}
            if last.get("output_type") == "stream" and last["name"] == name:
                last["parts"].append(text)
            elif text and len(self.outputs) < MOST:
                self.outputs.append({"output_type": "stream", "name": name, "parts": [text]})

    def data(self, kind: str, data: dict[str, Any]) -> None:
        """Keep a display; what JSON cannot hold or is too large is left out."""
        kept = {}
        for media, value in data.items():
            if isinstance(value, bytes):
                continue
            try:
                written = encode(value)  # as it is now, whatever becomes of it
                size, value = len(written.encode("utf-8", "replace")), loads(written)
            except (ValueError, TypeError, RecursionError):
                continue
            with self.lock:
                if self.size + size <= self.limit:
                    self.size += size
                    kept[str(media)] = value
        with self.lock:
            if kept and len(self.outputs) < MOST:
                self.outputs.append({"output_type": kind, "data": kept, "metadata": {}})

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        lines = [line[:5000] for line in traceback[-20:]]
        made = {"output_type": "error", "ename": name[:200], "evalue": value[:2000], "traceback": lines}
        with self.lock:
            self.size += _size(made)
            if self.size <= self.limit + ERROR and len(self.outputs) < MOST:
                self.outputs.append(made)

    def done(self) -> list[dict[str, Any]]:
        with self.lock:
            return [
                {"output_type": "stream", "name": o["name"], "text": "".join(o["parts"])}
                if o["output_type"] == "stream"
                else o
                for o in self.outputs
            ]


class Stream:
    """Stands for standard output or error."""

    encoding = "utf-8"

    def __init__(self, name: str, record: Record) -> None:
        self.name, self._record = name, record

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes text, not {type(text).__name__}")
        self._record.text(self.name, text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False


def _size(value: Any) -> int:
    """Bytes that it takes in what is written."""
    return len(encode(value).encode("utf-8", "replace"))
