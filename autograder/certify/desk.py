"""What the commands of certification share: which cohort, which ledger, and whose key signs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.certify import people
from autograder.certify.book import Book
from autograder.certify.entries import KINDS
from autograder.errors import CourseError
from linelab.trainees import normalise

if TYPE_CHECKING:
    from autograder.cohort import Cohort

PASSPHRASE = "COURSE_PERSON_PASSPHRASE"


def signing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say who acts."""
    command = click.option(
        "--key",
        "key_file",
        type=click.Path(path_type=Path),
        help="Your key file.  [default: look for it in the folder of keys]",
    )(command)
    return click.option(
        "--as",
        "who",
        default="",
        envvar="COURSE_PERSON",
        show_envvar=True,
        metavar="PERSON",
        help="Who you are, by number or name.  [default: the person whose key is in the folder of keys]",
    )(command)


def open_cohort(folder: Path) -> Cohort:
    """Open a cohort folder."""
    from autograder.cohort import Cohort

    return Cohort.open(folder)


def enrolled(cohort: Cohort, given: Iterable[str]) -> list[str]:
    """Return trainee numbers as the roster has them, each once."""
    roster = cohort.roster()
    wanted = [normalise(trainee) for trainee in given]
    for trainee in wanted:
        if trainee not in roster:
            raise CourseError(f"{trainee}: not in {cohort.path / 'roster.csv'}; check the trainee number")
    return list(dict.fromkeys(wanted))


def find_person(book: Book, given: str) -> str:
    """Return the number of a person of the staff, given by number or name."""
    known = people.names(book.cohort)
    wanted = people.tidy(given).casefold()
    found = [
        number
        for number in book.history.people
        if wanted in (number.casefold(), known.get(number, "").casefold())
    ]
    if not found:
        raise CourseError(f"{given}: is nobody on the ledger; `course certify person list` shows who is")
    if len(found) > 1:
        raise CourseError(f"{given}: is the name of {' and '.join(found)}; give the number")
    return found[0]


def called(book: Book, person: str) -> str:
    """Return number and name of a person, as far as the name is known."""
    name = people.names(book.cohort).get(person)
    return f"{person} ({name})" if name else person


def signer(book: Book, kind: str, who: str, key_file: Path | None) -> people.Signer:
    """Unlock the key of the person who acts; CourseError if it is not one that may sign such an entry."""
    book.catch_up()
    wanted = find_person(book, who) if who else ""
    path = key_file or _key_file(book, kind, wanted)
    person = book.history.people.get(people.owner(path))
    if person is None:
        raise CourseError(f"{path}: is the key of nobody on this ledger; course certify person add")
    if wanted and person.id != wanted:
        raise CourseError(f"{path}: is the key of {called(book, person.id)}, not of {wanted}")
    if not person.roles & KINDS[kind].roles:
        asked = " or ".join(sorted(KINDS[kind].roles))
        raise CourseError(f"{called(book, person.id)} is no {asked}; --as PERSON names another")
    return people.unlock(path, passphrase(f"Passphrase of {called(book, person.id)}"))


def passphrase(prompt: str, confirm: bool = False) -> str:
    """Return the passphrase of a person's key: from the environment, else asked for."""
    known = os.environ.get(PASSPHRASE)
    return known or str(click.prompt(prompt, hide_input=True, confirmation_prompt=confirm))


def _key_file(book: Book, kind: str, wanted: str) -> Path:
    """Find the one key file of somebody who may act."""
    folder = people.key_folder()
    found = {}
    for path, person, public in people.key_files(folder):
        known = book.history.people.get(person)
        if known and any(key.public == public for key in known.keys[-1:]):
            found[person] = path
    if wanted:
        if wanted not in found:
            raise CourseError(f"{folder}: holds no key of {wanted} in use; --key FILE says where it is")
        return found[wanted]
    able = {
        person: path
        for person, path in found.items()
        if book.history.people[person].roles & KINDS[kind].roles
    }
    if len(able) == 1:
        return next(iter(able.values()))
    asked = " or ".join(sorted(KINDS[kind].roles))
    if able:
        raise CourseError(
            f"{folder}: holds the keys of {', '.join(called(book, one) for one in able)}; --as says whose"
        )
    raise CourseError(f"{folder}: holds no key of a {asked} of this cohort; --key FILE says where it is")
