"""The web root above the editions: their list, for people (`index.html`) and for pages (`editions.json`).

A page of an edition reads the list for as long as it is online, years later, too. So its form may only grow:
``newest`` names the newest edition and its pages, ``editions`` has all of them, newest first.
"""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from autograder.files import write
from publish.bundle import with_policy
from publish.errors import PublishError
from publish.manifest import Manifest
from publish.paths import ASSETS, LANGUAGES

FORMAT = "course-editions/1"
NAME = "editions.json"
FOR_PEOPLE = ("index.html", "editions.css", "logo.svg")
ISSUERS = "verify"  # beside the editions: what is revoked changes when editions no longer do
NO_ISSUERS = {"format": "course-issuers/1", "issuers": []}
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip

Entry = dict[str, Any]  # edition, published, draft, commit


def entries(root: Path) -> list[Entry]:
    """The editions of a web root, newest first; none if there is no list yet."""
    path = root / NAME
    return entries_of(path.read_bytes(), str(path))[1] if path.exists() else []


def entries_of(content: bytes, where: str) -> tuple[dict[str, Any], list[Entry]]:
    """Read a list of editions; PublishError if it is none."""
    try:
        data = json.loads(content)
        if data["format"] != FORMAT:
            raise ValueError(data["format"])
        found = [dict(entry) for entry in data["editions"]]
        for entry in found:
            str(entry["edition"]), datetime.fromisoformat(entry["published"]), bool(entry["draft"])
    except (ValueError, KeyError, TypeError) as error:
        raise PublishError(f"{where}: is no list of editions ({type(error).__name__}: {error})") from None
    return data, found


def enter(root: Path, manifest: Manifest, published: datetime) -> None:
    """Put an edition on the list, in place of one of its name; `editions.json` is written last."""
    entry = {
        "edition": manifest["edition"],
        "published": published.isoformat(timespec="seconds"),
        "draft": manifest["draft"],
        "commit": manifest["source"]["commit"],
    }
    others = [other for other in entries(root) if other["edition"] != entry["edition"]]
    listed = sorted([entry, *others], key=lambda one: one["published"], reverse=True)
    final = [one for one in listed if not one["draft"]]
    newest = None
    if final:
        name = final[0]["edition"]
        newest = {"edition": name, "pages": pages(root / name)}
    if not (root / ISSUERS / "issuers.json").exists():
        write(root / ISSUERS / "issuers.json", json.dumps(NO_ISSUERS, indent=1) + "\n")
    for name in ("editions.css", "logo.svg"):
        write(root / name, (ASSETS / name).read_bytes())
    write(root / "index.html", index(listed))
    document = {"format": FORMAT, "newest": newest, "editions": listed}
    write(root / NAME, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def pages(edition: Path) -> list[str]:
    """The pages of an edition's books, such as ``vi/index.html``."""
    return sorted(
        path.relative_to(edition).as_posix()
        for language in LANGUAGES
        for path in (edition / language).rglob("*.html")
        if "_static" not in path.parts
    )


def index(listed: list[Entry]) -> str:
    """The page that lists the editions in both languages; it works without scripts."""
    template = (ASSETS / "editions.html").read_text("utf-8")
    return with_policy(template.replace("<!-- editions -->", "\n".join(_item(entry) for entry in listed)))


def _item(entry: Entry) -> str:
    name, day = escape(entry["edition"]), datetime.fromisoformat(entry["published"])
    vi, en = f"{day.day}/{day.month}/{day.year}", f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    if entry["draft"]:
        vi, en = f"Bản nháp ngày {vi}, còn thay đổi", f"Draft of {en}, may still change"
    else:
        vi, en = f"Phát hành ngày {vi}", f"Published on {en}"
    return (
        f'<li><h2>{name}</h2><p>{vi} · <span lang="en">{en}</span></p>'
        f'<a href="{name}/vi/index.html">Tiếng Việt</a> '
        f'<a href="{name}/en/index.html" lang="en" hreflang="en">English</a></li>'
    )
