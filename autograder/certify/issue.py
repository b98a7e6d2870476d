"""From a decision to a certificate: record it, sign it, write it; and take it back.

The ledger gets the decision, with identifier and status index, before anything is signed, and the issue
after the files are on the disk. What a crash leaves between the two is finished by the next run with
the same identifier, so no index is used twice and no credential exists that the ledger does not know.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.certify import credential, pdf, register, status
from autograder.certify.explain import Marked, Outcome, explain
from autograder.certify.keys import Signer
from autograder.certify.ledger import Ledger
from autograder.certify.making import Maker
from autograder.certify.rules import Rules
from autograder.errors import CourseError


@dataclass(frozen=True)
class Plan:
    """What one run of issuing will do: one item for each credential, decided anew or left from a crash."""

    trainee: str
    outcome: Outcome
    pending: dict[str, Any] | None = None  # a decision that was recorded and not carried out


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second run of issuing out of this cohort: both would decide the same things."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "issue.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CourseError(f"{folder}: another `course certify issue` is running; wait for it") from error
        yield


def plan(
    trainees: Iterable[str], marks: Iterable[Marked], rules: Rules, ledger: Ledger, again: bool = False
) -> list[Plan]:
    """Return what the rules say is earned and not yet held; revoked ones only with `again`."""
    by_trainee: dict[str, list[Marked]] = {}
    for mark in marks:
        by_trainee.setdefault(mark.trainee, []).append(mark)
    known: dict[tuple[str, str], register.Credential] = {}
    for held in register.read(ledger.entries()).values():
        known[held.key] = held  # the latest one counts
    plans = []
    for trainee in trainees:
        for outcome in explain(by_trainee.get(trainee, []), rules):
            held_now = known.get((trainee, outcome.target))
            if held_now is None or (held_now.revoked is not None and again):
                if outcome.met:
                    plans.append(Plan(trainee, outcome))
            elif held_now.sha256 is None and held_now.revoked is None:
                plans.append(Plan(trainee, outcome, held_now.decision))
    return plans


class Issuing:
    """Carries out plans for one cohort with one unlocked key.

    Parameters
    ----------
    folder
        Where the credentials go.
    names
        Returns the name of a trainee who consented to have it in the credential.
    """

    def __init__(
        self, folder: Path, ledger: Ledger, rules: Rules, signer: Signer, names: Callable[[str], str]
    ) -> None:
        self.folder = folder
        self.ledger = ledger
        self.rules = rules
        self.signer = signer
        self.names = names
        self._used = status.used_indices(ledger.entries(), signer.issuer)

    def issue(
        self, plans: Iterable[Plan], decided_by: str, named: Container[str] = ()
    ) -> Iterator[tuple[Plan, Path | CourseError]]:
        """Record the decisions, sign, write JSON and PDF, record the issues.

        Yields each plan with its JSON file, or with the reason why it was not issued, which does not stop
        the others.
        """
        ready: list[tuple[Plan, credential.Grant]] = []
        for item in plans:
            try:
                ready.append((item, self._grant(item, decided_by, item.trainee in named)))
            except CourseError as error:
                yield item, error
        maker = Maker(self.folder, self.rules, self.signer)
        made = maker.make_all([grant for _, grant in ready])
        for (item, _), one in zip(ready, made, strict=True):
            if one.error:
                yield item, CourseError(one.error)
            else:
                self.ledger.append("issue", {"id": one.grant.id, "sha256": one.sha256})
                yield item, one.path

    def _grant(self, item: Plan, decided_by: str, named: bool) -> credential.Grant:
        decision = item.pending or self._decide(item, decided_by, named)
        if decision["rules_sha256"] != self.rules.digest:
            raise CourseError(
                f"{decision['id']}: was decided under other rules and never issued; "
                f"revoke it, then issue with --again"
            )
        if decision["status_list"] != self.signer.issuer.status_list:
            raise CourseError(
                f"{decision['id']}: was decided for an earlier key; revoke it, then issue with --again"
            )
        return credential.Grant(
            id=decision["id"],
            trainee=item.trainee,
            name=self.names(item.trainee) if decision["named"] else "",
            outcome=item.outcome,
            status_index=decision["status_index"],
            valid_from=datetime.fromisoformat(decision["valid_from"]),
        )

    def _decide(self, item: Plan, decided_by: str, named: bool) -> dict[str, Any]:
        if named and not self.names(item.trainee):
            raise CourseError(
                f"roster.csv: {item.trainee}: name: empty; fill it in, or leave --with-name out"
            )
        if named and not pdf.settable(self.names(item.trainee)):
            raise CourseError(
                f"roster.csv: {item.trainee}: name: has letters that the certificate's font lacks; write it "
                f"in Latin letters, or leave --with-name out"
            )
        index = status.free_index(self._used)
        self._used.add(index)
        decision = {
            "id": credential.new_id(),
            "trainee": item.trainee,
            "level": item.outcome.level,
            "target": item.outcome.target,
            "decided_by": decided_by,
            "rules": self.rules.version,
            "rules_sha256": self.rules.digest,
            "attempts": list(item.outcome.attempts),
            "named": named,  # the name itself stays out: the ledger keeps nothing that must be erased
            "status_list": self.signer.issuer.status_list,
            "status_index": index,
            "valid_from": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        self.ledger.append("decision", decision)
        return decision


def revoke(ledger: Ledger, name: str, reason: str) -> register.Credential:
    """Record the revocation of a credential; the status list shows it once published again."""
    known = register.read(ledger.entries())
    wanted = f"urn:uuid:{Path(name).stem.removeprefix('urn:uuid:')}"
    if wanted not in known:
        raise CourseError(f"{name}: the ledger knows no such credential; give the certificate number")
    held = known[wanted]
    if held.revoked is not None:
        raise CourseError(f"{name}: is revoked already ({held.revoked})")
    if not reason.strip():
        raise CourseError("--reason: empty; say why the credential is revoked")
    data = {
        "id": wanted,
        "reason": reason.strip(),
        "status_list": held.decision["status_list"],
        "status_index": held.decision["status_index"],
    }
    ledger.append("revocation", data)
    held.revoked = reason.strip()
    return held
