"""Who may do what: the reasons for which an entry is refused, when it is written and whenever it is read."""

from __future__ import annotations

from collections.abc import Callable

from autograder.certify import people
from autograder.certify.entries import ACTING, AUDITOR, DECIDER, EVERYBODY, KINDS, REGISTRAR, TRAINER, about
from autograder.certify.history import History, Person
from autograder.certify.ledger import Entry

AFTER_ERASURE = ("revocation", "erasure")


def problem(history: History, entry: Entry) -> str | None:
    """Return why this entry may not follow the history, or None.

    What is asked: a person acts in a role they have, on somebody else, having had no part in what they
    decide on. The signature itself is `signature_problem`'s matter.
    """
    kind, person = KINDS[entry.kind], history.people.get(entry.by)
    first = entry.kind == "person" and not history.people
    if kind.roles and not first:
        if person is None:
            return f"{entry.kind}: " + (
                f"{entry.by} is not on the list of people" if entry.by else "is not signed"
            )
        if not person.roles & kind.roles:
            asked = " or ".join(sorted(kind.roles & ACTING))
            return f"{entry.kind}: {entry.by} is no {asked}"
        if person.is_trainee and person.is_trainee in about(entry.data):
            return f"{entry.kind}: {entry.by} is {person.is_trainee}, and nobody acts on their own case"
    elif not kind.roles and entry.by:
        return f"{entry.kind}: is noted by the software, not by a person"
    if entry.kind not in AFTER_ERASURE:
        gone = next((one for one in about(entry.data) if one in history.erased), None)
        if gone:
            return f"{entry.kind}: the data of {gone} were erased"
    special = _SPECIAL.get(entry.kind)
    return special(history, entry) if special else None


def signature_problem(history: History, entry: Entry) -> str | None:
    """Return what is wrong with an entry's signature, or None."""
    if not entry.by:
        return f"{entry.kind}: has a signature and no author" if entry.sig else None
    content = entry.signed_content()
    person = history.people.get(entry.by)
    if person is None:
        if entry.kind != "person" or history.people:
            return f"{entry.kind}: {entry.by} is not on the list of people"
        good = people.is_signed(content, entry.sig, entry.data["public"])  # the first vouches for itself
        return None if good else f"{entry.kind}: the signature of {entry.by} is wrong"
    if person.key and people.is_signed(content, entry.sig, person.key.public):
        return None
    for old in person.keys:
        if people.is_signed(content, entry.sig, old.public):
            gone = f"replaced in line {old.until}" if old.until else "reported lost"
            return f"{entry.kind}: {entry.by} signed with a key that was {gone}"
    if person.lost:
        return f"{entry.kind}: the key of {entry.by} was reported lost; a registrar gives a new one"
    return f"{entry.kind}: the signature of {entry.by} is wrong"


# -- people and rules


def _person(history: History, entry: Entry) -> str | None:
    data = entry.data
    if data["person"] in history.people:
        return f"person: {data['person']} is there already"
    if data["person"] != people.number(data["public"]):
        return f"person: {data['person']} is not the number of that key"
    if not history.people and (entry.by != data["person"] or REGISTRAR not in data["roles"]):
        return f"person: the first person on a ledger is a {REGISTRAR}, who adds the others"
    return _new_key(history, data["person"], data["public"], data["proof"]) or _roles(data["roles"])


def _person_roles(history: History, entry: Entry) -> str | None:
    person = history.people.get(entry.data["person"])
    if person is None:
        return f"person-roles: {entry.data['person']} is not on the list of people"
    if REGISTRAR not in entry.data["roles"] and not _registrars(history, but=person):
        return f"person-roles: {person.id} is the last {REGISTRAR}; make another one first"
    return _roles(entry.data["roles"])


def _person_key(history: History, entry: Entry) -> str | None:
    data = entry.data
    person = history.people.get(data["person"])
    if person is None:
        return f"person-key: {data['person']} is not on the list of people"
    if not person.lost:
        if entry.by != person.id:
            return f"person-key: only {person.id} replaces that key, unless two others report it lost"
    elif entry.by == person.id or not history.people[entry.by].roles & _replacers(history, person):
        return f"person-key: the key was reported lost; a {REGISTRAR} gives {person.id} a new one"
    return _new_key(history, person.id, data["public"], data["proof"])


def _person_key_lost(history: History, entry: Entry) -> str | None:
    person = history.people.get(entry.data["person"])
    if person is None:
        return f"person-key-lost: {entry.data['person']} is not on the list of people"
    if entry.by == person.id:
        return "person-key-lost: whoever still has the key replaces it; the report is for two others"
    if entry.by in person.lost_by:
        return f"person-key-lost: {entry.by} reported it already; another person has to"
    return None


def _new_key(history: History, person: str, public: str, proof: str) -> str | None:
    if any(key.public == public for one in history.people.values() for key in one.keys):
        return "key: was used before; make a new one"
    if not people.is_owned(person, public, proof):
        return f"key: its owner did not show to have it; {person} has to make the file anew"
    return None


def _roles(roles: list[str]) -> str | None:
    if AUDITOR in roles and len(roles) > 1:
        return f"roles: an {AUDITOR} acts on nothing and has no other role"
    return None


def _registrars(history: History, but: Person) -> list[str]:
    return [
        one.id
        for one in history.people.values()
        if REGISTRAR in one.roles and not one.lost and one.id != but.id
    ]


def _replacers(history: History, person: Person) -> set[str]:
    return {REGISTRAR} if _registrars(history, but=person) else {DECIDER}


def _rules(history: History, entry: Entry) -> str | None:
    data = entry.data
    if data["from"] < entry.time[:10]:
        return f"rules: from {data['from']}: rules do not reach back before {entry.time[:10]}"
    for known in history.rules:
        if known.data["from"] > data["from"]:
            return f"rules: {known.data['rules']} come into force later, on {known.data['from']}"
        if known.data["rules"] == data["rules"]:
            return f"rules: there are rules {data['rules']} already; give changed ones a new version"
    return None


# -- what trainees show


def _training(history: History, entry: Entry) -> str | None:
    trainer = history.people.get(entry.data["trainer"])
    if trainer is None or TRAINER not in trainer.roles:
        return f"training: {entry.data['trainer']} is no trainer"
    if entry.by != trainer.id and REGISTRAR not in history.people[entry.by].roles:
        return f"training: {trainer.id} or a {REGISTRAR} says that"
    return None


def _mark(history: History, entry: Entry) -> str | None:
    data = entry.data
    if (data["trainee"], data["assignment"], data["attempt"]) not in history.attempts:
        return f"mark: the attempt {data['attempt'][:12]}… of {data['trainee']} is not on record"
    return _points(entry)


def _points(entry: Entry) -> str | None:
    if entry.data["points"] > entry.data["max_points"]:
        return f"{entry.kind}: {entry.data['points']:g} points of {entry.data['max_points']:g}"
    return None


def _exam_result(history: History, entry: Entry) -> str | None:
    data = entry.data
    if (data["exam"], data["part"]) not in history.sittings:
        return f"exam-result: no sitting {data['exam']} ({data['part']}) was opened"
    return _points(entry)


def _sign_off(history: History, entry: Entry) -> str | None:
    data = entry.data
    known = any(
        one.kind == "evidence" and all(one.data[x] == data[x] for x in ("project", "manifest"))
        for one in history.of(data["trainee"])
    )
    if not known:
        return f"{entry.kind}: {data['trainee']} has no such evidence of project {data['project']}"
    if data.get("role") and data["role"] not in history.people[entry.by].roles:
        return f"sign-off: {entry.by} is no {data['role']}"
    return None


# -- decisions


def _decision(history: History, entry: Entry) -> str | None:
    data = entry.data
    trainee, target = data["trainee"], data["target"]
    if data["level"] != ("module" if target.startswith("w") else target):
        return f"{entry.kind}: {target} is no certificate of the level {data['level']}"
    deed = history.involved(trainee).get(entry.by)
    if deed:
        return f"{entry.kind}: {entry.by} {deed} {trainee} and cannot decide on it; another decider can"
    rules = history.rules_at(entry.time)
    if rules is None or rules.data["rules_sha256"] != data["rules_sha256"]:
        return f"{entry.kind}: rules {data['rules']} are not in force"
    for seq in data["used"]:
        used = history.entry(seq)
        if used is None or not {trainee, EVERYBODY} & set(about(used.data)):
            return f"{entry.kind}: entry {seq} is not about {trainee}"
    return None


def _grant(history: History, entry: Entry) -> str | None:
    data = entry.data
    if data["id"] in history.decisions:
        return f"decision: the number {data['id']} is taken"
    before = history.latest.get((data["trainee"], data["target"]))
    if before is not None and before.data["id"] in history.revocations:
        before = None
    if before is not None and "valid_until" not in before.data:
        return f"decision: {data['trainee']} holds {data['target']} already"
    if data.get("renews") != (before.data["id"] if before else None):
        return f"decision: {data['trainee']} had {data['target']} granted before; only its renewal can follow"
    if data.get("valid_until", "9999") <= data["valid_from"]:
        return "decision: valid_until is not after valid_from"
    return _decision(history, entry)


def _allotment(history: History, entry: Entry) -> str | None:
    data = entry.data
    if (data["status_list"], data["status_index"]) in history.indices:
        return f"allotment: place {data['status_index']} of the status list is taken"
    if data["id"] in history.issues:
        return f"allotment: {data['id']} is issued already"
    return _decided(history, entry)


def _issue(history: History, entry: Entry) -> str | None:
    if entry.data["id"] not in history.allotments or entry.data["id"] in history.issues:
        return f"issue: {entry.data['id']} has no place in a status list, or is issued already"
    return _decided(history, entry)


def _revocation(history: History, entry: Entry) -> str | None:
    data = entry.data
    place = history.allotments.get(data["id"])
    names = ("status_list", "status_index")
    if [data.get(name) for name in names] != [place.data[name] if place else None for name in names]:
        return f"revocation: that is not the place of {data['id']} in the status list"
    return _decided(history, entry)


def _decided(history: History, entry: Entry) -> str | None:
    decision = history.decisions.get(entry.data["id"])
    if decision is None or decision.data["trainee"] != entry.data["trainee"]:
        return f"{entry.kind}: nobody decided {entry.data['id']} for {entry.data['trainee']}"
    if entry.data["id"] in history.revocations:
        return f"{entry.kind}: {entry.data['id']} is revoked"
    return None


# -- appeals


def _appeal(history: History, entry: Entry) -> str | None:
    data = entry.data
    contested = history.entry(data["contested"])
    if contested is None or contested.data.get("trainee") != data["trainee"]:
        return f"appeal: entry {data['contested']} is not about {data['trainee']}"
    if subject(contested) != data["subject"]:
        return f"appeal: entry {contested.seq} is not about {data['subject']}"
    if data["appeal"] != len(history.appeals) + 1:
        return f"appeal: the next number is {len(history.appeals) + 1}"
    if any(one.data["contested"] == contested.seq for one in history.appeals.values()):
        return f"appeal: there is one against entry {contested.seq} already"
    if data["file_by"] != history.file_by(contested, entry.time):
        return f"appeal: file_by is not {data['file_by']} by the rules"
    if entry.time[:10] > data["file_by"]:
        return f"appeal: was to be filed by {data['file_by']}; it is {entry.time[:10]}"
    if data["decide_by"] != history.decide_by(entry.time):
        return f"appeal: decide_by is not {data['decide_by']} by the rules"
    return None


def _regrade(history: History, entry: Entry) -> str | None:
    reason = _open_appeal(history, entry)
    if reason:
        return reason
    appeal = history.appeals[entry.data["appeal"]]
    contested = history.entries[appeal.data["contested"] - 1]
    if contested.kind not in ("mark", "exam-result"):
        return "regrade: a decision is not marked anew; a decider decides the appeal"
    if appeal.regrade:
        return f"regrade: {appeal.regrade.by} marked it anew already; a decider decides the appeal"
    if entry.by in markers(contested):
        return f"regrade: {entry.by} gave the mark that is appealed; another person marks it anew"
    if entry.data["max_points"] != contested.data["max_points"]:
        return f"regrade: the mark is out of {contested.data['max_points']:g} points"
    return _points(entry)


def _appeal_decision(history: History, entry: Entry) -> str | None:
    reason = _open_appeal(history, entry)
    if reason:
        return reason
    appeal = history.appeals[entry.data["appeal"]]
    contested = history.entries[appeal.data["contested"] - 1]
    deed = history.involved(entry.data["trainee"]).get(entry.by)
    if deed or entry.by == contested.by:
        did = f"{deed} {entry.data['trainee']}" if deed else "made the decision that is appealed"
        return f"appeal-decision: {entry.by} {did} and cannot decide; another decider can"
    if contested.kind not in ("mark", "exam-result"):
        return None
    if appeal.regrade is None:
        return "appeal-decision: another person has to mark it anew first: course appeal regrade"
    better = appeal.regrade.data["points"] > contested.data["points"]
    if better != (entry.data["outcome"] == "upheld"):
        return (
            f"appeal-decision: marked anew it has {appeal.regrade.data['points']:g} points, before "
            f"{contested.data['points']:g}: more means upheld, else it is rejected"
        )
    return None


def _open_appeal(history: History, entry: Entry) -> str | None:
    appeal = history.appeals.get(entry.data["appeal"])
    if appeal is None or appeal.data["trainee"] != entry.data["trainee"]:
        return f"{entry.kind}: {entry.data['trainee']} has no appeal {entry.data['appeal']}"
    if appeal.decision:
        return f"{entry.kind}: appeal {entry.data['appeal']} was decided in line {appeal.decision.seq}"
    return None


def subject(entry: Entry) -> str | None:
    """Return what an appeal against this entry is about; None if there is no appeal against it."""
    if entry.kind == "mark":
        return str(entry.data["assignment"])
    if entry.kind == "exam-result":
        return str(entry.data["part"])
    return "decision" if entry.kind in ("refusal", "revocation") else None


def markers(entry: Entry) -> set[str]:
    """Return the people who gave a mark."""
    return set(entry.data["marked_by"]) if entry.kind == "mark" else {entry.by}


_SPECIAL: dict[str, Callable[[History, Entry], str | None]] = {
    "person": _person,
    "person-roles": _person_roles,
    "person-key": _person_key,
    "person-key-lost": _person_key_lost,
    "rules": _rules,
    "training": _training,
    "mark": _mark,
    "exam-result": _exam_result,
    "sign-off": _sign_off,
    "sign-off-withdrawn": _sign_off,
    "decision": _grant,
    "refusal": _decision,
    "allotment": _allotment,
    "issue": _issue,
    "revocation": _revocation,
    "appeal": _appeal,
    "regrade": _regrade,
    "appeal-decision": _appeal_decision,
}
