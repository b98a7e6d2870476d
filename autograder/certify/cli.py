"""The commands of certification: explain, decide and issue, revoke, publish, verify."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.certify import issue as issuing
from autograder.certify import keys, rules
from autograder.certify.cli_issuer import (
    did_document,
    export,
    keygen,
    passphrase,
    publish_status,
    rules_option,
)
from autograder.certify.cli_verify import verify
from autograder.certify.explain import explain
from autograder.certify.ledger import Ledger
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import normalise, written

if TYPE_CHECKING:
    from autograder.cohort import Cohort
    from autograder.gradebook import Mark


@click.group()
def certify() -> None:
    """Explain, decide, issue and revoke certificates."""


@certify.command("explain")
@click.argument("trainee")
@cohort_option
@rules_option
def explain_command(trainee: str, folder: Path, rules_file: Path) -> None:
    """Say what TRAINEE has earned, what is missing and why, in both languages."""
    cohort = _open(folder)
    (wanted,) = _enrolled(cohort, [trainee])
    click.echo(written(wanted))
    marks = [mark for mark in _marks(cohort) if mark.trainee == wanted]
    for outcome in explain(marks, rules.load(rules_file)):
        sign = "✓" if outcome.met else "✗" if outcome.offered else "–"
        click.echo(f"\n{sign} {outcome.title['vi']}\n  {outcome.title['en']}")
        for requirement in outcome.requirements:
            click.echo(f"    {'✓' if requirement.met else '✗'} {requirement.text['vi']}")
            click.echo(f"      {requirement.text['en']}")
        for attempt in outcome.attempts if outcome.level == "module" else ():
            click.echo(f"      attempt {attempt[:12]}")


@certify.command()
@click.argument("trainees", nargs=-1)
@cohort_option
@rules_option
@click.option("--decided-by", required=True, help="The person who decides: the rules only advise.")
@click.option(
    "--with-name", multiple=True, metavar="TRAINEE", help="This trainee consented to the name in it."
)
@click.option("--again", is_flag=True, help="Also issue anew what was revoked.")
def issue(
    trainees: tuple[str, ...],
    folder: Path,
    rules_file: Path,
    decided_by: str,
    with_name: tuple[str, ...],
    again: bool,
) -> None:
    """Issue what TRAINEES (default: all) have earned: signed file, PDF, ledger entry.

    Certificates carry the trainee number alone; the name only with --with-name.
    """
    if not decided_by.strip():
        raise CourseError("--decided-by: empty; name the person who decides")
    cohort = _open(folder)
    book, rule, roster = _ledger(cohort), rules.load(rules_file), cohort.roster()
    wanted = _enrolled(cohort, trainees) if trainees else sorted(roster)
    named = set(_enrolled(cohort, with_name))
    with issuing.alone(cohort.path):
        plans = issuing.plan(wanted, _marks(cohort), rule, book, again)
        if not plans:
            click.echo("Nothing to issue: `course certify explain TRAINEE` says why.")
            return
        signer = keys.unlock(cohort.path / "keys", passphrase())
        work = issuing.Issuing(cohort.path / "credentials", book, rule, signer, lambda one: roster[one].name)
        done, failed = [], []
        with click.progressbar(length=len(plans), label="Issuing") as bar:
            for plan, result in work.issue(plans, decided_by.strip(), named):
                if isinstance(result, CourseError):
                    failed.append(result.message)
                else:
                    done.append(f"{written(plan.trainee)}  {plan.outcome.target}  {result}")
                bar.update(1)
    click.echo("\n".join(done))
    if failed:
        raise CourseError(f"{len(failed)} not issued:\n" + "\n".join(failed))


@certify.command()
@click.argument("number")
@cohort_option
@click.option("--reason", required=True, help="Why; kept in the ledger.")
def revoke(number: str, folder: Path, reason: str) -> None:
    """Revoke the certificate with this NUMBER (or file name)."""
    held = issuing.revoke(_ledger(_open(folder)), number, reason)
    click.echo(f"Revoked: {held.id}. Now run `course certify publish-status SITE` and put the site online.")


@click.group()
def ledger() -> None:
    """Check the record of decisions."""


@ledger.command("verify")
@cohort_option
@click.option("--expect", metavar="HASH", help="A head noted earlier, which must still be in the chain.")
def ledger_verify(folder: Path, expect: str | None) -> None:
    """Find any edit, removal, insertion or reordering in the ledger."""
    last = _ledger(_open(folder)).verify(expect)
    if last is None:
        click.echo("The ledger is empty.")
    else:
        click.echo(f"{last.seq} entries, unbroken. Head: {last.hash}")


for command in (keygen, did_document, publish_status, export):
    certify.add_command(command)
commands: list[click.Command] = [certify, verify, ledger]


def _open(folder: Path) -> Cohort:
    from autograder.cohort import Cohort

    return Cohort.open(folder)


def _ledger(cohort: Cohort) -> Ledger:
    return Ledger(cohort.path / "ledger.jsonl")


def _marks(cohort: Cohort) -> list[Mark]:
    from autograder.gradebook import marks

    return marks(cohort)


def _enrolled(cohort: Cohort, given: Iterable[str]) -> list[str]:
    roster = cohort.roster()
    wanted = [normalise(trainee) for trainee in given]
    for trainee in wanted:
        if trainee not in roster:
            raise CourseError(f"{trainee}: not in {cohort.path / 'roster.csv'}; check the trainee number")
    return list(dict.fromkeys(wanted))
