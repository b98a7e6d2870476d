"""`course site serve --watch`: builds what changes as soon as it does, and has browsers load the page again.

A changed page, quiz or sheet is built alone; a style or a script of the site is only copied; for anything
else, such as a lab or the way in which pages are built, all is built again. The site in `_build/site` stays
as it is: a copy of it is served.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import click

from publish.book import environment
from publish.paths import ASSETS, BOOK, BUILD, FRONT, LABS, LANGUAGES, NOTEBOOKS, ROOT, SITE, VERIFY
from publish.serve import WORKER, Handler, server
from publish.site import link

SERVED = BUILD / "watch"
PAUSE = 0.3  # seconds between two looks; also how long a burst of changes may take to be one
ADDRESS = "/-/"
SCRIPT = f'<script type="module" src="{ADDRESS}reload.js"></script></body>'
SINGLE = (ROOT / "_config.yml", ROOT / "_toc.yml", ROOT / "requirements.txt")
WATCHED = (BOOK, ROOT / "locale", ROOT / "publish", LABS / "linelab", NOTEBOOKS, VERIFY)
SHARED = ("quizzes", "sheets", "glossary.csv", "references.bib")  # in the book's folder, of both languages

Times = dict[Path, int]


@dataclass(frozen=True)
class Changes:
    """What is to be done: files to copy, languages to build, or all."""

    copies: list[Path] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    all: bool = False


def look() -> Times:
    """The time of each watched file."""
    times: Times = {}
    for path in (*SINGLE, *(path for folder in WATCHED for path in folder.rglob("*"))):
        if "__pycache__" in path.parts or path.name.endswith(("~", ".swp", ".part")):
            continue
        try:
            if path.is_file():
                times[path] = path.stat().st_mtime_ns
        except OSError:
            continue  # gone in this moment
    return times


def sort_out(changed: Iterable[Path]) -> Changes:
    """What changed files ask for."""
    copies, languages = [], set()
    for path in changed:
        if _copy_of(path) is not None:
            copies.append(path)
        elif path.is_relative_to(BOOK / "instructor") or path == BOOK / "words.txt":
            continue
        elif path.is_relative_to(BOOK):
            first = path.relative_to(BOOK).parts[0]
            languages |= {first} if first in LANGUAGES else set(LANGUAGES)
        else:
            return Changes(all=True)
    return Changes(copies, sorted(languages))


def _copy_of(path: Path) -> Path | None:
    """Where the site has a file that it only copies, below its root."""
    if path.is_relative_to(FRONT):
        return Path("assets", "lab", "front", path.relative_to(FRONT))
    if path.is_relative_to(VERIFY):
        return Path("assets", "verify", path.relative_to(VERIFY))
    kept = path.is_relative_to(ASSETS) and path.parent not in (ASSETS, ASSETS / "templates")
    if kept or path in (ASSETS / "course.css", ASSETS / "logo.svg"):
        return Path("assets", path.relative_to(ASSETS))
    return None


class Builder:
    """The warm process; it is started again when the code that it runs has changed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._loading: list[str] = []  # builds that were asked for at the start, and not yet answered

    def start(self) -> None:
        """Begin to load, by building what has not changed; nobody waits for it."""
        self.stop()
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "publish.warm"]
        # in a session of its own, so that Ctrl-C is not for it; it ends when its input does
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=environment(), cwd=ROOT, start_new_session=True
        )
        self._loading = [self._ask(language) for language in LANGUAGES]

    def build(self, language: str) -> dict[str, Any]:
        """Build what changed in one language."""
        while self._loading:
            self._loading.pop()
            self._answer()
        self._ask(language)
        answer = self._answer()
        if answer is None:
            self.start()
            said = "the process that builds pages ended; it is started again for the next change"
            return {"pages": [], "complaints": [said]}
        return answer

    def _ask(self, language: str) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        job = {"language": language, "served": str(SERVED / language)}
        with contextlib.suppress(BrokenPipeError):  # then there is no answer either
            self._process.stdin.write(json.dumps(job) + "\n")
            self._process.stdin.flush()
        return language

    def _answer(self) -> dict[str, Any] | None:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return dict(json.loads(line)) if line else None

    def stop(self) -> None:
        """End it, also in the middle of a build."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class News:
    """Counts changes of what is served; browsers wait for the next."""

    def __init__(self) -> None:
        self._count = time.time_ns()  # another one after a restart
        self._changed = threading.Condition()

    def tell(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def next(self, known: int, patience: float) -> int:
        """The count, as soon as it is another than `known`, or when patience ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != known, patience)
            return self._count


NEWS = News()


class LiveHandler(Handler):
    """Adds the reloading script to pages as they are sent."""

    def do_GET(self) -> None:  # noqa: N802 - the base class names it
        if self.path == f"{ADDRESS}changes":
            self._changes()
        else:
            super().do_GET()

    def send_head(self) -> BinaryIO | None:
        if self.path == f"{ADDRESS}reload.js":
            return self.send_content(Path(__file__).with_name("reload.js").read_bytes(), "text/javascript")
        return super().send_head()

    def send_file(self, path: Path) -> BinaryIO | None:
        if path.name == WORKER:
            return self.send_gone()  # changes are to be seen
        if path.suffix != ".html":
            return super().send_file(path)
        page = path.read_bytes()
        head, end, tail = page.rpartition(b"</body>")
        return self.send_content(head + SCRIPT.encode() + tail if end else page, "text/html; charset=utf-8")

    def _changes(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        count = 0
        try:
            while True:
                count = NEWS.next(count, patience=20)
                self.wfile.write(f"data: {count}\n\n".encode())
                self.wfile.flush()
        except OSError:
            self.close_connection = True  # the page was left


def watch(port: int) -> None:
    """Build the site, serve it until interrupted, and follow each change."""
    times = look()
    if not _build_all():
        raise SystemExit(1)
    builder = Builder()
    builder.start()
    with server(SERVED, port, LiveHandler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        click.echo(
            f"http://127.0.0.1:{running.server_port}/   (Ctrl-C ends it; changes are seen by themselves)"
        )
        try:
            while True:
                times = follow(builder, times)
                time.sleep(PAUSE)
        except KeyboardInterrupt:
            click.echo("")
        finally:
            builder.stop()
            running.shutdown()


def follow(builder: Builder, before: Times) -> Times:
    """Do what changed since, and return the times from which to go on."""
    now = look()
    changed = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    if not changed:
        return now
    time.sleep(PAUSE)  # an editor may write several files, or one in two steps
    now = look()
    changed |= {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    click.echo(f"{_names(changed)}: ", nl=False)
    todo = sort_out(changed)
    if todo.all:
        click.echo("all is built again, which takes minutes")
        if _build_all():
            click.echo("  built")
        builder.start()
    else:
        for path in todo.copies:
            _copy(path)
        click.echo("" if todo.languages else "copied" if todo.copies else "is no part of the site")
        for language in todo.languages:
            _show(language, builder.build(language))
            NEWS.tell()
    NEWS.tell()
    return now


def _show(language: str, built: dict[str, Any]) -> None:
    pages = built["pages"]
    shown = ", ".join(pages[:3]) + (f" and {len(pages) - 3} others" if len(pages) > 3 else "")
    click.echo(f"  {language}: {shown or 'no page'} changed, {built.get('seconds', 0)} s")
    for line in built["complaints"]:
        click.secho(f"  {line}", fg="red")


def _names(changed: set[Path]) -> str:
    names = sorted(path.relative_to(ROOT).as_posix() for path in changed)
    return names[0] + (f" and {len(names) - 1} others" if len(names) > 1 else "")


def _copy(path: Path) -> None:
    name = _copy_of(path)
    assert name is not None
    target = SERVED / name
    if not path.is_file():
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".part")
    shutil.copyfile(path, fresh)
    fresh.replace(target)  # never into the old file: it is a link to a part of the build


def _build_all() -> bool:
    """Build in a process of its own, which has the code as it is now; then serve that site."""
    command = [sys.executable, "-c", "from course import main; main()", "site", "build"]
    if subprocess.run(command, env=environment(), cwd=ROOT).returncode:
        return False
    fresh = SERVED.with_name(SERVED.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(SITE, fresh, copy_function=link)
    shutil.rmtree(SERVED, ignore_errors=True)
    fresh.rename(SERVED)
    return True
