// The levers: each with its unit, its range, what each setting costs and what it means; undo and reset.
import { button, make, planKey } from "./dom.js";

const FEW = 5; // settings that stand side by side; more make a slider

let counter = 0;

export class Levers {
  /** `changed(plan)` is told of each move. */
  constructor(speech, changed) {
    this.speech = speech;
    this.changed = changed;
    this.past = [];
    this.setting = new Map(speech.spec.levers.map((lever) => [lever.name, lever.options[0].value]));
    this.controls = new Map();
    const text = (key) => speech.text(key);
    this.undoButton = button(text("lab.undo"), () => this.undo(), { class: "ll-button", disabled: true });
    this.resetButton = button(text("lab.reset"), () => this.set({}), { class: "ll-button", disabled: true });
    this.element = make("section", { class: "ll-levers", "aria-label": text("lab.levers") },
      make("h3", {}, text("lab.levers")),
      ...speech.spec.levers.map((lever) => this.control(lever)),
      make("div", { class: "ll-buttons" }, this.undoButton, this.resetButton));
    this.element.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
        event.preventDefault();
        this.undo();
      }
    });
  }

  /** Levers that stand elsewhere than today. */
  get plan() {
    const moved = this.speech.spec.levers.filter((lever) => this.setting.get(lever.name) !== lever.options[0].value);
    return Object.fromEntries(moved.map((lever) => [lever.name, this.setting.get(lever.name)]));
  }

  get cost() {
    return this.speech.spec.levers.reduce((sum, lever) => sum + lever.options.find((o) => o.value === this.setting.get(lever.name)).cost, 0);
  }

  enable(on) {
    for (const { fieldset } of this.controls.values()) fieldset.disabled = !on;
  }

  set(plan) {
    const before = this.plan;
    if (planKey(before) === planKey(plan)) return;
    this.past.push(before);
    this.take(plan);
  }

  undo() {
    if (this.past.length) this.take(this.past.pop());
  }

  take(plan) {
    for (const lever of this.speech.spec.levers) {
      this.setting.set(lever.name, plan[lever.name] ?? lever.options[0].value);
      this.controls.get(lever.name).show();
    }
    this.tell();
  }

  move(lever, value) {
    if (this.setting.get(lever.name) === value) return;
    this.past.push(this.plan);
    this.setting.set(lever.name, value);
    this.controls.get(lever.name).show();
    this.tell();
  }

  tell() {
    this.undoButton.disabled = !this.past.length;
    this.resetButton.disabled = !Object.keys(this.plan).length;
    this.changed(this.plan);
  }

  costOf(option, first) {
    if (option === first) return this.speech.text("lab.now");
    return option.cost ? this.speech.text("lab.cost", { cost: this.speech.number(option.cost) }) : this.speech.text("lab.free");
  }

  control(lever) {
    const id = `ll-lever-${++counter}`;
    const unit = lever.unit ? ` (${lever.unit})` : "";
    const help = make("p", { class: "ll-help", id: `${id}-help` }, lever.help);
    const input = lever.options.length > FEW ? this.slider(lever, id) : this.choice(lever, id);
    const fieldset = make("fieldset", { class: "ll-lever", "aria-describedby": `${id}-help`, "data-lever": lever.name },
      make("legend", {}, make("strong", {}, lever.label), unit), help, ...input.elements);
    this.controls.set(lever.name, { fieldset, show: input.show });
    input.show();
    return fieldset;
  }

  choice(lever, id) {
    const radios = lever.options.map((option) => {
      const radio = make("input", { type: "radio", name: id, value: String(option.value), onchange: () => this.move(lever, option.value) });
      return { option, radio, label: make("label", { class: "ll-option" }, radio, make("span", { class: "ll-value" }, this.speech.setting(option.value)), " ", make("span", { class: "ll-cost" }, this.costOf(option, lever.options[0]))) };
    });
    return {
      elements: [make("div", { class: "ll-options" }, ...radios.map((r) => r.label))],
      show: () => radios.forEach(({ option, radio }) => (radio.checked = option.value === this.setting.get(lever.name))),
    };
  }

  slider(lever, id) {
    const sorted = [...lever.options].sort((a, b) => a.value - b.value);
    const output = make("output", { for: id, class: "ll-readout" });
    const range = make("input", { type: "range", id, min: 0, max: sorted.length - 1, step: 1, "aria-label": lever.label, oninput: () => this.move(lever, sorted[Number(range.value)].value) });
    const ends = [sorted[0], sorted.at(-1)].map((option) => make("span", { "aria-hidden": "true" }, this.speech.setting(option.value)));
    return {
      elements: [make("div", { class: "ll-range" }, ends[0], range, ends[1]), output],
      show: () => {
        const at = sorted.findIndex((option) => option.value === this.setting.get(lever.name));
        range.value = at;
        const said = `${this.speech.setting(sorted[at].value)} ${lever.unit} · ${this.costOf(sorted[at], lever.options[0])}`;
        output.textContent = said;
        range.setAttribute("aria-valuetext", said);
      },
    };
  }
}
