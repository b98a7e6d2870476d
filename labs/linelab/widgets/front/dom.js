// Small words for making elements, and numbers and texts in the lab's language.

/** An element with attributes, `on…` listeners, and children; a child may be null. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function button(label, action, attributes = {}) {
  return make("button", { type: "button", onclick: action, ...attributes }, label);
}

/** What a lab needs to speak: its texts with {fields} filled in, and its numbers. */
export class Speech {
  constructor(spec, edition = "") {
    this.spec = spec;
    // the name of what this browser keeps of the lab; courses of two editions on one host do not share it
    this.keptAs = ["linelab", edition, spec.key].filter(Boolean).join(":");
    this.formats = new Map();
    this.metrics = new Map(spec.metrics.map((metric) => [metric.name, metric]));
    this.levers = new Map(spec.levers.map((lever) => [lever.name, lever]));
  }

  text(key, values = {}) {
    return this.spec.texts[key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  number(value, digits = 0) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    if (!this.formats.has(digits)) {
      const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      this.formats.set(digits, new Intl.NumberFormat(this.spec.language, style));
    }
    return this.formats.get(digits).format(value).replace("-", "\u2212");
  }

  /** A setting as it is: 0.6, 24. */
  setting(value) {
    if (typeof value !== "number") return String(value);
    return this.number(value, Number.isInteger(value) ? 0 : String(value).split(".")[1].length);
  }

  /** Mean ± half-width. */
  estimate([mean, half], digits) {
    return half === null ? this.number(mean, digits) : `${this.number(mean, digits)} ± ${this.number(half, digits)}`;
  }

  measured(name, pair) {
    const metric = this.metrics.get(name);
    return `${this.estimate(pair, metric.digits)} ${metric.unit}`;
  }

  /** A plan as "lever: setting, …"; an empty one is today. */
  plan(plan) {
    const parts = Object.entries(plan).map(([name, value]) => `${this.levers.get(name)?.label ?? name}: ${this.setting(value)}`);
    return parts.length ? parts.join("; ") : this.text("lab.today");
  }

  /** Seconds into the shift as 1:23:45. */
  clock(seconds) {
    const whole = Math.max(0, Math.round(seconds));
    const two = (value) => String(value).padStart(2, "0");
    return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  }
}

/** Settings of a plan in the levers' own order, so that equal plans are equal texts. */
export function planKey(plan) {
  return JSON.stringify(Object.keys(plan).sort().map((name) => [name, plan[name]]));
}
