"""The one way that publishing says it cannot go on."""

from __future__ import annotations

import click


class PublishError(click.ClickException):
    """One line that names the file and the fix; the command ends with exit code 1."""

    exit_code = 1
