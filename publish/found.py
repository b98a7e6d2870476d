"""What makes the site found and shared: a map of its pages for search engines, and preview pictures."""

from __future__ import annotations

import io
from pathlib import Path
from xml.sax.saxutils import escape

from publish.book import words_of
from publish.ext.about import picture_name
from publish.paths import BOOK, LANGUAGES

LEFT_OUT = {"genindex.html", "search.html"}
SIZE = 12.0, 6.3  # inches at 100 dots an inch: what previews show
DOTS = 100
GREEN, AMBER, INK = "#0b5d4e", "#e69f00", "#ffffff"


def write_map(site: Path, address: str) -> None:
    """Write ``sitemap.xml`` and ``robots.txt``; `address` is the site's own, which they name."""
    base = address.rstrip("/")
    names = {
        language: {p.relative_to(site / language).as_posix() for p in (site / language).rglob("*.html")}
        for language in LANGUAGES
    }
    pages = sorted(set.intersection(*names.values()) - LEFT_OUT)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        ' xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for language in LANGUAGES:
        for page in pages:
            others = "".join(
                f'<xhtml:link rel="alternate" hreflang="{code}" href="{escape(f"{base}/{code}/{page}")}"/>'
                for code in LANGUAGES
            )
            lines.append(f"<url><loc>{escape(f'{base}/{language}/{page}')}</loc>{others}</url>")
    (site / "sitemap.xml").write_text("\n".join([*lines, "</urlset>", ""]), "utf-8")
    (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n", "utf-8")


def draw_previews(folder: Path) -> None:
    """Draw the picture that stands beside a link to the course or to a week, in each language."""
    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        words = words_of(language)
        draw(folder / f"{language}-course.png", words["title"], words["social"])
        for page in sorted((BOOK / language).glob("w*/index.md")):
            heading = next(x for x in page.read_text("utf-8").splitlines() if x.startswith("# "))
            week, _, title = heading.removeprefix("# ").partition(". ")
            name = picture_name(page.parent.name)
            draw(folder / f"{language}-{name}.png", title, f"{week} · {words['title']}")


def draw(path: Path, title: str, below: str) -> None:
    """One picture: the title over a line of stations and lanes, one of them full."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # a second that other builds need not take
    from matplotlib.figure import Figure
    from matplotlib.patches import FancyBboxPatch, Rectangle

    figure = Figure(figsize=SIZE, dpi=DOTS, facecolor=GREEN)
    FigureCanvasAgg(figure)
    figure.text(0.07, 0.80, "\n".join(_lines(title, 26)), color=INK, size=46, weight="bold", va="top")
    figure.text(0.07, 0.40, below, color=INK, size=21, va="top")
    axes = figure.add_axes((0.07, 0.08, 0.86, 0.2))
    axes.set(xlim=(0, 43), ylim=(0, 10))
    axes.axis("off")
    for station in range(5):
        left = 9.5 * station
        axes.add_patch(
            FancyBboxPatch((left, 2), 4, 6, boxstyle="round,pad=0,rounding_size=.7", color=INK, lw=0)
        )
        if station == 4:
            break
        held = (5, 5, 2, 1)[station]  # the lanes before the slowest station are full
        for place in range(5):
            filled = place >= 5 - held
            axes.add_patch(
                Rectangle((left + 4.5 + 0.9 * place, 3.9), 0.7, 2.2, color=AMBER if filled else INK,
                          alpha=1.0 if filled else 0.35, lw=0)
            )  # fmt: skip
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DOTS, metadata={"Software": None})
    path.write_bytes(out.getvalue())


def _lines(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
