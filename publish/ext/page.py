"""What every page of the book carries: its way to the site's root, the language switch, "Use offline"."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

from publish.paths import ASSETS, LANGUAGES

NAMES = {"vi": "Tiếng Việt", "en": "English"}
SWITCH = {"vi": "Ngôn ngữ", "en": "Language"}
OFFLINE = {"vi": "Dùng khi không có mạng", "en": "Use offline"}


def root_of(app: Sphinx, page: str) -> str:
    """Relative address of the site's root from a page of a book, such as ``../../``."""
    return "../" * (app.builder.get_target_uri(page).count("/") + 1)


def week_of(page: str) -> str:
    """``w02`` for the theory page of week 2, an empty text for any other page."""
    found = re.fullmatch(r"(w\d\d)-[^/]*/index", page)
    return found[1] if found else ""


def _context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if app.builder.format != "html":
        return
    root, uri = root_of(app, page), app.builder.get_target_uri(page)
    context["course_root"] = root
    context["course_switch"] = SWITCH[app.config.language]
    context["course_offline"] = OFFLINE[app.config.language]
    context["course_languages"] = [
        {
            "code": code,
            "name": NAMES[code],
            "current": code == app.config.language,
            "href": f"{root}{code}/{uri}",
        }
        for code in LANGUAGES
    ]
    # Page scripts find the site's root here; it must be there before the first of them runs.
    script = f'<script>document.documentElement.dataset.courseRoot="{root}";</script>'
    if app.config.course_published:
        script += f'<script type="module" src="{root}assets/edition/banner.js"></script>'
        script += f'<script type="module" src="{root}assets/offline/page.js"></script>'
        script += f'<link rel="manifest" href="{root}{app.config.language}.webmanifest">'
    if week := week_of(page):
        script += f'<script>document.documentElement.dataset.courseWeek="{week}";</script>'
        script += f'<script type="module" src="{root}assets/progress/reading.js"></script>'
    context["metatags"] = context.get("metatags", "") + script
    context["script_files"] = _once(context.get("script_files", []))
    context["css_files"] = [
        x for x in context.get("css_files", []) if "thebe" not in str(getattr(x, "filename", x))
    ]


def _once(scripts: list[Any]) -> list[Any]:
    """Extensions of Jupyter Book register their inline settings twice; keep the first of each."""
    kept, seen = [], set()
    for script in scripts:
        name = getattr(script, "filename", None)
        body = getattr(script, "attributes", {}).get("body")
        key = str(name or body)
        if "thebe" in key or (key in seen and (name or body)):
            continue  # thebe would run code on somebody's server; the course has labs of its own
        seen.add(key)
        kept.append(script)
    return kept


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    # whether readers find the book on the web, with editions beside it and a copy kept by their browser
    app.add_config_value("course_published", True, "html", (bool,))
    app.connect("html-page-context", _context, priority=900)
    app.config.templates_path.append(str(ASSETS / "templates"))
    # relative to a book's _static folder, so that both books share the file
    app.add_css_file("../../assets/course.css", priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
