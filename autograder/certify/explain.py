"""Say which certificates a trainee's records have earned, and why or why not. A pure function.

The rules given are applied to all records that were on the ledger at the time given. A certificate that was
granted stays granted whatever rules came later, until it ends or is revoked. The best mark of each module
counts, so neither the order of the records nor a worse attempt afterwards changes the outcome; an attempt
that was graded again has its newest mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from autograder.certify.chain import Entry
from autograder.certify.dates import months_later
from autograder.certify.facts import Facts
from autograder.certify.parts import Requirement, prior, requirements, say
from autograder.certify.rules import Level, Rules, Text


@dataclass(frozen=True)
class Outcome:
    """What one certificate asks for and whether it is earned.

    Attributes
    ----------
    target : str
        A module id for the level ``module``, and the level's own id otherwise.
    attempts : tuple of str
        Digests of the attempts whose marks were used.
    holds : bool
        Whether the certificate was granted and neither has ended nor was revoked.
    notes : tuple of Text
        What became of it so far: granted, expired, revoked, refused.
    renews : str
        The decision that would be prolonged, if any.
    """

    level: str
    target: str
    title: Text
    offered: bool
    requirements: tuple[Requirement, ...]
    attempts: tuple[str, ...]
    holds: bool = False
    notes: tuple[Text, ...] = ()
    renews: str = ""

    @property
    def met(self) -> bool:
        """Return whether everything asked for is there."""
        return self.offered and all(requirement.met for requirement in self.requirements)

    @property
    def due(self) -> bool:
        """Return whether a decider can decide: all is there, and it is not held, or can be renewed."""
        return self.met and (not self.holds or bool(self.renews))

    @property
    def used(self) -> tuple[int, ...]:
        """Return the numbers of the entries that it rests on."""
        return tuple(sorted({seq for requirement in self.requirements for seq in requirement.used}))


def explain(records: Iterable[Entry], rules: Rules, on: str) -> list[Outcome]:
    """Apply the rules to one trainee's records as they were at the time `on`."""
    return explain_facts(Facts(records, on), rules)


def explain_facts(facts: Facts, rules: Rules) -> list[Outcome]:
    """Apply the rules to facts."""
    outcomes: dict[str, Outcome] = {}
    for level in rules.levels:
        for target in [module.id for module in rules.modules] if level.id == "module" else [level.id]:
            outcomes[target] = _outcome(facts, rules, level, target, outcomes)
    return list(outcomes.values())


def _outcome(facts: Facts, rules: Rules, level: Level, target: str, before: dict[str, Outcome]) -> Outcome:
    title = rules.title(level, target)
    last = facts.last_decision(target)
    revoked = facts.revocation(last) if last else None
    live = last if last and not revoked else None
    until = live.data.get("valid_until", "") if live else ""
    holds = live is not None and (not until or until > facts.on)
    notes = list(_notes(facts, rules, target, live, revoked, holds))
    if not level.offered:
        note = Requirement(False, say("not_offered", about=level.about))
        return Outcome(level.id, target, title, False, (note,), (), holds, tuple(notes))
    renews = live.data["id"] if live and until else ""
    needs = level.renewal.needs if renews and level.renewal else level.needs
    asked = list(requirements(facts, rules, target, needs, before))
    if level.needs.level and not needs.level:
        asked.insert(0, prior(facts, rules, level.needs.level, before))
    if live and renews:
        opens = months_later(until, -(level.renewal.opens_months if level.renewal else 0))[:10]
        if facts.on[:10] < opens:
            asked.append(Requirement(False, say("renewal_opens", date=opens), (live.seq,), say("next_renew")))
    used = {seq for requirement in asked for seq in requirement.used}
    attempts = tuple(
        entry.data["attempt"]
        for kind in ("mark", "exam-result")
        for entry in facts.of_kind(kind)
        if entry.seq in used
    )
    return Outcome(level.id, target, title, True, tuple(asked), attempts, holds, tuple(notes), renews)


def _notes(
    facts: Facts, rules: Rules, target: str, live: Entry | None, revoked: Entry | None, holds: bool
) -> Iterator[Text]:
    """What became of the certificate so far."""
    until = live.data.get("valid_until", "") if live else ""
    if live and until:
        yield say("held_until" if holds else "expired", date=live.time[:10], until=until[:10])
    elif live:
        yield say("held", date=live.time[:10])
    elif revoked:
        yield say("revoked", date=revoked.time[:10])
    refusal = facts.refusal(target)
    if refusal:
        by = facts.file_by(refusal, rules.file_days)
        yield say("refused", date=refusal.time[:10], until=by)
