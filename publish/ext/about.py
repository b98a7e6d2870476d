"""What a page says of itself to search engines, previews and archives.

A description, the licence, and schema.org's view of a course and its parts. Addresses in other places than
the page itself (canonical, other language, picture) have to be complete, so they are there only when the site
has an address of its own: `html.baseurl` in _config.yml or ``course site build --url``.
"""

from __future__ import annotations

import json
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from publish.ext.page import week_of
from publish.paths import LANGUAGES

SHORTEST, LONGEST = 50, 160  # characters of a description, as search engines show them
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
LOCALES = {"vi": "vi_VN", "en": "en_GB"}
HOURS = "PT5H"  # a week's module takes four to six hours
SUBJECTS = ["lean manufacturing", "factory physics", "discrete-event simulation", "smart factory"]


def description(given: str | None, doctree: nodes.document | None) -> str:
    """The description that the words of the language give, else the page's first paragraph, cut at a word."""
    if given:
        return given
    for paragraph in doctree.findall(nodes.paragraph) if doctree is not None else ():
        text = " ".join(paragraph.astext().split())
        if len(text) >= SHORTEST:
            return (
                text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
            )
    return ""


def picture_name(page: str) -> str:
    """Which preview picture a page has: a week's own, else the course's."""
    return page.split("-")[0] if page.startswith("w") and page[1:3].isdigit() else "course"


def _context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    if app.builder.format != "html":
        return
    language, course = str(app.config.language), str(app.config.project)
    title = _plain(str(context.get("title", "")))
    about = description(app.config.course_descriptions.get(page), doctree)
    tags = [f'<meta name="description" content="{escape(about)}">'] if about else []
    tags.append(f'<link rel="license" href="{LICENCE}">')
    shown = {
        "og:type": "website",
        "og:site_name": course,
        "og:title": title,
        "og:description": about,
        "og:locale": LOCALES[language],
    }
    # the book's own address ends in its language
    base = str(app.config.html_baseurl).rstrip("/").removesuffix(f"/{language}")
    uri = app.builder.get_target_uri(page)
    if base:
        shown["og:url"] = f"{base}/{language}/{uri}"
        shown["og:image"] = f"{base}/assets/social/{language}-{picture_name(page)}.png"
        tags.append('<meta name="twitter:card" content="summary_large_image">')
        tags += [f'<link rel="alternate" hreflang="{code}" href="{base}/{code}/{uri}">' for code in LANGUAGES]
    tags += [f'<meta property="{name}" content="{escape(text)}">' for name, text in shown.items() if text]
    data = _structured(page, title, about, language, course, base and f"{base}/{language}/")
    if data:
        said = json.dumps(data, ensure_ascii=False, sort_keys=True).replace("</", "<\\/")
        tags.append(f'<script type="application/ld+json">{said}</script>')
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


def _structured(
    page: str, title: str, about: str, language: str, course: str, address: str
) -> dict[str, Any] | None:
    """The page in the words of schema.org; None for one that teaches nothing."""
    whole: dict[str, Any] = {
        "@type": "Course",
        "name": course,
        "inLanguage": language,
        "license": LICENCE,
        "isAccessibleForFree": True,
        "teaches": SUBJECTS,
        "provider": {"@type": "Organization", "name": "Smart-factory course contributors"},
    }
    if address:
        whole["url"] = f"{address}index.html"
    if page == "index":
        instance = {"@type": "CourseInstance", "courseMode": "Blended", "courseWorkload": "P12W"}
        return (
            {"@context": "https://schema.org"}
            | whole
            | {
                "description": about,
                "hasCourseInstance": [instance],
            }
        )
    if not week_of(page):
        return None
    return {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": title,
        "description": about,
        "inLanguage": language,
        "license": LICENCE,
        "isAccessibleForFree": True,
        "learningResourceType": "module",
        "timeRequired": HOURS,
        "isPartOf": whole,
    }


def _plain(title: str) -> str:
    return " ".join(nodes.unescape(title).replace("<", " <").split("<")[0].split()) or title


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_config_value("course_descriptions", {}, "html")
    app.connect("html-page-context", _context, priority=910)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
