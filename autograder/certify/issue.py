"""From a signed decision to a certificate: give it a place, sign it, write it; and take it back.

A decision comes from a decider (`decide.py`); here it is carried out, with the issuer's key. The ledger gets
the place in the status list before anything is signed, and the issue after the files are on the disk. What
a crash leaves between the two is finished by the next run with the same identifier and place, so no place is
used twice and no credential exists that the ledger does not know.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from autograder.certify import pdf, register, rulebook, status
from autograder.certify.book import Book
from autograder.certify.chain import Draft
from autograder.certify.chain import Signer as Person
from autograder.certify.credential import Grant
from autograder.certify.explain import Outcome
from autograder.certify.keys import Signer
from autograder.certify.making import Made, Maker
from autograder.certify.register import Credential
from autograder.certify.rules import Rules
from autograder.errors import CourseError

REASONS = ("mistake", "misconduct", "on-request", "replaced", "key-lost")
AT_ONCE = 200  # credentials that go onto the ledger together, once their files are on the disk


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second run of issuing out of this cohort: both would issue the same things."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "issue.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CourseError(f"{folder}: another `course certify issue` is running; wait for it") from error
        yield


def plan(book: Book, trainees: Container[str] | None = None) -> list[Credential]:
    """Return what was decided for these trainees (by default all) and is neither issued nor revoked.

    Nothing is issued any more to a trainee whose data were erased.
    """
    return [
        one
        for one in register.read(book.entries()).values()
        if one.sha256 is None
        and one.revoked is None
        and one.trainee not in book.history.erased
        and (trainees is None or one.trainee in trainees)
    ]


class Issuing:
    """Carries out decisions for one cohort with one unlocked key.

    Parameters
    ----------
    folder
        Where the credentials go.
    names
        Returns the name of a trainee who consented to have it in the credential.
    """

    def __init__(self, folder: Path, book: Book, signer: Signer, names: Callable[[str], str]) -> None:
        self.folder = folder
        self.book = book
        self.signer = signer
        self.names = names
        self._used = status.used_indices(book.entries(), signer.issuer)

    def issue(
        self, plans: Iterable[Credential], named: Container[str] = ()
    ) -> Iterator[tuple[Credential, Path | CourseError]]:
        """Issue each; yields it with its JSON file, or with the reason why it was not issued.

        One that cannot be issued does not stop the others.

        Parameters
        ----------
        plans
            What `plan` gave.
        named
            Trainees who consented to have their name in it.
        """
        ready: list[Credential] = []
        drafts: list[Draft] = []
        for one in plans:
            try:
                if one.place is None or one.place["status_list"] != self.signer.issuer.status_list:
                    one.place = self._place(one, one.trainee in named)
                    drafts.append(("allotment", one.place))
                ready.append(one)
            except CourseError as error:
                yield one, error
        self.book.append_all(drafts)
        batches: dict[str, list[tuple[Credential, Grant]]] = {}  # by the rules that they were decided under
        for one in ready:
            digest = one.decision["rules_sha256"]
            try:
                grant = self._grant(one, rulebook.by_digest(self.book, digest))
                batches.setdefault(digest, []).append((one, grant))
            except CourseError as error:
                yield one, error
        for digest, batch in batches.items():
            yield from self._make(batch, rulebook.by_digest(self.book, digest))

    def _make(
        self, batch: list[tuple[Credential, Grant]], rules: Rules
    ) -> Iterator[tuple[Credential, Path | CourseError]]:
        maker = Maker(self.folder, rules, self.signer)
        made = zip([one for one, _ in batch], maker.make_all([grant for _, grant in batch]), strict=True)
        while some := list(islice(made, AT_ONCE)):
            yield from self._record(some)

    def _record(self, made: list[tuple[Credential, Made]]) -> Iterator[tuple[Credential, Path | CourseError]]:
        written: list[tuple[Credential, Path, Draft]] = []
        for one, file in made:
            if file.error:
                yield one, CourseError(file.error)
                continue
            draft = ("issue", {"trainee": one.trainee, "id": one.id, "sha256": file.sha256})
            written.append((one, file.path, draft))
        try:
            self.book.append_all([draft for _, _, draft in written])
        except CourseError:  # one of them was revoked meanwhile: the others go on
            for one, path, draft in written:
                yield one, self._recorded(draft) or path
        else:
            yield from ((one, path) for one, path, _ in written)

    def _recorded(self, draft: Draft) -> CourseError | None:
        try:
            self.book.append(*draft)
        except CourseError as error:
            return error
        return None

    def _place(self, one: Credential, named: bool) -> dict[str, Any]:
        if named and not self.names(one.trainee):
            raise CourseError(f"roster.csv: {one.trainee}: name: empty; fill it in, or leave --with-name out")
        if named and not pdf.settable(self.names(one.trainee)):
            raise CourseError(
                f"roster.csv: {one.trainee}: name: has letters that the certificate's font lacks; write it "
                f"in Latin letters, or leave --with-name out"
            )
        index = status.free_index(self._used)
        self._used.add(index)
        return {
            "trainee": one.trainee,
            "id": one.id,
            "named": named,  # the name itself stays out: the ledger keeps nothing that must be erased
            "status_list": self.signer.issuer.status_list,
            "status_index": index,
        }

    def _grant(self, one: Credential, rules: Rules) -> Grant:
        decision, place = one.decision, one.place
        assert place is not None
        name = self.names(one.trainee) if place["named"] else ""
        if place["named"] and not name:
            raise CourseError(f"roster.csv: {one.trainee}: name: empty by now; revoke {one.id} or fill it in")
        level = rules.level(decision["level"])
        title = rules.title(level, decision["target"])
        until = decision.get("valid_until")
        return Grant(
            id=one.id,
            trainee=one.trainee,
            name=name,
            outcome=Outcome(level.id, decision["target"], title, True, (), tuple(decision["attempts"])),
            status_index=place["status_index"],
            valid_from=datetime.fromisoformat(decision["valid_from"]),
            valid_until=datetime.fromisoformat(until) if until else None,
        )


def revoke(book: Book, name: str, why: str, signer: Person) -> Credential:
    """Record a decider's revocation of a credential; the status list shows it once published again."""
    known = register.read(book.entries())
    wanted = f"urn:uuid:{Path(name).stem.removeprefix('urn:uuid:')}"
    if wanted not in known:
        raise CourseError(f"{name}: the ledger knows no such credential; give the certificate number")
    held = known[wanted]
    if held.revoked is not None:
        raise CourseError(f"{name}: is revoked already ({held.revoked})")
    data = {"trainee": held.trainee, "id": wanted, "why": why}
    if held.place:
        data |= {field: held.place[field] for field in ("status_list", "status_index")}
    book.append("revocation", data, signer)
    held.revoked = why
    return held
