"""The book as an ePub 3, for telephones and readers of electronic ink, from the same pages as the PDF.

A reader chooses its own letters and breaks its own pages, so there are no page numbers and no index: its
search takes their place.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree
from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - as its documentation writes it

from publish import hosting
from publish.book import words_of
from publish.errors import PublishError
from publish.paper.pages import having
from publish.paper.volume import INDEX, compose
from publish.wheels import EPOCH, write_zip

STYLE = Path(__file__).with_name("epub.css")
MENU = "menu"  # stands for epub:type, a name with a colon, which HTML lacks
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}" xml:lang="{language}">
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>
<body>{body}</body>
</html>
"""  # noqa: E501
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{language}">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="id">urn:uuid:{number}</dc:identifier>
<dc:title>{title}</dc:title>
<dc:language>{language}</dc:language>
<dc:creator>{author}</dc:creator>
<dc:description>{about}</dc:description>
<dc:rights>{rights}</dc:rights>
<meta property="dcterms:modified">{time}</meta>
{access}
</metadata>
<manifest>
{items}
</manifest>
<spine>
{spine}
</spine>
</package>
"""
# one time for all, as the zip has it, so that builds repeat
TIME = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*EPOCH)
ACCESS = {
    "accessMode": ("textual", "visual"),
    "accessModeSufficient": ("textual",),
    "accessibilityFeature": ("alternativeText", "readingOrder", "structuralNavigation", "tableOfContents"),
    "accessibilityHazard": ("none",),
}


def write(pages: Path, language: str, out: Path, *, edition: str, address: str = "") -> int:
    """Write one language's built book as an ePub; gives the number of its chapters.

    Parameters
    ----------
    pages, language, edition, address
        As `publish.paper.volume.compose` takes them.
    out : Path
        The file to make. The same pages give the same bytes.

    Raises
    ------
    PublishError
        If a page names a picture or a place that is not there.
    """
    words = words_of(language)
    title, paper = words["title"], words["paper"]
    volume = compose(pages, language, paper, title, edition=edition, address=address)
    cover, imprint, contents, *more = volume.document.find("body")
    chapters = [part for part in more if "chapter" in part.classes and part.get("id") != INDEX]
    parts = {"cover": cover, "imprint": imprint, "contents": _navigation(contents)}
    parts |= {f"chapter{number:02}": part for number, part in enumerate(chapters, 1)}
    places = {
        x.get("id"): f"{name}.xhtml" for name, part in parts.items() for x in part.iter() if x.get("id")
    }
    files: dict[str, bytes] = {"book.css": STYLE.read_bytes()}
    for name, part in parts.items():
        _plain(part)
        _follow(part, places, language)
        files |= _pictures(part)
        heading = part.find(".//h1")
        named = title if heading is None else " ".join(heading.text_content().split())
        files[f"{name}.xhtml"] = _page(part, named, language)
    about = {"title": title, "language": language, "edition": edition, **paper}
    files["package.opf"] = _package(about, files, parts).encode()
    members = {f"book/{name}": content for name, content in files.items()}
    members["META-INF/container.xml"] = CONTAINER.encode()
    # readers ask that this comes first, and as it is
    write_zip(out, members.items(), first=[("mimetype", b"application/epub+zip")])
    return len(chapters)


def _plain(part: HtmlElement) -> None:
    """Take out what only a browser or a printed page understands."""
    for element in part.iter(etree.Element):
        for name in element.attrib:
            if name.startswith("data-") or name in ("for", "tabindex"):
                del element.attrib[name]
    for mark in part.xpath(having("cover-mark")):
        mark.drop_tree()


def _follow(part: HtmlElement, places: Mapping[str, str], language: str) -> None:
    """Lead links to the files in which their places are now."""
    for link in list(part.iter("a")):
        href = link.get("href", "")
        if not href.startswith("#"):
            continue
        place = unquote(href[1:])
        if place == INDEX:
            link.getparent().drop_tree()
        elif place not in places:
            raise PublishError(f"ePub ({language}): {href} leads to no place in the book")
        else:
            link.set("href", f"{places[place]}{href}")


def _pictures(part: HtmlElement) -> Iterator[tuple[str, bytes]]:
    """Name each picture by what it holds; the same formula is one file, however often it comes."""
    for image in part.iter("img"):
        source = image.get("src")
        if source.startswith("data:"):
            suffix, content = ".svg", base64.b64decode(source.partition(",")[2])
        else:
            path = Path(unquote(urlsplit(source).path))
            if not path.is_file():
                raise PublishError(f"ePub: {path}: a page shows this picture, but it is not there")
            suffix, content = path.suffix, path.read_bytes()
        if suffix == ".svg":
            content = _drawing(content)
        name = f"images/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        image.set("src", name)
        yield name, content


def _drawing(content: bytes) -> bytes:
    """A drawing as ePub wants it: without a document type, and with an outline also for a space."""
    content = re.sub(rb"<!DOCTYPE[^>]*>\s*", b"", content, count=1)
    return re.sub(rb"<path(?![^>]*\sd=)", b'<path d="M0 0"', content)


def _navigation(contents: HtmlElement) -> HtmlElement:
    """The contents as readers want them for their menu."""
    for listed in contents.iter("ul"):
        listed.tag = "ol"
    return E.NAV(*contents, {MENU: "toc", "id": "toc"})


def _page(part: HtmlElement, title: str, language: str) -> bytes:
    part.tail = None
    body = etree.tostring(part, encoding="unicode", method="xml")
    body = body.replace(f'{MENU}="toc"', 'epub:type="toc"', 1)
    return PAGE.format(language=language, title=escape(title), body=body).encode()


def _package(about: Mapping[str, str], files: Mapping[str, bytes], order: Iterable[str]) -> str:
    items = []
    for name in sorted(files):
        kind = hosting.TYPES.get(Path(name).suffix, "application/xhtml+xml")
        more = ' properties="nav"' if name == "contents.xhtml" else ""
        items.append(f'<item id="{_id(name)}" href="{name}" media-type="{kind}"{more}/>')
    access = [
        f'<meta property="schema:{name}">{value}</meta>'
        for name, values in ACCESS.items()
        for value in values
    ]
    return PACKAGE.format(
        language=about["language"],
        number=uuid.uuid5(uuid.NAMESPACE_URL, f"{about['title']} {about['edition']} {about['language']}"),
        title=escape(about["title"]),
        author=escape(about["author"]),
        about=escape(about["subtitle"]),
        rights=escape(about["licence_short"]),
        time=TIME,
        access="\n".join(access),
        items="\n".join(items),
        spine="\n".join(f'<itemref idref="{_id(f"{name}.xhtml")}"/>' for name in order),
    )


def _id(name: str) -> str:
    return "f-" + re.sub(r"[^\w-]", "-", name)
