"""The commands by which people vouch for what they did or saw: who trained, who signs a project off."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.certify import desk
from autograder.certify.book import Book
from autograder.certify.fields import EVERYBODY, EXAMINER, TRAINER
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import written


@click.command()
@click.argument("trainees", nargs=-1)
@cohort_option
@click.option("--all", "everybody", is_flag=True, help="The whole cohort, those who join later included.")
@click.option("--trainer", default="", help="Who trained, if a registrar says so.  [default: who signs]")
@desk.signing
def trained(
    trainees: tuple[str, ...], folder: Path, everybody: bool, trainer: str, who: str, key_file: Path | None
) -> None:
    """Record who trained TRAINEES: whoever did cannot decide on them.

    A trainer says so for themselves, or a registrar for a trainer.
    """
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    if bool(trainees) == everybody:
        raise CourseError("TRAINEES or --all: give one of them")
    signer = desk.signer(book, "training", who, key_file)
    number = desk.find_person(book, trainer) if trainer else signer.id
    whom = [EVERYBODY] if everybody else desk.enrolled(cohort, trainees)
    book.append("training", {"trainer": number, "trainees": whom}, signer)
    count = "the whole cohort" if everybody else f"{len(whom)} trainees"
    click.echo(f"{desk.called(book, number)} trained {count}; on record as {TRAINER}")


@click.command("sign-off")
@click.argument("trainee")
@click.argument("project")
@cohort_option
@click.option("--role", type=click.Choice([TRAINER, EXAMINER]), help="In which role.  [default: yours]")
@click.option("--withdraw", is_flag=True, help="Take your sign-off back.")
@desk.signing
def sign_off(
    trainee: str,
    project: str,
    folder: Path,
    role: str | None,
    withdraw: bool,
    who: str,
    key_file: Path | None,
) -> None:
    """Sign off the evidence of TRAINEE's on-site PROJECT, as it was taken in last.

    Read its page first, in the cohort's folder evidence/TRAINEE/PROJECT; its files must be there unchanged.
    """
    from autograder.certify.evidence import keep

    cohort = desk.open_cohort(folder)
    (wanted,) = desk.enrolled(cohort, [trainee])
    book = Book.open(cohort.path)
    signer = desk.signer(book, "sign-off", who, key_file)
    found = keep.latest(book, wanted, project)
    if not found:
        raise CourseError(f"{written(wanted)} {project}: no evidence of such a project was taken in")
    data = {"trainee": wanted, "project": project, "manifest": found}
    if withdraw:
        book.append("sign-off-withdrawn", data, signer)
        click.echo(f"{written(wanted)} {project}: sign-off of {desk.called(book, signer.id)} withdrawn")
        return
    keep.check(cohort.path, wanted, project, found)
    able = sorted(book.history.people[signer.id].roles & {TRAINER, EXAMINER})
    if role is None and len(able) > 1:
        raise CourseError(f"--role: you are {' and '.join(able)}; say in which role you sign")
    book.append("sign-off", {**data, "role": role or able[0]}, signer)
    click.echo(f"{written(wanted)} {project}: signed off by {desk.called(book, signer.id)}")
