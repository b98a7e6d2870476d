"""The commands of grading, in the order of the work."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from autograder.assignments import EDITION
from autograder.errors import CourseError
from linelab.trainees import written

cohort_option = click.option(
    "-C",
    "--cohort",
    "folder",
    type=click.Path(path_type=Path),
    default=".",
    envvar="COURSE_COHORT",
    show_envvar=True,
    help="The cohort's folder.  [default: the folder you are in]",
)
languages = click.Choice(["vi", "en"])


# Each command imports what it needs when it runs: nbgrader takes seconds to import, help should not.


@click.group()
def cohort() -> None:
    """Make a cohort's folder and enrol trainees."""


@cohort.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--edition", default=EDITION, show_default=True, help="Edition of the course.")
@click.option(
    "--language", type=languages, default="vi", show_default=True, help="Usual language of the class."
)
def new(path: Path, edition: str, language: str) -> None:
    """Make the folder PATH for a new cohort, with a gradebook and a secret of its own."""
    from autograder.cohort import Cohort

    made = Cohort.create(path, edition, language)
    click.echo(f"{made.path}: ready. Next: course cohort enrol -C {made.path} --count 20")


@cohort.command()
@cohort_option
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--name", default="", help="Name of the one trainee; may stay empty.")
@click.option("--email", default="", help="Address of the one trainee; may stay empty.")
@click.option("--language", type=languages, help="Language of feedback.  [default: the cohort's]")
def enrol(folder: Path, count: int, name: str, email: str, language: str | None) -> None:
    """Add trainees to the roster and print their numbers to hand out."""
    from autograder.cohort import Cohort

    if count > 1 and (name or email):
        raise CourseError("--name, --email: belong to one trainee; leave out --count")
    opened = Cohort.open(folder)
    for _ in range(count):
        click.echo(written(opened.enrol(name, email, language).id))


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@cohort_option
def collect(paths: tuple[Path, ...], folder: Path) -> None:
    """Take in hand-in files: files and folders, in any mix. Runs nothing.

    Every attempt is kept. A file that cannot be taken is named with the reason, and the rest goes on; the
    command then ends with exit code 1.
    """
    from autograder.cohort import Cohort
    from autograder.collect import collect as take

    receipts = take(Cohort.open(folder), paths)
    for receipt in receipts:
        who = f" {written(receipt.trainee)}" if receipt.trainee else ""
        what = f" {receipt.assignment}" if receipt.assignment else ""
        why = f": {receipt.reason}" if receipt.reason else ""
        click.echo(f"{receipt.status:<10}{who}{what} {receipt.file}{why}")
    count = {
        state: sum(r.status == state for r in receipts) for state in ("accepted", "duplicate", "rejected")
    }
    click.echo(", ".join(f"{n} {state}" for state, n in count.items()))
    if not receipts:
        raise CourseError("nothing to collect: no .json or .ipynb file in the folders named")
    if count["rejected"]:
        sys.exit(1)


@click.command()
@cohort_option
@click.option("--jobs", type=click.IntRange(1), help="Processes at once.  [default: one a processor]")
@click.option("--regrade", is_flag=True, help="Also what is graded already.")
@click.option("--scheduler", default="", metavar="ADDRESS", help="Do the work on this Dask cluster.")
@click.option("--unsafe-no-sandbox", "unsafe", is_flag=True, help="Run trainees' code WITHOUT a sandbox.")
def grade(folder: Path, jobs: int | None, regrade: bool, scheduler: str, unsafe: bool) -> None:
    """Grade what is new: run each notebook in a sandbox, then judge its answers.

    May be stopped at any time; the next run goes on where it stopped.
    """
    from autograder.cohort import Cohort
    from autograder.grade import grade as run

    if unsafe:
        click.secho(
            "WARNING: without a sandbox a notebook can read, change and send everything that you can.",
            fg="red",
            bold=True,
            err=True,
        )
    jobs = jobs or os.cpu_count() or 1
    outcome = run(Cohort.open(folder), jobs=jobs, regrade=regrade, unsafe=unsafe, scheduler=scheduler)
    for line in outcome.problems:
        click.echo(line)
    click.echo(f"{outcome.graded} graded, {outcome.unchanged} unchanged, {outcome.failed} failed")
    if outcome.failed:
        sys.exit(1)


@click.command()
@cohort_option
@click.option("--grader", metavar="NAME", help="Who marks; recorded with each mark.  [default: login name]")
@click.option("--names", is_flag=True, help="Show trainee numbers, and nbgrader's own pages.")
@click.option("--second", metavar="SHARE|COUNT", help="Mark a sample a second time, such as 20% or 15.")
@click.option("--settle", is_flag=True, help="Decide where two marks differ; needs --grader.")
@click.option("--agreement", is_flag=True, help="Only show how well graders agree.")
@click.option(
    "--threshold",
    type=click.FloatRange(0),
    metavar="POINTS",
    default=0.5,
    show_default=True,
    help="Two marks that differ by more need to be settled; so does a whole level in any row.",
)
@click.option("--list", "only_list", is_flag=True, help="Only list what waits for a person.")
@click.option(
    "--set",
    "given",
    nargs=4,
    metavar="TRAINEE ASSIGNMENT QUESTION POINTS",
    help="Enter a mark without a browser; TRAINEE is a number or a name of --list.",
)
@click.option("--comment", default="", help="With --set: what the trainee reads beside the mark.")
@click.option("--port", default=8890, show_default=True, help="Port of the page on this machine.")
@click.option("--no-browser", is_flag=True, help="Only print the page's address.")
def review(
    folder: Path,
    grader: str | None,
    names: bool,
    second: str | None,
    settle: bool,
    agreement: bool,
    threshold: float,
    only_list: bool,
    given: tuple[str, str, str, str] | None,
    comment: str,
    port: int,
    no_browser: bool,
) -> None:
    """Mark free-text answers on a page in the browser, with the rubric beside each.

    Trainees stand there under other names. A mark is saved at once, in nbgrader's gradebook and with who
    gave it and when in the folder reviews. Several graders may work at once, each with a command of their
    own. Ctrl-C here ends it.
    """
    from autograder.cohort import Cohort
    from autograder.markings import FIRST, SECOND, SETTLED
    from autograder.records import operator
    from autograder.review.desk import ALL, Desk, Session
    from autograder.review.listing import agreement_lines, enter, waiting
    from autograder.review.sample import Sample

    if second and settle:
        raise CourseError("--second, --settle: are two different tasks; give one of them")
    if settle and not grader:
        raise CourseError("--settle: is recorded by name; give --grader NAME, too")
    if second and given:
        raise CourseError("--set: enters the mark that counts; a second mark is given on the page")
    if comment and not given:
        raise CourseError("--comment: belongs to a mark; give --set TRAINEE ASSIGNMENT QUESTION POINTS, too")
    opened = Cohort.open(folder)
    if agreement:
        for line in agreement_lines(opened, threshold, names):
            click.echo(line)
        return
    who = " ".join((grader or operator()).split())
    role = SETTLED if settle else SECOND if second else FIRST
    sample = Sample.read(second) if second else ALL
    desk = Desk(opened, Session(who, role, sample, threshold, names))
    if given:
        try:
            value = float(given[3].replace(",", "."))
        except ValueError:
            raise CourseError(f"points: {given[3]!r} is not a number") from None
        click.echo(f"{enter(desk, *given[:3], value, comment)}. Next: course feedback")
        return
    problems: list[str] = []
    left = waiting(desk, problems)
    for line in [*(left if only_list else ()), *problems]:
        click.echo(line)
    click.echo(f"{len(left)} answers wait for a person")
    if not only_list:
        from autograder.review.server import serve

        serve(desk, port, not no_browser)


@click.command()
@cohort_option
def feedback(folder: Path) -> None:
    """Write a page for each trainee and assignment, in the trainee's language."""
    from autograder.cohort import Cohort
    from autograder.feedback import write_feedback

    opened = Cohort.open(folder)
    problems: list[str] = []
    pages = write_feedback(opened, problems)
    for line in problems:
        click.echo(line)
    if not pages and not problems:
        raise CourseError(f"{opened.path}: nothing is graded yet; run course grade first")
    click.echo(f"{len(pages)} pages in {opened.path / 'feedback'}")
    if problems:
        sys.exit(1)


@click.command()
@cohort_option
def report(folder: Path) -> None:
    """Write the cohort's report: who stands where, what was hard, who needs help; and marks.csv."""
    from autograder.cohort import Cohort
    from autograder.report import write_report

    click.echo(write_report(Cohort.open(folder)))


commands: list[click.Command] = [cohort, collect, grade, review, feedback, report]
