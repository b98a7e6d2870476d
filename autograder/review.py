"""Opens nbgrader's formgrader on a cohort, for the answers that a person has to mark."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from autograder.cohort import Cohort
from autograder.errors import CourseError
from autograder.gradebook import Detail, details, marks

EXTENSIONS = {
    "nbgrader.server_extensions.formgrader": True,
    "nbgrader": True,
    # pages that an instructor who only marks does not need
    "jupyterlab": False,
    "notebook": False,
}


def waiting(cohort: Cohort) -> list[tuple[str, str, Detail]]:
    """Trainee, assignment and question of every answer that waits for a person."""
    found = []
    for mark in marks(cohort):
        for detail in details(cohort, mark.trainee, mark.assignment):
            if detail.waiting:
                found.append((mark.trainee, mark.assignment, detail))
    return found


def open_formgrader(cohort: Cohort, port: int = 8890) -> int:
    """Run a Jupyter server on this machine alone with formgrader in it, until Ctrl-C.

    It takes its settings from here and none from the user's own Jupyter, and shows no names unless the roster
    has been entered into nbgrader by hand.
    """
    course = cohort.path / "nbgrader"
    if not (course / "gradebook.db").is_file():
        raise CourseError(f"{course}: has no gradebook; run course grade first")
    with tempfile.TemporaryDirectory() as temporary:
        settings = Path(temporary)
        config = {
            "ServerApp": {
                "ip": "127.0.0.1",
                "port": port,
                "open_browser": True,
                "root_dir": str(course),
                "jpserver_extensions": EXTENSIONS,
                "default_url": "/formgrader",
            },
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
        return subprocess.run(command, env=environment, cwd=course).returncode
