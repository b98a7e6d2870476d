"""Say which certificates a trainee's marks have earned, and why or why not. A pure function."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from autograder.certify.rules import Level, Module, Rules, Text


class Marked(Protocol):
    """What is read of a mark; `autograder.gradebook.Mark` is one."""

    @property
    def trainee(self) -> str: ...
    @property
    def assignment(self) -> str: ...
    @property
    def points(self) -> float: ...
    @property
    def max_points(self) -> float: ...
    @property
    def attempt(self) -> str: ...
    @property
    def complete(self) -> bool: ...


@dataclass(frozen=True)
class Requirement:
    """One condition, whether it is met, and the reason in both languages."""

    met: bool
    text: Text


@dataclass(frozen=True)
class Outcome:
    """What one certificate asks for and whether it is earned.

    `target` is a module id for the level ``module``, and the level's own id otherwise.
    `attempts` are the digests of the attempts whose marks were used.
    """

    level: str
    target: str
    title: Text
    offered: bool
    requirements: tuple[Requirement, ...]
    attempts: tuple[str, ...]

    @property
    def met(self) -> bool:
        """Return whether everything asked for is there."""
        return self.offered and all(requirement.met for requirement in self.requirements)


def percent(mark: Marked) -> float:
    """Return a mark out of 100; a mark that is no number counts as nothing."""
    if not (math.isfinite(mark.points) and math.isfinite(mark.max_points)) or mark.max_points <= 0:
        return 0.0
    return round(100.0 * min(max(mark.points / mark.max_points, 0.0), 1.0), 6)


def explain(marks: Iterable[Marked], rules: Rules) -> list[Outcome]:
    """Apply the rules to one trainee's marks.

    The best complete mark of each module counts, so neither the order of the marks nor a worse later
    attempt changes the outcome. A mark that still waits for a person never counts.
    """
    best: dict[str, Marked] = {}
    waiting: set[str] = set()
    for mark in marks:
        if not mark.complete:
            waiting.add(mark.assignment)
            continue
        known = best.get(mark.assignment)
        if known is None or (percent(mark), mark.attempt) > (percent(known), known.attempt):
            best[mark.assignment] = mark
    outcomes: list[Outcome] = []
    for level in rules.levels:
        if not level.offered:
            note = Requirement(False, level.about)
            outcomes.append(Outcome(level.id, level.id, level.name, False, (note,), ()))
        elif level.id == "module":
            for module in rules.modules:
                used = (best[module.id].attempt,) if module.id in best else ()
                title = {
                    language: f"{level.name[language]}: {module.name[language]}" for language in level.name
                }
                requirement = _module_passed(module, level.each, best, waiting)
                outcomes.append(Outcome(level.id, module.id, title, True, (requirement,), used))
        else:
            outcomes.append(_course(level, rules, best, waiting))
    return outcomes


def _course(level: Level, rules: Rules, best: dict[str, Marked], waiting: set[str]) -> Outcome:
    requirements = [_module_passed(module, level.each, best, waiting) for module in rules.modules]
    marked = [percent(best[module.id]) for module in rules.modules if module.id in best]
    # The average is over all modules: a module without a mark counts as 0.
    average = round(sum(marked) / len(rules.modules), 6)
    text = {
        "vi": f"Điểm trung bình {_show(average)}/100 (cần {_show(level.average)})",
        "en": f"Average {_show(average)}/100 (needs {_show(level.average)})",
    }
    requirements.append(Requirement(average >= level.average, text))
    attempts = tuple(best[module.id].attempt for module in rules.modules if module.id in best)
    return Outcome(level.id, level.id, level.name, True, tuple(requirements), attempts)


def _module_passed(module: Module, each: float, best: dict[str, Marked], waiting: set[str]) -> Requirement:
    vi, en = f"{module.id} {module.name['vi']}", f"{module.id} {module.name['en']}"
    mark = best.get(module.id)
    if mark is not None:
        score = percent(mark)
        reason = {
            "vi": f"{vi}: {_show(score)}/100 (cần {_show(each)})",
            "en": f"{en}: {_show(score)}/100 (needs {_show(each)})",
        }
        if score < each and module.id in waiting:
            reason = {
                "vi": reason["vi"] + "; một bài nộp khác đang chờ người chấm",
                "en": reason["en"] + "; another attempt waits for a person to mark it",
            }
        return Requirement(score >= each, reason)
    if module.id in waiting:
        return Requirement(
            False,
            {
                "vi": f"{vi}: câu trả lời tự luận đang chờ người chấm",
                "en": f"{en}: a free-text answer waits for a person to mark it",
            },
        )
    return Requirement(False, {"vi": f"{vi}: chưa có điểm", "en": f"{en}: no mark yet"})


def _show(number: float) -> str:
    # Rounded down, so that a mark shown as 60 is never one that just missed it.
    return f"{math.floor(number * 10) / 10:g}"
