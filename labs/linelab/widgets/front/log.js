// The experiment log: every plan that was tried, kept in this browser, with its figures, prediction and note.
import { tradeoff } from "./charts.js";
import { button, make, planKey } from "./dom.js";
import { table } from "./results.js";

const VERSION = 1;

export class Log {
  /** `host`: {show(plan), compare(a, b), send(entry, place)}. */
  constructor(speech, host) {
    this.speech = speech;
    this.host = host;
    this.key = speech.keptAs;
    this.entries = [];
    this.count = 0;
    this.picked = new Set();
    this.trouble = make("p", { class: "ll-trouble", role: "alert", hidden: true }, speech.text("lab.log.full"));
    this.body = make("div", {});
    this.chart = make("div", { class: "ll-tradeoff" });
    this.said = make("p", { class: "ll-status", role: "status" });
    this.outcome = make("div", { class: "ll-compare" });
    this.compareButton = button(speech.text("lab.compare"), () => this.compare(), { class: "ll-button" });
    this.csvButton = button(speech.text("lab.csv"), () => this.download(), { class: "ll-button" });
    this.tools = make("div", { class: "ll-buttons" }, this.compareButton, this.csvButton);
    this.element = make("section", { class: "ll-log", "aria-label": speech.text("lab.log") },
      make("h3", {}, speech.text("lab.log")), this.trouble, this.body, this.tools, this.said, this.outcome, this.chart,
      make("p", { class: "ll-help" }, speech.text("lab.log.kept")));
    this.load();
    this.watch = new ResizeObserver(() => this.plot());
    this.watch.observe(this.chart);
  }

  /** Keep a plan's answer; the same plan again only renews what is known of it. */
  keep(answer, guess) {
    const key = planKey(answer.plan);
    const old = this.entries.find((entry) => planKey(entry.plan) === key);
    const figures = Object.fromEntries(answer.metrics.map((row) => [row.name, row.plan]));
    const known = { plan: answer.plan, cost: answer.cost, over: answer.over, kept: answer.kept, metrics: figures };
    if (old) Object.assign(old, known, guess === null ? {} : { guess });
    else this.entries.push({ no: ++this.count, time: new Date().toISOString(), ...known, guess, note: "" });
    this.save();
    this.render();
  }

  setToday(answer) {
    this.base = answer;
    this.plot();
  }

  load() {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key) ?? "null");
      if (kept?.version === VERSION && Array.isArray(kept.entries)) {
        this.entries = kept.entries;
        this.count = kept.count;
      }
    } catch {
      this.trouble.hidden = false;
    }
    this.render();
  }

  save() {
    try {
      localStorage.setItem(this.key, JSON.stringify({ version: VERSION, count: this.count, entries: this.entries }));
      this.trouble.hidden = true;
    } catch {
      this.trouble.hidden = false;
    }
  }

  render() {
    const { speech } = this;
    const empty = !this.entries.length;
    this.tools.hidden = empty;
    if (empty) {
      this.body.replaceChildren(make("p", { class: "ll-help" }, speech.text("lab.log.empty")));
      this.chart.replaceChildren();
      return;
    }
    const metrics = speech.spec.metrics;
    const heads = [speech.text("lab.no"), speech.text("lab.levers.set"), speech.text("lab.money"), ...metrics.map((m) => `${m.label}, ${m.unit}`), speech.text("lab.guess"), speech.text("lab.note"), "\u00a0"];
    const rows = [...this.entries].reverse().map((entry) => {
      const pick = make("input", { type: "checkbox", "aria-label": speech.text("lab.pick", { no: entry.no }), onchange: () => this.picked[pick.checked ? "add" : "delete"](entry.no) });
      pick.checked = this.picked.has(entry.no);
      const note = make("input", { type: "text", maxlength: 200, "aria-label": speech.text("lab.note.of", { no: entry.no }), onchange: () => { entry.note = note.value; this.save(); } });
      note.value = entry.note;
      const mark = entry.over || !entry.kept ? " ○" : "";
      const place = make("div", { class: "ll-sent" });
      const acts = make("div", { class: "ll-acts" },
        button(speech.text("lab.show"), () => this.host.show(entry.plan), { class: "ll-small" }),
        button(speech.text("lab.send"), () => this.host.send(entry, place), { class: "ll-small ll-send" }),
        button(speech.text("lab.delete"), () => this.remove(entry), { class: "ll-small", "aria-label": speech.text("lab.delete.of", { no: entry.no }) }), place);
      return [make("label", { class: "ll-pick" }, pick, ` ${entry.no}${mark}`), speech.plan(entry.plan), speech.number(entry.cost),
        ...metrics.map((m) => speech.estimate(entry.metrics[m.name] ?? [null, null], m.digits)),
        entry.guess === null || entry.guess === undefined ? "–" : speech.number(entry.guess, 1), note, acts];
    });
    this.body.replaceChildren(table(speech.text("lab.log"), heads, rows, { class: "ll-table ll-runs" }));
    this.plot();
  }

  remove(entry) {
    const at = this.entries.indexOf(entry);
    this.entries.splice(at, 1);
    this.picked.delete(entry.no);
    this.save();
    this.render();
    const back = button(this.speech.text("lab.undo"), () => {
      this.entries.splice(at, 0, entry);
      this.save();
      this.render();
      this.said.replaceChildren();
    }, { class: "ll-small" });
    this.said.replaceChildren(`${this.speech.text("lab.deleted", { no: entry.no })} `, back);
  }

  compare() {
    const chosen = this.entries.filter((entry) => this.picked.has(entry.no));
    if (chosen.length !== 2) {
      this.said.textContent = this.speech.text("lab.compare.two");
      return;
    }
    this.said.textContent = "";
    this.pair = chosen;
    this.host.compare(chosen[0].plan, chosen[1].plan);
  }

  showComparison(data) {
    const { speech } = this;
    const [a, b] = this.pair;
    const rows = data.rows.map((row) => {
      const metric = speech.metrics.get(row.name);
      return [`${metric.label}, ${metric.unit}`, speech.estimate(row.a, metric.digits), speech.estimate(row.b, metric.digits), row.words];
    });
    const heads = [speech.text("lab.metric"), `${speech.text("lab.no")} ${a.no}`, `${speech.text("lab.no")} ${b.no}`, speech.text("lab.verdict")];
    this.outcome.replaceChildren(table(speech.text("lab.compare.title", { a: a.no, b: b.no }), heads, rows));
    this.said.textContent = rows.map((row) => `${row[0]}: ${row[3]}`).join(" ");
  }

  plot() {
    const { speech } = this;
    const wide = Math.min(this.chart.clientWidth, 720);
    if (!this.entries.length || !this.base || wide < 200) return;
    const metric = speech.metrics.get(speech.spec.goal_metric);
    const today = { no: 0, cost: 0, pair: this.base.metrics.find((row) => row.name === metric.name).today, hollow: false };
    const runs = [today, ...this.entries.map((entry) => ({ no: entry.no, cost: entry.cost, pair: entry.metrics[metric.name], hollow: entry.over || !entry.kept }))].filter((run) => run.pair && run.pair[0] !== null);
    for (const run of runs) run.title = speech.text("lab.tradeoff.point", { no: run.no, cost: speech.number(run.cost), metric: metric.label, value: speech.measured(metric.name, run.pair) });
    const title = speech.text("lab.tradeoff", { metric: metric.label });
    const choose = (no) => {
      const entry = this.entries.find((x) => x.no === no);
      if (entry) this.host.show(entry.plan);
    };
    this.chart.replaceChildren(make("figure", { class: "ll-figure" }, make("figcaption", {}, title), tradeoff(wide, speech, metric, runs, `${title}. ${runs.map((run) => run.title).join("; ")}`, choose), make("p", { class: "ll-help" }, speech.text("lab.tradeoff.hollow"))));
  }

  /** All runs as a file that spreadsheets open: comma separated, UTF-8 with its mark, means and half-widths apart. */
  csv() {
    const { speech } = this;
    const names = speech.spec.levers.map((lever) => lever.name);
    const metrics = speech.spec.metrics.map((m) => m.name);
    const heads = ["run", "time", ...names, "cost_million_vnd", "over_budget", "keeps_throughput", ...metrics.flatMap((m) => [m, `${m}_half_width`]), "prediction", "note"];
    const rows = this.entries.map((entry) => [entry.no, entry.time, ...names.map((name) => entry.plan[name] ?? speech.levers.get(name).options[0].value),
      entry.cost, entry.over, entry.kept, ...metrics.flatMap((m) => entry.metrics[m] ?? ["", ""]), entry.guess ?? "", entry.note]);
    // a cell that begins like a formula must not become one
    const quote = (value) => `"${String(value ?? "").replace(/^(?=[=+@\t\r]|-[^\d.])/, "'").replaceAll('"', '""')}"`;
    return `\ufeff${[heads, ...rows].map((row) => row.map(quote).join(",")).join("\r\n")}\r\n`;
  }

  download() {
    const address = URL.createObjectURL(new Blob([this.csv()], { type: "text/csv;charset=utf-8" }));
    const link = make("a", { href: address, download: `${this.speech.spec.lab}.csv` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  close() {
    this.watch.disconnect();
  }
}
