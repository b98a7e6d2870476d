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
    jobs = jobs or len(os.sched_getaffinity(0))
    try:
        outcome = run(Cohort.open(folder), jobs=jobs, regrade=regrade, unsafe=unsafe, scheduler=scheduler)
    except KeyboardInterrupt:
        click.echo("\nStopped. What is graded is kept; run the same command again to go on.", err=True)
        sys.exit(130)
    for line in outcome.problems:
        click.echo(line)
    click.echo(f"{outcome.graded} graded, {outcome.unchanged} unchanged, {outcome.failed} failed")
    if outcome.failed:
        sys.exit(1)


@click.command()
@cohort_option
@click.option("--list", "only_list", is_flag=True, help="Only list what waits for a person.")
@click.option(
    "--set",
    "given",
    nargs=4,
    metavar="TRAINEE ASSIGNMENT QUESTION POINTS",
    help="Enter a mark without a browser.",
)
@click.option("--comment", default="", help="With --set: what the trainee reads beside the mark.")
@click.option("--port", default=8890, show_default=True, help="Port of formgrader on this machine.")
def review(
    folder: Path, only_list: bool, given: tuple[str, str, str, str] | None, comment: str, port: int
) -> None:
    """Mark free-text answers: opens nbgrader's formgrader in the browser.

    In it, open Manual Grading, choose the assignment, enter points and a comment beside each answer; what you
    enter is saved at once. Ctrl-C here ends it.
    """
    from autograder.cohort import Cohort
    from autograder.gradebook import set_manual
    from autograder.review import open_formgrader, waiting

    opened = Cohort.open(folder)
    if given:
        trainee, assignment, question, points = given
        try:
            value = float(points.replace(",", "."))
        except ValueError:
            raise CourseError(f"points: {points!r} is not a number") from None
        number = opened.trainee(trainee).id
        set_manual(opened, number, assignment, question, value, comment)
        click.echo(f"{written(number)} {assignment} {question}: {value:g} points. Next: course feedback")
        return
    if comment:
        raise CourseError("--comment: belongs to a mark; give --set TRAINEE ASSIGNMENT QUESTION POINTS, too")
    problems: list[str] = []
    left = waiting(opened, problems)
    for trainee, assignment, detail in left:
        click.echo(f"{written(trainee)} {assignment} {detail.question}: of {detail.max_points:g} points")
    for line in problems:
        click.echo(line)
    click.echo(f"{len(left)} answers wait for a person")
    if not only_list:
        sys.exit(open_formgrader(opened, port))


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
