"""The instructor's book builds with model answers, and nothing of it may stand in the site."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from publish import check
from publish.errors import PublishError
from publish.instructor import build_instructor
from publish.paths import BOOK, LANGUAGES


@pytest.mark.slow
def test_the_notes_build_with_the_solutions_of_exercise_and_quiz(tmp_path: Path) -> None:
    out = build_instructor(tmp_path / "notes")
    for language in LANGUAGES:
        for notes in sorted((BOOK / "instructor" / language).glob("w*.md")):
            page = (out / language / f"{notes.stem}.html").read_text("utf-8")
            assert "highlight-python" in page, notes.stem  # a solution in code
            assert "→" in page, notes.stem  # an answer of the quiz
            assert "course-offline" not in page, "no browser keeps these"
    assert (out / "index.html").is_file()
    for path in (path for path in out.rglob("*.html") if "_static" not in path.parts):
        for address in re.findall(r'\b(?:src|href)="([^"#?:]+)(?:[#?][^"]*)?"', path.read_text("utf-8")):
            assert (path.parent / address).exists(), f"{path.relative_to(out)} asks for {address}"


def test_the_notes_are_never_built_into_the_site(tmp_path: Path) -> None:
    (tmp_path / "lite").mkdir()
    (tmp_path / "index.html").write_text("")
    for out in (tmp_path, tmp_path / "notes"):
        with pytest.raises(PublishError, match="published site"):
            build_instructor(out)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_of_the_notes_in_a_page_is_found(tmp_path: Path, language: str) -> None:
    sentences = check.notes()
    assert len(sentences) > 100
    own = next(x for x in sentences if ("đ" in x) == (language == "vi"))
    (tmp_path / "page.html").write_text(f"<p>Before.</p><p>{own}</p>", "utf-8")
    assert len(check.find_leaks(tmp_path, sentences)) == 1


def test_every_week_has_notes() -> None:
    for language in LANGUAGES:
        weeks = {p.name[:3] for p in (BOOK / language).glob("w*-*")}
        assert {p.stem for p in (BOOK / "instructor" / language).glob("w*.md")} == weeks
