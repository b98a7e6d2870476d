"""What a page has of a lab beforehand: `python -m linelab.apps lab01 --still A.svg --opening B.json`."""

from __future__ import annotations

import argparse
import base64
import json
from pathlib import Path

from linelab.apps import names, session, still
from linelab.texts import LANGUAGES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m linelab.apps", description=__doc__)
    parser.add_argument("lab", choices=names(), help="which lab")
    parser.add_argument("--still", type=Path, metavar="FILE.svg", help="write the still picture")
    parser.add_argument("--opening", type=Path, metavar="FILE.json", help="write the messages of the start")
    parser.add_argument("--lang", choices=LANGUAGES, default="vi", help="language of the labels")
    given = parser.parse_args()
    for file in (given.still, given.opening):
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
    if given.still:
        from linelab.plots import svg

        given.still.write_bytes(svg(*still(given.lab, given.lang)))
    if given.opening:
        given.opening.write_text(opening(given.lab, given.lang), "utf-8")


def opening(lab: str, language: str) -> str:
    """The session's first messages as JSON; arrays as base64 of their bytes."""
    messages = []
    for message in session(lab, language).opening():
        data, buffers = message.packed()
        messages.append({**data, "buffers": [base64.b64encode(bytes_).decode() for bytes_ in buffers]})
    return json.dumps(messages, ensure_ascii=False)


if __name__ == "__main__":
    main()
