"""Many certificates are made on several cores, the same as one by one, and one that fails stops no other."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import pytest

from autograder.certify import credential, keys, making, pdf, rules, verify
from autograder.certify.explain import explain
from autograder.certify.making import Maker

from .samples import PASSPHRASE, WHEN, signer, vouched


def grants(count: int, bad: int = -1) -> list[credential.Grant]:
    outcomes = [outcome for outcome in explain([], rules.load(), "2026-11-20T08:00:00Z") if outcome.offered]
    return [
        credential.Grant(
            credential.new_id(),
            f"{number:07d}H",
            "김민수" if number == bad else "Nguyễn Thị Ánh" if number % 2 else "",
            outcomes[number % len(outcomes)],
            number,
            WHEN,
        )
        for number in range(count)
    ]


@pytest.mark.slow
def test_many_on_several_cores_are_the_same_as_one_by_one(tmp_path: Path) -> None:
    who = signer(tmp_path / "keys", did="did:web:example.edu.vn")
    wanted = grants(making.FEW + 10, bad=5)
    made = list(Maker(tmp_path / "many", rules.load(), who).make_all(wanted, workers=2))
    assert [one.grant for one in made] == wanted
    assert "Latin letters" in made[5].error
    assert not made[5].path.exists()
    alone = Maker(tmp_path / "alone", rules.load(), who)
    trust = vouched([who.issuer])
    for one in made[:5] + made[6:]:
        data = one.path.read_bytes()
        assert hashlib.sha256(data).hexdigest() == one.sha256 == alone.make(one.grant).sha256
        document = verify.parse(pdf.attached(one.path.with_suffix(".pdf").read_bytes()))
        assert verify.verify(document, trust).verdict == "valid"
        assert credential.dump(document) == data


def test_few_are_made_without_other_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "ProcessPoolExecutor", None)
    who = signer(tmp_path / "keys")
    made = list(Maker(tmp_path / "c", rules.load(), who).make_all(grants(3)))
    assert [one.error for one in made] == ["", "", ""]


def test_a_full_or_closed_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "write", full)
    (one,) = Maker(tmp_path / "c", rules.load(), signer(tmp_path / "keys")).make_all(grants(1))
    assert "No space left on device" in one.error
    assert str(one.path) in one.error


def test_a_signer_goes_to_another_process_and_does_not_print_its_key(tmp_path: Path) -> None:
    who = signer(tmp_path)
    again = pickle.loads(pickle.dumps(who))
    assert again == who == keys.unlock(tmp_path, PASSPHRASE)
    assert who.secret.hex() not in repr(who)
    assert repr(who.secret) not in repr(who)
