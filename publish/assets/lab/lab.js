// Puts life into every `.course-lab` of a page: start button, progress, the lab itself, and ways out.
import { EDITION } from "../edition.js";
import { Session, readOpening } from "./session.js";
import { text } from "./texts.js";

const SHARE = { load: 0.75, boot: 0.8, open: 0.88 }; // of the bar; loading files takes most of the time

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function button(label, kind, action) {
  const element = make("button", { type: "button", class: `course-lab-button ${kind}` }, label);
  element.addEventListener("click", action);
  return element;
}

class Lab {
  constructor(mount) {
    this.mount = mount;
    this.button = mount.querySelector(".course-lab-start") ?? button(text("start"), "course-lab-start", () => {});
    this.label = this.button.textContent;
    this.button.addEventListener("click", () => this.start());
    this.button.disabled = false;
    const percent = { "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 };
    this.bar = make("div", { class: "course-lab-bar", role: "progressbar", "aria-label": text("loading"), ...percent }, make("div"));
    this.status = make("p", { class: "course-lab-status", role: "status" });
    this.restart = button(text("restart"), "course-lab-restart", () => this.start());
    this.stop = button(text("stop"), "course-lab-stop", () => this.end());
    this.tools = make("div", { class: "course-lab-tools", role: "toolbar", "aria-label": text("toolbar") }, this.restart, this.stop);
    this.live = make("div", { class: "course-lab-live" });
    if (!this.button.isConnected) mount.append(this.button);
    mount.append(this.bar, this.status, this.tools, this.live);
    this.state("still");
  }

  /** still, loading, live or failed: lab.css shows what belongs to each. */
  state(name) {
    this.mount.dataset.state = name;
    // on the page as a whole: a selector that looks for it (:has) would slow every change of a long page
    document.documentElement.classList.toggle("has-live-lab", document.querySelector('.course-lab[data-state="live"]') !== null);
    this.mount.dispatchEvent(new CustomEvent("course-lab-state", { bubbles: true, detail: name }));
  }

  start() {
    this.session?.close();
    this.mount.classList.remove("is-busy");
    this.share = 0;
    this.quarter = -1;
    this.progress(0.01);
    this.say(text("boot"));
    this.begun = performance.now();
    const able = typeof WebAssembly === "object" && typeof Worker === "function";
    if (location.protocol === "file:") return this.fail("fromFile");
    this.state("loading");
    this.show().catch((error) => {
      this.session?.close();
      this.fail("network", { name: String(error.message).split("/").pop() });
    });
    if (!able) return this.fail("noWasm");
    this.early = [];
    this.session = new Session(this.mount.dataset.app, {
      load: ({ name, done, total }) => {
        const mb = (bytes) => (bytes / 1e6).toFixed(0);
        const quarter = Math.floor((4 * done) / Math.max(done, total, 1));
        // each file is shown; a screen reader says the first of each quarter
        this.say(text("files", { done: mb(done), total: mb(Math.max(done, total)), name: name.split(/[-.]/)[0] }), quarter > this.quarter);
        this.quarter = Math.max(quarter, this.quarter);
        this.progress((SHARE.load * done) / Math.max(done, total, 1));
      },
      stage: (stage) => {
        this.say(text(stage));
        this.progress(SHARE[stage]);
      },
      message: (data, buffers) => (this.early ? this.early.push([data, buffers]) : this.view.receive(data, buffers)),
      ready: () => {
        this.ready = true;
        this.enliven();
      },
      fault: (message) => this.say(text("fault", { message })),
      failed: (key, values) => this.fail(key, values),
      busy: (busy) => {
        this.mount.classList.toggle("is-busy", busy);
        this.live.setAttribute("aria-busy", busy);
      },
    });
  }

  /** The lab as it was worked out when the site was built: there at once, while Python is on its way. */
  async show() {
    this.ready = false;
    const [{ LabView }, opening] = await Promise.all([import("./front/main.js"), readOpening(this.mount.dataset.opening)]);
    const { putPlan } = await import("./exercise.js");
    this.view?.close();
    this.view = new LabView(this.live, { ask: (request) => this.session.ask(request), put: putPlan, edition: EDITION });
    this.mount.classList.add("has-view");
    for (const [data, buffers] of opening) this.view.receive(data, buffers);
    await new Promise((resolve) => setTimeout(resolve)); // one turn, in which the picture is drawn
    this.mount.dataset.shownAfter = Math.round(performance.now() - this.begun);
    if (this.mount.dataset.state === "failed") this.view.begin();
    this.enliven();
  }

  /** Python is there and so is the page: from now on the levers work. */
  enliven() {
    if (!this.ready || !this.mount.classList.contains("has-view")) return;
    for (const [data, buffers] of this.early.splice(0)) this.view.receive(data, buffers);
    this.early = null;
    this.view.setLive(true);
    this.progress(1);
    this.say(text("live"));
    this.state("live");
    this.mount.dataset.liveAfter = Math.round(performance.now() - this.begun);
    if (document.activeElement === document.body) this.restart.focus({ preventScroll: true });
  }

  fail(key, values) {
    this.button.textContent = text("retry");
    this.view?.setLive(false);
    this.view?.begin(); // today's line can be watched without Python
    this.say(text("failed", { reason: text(key, values) }));
    this.state("failed");
  }

  /** Back to the still picture. */
  end() {
    this.session?.close();
    this.view?.close();
    this.view = null;
    this.mount.classList.remove("has-view", "is-busy");
    this.button.textContent = this.label;
    this.say(text("stopped"));
    this.state("still");
    this.button.focus();
  }

  /** Show how it stands, and have it said aloud unless that would be too much. */
  say(message, aloud = true) {
    this.status.setAttribute("aria-live", aloud ? "polite" : "off");
    this.status.textContent = message;
  }

  progress(share) {
    this.share = Math.max(this.share, share); // more files may be found while loading; the bar never goes back
    const percent = Math.round(100 * this.share);
    this.bar.setAttribute("aria-valuenow", percent);
    this.bar.firstElementChild.style.width = `${percent}%`;
  }
}

for (const sheet of ["lab.css", "front/lab.css"]) {
  document.head.append(make("link", { rel: "stylesheet", href: new URL(sheet, import.meta.url).href }));
}
for (const mount of document.querySelectorAll(".course-lab")) new Lab(mount);
