"""What a lab says in sentences: verdicts, what the line does and why. All of it computed from runs."""

from __future__ import annotations

from typing import Any

from linelab.cases import Case
from linelab.estimate import Estimate
from linelab.experiment import keeps_throughput
from linelab.results import Run
from linelab.texts import number, text
from linelab.widgets.lab import Metric
from linelab.widgets.why import Idle

WORTH = 0.02  # share of time below which an idle station is not worth a sentence
CAUSE_WORTH = 0.1


def verdict(difference: Estimate, metric: Metric, case: Case, language: str) -> str:
    """A paired difference in words: which way, how much, and whether it is more than chance."""
    values = {
        "metric": text(f"metric.{metric.name}", language),
        "size": number(abs(difference.mean), language, metric.digits),
        "half": number(difference.half_width, language, metric.digits),
        "unit": metric.unit(case, language),
    }
    if not difference.samples.any():
        return text("lab.verdict.same", language, **values)
    if not difference.differs_from_zero:
        return text("lab.verdict.unclear", language, **values)
    return text("lab.verdict.up" if difference.mean > 0 else "lab.verdict.down", language, **values)


def keeps(case: Case, today: Run, run: Run, language: str) -> tuple[bool, str]:
    """Whether a plan keeps the throughput that the case asks for (paired, 95 %), and in words."""
    if not case.keep_share:
        return True, ""
    kept = keeps_throughput(run, today, case.keep_share)
    share = number(100 * run.throughput.mean / today.throughput.mean, language)
    values = {"share": share, "floor": number(100 * case.keep_share, language, 0)}
    return kept, text("lab.keeps" if kept else "lab.loses", language, **values)


def claim(case: Case, without: Run, run: Run, language: str) -> str:
    """What a lever does against what somebody promised of it, by the paired difference."""
    promised = case.claim
    assert promised is not None
    here, there = getattr(without, promised.metric), getattr(run, promised.metric)
    ratio = Estimate(100 * (there.samples / here.samples - 1), "%", here.confidence)
    holds = ratio.low <= 100 * promised.share <= ratio.high
    return text(
        "lab.claim.holds" if holds else "lab.claim.fails",
        language,
        who=promised.label[language],
        promised=f"{100 * promised.share:+g}",
        mean=number(ratio.mean, language),
        half=number(ratio.half_width, language),
    )


def agreement(case: Case, plant: Run, run: Run, metrics: tuple[Metric, ...], language: str) -> str:
    """Whether a model's figures agree with those measured at the plant (Welch's unpaired interval)."""
    off = []
    for metric in metrics:
        model, measured = metric.of(run, case), metric.of(plant, case)
        if abs(model.mean - measured.mean) > (model.half_width**2 + measured.half_width**2) ** 0.5:
            off.append(text(f"metric.{metric.name}", language))
    if off:
        return text("lab.agree.not", language, metrics=", ".join(off))
    return text("lab.agree", language)


def bottleneck(case: Case, run: Run, language: str) -> str:
    station = run.station(run.bottleneck)
    work, all_ = station.states["working"], station.utilisation
    return text(
        "why.bottleneck",
        language,
        station=case.station_labels[station.name][language],
        used=_percent(all_, language),
        working=_percent(work, language),
    )


def idle(case: Case, run: Run, times: list[Idle], language: str) -> list[str]:
    """A sentence for each station that lost much of its time, the most first."""
    said = []
    for lost in sorted(times, key=lambda x: -x.share.mean):
        if lost.share.mean < WORTH:
            continue
        minutes = lost.share.scaled(case.shift / 60, "")
        because = [
            _cause(case, run, cause, share, language) for cause, share in lost.causes if share > CAUSE_WORTH
        ]
        said.append(
            text(
                f"why.{lost.state}",
                language,
                station=_name(case, run, lost.station, language),
                minutes=f"{number(minutes.mean, language, 0)} ± {number(minutes.half_width, language, 0)}",
                share=number(100 * lost.share.mean, language, 0),
                causes=", ".join(because) or text("why.none", language),
            )
        )
    return said


def where_it_waits(case: Case, run: Run, language: str) -> str:
    """Which lane holds the most, and what share of the flow time that is (Little's law, lane by lane)."""
    levels = [run.lane_level(j) for j in range(len(run.line.buffers))]
    if not levels or not run.wip.mean:
        return ""
    j = max(range(len(levels)), key=lambda i: levels[i].mean)
    share = levels[j].samples / run.wip.samples
    return text(
        "why.waits",
        language,
        level=f"{number(levels[j].mean, language)} ± {number(levels[j].half_width, language)}",
        parts=case.parts[language],
        before=_name(case, run, j, language),
        after=_name(case, run, j + 1, language),
        share=number(100 * float(share.mean()), language, 0),
    )


def moved(case: Case, today: Run, run: Run, language: str) -> str:
    """Whether the bottleneck is another than today's."""
    if run.bottleneck == today.bottleneck:
        return ""
    names = {"before": today.bottleneck, "now": run.bottleneck}
    return text("why.moved", language, **{k: case.station_labels[v][language] for k, v in names.items()})


def _cause(case: Case, run: Run, cause: Any, share: float, language: str) -> str:
    what, where = cause
    return text(
        f"why.cause.{what}",
        language,
        share=number(100 * share, language, 0),
        station=_name(case, run, where, language),
        next=_name(case, run, min(where + 1, len(run.line.stations) - 1), language),
    )


def _name(case: Case, run: Run, station: int, language: str) -> str:
    return case.station_labels[run.line.names[station]][language]


def _percent(estimate: Estimate, language: str) -> str:
    shown = estimate.scaled(100, "")
    return f"{number(shown.mean, language, 0)} ± {number(shown.half_width, language)}"
