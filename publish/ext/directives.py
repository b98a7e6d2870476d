"""The places in a page where the course's own scripts work: lab, quiz, hand-in, exam, progress, verify.

Each page loads the script of a place only if it has one, and says in plain words what to do without scripts.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html import escape, unescape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from publish.errors import PublishError
from publish.ext.page import root_of, week_of
from publish.paths import FORMS, book_name
from publish.quiz import QUIZZES, Data, load
from publish.quiz_form import draw, form
from publish.sheet import SHEETS, html
from publish.sheet import load as load_sheet
from publish.sheet_pdf import pdf

# the home page's links to the books stand in a template, which nobody sees, unless the site has these files
# (`publish.site`)
HIDDEN = re.compile(r'<template class="course-books">(.*?)</template>', re.DOTALL)

TEXTS = {
    "vi": {
        "start": "Bắt đầu bài thực hành",
        "no_lab": "Bài thực hành chạy trong trình duyệt có bật JavaScript; bản in chỉ có ảnh này.",
        "no_script": "Trang này cần JavaScript. Hãy bật JavaScript rồi tải lại trang.",
        "exercise": "Mở bài tập tuần {week}",
        "pdf": "Tải phiếu để in (PDF, một trang A4)",
        "notebook": "Mở bài thực hành này dưới dạng notebook",
        "book-pdf": "Tải sách để in (PDF)",
        "book-epub": "Tải sách để đọc trên điện thoại (ePub)",
    },
    "en": {
        "start": "Start the lab",
        "no_lab": "The lab runs in a browser with JavaScript; print has this picture only.",
        "no_script": "This page needs JavaScript. Turn it on, then load the page again.",
        "exercise": "Open the exercise of week {week}",
        "pdf": "Download the sheet (PDF, one A4 page)",
        "notebook": "Open this lab as a notebook",
        "book-pdf": "Download the book to print (PDF)",
        "book-epub": "Download the book to read on a telephone (ePub)",
    },
}


TITLE = re.compile(r"<dc:title>(.*?)</dc:title>", re.S)  # of an SVG


class Place(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils ships no types
    """Where a script of the course works. Attributes: kind, name, and what its kind needs."""


class Lab(SphinxDirective):
    """``{lab} lab01``: a still picture with a button that starts the lab, and what the lab opens with."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Draw the still and work out the opening with the lab's own code."""
        name, language = self.arguments[0], self.config.language
        folder = Path(self.env.app.outdir) / "_images"
        still, opening = folder / f"{name}-still.svg", folder / f"{name}-opening.json"
        if not (still.exists() and opening.exists()):
            command = [sys.executable, "-m", "linelab.apps", name, "--lang", language]
            command += ["--still", str(still), "--opening", str(opening)]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise self.error(f"lab {name}: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
        shows = TITLE.search(still.read_text("utf-8"))
        if shows is None:
            raise self.error(f"lab {name}: {still.name} says nothing of what it shows")
        return [Place(kind="lab", name=name, alt=unescape(shows[1]))]


class QuizForm(SphinxDirective):
    """``{quiz} w01``: the self-check of a week as a form."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the form; charts are drawn into the book's pictures."""
        week, language = self.arguments[0], self.config.language
        self.env.note_dependency(str(QUIZZES / f"{week}.yml"))
        images = "../" * self.env.docname.count("/") + "_images"

        def picture(question: Data) -> str:
            name = f"{week}-quiz-{question['id']}.svg"
            draw(question["chart"], language, Path(self.env.app.outdir) / "_images" / name)
            return f"{images}/{name}"

        try:
            quiz = load(week)
        except PublishError as error:
            raise self.error(error.message) from None
        return [Place(kind="quiz", name=week, form=form(quiz, language, picture), size=len(quiz.questions))]


class SheetForm(SphinxDirective):
    """``{sheet} w01``: the company sheet of a week, with its PDF beside the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Lay the sheet out and write its PDF."""
        week, language = self.arguments[0], self.config.language
        self.env.note_dependency(str(SHEETS / f"{week}.yml"))
        target = Path(self.env.app.outdir) / Path(self.env.docname).parent / f"{week}-{language}.pdf"
        try:
            sheet = load_sheet(week)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(pdf(sheet, language))
        except PublishError as error:
            raise self.error(error.message) from None
        return [Place(kind="sheet", name=target.name, form=html(sheet, language))]


class Mount(SphinxDirective):
    """``{hand-in}``, ``{exam}``, ``{progress}``, ``{verify}``: an element that the script of that name fills.

    ``{books}``: the links to the book as files, for a site that has them.
    """

    def run(self) -> list[nodes.Node]:
        return [Place(kind=self.name, name=self.name)]


class ExerciseLink(SphinxDirective):
    """``{exercise-link} w01``: opens the exercise in JupyterLite, in the page's language."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        return [Place(kind="exercise", name=self.arguments[0])]


def _html(translator: Any, node: Place) -> None:
    app, language = translator.builder.app, translator.config.language
    words, kind, name = TEXTS[language], node["kind"], escape(node["name"], quote=True)
    root = root_of(app, translator.builder.current_docname)
    if kind == "exercise":
        week = int(name.removeprefix("w"))
        address = f"{root}lite/notebooks/index.html?path={language}/{name}.ipynb"
        translator.body.append(
            f'<p><a class="course-exercise" href="{address}">'
            f"{escape(words['exercise'].format(week=week))}</a></p>"
        )
    elif kind == "lab":
        images = "../" * translator.builder.current_docname.count("/") + "_images"
        translator.body.append(
            f'<div class="course-lab" data-app="{name}" data-opening="{images}/{name}-opening.json">'
            f'<img class="course-lab-still" loading="lazy" '
            f'src="{images}/{name}-still.svg" alt="{escape(node["alt"], quote=True)}">'
            f'<button class="course-lab-start" type="button">{escape(words["start"])}</button>'
            f"<noscript><p>{escape(words['no_lab'])}</p></noscript></div>"
            '<p class="course-lab-notebook">'
            f'<a href="{root}lite/notebooks/index.html?path={language}/{name}.ipynb">'
            f"{escape(words['notebook'])}</a></p>"
        )
    elif kind == "sheet":
        link = f'<a class="course-exercise" href="{name}">{escape(words["pdf"])}</a>'
        translator.body.append(f'<p class="cs-pdf">{link}</p>{node["form"]}')
    elif kind == "quiz":
        translator.body.append(node["form"])
    elif kind == "books":
        links = [
            f'<a data-address="{root}books/{book_name(language, form)}">{escape(words[f"book-{form}"])}</a>'
            for form in FORMS
        ]
        translator.body.append(
            f'<template class="course-books"><p class="course-books">{" · ".join(links)}</p></template>'
        )
    else:
        weeks = escape(json.dumps(_weeks(app)), quote=True) if kind == "progress" else ""
        about = f' data-weeks="{weeks}"' if weeks else ""
        translator.body.append(
            f'<div class="course-{kind}"{about}>'
            f"<noscript><p>{escape(words['no_script'])}</p></noscript></div>"
        )
    if kind not in ("exercise", "sheet", "books"):
        translator.body.append(f'<script type="module" src="{root}assets/{kind}/{kind}.js"></script>')
    raise nodes.SkipNode


def _weeks(app: Sphinx) -> list[dict[str, Any]]:
    """What each week's page holds: title, address, sections, labs, and the size of its quiz."""
    weeks = []
    for page in sorted(app.env.found_docs):
        if not week_of(page):
            continue
        tree = app.env.get_doctree(page)
        top = next(tree.findall(nodes.section))
        places = {kind: [p for p in tree.findall(Place) if p["kind"] == kind] for kind in ("lab", "quiz")}
        weeks.append(
            {
                "week": week_of(page),
                "title": app.env.titles[page].astext(),
                "page": app.builder.get_target_uri(page),
                "sections": [s["ids"][0] for s in top.findall(nodes.section) if s.parent is top],
                "labs": [p["name"] for p in places["lab"]],
                "questions": sum(p["size"] for p in places["quiz"]),
            }
        )
    return weeks


def _text(translator: Any, node: Place) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_node(Place, html=(_html, None), text=(_text, None), latex=(_text, None))
    app.add_directive("books", Mount)
    app.add_directive("lab", Lab)
    app.add_directive("exam", Mount)
    app.add_directive("hand-in", Mount)
    app.add_directive("progress", Mount)
    app.add_directive("quiz", QuizForm)
    app.add_directive("sheet", SheetForm)
    app.add_directive("verify", Mount)
    app.add_directive("exercise-link", ExerciseLink)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
