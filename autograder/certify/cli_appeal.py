"""The commands of appeals, in the order of the work."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.certify import appeals, desk, entries, letters
from autograder.certify.book import Book
from autograder.certify.fields import FIELDS
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import written

reason_option = click.option(
    "--reason",
    "reason_file",
    type=click.Path(path_type=Path),
    required=True,
    help="Text file with the reasons; kept in letters/, and only its digest on the ledger.",
)


@click.group()
def appeal() -> None:
    """File appeals, mark anew, decide; show what is open and until when."""


@appeal.command()
@click.argument("trainee")
@click.argument("subject")
@cohort_option
@reason_option
@click.option("--entry", type=int, help="Against this ledger entry.  [default: the newest that fits]")
def file(trainee: str, subject: str, folder: Path, reason_file: Path, entry: int | None) -> None:
    """File TRAINEE's appeal on SUBJECT: an exercise such as w03, exam, case or decision.

    An appeal against a decision is one against a refusal or a revocation. It has to be in time by the rules
    that were in force when the mark or decision was recorded.
    """
    cohort = desk.open_cohort(folder)
    (wanted,) = desk.enrolled(cohort, [trainee])
    book = Book.open(cohort.path)
    made = appeals.file(book, wanted, subject, letters.read_text(reason_file), entry)
    click.echo(
        f"Appeal {made.data['appeal']} of {written(wanted)} on {subject} (against line "
        f"{made.data['contested']}) is filed in time, "
        f"which was until {made.data['file_by']}; it is to be decided by {made.data['decide_by']}"
    )


@appeal.command("list")
@cohort_option
@click.option("--all", "everything", is_flag=True, help="Also those that are decided.")
def list_appeals(folder: Path, everything: bool) -> None:
    """Show the open appeals with the days left, what comes next, and who may not do it."""
    book = Book.open(desk.open_cohort(folder).path)
    found = appeals.waiting(book)
    for one in found:
        data = one.appeal.data
        left = f"{one.days_left} days left" if one.days_left >= 0 else f"OVERDUE by {-one.days_left} days"
        barred = (
            f"; not {', '.join(desk.called(book, person) for person in one.not_by)}" if one.not_by else ""
        )
        click.echo(
            f"{data['appeal']}  {written(data['trainee'])} {data['subject']}, line {data['contested']}: "
            f"decide by {data['decide_by']}, {left}. Next: {one.step}{barred}"
        )
    for done in book.history.appeals.values() if everything else ():
        if done.decision:
            data = done.data
            click.echo(
                f"{data['appeal']}  {written(data['trainee'])} {data['subject']}, line {data['contested']}: "
                f"{done.decision.data['outcome']} on {done.decision.time[:10]}"
            )
    click.echo(f"{len(found)} open")


@appeal.command()
@click.argument("number", type=int)
@cohort_option
def show(number: int, folder: Path) -> None:
    """Print all there is on appeal NUMBER, the letters too: for whoever marks anew or decides."""
    book = Book.open(desk.open_cohort(folder).path)
    for entry in appeals.story(book, number):
        by = f"{desk.called(book, entry.by)}: " if entry.by else ""
        click.echo(f"{entry.seq}  {entry.time}  {by}{entries.say(entry.kind, entry.data)}")
        for name in ("marked_by", "questions"):
            if entry.data.get(name):
                click.echo(f"    {FIELDS[name].meaning}: {entry.data[name]}")
        if "reason" in entry.data:
            text = letters.shown(book.cohort, entry.data["reason"])
            click.echo("\n".join(f"    | {line}" for line in text.splitlines()))


@appeal.command()
@click.argument("number", type=int)
@cohort_option
@click.option("--set", "given", nargs=2, multiple=True, metavar="QUESTION POINTS", help="New points.")
@click.option("--points", type=float, help="The new total instead, after what lateness costs.")
@click.option("--confirm", is_flag=True, help="The mark was right.")
@desk.signing
def regrade(
    number: int,
    folder: Path,
    given: tuple[tuple[str, str], ...],
    points: float | None,
    confirm: bool,
    who: str,
    key_file: Path | None,
) -> None:
    """Say what you found on marking appeal NUMBER anew; not by whoever gave the mark.

    The new mark counts once a decider has upheld the appeal.
    """
    if bool(given) + (points is not None) + confirm != 1:
        raise CourseError("--set, --points or --confirm: give one of them")
    try:
        questions = {question: float(value.replace(",", ".")) for question, value in given}
    except ValueError as error:
        raise CourseError(f"--set: {error}; give a question and its points") from None
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    signer = desk.signer(book, "regrade", who, key_file)
    entry = appeals.regrade(book, cohort, number, signer, questions or None, points)
    data = entry.data
    click.echo(
        f"Appeal {number}: {data['points']:g} of {data['max_points']:g} points. Next: course appeal decide"
    )


@appeal.command()
@click.argument("number", type=int)
@cohort_option
@click.option("--upheld/--rejected", "upheld", default=None, help="Whether the trainee was right.")
@reason_option
@desk.signing
def decide(
    number: int, folder: Path, upheld: bool | None, reason_file: Path, who: str, key_file: Path | None
) -> None:
    """Decide appeal NUMBER, as a decider who had no part in it.

    Marked anew with more points it is upheld, else rejected. The points of an upheld one go into the
    gradebook: write the feedback again.
    """
    if upheld is None:
        raise CourseError("--upheld or --rejected: say which")
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    reason = letters.read_text(reason_file)
    signer = desk.signer(book, "appeal-decision", who, key_file)
    entry = appeals.decide(book, cohort, number, upheld, reason, signer)
    click.echo(f"Appeal {number}: {entry.data['outcome']}. Next: course feedback, course certify explain")
