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
@click.option("--edition", default=EDITION, show_default=True, help="Edition that the class works in.")
@click.option(
    "--language", type=languages, default="vi", show_default=True, help="Usual language of the class."
)
@click.option("--site", default="", metavar="URL", help="Address of the course site, for links in feedback.")
def new(path: Path, edition: str, language: str, site: str) -> None:
    """Make the folder PATH for a new cohort, with a gradebook and a secret of its own."""
    from autograder.cohort import Cohort

    made = Cohort.create(path, edition, language, site)
    click.echo(f"{made.path}: ready. Next: course cohort enrol -C {made.path} --count 20")


@cohort.command()
@cohort_option
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 10_000), help="How many.")
@click.option("--name", default="", help="Name of the one trainee; may stay empty.")
@click.option("--email", default="", help="Address of the one trainee; may stay empty.")
@click.option("--language", type=languages, help="Language of feedback.  [default: the cohort's]")
@click.option(
    "--consent",
    "purposes",
    multiple=True,
    metavar="PURPOSE",
    help="They have consented to it on the form (`course data form`): course, credential, register, share.",
)
def enrol(
    folder: Path, count: int, name: str, email: str, language: str | None, purposes: tuple[str, ...]
) -> None:
    """Add trainees to the roster and print their numbers to hand out.

    Certificates need the trainee's consent: --consent credential, or later `course data consent`.
    """
    from autograder import consents
    from autograder.cohort import Cohort

    if count > 1 and (name or email):
        raise CourseError("--name, --email: belong to one trainee; leave out --count")
    for purpose in purposes:
        if purpose not in consents.PURPOSES:
            raise CourseError(f"--consent {purpose}: give one of {', '.join(consents.PURPOSES)}")
    opened = Cohort.open(folder)
    for _ in range(count):
        trainee = opened.enrol(name, email, language)
        for purpose in purposes:
            consents.record(opened.path, trainee.id, purpose, trainee.language)
        click.echo(written(trainee.id))


@cohort.command("rules")
@cohort_option
def say_rules(folder: Path) -> None:
    """Check exercise-rules.yml and say in words what is in force: deadlines, lateness, attempts."""
    from autograder.cohort import Cohort
    from autograder.rules import load_rules

    for line in load_rules(Cohort.open(folder).path).words():
        click.echo(line)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@cohort_option
@click.option(
    "--handed-in",
    "stated",
    metavar="TIME",
    default="",
    help="When all this had been handed in, such as 2027-01-15 or '2027-01-15 17:00'; for files on a stick "
    "or out of a folder, which else count as handed in now.",
)
def collect(paths: tuple[Path, ...], folder: Path, stated: str) -> None:
    """Take in hand-ins: files, folders, zips and saved e-mails (.eml), in any mix. Runs nothing.

    Downloads of Moodle and Google Classroom are taken as they are, zipped or not. Every attempt is kept; what
    was collected before is known again. A file that cannot be taken is named with the reason, and the rest
    goes on; the command then ends with exit code 1. For each trainee there is a text to send on in receipts/.
    """
    from autograder.cohort import Cohort
    from autograder.collect import collect as take
    from autograder.collect.summary import moment, summary

    opened = Cohort.open(folder)
    passed: list[str] = []
    receipts = take(opened, paths, handed_in=moment(opened, stated), passed=passed, progress=True)
    for receipt in receipts:
        who = f" {written(receipt.trainee)}" if receipt.trainee else ""
        what = f" {receipt.assignment}" if receipt.assignment else ""
        number = f"attempt {receipt.number}" if receipt.status == "accepted" else ""
        said = " ".join(x for x in (number and f"{number}.", receipt.reason, receipt.repairs) if x)
        click.echo(f"{receipt.status:<10}{who}{what} {receipt.file}{said and f': {said}'}")
    for line in summary(opened, receipts, passed):
        click.echo(line)
    if not receipts:
        raise CourseError("nothing to collect: no hand-in file, notebook, zip or e-mail in what was named")
    if any(receipt.status == "rejected" for receipt in receipts):
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
    from autograder.sandbox import Sandbox

    if unsafe:
        click.secho(
            "WARNING: without a sandbox a notebook can read, change and send everything that you can.",
            fg="red",
            bold=True,
            err=True,
        )
    jobs = jobs or len(os.sched_getaffinity(0))
    try:
        with Sandbox() as sandbox:
            if not unsafe and not scheduler:
                sandbox.begin()  # it loads its packages while we load ours
            from autograder.cohort import Cohort
            from autograder.grade import grade as run

            outcome = run(
                Cohort.open(folder),
                jobs=jobs,
                regrade=regrade,
                unsafe=unsafe,
                scheduler=scheduler,
                sandbox=sandbox,
            )
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
@click.option(
    "--ip",
    default="127.0.0.1",
    show_default=True,
    envvar="COURSE_REVIEW_IP",
    help="Address that the page listens at; only a container needs another.",
)
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
    ip: str,
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

        serve(desk, port, not no_browser, ip)


@click.command()
@cohort_option
@click.option("--zip", "zips", is_flag=True, help="Also one zip a trainee, to send.")
def feedback(folder: Path, zips: bool) -> None:
    """Write a page for each trainee and assignment, and an overview, in the trainee's language.

    A page that has not changed is left alone and keeps its date.
    """
    from autograder.cohort import Cohort
    from autograder.feedback import write_feedback

    opened = Cohort.open(folder)
    sent = write_feedback(opened, zips=zips)
    for line in sent.problems:
        click.echo(line)
    if not sent.pages and not sent.problems:
        raise CourseError(f"{opened.path}: nothing is graded yet; run course grade first")
    zipped = f", {sent.zips} zips" if zips else ""
    click.echo(
        f"{sent.pages} pages, {sent.overviews} overviews{zipped} in {opened.path / 'feedback'}: "
        f"{sent.changed} written, {sent.unchanged} unchanged"
    )
    if sent.problems:
        sys.exit(1)


@click.command()
@cohort_option
@click.option("--language", type=languages, help="Language of the pages.  [default: the cohort's]")
@click.option("--pseudonyms", is_flag=True, help="Without numbers and names, into report-pseudonyms/.")
@click.option("--moodle", type=click.Path(path_type=Path), metavar="FILE", help="Also marks for Moodle.")
@click.option("--canvas", type=click.Path(path_type=Path), metavar="FILE", help="Also marks for Canvas.")
def report(
    folder: Path, language: str | None, pseudonyms: bool, moodle: Path | None, canvas: Path | None
) -> None:
    """Write the cohort's report: who stands where and needs help, what was hard, what is alike; marks.csv.

    The pages are for this machine alone. --moodle and --canvas write the final marks as a file for the
    gradebook of those, and say how to import it.
    """
    from autograder.cohort import Cohort
    from autograder.report import write_exports, write_report

    if pseudonyms and (moodle or canvas):
        raise CourseError(
            "--pseudonyms: a gradebook has to know who is meant; leave out --moodle and --canvas"
        )
    opened = Cohort.open(folder)
    problems: list[str] = []
    first = write_report(opened, language or "", pseudonyms=pseudonyms, problems=problems)
    for line in problems:
        click.echo(line)
    click.echo(first)
    for line in write_exports(opened, moodle=moodle, canvas=canvas):
        click.echo(line)


commands: list[click.Command] = [cohort, collect, grade, review, feedback, report]
