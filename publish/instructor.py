"""The instructor's own book: notes, model answers and the answers of the quizzes. It is never published.

It has a build, a folder and a command of its own, and the check of the site refuses every line of its notes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from publish.book import build_pages, configure, glossary_page, words_of
from publish.errors import PublishError
from publish.light import lighten
from publish.parity import compare_trees
from publish.paths import ASSETS, BOOK, BUILD, LANGUAGES

NOTES = BOOK / "instructor"


def build_instructor(out: Path) -> Path:
    """Build the instructor's book in both languages.

    Parameters
    ----------
    out : Path
        Folder to make or to renew; keep it away from web servers.

    Raises
    ------
    PublishError
        If the two languages differ, a page does not build, or `out` lies inside the published site.
    """
    different = compare_trees(NOTES / "vi", NOTES / "en")
    if different:
        raise PublishError("the instructor's notes differ:\n" + "\n".join(different))
    if any((folder / "lite").is_dir() and (folder / "index.html").exists() for folder in (out, out.parent)):
        raise PublishError(f"--out {out}: that is the published site; choose a folder of its own")
    fresh = BUILD / "instructor.new"
    shutil.rmtree(fresh, ignore_errors=True)
    for language in LANGUAGES:
        click.echo(f"instructor's notes ({language}): building")
        work = BUILD / "jb" / f"instructor-{language}"
        shutil.copytree(build_pages(_stage(language), work, f"notes ({language})"), fresh / language)
        lighten(fresh / language)
    (fresh / "assets").mkdir()
    for name in ("course.css", "logo.svg"):
        shutil.copyfile(ASSETS / name, fresh / "assets" / name)
    shutil.copytree(ASSETS / "search", fresh / "assets" / "search")
    shutil.copyfile(ASSETS / "landing.html", fresh / "index.html")
    shutil.rmtree(out, ignore_errors=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fresh, out)
    return out


def _stage(language: str) -> Path:
    words = words_of(language)
    target = BUILD / "src" / f"instructor-{language}"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(NOTES / language, target)
    (target / "glossary.md").write_text(glossary_page(language, words), "utf-8")
    files = [*sorted(path.stem for path in target.glob("w*.md")), "glossary"]
    contents = {"format": "jb-book", "root": "index", "chapters": [{"file": name} for name in files]}
    alone = {"course_published": False}
    configure(target, language, words | {"title": words["instructor_title"]}, contents, alone)
    return target
