"""A grader's desk: which answers there are to mark, in which order, what to see of each, and the mark.

A grader sees no mark of another person, so that whoever marks an answer a second time does it on their own;
only where a difference is settled are both on the desk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.cohort import Cohort, Trainee
from autograder.errors import CourseError
from autograder.gradebook import details
from autograder.manual import set_manual, state_of
from autograder.markings import FIRST, SECOND, SETTLED, Marking, fingerprint, folded, markings, same_person
from autograder.records import entered
from autograder.review.answers import Answer, answers_to, texts
from autograder.review.blind import Blind, masked
from autograder.review.claims import Claims
from autograder.review.graders import THRESHOLD, differing
from autograder.review.sample import Sample
from autograder.review.sheet import language_of_hand_in, sheet
from linelab.cases import load
from linelab.cases.questions import LEVELS, Question
from linelab.trainees import written

OPEN, MINE, DONE, LATER = "open", "mine", "done", "later"


ALL = Sample(share=1.0)


class TakenError(CourseError):
    """Another person has marked the answer."""


@dataclass(frozen=True)
class Session:
    """Who marks, and what for.

    Attributes
    ----------
    grader : str
        The name that is recorded with each mark.
    role : str
        Of `autograder.markings`: the marks that count, second marks, or what settles their differences.
    sample : Sample
        Which answers get a second mark.
    threshold : float
        Points by which two marks may differ before somebody has to settle it.
    names : bool
        Whether trainees are shown by their numbers.
    """

    grader: str
    role: str = FIRST
    sample: Sample = ALL
    threshold: float = THRESHOLD
    names: bool = False


@dataclass(frozen=True)
class Item:
    """An answer on the desk.

    `state` is open, mine, done by another person, or later: its first mark is still to come.
    """

    answer: Answer
    code: str
    state: str


class Desk:
    """What one grader has to mark in one cohort."""

    def __init__(self, cohort: Cohort, session: Session) -> None:
        self.cohort, self.session = cohort, session
        self.blind = Blind(cohort.secret)
        self.claims = Claims(cohort.path, session.grader)

    def items(self, assignment: str, question: str) -> list[Item]:
        """The answers to one question, in this grader's own order."""
        answers, session = answers_to(self.cohort.path, assignment, question), self.session
        if session.role == SECOND:
            drawn = session.sample.drawn(self.blind, answers)
            found = [(answer, self._second_state(answer)) for answer in drawn]
        elif session.role == FIRST:
            found = [(answer, self._first_state(answer)) for answer in answers]
        else:
            apart = {answer.notebook for answer in differing(answers, session.threshold)}
            found = [
                (answer, MINE if answer.settled else OPEN) for answer in answers if answer.notebook in apart
            ]
        who = folded(session.grader)
        kept = [(answer, state) for answer, state in found if state]
        kept.sort(key=lambda x: self.blind.place("order", who, assignment, question, x[0].trainee))
        return [Item(answer, self.name(answer), state) for answer, state in kept]

    def name(self, answer: Answer) -> str:
        """How the trainee is called here."""
        if self.session.names:
            return written(answer.trainee)
        return self.blind.code(answer.assignment, answer.trainee)

    def key(self, question: str, notebook: str) -> str:
        """What is claimed while an answer is read: its first and its second mark are different work."""
        return f"{notebook}-{question}-{self.session.role}"

    def view(self, assignment: str, question: str, notebook: str) -> dict[str, Any]:
        """All that the grader sees of one answer, and `seen`, by which its mark is entered."""
        item, asked = self._item(assignment, question, notebook)
        answer, trainee, session = item.answer, item.answer.trainee, self.session
        if item.state == DONE:
            raise TakenError(f"{item.code}: another grader has marked this answer")
        if item.state == LATER:
            raise CourseError(f"{item.code}: this answer has no first mark yet")
        seen = state_of(self.cohort, trainee, assignment, question, session.role)
        record = entered(self.cohort.path, trainee, assignment)
        found = {detail.question: detail for detail in details(self.cohort, trainee, assignment)}
        language = language_of_hand_in(self.cohort.path, trainee, assignment)
        person = self.cohort.roster().get(trainee, Trainee(trainee))

        def mask(text: str) -> str:
            return text if session.names else masked(text, person)

        shown = sheet(record, asked, load(assignment), found, language, mask)
        given = self._given(answer)
        before = markings(self.cohort.path, assignment).get((trainee, question), [])
        now = fingerprint(record.answers.get(question))
        return shown | {
            "code": item.code,
            "name": person.name if session.names else "",
            "state": item.state,
            "seen": seen,
            "levels": given.levels if given else {},
            "points": given.points if given else answer.points if session.role == FIRST else None,
            "comment": given.comment if given else "" if session.role == SECOND else found[question].comment,
            "most": asked.points,
            "changed": answer.waiting and any(m.answer != now for m in before if m.role != SECOND),
            "marks": [_plainly(m) for m in (answer.first, answer.second) if m]
            if session.role == SETTLED
            else [],
        }

    def mark(
        self,
        assignment: str,
        question: str,
        notebook: str,
        levels: Mapping[str, float],
        comment: str,
        seen: str,
    ) -> dict[str, Any]:
        """Enter the mark that the levels add up to; it comes back in points, with a new `seen`.

        Raises
        ------
        OvertakenError
            If the answer or its mark changed since it was seen.
        """
        item, asked = self._item(assignment, question, notebook)
        if set(levels) != {row.id for row in asked.rubric} or not set(levels.values()) <= set(LEVELS):
            raise CourseError(f"{item.code}: levels: give each row of the rubric one of its levels")
        points = sum(row.points * levels[row.id] for row in asked.rubric)
        trainee, role = item.answer.trainee, self.session.role
        set_manual(
            self.cohort, trainee, assignment, question, points, comment.strip(),
            grader=self.session.grader, levels=levels, role=role, seen=seen,
        )  # fmt: skip
        return {"points": points, "seen": state_of(self.cohort, trainee, assignment, question, role)}

    def _item(self, assignment: str, question: str, notebook: str) -> tuple[Item, Question]:
        asked = {q.id: q for q in texts(assignment)}.get(question)
        items = self.items(assignment, question) if asked else []
        item = next((x for x in items if x.answer.notebook == notebook), None)
        if asked is None or item is None:
            raise CourseError(f"{assignment} {question}: this answer is not among those that you mark")
        return item, asked

    def _first_state(self, answer: Answer) -> str:
        if answer.waiting:
            return OPEN
        # a mark from outside of `course review` is anybody's
        mine = answer.mark is None or (
            answer.mark.role == FIRST and same_person(answer.mark.grader, self.session.grader)
        )
        return MINE if mine else DONE

    def _second_state(self, answer: Answer) -> str:
        if answer.first is None:
            return LATER
        if same_person(answer.first.grader, self.session.grader):
            return ""
        if answer.second is None:
            return OPEN
        return MINE if same_person(answer.second.grader, self.session.grader) else DONE

    def _given(self, answer: Answer) -> Marking | None:
        """The mark that this grader may change: their own, or the settlement."""
        if self.session.role == SETTLED:
            return answer.mark if answer.settled else None
        return answer.second if self.session.role == SECOND else answer.mark


def _plainly(marking: Marking) -> dict[str, Any]:
    return {"levels": marking.levels, "points": marking.points, "comment": marking.comment}
