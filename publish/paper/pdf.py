"""The book as a PDF of A4 pages, typeset by WeasyPrint from the same pages as the site.

WeasyPrint is loaded when it is needed: it needs the library Pango, which the site itself does without.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lxml.html import builder as E  # noqa: N812 - as its documentation writes it

from autograder.assignments import EDITION
from publish import fetch
from publish.book import words_of
from publish.errors import PublishError
from publish.paper.index import index
from publish.paper.volume import INDEX, Volume, compose, text
from publish.paths import CACHE

STYLE = Path(__file__).with_name("paper.css")
PANGO = "sudo apt-get install libpangoft2-1.0-0 libharfbuzz-subset0; on macOS: brew install pango"

# family, the end of the file's name, style and weight; the first that has a letter gives it
FACES = (
    ("Book Serif", "NotoSerif_400Regular.ttf", ""),
    ("Book Serif", "NotoSerif_400Regular_Italic.ttf", "font-style:italic"),
    ("Book Serif", "NotoSerif_700Bold.ttf", "font-weight:bold"),
    ("Book Serif", "NotoSerif_700Bold_Italic.ttf", "font-style:italic;font-weight:bold"),
    ("Book Sans", "NotoSans_400Regular.ttf", ""),
    ("Book Sans", "NotoSans_400Regular_Italic.ttf", "font-style:italic"),
    ("Book Sans", "NotoSans_700Bold.ttf", "font-weight:bold"),
    ("Book Korean", "NanumGothic_400Regular.ttf", ""),
    ("Book Korean", "NanumGothic_700Bold.ttf", "font-weight:bold"),
    ("Book Mono", "DejaVuSansMono.ttf", ""),
    ("Book Mono", "DejaVuSansMono-Bold.ttf", "font-weight:bold"),
    ("Book Signs", "DejaVuSans.ttf", ""),
)


def typeset(pages: Path, language: str, out: Path, *, edition: str = EDITION, address: str = "") -> int:
    """Typeset one language's built book; gives the number of pages.

    Raises
    ------
    PublishError
        If Pango or a font is missing, or a page names a picture or a place that is not there.
    """
    words = words_of(language)
    volume = compose(pages, language, words["paper"], words["title"], edition=edition, address=address)
    return _write(volume, language, out)


def _write(volume: Volume, language: str, out: Path) -> int:
    try:
        from weasyprint import CSS, HTML
        from weasyprint.text.fonts import FontConfiguration
    except ImportError as error:
        raise PublishError(f"PDF: WeasyPrint is missing ({error}); run: pip install weasyprint") from None
    except OSError as error:
        raise PublishError(f"PDF: the library Pango is missing ({error}); run: {PANGO}") from None
    fonts = FontConfiguration()
    style = [CSS(string=_faces() + STYLE.read_text("utf-8"), font_config=fonts)]

    def render(document: str) -> Any:
        return HTML(string=document).render(font_config=fonts, stylesheets=style, pdf_variant="pdf/ua-1")

    with _refusing_complaints(language):
        book = render(text(volume.document))
        places = {name: number for number, page in enumerate(book.pages, 1) for name in page.anchors}
        last = render(_last_pages(volume, places, language))
        whole = book.copy([*book.pages[: places[INDEX] - 1], *last.pages])
        whole.write_pdf(out, finisher=_name_cells, pdf_variant="pdf/ua-1", pdf_tags=True)
    return len(whole.pages)


def _name_cells(_: Any, made: Any) -> None:
    """Number the cells that head a table: WeasyPrint names them by addresses in memory, new in each run."""
    from pydyf import Array, String

    names: dict[str, str] = {}

    def named(cell: Any) -> Any:
        return String(names.setdefault(str(cell.string), f"head{len(names) + 1}"))

    for part in made.objects:
        if isinstance(part, dict) and part.get("Type") == "/StructElem":
            if "ID" in part:
                part["ID"] = named(part["ID"])
            if "Headers" in part.get("A", ()):
                part["A"]["Headers"] = Array([named(cell) for cell in part["A"]["Headers"]])


def _last_pages(volume: Volume, places: dict[str, int], language: str) -> str:
    """The index as a document of its own, whose pages take the place of an empty one."""
    chapter = volume.document.get_element_by_id(INDEX)
    chapter.append(index(volume.uses, volume.entries, places, language))
    body = chapter.getparent()
    for other in list(body):
        if other is not chapter:
            body.remove(other)
    first = E.STYLE(f"@page :first {{ counter-reset: page {places[INDEX]} }}")
    volume.document.find("head").append(first)
    return text(volume.document)


def _faces() -> str:
    """The fonts, each from a pinned file, so that a book looks the same whoever makes it."""
    import matplotlib

    found = list(fetch.get("paper", CACHE).values())
    found += sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVu*.ttf"))
    rules = []
    for family, name, more in FACES:
        path = next(path for path in found if path.name.endswith(name))
        rules.append(f'@font-face{{font-family:"{family}";src:url({path.as_uri()});{more}}}\n')
    return "".join(rules)


@contextmanager
def _refusing_complaints(language: str) -> Iterator[None]:
    """Make an error of what WeasyPrint only says: a missing picture, place or letter."""
    said: list[str] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    if said:
        raise PublishError("\n".join([f"PDF ({language}): cannot be typeset as it should be:", *said[:8]]))
