"""What a receipt says: a key of texts.yml with its values, so that each reader has it in their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograder.texts import text


@dataclass(frozen=True)
class Note:
    """One thing to say; values may be notes themselves."""

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str) -> str:
        """In words; one line that no terminal obeys, whatever the file held."""
        values = {k: v.text(language) if isinstance(v, Note) else v for k, v in self.values.items()}
        return one_line(text(self.key, language, **values))


def note(key: str, **values: object) -> Note:
    """Something that the intake has to say."""
    return Note(f"collect.{key}", values)


def one_line(said: str) -> str:
    """Without line ends and control codes."""
    return " ".join("".join(c if c.isprintable() else " " for c in said).split())


class RejectedError(ValueError):
    """Something that is not taken; the note says why and what to do."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.note = note(key, **values)
