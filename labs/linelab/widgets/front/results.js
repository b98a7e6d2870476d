// What a plan does, beside today: figures with their intervals, verdicts in words, and where the time goes.
import { make } from "./dom.js";

const LOSSES = ["availability", "performance", "quality", "oee"];

/** A table that turns into a list of cards where it is narrow; roles keep it a table for screen readers. */
export function table(caption, heads, rows, attributes = {}) {
  const cell = (content, i) => {
    const inside = content instanceof Node ? content : document.createTextNode(content);
    return i === 0
      ? make("th", { scope: "row", role: "rowheader" }, inside)
      : make("td", { role: "cell", "data-label": heads[i] }, make("span", {}, inside));
  };
  return make("table", { role: "table", class: "ll-table", ...attributes },
    make("caption", {}, caption),
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...heads.map((head) => make("th", { scope: "col", role: "columnheader" }, head)))),
    make("tbody", { role: "rowgroup" }, ...rows.map((row) => make("tr", { role: "row" }, ...row.map(cell)))));
}

export class Results {
  constructor(speech) {
    this.speech = speech;
    this.title = make("h3", { tabindex: -1 }, speech.text("lab.results"));
    this.live = make("p", { class: "ll-live", role: "status" });
    this.figures = make("div", { class: "ll-figures" });
    this.notes = make("ul", { class: "ll-notes" });
    this.bars = make("div", { class: "ll-bars" });
    this.why = make("ul", { class: "ll-why-list" });
    this.whySection = make("section", { class: "ll-why" }, make("h3", {}, speech.text("lab.why")), this.why);
    this.element = make("section", { class: "ll-results", "aria-label": speech.text("lab.results") }, this.title, this.live, this.figures, this.notes, this.bars, this.whySection);
  }

  /** Nothing to see until the trainee has committed to a prediction. */
  hide() {
    this.live.textContent = this.speech.text("lab.hidden");
    for (const part of [this.figures, this.notes, this.bars, this.why]) part.replaceChildren();
    this.whySection.hidden = true;
  }

  /** `answer` of the plan; `today` the answer for the line as it is; `said` what became of a prediction. */
  show(answer, today, said) {
    const { speech } = this;
    const streaming = answer.done < answer.all;
    const isPlan = Object.keys(answer.plan).length > 0;
    const heads = [speech.text("lab.metric"), speech.text("lab.today")];
    if (answer.metrics[0].plant) heads.push(speech.text("lab.plant"));
    if (isPlan) heads.push(speech.text("lab.plan"), speech.text("lab.verdict"));
    const rows = answer.metrics.map((row) => {
      const metric = speech.metrics.get(row.name);
      const label = make("span", {}, metric.label, make("small", {}, ` ${metric.unit}`));
      const cells = [label, speech.estimate(row.today, metric.digits)];
      if (row.plant) cells.push(speech.estimate(row.plant, metric.digits));
      if (isPlan) cells.push(make("strong", {}, speech.estimate(row.plan, metric.digits)), this.verdict(row, metric));
      return cells;
    });
    const caption = speech.text(streaming ? "lab.streaming" : "lab.caption", { done: answer.done, all: answer.all });
    this.figures.replaceChildren(table(caption, heads, rows, { class: "ll-table ll-metrics" }));
    this.notes.replaceChildren(...[said, ...answer.notes].filter(Boolean).map((note) => make("li", {}, note)));
    this.bars.replaceChildren(this.stations(answer, isPlan ? today : null));
    if (!streaming) this.live.textContent = this.sentence(answer, isPlan, said);
  }

  /** A few words that are said aloud: the figure that the lab is about with its interval, and what became of it. */
  sentence(answer, isPlan, said) {
    const row = answer.metrics.find((x) => x.name === this.speech.spec.predict);
    const metric = this.speech.metrics.get(row.name);
    const [mean, half] = isPlan ? row.plan : row.today;
    const number = (value) => this.speech.number(value, metric.digits);
    const values = { metric: metric.label, mean: number(mean), low: number(mean - half), high: number(mean + half), unit: metric.unit };
    const figure = half === null ? `${metric.label}: ${this.speech.measured(row.name, [mean, half])}.` : this.speech.text("lab.said", values);
    return [figure, isPlan ? row.words : "", said ?? ""].join(" ").trim();
  }

  verdict(row, metric) {
    const up = row.difference[0] > 0;
    const good = row.clear && up === (metric.better === "high");
    const kind = row.clear && metric.better ? (good ? "ll-good" : "ll-bad") : "ll-unclear";
    return make("span", { class: `ll-verdict ${kind}` }, row.words);
  }

  explain(texts) {
    this.why.replaceChildren(...texts.map((words) => make("li", {}, words)));
    this.whySection.hidden = !texts.length;
  }

  stations(answer, today) {
    const { speech } = this;
    const rows = answer.stations.map((station, j) => {
      const name = make("span", { class: "ll-station" }, station.label);
      if (station.name === answer.bottleneck) name.append(make("small", { class: "ll-neck" }, speech.text("lab.bottleneck")));
      const bars = today ? [this.bar(today.stations[j], speech.text("lab.today")), this.bar(station, speech.text("lab.plan"))] : [this.bar(station, speech.text("lab.today"))];
      return make("div", { class: "ll-station-row" }, name, make("div", { class: "ll-pair" }, ...bars));
    });
    const used = speech.spec.states.filter((state) => answer.stations.some((station) => station.states[state]));
    const heads = [speech.text("lab.station"), speech.text("lab.utilisation"), ...used.map((state) => speech.text(`state.${state}`)), ...LOSSES.map((name) => speech.text(`lab.${name}`))];
    const percent = (pair) => (pair ? `${speech.estimate(pair.map((x) => x === null ? null : 100 * x), 1)} %` : "–");
    const figures = answer.stations.map((station) => [station.label, percent(station.utilisation), ...used.map((state) => percent(station.states[state])), ...LOSSES.map((name) => percent(station[name]))]);
    return make("div", {}, make("h3", {}, speech.text("lab.stations")), ...rows,
      make("details", { class: "ll-details" }, make("summary", {}, speech.text("lab.table")), make("div", { class: "ll-scroll", tabindex: 0, role: "region", "aria-label": speech.text("lab.stations") }, table(speech.text("lab.caption", { done: answer.done }), heads, figures))));
  }

  bar(station, label) {
    const shares = Object.entries(station.states);
    const said = shares.map(([state, [mean, half]]) => `${this.speech.text(`state.${state}`).toLowerCase()} ${this.speech.estimate([100 * mean, half === null ? null : 100 * half], 1)} %`).join(", ");
    return make("div", { class: "ll-bar-row" }, make("small", { "aria-hidden": "true" }, label),
      make("div", { class: "ll-bar", role: "img", "aria-label": `${station.label}, ${label}: ${said}`, title: said },
        ...shares.map(([state, [mean]]) => make("span", { class: `ll-${state}`, style: `width:${(100 * mean).toFixed(2)}%` }))));
  }
}
