"""The commands of exams, in the order of the work: open, take, close, mark; who stands where, and why."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.certify import desk
from autograder.certify.book import Book
from autograder.certify.cli_exam_view import bank_option, check_bank, part_option, say_account, status
from autograder.certify.fields import FIELDS
from autograder.cli import cohort_option
from autograder.errors import CourseError
from autograder.inert import printable
from linelab.trainees import written

if TYPE_CHECKING:
    from autograder.certify.exam.results import Result

FEW = 5  # candidates, below which nobody waits


@click.group()
def exam() -> None:
    """Examine: open a sitting, take the notebooks in, close it, mark them."""


@exam.command("open")
@click.argument("code")
@cohort_option
@click.option(
    "--part", type=click.Choice(["exam", "case"]), required=True, help="exam: questions; case: simulation."
)
@click.option("--trainees", "given", multiple=True, metavar="TRAINEE", help="Who sits it; again for each.")
@click.option("--list", "list_file", type=click.Path(path_type=Path), help="File with one number a line.")
@click.option("--minutes", type=click.IntRange(1, 600), help="Time allowed.  [default: the blueprint's]")
@bank_option
@click.option(
    "--case", "case_file", type=click.Path(path_type=Path), help="A case of your own, for --part case."
)
@desk.signing
def open_sitting(
    code: str,
    folder: Path,
    part: str,
    given: tuple[str, ...],
    list_file: Path | None,
    minutes: int | None,
    banks: tuple[Path, ...],
    case_file: Path | None,
    who: str,
    key_file: Path | None,
) -> None:
    """Open the sitting CODE, as an examiner who trained none of its candidates.

    Draws a paper for each of them from a secret seed and writes a notebook for each, to be handed out. The
    ledger vouches for the papers without telling them. Papers differ in their figures and questions, and are
    equally hard.
    """
    from autograder.certify import letters
    from autograder.certify.exam import bank, case, sitting

    if not FIELDS["exam"].fits(code):
        raise CourseError(f"{code}: write a code of small letters, digits and dashes, such as spring-2027")
    if banks and part != "exam":
        raise CourseError("--bank: goes with --part exam; --case FILE names a case")
    if case_file and part != "case":
        raise CourseError("--case: goes with --part case; --bank FILE names a bank")
    cohort = desk.open_cohort(folder)
    listed = letters.read_text(list_file).split() if list_file else []
    wanted = desk.enrolled(
        cohort, [*(one for text in given for one in text.replace(",", " ").split()), *listed]
    )
    if not wanted:
        raise CourseError("--trainees or --list: say who sits it")
    roster = cohort.roster()
    candidates = {trainee: roster[trainee].language for trainee in wanted}
    book = Book.open(cohort.path)
    signer = desk.signer(book, "exam", who, key_file)
    bar = click.progressbar(length=len(wanted), label="Drawing", file=sys.stderr, hidden=len(wanted) < FEW)
    with _alone(cohort.path), bar:
        work = (minutes, signer, partial(bar.update, 1))
        if part == "exam":
            made = sitting.open_exam(book, code, candidates, bank.load(banks), *work)
        else:
            made = sitting.open_case(book, code, candidates, case_file or case.TEMPLATE, *work)
    click.echo(
        f"{made.name}: open, {len(wanted)} candidates, {made.minutes} minutes. The notebooks to hand out:"
    )
    for path in sorted((made.folder / "hand-out").glob("*.ipynb")):
        click.echo(f"  {path}")
    click.echo(f"Next: course certify exam take {code} PATHS, then course certify exam close {code}")


@exam.command()
@click.argument("code")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@cohort_option
@part_option
def take(code: str, paths: tuple[Path, ...], folder: Path, part: str | None) -> None:
    """Take in the notebooks of the sitting CODE while it is open: files, folders, zips. Runs nothing.

    Each is known by the number of its paper, whatever its file is called. The last one of a candidate counts.
    """
    from autograder.certify.exam import sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    with _alone(book.cohort):
        found = sitting.find(book, code, part or "")
        refused = 0
        for receipt in taking.take(book, found, paths):
            refused += receipt.taken is None
            click.echo(
                f"{'✓' if receipt.taken else '✗'} {printable(receipt.file)}: {printable(receipt.said)}"
            )
        missing = [written(one) for one in found.papers if one not in taking.counting(found)]
    click.echo(
        f"Still missing: {', '.join(missing)}" if missing else "The notebooks of all candidates are in"
    )
    if refused:
        sys.exit(1)


@exam.command("close")
@click.argument("code")
@cohort_option
@part_option
@desk.signing
def close_sitting(code: str, folder: Path, part: str | None, who: str, key_file: Path | None) -> None:
    """Close the sitting CODE, as an examiner: nothing is taken in afterwards."""
    from autograder.certify.exam import sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    found = sitting.find(book, code, part or "")
    entry = sitting.close(book, found, desk.signer(book, "exam", who, key_file))
    count = len(taking.counting(found))
    click.echo(f"{found.name}: closed at {entry.time} with {count} of {len(found.papers)} notebooks")
    click.echo(f"Next: course certify exam mark {code}")


@exam.command()
@click.argument("code")
@cohort_option
@part_option
@desk.signing
def mark(code: str, folder: Path, part: str | None, who: str, key_file: Path | None) -> None:
    """Mark the closed sitting CODE, as an examiner who trained none of its candidates.

    Runs each notebook in the sandbox, judges what it recorded against the paper that was drawn, and signs the
    result on the ledger. What was marked stays; an interrupted run goes on where it stopped.
    """
    from autograder.certify.exam import results, sitting, taking
    from autograder.sandbox import require_sandbox

    book = Book.open(desk.open_cohort(folder).path)
    signer = desk.signer(book, "exam-result", who, key_file)
    require_sandbox(book.cohort)
    with _alone(book.cohort):
        found = sitting.find(book, code, part or "")
        if not found.closed:
            raise CourseError(f"{code}: is still open; course certify exam close {code} comes first")
        done = results.signed(book, found)
        todo = [one for one in taking.counting(found).values() if one.trainee not in done]
        said, failed = [], []
        with click.progressbar(length=len(todo), label="Marking", file=sys.stderr) as bar:
            for one, result in results.mark_all(found, todo):
                try:
                    if isinstance(result, CourseError):
                        raise result
                    results.sign(book, found, result, signer)
                    said.append(_line(result))
                except CourseError as error:
                    failed.append(f"{written(one.trainee)}: not marked: {error.message}")
                bar.update(1)
    for line in said:
        click.echo(line)
    click.echo(f"{len(todo) - len(failed)} marked, {len(done)} were marked before")
    if failed:
        raise CourseError("\n".join(failed))


def _line(result: Result) -> str:
    said = [problem["en"] for problem in result.problems]
    more = f"; {said[0]}" + (f" (and {len(said) - 1} more)" if len(said) > 1 else "") if said else ""
    return printable(f"{written(result.trainee)}: {result.points:g} of {result.most:g} points{more}")


@contextmanager
def _alone(cohort: Path) -> Iterator[None]:
    from autograder.certify.exam.sitting import FOLDER
    from autograder.files import alone

    (cohort / FOLDER).mkdir(exist_ok=True)
    with alone(cohort / FOLDER / ".lock", "course certify exam"):
        yield


for command in (status, say_account, check_bank):
    exam.add_command(command)
