"""The parts that rules ask for: each looks at a trainee's facts and says whether it is there, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Protocol

from autograder.certify.dates import days_later
from autograder.certify.facts import Evidence, Facts, Scored
from autograder.certify.rules import Exam, Marks, Module, Needs, Project, Rules, Text
from linelab.texts import LANGUAGES, Catalogue

_texts = Catalogue(files("autograder.certify").joinpath("texts.yml"))


@dataclass(frozen=True)
class Requirement:
    """One condition, whether it is met, the reason, the entries it rests on, and what to do about it."""

    met: bool
    text: Text
    used: tuple[int, ...] = ()
    todo: Text | None = None


class Standing(Protocol):
    """What is asked of the outcome of a level that stands before."""

    @property
    def met(self) -> bool: ...
    @property
    def holds(self) -> bool: ...
    @property
    def used(self) -> tuple[int, ...]: ...


def say(key: str, **values: object) -> Text:
    """Return a text in both languages; a value that is a text goes in by its language."""
    return {
        language: _texts.text(
            key, language, **{k: v[language] if isinstance(v, dict) else v for k, v in values.items()}
        )
        for language in LANGUAGES
    }


def texts() -> dict[str, dict[str, str]]:
    """Return all texts of explanations."""
    return _texts.entries


def requirements(
    facts: Facts, rules: Rules, target: str, needs: Needs, before: Mapping[str, Standing]
) -> Iterator[Requirement]:
    """Say of each part of `needs` whether it is there; `before` has the outcomes of earlier levels."""
    if needs.level:
        yield prior(facts, rules, needs.level, before)
    if needs.marks:
        module = rules.module(target)
        for one in [module] if module else rules.modules:
            yield _module_passed(facts, rules, one, needs.marks)
        if needs.marks.average is not None:
            yield _average(facts, rules, needs.marks, needs.marks.average)
    for part, exam in (("exam", needs.exam), ("case", needs.case)):
        if exam:
            yield from _exam(facts, rules, part, exam)
    if needs.project:
        yield from _project(facts, needs.project, facts.counted_before(target))


def prior(facts: Facts, rules: Rules, name: str, before: Mapping[str, Standing]) -> Requirement:
    """A certificate that was granted and not lost is enough, whatever later rules would ask for it."""
    level, outcome = rules.level(name).name, before[name]
    last = facts.last_decision(name)
    if last is not None and outcome.holds:
        return Requirement(True, say("level_held", level=level, date=last.time[:10]), (last.seq,))
    if last is not None:
        return Requirement(False, say("level_lost", level=level), (last.seq,), say("next_level", level=level))
    if outcome.met:
        return Requirement(True, say("level_met", level=level), outcome.used)
    return Requirement(False, say("level_open", level=level), outcome.used, say("next_level", level=level))


def _module_passed(facts: Facts, rules: Rules, module: Module, marks: Marks) -> Requirement:
    name = say("module", id=module.id, name=module.name)
    best, waiting = facts.best(module.id, marks.attempts), facts.waiting(module.id, marks.attempts)
    if best is None and waiting is None:
        return Requirement(False, say("no_mark", module=name), (), say("next_hand_in", id=module.id))
    if best is None:
        text = say("waits", module=name, number=waiting)
        return Requirement(False, text, (), say("next_wait", id=module.id))
    values = {"module": name, "score": _shown(best.score), "need": _shown(marks.each)}
    if best.score >= marks.each:
        return Requirement(True, say("marked", **values), best.used)
    if waiting is not None:
        text = say("marked_waits", **values, number=waiting)
        return Requirement(False, text, best.used, say("next_wait", id=module.id))
    full = marks.attempts is not None and facts.handed_in(module.id) >= marks.attempts
    until = facts.file_by(best.entry, rules.file_days)
    appeal = until >= facts.on[:10] and not facts.appealed(best.entry)
    key = {
        (False, False): "next_better",
        (False, True): "next_better_appeal",
        (True, False): "next_none",
        (True, True): "next_appeal",
    }[full, appeal]
    return Requirement(
        False, say("marked", **values), best.used, say(key, id=module.id, part=module.id, until=until)
    )


def _average(facts: Facts, rules: Rules, marks: Marks, need: float) -> Requirement:
    """Over all modules, by weight: a module without a mark counts as 0."""
    best = {module.id: facts.best(module.id, marks.attempts) for module in rules.modules}
    total = sum(module.weight * found.score for module in rules.modules if (found := best[module.id]))
    average = round(total / sum(module.weight for module in rules.modules), 6)
    used = tuple(seq for found in best.values() if found for seq in found.used)
    text = say("average", score=_shown(average), need=_shown(need))
    return Requirement(average >= need, text, used, say("next_average", need=_shown(need)))


def _exam(facts: Facts, rules: Rules, part: str, exam: Exam) -> Iterator[Requirement]:
    counting, void = facts.sat(part, exam)
    name = say(f"part_{part}")
    if not counting:
        text = say("exam_none", part=name, need=_shown(exam.passing))
        yield Requirement(False, text, (), say("next_sit_now", part=name))
        return
    best = max(counting, key=lambda one: (one.score, one.entry.seq))
    met = best.score >= exam.passing
    text = say(
        "exam_sat_of" if exam.attempts else "exam_sat",
        part=name,
        score=_shown(best.score),
        exam=best.entry.data["exam"],
        need=_shown(exam.passing),
        count=len(counting),
        most=exam.attempts,
    )
    used = best.used if met else tuple(seq for one in counting for seq in one.used)
    until = facts.file_by(best.entry, rules.file_days)
    appeal = until >= facts.on[:10] and not facts.appealed(best.entry)
    yield Requirement(met, text, used, _next_sitting(name, counting, exam, until if appeal else ""))
    for one in void if not met else ():
        note = say("exam_void", part=name, date=one.entry.data["sat_at"][:10])
        yield Requirement(False, note, one.used)


def _next_sitting(name: Text, counting: list[Scored], exam: Exam, until: str) -> Text:
    """What to do after an exam that was not passed; `until` when one can appeal, empty if one cannot."""
    if exam.attempts is not None and len(counting) >= exam.attempts:
        return say("next_none_appeal" if until else "next_none", part=name, until=until)
    date = days_later(counting[-1].entry.data["sat_at"], exam.wait_days)
    return say("next_sit_appeal" if until else "next_sit", part=name, date=date, until=until)


def _project(facts: Facts, rules: Project, counted: set[str]) -> list[Requirement]:
    """The project that is nearest to what is asked; one that an earlier decision rested on is none."""
    found = [
        _evidence(facts, rules, one) for one in facts.evidence if one.entry.data["project"] not in counted
    ]
    if not found:
        return [Requirement(False, say("project_none"), (), say("next_evidence"))]
    place = max(range(len(found)), key=lambda i: (sum(one.met for one in found[i]), i))
    return found[place]


def _evidence(facts: Facts, rules: Project, one: Evidence) -> list[Requirement]:
    data, own = one.entry.data, (one.entry.seq,)
    project, signs = data["project"], rules.sign_offs
    asked = [
        Requirement(
            data["after_weeks"] >= rules.after_weeks,
            say(
                "project_weeks",
                project=project,
                weeks=_shown(data["after_weeks"]),
                need=_shown(rules.after_weeks),
            ),
            own,
            say("next_weeks", need=_shown(rules.after_weeks)),
        )
    ]
    if rules.confirmed:
        key = "project_confirmed" if data["confirmed"] else "project_unconfirmed"
        asked.append(Requirement(data["confirmed"], say(key, project=project), own, say("next_confirm")))
    signed = one.signed_as(signs.roles)
    used = tuple(entry.seq for entry in signed.values())
    asked.append(
        Requirement(
            len(signed) >= signs.number,
            say("project_signed", project=project, count=len(signed), need=signs.number),
            used,
            say("next_sign", count=max(signs.number - len(signed), 0)),
        )
    )
    if signs.not_trainers:
        apart = [person for person in signed if person not in facts.trainers]
        trained = tuple(e.seq for e in facts.of_kind("training") if e.data["trainer"] in signed)
        asked.append(
            Requirement(
                len(apart) >= signs.not_trainers,
                say("project_apart", project=project, count=len(apart), need=signs.not_trainers),
                used + trained,
                say("next_apart"),
            )
        )
    return asked


@cache
def _shown(number: float) -> Text:
    # Rounded down, so that a mark shown as 60 is never one that just missed it.
    shown = f"{int(number * 10 + 1e-9) / 10:g}"
    return {"vi": shown.replace(".", ","), "en": shown}
