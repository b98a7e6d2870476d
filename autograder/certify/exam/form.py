"""A form: the questions of one paper, drawn by seed so that they meet the blueprint.

Forms are drawn at random until one is as hard as the blueprint says, so that every choice of items which
is that hard is equally likely.
"""

from __future__ import annotations

import secrets

from autograder.certify.exam.bank import Bank
from autograder.certify.exam.kinds import LETTERS
from autograder.certify.exam.question import Drawn, draw, shown
from autograder.certify.exam.template import Item, generator
from autograder.errors import CourseError
from linelab.texts import LANGUAGES

TRIES = 5_000


def draw_form(bank: Bank, seed: str, trainee: str) -> list[Drawn]:
    """Return the questions of a trainee's form.

    Raises
    ------
    CourseError
        If no choice of items is as hard as the blueprint says.
    """
    chosen = _choose(bank, seed, trainee)
    return [
        draw(item, f"q{place:02d}", bank.blueprint.points[item.level], generator(seed, trainee, item.id))
        for place, item in enumerate(chosen, 1)
    ]


def expected(bank: Bank, items: list[Item]) -> float:
    """Return the share of the points that candidates are expected to get for these items."""
    points = [bank.blueprint.points[item.level] for item in items]
    return sum(point * item.share for point, item in zip(points, items, strict=True)) / sum(points)


def _choose(bank: Bank, seed: str, trainee: str) -> list[Item]:
    random, blueprint = generator(seed, trainee), bank.blueprint
    pools = [
        (bank.of(module, level), number)
        for module, levels in blueprint.questions.items()
        for level, number in levels.items()
        if number
    ]
    for _ in range(TRIES):
        chosen = [pool[i] for pool, number in pools for i in random.permutation(len(pool))[:number]]
        if abs(expected(bank, chosen) - blueprint.expected) <= blueprint.tolerance:
            return chosen
    raise CourseError(
        f"blueprint: expected: no choice of items is expected to get {blueprint.expected:.0%} of the points "
        f"within {blueprint.tolerance:.1%}; change expected, or write harder or easier items"
    )


def sample(bank: Bank, item_id: str) -> list[str]:
    """Return one draw of an item in words, answer and usual mistakes included; for whoever writes items."""
    item = next((item for item in bank.items if item.id == item_id), None)
    if item is None:
        raise CourseError(f"{item_id}: no such item; there are {', '.join(item.id for item in bank.items)}")
    drawn = draw(item, "q01", bank.blueprint.points[item.level], generator(secrets.token_hex(8)))
    lines = [f"{drawn.item} ({drawn.kind}, {drawn.level}), {drawn.share:.0%} expected right"]
    for language in LANGUAGES:
        lines += ["", drawn.ask[language]]
        lines += [f"  {place}. {left[language]}" for place, left in enumerate(drawn.left, 1)]
        lines += [f"  {letter}. {one[language]}" for letter, one in zip(LETTERS, drawn.options, strict=False)]
        unit = f" {drawn.unit[language]}" if drawn.unit[language] else ""
        lines += [f"  = {shown(drawn.right)}{unit}   {drawn.reason[language]}"]
        lines += [f"  ≠ {shown(one['value'])}{unit}   {one['because'][language]}" for one in drawn.wrong]
    return lines
