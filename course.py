"""The `course` command: from building the site to verifying a certificate."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator

import click

# jsonschema loads it to check a kind of address that no schema here has: a second before every command
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None: as if not installed

# Section -> module that holds its commands. Modules load only when a command of theirs is asked for or
# listed, so that `course --help` stays a table of contents and not an import of everything.
SECTIONS = {
    "Publish": "publish.cli",
    "Grade a cohort": "autograder.cli",
    "Certify": "autograder.certify.cli",
    "Keep personal data": "autograder.data.cli",
}


class TableOfContents(click.Group):
    """A click group whose help lists the commands by section, in the order of the work."""

    def _sections(self) -> Iterator[tuple[str, list[click.Command]]]:
        for title, module in SECTIONS.items():
            yield title, list(importlib.import_module(module).commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [str(command.name) for _, commands in self._sections() for command in commands]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        for _, commands in self._sections():
            for command in commands:
                if command.name == name:
                    return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in self._sections():
            with formatter.section(title):
                formatter.write_dl([(str(c.name), c.get_short_help_str(90)) for c in commands])


@click.group(cls=TableOfContents, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="smart-factory-course")
def main() -> None:
    """Train and certify smart-factory experts: publish the course, grade a cohort, certify.

    A cohort's data lives in a folder outside this repository. Make one with `course cohort new PATH`,
    then work inside it, or name it with -C PATH.
    """


if __name__ == "__main__":
    main()
