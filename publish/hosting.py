"""What a web server has to say with each file: its type, its form, and how long a browser may keep it.

The server of this package, the settings for nginx and the table for object storage all come from here.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from autograder.files import write
from publish.paths import ROOT

FOLDER = "hosting"

# The machine's own table of types may lack these, and browsers refuse modules and WebAssembly without them.
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".ipynb": "application/json",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
    ".whl": "application/zip",
    ".zip": "application/zip",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".ttf": "font/ttf",
    ".pdf": "application/pdf",
    ".epub": "application/epub+zip",
    ".txt": "text/plain",
    ".py": "text/plain",
    ".xml": "application/xml",
    ".conf": "text/plain",
    ".pub": "text/plain",
    ".minisig": "text/plain",
}
CODINGS = {"br": "br", "gz": "gzip"}  # end of a compressed copy's name -> its Content-Encoding, best first

# Named by its content, so that it never changes. Everything else is asked for again, and mostly the answer is
# "not modified": a draft may be replaced, and what is revoked changes.
LASTING = r"(?:^|/)runtime/[0-9a-f]{16}/"
FOREVER, ASK = "public, max-age=31536000, immutable", "no-cache"
ALWAYS = {"X-Content-Type-Options": "nosniff"}


def content_type(path: str) -> str:
    """The type of a file by its name, with the character set of texts."""
    kind = TYPES.get("." + path.rpartition(".")[2].lower(), "application/octet-stream")
    text = kind.startswith("text/") or kind in ("application/json", "image/svg+xml", "application/xml")
    return f"{kind}; charset=utf-8" if text else kind


def cache_control(path: str) -> str:
    """How long a browser may keep a file, by its path below the web root."""
    return FOREVER if re.search(LASTING, path) else ASK


def write_to(out: Path) -> None:
    """Write the settings for web servers into a web root."""
    write(out / FOLDER / "nginx.conf", nginx())
    write(out / FOLDER / "headers.json", json.dumps(table(), indent=1) + "\n")


def nginx() -> str:
    """The settings for nginx."""
    by_type: dict[str, list[str]] = {}
    for end, kind in TYPES.items():
        by_type.setdefault(kind, []).append(end[1:])
    types = "\n".join(f"        {kind} {' '.join(ends)};" for kind, ends in by_type.items())
    headers = "\n".join(f'    add_header {name} "{value}" always;' for name, value in ALWAYS.items())
    template = (ROOT / "publish" / "nginx.conf").read_text("utf-8")
    fields = {"TYPES": types, "LASTING": LASTING, "FOREVER": FOREVER, "ASK": ASK, "ALWAYS": headers}
    return re.sub(r"@(\w+)@", lambda field: fields[field[1]], template)


def table() -> dict[str, object]:
    """The same for object storage, where each object is given its headers at upload."""
    return {
        "about": (
            "Headers for each object. The first rule whose pattern (a regular expression) is found in an "
            "object's key gives Cache-Control; the end of the key gives Content-Type. Where the storage does "
            "not choose by Accept-Encoding, upload x.gz under the key x with Content-Encoding gzip in place "
            "of x itself: every browser takes it."
        ),
        "cache_control": [
            {"pattern": LASTING, "value": FOREVER},
            {"pattern": "", "value": ASK},
        ],
        "content_type": {end: content_type(end) for end in TYPES},
        "content_encoding": {f".{end}": coding for end, coding in CODINGS.items()},
        "always": ALWAYS,
    }
