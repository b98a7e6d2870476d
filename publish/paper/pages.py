"""Makes a page of the built book fit for paper: what works on a screen only is opened, drawn or replaced."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from pathlib import Path

from lxml import html
from lxml.html import HtmlElement
from lxml.html import builder as E  # noqa: N812 - as its documentation writes it

from publish.errors import PublishError

Words = Mapping[str, str]

UNITS = 1000  # of MathJax's outlines in an em
SHORT = 9  # rows of a table that stays on one page
INVISIBLE = re.compile("[\u2061-\u2064\u200b]")


def having(name: str, tag: str = "*") -> str:
    """An XPath for the elements of a class."""
    return f".//{tag}[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"


SCREEN_ONLY = (
    *(f".//{tag}" for tag in ("script", "noscript", "template", "button")),
    *(
        having(name)
        for name in (
            "headerlink", "toctree-wrapper", "cs-pdf", "course-lab-notebook", "course-books", "cq-act",
            "cq-reply", "cq-moves", "sd-summary-state-marker",
        )
    ),
)  # fmt: skip


def read(path: Path, words: Words) -> HtmlElement:
    """The content of a built page, as it stands on paper.

    Parameters
    ----------
    path : Path
        Of a page whose formulas are typeset already (`publish.light`).
    words : mapping
        What is said in place of a lab, a quiz, an exercise.
    """
    found = html.fromstring(path.read_text("utf-8")).xpath(having("bd-article", "article") + "/section")
    if len(found) != 1:
        raise PublishError(f"{path}: has {len(found)} articles with one section, not 1; is it of a book?")
    page: HtmlElement = found[0]
    for place in SCREEN_ONLY:
        for element in page.xpath(place):
            element.drop_tree()
    for image in page.iter("img"):
        image.set("src", (path.parent / image.get("src")).resolve().as_uri())
        for name in ("loading", "style", "width", "height"):
            image.attrib.pop(name, None)
    for table in page.iter("table"):
        if len(table.findall(".//tr")) <= SHORT:
            table.classes.add("short")
    _formulas(page)
    _folds(page)
    _exercises(page, words)
    _labs(page, words)
    for quiz in page.xpath(having("course-quiz")):
        _quiz(quiz, words)
    return page


# -- formulas


def _formulas(page: HtmlElement) -> None:
    """Sizes in em, which are the same in any program, and a text for those who listen."""
    for place in page.xpath(having("math")):
        for outlines in place.xpath("./svg"):
            _, top, width, height = map(float, outlines.get("viewbox").split())
            sizes = f"width:{width / UNITS:.3f}em;"
            if place.tag == "span":
                sizes += f"height:{height / UNITS:.3f}em;vertical-align:{-(top + height) / UNITS:.3f}em"
            spoken = outlines.getnext()
            drawn = E.IMG(src=_address(outlines), style=sizes, alt=" ".join(said(spoken).split()))
            drawn.tail = spoken.tail
            spoken.tail = outlines.tail = None
            place.remove(spoken)
            place.replace(outlines, drawn)


def _address(outlines: HtmlElement) -> str:
    """Outlines as an address of a picture, which can have an alternative text."""
    for name in ("width", "height", "style", "role", "focusable", "aria-hidden"):
        outlines.attrib.pop(name, None)
    drawn = html.tostring(outlines, encoding="unicode", with_tail=False).replace(" viewbox=", " viewBox=", 1)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn.encode()).decode()}"


def said(node: HtmlElement) -> str:
    """A formula of MathML in one line, such as ``CT = T_0 + (w−1)/(r_b)``."""
    parts = [said(child) for child in node if isinstance(child.tag, str)]
    match node.tag:
        case "mfrac":
            return f"({parts[0]})/({parts[1]})"
        case "msub" | "munder":
            return f"{parts[0]}_{_grouped(parts[1])}"
        case "msup":
            return f"{parts[0]}^{_grouped(parts[1])}"
        case "msubsup" | "munderover":
            return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
        case "msqrt":
            return f"√({''.join(parts)})"
        case "mspace":
            return " "
        case "mtr":
            return " ".join(parts) + "; "
        case "mo":
            sign = INVISIBLE.sub("", node.text or "")
            return f" {sign} " if sign in ("=", "≤", "≥", "≈", "<", ">", "×", "+", "−", "→") else sign
    return INVISIBLE.sub("", node.text or "") + "".join(parts)


def _grouped(text: str) -> str:
    return text if len(text) == 1 else "{" + text.strip() + "}"


# -- what opens, runs or answers on a screen


def _folds(page: HtmlElement) -> None:
    for fold in page.xpath(".//details"):
        fold.tag = "div"
        fold.attrib.clear()
        fold.set("class", "fold")
        summary = fold.find("summary")
        title = E.P(summary.text_content().strip(), E.CLASS("fold-title"))
        fold.replace(summary, title)


def _exercises(page: HtmlElement, words: Words) -> None:
    for link in page.xpath(having("course-exercise", "a")):
        week = _week(link.get("href"))
        note = E.P(words["exercise"].format(week=week), E.CLASS("online"))
        link.getparent().getparent().replace(link.getparent(), note)


def _labs(page: HtmlElement, words: Words) -> None:
    for lab in page.xpath(having("course-lab", "div")):
        week, still = _week(lab.get("data-app")), lab.find("img")
        caption = E.FIGCAPTION(words["lab"].format(week=week))
        drawn = E.IMG(src=still.get("src"), alt=still.get("alt"))
        lab.addprevious(E.FIGURE(drawn, caption, E.CLASS("course-figure")))
        note = E.P(words["lab_online"].format(week=week), E.CLASS("online"))
        note.tail = lab.tail
        lab.getparent().replace(lab, note)


def _week(name: str) -> int:
    """The week in the name of a lab or an exercise, such as ``lab02`` or ``…/w02.ipynb``."""
    found = re.search(r"(?:lab|w)(\d\d)(?:\.ipynb)?$", name)
    if not found:
        raise PublishError(f"{name!r}: names no week, such as lab02 or w02.ipynb")
    return int(found[1])


def _quiz(quiz: HtmlElement, words: Words) -> None:
    """The questions with room for an answer in pencil; answers and explanations stay on the site."""
    quiz.insert(0, E.P(words["quiz"], E.CLASS("online")))
    for form in quiz.xpath("./form"):
        kind = form.get("data-kind")
        name = form.get("id")
        form.attrib.clear()
        form.tag = "div"
        form.set("class", "cq-question")
        form.set("id", name)
        for hint in form.xpath(having("cq-hint")):
            hint.text = words.get(kind, hint.text)
        for option in form.xpath(having("cq-option")):
            box = option.find("input")
            mark = "☐" if box.get("type") == "checkbox" else "○"
            option.tag = "p"
            option.replace(box, E.SPAN(mark, E.CLASS("cq-mark")))
        for number in form.xpath(having("cq-number")):
            number.replace(number.find("input"), E.SPAN(E.CLASS("cq-blank")))
            number.find("label").tag = "span"
        for items in form.xpath(having("cq-items")):
            items.tag = "div"
            for item in items:
                item.tag = "p"
                item.set("class", "cq-option")
                item.insert(0, E.SPAN("☐", E.CLASS("cq-mark")))
        _pairs(form)


def _pairs(form: HtmlElement) -> None:
    pairs = form.xpath(having("cq-pair"))
    if not pairs:
        return
    choices = [option.text for option in pairs[0].find("select") if option.get("value")]
    for pair in pairs:
        pair.tag = "p"
        pair.find("label").tag = "span"
        pair.replace(pair.find("select"), E.SPAN(E.CLASS("cq-letter")))
    listed = [E.P(f"{chr(ord('A') + i)}. {text}", E.CLASS("cq-choice")) for i, text in enumerate(choices)]
    pairs[-1].addnext(E.DIV(*listed, E.CLASS("cq-choices")))
