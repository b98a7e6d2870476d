"""The commands that look at exams: who stands where, why each point was given, what the item bank holds."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.certify import desk
from autograder.certify.book import Book
from autograder.cli import cohort_option, languages
from autograder.inert import printable
from linelab.texts import LANGUAGES
from linelab.trainees import written

bank_option = click.option(
    "--bank",
    "banks",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A bank file of your own; again for more.",
)
part_option = click.option(
    "--part", type=click.Choice(["exam", "case"]), help="Which part, if CODE has both."
)


@click.command()
@click.argument("code", required=False)
@cohort_option
@part_option
def status(code: str | None, folder: Path, part: str | None) -> None:
    """Show all sittings; or of the sitting CODE each candidate, and how hard each item was."""
    from autograder.certify.exam import account, results, sitting, taking

    book = Book.open(desk.open_cohort(folder).path)
    if code is None:
        for (name, which), state in book.history.sittings.items():
            until = f"closed {state.closed.time}" if state.closed else "open"
            count = len(state.opened.data.get("trainees", ()))
            click.echo(f"{name} ({which}): opened {state.opened.time}, {until}, {count} candidates")
        return
    found = sitting.find(book, code, part or "")
    there, points = taking.counting(found), results.signed(book, found)
    for trainee in found.papers:
        one = there.get(trainee)
        said = f"taken in {one.time}" if one else "no notebook"
        if trainee in points:
            said += f", {points[trainee]:g} points"
        click.echo(f"{written(trainee)}: {said}")
    until = f"closed {found.closed}" if found.closed else "open"
    click.echo(f"{found.name}: opened {found.opened}, {until}, {found.minutes} minutes")
    kept = [trainee for trainee in points if results.result_path(found, trainee).exists()]
    for item, (count, share, expected) in account.observed(found, kept).items():
        click.echo(f"  {item}: {share:.0%} of its points over candidates: {count}, expected {expected:.0%}")


@click.command("account")
@click.argument("code")
@click.argument("trainee")
@cohort_option
@part_option
@click.option("--language", type=languages, help="One language.  [default: both]")
@click.option(
    "--with-answers", is_flag=True, help="Also questions and right answers: for whoever marks anew."
)
def say_account(
    code: str, trainee: str, folder: Path, part: str | None, language: str | None, with_answers: bool
) -> None:
    """Say what TRAINEE's notebook at the sitting CODE got, with a reason for every point."""
    from autograder.certify.exam import account, results, sitting

    cohort = desk.open_cohort(folder)
    (wanted,) = desk.enrolled(cohort, [trainee])
    found = sitting.find(Book.open(cohort.path), code, part or "")
    result = results.read_result(found, wanted)
    for place, one in enumerate([language] if language else LANGUAGES):
        lines = account.account(found, result, one, with_answers=with_answers)
        click.echo("\n".join([*([""] if place else []), *map(printable, lines)]))


@click.command("bank")
@bank_option
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
