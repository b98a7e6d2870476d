"""The commands of certification: what there is, and how decided certificates are issued and revoked."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from autograder import consents
from autograder.certify import issue as issuing
from autograder.certify import keys
from autograder.certify.book import Book
from autograder.certify.cli_appeal import appeal
from autograder.certify.cli_decide import decide, explain, refuse, rules_group
from autograder.certify.cli_evidence import evidence
from autograder.certify.cli_exam import exam
from autograder.certify.cli_issuer import did_document, export, keygen, passphrase, publish_status
from autograder.certify.cli_ledger import ledger
from autograder.certify.cli_people import person
from autograder.certify.cli_verify import verify
from autograder.certify.cli_vouch import sign_off, trained
from autograder.certify.desk import enrolled, open_cohort, signing
from autograder.certify.desk import signer as person_signer
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import written

SHOWN = 20  # trainees without consent that are named


@click.group()
def certify() -> None:
    """Explain, decide, issue and revoke certificates."""


@certify.command()
@click.argument("trainees", nargs=-1)
@cohort_option
@click.option(
    "--with-name", multiple=True, metavar="TRAINEE", help="This trainee consented to the name in it."
)
def issue(trainees: tuple[str, ...], folder: Path, with_name: tuple[str, ...]) -> None:
    """Make the certificates that were decided for TRAINEES (default: all): signed file, PDF, ledger entry.

    Deciding comes first: `course certify decide`. Certificates carry the trainee number alone; the name only
    with --with-name. A trainee who has not consented to certificates gets none: `course data consent`.
    """
    cohort = open_cohort(folder)
    book, roster = Book.open(cohort.path), cohort.roster()
    wanted = enrolled(cohort, trainees) if trainees else None
    named = set(enrolled(cohort, with_name))
    with issuing.alone(cohort.path):
        plans = issuing.plan(book, wanted)
        if not plans:
            click.echo("Nothing to issue: `course certify decide` comes first.")
            return
        agreed = consents.consented(cohort.path, consents.CREDENTIAL)
        failed = _without_consent(one.trainee for one in plans if one.trainee not in agreed)
        total = len(plans)
        plans = [one for one in plans if one.trainee in agreed]
        if not plans:
            raise CourseError("nothing issued:\n" + "\n".join(failed))
        signer = keys.unlock(cohort.path / "keys", passphrase())
        work = issuing.Issuing(
            cohort.path / "credentials", book, signer, lambda one: roster[one].name if one in roster else ""
        )
        done = []
        with click.progressbar(length=len(plans), label="Issuing") as bar:
            for plan, result in work.issue(plans, named):
                if isinstance(result, CourseError):
                    failed.append(result.message)
                else:
                    done.append(f"{written(plan.trainee)}  {plan.decision['target']}  {result}")
                bar.update(1)
    click.echo("\n".join(done))
    if failed:
        raise CourseError(f"{total - len(done)} not issued:\n" + "\n".join(failed))


def _without_consent(trainees: Iterable[str]) -> list[str]:
    """A line for each trainee to whom nothing may be issued, or for the first of many."""
    whom = list(dict.fromkeys(trainees))
    lines = [
        f"{written(one)}: has not consented to certificates, or withdrew; once the trainee says yes: "
        f"course data consent {written(one)} --purpose {consents.CREDENTIAL}"
        for one in whom[:SHOWN]
    ]
    more = len(whom) - SHOWN
    return [*lines, f"and {more} others: course data consent shows who said what"] if more > 0 else lines


@certify.command()
@click.argument("number")
@cohort_option
@click.option("--why", type=click.Choice(issuing.REASONS), required=True, help="Why; kept in the ledger.")
@signing
def revoke(number: str, folder: Path, why: str, who: str, key_file: Path | None) -> None:
    """Revoke the certificate with this NUMBER (or file name), as a decider."""
    book = Book.open(open_cohort(folder).path)
    held = issuing.revoke(book, number, why, person_signer(book, "revocation", who, key_file))
    click.echo(f"Revoked: {held.id}. Now run `course certify publish-status SITE` and put the site online.")


for command in (person, rules_group, trained, exam, explain, evidence, sign_off, decide, refuse):
    certify.add_command(command)
for command in (keygen, did_document, publish_status, export):
    certify.add_command(command)
commands: list[click.Command] = [certify, appeal, verify, ledger]
