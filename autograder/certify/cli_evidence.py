"""The command that takes in the evidence of an on-site project, checks a folder, or writes one to fill in."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.certify import desk
from autograder.certify.book import Book
from autograder.cli import cohort_option, languages
from autograder.errors import CourseError
from autograder.inert import printable
from linelab.trainees import written

TEMPLATE = Path(__file__).parent / "evidence" / "template"


@click.command()
@click.argument("trainee", required=False)
@click.argument("project", required=False)
@click.argument("source", metavar="[FOLDER]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--template", type=click.Path(path_type=Path), metavar="FOLDER", help="Write a folder to fill in."
)
@click.option(
    "--check", type=click.Path(path_type=Path), metavar="FOLDER", help="Only say what a folder shows."
)
@click.option(
    "--picture",
    "pictures",
    multiple=True,
    metavar="FILE",
    help="This picture of the folder shows no person: take it.  [default: pictures are refused]",
)
@click.option("--language", type=languages, help="Of --template and of what is said.  [default: vi and en]")
@cohort_option
@desk.signing
def evidence(
    trainee: str | None,
    project: str | None,
    source: Path | None,
    template: Path | None,
    check: Path | None,
    pictures: tuple[str, ...],
    language: str | None,
    folder: Path,
    who: str,
    key_file: Path | None,
) -> None:
    """Take in the FOLDER of TRAINEE's on-site PROJECT, as a trainer or examiner: sheet, data, documents.

    PROJECT is a code such as press-setup, another one for each project of a trainee. The data are compared
    before and after; the page with the result is for those who then sign off: `course certify sign-off`. The
    files are copied into the cohort, and the ledger gets one digest of them. A folder that was changed and is
    taken in again needs new sign-offs.
    """
    from autograder.certify.evidence import folder as folders
    from autograder.certify.evidence import keep
    from autograder.certify.evidence.page import summary

    if sum(map(bool, (trainee, template, check))) != 1 or (trainee and not (project and source)):
        raise CourseError("TRAINEE PROJECT FOLDER, --check FOLDER or --template FOLDER: give one of them")
    said = [language] if language else ["vi", "en"]
    if template:
        _write_template(template, language or "vi")
        return
    if check:
        found = folders.read(check, pictures)
        _tell([line for each in said for line in summary(found, each)])
        if not found.confirmed:
            click.echo("The company's confirmation is not in the sheet yet.", err=True)
        return
    assert trainee
    assert project
    assert source
    cohort = desk.open_cohort(folder)
    (wanted,) = desk.enrolled(cohort, [trainee])
    book = Book.open(cohort.path)
    found = folders.read(source, pictures)
    _tell([line for each in said for line in summary(found, each)])
    signer = desk.signer(book, "evidence", who, key_file)
    digest, is_new = keep.take_in(book, wanted, project, found, signer)
    page = keep.page_of(cohort.path, wanted, project, digest, language or cohort.language)
    if is_new:
        click.echo(f"{written(wanted)} {project}: taken in by {desk.called(book, signer.id)}")
        click.echo(f"Read {page}, then: course certify sign-off {written(wanted)} {project}")
    else:
        click.echo(f"{written(wanted)} {project}: is on record already with the same files: {page}")


def _tell(lines: list[str]) -> None:
    for line in lines:
        click.echo(f"  {printable(line)}", err=True)


def _write_template(folder: Path, language: str) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CourseError(f"{folder}: is there already and not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("project.yml", "data.csv"):
        stem, ending = name.split(".")
        content = (TEMPLATE / f"{stem}.{language}.{ending}").read_text("utf-8")
        # the mark at its start makes Excel read it as UTF-8
        (folder / name).write_text(content, "utf-8-sig" if ending == "csv" else "utf-8")
    click.echo(f"{folder}: fill in project.yml and data.csv, then: course certify evidence --check {folder}")
