"""What trainees show and what is decided on it: why an entry about that is refused."""

from __future__ import annotations

from collections.abc import Callable

from autograder.certify.chain import Entry
from autograder.certify.dates import months_later
from autograder.certify.entries import about
from autograder.certify.fields import EVERYBODY, REGISTRAR, TRAINER
from autograder.certify.history import History

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
    return points_problem(entry)


def points_problem(entry: Entry) -> str | None:
    """Return what is wrong with the points of an entry, or None."""
    if entry.data["points"] > entry.data["max_points"]:
        return f"{entry.kind}: {entry.data['points']:g} points of {entry.data['max_points']:g}"
    return None


def _exam(history: History, entry: Entry) -> str | None:
    data = entry.data
    sitting, name = history.sittings.get((data["exam"], data["part"])), f"{data['exam']} ({data['part']})"
    if data["event"] == "open" and sitting is not None:
        return f"exam: {name} was opened in line {sitting.opened.seq}; give the new sitting another code"
    if data["event"] == "close" and sitting is None:
        return f"exam: no sitting {name} was opened"
    if data["event"] == "close" and sitting is not None and sitting.closed is not None:
        return f"exam: {name} was closed in line {sitting.closed.seq}"
    return _trained_by(history, entry)


def _exam_result(history: History, entry: Entry) -> str | None:
    data = entry.data
    sitting = history.sittings.get((data["exam"], data["part"]))
    if sitting is None:
        return f"exam-result: no sitting {data['exam']} ({data['part']}) was opened"
    named = sitting.opened.data.get("trainees", [EVERYBODY])
    if EVERYBODY not in named and data["trainee"] not in named:
        return f"exam-result: {data['trainee']} is not among the candidates of {data['exam']}"
    if sitting.closed is not None and data["sat_at"] > sitting.closed.time:
        return f"exam-result: {data['exam']} was closed at {sitting.closed.time}, before {data['sat_at']}"
    return _trained_by(history, entry) or points_problem(entry)


def _trained_by(history: History, entry: Entry) -> str | None:
    """Return whom of the candidates the examiner trained, or None."""
    own = next((one for one in about(entry.data) if entry.by in history.trained(one)), None)
    return (
        f"{entry.kind}: {entry.by} trained {own} and cannot examine them; another examiner can"
        if own
        else None
    )


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
    if not data["valid_from"] <= entry.time < months_later(data["valid_from"], 1):
        return "decision: valid_from is not the time of the decision"
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


REFUSALS: dict[str, Callable[[History, Entry], str | None]] = {
    "training": _training,
    "mark": _mark,
    "exam": _exam,
    "exam-result": _exam_result,
    "sign-off": _sign_off,
    "sign-off-withdrawn": _sign_off,
    "decision": _grant,
    "refusal": _decision,
    "allotment": _allotment,
    "issue": _issue,
    "revocation": _revocation,
}
