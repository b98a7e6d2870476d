"""The commands about the people of the staff: who they are, what they may do, whose key signs."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.certify import desk, people
from autograder.certify.book import Book
from autograder.certify.fields import REGISTRAR, ROLES
from autograder.cli import cohort_option
from autograder.errors import CourseError
from linelab.trainees import written

role_option = click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(list(ROLES)),
    help="; ".join(f"{name}: {meaning}" for name, meaning in ROLES.items()) + ".",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the key file.  [default: ~/.config/course/people, or COURSE_PEOPLE]",
)
public_option = click.option(
    "--public",
    "card_file",
    type=click.Path(path_type=Path),
    help="The person's public file, made elsewhere with `course certify person key`.",
)


@click.group()
def person() -> None:
    """Say who trains, examines, decides and audits; each person signs with a key of their own.

    The first person is a registrar and adds the others. The ledger holds numbers and public keys; names are
    kept in people.yml of the cohort.
    """


@person.command()
@click.argument("name")
@cohort_option
@role_option
@out_option
@public_option
@click.option("--trainee", help="The trainee number of a person who is also a trainee of this cohort.")
@click.option("--namesake", is_flag=True, help="A trainee of the same name is another person.")
@desk.signing
def add(
    name: str,
    folder: Path,
    roles: tuple[str, ...],
    out: Path | None,
    card_file: Path | None,
    trainee: str | None,
    namesake: bool,
    who: str,
    key_file: Path | None,
) -> None:
    """Put NAME on the ledger with one or more roles, and make a key for them.

    The key is encrypted with a passphrase that the person chooses and types; let them. Better still, let
    them make the key on their own machine (`course certify person key`) and send the public file: --public.
    """
    if not roles:
        raise CourseError(f"--role: missing; give one or more of {', '.join(ROLES)}")
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    same = [one.id for one in cohort.roster().values() if one.name and _alike(one.name, name)]
    if same and not trainee and not namesake:
        raise CourseError(
            f"{name}: is also the name of trainee {written(same[0])}; if it is the same person give "
            f"--trainee {same[0]}, else --namesake"
        )
    first = not book.history.people
    if first and REGISTRAR not in roles:
        raise CourseError(f"--role: the first person is a {REGISTRAR}, who adds the others; add this role")
    registrar = None if first else desk.signer(book, "person", who, key_file)
    made, path = (None, None) if card_file else _make(out, name)
    card = people.read_card(card_file) if card_file else made.card if made else None
    if card is None or (first and made is None):
        raise CourseError("--public: the first person makes the key here; leave --public out")
    data = {**vars(card), "roles": sorted(roles)}
    if trainee:
        data["is_trainee"] = desk.enrolled(cohort, [trainee])[0]
    try:
        book.append("person", data, registrar or made)
    except CourseError:
        if path:
            path.unlink()  # a key that is on no ledger only confuses
        raise
    people.set_name(cohort.path, card.person, name)
    click.echo(f"{card.person} ({people.tidy(name)}): {', '.join(sorted(roles))}")
    if path:
        click.echo(f"Key: {path}. It belongs to that person alone; keep a copy of it elsewhere.")


@person.command()
@out_option
@click.option("--again", metavar="PERSON", default="", help="A new key for a person who has a number.")
def key(out: Path | None, again: str) -> None:
    """Make a key for yourself, on your own machine, and a public file for the registrar.

    Nothing secret is in the public file. Send it to the registrar, and read the number that is printed here
    to them over the telephone.
    """
    signer, path = _make(out, "yourself", again)
    card = people.write_card(path.with_name(f"{signer.id}.public.json"), signer.card)
    click.echo(f"Your number: {signer.id}\nYour key, to be kept: {path}\nFor the registrar: {card}")


@person.command("list")
@cohort_option
def list_people(folder: Path) -> None:
    """Show who is on the ledger, in which roles, and whether their key is in use."""
    book = Book.open(desk.open_cohort(folder).path)
    for one in book.history.people.values():
        state = "key reported lost" if one.lost else f"key {one.keys[-1].public[:8]}"
        if one.lost_by and not one.lost:
            state += ", reported lost by one"
        also = f", also trainee {written(one.is_trainee)}" if one.is_trainee else ""
        roles = ", ".join(sorted(one.roles)) or "no role any more"
        click.echo(f"{desk.called(book, one.id)}: {roles}; {state}, {len(one.keys)} so far{also}")
    registrars = [one for one in book.history.people.values() if REGISTRAR in one.roles and not one.lost]
    if len(registrars) < 2:
        click.echo(f"There are {len(registrars)} registrars; with two, one can lose a key.", err=True)


@person.command("roles")
@click.argument("given", metavar="PERSON")
@cohort_option
@role_option
@click.option("--none", is_flag=True, help="No role any more: the person has left.")
@click.option("--trainee", help="The person is also this trainee of the cohort.")
@desk.signing
def set_roles(
    given: str,
    folder: Path,
    roles: tuple[str, ...],
    none: bool,
    trainee: str | None,
    who: str,
    key_file: Path | None,
) -> None:
    """Say anew what PERSON may do: exactly the roles given. What was signed before stays valid."""
    cohort = desk.open_cohort(folder)
    book = Book.open(cohort.path)
    number = desk.find_person(book, given)
    if bool(roles) == none and not trainee:
        raise CourseError("--role or --none: give one of them")
    kept = sorted(roles) if roles or none else sorted(book.history.people[number].roles)
    data: dict[str, object] = {"person": number, "roles": kept}
    if trainee:
        data["is_trainee"] = desk.enrolled(cohort, [trainee])[0]
    book.append("person-roles", data, desk.signer(book, "person-roles", who, key_file))
    click.echo(f"{desk.called(book, number)}: {', '.join(kept) or 'no role any more'}")


@person.command()
@cohort_option
@out_option
@desk.signing
def rotate(folder: Path, out: Path | None, who: str, key_file: Path | None) -> None:
    """Replace your own key: from now on only the new one signs. What you signed stays valid."""
    book = Book.open(desk.open_cohort(folder).path)
    old = desk.signer(book, "person-key", who, key_file)
    new, path = _make(out, desk.called(book, old.id), old.id)
    book.append("person-key", vars(new.card), old)
    click.echo(
        f"{desk.called(book, old.id)}: new key {path}. The old file signs nothing any more; delete it."
    )


@person.command()
@click.argument("given", metavar="PERSON")
@cohort_option
@desk.signing
def lost(given: str, folder: Path, who: str, key_file: Path | None) -> None:
    """Report that PERSON has lost their key or that it was stolen.

    When two people have reported it the key signs nothing any more; a registrar then gives a new one with
    `course certify person replace`.
    """
    book = Book.open(desk.open_cohort(folder).path)
    number = desk.find_person(book, given)
    book.append("person-key-lost", {"person": number}, desk.signer(book, "person-key-lost", who, key_file))
    if book.history.people[number].lost:
        click.echo(f"{desk.called(book, number)}: the key signs nothing any more. Next: person replace")
    else:
        click.echo(f"{desk.called(book, number)}: reported by one; a second person has to report it, too")


@person.command()
@click.argument("given", metavar="PERSON")
@cohort_option
@out_option
@public_option
@desk.signing
def replace(
    given: str, folder: Path, out: Path | None, card_file: Path | None, who: str, key_file: Path | None
) -> None:
    """Give PERSON, whose key was reported lost by two others, a new one."""
    book = Book.open(desk.open_cohort(folder).path)
    number = desk.find_person(book, given)
    if not book.history.people[number].lost:
        raise CourseError(f"{number}: the key is not reported lost by two people; course certify person lost")
    registrar = desk.signer(book, "person-key", who, key_file)
    made, path = (None, None) if card_file else _make(out, desk.called(book, number), number)
    card = people.read_card(card_file) if card_file else made.card if made else None
    assert card is not None
    if card.person != number:
        raise CourseError(f"{card_file}: is for {card.person}; it has to be made with --again {number}")
    book.append("person-key", vars(card), registrar)
    click.echo(f"{desk.called(book, number)}: has a new key{f', {path}' if path else ''}")


def _make(out: Path | None, name: str, person: str = "") -> tuple[people.Signer, Path]:
    secret = desk.passphrase(f"New passphrase of {name}, at least 12 characters", confirm=True)
    return people.make(out or people.key_folder(), secret, person)


def _alike(one: str, other: str) -> bool:
    return people.tidy(one).casefold() == people.tidy(other).casefold()
