"""One issuer with its key, and one credential that it signed."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.certify import credential, keys, status

from .samples import PASSPHRASE, Signed, make, vouched


@pytest.fixture(scope="session")
def issuer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    keys.generate(folder, "Lớp thử nghiệm", "http://localhost:8000/", PASSPHRASE)
    return folder


@pytest.fixture(scope="session")
def signer(issuer_folder: Path) -> keys.Signer:
    return keys.unlock(issuer_folder, PASSPHRASE)


@pytest.fixture(scope="session")
def signed(signer: keys.Signer) -> Signed:
    document = make(signer)
    listed = status.build([], signer)
    trust = vouched([signer.issuer], {listed["id"]: listed})
    return Signed(document, credential.dump(document), signer, trust, 4711)
