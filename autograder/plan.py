"""Judges a plan by simulating it on hidden seeds with the trainee's own variant.

An improvement plan gets the share of the attainable gain: how far it shortens the flow time, against the
best plan that the levers and the budget allow, where a plan must keep the throughput that the case asks for.
A plan that corrects a model gets the share of the figures in which the model and the plant agree. All runs
share their random numbers, so that luck plays no part in the comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from autograder.runs import Wanted, runs
from linelab.cases import Case, load
from linelab.experiment import keeps_throughput
from linelab.results import Run
from linelab.texts import LANGUAGES, number, text

REPLICATIONS = 40
SHORTLIST = 6  # plans of a case that are tried on each variant of it
SIFTING = 10  # replications that find them in a case that is nobody's variant
FULL_SHARE = 0.97  # so near the best, plans are equally good
TOLERANCES = {"throughput": 0.01, "lead_time": 0.05, "wip": 0.05}  # within what a model agrees with the plant
NONE = {"vi": "không chỉ số nào", "en": "none"}


@dataclass(frozen=True)
class Verdict:
    """How good a plan is: `share` of the attainable gain, 0 to 1, and why, in both languages."""

    share: float
    reason: Mapping[str, str]


def judge_plan(case: Case, plan: Any, seeds: Sequence[int], *, own: bool = False) -> Verdict:
    """Judge a plan.

    Parameters
    ----------
    case : Case
        The trainee's variant.
    plan : dict or None
        Lever to setting; levers left out stay as today.
    seeds : sequence of int
        Hidden seeds; the first is used.
    own : bool
        Whether the case is nobody's variant but stands for itself, as in an exam.

    Returns
    -------
    Verdict
    """
    if plan is None:
        return _verdict(0.0, "Chưa có phương án nào được ghi.", "No plan was recorded.")
    faults = case.faults(plan) if isinstance(plan, dict) else [f"plan: {plan!r} is not a plan"]
    if faults:
        why = "; ".join(faults)
        return _verdict(0.0, f"Phương án không chạy được: {why}", f"The plan cannot run: {why}")
    today, run, *_ = _runs(case, [{}, plan, *_likely(case, seeds, own)], seeds)
    keep = f"{100 * case.keep_share:g} %"
    if not keeps_throughput(run, today, case.keep_share):
        th = f"{100 * run.throughput.mean / today.throughput.mean:.1f} %"
        return _verdict(
            0.0,
            f"Lưu lượng chỉ còn {th} so với hiện tại, dưới mức {keep} phải giữ.",
            f"Throughput falls to {th} of today's, below the {keep} to be kept.",
        )
    gain = today.lead_time.mean - run.lead_time.mean
    best = max(gain, attainable_gain(case, seeds, today, own=own))
    share = min(max(gain / best, 0.0), 1.0) if best > 0 else 0.0
    share = 1.0 if share >= FULL_SHARE else share
    # not where it comes from: that is another question's answer
    after = run.lead_time.scaled(1 / 60, "")
    vi, en = (
        (f"{number(after.mean, x)} ± {number(after.half_width, x)}", f"{100 * share:.0f} %")
        for x in LANGUAGES
    )
    return _verdict(
        share,
        "Với phương án này thời gian lưu trình là {} phút: đạt {} mức cải thiện có thể.".format(*vi),
        "With this plan the flow time is {} min: {} of the attainable gain.".format(*en),
    )


def attainable_gain(
    case: Case, seeds: Sequence[int], today: Run | None = None, *, exhaustive: bool = False, own: bool = False
) -> float:
    """Largest reduction of the mean flow time, in seconds, over all plans that the rules allow.

    Trainees' variants of a case differ by a few percent, so that their best plans are among the best of the
    case itself. Only those are simulated for each variant, unless `exhaustive`; a test compares the two.
    """
    today = today or measured(case, seeds)
    plans = _plans(case) if exhaustive else _likely(case, seeds, own)
    best = 0.0
    for run in _runs(case, plans, seeds):
        if keeps_throughput(run, today, case.keep_share):
            best = max(best, today.lead_time.mean - run.lead_time.mean)
    return best


def _plans(case: Case) -> list[dict[str, Any]]:
    """All plans within the rules but the one that changes nothing."""
    moving = [lever for lever in case.levers if lever.paths]
    every = (
        {lever.name: s for lever, s in zip(moving, settings, strict=True) if s != lever.today}
        for settings in itertools.product(*(lever.costs for lever in moving))
    )
    return [plan for plan in every if plan and not case.faults(plan)]


def _likely(case: Case, seeds: Sequence[int], own: bool) -> list[dict[str, Any]]:
    """Plans of which one is the best or as good."""
    return _best_of(case, seeds[0], SIFTING) if own else _shortlist(case.id, seeds[0], REPLICATIONS)


@lru_cache(maxsize=16)
def _shortlist(case_id: str, seed: int, replications: int) -> list[dict[str, Any]]:
    return _best_of(load(case_id), seed, replications)


def _best_of(case: Case, seed: int, replications: int) -> list[dict[str, Any]]:
    """The best plans of a case, also such as just fail its throughput: a variant may keep it."""
    plans = _plans(case)
    today, *found = runs([_wanted(case, plan, [seed], replications) for plan in ({}, *plans)])
    least = (case.keep_share - 0.02) * today.throughput.mean
    ranked = [
        (run.lead_time.mean, plan)
        for run, plan in zip(found, plans, strict=True)
        if run.throughput.mean >= least
    ]
    return [plan for _, plan in sorted(ranked, key=lambda pair: pair[0])[:SHORTLIST]]


def judge_model(case: Case, plan: Any, seeds: Sequence[int]) -> Verdict:
    """Judge the settings that are to make a model agree with its plant.

    Throughput, flow time and WIP are compared in two situations: as the plant is, and with what the case's
    claim is about. In the first some inputs may hardly matter; the decision is about the second. On the same
    random numbers a right model agrees to the last digit, so the tolerances only say how wrong is wrong.

    Parameters
    ----------
    case : Case
        The trainee's variant, with a plant and a claim.
    plan : dict or None
        Lever to setting; levers left out stay as in the model. The claim's lever is set by the judge.
    seeds : sequence of int
        Hidden seeds; the first is used.

    Returns
    -------
    Verdict
        With the share of the six comparisons that agree within `TOLERANCES`.

    Raises
    ------
    ValueError
        If the case has no plant or no claim.
    """
    if not case.plant or case.claim is None:
        raise ValueError(f"case {case.id}: has no plant or no claim, so no model can be judged")
    if plan is None:
        return _verdict(0.0, "Chưa có mô hình nào được ghi.", "No model was recorded.")
    model = {k: v for k, v in plan.items() if k != case.claim.lever} if isinstance(plan, dict) else {}
    faults = case.faults(plan) if isinstance(plan, dict) else [f"plan: {plan!r} is not a plan"]
    if faults:
        why = "; ".join(faults)
        return _verdict(0.0, f"Mô hình không chạy được: {why}", f"The model cannot run: {why}")
    claimed = {case.claim.lever: case.claim.setting}
    settings = [{**base, **claim} for base in (model, case.plant) for claim in ({}, claimed)]
    *modelled, plant, promised = _runs(case, settings, seeds)
    agree = [
        [name for name in TOLERANCES if _agrees(run, real, name)]
        for run, real in zip(modelled, (plant, promised), strict=True)
    ]
    count, most = sum(map(len, agree)), 2 * len(TOLERANCES)
    vi, en = (
        [", ".join(text(f"metric.{name}", x) for name in names) or NONE[x] for names in agree]
        for x in LANGUAGES
    )
    said_vi = f"{count} trên {most} chỉ số khớp với nhà máy."
    said_en = f"{count} of {most} figures agree with the plant."
    if count == most:
        return _verdict(1.0, said_vi, said_en)
    # which figures agree helps to search; which inputs are wrong is for the trainee to find
    return _verdict(
        count / most,
        f"{said_vi} Như hiện nay: {vi[0]}. Trong tình huống của lời hứa: {vi[1]}. Mô hình phải đúng cả trong "
        "tình huống cần quyết định: hãy đối chiếu từng dòng của phiếu dữ liệu, kể cả đơn vị, cả những số mà "
        "hôm nay chưa có tác dụng gì.",
        f"{said_en} As it is today: {en[0]}. In the situation of the promise: {en[1]}. A model has to be "
        "right in the situation that the decision is about, too: go through the data sheet line by line, "
        "units included, and the inputs that play no part today.",
    )


def _agrees(run: Run, plant: Run, name: str) -> bool:
    model, real = getattr(run, name).mean, getattr(plant, name).mean
    return bool(abs(model - real) <= TOLERANCES[name] * abs(real))


def measured(case: Case, seeds: Sequence[int], plan: Mapping[str, Any] | None = None) -> Run:
    """The line as it is today, or with a plan, on hidden seeds: what answers about it are compared with.

    Several questions ask about the same run, and so it is made once.
    """
    (run,) = _runs(case, [plan or {}], seeds)
    return run


def _runs(case: Case, plans: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> list[Run]:
    return runs([_wanted(case, plan, seeds, REPLICATIONS) for plan in plans])


def _wanted(case: Case, plan: Mapping[str, Any], seeds: Sequence[int], replications: int) -> Wanted:
    return Wanted(case.apply(plan), case.horizon, case.warm_up, replications, seeds[0])


def _verdict(share: float, vi: str, en: str) -> Verdict:
    return Verdict(share, {"vi": vi, "en": en})
