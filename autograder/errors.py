"""The one way a command of this package says that it cannot go on."""

from __future__ import annotations

import click


class CourseError(click.ClickException):
    """One line that names the file, the field and the fix; the command ends with exit code 1."""

    exit_code = 1
