"""The command that verifies a certificate, in the words of the verify page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from autograder.certify import keys, link, pdf, register, site
from autograder.certify import verify as verifying
from autograder.certify.book import Book
from autograder.certify.report import say
from autograder.cli import cohort_option
from autograder.errors import CourseError


@click.command()
@click.argument("file")
@cohort_option
@click.option(
    "--site", "site_folder", type=click.Path(path_type=Path), help="Built site to take issuers from."
)
@click.option(
    "--did-document", "did_file", type=click.Path(path_type=Path), help="did.json from the issuer's domain."
)
@click.pass_context
def verify(
    context: click.Context, file: str, folder: Path, site_folder: Path | None, did_file: Path | None
) -> None:
    """Check a certificate FILE (JSON or PDF, or the link of its QR code) and say why it holds or not.

    Issuers and revocations come from --site or --did-document, else from the cohort. Ends with code 0 only
    if it is valid.
    """
    document = _document(file)
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


def _document(file: str) -> dict[str, Any]:
    try:
        if file.startswith(("http://", "https://")):
            return verifying.parse(link.unpack(file.partition("#")[2]))
        data = Path(file).read_bytes()
        return verifying.parse(pdf.attached(data) if data[:1024].find(b"%PDF-") >= 0 else data)
    except OSError as error:
        raise CourseError(f"{file}: {error.strerror}; name the JSON or PDF file of a certificate") from error
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{file[:100]}: not a certificate ({error}); name its JSON or PDF file") from error


def _trust(folder: Path) -> verifying.Trust:
    """Return what a cohort vouches for; nothing, where the folder is none."""
    stored = keys.issuers(folder / "keys")
    held = register.read(Book.open(folder).entries()) if stored else {}
    return verifying.Trust(
        issuers=site.known(site.entries(stored), folder / "keys"),
        ledger={one.id: one.revoked for one in held.values()},
    )
