"""The server that `course review` starts: the marking page and, with names, nbgrader's formgrader."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import tempfile
from collections.abc import Callable
from typing import Any

import click
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from traitlets.config import Config

from autograder.database import open_gradebook
from autograder.errors import CourseError
from autograder.review.desk import Desk
from autograder.review.formgrader import load_formgrader
from autograder.review.handlers import HANDLERS

HERE = "127.0.0.1"
# Jupyter's own pages may load from this server alone; the marking page has a stricter rule
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'"


class MarkingServer(ServerApp):
    """A Jupyter server that knows who may come in, and has no files, kernels or terminals to give.

    It takes its settings from here and none from the user's own Jupyter.
    """

    default_services = ("auth", "api", "security")  # type: ignore[assignment]  # typed as the whole list

    def load_config_file(self, suppress_errors: bool = True) -> None:  # type: ignore[override]  # as Jupyter's
        """Read no settings."""


def serve(desk: Desk, port: int = 8890, browser: bool = True, ip: str = HERE) -> None:
    """Serve a grader's desk until Ctrl-C; prints the page's address.

    It listens to this machine alone, but for a container, whose own machine is another: there `ip` is
    0.0.0.0, and who reaches it is settled where the port is published. Nobody comes in without the token.
    """
    with open_gradebook(desk.cohort.path):
        pass  # or say that there is none
    port, token = _free(port, ip), secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory() as private, contextlib.ExitStack() as ended:
        config = {
            "ServerApp": {
                "ip": ip,
                "port": port,
                "port_retries": 0,
                "open_browser": browser,
                "root_dir": private,  # empty
                "default_url": "/review/",
                "log_level": "ERROR",
                "answer_yes": True,
                "allow_root": hasattr(os, "geteuid") and os.geteuid() == 0,
                "tornado_settings": {"headers": {"Content-Security-Policy": POLICY}},
            },
            "IdentityProvider": {"token": token},
        }
        app = MarkingServer(config=Config(config))
        app.initialize(argv=[], find_extensions=False)
        app.web_app.settings["course_desk"] = desk
        add: Callable[..., None] = app.web_app.add_handlers
        add(".*$", [_at(app.base_url, handler) for handler in HANDLERS])
        if desk.session.names:
            load_formgrader(app, desk)
        ended.callback(desk.claims.release)
        address = f"http://{HERE}:{port}"
        click.echo(f"marking page: {address}/review/?token={token}   (Ctrl-C ends it)")
        app.start()


def _at(base: str, handler: tuple[Any, ...]) -> tuple[Any, ...]:
    return (url_path_join(base, handler[0].lstrip("/")), *handler[1:])


def _free(port: int, ip: str) -> int:
    """The port asked for, or a free one if it is taken."""
    for wanted in (port, 0):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind((ip, wanted))
            return int(trial.getsockname()[1])
    raise CourseError(f"--port {port}: no port is free on this machine")
