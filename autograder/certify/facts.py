"""What one trainee's records say at a given time. Pure, and blind to the order of the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from autograder.certify.chain import Entry
from autograder.certify.dates import days_later
from autograder.certify.history import in_force, trainers
from autograder.certify.rules import Exam


@dataclass(frozen=True)
class Scored:
    """A mark out of 100 with the entry that gave it, and all entries that it rests on."""

    score: float
    entry: Entry
    used: tuple[int, ...]


@dataclass
class Evidence:
    """One state of a project's folder, and who signed it off in which role."""

    entry: Entry
    signers: dict[str, Entry] = field(default_factory=dict)

    def signed_as(self, roles: Iterable[str]) -> dict[str, Entry]:
        """Return those who signed in one of these roles."""
        return {person: sign for person, sign in self.signers.items() if sign.data["role"] in roles}


class Facts:
    """The records of one trainee that were on the ledger at a time.

    Parameters
    ----------
    records
        Entries about the trainee and about the rules, in any order.
    on
        The time, as the ledger writes it; later records are not seen.
    """

    def __init__(self, records: Iterable[Entry], on: str) -> None:
        self.on = on
        seen = sorted((one for one in records if one.time <= on), key=lambda one: one.seq)
        self._by_kind: dict[str, list[Entry]] = {}
        for entry in seen:
            self._by_kind.setdefault(entry.kind, []).append(entry)

    def __bool__(self) -> bool:
        """Return whether there is any record about the trainee."""
        return any(kind != "rules" for kind in self._by_kind)

    def of_kind(self, kind: str) -> list[Entry]:
        """Return the entries of a kind, oldest first."""
        return self._by_kind.get(kind, [])

    # -- marks

    @cached_property
    def corrected(self) -> dict[int, tuple[Entry, Entry]]:
        """Marks that an upheld appeal replaced: number of the entry to the new mark and the decision."""
        filed = {one.data["appeal"]: one for one in self.of_kind("appeal")}
        anew = {one.data["appeal"]: one for one in self.of_kind("regrade")}
        return {
            filed[one.data["appeal"]].data["contested"]: (anew[one.data["appeal"]], one)
            for one in self.of_kind("appeal-decision")
            if one.data["outcome"] == "upheld" and one.data["appeal"] in anew
        }

    def _scored(self, entry: Entry) -> Scored:
        most = entry.data["max_points"]
        if entry.seq in self.corrected:
            anew, decision = self.corrected[entry.seq]
            used = (entry.seq, anew.seq, decision.seq)
            return Scored(percent(anew.data["points"], most), entry, used)
        return Scored(percent(entry.data["points"], most), entry, (entry.seq,))

    @cached_property
    def _marks(self) -> dict[str, list[Scored]]:
        newest: dict[tuple[str, str], Entry] = {}  # an attempt that was graded again has its newest mark
        for entry in self.of_kind("mark"):
            newest[entry.data["assignment"], entry.data["attempt"]] = entry
        found: dict[str, list[Scored]] = {}
        for (assignment, _), entry in newest.items():
            found.setdefault(assignment, []).append(self._scored(entry))
        return found

    def points_on_appeal(self, assignment: str, attempt: str) -> float | None:
        """Return the points that an upheld appeal gave to an attempt, or None."""
        for one in self._marks.get(assignment, ()):
            if one.entry.data["attempt"] == attempt and one.entry.seq in self.corrected:
                return float(self.corrected[one.entry.seq][0].data["points"])
        return None

    def best(self, assignment: str, attempts: int | None) -> Scored | None:
        """Return the best mark among the first `attempts` hand-ins (None: all)."""
        return max(
            (one for one in self._marks.get(assignment, ()) if _counts(one.entry, attempts)),
            key=lambda one: (one.score, one.entry.seq),
            default=None,
        )

    def waiting(self, assignment: str, attempts: int | None) -> int | None:
        """Return the number of the newest hand-in that counts and has no mark yet."""
        marked = {one.entry.data["attempt"] for one in self._marks.get(assignment, ())}
        numbers = [
            entry.data["number"]
            for entry in self.of_kind("attempt")
            if entry.data["assignment"] == assignment
            and entry.data["attempt"] not in marked
            and _counts(entry, attempts)
        ]
        return max(numbers, default=None)

    def handed_in(self, assignment: str) -> int:
        """Return how many hand-ins of an exercise there are."""
        numbers = [e.data["number"] for e in self.of_kind("attempt") if e.data["assignment"] == assignment]
        return max(numbers, default=0)

    # -- exams

    def sat(self, part: str, rules: Exam) -> tuple[list[Scored], list[Scored]]:
        """Return the attempts at an exam that count, and those that do not, in the order they were taken."""
        newest = {e.data["exam"]: e for e in self.of_kind("exam-result") if e.data["part"] == part}
        taken = sorted(newest.values(), key=lambda entry: (entry.data["sat_at"], entry.seq))
        counting: list[Scored] = []
        void: list[Scored] = []
        for entry in taken:
            early = counting and entry.data["sat_at"][:10] < days_later(
                counting[-1].entry.data["sat_at"], rules.wait_days
            )
            full = rules.attempts is not None and len(counting) >= rules.attempts
            (void if early or full else counting).append(self._scored(entry))
        return counting, void

    # -- projects

    @cached_property
    def trainers(self) -> set[str]:
        """Who trained the trainee."""
        return trainers(self.of_kind("training"))

    @cached_property
    def evidence(self) -> list[Evidence]:
        """Every state of every project, oldest first, with its sign-offs that were not withdrawn."""
        found = {
            (entry.data["project"], entry.data["manifest"]): Evidence(entry)
            for entry in self.of_kind("evidence")
        }
        acts = [*self.of_kind("sign-off"), *self.of_kind("sign-off-withdrawn")]
        for act in sorted(acts, key=lambda entry: entry.seq):
            one = found.get((act.data["project"], act.data["manifest"]))
            if one and act.kind == "sign-off":
                one.signers[act.by] = act
            elif one:
                one.signers.pop(act.by, None)
        return list(found.values())

    def counted_before(self, target: str) -> set[str]:
        """Return the projects that earlier decisions on a certificate rested on, if they still stand."""
        used = {
            seq
            for decision in self.of_kind("decision")
            if decision.data["target"] == target and not self.revocation(decision)
            for seq in decision.data["used"]
        }
        return {one.data["project"] for one in self.of_kind("evidence") if one.seq in used}

    # -- decisions

    def last_decision(self, target: str) -> Entry | None:
        """Return the last decision that granted a certificate, revoked or not."""
        return next((one for one in reversed(self.of_kind("decision")) if one.data["target"] == target), None)

    def revocation(self, decision: Entry) -> Entry | None:
        """Return the revocation of a decision, or None."""
        ids = (one for one in self.of_kind("revocation") if one.data["id"] == decision.data["id"])
        return next(ids, None)

    @cached_property
    def overturned(self) -> set[int]:
        """Numbers of the entries against which an appeal was upheld."""
        upheld = {e.data["appeal"] for e in self.of_kind("appeal-decision") if e.data["outcome"] == "upheld"}
        return {one.data["contested"] for one in self.of_kind("appeal") if one.data["appeal"] in upheld}

    def refusal(self, target: str) -> Entry | None:
        """Return the last refusal of a certificate that stands since it was last granted, or None."""
        granted = self.last_decision(target)
        found = [
            one
            for one in self.of_kind("refusal")
            if one.data["target"] == target and one.seq not in self.overturned
        ]
        return found[-1] if found and (granted is None or granted.seq < found[-1].seq) else None

    # -- appeals

    def file_by(self, contested: Entry, default: int) -> str:
        """Return the last day to appeal against an entry, by the rules in force when it was written."""
        rules = self.of_kind("rules")
        entry = in_force(rules, contested.time) or in_force(rules, self.on)
        return days_later(contested.time, entry.data["file_days"] if entry else default)

    def open_appeals(self) -> list[Entry]:
        """Return the appeals that wait for a decision."""
        decided = {one.data["appeal"] for one in self.of_kind("appeal-decision")}
        return [one for one in self.of_kind("appeal") if one.data["appeal"] not in decided]

    def appealed(self, contested: Entry) -> bool:
        """Return whether there is an appeal against an entry."""
        return any(one.data["contested"] == contested.seq for one in self.of_kind("appeal"))


def percent(points: float, most: float) -> float:
    """Return a mark out of 100."""
    return round(100.0 * min(max(points / most, 0.0), 1.0), 6) if most > 0 else 0.0


def _counts(entry: Entry, attempts: int | None) -> bool:
    return attempts is None or int(entry.data["number"]) <= attempts
