"""The panel of a lab: levers with their cost, a prediction, a run, results with intervals, a log."""

from __future__ import annotations

import html
import time
from typing import Any

import ipywidgets as w

from linelab.cases import Case, Lever
from linelab.estimate import Estimate
from linelab.experiment import simulate
from linelab.plots import describe, img, interval_figure, line_figure
from linelab.results import Run
from linelab.texts import number, table, text

REPLICATIONS = 100
SEED = 2026
METRICS = ("throughput", "lead_time", "wip")


class LabPanel:
    """A lab on a case. `widget` is what to display.

    Parameters
    ----------
    case : Case
        The line, its levers and its budget.
    language : {"vi", "en"}
        Of every label.
    replications, seed : int
        Of each run; all runs of a panel share their random numbers.
    """

    def __init__(self, case: Case, language: str, replications: int = REPLICATIONS, seed: int = SEED) -> None:
        self.case, self.language = case, language
        self.replications, self.seed = replications, seed
        self.log: list[tuple[dict[str, Any], Run]] = []
        self._levers = {lever.name: self._lever(lever) for lever in case.levers}
        self._budget = w.HTML()
        self._guess = w.BoundedFloatText(value=0, min=0, max=1e6, step=1, layout=w.Layout(width="7rem"))
        self._run = w.Button(description=text("lab.run", language), button_style="primary", disabled=True)
        self._reset = w.Button(description=text("lab.reset", language))
        self._status, self._results, self._log = w.HTML(), w.HTML(), w.HTML()
        self._picture = w.HTML()
        self._guess.observe(lambda _: self._show_budget(), "value")
        self._run.on_click(lambda _: self.run())
        self._reset.on_click(lambda _: self.reset())
        self.today = self._simulate({})
        self._show_today()
        self._show_budget()
        self.widget = self._layout()

    @property
    def plan(self) -> dict[str, Any]:
        """The levers that stand elsewhere than today."""
        settings = {name: control.value for name, control in self._levers.items()}
        return {name: v for name, v in settings.items() if v != self.case.lever(name).today}

    def reset(self) -> None:
        """Bring every lever back to today."""
        for name, control in self._levers.items():
            control.value = self.case.lever(name).today

    def run(self) -> None:
        """Simulate the plan and show it beside today."""
        plan, begun = self.plan, time.perf_counter()
        faults = self.case.faults(plan)
        if faults:
            self._say(text("plan.fault", self.language, fault="; ".join(faults)), bad=True)
            return
        self._run.disabled = True
        try:
            run = self._simulate(plan)
        finally:
            self._run.disabled = False
        self.log.append((plan, run))
        seconds = number(time.perf_counter() - begun, self.language)
        self._say(text("lab.ready", self.language, replications=self.replications, seconds=seconds))
        self._show_comparison(plan, run)
        self._show_log()
        self._guess.value = 0  # the next plan deserves a prediction of its own
        self._show_budget()

    # -- parts of the panel

    def _layout(self) -> w.Widget:
        lang = self.language
        keep = f"{100 * self.case.keep_share:g}"
        intro = w.HTML(f"<p>{html.escape(text('lab.intro', lang, keep=keep))}</p>")
        levers = [self._heading("lab.levers")]
        for lever in self.case.levers:
            unit = f" ({lever.unit[lang]})" if lever.unit[lang] else ""
            levers.append(
                w.HTML(
                    f"<div style='line-height:1.35;margin-top:.4rem'><strong>{html.escape(lever.label[lang])}"
                    f"</strong>{html.escape(unit)}<br><small>{html.escape(lever.help[lang])}</small></div>"
                )
            )
            levers.append(self._levers[lever.name])
        predict = w.HBox(
            [
                w.HTML(f"<span>{html.escape(text('lab.predict', lang))}</span>"),
                self._guess,
                w.HTML(f"<span>{text('unit.minutes', lang)}</span>"),
            ],
            layout=w.Layout(flex_flow="row wrap", align_items="center", grid_gap="0.4rem"),
        )
        buttons = w.HBox([self._run, self._reset], layout=w.Layout(flex_flow="row wrap", grid_gap="0.4rem"))
        box = w.VBox(
            [
                intro,
                self._picture,
                *levers,
                self._budget,
                predict,
                buttons,
                self._status,
                self._results,
                self._log,
            ],
            layout=w.Layout(width="100%"),
        )
        box.add_class("linelab-panel")
        return box

    def _heading(self, key: str) -> w.HTML:
        return w.HTML(f"<h4 style='margin:.6rem 0 0'>{html.escape(text(key, self.language))}</h4>")

    def _lever(self, lever: Lever) -> w.ToggleButtons:
        options = [
            (f"{setting} · {text('lab.cost', self.language, cost=f'{cost:g}')}", setting)
            for setting, cost in lever.costs.items()
        ]
        control = w.ToggleButtons(options=options, value=lever.today, style={"button_width": "6.6rem"})
        control.tooltips = [lever.label[self.language]] * len(options)
        control.observe(lambda _: self._show_budget(), "value")
        return control

    def _say(self, message: str, bad: bool = False) -> None:
        colour = "#b42318" if bad else "#1a7f37"
        self._status.value = (
            f"<p role='status' style='border-left:4px solid {colour};padding:.1rem .6rem'>"
            f"{html.escape(message)}</p>"
        )

    def _simulate(self, plan: dict[str, Any]) -> Run:
        case = self.case
        return simulate(
            case.apply(plan),
            horizon=case.horizon,
            warm_up=case.warm_up,
            replications=self.replications,
            seed=self.seed,
            progress=lambda share: self._say(text("lab.running", self.language, share=f"{100 * share:.0f}")),
        )

    def _show_budget(self) -> None:
        cost, budget = self.case.cost(self.plan), self.case.budget
        over = cost > budget
        key = "lab.over" if over else "lab.budget"
        said = text(
            key,
            self.language,
            cost=f"{cost:g}",
            budget=f"{budget:g}",
            left=f"{budget - cost:g}",
            over=f"{cost - budget:g}",
        )
        share, colour = min(cost / budget, 1) * 100, "#b42318" if over else "#0072B2"
        self._budget.value = (
            f"<div style='margin:.5rem 0'><div style='background:#8883;border-radius:4px;height:.55rem'>"
            f"<div style='width:{share:.0f}%;height:100%;background:{colour};border-radius:4px'></div></div>"
            f"<strong>{html.escape(said)}</strong></div>"
        )
        self._run.disabled = over or self._guess.value <= 0

    def _show_today(self) -> None:
        figure = line_figure(self.case, {text("lab.today", self.language): self.today}, self.language)
        self._picture.value = img(figure, describe(self.case, self.today, self.language))
        self._status.value = ""
        self._results.value = self._table([("lab.today", self.today)])

    def _show_comparison(self, plan: dict[str, Any], run: Run) -> None:
        lang = self.language
        rows = {text("lab.today", lang): self.today, text("lab.plan", lang): run}
        picture = line_figure(self.case, rows, lang)
        self._picture.value = img(picture, describe(self.case, run, lang))
        times = [(name, _shown("lead_time", r, self.case)) for name, r in rows.items()]
        label = f"{text('figure.compare', lang)} ({text('unit.minutes', lang)})"
        guess = text(
            "lab.predicted",
            lang,
            guess=number(self._guess.value, lang, 0),
            result=number(run.lead_time.mean / 60, lang, 0),
        )
        asked = next(q.id for q in self.case.questions.values() if q.kind == "plan")
        code = f'answer("{asked}", {plan!r})'
        self._results.value = (
            f"<p><strong>{html.escape(guess)}</strong></p>"
            + self._table([("lab.today", self.today), ("lab.plan", run)])
            + img(interval_figure(times, label, lang), label)
            + f"<p>{html.escape(text('lab.answer', lang))}<br>"
            f"<code style='user-select:all'>{html.escape(code)}</code></p>"
        )

    def _table(self, columns: list[tuple[str, Run]]) -> str:
        lang = self.language
        heads = [text("lab.metric", lang), *(text(key, lang) for key, _ in columns)]
        if len(columns) == 2:
            heads.append(text("lab.difference", lang))
        rows = []
        for metric in METRICS:
            shown = [_shown(metric, run, self.case) for _, run in columns]
            cells = [text(f"metric.{metric}", lang), *(self._estimate(metric, e) for e in shown)]
            if len(columns) == 2:
                difference = shown[1].minus(shown[0])
                verdict = "lab.significant" if difference.differs_from_zero else "lab.not_significant"
                cells.append(f"{self._estimate(metric, difference)} – {text(verdict, lang)}")
            rows.append(cells)
        return (
            f"<h4 style='margin:.6rem 0 0'>{html.escape(text('lab.results', lang))}</h4>"
            + table(heads, rows)
            + f"<small>{html.escape(text('lab.interval', lang))}</small>"
        )

    def _estimate(self, metric: str, e: Estimate) -> str:
        lang = self.language
        unit = {
            "throughput": text(f"unit.per_{self.case.per}", lang, parts=self.case.parts[lang]),
            "lead_time": text("unit.minutes", lang),
            "wip": self.case.parts[lang],
        }[metric]
        return f"{number(e.mean, lang)} ± {number(e.half_width, lang)} {unit}"

    def _show_log(self) -> None:
        lang = self.language
        names = [lever.name for lever in self.case.levers]
        heads = [text("lab.no", lang), *(self.case.lever(n).label[lang] for n in names)]
        heads += [text("unit.money", lang), *(text(f"metric.{m}", lang) for m in METRICS[:2])]
        rows = []
        for i, (plan, run) in enumerate(self.log, 1):
            settings = [str(plan.get(n, self.case.lever(n).today)) for n in names]
            figures = [self._estimate(m, _shown(m, run, self.case)) for m in METRICS[:2]]
            rows.append([str(i), *settings, f"{self.case.cost(plan):g}", *figures])
        self._log.value = f"<h4 style='margin:.6rem 0 0'>{html.escape(text('lab.log', lang))}</h4>" + table(
            heads, rows
        )


def _shown(metric: str, run: Run, case: Case) -> Estimate:
    """The metric in the unit that the shop floor uses: a shift, minutes, parts."""
    estimate: Estimate = getattr(run, metric)
    factor = {"throughput": case.period, "lead_time": 1 / 60, "wip": 1.0}[metric]
    return estimate.scaled(factor, "")
