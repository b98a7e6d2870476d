"""Judges an improvement plan by simulating it on hidden seeds with the trainee's own variant.

Credit is the share of the attainable gain: how far the plan shortens the flow time, against the best plan
that the levers and the budget allow, where a plan must keep the throughput that the case asks for. All plans
run on the same random numbers, so that luck plays no part in the comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linelab.cases import Case
from linelab.experiment import simulate
from linelab.results import Run
from linelab.texts import LANGUAGES, number

REPLICATIONS = 40
FULL_SHARE = 0.97  # so near the best, plans are equally good


@dataclass(frozen=True)
class Verdict:
    """How good a plan is: `share` of the attainable gain, 0 to 1, and why, in both languages."""

    share: float
    reason: Mapping[str, str]


def judge_plan(case: Case, plan: Any, seeds: Sequence[int]) -> Verdict:
    """Judge a plan.

    Parameters
    ----------
    case : Case
        The trainee's variant.
    plan : dict or None
        Lever to setting; levers left out stay as today.
    seeds : sequence of int
        Hidden seeds; the first is used.

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
    today = _run(case, {}, seeds)
    run = _run(case, plan, seeds)
    keep = f"{100 * case.keep_share:g} %"
    if not _keeps_throughput(case, today, run):
        th = f"{100 * run.throughput.mean / today.throughput.mean:.1f} %"
        return _verdict(
            0.0,
            f"Lưu lượng chỉ còn {th} so với hiện tại, dưới mức {keep} phải giữ.",
            f"Throughput falls to {th} of today's, below the {keep} to be kept.",
        )
    gain = today.lead_time.mean - run.lead_time.mean
    best = max(gain, attainable_gain(case, seeds, today))
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


def attainable_gain(case: Case, seeds: Sequence[int], today: Run | None = None) -> float:
    """Largest reduction of the mean flow time, in seconds, over all plans that the rules allow."""
    today = today or _run(case, {}, seeds)
    moving = [lever for lever in case.levers if lever.paths]
    best = 0.0
    for settings in itertools.product(*(lever.costs for lever in moving)):
        plan = {lever.name: s for lever, s in zip(moving, settings, strict=True) if s != lever.today}
        if not plan or case.faults(plan):
            continue
        run = _run(case, plan, seeds)
        if _keeps_throughput(case, today, run):
            best = max(best, today.lead_time.mean - run.lead_time.mean)
    return best


def _run(case: Case, plan: Mapping[str, Any], seeds: Sequence[int]) -> Run:
    return simulate(
        case.apply(plan),
        horizon=case.horizon,
        warm_up=case.warm_up,
        replications=REPLICATIONS,
        seed=seeds[0],
    )


def _keeps_throughput(case: Case, today: Run, run: Run) -> bool:
    """False only if throughput is below the share to be kept beyond doubt (95 % interval of the pairs)."""
    floor = today.throughput.scaled(case.keep_share, today.throughput.unit)
    return run.throughput.minus(floor).high >= 0


def _verdict(share: float, vi: str, en: str) -> Verdict:
    return Verdict(share, {"vi": vi, "en": en})
