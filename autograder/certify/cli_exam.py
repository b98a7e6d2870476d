"""The commands of exams, in the order of the work: open, take, close, mark; who stands where, and why."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from autograder.certify import desk
from autograder.certify.book import Book
from autograder.certify.fields import FIELDS
from autograder.cli import cohort_option, languages
from autograder.errors import CourseError
from autograder.inert import printable
from linelab.texts import LANGUAGES
from linelab.trainees import written

if TYPE_CHECKING:
    from autograder.certify.exam.results import Result
    from autograder.certify.exam.sitting import Sitting
    from autograder.certify.exam.taking import Taken

T = TypeVar("T")
part_option = click.option(
    "--part", type=click.Choice(["exam", "case"]), default="", help="Which part, if CODE has both."
)


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
@click.option(
    "--bank",
    "banks",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A bank file of your own; again for more.",
)
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
    with _alone(cohort.path):
        if part == "exam":
            made = sitting.open_exam(book, code, candidates, bank.load(banks), minutes, signer)
        else:
            made = sitting.open_case(book, code, candidates, case_file or case.TEMPLATE, minutes, signer)
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
def take(code: str, paths: tuple[Path, ...], folder: Path, part: str) -> None:
    """Take in the notebooks of the sitting CODE while it is open: files, folders, zips. Runs nothing.

    Each is known by the number of its paper, whatever its file is called. The last one of a candidate counts.
    """
    from autograder.certify.exam import sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    with _alone(book.cohort):
        found = sitting.find(book, code, part)
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
def close_sitting(code: str, folder: Path, part: str, who: str, key_file: Path | None) -> None:
    """Close the sitting CODE, as an examiner: nothing is taken in afterwards."""
    from autograder.certify.exam import sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    found = sitting.find(book, code, part)
    entry = sitting.close(book, found, desk.signer(book, "exam", who, key_file))
    count = len(taking.counting(found))
    click.echo(f"{found.name}: closed at {entry.time} with {count} of {len(found.papers)} notebooks")
    click.echo(f"Next: course certify exam mark {code}")


@exam.command()
@click.argument("code")
@cohort_option
@part_option
@desk.signing
def mark(code: str, folder: Path, part: str, who: str, key_file: Path | None) -> None:
    """Mark the closed sitting CODE, as an examiner who trained none of its candidates.

    Runs each notebook in the sandbox, judges what it recorded against the paper that was drawn, and signs the
    result on the ledger. What was marked stays; an interrupted run goes on where it stopped.
    """
    from autograder.certify.exam import results, sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    signer = desk.signer(book, "exam-result", who, key_file)
    with _alone(book.cohort):
        found = sitting.find(book, code, part)
        if not found.closed:
            raise CourseError(f"{code}: is still open; course certify exam close {code} comes first")
        done = results.signed(book, found)
        todo = [one for one in taking.counting(found).values() if one.trainee not in done]
        failed = []
        with click.progressbar(length=len(todo), label="Marking", file=sys.stderr) as bar:
            for one, result in _results(found, todo, book.cohort):
                if isinstance(result, CourseError):
                    failed.append(f"{written(one.trainee)}: not marked: {result.message}")
                else:
                    results.sign(book, found, result, signer)
                    click.echo(_line(result))
                bar.update(1)
    click.echo(f"{len(todo) - len(failed)} marked, {len(done)} were marked before")
    if failed:
        raise CourseError("\n".join(failed))


@exam.command()
@click.argument("code", required=False)
@cohort_option
@part_option
def status(code: str | None, folder: Path, part: str) -> None:
    """Show all sittings; or of the sitting CODE each candidate, and how hard each item was."""
    from autograder.certify.exam import account, results, sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    if code is None:
        for (name, which), state in book.history.sittings.items():
            until = f"closed {state.closed.time}" if state.closed else "open"
            count = len(state.opened.data.get("trainees", ()))
            click.echo(f"{name} ({which}): opened {state.opened.time}, {until}, {count} candidates")
        return
    found = sitting.find(book, code, part)
    there, points = taking.counting(found), results.signed(book, found)
    for trainee in found.papers:
        one = there.get(trainee)
        said = f"taken in {one.time}" if one else "no notebook"
        if trainee in points:
            said += f", {points[trainee]:g} points"
        click.echo(f"{written(trainee)}: {said}")
    state = f"closed {found.closed}" if found.closed else "open"
    click.echo(f"{found.name}: opened {found.opened}, {state}, {found.minutes} minutes")
    kept = [trainee for trainee in points if results.result_path(found, trainee).exists()]
    for item, (count, share, expected) in account.observed(found, kept).items():
        click.echo(f"  {item}: {count} candidates got {share:.0%} of its points, expected {expected:.0%}")


@exam.command()
@click.argument("code")
@click.argument("trainee")
@cohort_option
@part_option
@click.option("--language", type=languages, help="One language.  [default: both]")
@click.option(
    "--with-answers", is_flag=True, help="Also questions and right answers: for whoever marks anew."
)
def account(
    code: str, trainee: str, folder: Path, part: str, language: str | None, with_answers: bool
) -> None:
    """Say what TRAINEE's notebook at the sitting CODE got, with a reason for every point."""
    from autograder.certify.exam import account, results, sitting

    cohort = desk.open_cohort(folder)
    (wanted,) = desk.enrolled(cohort, [trainee])
    found = sitting.find(Book.open(cohort.path), code, part)
    result = results.read_result(found, wanted)
    for place, one in enumerate([language] if language else LANGUAGES):
        lines = account.account(found, result, one, with_answers=with_answers)
        click.echo("\n".join([*([""] if place else []), *map(printable, lines)]))


@exam.command("bank")
@click.option(
    "--bank",
    "banks",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A bank file of your own; again for more.",
)
@click.option("--show", metavar="ITEM", default="", help="Draw this item once and print it.")
def check_bank(banks: tuple[Path, ...], show: str) -> None:
    """Check the item bank, with files of your own if given, and say what it holds. Needs no cohort."""
    from autograder.certify.exam import bank, form

    found = bank.load(banks)
    if show:
        click.echo("\n".join(form.sample(found, show)))
        return
    blueprint = found.blueprint
    for module, levels in blueprint.questions.items():
        for level, number in levels.items():
            click.echo(f"{module} {level}: {number} of {len(found.of(module, level))} items")
    click.echo(
        f"{len(found.items)} items; a form has {blueprint.most:g} points in {blueprint.minutes} minutes, "
        f"of which {blueprint.expected:.0%} ± {blueprint.tolerance:.0%} are expected"
    )


def _results(found: Sitting, todo: list[Taken], cohort: Path) -> Iterator[tuple[Taken, Result | CourseError]]:
    """Run several notebooks at once, each in a process of the sandbox, and judge them one after another."""
    from autograder.certify.exam import results
    from autograder.execute import Execution
    from autograder.sandbox import Sandbox, require_sandbox

    require_sandbox(cohort)

    def run(taken: Taken) -> Execution | CourseError:
        return _guarded(lambda: results.run_notebook(found, taken, sandbox))

    with Sandbox() as sandbox, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for taken, ran in zip(todo, pool.map(run, todo), strict=True):
            if isinstance(ran, CourseError):
                yield taken, ran
            else:
                yield taken, _guarded(partial(results.result, found, taken, ran))


def _guarded(work: Callable[[], T]) -> T | CourseError:
    """A notebook that we cannot cope with must not stop the others."""
    try:
        return work()
    except CourseError as error:
        return error
    except Exception as error:
        return CourseError(f"{type(error).__name__}: {error}; please report this with the notebook")


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
