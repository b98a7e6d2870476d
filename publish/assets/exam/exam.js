// The page "Take an exam": puts the notebook that an examiner gave out into this browser, shows what is recorded
// in it, saves it as a file to give back, and removes it. Nothing leaves the browser.

import { recordsOf, textOf } from "../hand-in/exercise.js";
import { clean, download } from "../hand-in/file.js";
import { readNotebooks, removeNotebooks, writeNotebooks } from "../hand-in/storage.js";
import { ask, el, fileButton, message, storageMessage } from "../hand-in/view.js";
import { sayTime } from "../hand-in/words.js";
import { text } from "./texts.js";

const MAX_BYTES = 20e6; // what taking in allows, too
const ROOT = new URL(document.documentElement.dataset.courseRoot ?? "../../", document.baseURI);
const ASKED = /^answer\(\s*["']([\w-]+)["']/gm;

/** What a notebook says of the exam that it is, or null if it is none. */
function examOf(content) {
  const about = content?.metadata?.course;
  const named = [about?.exam, about?.part, about?.paper]
    .every((name) => typeof name === "string" && /^[\w-]{1,60}$/.test(name));
  return named && Array.isArray(content.cells) ? about : null;
}

/** The questions of an exam's notebook, those that are recorded, and whether it was begun. */
function stateOf({ cells }) {
  const code = cells.filter((cell) => cell?.cell_type === "code").map((cell) => textOf(cell.source));
  const asked = [...new Set(code.flatMap((source) => [...source.matchAll(ASKED)].map(([, name]) => name)))];
  const { answers, begin } = recordsOf(cells);
  return { asked, missing: asked.filter((name) => !answers.has(name)), begun: Boolean(begin) };
}

class ExamPage {
  constructor(mount) {
    this.status = el("p", { class: "hi-status", role: "status" }, text("reading"));
    this.cards = el("div", {});
    this.outcome = el("div", { class: "hi-outcome", "aria-live": "polite" });
    mount.classList.add("course-hand-in"); // looks like the other pages of one's own work
    mount.replaceChildren(
      el("div", { class: "hi-top" }, this.status,
        el("button", { type: "button", class: "hi-button", onclick: () => this.draw() }, text("reload"))),
      this.cards,
      el("section", { class: "hi-card", "aria-labelledby": "ex-bring" },
        el("h2", { id: "ex-bring" }, text("bringTitle")),
        el("p", {}, text("bringAbout")),
        el("p", { class: "hi-actions" }, fileButton("ex-file", ".ipynb,application/json", text("bring"),
          (file) => this.attempt(() => this.bring(file)))),
        this.outcome));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.draw(); // back from the notebook's tab
    });
  }

  async attempt(work) {
    try {
      const said = await work();
      if (said) this.outcome.replaceChildren(said);
    } catch (error) {
      this.outcome.replaceChildren(storageMessage(error));
    }
    await this.draw();
  }

  async draw() {
    try {
      const papers = (await readNotebooks()).filter(({ content }) => examOf(content));
      this.status.textContent = papers.length ? text("found", { n: papers.length }) : text("none");
      this.cards.replaceChildren(...papers.map((paper) => this.card(paper)));
    } catch (error) {
      this.status.textContent = "";
      this.cards.replaceChildren(storageMessage(error));
    }
  }

  card({ path, content, saved }) {
    const { exam, part, paper } = examOf(content);
    const { asked, missing, begun } = stateOf(content);
    const recorded = asked.length - missing.length;
    const heading = `ex-${path.slice(0, -".ipynb".length)}`;
    const told = !begun ? message("warning", "", text("notBegun"))
      : missing.length ? message("warning", "", text("missing", { list: missing.map(short).join(", ") }))
        : message("good", "", text("complete"));
    return el("section", { class: "hi-card", "aria-labelledby": heading },
      el("h2", { id: heading }, text(part === "case" ? "titleCase" : "titleExam", { exam })),
      el("div", { class: "hi-facts" }, el("dl", {},
        fact("paper", el("strong", { class: "hi-code" }, paper)),
        fact("saved", sayTime(saved)),
        fact("recorded", text("recordedOf", { n: recorded, total: asked.length }),
          el("progress", { max: asked.length || 1, value: recorded, "aria-hidden": "true" })))),
      told,
      el("p", { class: "hi-actions" },
        el("a", { class: begun ? "hi-button" : "hi-button hi-main", href: addressOf(path) }, text("open")),
        el("button", { type: "button", class: begun ? "hi-button hi-main" : "hi-button",
          onclick: () => this.attempt(() => this.give(path)) }, text("give")),
        el("button", { type: "button", class: "hi-button",
          onclick: () => this.attempt(() => this.remove(path)) }, text("remove"))));
  }

  async bring(file) {
    const { name } = file;
    if (file.size > MAX_BYTES) return message("error", "", text("fileBig", { name }));
    let content;
    try {
      content = JSON.parse(await file.text());
    } catch {
      return message("error", "", text("fileNotNotebook", { name }));
    }
    const about = examOf(content);
    if (!about) return message("error", "", text("fileNotExam", { name }));
    // at the top: JupyterLite's kernel does not start in a folder that the site has not
    const path = `${about.exam}-${about.part}-${about.paper}.ipynb`;
    const link = el("p", {}, el("a", { class: "hi-button hi-main", href: addressOf(path) }, text("open")));
    if ((await readNotebooks()).some((paper) => paper.path === path)) {
      return message("info", "", text("there", { paper: about.paper }), link);
    }
    await writeNotebooks([{ path, content, saved: new Date() }]);
    return message("good", "", text("brought", { paper: about.paper }), link);
  }

  /** Save the file for the examiner, as it is stored now. */
  async give(path) {
    const paper = (await readNotebooks()).find((one) => one.path === path);
    download(path, clean(paper.content), "application/x-ipynb+json");
    return message("good", "", text("given", { name: path }));
  }

  async remove(path) {
    if (!(await ask(text("removeTitle"), text("removeOk"), el("p", {}, text("removeAsk"))))) return null;
    await removeNotebooks([path]);
    return message("good", "", text("removed"));
  }
}

const addressOf = (path) => new URL(`lite/notebooks/index.html?path=${path}`, ROOT).href;
const short = (name) => name.replace(/^q0*(?=\d)/, "");

function fact(key, ...children) {
  return el("div", {}, el("dt", {}, text(key)), el("dd", {}, ...children));
}

document.head.append(el("link", { rel: "stylesheet", href: new URL("../hand-in/hand-in.css", import.meta.url).href }));
for (const mount of document.querySelectorAll("div.course-exam")) new ExamPage(mount).draw();
