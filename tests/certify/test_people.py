"""Keys of people: made, kept encrypted, opened, and shown to others without what is secret."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from autograder.certify import people
from autograder.errors import CourseError

from .samples import PASSPHRASE


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[people.Signer, Path]:
    return people.make(tmp_path_factory.mktemp("keys"), PASSPHRASE)


def test_a_key_opens_with_its_passphrase_alone(made: tuple[people.Signer, Path]) -> None:
    signer, path = made
    assert people.unlock(path, PASSPHRASE).card == signer.card
    assert people.owner(path) == signer.id
    with pytest.raises(CourseError, match="wrong passphrase"):
        people.unlock(path, "another passphrase")


def test_the_file_is_for_its_owner_alone_and_holds_no_secret_in_the_clear(
    made: tuple[people.Signer, Path],
) -> None:
    signer, path = made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signer.key.private_bytes_raw().hex() not in path.read_text("utf-8")


@pytest.mark.parametrize("field", ["person", "public", "made", "salt", "nonce", "sealed"])
def test_a_changed_key_file_does_not_open(
    made: tuple[people.Signer, Path], tmp_path: Path, field: str
) -> None:
    document = json.loads(made[1].read_text("utf-8"))
    other, _ = people.make(tmp_path, PASSPHRASE)
    changed = {"public": other.public, "person": other.id}.get(field, "AAAA" + document[field][4:])
    path = tmp_path / "changed.key.json"
    path.write_text(json.dumps({**document, field: changed}), "utf-8")
    with pytest.raises(CourseError, match="wrong passphrase, or the file was changed"):
        people.unlock(path, PASSPHRASE)


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="12 characters"):
        people.make(tmp_path, "short")
    assert list(tmp_path.iterdir()) == []


def test_the_number_of_a_person_follows_from_the_first_key(made: tuple[people.Signer, Path]) -> None:
    signer, _ = made
    assert signer.id == people.number(signer.public)
    assert signer.id.startswith("P-")
    assert len(signer.id) == 8


def test_a_public_file_says_no_more_than_the_public_key(
    made: tuple[people.Signer, Path], tmp_path: Path
) -> None:
    signer, _ = made
    path = people.write_card(tmp_path / "card.json", signer.card)
    assert people.read_card(path) == signer.card
    assert set(json.loads(path.read_text("utf-8"))) == {"format", "person", "public", "proof"}


@pytest.mark.parametrize("field", ["person", "public", "proof"])
def test_a_public_file_changed_on_its_way_is_found(
    made: tuple[people.Signer, Path], tmp_path: Path, field: str
) -> None:
    other, _ = people.make(tmp_path, PASSPHRASE)
    path = people.write_card(tmp_path / "card.json", made[0].card)
    document = {**json.loads(path.read_text("utf-8")), field: getattr(other.card, field)}
    path.write_text(json.dumps(document), "utf-8")
    with pytest.raises(CourseError, match="was changed"):
        people.read_card(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "course-person/1"}', "\x00"])
def test_what_is_no_such_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "thing.json"
    path.write_text(content, "utf-8")
    for read in (people.read_card, people.owner):
        with pytest.raises(CourseError, match=r"thing\.json"):
            read(path)
    with pytest.raises(CourseError, match=r"none\.json"):
        people.read_card(tmp_path / "none.json")


def test_names_are_kept_beside_the_ledger_and_can_be_erased(tmp_path: Path) -> None:
    people.set_name(tmp_path, "P-000001", "  Trần  Thị  Bình ")
    people.set_name(tmp_path, "P-000002", "Another: 'name'")
    assert people.names(tmp_path) == {"P-000001": "Trần Thị Bình", "P-000002": "Another: 'name'"}
    path = tmp_path / people.NAMES
    path.write_text("\n".join(line for line in path.read_text("utf-8").splitlines() if "000001" not in line))
    assert people.names(tmp_path) == {"P-000002": "Another: 'name'"}
    path.write_text("- a list")
    with pytest.raises(CourseError, match=r"people\.yml"):
        people.names(tmp_path)
