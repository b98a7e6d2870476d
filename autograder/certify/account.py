"""An explanation as text, in one language or both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.certify.explain import Outcome
from autograder.certify.facts import Facts
from autograder.certify.parts import Requirement, say
from autograder.certify.rules import Rules, Text
from linelab.trainees import written


def account(
    trainee: str,
    facts: Facts,
    outcomes: Sequence[Outcome],
    rules: Rules,
    draft: bool,
    languages: Sequence[str],
) -> str:
    """Return what a trainee has earned, what is missing and why, on which records, and what to do next."""
    lines = [written(trainee)]

    def add(indent: int, sign: str, text: Text, note: str = "") -> None:
        for place, language in enumerate(languages):
            mark = f"{sign} " if sign and not place else "  " if sign else ""
            lines.append(f"{' ' * indent}{mark}{text[language]}{note if not place else ''}")

    add(0, "", say("by_rules", version=rules.version, date=facts.on[:10]))
    if draft:
        add(0, "", say("draft_rules"))
    if not facts:
        add(0, "", say("no_record"))
    level = ""
    modules = [one for outcome in outcomes if outcome.level == "module" for one in outcome.requirements]
    for outcome in outcomes:
        if outcome.level == "module":
            if level != "module":
                lines.append("")
                add(0, "", rules.level("module").name)
            for text, sign, note in _one_line(facts, outcome):
                add(2, sign, text, note)
        else:
            lines.append("")
            add(0, _sign(outcome), outcome.title)
            for text in outcome.notes:
                add(2, "", text)
            above = [one for one in outcome.requirements if one.met and one in modules]
            if above:
                add(2, "✓", say("modules_passed", count=len(above)))
            for one in outcome.requirements:
                if one not in above:
                    add(2, "✓" if one.met else "✗", one.text, _records(facts, one))
            if outcome.due:
                add(2, "", say("due"))
        level = outcome.level
    for appeal in facts.open_appeals():
        lines.append("")
        values = {"appeal": appeal.data["appeal"], "subject": appeal.data["subject"]}
        add(0, "", say("appeal_open", **values, until=appeal.data["decide_by"]))
    steps = list(_steps(outcomes))
    if steps:
        lines.append("")
        add(0, "", say("next"))
    for text in steps:
        add(2, "→", text)
    return "\n".join(lines)


def _one_line(facts: Facts, outcome: Outcome) -> Iterator[tuple[Text, str, str]]:
    """A module has one requirement; what became of its certificate stands beside it."""
    notes = [*outcome.notes, *([say("due")] if outcome.due else [])]
    for one in outcome.requirements:
        text = {
            language: ". ".join([one.text[language], *(note[language] for note in notes)])
            for language in one.text
        }
        yield text, _sign(outcome), _records(facts, one)


def _sign(outcome: Outcome) -> str:
    if outcome.holds or outcome.due:
        return "✓"
    return "✗" if outcome.offered else "–"


def _records(facts: Facts, one: Requirement) -> str:
    """The entries that a requirement rests on, with the attempts among them if they are few."""
    if not one.used:
        return ""
    numbers = ", ".join(f"#{seq}" for seq in one.used)
    kinds = ("mark", "exam-result") if len(one.used) < 4 else ()
    attempts = [e.data["attempt"][:12] for kind in kinds for e in facts.of_kind(kind) if e.seq in one.used]
    return f"  [{numbers}{': ' if attempts else ''}{', '.join(attempts)}]"


def _steps(outcomes: Sequence[Outcome]) -> Iterator[Text]:
    """What to do next, each once, in the order of the levels."""
    seen: list[Text] = []
    for outcome in outcomes:
        for one in outcome.requirements if not outcome.holds or outcome.renews else ():
            if not one.met and one.todo and one.todo not in seen:
                seen.append(one.todo)
                yield one.todo
    due = [outcome for outcome in outcomes if outcome.due]
    modules = ", ".join(outcome.target for outcome in due if outcome.level == "module")
    for what in (modules, *(outcome.title for outcome in due if outcome.level != "module")):
        if what:
            yield say("next_decide", what=what)
