"""nbgrader's formgrader beside the marking page, for who may see trainee numbers (`course review --names`).

Its pages stay as they are, but what is marked on them is recorded like all marks, a mark that somebody else
gave in the meantime is not overwritten, and nothing comes from another host.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader.api import MissingEntry
from nbgrader.server_extensions.formgrader import apihandlers, formgrader, handlers
from tornado import web
from traitlets.config import Config

from autograder.errors import CourseError
from autograder.manual import OvertakenError, set_manual, state_of
from autograder.nbgrader_course import course_config, prepare_course
from autograder.review.desk import Desk

TEMPLATES = Path(__file__).with_name("templates")


def load_formgrader(app: Any, desk: Desk) -> None:
    """Add formgrader to a server, as nbgrader's own extension does."""
    course = desk.cohort.path / "nbgrader"
    prepare_course(course, desk.cohort.language)  # its settings may be those of an older version
    extension = Formgrader(parent=app, desk=desk)
    extension.root_dir = str(course)
    extension.log = app.log
    extension.initialize([])
    extension.init_tornado_settings(app.web_app)
    extension.init_handlers(app.web_app)


class Formgrader(formgrader.FormgradeExtension):  # type: ignore[misc]  # nbgrader has no types
    """Formgrader with our templates and handlers, on one cohort, and with none of the user's own settings."""

    def __init__(self, desk: Desk, **more: Any) -> None:
        super().__init__(**more)
        self._course = course_config(desk.cohort.path / "nbgrader", desk.cohort.language)

    def load_config_file(self, suppress_errors: bool = True) -> None:
        """Read no settings."""

    def load_config(self) -> Config:
        """The settings of this course."""
        return self._course

    def build_extra_config(self) -> Config:
        """What formgrader needs to know, besides the course: which templates make its pages."""
        config: Config = super().build_extra_config()
        config.merge(self._course)
        config.HTMLExporter.template_name = "course"
        config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), handlers.template_path]
        config.HTMLExporter.extra_template_paths = [handlers.template_path]
        config.FormgradeExtension.debug = False
        return config

    def init_handlers(self, webapp: Any) -> None:
        """Ours first: a server asks in the order in which they were added."""
        base = webapp.settings["base_url"].rstrip("/")
        webapp.add_handlers(".*$", [(base + pattern, handler) for pattern, handler in HANDLERS])
        super().init_handlers(webapp)


class _Recorded:
    """What the handlers of marks and comments have in common."""

    def changed(self, entry: Any, points: float | None, comment: str) -> None:
        """Enter and record what a person changed in formgrader."""
        desk: Desk = self.settings["course_desk"]  # type: ignore[attr-defined]
        assignment, trainee = entry.assignment.assignment.name, entry.student.id
        question = entry.name.removeprefix(f"{assignment}-")
        seen = state_of(desk.cohort, trainee, assignment, question)
        if self.get_json_body().get("seen", "") != told(entry):  # type: ignore[attr-defined]
            raise OvertakenError(f"{assignment} {question}: was marked in the meantime")
        set_manual(
            desk.cohort, trainee, assignment, question, points, comment, grader=desk.session.grader, seen=seen
        )
        self.gradebook.db.expire_all()  # type: ignore[attr-defined]


def told(entry: Any) -> str:
    """What formgrader's page knows of a mark or comment, which it sends back with a change."""
    fields = ("manual_score", "needs_manual_grade", "manual_comment")
    return json.dumps([getattr(entry, name, None) for name in fields])


def _shown(entry: Any) -> dict[str, Any]:
    return {**entry.to_dict(), "seen": told(entry)}


class GradesHandler(apihandlers.GradeCollectionHandler):  # type: ignore[misc]
    """The marks of one hand-in."""

    @web.authenticated
    def get(self) -> None:
        self.gradebook.db.expire_all()  # others may have written since
        try:
            notebook = self.gradebook.find_submission_notebook_by_id(self.get_argument("submission_id"))
        except MissingEntry:
            raise web.HTTPError(404) from None
        entries = notebook.grades if "grades" in self.request.path else notebook.comments
        self.write(json.dumps([_shown(entry) for entry in entries]))


class GradeHandler(_Recorded, apihandlers.GradeHandler):  # type: ignore[misc]
    """One mark."""

    @web.authenticated
    def put(self, grade_id: str) -> None:
        self.gradebook.db.expire_all()
        try:
            grade = self.gradebook.find_grade_by_id(grade_id)
        except MissingEntry:
            raise web.HTTPError(404) from None
        given = self.get_json_body()
        comments = [c.manual_comment for c in grade.notebook.comments if c.name == grade.name]
        try:
            if given.get("extra_credit"):
                raise CourseError("extra credit: this course gives none; enter points within the question's")
            score = given.get("manual_score")
            points = None if score in (None, "") else float(score)
            self.changed(grade, points, "".join(filter(None, comments)))
        except (CourseError, ValueError) as error:
            self.set_status(409)
            self.write({"why": str(error)})
            return
        self.write(json.dumps(_shown(grade)))


class CommentHandler(_Recorded, apihandlers.CommentHandler):  # type: ignore[misc]
    """One comment; on an answer that a person marks it is part of the mark."""

    @web.authenticated
    def put(self, comment_id: str) -> None:
        self.gradebook.db.expire_all()
        try:
            comment = self.gradebook.find_comment_by_id(comment_id)
        except MissingEntry:
            raise web.HTTPError(404) from None
        grades = [grade for grade in comment.notebook.grades if grade.name == comment.name]
        if not grades:  # on the code above a question that is marked by machine
            apihandlers.CommentHandler.put(self, comment_id)
            return
        try:
            self.changed(comment, grades[0].manual_score, self.get_json_body().get("manual_comment") or "")
        except CourseError as error:
            self.set_status(409)
            self.write({"why": error.message})
            return
        self.write(json.dumps(_shown(comment)))


HANDLERS = [
    (r"/formgrader/api/(?:grades|comments)", GradesHandler),
    (r"/formgrader/api/grade/([^/]+)", GradeHandler),
    (r"/formgrader/api/comment/([^/]+)", CommentHandler),
]
