"""A process that has Jupyter Book loaded, for `course site serve --watch`: each build is a fork of it.

Loading takes longer than building one page. Sphinx keeps what it has read, so that it reads changed pages
only; a fork leaves nothing behind for the next build. Work comes as lines of JSON on the standard input, each
answered by one on the standard output.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from publish.book import LEFT_OUT, arguments, complaints, stage
from publish.errors import PublishError
from publish.light import lighten
from publish.parts import one_build
from publish.paths import BUILD
from publish.quiz_form import seal


def renew(language: str, served: Path) -> tuple[list[str], list[str]]:
    """Build what changed of one language's book, and put it into the served folder.

    Returns
    -------
    tuple of list of str
        The changed pages by their addresses, and what Sphinx complained of.
    """
    with tempfile.TemporaryDirectory(dir=BUILD) as temporary:
        source = BUILD / "src" / language
        _sync(stage(language, target=Path(temporary) / "src"), source)
        work = BUILD / "jb" / f"book-{language}"
        html = work / "_build" / "html"
        before = dict(_times(html))
        complaints = _sphinx(arguments(source, work))
        changed = [p for p, time in _times(html) if before.get(p) != time and not _left_out(p, html)]
        fresh = Path(temporary) / "html"
        for path in changed:
            target = fresh / path.relative_to(html)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        names = [path.relative_to(html).as_posix() for path in changed]
        if changed:
            shutil.copytree(html / "_static", fresh / "_static")  # a page's style sheets and scripts
            lighten(fresh)
            seal(fresh)
            names += [path.relative_to(fresh).as_posix() for path in (fresh / "_static").glob("book-*")]
            names += [path.relative_to(fresh).as_posix() for path in (fresh / "_images").glob("*")]
        pages = []
        for name in dict.fromkeys(names):
            old, new = served / name, fresh / name
            if old.is_file() and old.read_bytes() == new.read_bytes():
                continue  # Sphinx wrote it again without need
            old.parent.mkdir(parents=True, exist_ok=True)
            new.replace(old)  # never into the old file, which is a link to a part of the build
            pages += [name] if name.endswith(".html") else []
    return pages, complaints


def _sync(staged: Path, source: Path) -> None:
    """Bring a tree up to date, leaving alone what has not changed: Sphinx goes by the times of files."""
    wanted = {path.relative_to(staged) for path in staged.rglob("*") if path.is_file()}
    for path in [path for path in source.rglob("*") if path.is_file()]:
        if path.relative_to(source) not in wanted:
            path.unlink()
    for name in wanted:
        old, new = source / name, staged / name
        if not old.is_file() or old.read_bytes() != new.read_bytes():
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(new, old)


def _times(folder: Path) -> Iterator[tuple[Path, int]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path, path.stat().st_mtime_ns


def _left_out(path: Path, html: Path) -> bool:
    """What the site does not have; the theme's own files it has, and in a lighter form."""
    parts = path.relative_to(html).parts
    return parts[0] == "_static" or any(fnmatch(part, pattern) for part in parts for pattern in LEFT_OUT)


def _sphinx(given: list[str]) -> list[str]:
    """Run Jupyter Book in this very process, and return what it complained of."""
    from jupyter_book.cli.main import main as jupyter_book

    said = io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            jupyter_book(given, standalone_mode=False)
        except SystemExit as stop:
            code = stop.code
        except Exception as error:  # whatever ends it, the author must see it
            code = f"ERROR: {type(error).__name__}: {error}"
    log = BUILD / f"{Path(given[3]).name}.log"
    log.write_text(said.getvalue(), "utf-8")
    found = complaints(said.getvalue())
    if code and not found:
        found = [str(code) if isinstance(code, str) else f"ERROR: Jupyter Book ended with {code}; see {log}"]
    return found


def main() -> None:
    """Load what a build loads, then build as asked until the standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a build says by itself is no answer
    for line in sys.stdin:
        answer = in_a_fork(json.loads(line))
        load(answer.pop("loaded"))
        print(json.dumps(answer), file=answers, flush=True)


def load(names: list[str]) -> None:
    """Load modules that a fork had to load, so that the next has them from the start."""
    for name in names:
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def in_a_fork(job: dict[str, str]) -> dict[str, Any]:
    """Do one build, and return what there is to say of it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as stream:
            said = stream.read()
        os.waitpid(child, 0)
        ended: dict[str, Any] = {"pages": [], "complaints": ["the build ended without a word"], "loaded": []}
        return dict(json.loads(said)) if said else ended
    begun = time.perf_counter()
    known = set(sys.modules)
    try:
        with one_build():
            pages, said_by_sphinx = renew(job["language"], Path(job["served"]))
    except PublishError as error:
        pages, said_by_sphinx = [], error.message.splitlines()
    except Exception as error:
        pages, said_by_sphinx = [], [f"{type(error).__name__}: {error}"]
    answer = {
        "pages": pages,
        "complaints": said_by_sphinx,
        "seconds": round(time.perf_counter() - begun, 1),
        "loaded": [name for name in sys.modules if name not in known],
    }
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        json.dump(answer, stream)
    os._exit(0)


if __name__ == "__main__":
    main()
