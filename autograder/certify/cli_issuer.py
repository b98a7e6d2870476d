"""The commands of an issuer: its keys, its DID document, its status lists, its results for other systems."""

from __future__ import annotations

import os
from pathlib import Path

import click

from autograder import consents
from autograder.certify import did, keys, rulebook, rules, site, status
from autograder.certify import export as exporting
from autograder.certify.book import Book
from autograder.certify.desk import open_cohort
from autograder.certify.facts import Facts
from autograder.cli import cohort_option
from autograder.errors import CourseError
from autograder.files import write
from autograder.texts import text
from linelab.texts import LANGUAGES

SITE = "http://localhost:8000/"


def passphrase(confirm: bool = False) -> str:
    """Return the passphrase of the issuer's key, from the environment or the keyboard."""
    known = os.environ.get("COURSE_KEY_PASSPHRASE")
    return known or str(click.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm))


@click.command()
@cohort_option
@click.option("--name", required=True, help="Name of the issuer, as certificates show it.")
@click.option("--site", "address", default=SITE, show_default=True, help="Address of the course site.")
@click.option("--domain", default="", help="Domain of the issuing organisation.  [default: a demo issuer]")
@click.option("--demo", is_flag=True, help="With --domain: a trial, all that it issues is marked as a demo.")
@click.option("--rotate", is_flag=True, help="Make a new key; the old ones stay as history.")
@click.option("--compromised", is_flag=True, help="With --rotate: what the old key signed holds no more.")
def keygen(
    folder: Path, name: str, address: str, domain: str, demo: bool, rotate: bool, compromised: bool
) -> None:
    """Make the issuer's signing key.

    Without --domain it is a demo issuer. With the domain of an organisation it is `did:web:DOMAIN`, and
    signs real certificates; the file of `course certify did-document` must then lie on that domain.

    The key is encrypted with a passphrase of at least 12 characters: from the environment variable
    COURSE_KEY_PASSPHRASE, else asked for. Keep a copy of the folder keys/ and of the passphrase apart.
    """
    if (demo and not domain) or (compromised and not rotate):
        raise CourseError("--demo goes with --domain (without it, all is demo); --compromised with --rotate")
    cohort = open_cohort(folder)
    book = Book.open(cohort.path)
    web = did.web(domain) if domain else ""
    secret = passphrase(confirm=True)
    issuer = keys.generate(cohort.path / "keys", name, address, secret, rotate, web, demo, compromised)
    data = {"did": issuer.did, "status_list": issuer.status_list, "method": issuer.method}
    book.append("key", data | ({"withdraws": list(issuer.withdraws)} if compromised else {}))
    click.echo(f"Key made: {issuer.did}")
    if issuer.demo:
        click.echo("It is a demo issuer: all it signs says “DEMO – not issued by MOIT or Samsung”.")
    if issuer.key:
        click.echo("Now run `course certify did-document` and put its file on the domain.")
    if compromised:
        click.echo("Now run `course certify publish-status SITE`, then issue anew what the old key signed.")


@click.command("did-document")
@cohort_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: print it]")
def did_document(folder: Path, output: Path | None) -> None:
    """Write the issuer's DID document, with all its keys, and say where on its domain it must lie."""
    stored = open_cohort(folder).path / "keys"
    issuer = keys.current(stored)
    content = site.document(issuer.did, keys.issuers(stored))
    if output:
        write(output, content)
    else:
        click.echo(content.decode(), nl=False)
    if issuer.key:
        click.echo(f"Put it at {did.address(issuer.did)}", err=True)
    else:
        click.echo("A demo issuer (did:key) needs no document anywhere: its key is its name.", err=True)


@click.command("publish-status")
@click.argument("site_folder", metavar="SITE", type=click.Path(path_type=Path))
@cohort_option
def publish_status(site_folder: Path, folder: Path) -> None:
    """Put the issuer and a fresh signed status list on the built SITE. No personal data goes there."""
    cohort = open_cohort(folder)
    entries = Book.open(cohort.path).entries()
    known = keys.issuers(cohort.path / "keys")
    if not known:
        keys.current(cohort.path / "keys")  # raises the error that says how to make one
    secret = passphrase()
    lists = []
    for issuer in known:
        heir = keys.latest(cohort.path / "keys", issuer.did)
        signer = keys.unlock(cohort.path / "keys", secret, heir)
        lists.append((issuer, status.build(entries, signer, issuer=issuer)))
    where = site.publish(site_folder, lists)
    revoked = sum(entry.kind == "revocation" for entry in entries)
    click.echo(f"{where}: {len(lists)} status list(s), {revoked} revoked, valid {status.DAYS_VALID} days")
    if entries:
        click.echo(f"Ledger head, to be noted elsewhere: {entries[-1].hash}")


@click.command()
@cohort_option
@click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path),
    help="Rules file.  [default: the rules in force, else the course's]",
)
@click.option("--xapi", type=click.Path(path_type=Path), help="File for xAPI statements (JSON).")
@click.option("--csv", "table", type=click.Path(path_type=Path), help="File for the same as a table.")
@click.option("--site", "address", help="Address that accounts are named under.  [default: the issuer's]")
def export(
    folder: Path, rules_file: Path | None, xapi: Path | None, table: Path | None, address: str | None
) -> None:
    """Write who passed and who failed which module, for a learning platform.

    Trainees are named by their number alone: no name, no e-mail address.
    """
    if not xapi and not table:
        raise CourseError("nothing to write: give --xapi FILE, --csv FILE, or both")
    from autograder.gradebook import marks

    cohort = open_cohort(folder)
    book = Book.open(cohort.path)
    now = book.now()
    rule = rules.load(rules_file) if rules_file else rulebook.in_force(book, now) or rules.load()
    home = (address or keys.current(cohort.path / "keys").site).rstrip("/") + "/"
    names = {module.id: module.name for module in rule.modules}
    course = {language: text("certificate.course", language) for language in LANGUAGES}
    standing = exporting.after_appeals(marks(cohort), lambda who: Facts(book.history.records(who), now))
    found = exporting.statements(standing, names, rule.level("module").each, home, course)
    for path, content in ((xapi, exporting.as_json(found)), (table, exporting.as_csv(found))):
        if path:
            write(path, content)
            click.echo(f"{path}: {len(found)} results")
    told = {one["actor"]["account"]["name"] for one in found}
    silent = len(told - consents.consented(cohort.path, consents.SHARE))
    if silent:
        click.echo(
            f"{silent} of {len(told)} trainees did not consent to sharing with employer or programme: "
            f"this is for the class's own platform alone",
            err=True,
        )
