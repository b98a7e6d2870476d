"""Two-level factorial designs: what each lever does, and what levers do together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np

from linelab.distributions import Floats
from linelab.estimate import CONFIDENCE, Estimate
from linelab.model import Line
from linelab.results import Run
from linelab.samplers import LineSampler, checked

MAX_LEVERS = 8
LETTERS = "ABCDEFGH"


@dataclass(frozen=True)
class Effect:
    """What one lever does, or several together.

    Attributes
    ----------
    levers : tuple of str
        One path for a main effect, several for their interaction.
    estimate : Estimate
        Main effect: mean response at the high setting minus that at the low one. Interaction: half the
        difference of an effect between the high and the low setting of the other lever.
    alias : tuple of str
        Levers of the effect that a half fraction can't tell from this one: the estimate is of their sum.
        Empty in a full design.
    """

    levers: tuple[str, ...]
    estimate: Estimate
    alias: tuple[str, ...] = ()


@dataclass(frozen=True)
class FactorialDesign:
    """Every combination of two settings of each lever, or a half of them.

    Parameters
    ----------
    levers : mapping of str to pair
        Path, as `Line.change` takes it, to its low and high setting. One to eight levers.
    half : bool
        Run the half fraction of highest resolution, from three levers on: the last lever is set to the
        product of the signs of all others.

    Raises
    ------
    ValueError
        If there are too many levers, or a lever has not two different settings.
    """

    levers: Mapping[str, tuple[Any, Any]]
    half: bool = False

    def __post_init__(self) -> None:
        least = 3 if self.half else 1
        if not least <= len(self.levers) <= MAX_LEVERS:
            raise ValueError(
                f"levers: {len(self.levers)} given; use {least} to {MAX_LEVERS}, those that matter most"
            )
        for path, settings in self.levers.items():
            if not isinstance(settings, tuple | list) or len(settings) != 2 or settings[0] == settings[1]:
                raise ValueError(
                    f"levers: {path} has {settings!r}; give two different settings, low and high"
                )

    @cached_property
    def signs(self) -> Floats:
        """-1 for low and 1 for high, the first lever changing fastest; shape ``(runs, levers)``."""
        free = len(self.levers) - self.half
        rows = np.array(list(product((-1.0, 1.0), repeat=free)))[:, ::-1]
        return np.column_stack([rows, rows.prod(axis=1)]) if self.half else rows

    @property
    def settings(self) -> tuple[dict[str, Any], ...]:
        """Path to setting, for each run."""
        return tuple(
            {path: pair[int(s > 0)] for (path, pair), s in zip(self.levers.items(), row, strict=True)}
            for row in self.signs
        )

    @property
    def resolution(self) -> int | None:
        """Levers in the shortest word of the defining relation of a half fraction; None for a full design.

        With resolution V main effects and pairs are clear of each other; with IV pairs are mixed with pairs;
        with III main effects are mixed with pairs.
        """
        return len(self.levers) if self.half else None

    def effects(self, responses: Floats, *, unit: str = "", confidence: float = CONFIDENCE) -> Effects:
        """Effects from the responses of the runs.

        Each effect is worked out in each replication, from runs that share its random numbers, and its
        interval is Student's over the replications (Law, *Simulation Modeling and Analysis*, 5th ed.,
        chapter 12). Each interval alone has the confidence asked for; all of them together have less.

        Parameters
        ----------
        responses : ndarray, shape ``(runs, replications)``
            In the order of `settings`; replication r of every run under the same random numbers.
        unit : str
            Of the responses.
        confidence : float
            Of each interval.

        Returns
        -------
        Effects
        """
        values = np.asarray(responses, dtype=float)
        if values.ndim != 2 or len(values) != len(self.signs) or not np.isfinite(values).all():
            raise ValueError(f"responses: give finite numbers, a row for each of the {len(self.signs)} runs")
        table = []
        for chosen, alias in self._words():
            contrast = self.signs[:, list(chosen)].prod(axis=1)
            samples = contrast @ values / (len(values) / 2)
            table.append(Effect(self._paths(chosen), Estimate(samples, unit, confidence), self._paths(alias)))
        table.sort(key=lambda effect: -abs(effect.estimate.mean))
        return Effects(self, Estimate(values.mean(axis=0), unit, confidence), tuple(table))

    def simulate(
        self,
        base: Line,
        metric: str | Callable[[Run], Estimate] = "throughput",
        *,
        replications: int = 20,
        confidence: float = CONFIDENCE,
        **settings: Any,
    ) -> Effects:
        """Effects on a metric of `base`, all runs under common random numbers.

        Parameters
        ----------
        base : Line
            The levers are set on it; all else stays.
        metric : str or callable
            As `LineSampler` takes it.
        replications : int
            Of each run.
        confidence : float
            Of each interval.
        **settings
            Horizon, warm-up, seed and engine, as `linelab.simulate` takes them.
        """
        lines = [base.change(s) for s in self.settings]  # a wrong path is told before the first run
        samplers = [LineSampler(line, metric, **settings) for line in lines]
        responses = np.array([checked(sampler, range(replications)) for sampler in samplers])
        return self.effects(responses, unit=samplers[0].unit, confidence=confidence)

    def _words(self) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Effects to estimate and their aliases, as lever numbers."""
        k = len(self.levers)
        words = [w for size in range(1, k + 1) for w in combinations(range(k), size)]
        if not self.half:
            return [(w, ()) for w in words]
        pairs = [(w, tuple(j for j in range(k) if j not in w)) for w in words]
        return [(w, a) for w, a in pairs if (len(w), w) < (len(a), a)]  # the shorter name stands for both

    def _paths(self, numbers: tuple[int, ...]) -> tuple[str, ...]:
        paths = list(self.levers)
        return tuple(paths[j] for j in numbers)


@dataclass(frozen=True)
class Effects:
    """Effects of a design, the largest first.

    Attributes
    ----------
    design : FactorialDesign
    mean : Estimate
        Of all runs.
    table : tuple of Effect
    """

    design: FactorialDesign
    mean: Estimate
    table: tuple[Effect, ...]

    def __getitem__(self, levers: str | tuple[str, ...]) -> Effect:
        """The effect of one path or the interaction of several, in any order; KeyError if it has no row."""
        wanted = {levers} if isinstance(levers, str) else set(levers)
        for effect in self.table:
            if wanted in (set(effect.levers), set(effect.alias)):
                return effect
        raise KeyError(f"{levers}: no such effect; levers are {', '.join(self.design.levers)}")

    def __str__(self) -> str:
        letter = dict(zip(self.design.levers, LETTERS, strict=False))
        rows = [f"{letter[p]} = {p}: {low} -> {high}" for p, (low, high) in self.design.levers.items()]
        rows += [f"mean {self.mean}", f"{'effect':<16}{'estimate':>12}{'±':>10}"]
        for effect in self.table:
            name = "".join(letter[p] for p in effect.levers)
            if effect.alias:
                name += " + " + "".join(letter[p] for p in effect.alias)
            e = effect.estimate
            clear = " *" if e.differs_from_zero else ""
            rows.append(f"{name:<16}{e.mean:>12.4g}{e.half_width:>10.2g} {e.unit}{clear}")
        return "\n".join([*rows, "* interval leaves out zero"])
