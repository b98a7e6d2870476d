// A lab in the page: what Python says comes in as messages, what the trainee does goes out as requests.
import { sweep as sweepChart } from "./charts.js";
import { button, make, planKey, Speech } from "./dom.js";
import { Levers } from "./levers.js";
import { Log } from "./log.js";
import { Results } from "./results.js";
import { columnsOf, Scene } from "./scene.js";
import { Stage } from "./stage.js";

let views = 0;

export class LabView {
  /**
   * @param {HTMLElement} root where the lab stands
   * @param {object} host {ask(request), put?(plan, assignment, question, replace): Promise, edition?} — `put` writes a
   *   plan into the exercise, without it the trainee is given the line to paste; `edition` is the course's
   */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    this.count = 0;
    this.scenes = new Map();
    this.live = false;
  }

  /** A message from Python, or one that was worked out when the site was built. */
  receive(data, buffers) {
    const act = { lab: "build", answer: "answer", scene: "scene", why: "explain", sweep: "showSweep", compare: "showComparison", fault: "fault" }[data.kind];
    if (act) this[act](data, columnsOf(data, buffers));
  }

  /** Let the line run: not before Python has started, which wants the whole processor. */
  begin() {
    this.playable = true;
    this.stage?.begin();
  }

  /** Whether Python is there to answer. */
  setLive(live) {
    if (live) this.begin();
    this.live = live;
    this.levers?.enable(live);
    if (this.banner) this.banner.hidden = live;
    if (this.sweepButton) this.sweepButton.disabled = !live;
  }

  build(spec) {
    if (this.spec && this.spec.key === spec.key && this.spec.language === spec.language) return; // it stands already
    this.close();
    this.spec = spec;
    const speech = (this.speech = new Speech(spec, this.host.edition));
    this.today = this.latest = null;
    this.guess = null;
    this.revealed = this.seen();
    this.stage = new Stage(speech);
    this.levers = new Levers(speech, (plan) => this.moved(plan));
    this.results = new Results(speech);
    this.log = new Log(speech, {
      show: (plan) => { this.revealed = true; this.levers.set(plan); this.levers.element.scrollIntoView({ block: "nearest" }); },
      compare: (a, b) => this.ask("compare", { a, b }),
      send: (entry, place) => this.send(entry, place),
    });
    this.banner = make("p", { class: "ll-banner" }, speech.text("lab.still"));
    this.views = make("div", { class: "ll-views", role: "group", "aria-label": speech.text("lab.line"), hidden: true },
      ...["today", "plan"].map((name) => button(speech.text(`lab.${name}`), () => this.view(name), { class: "ll-tab", "data-view": name, "aria-pressed": String(name === "today") })));
    this.element = make("div", { class: "ll", lang: spec.language },
      make("p", { class: "ll-goal" }, make("strong", {}, `${speech.text("lab.goal")}: `), spec.goal), this.banner,
      this.views, this.stage.element, this.levers.element, this.prediction(), this.results.element, this.sweepSection(), this.log.element, this.bar());
    this.root.replaceChildren(this.element);
    this.setLive(this.live);
    this.showBudget();
  }

  // -- requests and answers

  ask(kind, more) {
    this.host.ask({ kind, id: ++this.count, ...more });
    return this.count;
  }

  moved(plan) {
    if (!this.revealed || this.again.checked) this.cover(plan);
    this.showBudget();
    this.asked = performance.now();
    this.planId = this.ask("plan", { plan });
  }

  answer(data) {
    const isToday = !Object.keys(data.plan).length;
    if (isToday && data.done === data.all) {
      this.today = data;
      this.log.setToday(data);
    }
    if (data.id !== 0 && data.id !== this.planId) return; // of a plan that is no longer set
    if (data.id === 0 && this.planId) return;
    this.latest = data;
    if (!this.covered || isToday) this.reveal();
    if (this.asked) this.root.dataset.answered = Math.round(performance.now() - this.asked); // until it was on the page
    this.asked = 0;
  }

  reveal() {
    const data = this.latest;
    if (!data) return;
    const isPlan = Object.keys(data.plan).length > 0;
    const complete = data.done === data.all;
    const said = isPlan && complete ? this.judged(data) : "";
    this.results.show(data, this.today ?? data, said);
    if (this.texts && planKey(this.texts.plan) === planKey(data.plan)) this.results.explain(this.texts.texts);
    else this.results.explain([]);
    this.showBudget();
    if (isPlan && complete) {
      this.log.keep(data, this.guess);
      this.guess = null;
    }
    this.root.dataset.shown = planKey(data.plan);
  }

  /** What became of the prediction. */
  judged(data) {
    if (this.guess === null) return this.lastSaid?.key === planKey(data.plan) ? this.lastSaid.words : "";
    const { speech } = this;
    const row = data.metrics.find((x) => x.name === this.spec.predict);
    const metric = speech.metrics.get(row.name);
    const [mean, half] = row.plan;
    const values = { guess: speech.setting(this.guess), unit: metric.unit, result: speech.estimate(row.plan, metric.digits), percent: speech.number(Math.abs(100 * (this.guess / mean - 1)), 0) };
    const words = speech.text(Math.abs(this.guess - mean) <= half ? "lab.predict.inside" : "lab.predict.off", values);
    this.lastSaid = { key: planKey(data.plan), words };
    return words;
  }

  scene(data, columns) {
    const scene = new Scene(data, columns);
    const isToday = !Object.keys(data.plan).length;
    this.scenes.set(isToday ? "today" : "plan", { scene, plan: data.plan });
    this.views.hidden = !this.scenes.has("plan") || this.covered;
    if ((data.id === 0 || data.id === this.planId) && !this.covered) this.view(isToday ? "today" : "plan");
  }

  view(name) {
    const found = this.scenes.get(name);
    if (!found) return;
    this.stage.show(found.scene, this.speech.plan(found.plan));
    if (this.playable) this.stage.begin();
    for (const tab of this.views.children) tab.setAttribute("aria-pressed", String(tab.dataset.view === name));
  }

  explain(data) {
    this.texts = data;
    if (!this.covered && this.latest && planKey(this.latest.plan) === planKey(data.plan)) this.results.explain(data.texts);
  }

  fault(data) {
    this.results.live.textContent = data.text;
    this.results.notes.replaceChildren(make("li", { class: "ll-bad" }, data.text));
    this.root.dataset.shown = "fault";
  }

  showComparison(data) {
    this.log.showComparison(data);
  }

  // -- predict first

  prediction() {
    const { speech } = this;
    const metric = speech.metrics.get(this.spec.predict);
    const id = `ll-guess-${++views}`; // a notebook may hold several labs
    this.question = make("label", { for: id });
    this.entry = make("input", { id, class: "ll-guess", type: "text", inputmode: "decimal", autocomplete: "off", "aria-describedby": `${id}-error`, onkeydown: (event) => event.key === "Enter" && this.commit() });
    this.error = make("span", { id: `${id}-error`, class: "ll-trouble ll-guess-error", role: "alert" });
    this.again = make("input", { type: "checkbox" });
    this.card = make("div", { class: "ll-predict", hidden: true }, make("h3", {}, speech.text("lab.predict.title")), this.question,
      make("div", { class: "ll-entry" }, this.entry, make("span", {}, metric.unit), button(speech.text("lab.predict.commit"), () => this.commit(), { class: "ll-button ll-main" })), this.error);
    return make("section", { class: "ll-prediction", "aria-label": speech.text("lab.predict.title") }, this.card,
      make("label", { class: "ll-again" }, this.again, ` ${speech.text("lab.predict.again")}`));
  }

  /** Hide what comes until a prediction is made; today needs none. */
  cover(plan) {
    const { speech } = this;
    this.covered = Object.keys(plan).length > 0;
    this.card.hidden = !this.covered;
    if (!this.covered) return;
    this.scenes.delete("plan");
    this.views.hidden = true;
    this.view("today");
    const metric = speech.metrics.get(this.spec.predict);
    const today = this.today ? speech.measured(metric.name, this.today.metrics.find((row) => row.name === metric.name).today) : "–";
    this.question.textContent = speech.text("lab.predict.ask", { metric: metric.label.charAt(0).toLowerCase() + metric.label.slice(1), today });
    this.results.hide();
  }

  commit() {
    const value = readNumber(this.entry.value, this.spec.language);
    if (!(value > 0)) {
      this.error.textContent = this.speech.text("lab.predict.need");
      this.entry.focus();
      return;
    }
    this.error.textContent = "";
    this.entry.value = "";
    this.guess = value;
    this.revealed = true;
    this.covered = false;
    this.card.hidden = true;
    this.remember();
    this.reveal();
    this.views.hidden = !this.scenes.has("plan");
    this.view("plan");
    this.results.title.focus({ preventScroll: true });
    this.results.element.scrollIntoView({ block: "nearest" });
  }

  seen() {
    try {
      return localStorage.getItem(`${this.speech.keptAs}:predicted`) === "1";
    } catch {
      return false;
    }
  }

  remember() {
    try {
      localStorage.setItem(`${this.speech.keptAs}:predicted`, "1");
    } catch {
      // asked again next time
    }
  }

  // -- budget, always in sight

  bar() {
    this.meter = make("div", { class: "ll-meter", "aria-hidden": "true" }, make("div", {}));
    this.money = make("span", { class: "ll-money", role: "status" });
    this.brief = make("span", { class: "ll-brief" });
    return make("div", { class: "ll-barline" }, this.meter, this.money, this.brief);
  }

  showBudget() {
    if (!this.money) return;
    const { speech, spec } = this;
    const cost = this.levers.cost;
    const over = cost > spec.budget;
    this.money.textContent = speech.text(over ? "lab.over" : "lab.budget", { cost: speech.number(cost), budget: speech.number(spec.budget), left: speech.number(spec.budget - cost), over: speech.number(cost - spec.budget) });
    this.meter.parentElement.classList.toggle("is-over", over);
    this.meter.firstElementChild.style.width = `${Math.min(100, (100 * cost) / spec.budget)}%`;
    if (this.covered) {
      this.brief.replaceChildren(button(speech.text("lab.predict.title"), () => this.entry.focus(), { class: "ll-small" }));
      return;
    }
    const row = this.latest?.metrics.find((x) => x.name === spec.goal_metric);
    this.brief.textContent = row ? `${speech.metrics.get(row.name).label}: ${speech.measured(row.name, row.plan)}` : "";
  }

  // -- sweep

  sweepSection() {
    if (!this.spec.sweep) return null;
    const lever = this.speech.levers.get(this.spec.sweep);
    this.sweepButton = button(this.speech.text("lab.sweep", { lever: lever.label }), () => {
      this.sweepId = this.ask("sweep", { plan: this.levers.plan });
      this.sweepStatus.textContent = this.speech.text("lab.sweep.running", { share: 0 });
    }, { class: "ll-button" });
    this.sweepStatus = make("p", { class: "ll-status", role: "status" });
    this.sweepPlace = make("div", { class: "ll-sweeps" });
    return make("section", { class: "ll-sweep", "aria-label": this.speech.text("lab.sweep", { lever: lever.label }) }, this.sweepButton, this.sweepStatus, this.sweepPlace);
  }

  showSweep(data) {
    if (data.id !== this.sweepId || !data.points.length) return;
    const { speech } = this;
    const lever = speech.levers.get(data.lever);
    const wide = Math.min(this.sweepPlace.clientWidth || 600, 720);
    const shown = this.spec.metrics.filter((metric) => metric.name !== "wip");
    this.sweepPlace.replaceChildren(make("h3", {}, speech.text("lab.sweep.title", { lever: lever.label })), ...shown.map((metric) => sweepChart(wide, speech, lever, metric, data)));
    this.sweepStatus.textContent = data.done < 1 ? speech.text("lab.sweep.running", { share: speech.number(100 * data.done) }) : "";
  }

  // -- into the exercise

  async send(entry, place) {
    const { speech, spec } = this;
    if (entry.over) return place.replaceChildren(speech.text("lab.send.over"));
    if (!this.host.put) return this.offerCode(entry, place);
    try {
      const done = await this.host.put(entry.plan, spec.assignment, spec.question, place.dataset.again === planKey(entry.plan));
      if (done.old) {
        place.dataset.again = planKey(entry.plan);
        place.replaceChildren(speech.text("lab.send.replace", { old: done.old }));
        return;
      }
      delete place.dataset.again;
      place.replaceChildren(speech.text("lab.send.done", { assignment: spec.assignment, question: spec.question }), " ", make("a", { href: done.link }, speech.text("lab.send.open")));
    } catch (error) {
      this.offerCode(entry, place, speech.text("lab.send.failed", { reason: error.message }));
    }
  }

  offerCode(entry, place, said = this.speech.text("lab.send.code")) {
    const code = `answer("${this.spec.question}", ${pythonDict(entry.plan)})`;
    const shown = make("code", { class: "ll-code", tabindex: 0 }, code);
    const note = make("span", { role: "status" });
    const copy = button(this.speech.text("lab.send.copy"), async () => {
      try {
        await navigator.clipboard.writeText(code);
        note.textContent = ` ${this.speech.text("lab.send.copied")}`;
      } catch {
        getSelection().selectAllChildren(shown); // where copying is not allowed, the reader presses Ctrl+C
      }
    }, { class: "ll-small" });
    place.replaceChildren(said, " ", shown, " ", copy, note);
  }

  close() {
    this.stage?.close();
    this.log?.close();
    this.spec = this.stage = this.log = null;
    this.scenes.clear();
    this.planId = this.asked = 0;
    this.texts = null;
    this.covered = false;
    this.root.replaceChildren();
  }
}

/** A number as people of the language type it: 12,5 or 12.5; thousands may be apart. */
export function readNumber(typed, language) {
  let text = typed.trim().replace(/[\s\u00a0]/g, "");
  const commas = (text.match(/,/g) ?? []).length;
  const points = (text.match(/\./g) ?? []).length;
  if (commas && points) text = text.lastIndexOf(",") > text.lastIndexOf(".") ? text.replaceAll(".", "").replace(",", ".") : text.replaceAll(",", "");
  else if (commas) text = commas === 1 && (language === "vi" || !/^\d{1,3},\d{3}$/.test(text)) ? text.replace(",", ".") : text.replaceAll(",", "");
  else if (points > 1 || (points === 1 && language === "vi" && /^\d{1,3}\.\d{3}$/.test(text))) text = text.replaceAll(".", "");
  return text === "" ? NaN : Number(text);
}

/** A plan as Python writes it. */
export function pythonDict(plan) {
  const value = (x) => (typeof x === "string" ? JSON.stringify(x) : String(x));
  return `{${Object.entries(plan).map(([name, setting]) => `"${name}": ${value(setting)}`).join(", ")}}`;
}
