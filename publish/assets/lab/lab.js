// Puts life into every `.course-lab` of a page: start button, progress, the lab itself, and ways out.
import { Session } from "./session.js";
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
    mount.append(this.bar, this.status, this.live, this.tools);
    this.state("still");
  }

  /** still, loading, live or failed: lab.css shows what belongs to each. */
  state(name) {
    this.mount.dataset.state = name;
    this.mount.dispatchEvent(new CustomEvent("course-lab-state", { bubbles: true, detail: name }));
  }

  start() {
    this.session?.close();
    this.live.replaceChildren();
    this.mount.classList.remove("is-busy");
    this.share = 0;
    this.progress(0.01);
    this.say(text("boot"));
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") return this.fail("noWasm");
    if (location.protocol === "file:") return this.fail("fromFile");
    this.state("loading");
    this.session = new Session(this.mount.dataset.app, this.live, {
      load: ({ name, done, total }) => {
        const mb = (bytes) => (bytes / 1e6).toFixed(0);
        this.say(text("files", { done: mb(done), total: mb(Math.max(done, total)), name: name.split(/[-.]/)[0] }));
        this.progress((SHARE.load * done) / Math.max(done, total, 1));
      },
      stage: (stage) => {
        this.say(text(stage));
        this.progress(SHARE[stage]);
      },
      ready: () => {
        this.progress(1);
        this.say(text("live"));
        this.state("live");
        if (document.activeElement === document.body) this.restart.focus({ preventScroll: true });
      },
      fault: (message) => this.say(text("fault", { message })),
      failed: (key, values) => this.fail(key, values),
      busy: (busy) => {
        this.mount.classList.toggle("is-busy", busy);
        this.live.setAttribute("aria-busy", busy);
      },
    });
  }

  fail(key, values) {
    this.button.textContent = text("retry");
    this.say(text("failed", { reason: text(key, values) }));
    this.state("failed");
  }

  /** Back to the still picture. */
  end() {
    this.session?.close();
    this.live.replaceChildren();
    this.button.textContent = this.label;
    this.say(text("stopped"));
    this.state("still");
    this.button.focus();
  }

  say(message) {
    this.status.textContent = message;
  }

  progress(share) {
    this.share = Math.max(this.share, share); // more files may be found while loading; the bar never goes back
    const percent = Math.round(100 * this.share);
    this.bar.setAttribute("aria-valuenow", percent);
    this.bar.firstElementChild.style.width = `${percent}%`;
  }
}

const style = make("link", { rel: "stylesheet", href: new URL("lab.css", import.meta.url).href });
document.head.append(style);
for (const mount of document.querySelectorAll(".course-lab")) new Lab(mount);
