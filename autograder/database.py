"""Opens nbgrader's gradebook: a file of the cohort folder, or the database that cohort.yml names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from nbgrader.api import Gradebook
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CourseError
from autograder.settings import FILE, gradebook_url, has_gradebook

_kept: ContextVar[tuple[str, Gradebook] | None] = ContextVar("kept", default=None)


@contextmanager
def open_gradebook(folder: Path) -> Iterator[Gradebook]:
    """nbgrader's gradebook of a cohort folder; CourseError if there is none or it cannot be reached."""
    kept = _kept.get()
    if kept is not None and kept[0] == gradebook_url(folder):
        yield kept[1]
        return
    if not has_gradebook(folder):
        raise CourseError(f"{folder}: has no gradebook yet; run course grade first")
    try:
        with program_path():
            gradebook = Gradebook(gradebook_url(folder))
    except ImportError as error:
        raise CourseError(
            f"{folder / FILE}: gradebook: no driver for it ({error}); run pip install psycopg2-binary"
        ) from None
    except SQLAlchemyError as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise CourseError(f"{folder / FILE}: gradebook: cannot be reached ({said})") from None
    with gradebook:
        try:
            yield gradebook
        finally:
            gradebook.engine.dispose()


@contextmanager
def kept_open(folder: Path) -> Iterator[None]:
    """Let all that opens this gradebook inside the block get the same one; opening costs a dozen queries."""
    with open_gradebook(folder) as gradebook:
        token = _kept.set((gradebook_url(folder), gradebook))
        try:
            yield
        finally:
            _kept.reset(token)


@contextmanager
def program_path() -> Iterator[None]:
    """nbgrader starts the program alembic by name, which lies beside our interpreter."""
    before = os.environ.get("PATH", "")
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{before}"
    try:
        yield
    finally:
        os.environ["PATH"] = before
