"""Appeals: in time, marked anew by another person, decided by somebody without a part in it."""

from __future__ import annotations

from collections.abc import Callable

from autograder.certify.chain import Entry
from autograder.certify.history import History
from autograder.certify.permit_cases import points_problem


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
    return points_problem(entry)


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


REFUSALS: dict[str, Callable[[History, Entry], str | None]] = {
    "appeal": _appeal,
    "regrade": _regrade,
    "appeal-decision": _appeal_decision,
}
