"""What guides and README tell people to type is there, with its options, the same in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from course import main
from publish.paths import BOOK, LANGUAGES, ROOT

GUIDES = sorted(path.name for path in (BOOK / "en" / "guides").glob("*.md"))


def commands(path: Path) -> list[str]:
    """Every command of the course in a text, in a line of its own or within one."""
    text = path.read_text("utf-8")
    blocks = "\n".join(re.findall(r"^```\n(.*?)^```", text, flags=re.M | re.S))
    lines = [line.split(" #")[0].strip() for line in blocks.splitlines()]
    inline = re.findall(r"(?<!`)`(course [^`\n]+)`(?!`)", text)
    return [line for line in [*lines, *inline] if line.startswith("course ")]


def check(line: str) -> None:
    """Parse a command as the command line would, without running it."""
    _, *words = shlex.split(line)
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        step = command.get_command(context, words.pop(0))
        assert step is not None, line
        command = step
    if not isinstance(command, click.Group):
        command.make_context(line, words).close()


@pytest.mark.parametrize("guide", GUIDES)
def test_the_commands_of_a_guide_are_there_and_alike_in_both_languages(guide: str) -> None:
    found = {language: commands(BOOK / language / "guides" / guide) for language in LANGUAGES}
    assert len(found["en"]) >= 8
    assert found["vi"] == found["en"]
    for line in found["en"]:
        if "…" not in line:
            check(line)


def test_the_commands_of_the_readme_are_there(tmp_path: Path) -> None:
    found = commands(ROOT / "README.md")
    assert len(found) >= 25
    for line in found:
        check(line.replace("~/web", str(tmp_path)))  # one command wants it to be there
