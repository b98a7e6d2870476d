"""The commands on personal data: consent, a copy for the trainee, erasure, retention."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder import consents
from autograder.certify import desk, letters, rulebook, rules
from autograder.certify.book import Book
from autograder.certify.dates import end_of
from autograder.cli import cohort_option, languages
from autograder.errors import CourseError
from autograder.files import write
from linelab.trainees import normalise, written

if TYPE_CHECKING:
    from autograder.data import erase as erasing

HINTS = {
    consents.COURSE: "stop using the data now: course data export, then course data erase",
    consents.CREDENTIAL: "no further certificate is issued; to take one back: course certify revoke",
    consents.REGISTER: "take the certificate out of what is published",
    consents.SHARE: "send nothing any more, and tell those who have it",
}


@click.group()
def data() -> None:
    """Consent, a copy of one's data, erasure, and how long data are kept."""


@data.command()
@click.argument("trainees", nargs=-1)
@cohort_option
@click.option(
    "--purpose",
    "purposes",
    multiple=True,
    type=click.Choice(consents.PURPOSES),
    help="For which purpose; may be given several times.",
)
@click.option("--withdraw", is_flag=True, help="The trainee withdraws.")
@click.option("--on", "day", default="", metavar="DATE", help="When the trainee said so.  [default: today]")
@click.option(
    "--how",
    type=click.Choice(consents.WAYS),
    default=consents.WAYS[0],
    show_default=True,
    help="In what way.",
)
@click.option("--list", "list_file", type=click.Path(path_type=Path), help="File with one number a line.")
def consent(
    trainees: tuple[str, ...],
    folder: Path,
    purposes: tuple[str, ...],
    withdraw: bool,
    day: str,
    how: str,
    list_file: Path | None,
) -> None:
    """Record that TRAINEES consented to a purpose, or withdrew; without a purpose show what holds.

    Nothing is taken for granted: whoever did not say yes did not consent. Keep the signed forms.
    """
    cohort = desk.open_cohort(folder)
    listed = letters.read_text(list_file).split() if list_file else []
    wanted = desk.enrolled(cohort, [*trainees, *listed])
    if not purposes:
        if withdraw:
            raise CourseError("--withdraw: goes with --purpose, and says from what")
        _show(cohort.path, wanted or sorted(cohort.roster()))
        return
    if not wanted:
        raise CourseError("TRAINEES or --list: say who; consent is recorded person by person")
    on, roster = _day("--on", day), cohort.roster()
    for trainee in wanted:
        for purpose in purposes:
            language = roster[trainee].language
            consents.record(cohort.path, trainee, purpose, language, given=not withdraw, on=on, how=how)
            click.echo(f"{written(trainee)} {purpose}: {'withdrawn' if withdraw else 'given'}")
    for purpose in purposes if withdraw else ():
        click.echo(f"{purpose}: {HINTS[purpose]}")


def _show(cohort: Path, wanted: list[str]) -> None:
    last = consents.standing(consents.read(cohort))
    click.echo("trainee    " + "  ".join(f"{purpose:<10}" for purpose in consents.PURPOSES))
    for trainee in wanted:
        cells = []
        for purpose in consents.PURPOSES:
            one = last.get((trainee, purpose))
            said = "–" if one is None else one.on if one.given else "withdrawn"
            cells.append(f"{said:<10}")
        click.echo(f"{written(trainee)}  {'  '.join(cells)}".rstrip())


@data.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--language", type=languages, default="vi", show_default=True, help="Language of the form.")
def form(out: Path, language: str) -> None:
    """Write the form on which trainees consent, as a page to print or mail: OUT, such as form.html."""
    from autograder.data.form import form as made

    if out.exists():
        raise CourseError(f"{out}: is there already; name another file")
    click.echo(f"{write(out, made(language))}: print it; then course data consent TRAINEE --purpose …")


@data.command()
@click.argument("trainee")
@cohort_option
@click.option("--out", type=click.Path(path_type=Path), help="The zip.  [default: data_TRAINEE.zip here]")
def export(trainee: str, folder: Path, out: Path | None) -> None:
    """Put all that is held on TRAINEE into one zip to hand over: a page to read, and data.json.

    Who marked and how hidden tests mark stay out of it.
    """
    from autograder.data.copy import gather, pack
    from autograder.data.copy_page import render

    cohort = desk.open_cohort(folder)
    wanted = normalise(trainee)
    copy = gather(cohort, Book.open(cohort.path), wanted)
    target = pack(copy, render(copy), out or Path(f"data_{written(wanted)}.zip"))
    click.echo(f"{target}: {len(copy.files)} files, index.html and data.json; hand it to the trainee alone")


@data.command()
@click.argument("trainee")
@cohort_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@desk.signing
def erase(trainee: str, folder: Path, yes: bool, who: str, key_file: Path | None) -> None:
    """Erase all that is held on TRAINEE, as a registrar; the ledger keeps the number and says so.

    Shows what will go and asks. May be stopped at any time: the same command again completes it. Copies
    elsewhere, such as backups, are yours to erase.
    """
    from autograder.data import erase as erasing

    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    what = erasing.plan(cohort, book, normalise(trainee))
    if what.is_empty:
        click.echo(f"{written(what.who.id)}: is erased; nothing is left")
        return
    _tell(cohort.path, what)
    needs_signer = bool(book.history.people) and not what.erased
    signer = desk.signer(book, "erasure", who, key_file) if needs_signer else None
    if not yes:
        click.confirm(f"Erase all this of {written(what.who.id)} for good?", abort=True)
    erasing.erase(cohort, book, what, signer)
    click.echo(f"{written(what.who.id)}: erased" + (", as the ledger says" if book.history.people else ""))
    _left(cohort.path, what)


def _tell(cohort: Path, what: erasing.Plan) -> None:
    """Say what will go, and what becomes of certificates."""
    from autograder.data import held

    name = f" ({what.who.name})" if what.who.name else ""
    click.echo(f"{written(what.who.id)}{name}: this goes")
    if what.enrolled:
        click.echo("  the line of roster.csv")
    for path in what.paths:
        click.echo(f"  {path.relative_to(cohort)}: {held.count(path)} files")
    for place, count in what.lines.items():
        click.echo(f"  {place}: {count} lines")
    for name in held.REPORTS:
        if (cohort / name).exists():
            click.echo(f"  {name}: pages on the whole class; course report makes them anew")
    kept = [one for one in what.certificates if one.sha256]
    if kept:
        click.echo(
            f"{len(kept)} certificates: the copies here go, those in the holder's hands stay and verify as "
            f"before; to take one back: course certify revoke NUMBER --why on-request"
        )
        for one in kept:
            named = ", with the name on it" if one.place and one.place["named"] else ""
            click.echo(f"  {one.id} {one.decision['target']}{named}{', revoked' if one.revoked else ''}")
    click.echo("The ledger keeps the number, marks and hashes, which point to nobody any more.")


def _left(cohort: Path, what: erasing.Plan) -> None:
    from autograder.data.erase import named_in

    click.echo("Looking for the name in all that is left …", err=True)
    for path in named_in(cohort, what.who):
        click.echo(f"Look at {path}: it still has the name or the address", err=True)
    click.echo(
        "Erase what lies elsewhere, too: backups, e-mails, downloads, tables sent to Moodle or Canvas."
    )


@data.command()
@cohort_option
@click.option("--apply", "is_applied", is_flag=True, help="Remove what is due.  [default: only list it]")
@click.option("--on", "day", default="", metavar="DATE", help="List what will be due on this day.")
@click.option("--yes", is_flag=True, help="With --apply: do not ask.")
@desk.signing
def retention(folder: Path, is_applied: bool, day: str, yes: bool, who: str, key_file: Path | None) -> None:
    """List what is held for longer than the rules say, and why; with --apply remove it.

    The months are those of the rules in force: `course certify rules list`. Erasing whole trainees, once
    their names are due, needs a registrar.
    """
    from autograder.data import erase as erasing
    from autograder.data import retention as keeping
    from autograder.data import rows

    if is_applied and day:
        raise CourseError("--on: goes with listing alone; --apply removes what is due today")
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    at = _day("--on", day)
    on = end_of(at.isoformat()) if at else book.now()
    in_force = rulebook.in_force(book, on)
    rule = in_force or rules.load()
    months = ", ".join(f"{kind} {count}" for kind, count in rule.retention.items())
    click.echo(f"Months by rules {rule.version}{'' if in_force else ' (not in force here)'}: {months}")
    found = list(keeping.due(cohort, book, rule, on))
    for one in found:
        click.echo(one.line(cohort.path))
    click.echo(f"{len(found)} due on {on[:10]}")
    if not found or not is_applied:
        if found and not day:
            click.echo("Nothing was removed; --apply does it")
        return
    whole = [one for one in found if one.kind == keeping.NAMES]
    signer = desk.signer(book, "erasure", who, key_file) if whole and book.history.people else None
    if not yes:
        click.confirm(f"Remove these {len(found)} for good?", abort=True)
    with click.progressbar(found, label="Removing", hidden=len(found) < 20) as bar:
        for one in bar:
            if one.kind == keeping.NAMES:
                erasing.erase(cohort, book, erasing.plan(cohort, book, one.trainee), signer)
            else:
                keeping.apply(cohort.path, one)
    rows.leave_nothing(cohort.path)
    click.echo(f"{len(found)} removed")


def _day(option: str, given: str) -> date | None:
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise CourseError(f"{option}: {given!r} is no day; write it as 2027-01-31") from None


commands: list[click.Command] = [data]
