"""What `course review` says and does without a browser: what waits, one mark, and how well graders agree."""

from __future__ import annotations

from collections.abc import Iterator

from autograder.cohort import Cohort
from autograder.errors import CourseError
from autograder.gradebook import judged
from autograder.manual import set_manual
from autograder.markings import FIRST, SETTLED
from autograder.review.answers import reviewed, texts
from autograder.review.blind import Blind
from autograder.review.desk import OPEN, Desk, Session
from autograder.review.graders import Agreement, Interval, agreement, differing
from linelab.trainees import normalise, written


def waiting(desk: Desk, problems: list[str]) -> list[str]:
    """A line for each answer that waits for this grader; what is not judged goes into `problems`."""
    if desk.session.role != FIRST:
        return [
            f"{item.code} {item.answer.assignment} {item.answer.question}: of {most:g} points"
            for assignment, question, most in _asked(desk)
            for item in desk.items(assignment, question)
            if item.state == OPEN
        ]
    said: list[str] = []
    found = [
        f"{_called(desk, mark.trainee, mark.assignment)} {mark.assignment} {detail.question}: "
        f"of {detail.max_points:g} points"
        for mark, details in judged(desk.cohort, said)
        for detail in details
        if detail.waiting
    ]
    problems += said
    return found


def enter(desk: Desk, given: str, assignment: str, question: str, points: float, comment: str) -> str:
    """Enter one mark; `given` is a trainee's number or blind name. Returns the line to say."""
    trainee = trainee_of(desk.cohort, given, assignment)
    session = desk.session
    answers = {(a.trainee, a.question): a for a in reviewed(desk.cohort) if a.assignment == assignment}
    answer = answers.get((trainee, question))
    if session.role == SETTLED and not (answer and answer.first and answer.second):
        raise CourseError(f"{given} {assignment} {question}: has no two marks to settle; leave out --settle")
    before = answer.mark if answer else None
    set_manual(
        desk.cohort, trainee, assignment, question, points, comment,
        grader=session.grader, role=session.role,
    )  # fmt: skip
    instead = (
        f", in place of {before.points:g} by {before.grader}" if before and before.points is not None else ""
    )
    return f"{given} {assignment} {question}: {points:g} points by {session.grader}{instead}"


def trainee_of(cohort: Cohort, given: str, assignment: str) -> str:
    """The trainee of a number or of a blind name in an assignment; CourseError if there is none."""
    blind, roster = Blind(cohort.secret), cohort.roster()
    found = [t for t in roster if normalise(blind.code(assignment, t)) == normalise(given)]
    if len(found) > 1:
        raise CourseError(f"{given}: two trainees have this name in {assignment}; give the trainee number")
    return found[0] if found else cohort.trainee(given).id


def agreement_lines(cohort: Cohort, threshold: float, names: bool) -> Iterator[str]:
    """The table of agreement, and the answers that need to be settled."""
    rows = agreement(cohort)
    if not rows:
        yield "No answer has been marked by two persons yet. Next: course review --second 20% --grader NAME"
        return
    before: tuple[str, str, tuple[str, str]] | None = None
    for row in rows:
        about = (row.assignment, row.question, row.graders)
        if about != before:
            who = " and ".join(row.graders) if any(row.graders) else "all pairs of graders"
            yield f"{row.assignment} {row.question}, {who}: {row.answers} answers marked by both"
            yield (
                f"  {'':<24}{'same':>6}{'within ½':>10}  {'kappa, 95 % interval':<28}"
                + (f"{row.graders[0]} less {row.graders[1]}" if any(row.graders) else "")
            )
        before = about
        yield _line(row)
    yield "kappa: quadratic weights (Cohen 1968); 1 is full agreement, 0 what chance alone would give"
    desk = Desk(cohort, Session("", names=names))
    apart = [answer for answer in differing(reviewed(cohort), threshold) if not answer.settled]
    yield (
        f"{len(apart)} answers differ by more than {threshold:g} points or by a whole level, "
        "and are not settled"
    )
    for answer in apart:
        if answer.first and answer.second:
            yield (
                f"  {desk.name(answer)} {answer.assignment} {answer.question}: "
                f"{answer.first.points:g} by {answer.first.grader}, "
                f"{answer.second.points:g} by {answer.second.grader}"
            )
    if apart:
        yield "Next: course review --settle --grader NAME"


def _line(row: Agreement) -> str:
    label = "points"
    for question in texts(row.assignment):
        for criterion in question.rubric:
            if (question.id, criterion.id) == (row.question, row.criterion):
                label = criterion.label["en"]
    kappa = "not defined: one same mark" if row.kappa is None else _interval(row.kappa)
    difference = _interval(row.difference, "+") if row.difference else ""
    return f"  {label:<24}{row.exact:>5.0%} {row.near:>9.0%}  {kappa:<28}{difference}".rstrip()


def _interval(value: Interval, sign: str = "") -> str:
    return f"{value.value:{sign}.2f} ({value.low:.2f} to {value.high:.2f})"


def _called(desk: Desk, trainee: str, assignment: str) -> str:
    return written(trainee) if desk.session.names else desk.blind.code(assignment, trainee)


def _asked(desk: Desk) -> Iterator[tuple[str, str, float]]:
    from autograder.assignments import assignments

    return ((name, question.id, question.points) for name in assignments() for question in texts(name))
