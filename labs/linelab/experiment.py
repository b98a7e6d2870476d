"""Runs and comparisons: replications, warm-up, common random numbers, many cores."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from linelab.engines import ENGINES, choose, recursion
from linelab.engines.service import Memory
from linelab.estimate import Estimate
from linelab.model import Line, LineError, Schedule
from linelab.results import Run
from linelab.tally import Plan, Tally, joined

MAX_WORK = 2_000_000_000  # part-operations; more is a slip of the pen, not a study
ABREAST = 1024  # replications that are simulated side by side; wider rows fall out of the processor's cache
Progress = Callable[[float], None]


def simulate(
    line: Line,
    *,
    horizon: float | None = None,
    parts: int | None = None,
    warm_up: float = 0.0,
    replications: int = 20,
    seed: int = 1,
    engine: str = "auto",
    first: int = 0,
    record: bool = False,
    jobs: Any = 1,
    memory: Memory | None = None,
    progress: Progress | None = None,
) -> Run:
    """Simulate a line.

    Parameters
    ----------
    line : Line
        What to simulate.
    horizon : float, optional
        Seconds to simulate. Give this or `parts`.
    parts : int, optional
        Simulate exactly so many parts from an empty line until the last has left.
    warm_up : float
        Seconds at the start that no figure counts.
    replications : int
        Independent paths; every figure is a mean over them.
    seed : int
        The same seed gives the same random numbers to every line and engine.
    engine : {"auto", "simpy", "recursion"}
        auto takes the fastest that is exact for this line.
    first : int
        Number of the first replication; a study goes on where an earlier one with the same seed ended.
    record : bool
        Keep every operation for `Run.log`. Without it the log is made by a second run when it is asked for.
    jobs : int or distributed.Client
        Processes to share the replications among (with the package joblib), or a Dask client. Results do
        not depend on it.
    memory : Memory, optional
        Keeps draws from run to run, so that the next run of a line that differs little takes less time.
        Results do not depend on it. Only the recursion makes use of it.
    progress : callable, optional
        Called with the share done, 0 to 1. By default a run of more than a second shows its progress on
        standard error.

    Returns
    -------
    Run

    Raises
    ------
    LineError
        If the extent, warm-up, replications or engine make no sense, or the line comes to a standstill.
    """
    plan = replace(_plan(line, horizon, parts, warm_up, replications, seed, first, record), memory=memory)
    engine = choose(engine, line)
    shown = progress or _Bar()
    try:
        shares = [ENGINES[engine](line, plan, shown)] if jobs == 1 else _shared(line, plan, engine, jobs)
    finally:
        if isinstance(shown, _Bar):
            shown.wipe()
    return Run(line, plan, engine, joined(shares))


def simulate_all(
    lines: Sequence[Line],
    *,
    horizon: float | None = None,
    parts: int | None = None,
    warm_up: float = 0.0,
    replications: int = 20,
    seed: int = 1,
    memory: Memory | None = None,
) -> list[Run]:
    """Simulate several lines, each as `simulate` would, to the bit.

    Lines that differ in nothing but their stations' figures, such as the variants of one case, are simulated
    side by side if the recursion can do them, in much less time than one after another.

    Parameters
    ----------
    lines : sequence of Line
        What to simulate.
    horizon, parts, warm_up, replications, seed, memory
        As `simulate` has them.

    Returns
    -------
    list of Run
        In the order of `lines`.
    """
    groups: dict[Any, list[Line]] = {}
    for line in dict.fromkeys(lines):
        groups.setdefault(line if recursion.outside(line) else recursion.shape(line), []).append(line)
    found: dict[Line, Run] = {}
    abreast = max(1, ABREAST // max(replications, 1))
    for group in groups.values():
        for first in range(0, len(group), abreast):
            some = group[first : first + abreast]
            plans = [_plan(x, horizon, parts, warm_up, replications, seed, 0, False) for x in some]
            plan = replace(plans[0], memory=memory)
            engine = choose("auto", some[0])
            if len(some) > 1:
                tallies = recursion.run_alike(some, plan)
            else:
                tallies = [ENGINES[engine](some[0], plan, None)]
            found |= {x: Run(x, plan, engine, tally) for x, tally in zip(some, tallies, strict=True)}
    return [found[line] for line in lines]


def stream(line: Line, *, replications: int, seconds: float = 0.25, **extent: Any) -> Iterator[Run]:
    """Simulate in shares, so that a first answer is there soon: each run is the last with more replications.

    A line of the recursion's class comes in one share, being fast enough.

    Parameters
    ----------
    line : Line
        What to simulate.
    replications : int
        Of the last run.
    seconds : float
        How long one share may take, about.
    **extent
        What else `simulate` takes, such as `horizon`, `warm_up` and `seed`.
    """
    engine = choose(extent.pop("engine", "auto"), line)
    size, run = replications if engine == "recursion" else min(4, replications), None
    while (done := len(run.tally.window) if run else 0) < replications:
        begun = time.perf_counter()
        size = min(size, replications - done)
        more = simulate(line, replications=size, first=done, engine=engine, **extent)
        tally = joined([run.tally, more.tally]) if run else more.tally
        run = Run(line, replace(more.plan, replications=range(done + size)), engine, tally)
        yield run
        size = max(2, round(size * min(seconds / max(time.perf_counter() - begun, 1e-3), 4)))


def _plan(
    line: Line,
    horizon: float | None,
    parts: int | None,
    warm_up: float,
    replications: int,
    seed: int,
    first: int,
    record: bool,
) -> Plan:
    found = []
    if (horizon is None) == (parts is None):
        found.append("horizon, parts: give one of the two")
    elif horizon is not None and not (_number(horizon) and 0 <= warm_up < horizon < math.inf):
        found.append(f"horizon: {horizon!r} s must be finite and beyond the warm-up of {warm_up!r} s")
    elif parts is not None and (not _whole(parts) or parts < 1 or warm_up):
        found.append("parts: needs one or more, and takes no warm_up; use horizon for a warm-up")
    if not _whole(replications) or replications < 1:
        found.append(f"replications: {replications!r} must be 1 or more")
    if not _whole(seed) or seed < 0:
        found.append(f"seed: {seed!r} must be a whole number, zero or more")
    if not _whole(first) or first < 0:
        found.append(f"first: {first!r} must be a whole number, zero or more")
    if found:
        raise LineError(found)
    per_replication = parts if parts is not None else (horizon or 0.0) * line.bottleneck_rate
    if per_replication * len(line.names) * replications > MAX_WORK:
        raise LineError(["horizon, parts, replications: this asks for over 2e9 operations; use fewer"])
    if parts is not None and isinstance(line.release, Schedule):
        parts = min(parts, len(line.release.times))
    return Plan(horizon, parts, float(warm_up), seed, range(first, first + replications), record)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _shared(line: Line, plan: Plan, engine: str, jobs: Any) -> list[Tally]:
    """The plan's tallies, its replications shared among processes or the workers of a Dask client."""
    if hasattr(jobs, "gather"):
        shares = _split(plan, max(len(jobs.scheduler_info()["workers"]) * 4, 1))
        futures = jobs.map(lambda share: ENGINES[engine](line, share, None), shares, pure=False)
        tallies: list[Tally] = jobs.gather(futures)
        return tallies
    if not _whole(jobs) or jobs == 0:
        raise LineError([f"jobs: {jobs!r} must be a number of processes, -1 for all cores, or a Dask client"])
    try:
        from joblib import Parallel, cpu_count, delayed
    except ImportError:
        raise LineError(["jobs: more than one needs the package joblib; run: pip install joblib"]) from None
    shares = _split(plan, jobs if jobs > 0 else cpu_count())
    return list(Parallel(n_jobs=jobs)(delayed(ENGINES[engine])(line, share, None) for share in shares))


def _split(plan: Plan, count: int) -> list[Plan]:
    reps = plan.replications
    count = min(count, len(reps))
    edges = [reps.start + i * len(reps) // count for i in range(count + 1)]
    return [replace(plan, replications=range(a, b)) for a, b in pairwise(edges)]


class _Bar:
    """A line on standard error that appears when a run takes longer than a second."""

    def __init__(self) -> None:
        self._next, self._shown = time.monotonic() + 1.0, False

    def __call__(self, share: float) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next, self._shown = now + 0.2, True
            print(f"\rsimulating {share:4.0%}", end="", file=sys.stderr, flush=True)

    def wipe(self) -> None:
        if self._shown:
            print("\r" + " " * 16 + "\r", end="", file=sys.stderr, flush=True)


def keeps_throughput(run: Run, base: Run, share: float) -> bool:
    """Whether a run keeps that share of the base's throughput.

    False only if it is below beyond doubt: by the 95 % interval of the paired difference, both from the same
    seeds.
    """
    floor = base.throughput.scaled(share, base.throughput.unit)
    return run.throughput.minus(floor).high >= 0


@dataclass(frozen=True)
class Comparison:
    """The runs of an experiment, all made with the same random numbers."""

    runs: dict[str, Run]

    def __getitem__(self, name: str) -> Run:
        return self.runs[name]

    def compare(self, name: str, metric: str = "throughput", base: str = "base") -> Estimate:
        """Paired difference `name` minus `base` of `metric`, with its interval."""
        there: Estimate = getattr(self.runs[name], metric)
        here: Estimate = getattr(self.runs[base], metric)
        return there.minus(here)

    def table(self, metrics: Iterable[str] = ("throughput", "wip", "lead_time")) -> str:
        """The runs as text, a row each, with the paired difference from the base where it is significant."""
        rows = []
        for name, run in self.runs.items():
            cells = []
            for metric in metrics:
                cell = str(getattr(run, metric))
                if name != "base" and self.compare(name, metric).differs_from_zero:
                    cell += " *"
                cells.append(f"{cell:<32}")
            rows.append(f"{name:<24}" + "".join(cells).rstrip())
        head = f"{'scenario':<24}" + "".join(f"{m:<32}" for m in metrics).rstrip()
        return "\n".join([head, *rows, "* differs from the base at 95 % confidence"])


@dataclass(frozen=True)
class Experiment:
    """A base line and scenarios that differ from it by settings, compared under common random numbers.

    Parameters
    ----------
    base : Line
    scenarios : mapping of str to mapping
        Name to settings by path, as `Line.change` takes them.
    """

    base: Line
    scenarios: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    horizon: float = 100_000.0
    warm_up: float = 0.0
    replications: int = 30
    seed: int = 1
    engine: str = "auto"
    jobs: Any = 1

    def run(self, progress: Progress | None = None) -> Comparison:
        lines = {"base": self.base} | {n: self.base.change(s) for n, s in self.scenarios.items()}
        runs = {}
        for i, (name, line) in enumerate(lines.items()):
            runs[name] = simulate(
                line,
                horizon=self.horizon,
                warm_up=self.warm_up,
                replications=self.replications,
                seed=self.seed,
                engine=self.engine,
                jobs=self.jobs,
            )
            if progress:
                progress((i + 1) / len(lines))
        return Comparison(runs)
