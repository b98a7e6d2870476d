"""`python -m linelab.apps lab01 --still FILE.svg --lang vi`: write the still picture of a lab."""

from __future__ import annotations

import argparse
from pathlib import Path

from linelab.apps import LABS, module
from linelab.plots import svg
from linelab.texts import LANGUAGES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m linelab.apps", description=__doc__)
    parser.add_argument("lab", choices=LABS, help="which lab")
    parser.add_argument("--still", type=Path, required=True, metavar="FILE.svg", help="where to write")
    parser.add_argument("--lang", choices=LANGUAGES, default="vi", help="language of the labels")
    given = parser.parse_args()
    given.still.parent.mkdir(parents=True, exist_ok=True)
    given.still.write_bytes(svg(module(given.lab).still(given.lang)))


if __name__ == "__main__":
    main()
