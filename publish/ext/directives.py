"""The places in a page where the course's own scripts work: lab, hand-in, verify; and the exercise link.

Each page loads the script of a place only if it has one, and says in plain words what to do without scripts.
"""

from __future__ import annotations

import subprocess
import sys
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from publish.ext.page import root_of

TEXTS = {
    "vi": {
        "start": "Bắt đầu bài thực hành",
        "still": "Ảnh tĩnh của bài thực hành: chuyền hiện nay, thời gian từng công đoạn, hàng giữa các máy",
        "no_lab": "Bài thực hành chạy trong trình duyệt có bật JavaScript; bản in chỉ có ảnh này.",
        "no_script": "Trang này cần JavaScript. Hãy bật JavaScript rồi tải lại trang.",
        "exercise": "Mở bài tập tuần {week}",
        "notebook": "Mở bài thực hành này dưới dạng notebook",
    },
    "en": {
        "start": "Start the lab",
        "still": "Still of the lab: the line today, each station's time, the goods between the machines",
        "no_lab": "The lab runs in a browser with JavaScript; print has this picture only.",
        "no_script": "This page needs JavaScript. Turn it on, then load the page again.",
        "exercise": "Open the exercise of week {week}",
        "notebook": "Open this lab as a notebook",
    },
}


class Place(nodes.General, nodes.Element):  # type: ignore[misc]  # docutils ships no types
    """Where a script of the course works. Attributes: kind, name, and for a lab the path of its still."""


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
        return [Place(kind="lab", name=name)]


class Mount(SphinxDirective):
    """``{hand-in}``, ``{verify}``: an element that the script of that name fills."""

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
            f'src="{images}/{name}-still.svg" alt="{escape(words["still"], quote=True)}">'
            f'<button class="course-lab-start" type="button">{escape(words["start"])}</button>'
            f"<noscript><p>{escape(words['no_lab'])}</p></noscript></div>"
            '<p class="course-lab-notebook">'
            f'<a href="{root}lite/notebooks/index.html?path={language}/{name}.ipynb">'
            f"{escape(words['notebook'])}</a></p>"
        )
    else:
        translator.body.append(
            f'<div class="course-{kind}"><noscript><p>{escape(words["no_script"])}</p></noscript></div>'
        )
    if kind != "exercise":
        translator.body.append(f'<script type="module" src="{root}assets/{kind}/{kind}.js"></script>')
    raise nodes.SkipNode


def _text(translator: Any, node: Place) -> None:
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_node(Place, html=(_html, None), text=(_text, None), latex=(_text, None))
    app.add_directive("lab", Lab)
    app.add_directive("hand-in", Mount)
    app.add_directive("verify", Mount)
    app.add_directive("exercise-link", ExerciseLink)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
