"""Gives a name, in the page's language, to what the theme leaves without one or names in English.

Screen readers say these names: of the sidebars, of the buttons that show icons alone, of the logo. The words
are in locale/. The template layout.html sends each page through `name_parts`; a part that a new version of
the theme writes in another way stops the build, so that no name is lost unseen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from markupsafe import Markup
from sphinx.application import Sphinx

from publish.errors import PublishError

TOGGLE = 'title="Toggle {side} sidebar"'
PARTS = {
    '<dialog id="pst-search-dialog">': '<dialog id="pst-search-dialog" aria-label="{search}">',
    '<dialog id="pst-primary-sidebar-modal">': '<dialog id="pst-primary-sidebar-modal" aria-label="{pages}">',
    '<div id="pst-primary-sidebar"': (
        '<div role="complementary" aria-label="{pages}" id="pst-primary-sidebar"'
    ),
    '<nav class="bd-links bd-docs-nav" aria-label="Main">': (
        '<nav class="bd-links bd-docs-nav" aria-label="{pages}">'
    ),
    TOGGLE.format(side="primary"): 'title="{show_pages}"',
}
# only pages with sections of their own have these
CONTENTS = {
    '<dialog id="pst-secondary-sidebar-modal">': (
        '<dialog id="pst-secondary-sidebar-modal" aria-label="{contents}">'
    ),
    TOGGLE.format(side="secondary"): 'title="{show_contents}"',
}
# the same picture for light and dark needs no twin
TWIN = re.compile(r"<img\b[^>]*\bonly-dark\b[^>]*>\s*")
LOGO = re.compile(r'(<img\b[^>]*\blogo__image\b) only-light("[^>]*\balt=")[^"]*"')
# a button of an icon alone: a hint that shows on a mouse's touch is no name for every reader
ICON = re.compile(r'<button\b(?![^>]*\baria-label)[^>]*?\btitle="([^"]*)"')
BRANCH = re.compile(r"(<a\b[^>]*>([^<]*)</a><details[^>]*>\s*<summary)>")


def name_parts(page: str, words: Mapping[str, str]) -> str:
    """The page with a name for each of these parts.

    Parameters
    ----------
    page : str
        What stands inside of its body.
    words : mapping of str to str
        `names` of the language's file in locale/.
    """
    names = {key: escape(value) for key, value in words.items()}
    for part, named in PARTS.items():
        if part not in page:
            raise PublishError(
                f"publish/ext/names.py: the theme writes no {part}; bring PARTS in line with it"
            )
        page = page.replace(part, named.format_map(names))
    for part, named in CONTENTS.items():
        page = page.replace(part, named.format_map(names))
    page = ICON.sub(lambda button: f'{button[0]} aria-label="{button[1]}"', page)
    page = page.replace(
        'role="doc-biblioentry"', 'role="listitem"'
    )  # a list has items; the other is out of use
    page = LOGO.sub(lambda logo: f'{logo[1]}{logo[2]}{names["home"]}"', TWIN.sub("", page))
    return BRANCH.sub(lambda x: f'{x[1]} aria-label="{names["branch"].replace("{title}", x[2])}">', page)


def _context(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    words = app.config.course_names
    context["name_parts"] = lambda body: Markup(name_parts(str(body), words))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.add_config_value("course_names", {}, "html")
    app.connect("html-page-context", _context)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
