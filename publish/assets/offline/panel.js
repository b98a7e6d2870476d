// The panel "Use offline": what this browser keeps, how large the rest is, and what the reader wants of it.
import { make } from "./element.js";
import { LANGUAGE, ask, channel, installer, isAble, isSparing, worker } from "./page.js";
import { text } from "./texts.js";

const PARTS = LANGUAGE === "en" ? ["en", "labs", "exercises", "vi"] : ["vi", "labs", "exercises", "en"];
const NEEDS = { labs: [LANGUAGE], exercises: [LANGUAGE] }; // a lab stands in a page
const KEPT_FREE = 50e6; // bytes that the browser should have left

const number = new Intl.NumberFormat(LANGUAGE, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const megabytes = (bytes) => number.format(bytes / 1e6);

class Row {
  constructor(name) {
    this.name = name;
    this.title = text(name);
    this.bar = make("progress", { "aria-label": text("progress", { part: this.title }), hidden: "" });
    this.state = make("span", { class: "of-state" });
    this.buttons = Object.fromEntries(
      ["keep", "pause", "goOn", "remove"].map((deed) => {
        const label = `${text(deed)}: ${this.title}`;
        const button = make("button", { type: "button", "aria-label": label, hidden: "" }, text(deed));
        button.addEventListener("click", () => DEEDS[deed](name));
        return [deed, button];
      }),
    );
    this.element = make("li", {},
      make("div", { class: "of-name" }, make("strong", {}, this.title), make("span", {}, text(`${name}About`))),
      make("div", { class: "of-row" }, this.state, ...Object.values(this.buttons)), this.bar);
  }

  show({ size, done, wanted }, { running, paused }) {
    const whole = done === size;
    const state = whole ? "kept" : !wanted ? (done ? "some" : "size") : running ? "keeping" : paused ? "paused" : "broken";
    const shown = { keep: ["some", "size"], pause: ["keeping"], goOn: ["paused", "broken"], remove: ["kept", "paused", "broken"] };
    const held = document.activeElement;
    for (const [deed, button] of Object.entries(this.buttons)) button.hidden = !shown[deed].includes(state);
    if (held?.hidden && this.element.contains(held)) this.element.querySelector("button:not([hidden])")?.focus();
    this.state.textContent = text(state, { size: megabytes(size), done: megabytes(done) });
    this.bar.hidden = !["keeping", "paused", "broken"].includes(state);
    this.bar.max = size;
    this.bar.value = done;
    this.bar.textContent = this.state.textContent;
    this.element.dataset.state = state;
    if (state === "kept" && this.was && this.was !== "kept") say(text("keptNow", { part: this.title }));
    this.was = state;
    this.left = size - done;
  }
}

const rows = PARTS.map((name) => new Row(name));
const said = make("p", { class: "of-said", role: "status" });
const room = make("p", { class: "of-room" });
const closing = make("button", { type: "button", class: "of-close", "aria-label": text("close") }, "×");
const installing = make("button", { type: "button", hidden: "" }, text("install"));
const panel = make("dialog", { class: "of-panel", "aria-labelledby": "of-title" },
  make("h2", { id: "of-title" }, text("title")), closing,
  ...(isAble
    ? [make("p", {}, text("about")), make("ul", {}, ...rows.map((row) => row.element)), said, room, installing]
    : [make("p", {}, text("unable"))]));

const say = (words) => (said.textContent = words);

const DEEDS = {
  async keep(name) {
    const needed = rows.find((row) => row.name === name).left;
    const free = await roomFor();
    if (free !== null && free - KEPT_FREE < needed) {
      return say(text("tooLittle", { need: megabytes(needed), free: megabytes(Math.max(0, free - KEPT_FREE)) }));
    }
    navigator.storage?.persist?.().catch(() => {}); // so that the browser does not clear it by itself
    say("");
    ask({ kind: "keep", parts: [...(NEEDS[name] ?? []), name], asked: true });
  },
  pause: () => ask({ kind: "pause" }),
  goOn: (name) => DEEDS.keep(name),
  remove: (name) => ask({ kind: "remove", part: name }),
};

/** Bytes that the browser would still take, or null if it does not tell. */
async function roomFor() {
  const { quota, usage } = (await navigator.storage?.estimate?.().catch(() => null)) ?? {};
  return quota === undefined ? null : quota - usage;
}

async function showRoom() {
  const free = await roomFor();
  room.textContent = free === null ? text("local") : `${text("room", { free: number.format(free / 1e9) })} ${text("local")}`;
}

channel?.addEventListener("message", ({ data }) => {
  if (data.kind !== "status") return;
  for (const row of rows) row.show(data.parts[row.name], data);
  if (data.trouble) say(text(data.trouble));
  else if (isSparing() && !data.parts[LANGUAGE].wanted) say(text("sparing"));
  else if (data.running && said.dataset.trouble) say("");
  said.dataset.trouble = data.trouble;
  if (!data.running) showRoom();
});
closing.addEventListener("click", () => panel.close());
panel.addEventListener("click", (event) => event.target === panel && panel.close()); // beside it
installing.addEventListener("click", async () => {
  await installer.event.prompt();
  installing.hidden = true;
});

export function open() {
  if (!panel.isConnected) document.body.append(panel);
  installing.hidden = !installer.event;
  panel.showModal();
  if (!isAble) return;
  if (worker.isMissing) return say(text("storage"));
  showRoom();
  ask({ kind: "status" });
}
