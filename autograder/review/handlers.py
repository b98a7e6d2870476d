"""What the marking page's server answers. All of it needs the token that `course review` printed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from tornado import web

from autograder.assignments import assignments
from autograder.errors import CourseError
from autograder.manual import OvertakenError
from autograder.review.answers import texts
from autograder.review.desk import DONE, LATER, MINE, Desk, TakenError
from autograder.texts import catalogue

LONGEST = 5000  # characters of a comment
FRONT = Path(__file__).with_name("front")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class _Handler(JupyterHandler):
    """A handler whose answers load nothing from elsewhere and run no script that is not the page's own."""

    @property
    def content_security_policy(self) -> str:
        return POLICY

    @property
    def desk(self) -> Desk:
        return self.settings["course_desk"]  # type: ignore[no-any-return]

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")

    def answer(self, make: Callable[[], Any]) -> None:
        """Send what `make` gives, or why it cannot be had, as JSON."""
        try:
            content = make()
        except CourseError as error:
            kind = {OvertakenError: "overtaken", TakenError: "taken"}.get(type(error), "failed")
            self.set_status(409)
            content = {"kind": kind, "why": error.message}
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(content, ensure_ascii=False))

    def body(self) -> dict[str, Any]:
        try:
            content = json.loads(self.request.body)
        except ValueError:
            raise web.HTTPError(400) from None
        if not isinstance(content, dict):
            raise web.HTTPError(400)
        return content


class PageHandler(_Handler):
    """The page itself."""

    @web.authenticated
    def get(self) -> None:
        _ = self.xsrf_token  # sets the cookie that each save has to bring back
        self.finish((FRONT / "index.html").read_text("utf-8"))


class FrontHandler(_Handler, web.StaticFileHandler):
    """Its scripts and styles."""

    @web.authenticated
    def get(self, path: str, include_body: bool = True) -> Awaitable[None]:  # type: ignore[override]
        return web.StaticFileHandler.get(self, path, include_body)


class SessionHandler(_Handler):
    """Who marks, in which language, and what there is to mark."""

    @web.authenticated
    def get(self) -> None:
        self.answer(self._session)

    def _session(self) -> dict[str, Any]:
        desk, language = self.desk, self.desk.cohort.language
        return {
            "language": language,
            "texts": {
                key.removeprefix("review."): words[language]
                for key, words in catalogue().items()
                if key.startswith("review.")
            },
            "grader": desk.session.grader,
            "role": desk.session.role,
            "formgrader": f"{self.base_url}formgrader/gradebook" if desk.session.names else "",
            "tables": [
                self._table(name, question.id, question.label[language])
                for name in assignments()
                for question in texts(name)
            ],
        }

    def _table(self, assignment: str, question: str, label: str) -> dict[str, Any]:
        states = [item.state for item in self.desk.items(assignment, question)]
        return {
            "assignment": assignment,
            "question": question,
            "label": label,
            "total": len(states),
            "done": states.count(MINE) + states.count(DONE),
            "later": states.count(LATER),
        }


class QueueHandler(_Handler):
    """The answers to one question, in the grader's order."""

    @web.authenticated
    def get(self, assignment: str, question: str) -> None:
        self.answer(lambda: self._queue(assignment, question))

    def _queue(self, assignment: str, question: str) -> dict[str, Any]:
        busy = self.desk.claims.others()
        items = [
            {
                "id": x.answer.notebook,
                "state": x.state,
                "busy": self.desk.key(question, x.answer.notebook) in busy,
            }
            for x in self.desk.items(assignment, question)
        ]
        return {"items": items}


class AnswerHandler(_Handler):
    """One answer to read, and its mark to enter."""

    @web.authenticated
    def get(self, assignment: str, question: str, notebook: str) -> None:
        self.answer(lambda: self._open(assignment, question, notebook))

    def _open(self, assignment: str, question: str, notebook: str) -> dict[str, Any]:
        desk, key = self.desk, self.desk.key(question, notebook)
        view = desk.view(assignment, question, notebook)
        desk.claims.take(key)
        return view | {"busy": desk.claims.others().get(key, "")}

    @web.authenticated
    def put(self, assignment: str, question: str, notebook: str) -> None:
        given = self.body()
        levels, comment, seen = given.get("levels"), given.get("comment"), given.get("seen")
        if not (isinstance(levels, dict) and isinstance(comment, str) and isinstance(seen, str)):
            raise web.HTTPError(400)
        self.answer(lambda: self.desk.mark(assignment, question, notebook, levels, comment[:LONGEST], seen))


class ClaimHandler(_Handler):
    """Says again that an answer is being read."""

    @web.authenticated
    def post(self, assignment: str, question: str, notebook: str) -> None:
        self.desk.claims.take(self.desk.key(question, notebook))
        self.answer(dict)


_PLACE, _ID = r"/([a-z0-9]+)/([a-z0-9]+)", r"/([0-9a-f]{32})"
HANDLERS: list[tuple[Any, ...]] = [
    (r"/review/?", PageHandler),
    (r"/review/front/([a-z]+\.(?:js|css))", FrontHandler, {"path": str(FRONT)}),
    (r"/review/api/session", SessionHandler),
    (rf"/review/api/queue{_PLACE}", QueueHandler),
    (rf"/review/api/answer{_PLACE}{_ID}", AnswerHandler),
    (rf"/review/api/claim{_PLACE}{_ID}", ClaimHandler),
]
