"""Opens nbgrader's formgrader on a cohort, for the answers that a person has to mark."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from autograder.cohort import Cohort
from autograder.errors import CourseError
from autograder.gradebook import Detail, judged
from autograder.nbgrader_course import prepare_course
from autograder.settings import has_gradebook

EXTENSIONS = {
    "nbgrader.server_extensions.formgrader": True,
    "nbgrader": True,
    # pages that an instructor who only marks does not need
    "jupyterlab": False,
    "notebook": False,
}


def waiting(cohort: Cohort, problems: list[str]) -> list[tuple[str, str, Detail]]:
    """Trainee, assignment and question of each answer that waits; what is not judged, into `problems`."""
    found = []
    for mark, details in judged(cohort, problems):
        for detail in details:
            if detail.waiting:
                found.append((mark.trainee, mark.assignment, detail))
    return found


def open_formgrader(cohort: Cohort, port: int = 8890) -> int:
    """Run a Jupyter server on this machine alone with formgrader in it, until Ctrl-C; prints its address.

    It takes its settings from here and none from the user's own Jupyter. Trainees stand there by number.
    """
    course = cohort.path / "nbgrader"
    if not has_gradebook(cohort.path):
        raise CourseError(f"{course}: has no gradebook; run course grade first")
    prepare_course(course, cohort.language)  # its settings may be those of an older version of this package
    port, token = _free(port), secrets.token_urlsafe(16)
    with tempfile.TemporaryDirectory() as temporary:
        settings = Path(temporary)
        config = {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port": port,
                "port_retries": 0,
                "open_browser": True,
                "root_dir": str(course),
                "jpserver_extensions": EXTENSIONS,
                "terminals_enabled": False,
                "default_url": "/formgrader",
                "log_level": "ERROR",
            },
            "IdentityProvider": {"token": token},
            "CourseDirectory": {"root": str(course)},
        }
        (settings / "jupyter_server_config.json").write_text(json.dumps(config), "utf-8")
        (settings / "nbgrader_config.json").write_text(
            json.dumps({"CourseDirectory": {"root": str(course)}}), "utf-8"
        )
        environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(settings),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        command = [sys.executable, "-m", "jupyter_server"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        click.echo(f"formgrader: http://127.0.0.1:{port}/formgrader?token={token}   (Ctrl-C ends it)")
        try:
            return subprocess.run(command, env=environment, cwd=course).returncode
        except KeyboardInterrupt:
            return 0


def _free(port: int) -> int:
    """The port asked for, or a free one if it is taken."""
    for wanted in (port, 0):
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", wanted))
            return int(trial.getsockname()[1])
    raise CourseError(f"--port {port}: no port is free on this machine")
