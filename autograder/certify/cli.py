"""The commands of certification: explain, decide and issue, revoke, publish, verify."""

from __future__ import annotations

import os
from pathlib import Path

import click

from autograder.certify import issue as issuing
from autograder.certify import keys, pdf, register, site, status
from autograder.certify import verify as verifying
from autograder.certify.book import Book
from autograder.certify.cli_appeal import appeal
from autograder.certify.cli_decide import decide, explain, refuse, rules_group
from autograder.certify.cli_ledger import ledger
from autograder.certify.cli_people import person
from autograder.certify.cli_vouch import sign_off, trained
from autograder.certify.desk import enrolled, open_cohort, signing
from autograder.certify.desk import signer as person_signer
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import written

SITE = "http://localhost:8000/"


@click.group()
def certify() -> None:
    """Explain, decide, issue and revoke certificates."""


@certify.command()
@cohort_option
@click.option("--name", required=True, help="Name of the issuer, as certificates show it.")
@click.option("--site", "address", default=SITE, show_default=True, help="Address of the course site.")
@click.option("--rotate", is_flag=True, help="Make a new key; the old ones stay as history.")
def keygen(folder: Path, name: str, address: str, rotate: bool) -> None:
    """Make the issuer's signing key (a demo issuer).

    The key is encrypted with a passphrase of at least 12 characters: from the environment variable
    COURSE_KEY_PASSPHRASE, else asked for. Keep a copy of the folder keys/ and of the passphrase apart.
    """
    cohort = open_cohort(folder)
    issuer = keys.generate(cohort.path / "keys", name, address, _passphrase(confirm=True), rotate)
    Book.open(cohort.path).append("key", {"did": issuer.did, "status_list": issuer.status_list})
    click.echo(f"Key made: {issuer.did}")
    click.echo("It is a demo issuer: all it signs says “DEMO – not issued by MOIT or Samsung”.")


@certify.command()
@click.argument("trainees", nargs=-1)
@cohort_option
@click.option(
    "--with-name", multiple=True, metavar="TRAINEE", help="This trainee consented to the name in it."
)
def issue(trainees: tuple[str, ...], folder: Path, with_name: tuple[str, ...]) -> None:
    """Make the certificates that were decided for TRAINEES (default: all): signed file, PDF, ledger entry.

    Deciding comes first: `course certify decide`. Certificates carry the trainee number alone; the name only
    with --with-name.
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
        signer = keys.unlock(cohort.path / "keys", _passphrase())
        work = issuing.Issuing(
            cohort.path / "credentials", book, signer, lambda one: roster[one].name if one in roster else ""
        )
        done, failed = [], []
        with click.progressbar(length=len(plans), label="Issuing") as bar:
            for plan, result in work.issue(plans, named):
                if isinstance(result, CourseError):
                    failed.append(result.message)
                else:
                    done.append(f"{written(plan.trainee)}  {plan.decision['target']}  {result}")
                bar.update(1)
    click.echo("\n".join(done))
    if failed:
        raise CourseError(f"{len(failed)} not issued:\n" + "\n".join(failed))


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


@certify.command("publish-status")
@click.argument("site_folder", metavar="SITE", type=click.Path(path_type=Path))
@cohort_option
def publish_status(site_folder: Path, folder: Path) -> None:
    """Put the issuer and a fresh signed status list on the built SITE. No personal data goes there."""
    cohort = open_cohort(folder)
    entries = Book.open(cohort.path).entries()
    known = keys.issuers(cohort.path / "keys")
    if not known:
        keys.current(cohort.path / "keys")  # raises the error that says how to make one
    passphrase = _passphrase()
    lists = []
    for issuer in known:
        signer = keys.unlock(cohort.path / "keys", passphrase, issuer)
        lists.append((issuer, status.build(entries, signer)))
    where = site.publish(site_folder, lists)
    revoked = sum(entry.kind == "revocation" for entry in entries)
    click.echo(f"{where}: {len(lists)} issuer(s), {revoked} revoked, valid {status.DAYS_VALID} days")
    if entries:
        click.echo(f"Ledger head, to be noted elsewhere: {entries[-1].hash}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@cohort_option
@click.option(
    "--site", "site_folder", type=click.Path(path_type=Path), help="Built site to take issuers from."
)
@click.pass_context
def verify(context: click.Context, file: Path, folder: Path, site_folder: Path | None) -> None:
    """Check a certificate FILE (JSON or PDF) and say why it holds or not.

    Issuers and revocations come from --site, else from the cohort. Ends with code 0 only if it is valid.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CourseError(f"{file}: {error.strerror}; name the JSON or PDF file of a certificate") from error
    try:
        document = verifying.parse(pdf.attached(data) if data[:1024].find(b"%PDF-") >= 0 else data)
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{file}: not a certificate ({error}); name its JSON or PDF file") from error
    trust = site.trust(site_folder) if site_folder else _trust(folder)
    report = verifying.verify(document, trust)
    titles = {
        "valid": "HỢP LỆ · VALID",
        "unknown-issuer": "KHÔNG RÕ ĐƠN VỊ CẤP · UNKNOWN ISSUER",
        "invalid": "KHÔNG HỢP LỆ · NOT VALID",
    }
    click.echo(f"{titles[report.verdict]}{'  (DEMO – not issued by MOIT or Samsung)' if report.demo else ''}")
    signature = any(check.name == "signature" and check.ok for check in report.checks)
    if signature:
        click.echo(f"  {document.get('name', '')}")
    for check in report.checks:
        sign = {True: "✓", False: "✗", None: "!"}[check.ok]
        click.echo(f"  {sign} {check.vi}\n    {check.en}")
    context.exit(0 if report.verdict == "valid" else 1)


for command in (person, rules_group, trained, explain, sign_off, decide, refuse):
    certify.add_command(command)
commands: list[click.Command] = [certify, appeal, verify, ledger]


def _passphrase(confirm: bool = False) -> str:
    known = os.environ.get("COURSE_KEY_PASSPHRASE")
    return known or str(click.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm))


def _trust(folder: Path) -> verifying.Trust:
    """Return what a cohort vouches for; nothing, where the folder is none."""
    known = keys.issuers(folder / "keys")
    held = register.read(Book.open(folder).entries()) if known else {}
    return verifying.Trust(
        issuers={issuer.did: issuer.name for issuer in known},
        ledger={one.id: one.revoked for one in held.values()},
    )
