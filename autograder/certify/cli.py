"""The commands of certification: explain, decide and issue, revoke, publish, verify."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.certify import did, keys, pdf, register, rules, site, status
from autograder.certify import issue as issuing
from autograder.certify import verify as verifying
from autograder.certify.explain import explain
from autograder.certify.ledger import Ledger
from autograder.certify.report import say
from autograder.cli import cohort_option
from autograder.errors import CourseError
from autograder.files import write
from linelab.trainees import normalise, written

if TYPE_CHECKING:
    from autograder.cohort import Cohort
    from autograder.gradebook import Mark

rules_option = click.option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path),
    default=rules.DEFAULT,
    show_default="the course's rules.yml",
    help="Rules file.",
)
SITE = "http://localhost:8000/"


@click.group()
def certify() -> None:
    """Explain, decide, issue and revoke certificates."""


@certify.command()
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
    cohort = _open(folder)
    web = did.web(domain) if domain else ""
    secret = _passphrase(confirm=True)
    issuer = keys.generate(cohort.path / "keys", name, address, secret, rotate, web, demo, compromised)
    data = {"did": issuer.did, "status_list": issuer.status_list, "method": issuer.method}
    _ledger(cohort).append("key", data | ({"withdraws": list(issuer.withdraws)} if compromised else {}))
    click.echo(f"Key made: {issuer.did}")
    if issuer.demo:
        click.echo("It is a demo issuer: all it signs says “DEMO – not issued by MOIT or Samsung”.")
    if issuer.key:
        click.echo("Now run `course certify did-document` and put its file on the domain.")
    if compromised:
        click.echo("Now run `course certify publish-status SITE`, then issue anew what the old key signed.")


@certify.command("did-document")
@cohort_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: print it]")
def did_document(folder: Path, output: Path | None) -> None:
    """Write the issuer's DID document, with all its keys, and say where on its domain it must lie."""
    stored = _open(folder).path / "keys"
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
        signer = keys.unlock(cohort.path / "keys", _passphrase())
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


@certify.command("publish-status")
@click.argument("site_folder", metavar="SITE", type=click.Path(path_type=Path))
@cohort_option
def publish_status(site_folder: Path, folder: Path) -> None:
    """Put the issuer and a fresh signed status list on the built SITE. No personal data goes there."""
    cohort = _open(folder)
    entries = _ledger(cohort).entries()
    known = keys.issuers(cohort.path / "keys")
    if not known:
        keys.current(cohort.path / "keys")  # raises the error that says how to make one
    passphrase = _passphrase()
    lists = []
    for issuer in known:
        heir = keys.latest(cohort.path / "keys", issuer.did)
        signer = keys.unlock(cohort.path / "keys", passphrase, heir)
        lists.append((issuer, status.build(entries, signer, issuer=issuer)))
    where = site.publish(site_folder, lists)
    revoked = sum(entry.kind == "revocation" for entry in entries)
    click.echo(f"{where}: {len(lists)} status list(s), {revoked} revoked, valid {status.DAYS_VALID} days")
    if entries:
        click.echo(f"Ledger head, to be noted elsewhere: {entries[-1].hash}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@cohort_option
@click.option(
    "--site", "site_folder", type=click.Path(path_type=Path), help="Built site to take issuers from."
)
@click.option(
    "--did-document", "did_file", type=click.Path(path_type=Path), help="did.json from the issuer's domain."
)
@click.pass_context
def verify(
    context: click.Context, file: Path, folder: Path, site_folder: Path | None, did_file: Path | None
) -> None:
    """Check a certificate FILE (JSON or PDF) and say why it holds or not.

    Issuers and revocations come from --site or --did-document, else from the cohort. Ends with code 0 only
    if it is valid.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CourseError(f"{file}: {error.strerror}; name the JSON or PDF file of a certificate") from error
    try:
        document = verifying.parse(pdf.attached(data) if data[:1024].find(b"%PDF-") >= 0 else data)
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{file}: not a certificate ({error}); name its JSON or PDF file") from error
    trust = site.trust(site_folder) if site_folder else _trust(folder) if not did_file else verifying.Trust()
    if did_file:
        named = site.from_document(did_file)
        trust = replace(trust, issuers={**trust.issuers, named.name: named})
    report = verifying.verify(document, trust)
    click.echo(f"{say(report.title, 'vi')} · {say(report.title, 'en')}")
    if report.demo:
        click.echo(f"  {say('about-demo', 'vi')}\n  {say('about-demo', 'en')}")
    if report.trusted:
        click.echo(f"  {document.get('name', '')}")
    for check in report.checks:
        sign = {True: "✓", False: "✗", None: "!"}[check.ok]
        click.echo(f"  {sign} {check.text('vi')}\n    {check.text('en')}")
    context.exit(0 if report.verdict == "valid" else 1)


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


def _passphrase(confirm: bool = False) -> str:
    known = os.environ.get("COURSE_KEY_PASSPHRASE")
    return known or str(click.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm))


def _trust(folder: Path) -> verifying.Trust:
    """Return what a cohort vouches for; nothing, where the folder is none."""
    stored = keys.issuers(folder / "keys")
    held = register.read(Ledger(folder / "ledger.jsonl").entries()) if stored else {}
    return verifying.Trust(
        issuers=site.known(site.entries(stored), folder / "keys"),
        ledger={one.id: one.revoked for one in held.values()},
    )
