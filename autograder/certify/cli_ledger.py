"""The commands of the ledger: bring records in, read them, check them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.certify import desk, entries, sync
from autograder.certify.audit import audit
from autograder.certify.book import Book
from autograder.certify.fields import FIELDS
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import normalise


@click.group()
def ledger() -> None:
    """Keep, read and check the record that certificates rest on."""


@ledger.command("sync")
@cohort_option
def sync_command(folder: Path) -> None:
    """Bring new attempts and complete marks onto the ledger; what is there already stays as it is."""
    cohort = desk.open_cohort(folder)
    news = sync.sync(cohort, Book.open(cohort.path))
    for line in (*news.problems, *news.warnings):
        click.echo(line)
    attempts, marks = news.counts
    click.echo(f"{attempts} attempts and {marks} marks are new on the ledger")
    if news.problems:
        sys.exit(1)


@ledger.command()
@cohort_option
@click.option("--trainee", default="", help="Only what is about this trainee.")
@click.option("--kind", type=click.Choice(list(entries.KINDS)), metavar="KIND", help="Only this kind.")
@click.option("--fields", is_flag=True, help="Also each field.")
def show(folder: Path, trainee: str, kind: str | None, fields: bool) -> None:
    """Print the ledger in words, a line an entry: number, time, who signed, what."""
    book = Book.open(desk.open_cohort(folder).path)
    found = book.history.of(normalise(trainee)) if trainee else book.history.entries
    for entry in found:
        if kind and entry.kind != kind:
            continue
        by = f"{desk.called(book, entry.by)}: " if entry.by else ""
        click.echo(f"{entry.seq}  {entry.time}  {by}{entries.say(entry.kind, entry.data)}")
        for name, value in entry.data.items() if fields else ():
            click.echo(f"      {name}: {value}   ({FIELDS[name].meaning})")
    if trainee and not found:
        raise CourseError(f"{trainee}: the ledger has nothing about this trainee")


@ledger.command()
@cohort_option
@click.option("--expect", metavar="HASH", help="A head noted earlier, which must still be in the chain.")
def verify(folder: Path, expect: str | None) -> None:
    """Find any edit, removal, insertion or reordering, any wrong signature, any decision against the rules.

    Note the head that is printed where nobody can change it; --expect checks it later.
    """
    book = Book(desk.open_cohort(folder).path)
    last = book.verify(expect)
    if last is None:
        click.echo("The ledger is empty.")
        return
    found = list(audit(book))
    for line in found:
        click.echo(f"{book.path}: {line}")
    signed = sum(bool(entry.by) for entry in book.history.entries)
    click.echo(f"{last.seq} entries, unbroken, {signed} signed. Head: {last.hash}")
    if found:
        raise CourseError(f"{len(found)} decisions do not hold; a decider revokes: course certify revoke")
