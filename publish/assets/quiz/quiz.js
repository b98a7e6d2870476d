// The self-check in a page: tells right from wrong and why, without a server. Right answers are in the page as
// hashes, explanations under a veil; nothing graded depends on either.

import { noteAnswer, read } from "../progress/record.js";
import { text } from "./texts.js";

const root = document.documentElement.dataset.courseRoot ?? "../../";
// not waited for here: until a form listens, an answer that is sent would be lost
const hashing = import(new URL(`${root}assets/vendor/noble/hashes/sha2.js`, document.baseURI).href);
let sha256;

/** What stands for an answer; publish/quiz_form.py writes the same. */
function key(week, question, slot, value) {
  const bytes = sha256(new TextEncoder().encode(`${week}/${question}/${slot}=${value}`));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("").slice(0, 10);
}

/** An explanation from under its veil, as nodes. */
function unveil(template) {
  const bytes = Uint8Array.from(atob(template.content.textContent.trim()), (c) => c.charCodeAt(0) ^ 0x5a);
  const holder = document.createElement("template");
  holder.innerHTML = new TextDecoder().decode(bytes);
  return holder.content;
}

class Question {
  constructor(form, week) {
    this.form = form;
    this.week = week;
    this.id = form.dataset.question;
    this.right = new Set(JSON.parse(form.dataset.right));
    this.wrong = JSON.parse(form.dataset.wrong);
    this.says = [...form.querySelectorAll("template.cq-say")];
    this.reply = form.querySelector(".cq-reply");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      ({ sha256 } = await hashing);
      this.check();
    });
    form.addEventListener("input", () => this.forget());
    for (const move of form.querySelectorAll(".cq-move")) move.addEventListener("click", () => this.move(move));
    this.edges();
  }

  holds(slot, value) {
    return this.right.has(key(this.week, this.id, slot, value));
  }

  /** Each kind: {slots: [right?], says: [which explanations to show]} or {missing: key of a text}. */
  choice() {
    const chosen = this.form.querySelector("input:checked");
    if (!chosen) return { missing: "empty" };
    return { slots: [this.holds(0, chosen.value)], says: [Number(chosen.value)] };
  }

  several() {
    const boxes = [...this.form.querySelectorAll("input[type=checkbox]")];
    if (!boxes.some((box) => box.checked)) return { missing: "empty" };
    const slots = boxes.map((box, i) => this.holds(i, Number(box.checked)));
    const all = slots.every(Boolean);
    return { slots, says: boxes.flatMap((box, i) => ((all ? box.checked : !slots[i]) ? [i] : [])) };
  }

  number() {
    const typed = this.form.querySelector("input").value.trim().replace(/[\s\u00a0]/g, "").replace("−", "-");
    if (!typed) return { missing: "empty" };
    const value = Number(typed.replace(",", "."));
    if (!Number.isFinite(value)) return { missing: "noNumber" };
    const digits = Number(this.form.dataset.digits);
    const shown = (Math.round(value * 10 ** digits) / 10 ** digits).toFixed(digits);
    if (this.holds(0, shown)) return { slots: [true], says: [0] };
    return { slots: [false], says: [this.wrong[key(this.week, this.id, 0, shown)] ?? 1] };
  }

  order() {
    const items = this.items().map((item) => Number(item.dataset.item));
    const slots = items.map((item, place) => this.holds(place, item));
    const first = slots.indexOf(false);
    return { slots, says: [first < 0 ? items.length : items[first]] };
  }

  match() {
    const lists = [...this.form.querySelectorAll("select")];
    if (lists.some((list) => list.value === "")) return { missing: "unfinished" };
    const slots = lists.map((list, i) => this.holds(i, list.value));
    const wrong = slots.flatMap((right, i) => (right ? [] : [i]));
    return { slots, says: wrong.length ? wrong : [lists.length] };
  }

  check() {
    const { slots, says, missing } = this[this.form.dataset.kind]();
    if (missing) {
      this.answer("missing", text(missing));
      return;
    }
    const right = slots.every(Boolean);
    const n = slots.filter(Boolean).length;
    const verdict = right ? "right" : n && slots.length > 1 ? "partly" : "wrong";
    this.answer(right ? "right" : "wrong", text(verdict, { n, total: slots.length }), says.map((i) => unveil(this.says[i])));
    this.mark(slots);
    const kept = noteAnswer(this.week, this.id, right);
    this.form.dispatchEvent(new CustomEvent("course-answer", { bubbles: true, detail: { kept } }));
  }

  answer(state, verdict, explanations = []) {
    this.form.dataset.state = state;
    const strong = document.createElement("strong");
    strong.textContent = verdict;
    const parts = explanations.map((nodes) => {
      const part = document.createElement(explanations.length > 1 ? "li" : "span");
      part.append(nodes);
      return part;
    });
    const list = document.createElement(explanations.length > 1 ? "ul" : "span");
    list.append(...parts);
    this.reply.replaceChildren(strong, " ", list);
  }

  /** Which lines of an order or a match are right: by a sign as well as by colour. */
  mark(slots) {
    const kind = this.form.dataset.kind;
    if (kind !== "order" && kind !== "match") return;
    const lines = kind === "order" ? this.items() : this.form.querySelectorAll(".cq-pair");
    lines.forEach((line, i) => (line.dataset.right = slots[i] ? "yes" : "no"));
  }

  forget() {
    delete this.form.dataset.state;
    this.reply.replaceChildren();
    for (const line of this.form.querySelectorAll("[data-right]")) if (line !== this.form) delete line.dataset.right;
  }

  items() {
    return [...this.form.querySelectorAll(".cq-items > li")];
  }

  move(button) {
    const item = button.closest("li");
    const step = Number(button.dataset.move);
    const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (step < 0) other.before(item);
    else other.after(item);
    this.forget();
    this.edges();
    const total = this.items().length;
    // at an edge the button is off: its twin takes the focus, so that the keyboard stays where it was
    (button.disabled ? item.querySelector(".cq-move:not(:disabled)") : button).focus();
    this.reply.textContent = text("position", { n: this.items().indexOf(item) + 1, total });
  }

  edges() {
    const items = this.items();
    items.forEach((item, i) => {
      const [up, down] = item.querySelectorAll(".cq-move");
      up.disabled = i === 0;
      down.disabled = i === items.length - 1;
    });
  }
}

function start(mount) {
  const week = mount.dataset.quiz;
  const forms = [...mount.querySelectorAll(".cq-question")];
  for (const form of forms) new Question(form, week);
  const score = document.createElement("p");
  score.className = "cq-score";
  const tell = (kept = true) => {
    const answers = read().quizzes[week] ?? {};
    const given = forms.map((form) => answers[form.dataset.question]).filter(Boolean);
    const [n, first] = [given.filter((a) => a.right).length, given.filter((a) => a.first).length];
    for (const form of forms) form.toggleAttribute("data-done", Boolean(answers[form.dataset.question]?.right));
    if (!kept) {
      score.textContent = text("notKept");
      return;
    }
    const link = document.createElement("a");
    link.href = new URL(`${root}${document.documentElement.lang.slice(0, 2)}/my-progress.html`, document.baseURI).href;
    link.textContent = text("page");
    score.replaceChildren(given.length ? `${text("score", { n, first, total: forms.length })} ` : "",
      `${text("kept")} `, link, ".");
  };
  mount.append(score);
  mount.addEventListener("course-answer", (event) => tell(event.detail.kept));
  tell();
}

const sheet = document.createElement("link");
sheet.rel = "stylesheet";
sheet.href = new URL("quiz.css", import.meta.url).href;
document.head.append(sheet);
for (const mount of document.querySelectorAll("div.course-quiz")) start(mount);
