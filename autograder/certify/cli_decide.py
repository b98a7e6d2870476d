"""The commands from rules to decisions: rules, explain, decide, refuse."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from autograder.certify import decide as deciding
from autograder.certify import desk, letters, rulebook, rules, sync
from autograder.certify.account import account
from autograder.certify.book import Book
from autograder.certify.dates import end_of
from autograder.certify.explain import Outcome, explain_facts
from autograder.certify.facts import Facts
from autograder.certify.fields import LEVELS
from autograder.cli import cohort_option, languages
from autograder.errors import CourseError
from linelab.trainees import normalise, written

MANY = 200  # trainees, from which on a command says what it is doing


@click.group("rules")
def rules_group() -> None:
    """Put certification rules in force, and show which were when."""


@rules_group.command()
@click.argument("file", type=click.Path(path_type=Path), default=rules.DEFAULT)
@cohort_option
@click.option("--from", "day", default="", metavar="DATE", help="First day, as 2027-01-31.  [default: today]")
@desk.signing
def adopt(file: Path, folder: Path, day: str, who: str, key_file: Path | None) -> None:
    """Put the rules FILE (default: the course's own) in force, as a registrar.

    Decisions follow the rules in force on their day. What was decided before stays; rules cannot be put in
    force for days that are over. The cohort keeps a copy of each version.
    """
    book = Book.open(desk.open_cohort(folder).path)
    entry = rulebook.adopt(book, file, _day("--from", day), desk.signer(book, "rules", who, key_file))
    click.echo(f"Rules {entry.data['rules']} are in force from {entry.data['from']}")


@rules_group.command("list")
@cohort_option
def list_rules(folder: Path) -> None:
    """Show every version that was put in force, and which one is now."""
    book = Book.open(desk.open_cohort(folder).path)
    now = book.history.rules_at(book.now())
    for entry in book.history.rules:
        rulebook.kept(book.cohort, entry)
        sign = "✓" if entry is now else " "
        path = book.cohort / rulebook.FOLDER / f"{entry.data['rules']}.yml"
        click.echo(f"{sign} {entry.data['rules']} from {entry.data['from']}  {path}")
    if not book.history.rules:
        click.echo("None yet: course certify rules adopt")


@click.command()
@click.argument("trainee")
@cohort_option
@click.option("--language", type=languages, help="One language.  [default: both]")
@click.option("--on", "day", default="", metavar="DATE", help="As it was at the end of this day.")
@click.option(
    "--rules", "rules_file", type=click.Path(path_type=Path), help="Try a rules file that is not in force."
)
def explain(trainee: str, folder: Path, language: str | None, day: str, rules_file: Path | None) -> None:
    """Say what TRAINEE has earned, what is missing and why, on which records, and what to do next.

    The numbers in brackets are ledger entries (`course ledger show`), then the attempts.
    """
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    wanted = normalise(trainee)
    if not book.history.of(wanted):  # else the ledger knows the number, though the roster may not any more
        (wanted,) = desk.enrolled(cohort, [trainee])
    on = end_of(_day("--on", day)) if day else book.now()
    in_force = rulebook.in_force(book, on)
    rule = rules.load(rules_file) if rules_file else in_force or rules.load()
    facts = Facts(book.history.records(wanted), on)
    said = [language] if language else ["vi", "en"]
    draft = in_force is None and rules_file is None
    click.echo(account(wanted, facts, explain_facts(facts, rule), rule, draft, said))
    if not day and wanted not in book.history.erased:
        attempts, marks = sync.pending(cohort, book, [wanted]).counts
        if attempts or marks:
            click.echo(
                f"\nNot on the ledger yet: {attempts} attempts, {marks} marks. Next: course ledger sync",
                err=True,
            )


@click.command()
@click.argument("trainees", nargs=-1)
@cohort_option
@click.option("--level", type=click.Choice(LEVELS), required=True, help="Kind of certificate.")
@click.option("--module", "modules", multiple=True, metavar="wNN", help="With --level module: only these.")
@click.option("--all", "everybody", is_flag=True, help="Every trainee of the cohort.")
@click.option("--list", "list_file", type=click.Path(path_type=Path), help="File with one number a line.")
@click.option("--again", is_flag=True, help="Also what was refused or revoked before.")
@click.option("--yes", is_flag=True, help="Do not ask whether to sign.")
@desk.signing
def decide(
    trainees: tuple[str, ...],
    folder: Path,
    level: str,
    modules: tuple[str, ...],
    everybody: bool,
    list_file: Path | None,
    again: bool,
    yes: bool,
    who: str,
    key_file: Path | None,
) -> None:
    """Grant TRAINEES a certificate, as a decider who neither trained nor examined nor signed them off.

    Shows who meets the rules and who does not, and asks before it signs; the passphrase is asked for once.
    Then `course certify issue` makes the certificates.
    """
    if modules and level != "module":
        raise CourseError("--module: goes with --level module")
    cohort = desk.open_cohort(folder)
    listed = letters.read_text(list_file).split() if list_file else []
    if not trainees and not listed and not everybody:
        raise CourseError("TRAINEES, --list or --all: say on whom to decide")
    wanted = sorted(cohort.roster()) if everybody else desk.enrolled(cohort, [*trainees, *listed])
    book = Book.open(cohort.path)
    signer = desk.signer(book, "decision", who, key_file)
    if len(wanted) > MANY:
        click.echo("Reading hand-ins and marks …", err=True)
    news = sync.sync(cohort, book, wanted)
    for line in (*news.problems, *news.warnings):
        click.echo(line, err=True)

    def asked(outcome: Outcome) -> bool:
        return outcome.level == level and (not modules or outcome.target in modules)

    with click.progressbar(wanted, label="Explaining", hidden=len(wanted) <= MANY, file=sys.stderr) as bar:
        found = deciding.docket(book, bar, asked, signer.id, again)
    for case in found.open if not everybody else ():
        click.echo(f"✗ {written(case.trainee)} {case.outcome.target}: {_missing(case.outcome)}")
    for case, reason in found.barred:
        click.echo(f"✗ {written(case.trainee)} {case.outcome.target}: {reason}")
    for case in found.cases:
        click.echo(f"✓ {written(case.trainee)} {case.outcome.target}")
    click.echo(
        f"Rules {found.rules.version}: {len(found.cases)} to grant, {len(found.open)} do not meet the rules, "
        f"{len(found.barred)} not by you"
    )
    if not found.cases:
        raise CourseError("nothing to decide: `course certify explain TRAINEE` says what is missing")
    if not yes:
        click.confirm(f"Sign these {len(found.cases)} as {desk.called(book, signer.id)}?", abort=True)
    made = deciding.grant(book, found, signer)
    click.echo(f"{len(made)} decided, lines {made[0].seq} to {made[-1].seq}. Next: course certify issue")


@click.command()
@click.argument("trainee")
@cohort_option
@click.option("--level", type=click.Choice(LEVELS), required=True, help="Kind of certificate.")
@click.option("--module", metavar="wNN", default="", help="With --level module: which.")
@click.option(
    "--reason",
    "reason_file",
    type=click.Path(path_type=Path),
    required=True,
    help="Text file that says why; kept in letters/, and only its digest on the ledger.",
)
@desk.signing
def refuse(
    trainee: str,
    folder: Path,
    level: str,
    module: str,
    reason_file: Path,
    who: str,
    key_file: Path | None,
) -> None:
    """Decide that TRAINEE does not get a certificate; the trainee can appeal."""
    if bool(module) != (level == "module"):
        raise CourseError("--module: goes with --level module, and says which")
    cohort = desk.open_cohort(folder)
    (wanted,) = desk.enrolled(cohort, [trainee])
    book = Book.open(cohort.path)
    reason = letters.read_text(reason_file)
    signer = desk.signer(book, "refusal", who, key_file)
    entry = deciding.refuse(book, wanted, module or level, reason, signer)
    until = book.history.file_by(entry, entry.time)
    click.echo(f"{written(wanted)} {module or level}: refused, line {entry.seq}; appeal until {until}")


def _missing(outcome: Outcome) -> str:
    missing = [one.text["en"] for one in outcome.requirements if not one.met]
    more = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
    return "; ".join(missing[:2]) + more


def _day(option: str, given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat() if given else ""
    except ValueError:
        raise CourseError(f"{option}: {given!r} is no day; write it as 2027-01-31") from None
