// The hand-in page: shows what is recorded in this browser, makes the hand-in file, restores from one.
// Nothing leaves the browser; the only requests are for the course's own published exercises.

import { courseOf, inspect } from "./exercise.js";
import { clean, download, fileName, handIn } from "./file.js";
import { restore } from "./restore.js";
import { readNotebooks } from "./storage.js";
import { written } from "./trainee.js";
import { ask, card, el, fileButton, message, questionName, storageMessage } from "./view.js";
import { LANGUAGE, say, sayClock } from "./words.js";

const given = document.documentElement.dataset.courseRoot;
const ROOT = given ? new URL(given, document.baseURI) : new URL("../../", import.meta.url);
const exerciseUrl = (path) =>
  new URL(`lite/notebooks/index.html?path=${encodeURIComponent(path).replaceAll("%2F", "/")}`, ROOT).href;

/** One hand-in page in `mount`. */
class HandInPage {
  constructor(mount) {
    this.choice = new Map(); // assignment -> path of the version to hand in
    this.left = new Set(); // assignments that are not to be handed in
    this.seen = undefined; // what was drawn last, so as not to draw the same again
    this.releases = new Map();
    this.status = el("p", { class: "hi-status", role: "status" }, say("reading"));
    this.body = el("div", { class: "hi-body" });
    this.outcome = el("div", { class: "hi-outcome", "aria-live": "polite", tabindex: "-1" });
    this.after = el("div", { class: "hi-outcome", "aria-live": "polite" });
    mount.replaceChildren(
      el("div", { class: "hi-top" }, this.status,
        el("button", { type: "button", class: "hi-button", onclick: () => this.reload() }, say("reload"))),
      this.body, this.restorePanel());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.read(); // back from the exercise's tab
    });
  }

  async reload() {
    this.seen = undefined;
    await this.read();
    if (this.items) this.status.textContent += ` ${say("reloaded", { time: sayClock(new Date()) })}`;
  }

  async read() {
    try {
      const stored = await readNotebooks();
      const seen = JSON.stringify(stored);
      if (seen === this.seen) return;
      this.published ??= await publishedPaths();
      this.items = await this.sortOut(stored);
      this.draw();
      this.seen = seen;
    } catch (error) {
      this.items = null;
      this.status.textContent = "";
      this.body.replaceChildren(storageMessage(error));
    }
  }

  /** Exercises, each with all its versions, the likeliest one to hand in first. */
  async sortOut(stored) {
    const items = new Map();
    this.unreadable = [];
    for (const { path, content, saved } of stored) {
      const course = courseOf(content);
      if (!course) {
        if (this.published.includes(path)) this.unreadable.push(path);
        continue;
      }
      const spoken = await this.release({ ...course, language: LANGUAGE });
      const report = inspect(content, await this.release(course), spoken);
      const version = { path, content, saved, report, backup: path.includes(".backup-") };
      if (!items.has(report.assignment)) items.set(report.assignment, { versions: [] });
      items.get(report.assignment).versions.push(version);
    }
    return [...items.values()]
      .map(({ versions }) => ({ versions: versions.sort(likelier) }))
      .sort((a, b) => a.versions[0].report.assignment.localeCompare(b.versions[0].report.assignment));
  }

  async release({ assignment, language }) {
    const path = `${language === "en" ? "en" : "vi"}/${assignment}.ipynb`;
    if (!this.releases.has(path)) this.releases.set(path, await fetchJson(`lite/files/${path}`));
    return this.releases.get(path);
  }

  draw() {
    const focused = document.activeElement?.id;
    for (const item of this.items) {
      const name = item.versions[0].report.assignment;
      item.chosen = item.versions.find((version) => version.path === this.choice.get(name)) ?? item.versions[0];
      item.included = !this.left.has(name);
    }
    const several = this.items.length > 1;
    this.status.textContent = this.items.length ? say("found", { n: this.items.length }) : say("nothingTitle");
    const saved = this.items.map((item) => item.versions[0].report.assignment);
    const fresh = this.published.filter((path) =>
      path.startsWith(`${LANGUAGE}/`) && !saved.includes(path.slice(3, -".ipynb".length)));
    this.body.replaceChildren(
      ...this.unreadable.map((path) => message("error", "", say("notice_damaged", { path }))),
      ...this.items.map((item) => card(item, several, this.actions(), exerciseUrl)),
      ...(this.items.length ? [notStarted(fresh), this.downloadPanel()] : [nothing(fresh)]));
    if (focused?.startsWith("hi-")) document.getElementById(focused)?.focus();
  }

  actions() {
    return {
      written,
      include: (name, yes) => {
        this.left[yes ? "delete" : "add"](name);
        this.draw();
      },
      choose: (name, path) => {
        this.choice.set(name, path);
        this.draw();
      },
      saveNotebook: ({ path, content }) =>
        download(path.replaceAll("/", "_"), clean(content), "application/x-ipynb+json"),
    };
  }

  included() {
    return this.items.filter((item) => item.included).map((item) => item.chosen);
  }

  /** Questions without an answer, named, over all exercises that are to be handed in. */
  missing() {
    const several = this.included().length > 1;
    return this.included().flatMap(({ report }) => report.answers
      .filter((answer) => answer.state !== "recorded")
      .map((answer) => ({ label: answer.label,
        name: (several ? `${report.assignment}: ` : "") + questionName(answer.id) })));
  }

  downloadPanel() {
    const missing = this.missing();
    const total = this.included().reduce((sum, { report }) => sum + report.answers.length, 0);
    this.outcome.replaceChildren();
    return el("section", { class: "hi-card", "aria-labelledby": "hi-download-title" },
      el("h2", { id: "hi-download-title" }, say("downloadTitle")),
      missing.length
        ? message("warning", "", say("stillMissing", { n: missing.length, list: missing.map((m) => m.name).join(", ") }))
        : total ? message("good", "", say("allThere", { n: total })) : null,
      el("p", { class: "hi-actions" }, el("button", { type: "button", class: "hi-button hi-main", id: "hi-download",
        onclick: () => this.makeFile() }, say("download"))),
      this.outcome,
      el("p", { class: "hi-small" }, say("privacy")));
  }

  async makeFile() {
    const chosen = this.included();
    const refusal = whyNot(chosen);
    if (refusal) {
      this.outcome.replaceChildren(message("error", "", refusal));
      return;
    }
    const missing = this.missing();
    if (missing.length && !(await ask(say("confirmMissingTitle"), say("confirmMissingOk"),
      el("p", {}, say("confirmMissing")),
      el("ul", {}, missing.map(({ name, label }) => el("li", {}, `${name}${label ? ` – ${label}` : ""}`)))))) return;
    const made = new Date();
    const { trainee, edition } = chosen[0].report;
    const languages = new Set(chosen.map(({ report }) => report.language));
    const notebooks = Object.fromEntries(chosen.map(({ report, content }) => [`${report.assignment}.ipynb`, content]));
    const name = fileName(trainee, made);
    download(name, handIn({ edition, trainee, made, notebooks,
      language: languages.size === 1 ? [...languages][0] : LANGUAGE }));
    this.outcome.replaceChildren(message("good", "", say("downloaded", { name })));
  }

  restorePanel() {
    return el("section", { class: "hi-card", "aria-labelledby": "hi-restore-title" },
      el("h2", { id: "hi-restore-title" }, say("restoreTitle")),
      el("p", {}, say("restoreAbout")),
      el("p", { class: "hi-actions" }, fileButton("hi-restore", ".json,application/json", say("restore"),
        (file) => this.restoreFrom(file))),
      this.after);
  }

  async restoreFrom(file) {
    try {
      const outcome = await restore(file);
      await this.read();
      this.after.replaceChildren(outcome);
    } catch (error) {
      this.after.replaceChildren(storageMessage(error));
    }
  }
}

/** Why these exercises cannot make one file, or "" if they can. */
function whyNot(chosen) {
  if (!chosen.length) return say("cannotNone");
  const nameless = chosen.find(({ report }) => !report.trainee);
  if (nameless) return say("cannotTrainee", { name: nameless.report.assignment });
  const owners = chosen.map(({ report }) => `${report.assignment}: ${written(report.trainee)}, ${report.edition}`);
  const distinct = new Set(chosen.map(({ report }) => `${report.trainee} ${report.edition}`));
  return distinct.size > 1 ? say("cannotMixed", { list: owners.join("; ") }) : "";
}

function likelier(a, b) {
  const worked = ({ report }) => Number(Boolean(report.trainee) || report.recorded > 0);
  return worked(b) - worked(a) || Number(a.backup) - Number(b.backup) || (b.saved ?? 0) - (a.saved ?? 0);
}

function nothing(paths) {
  return message("info", "", say("nothing"), exerciseLinks(paths));
}

function notStarted(paths) {
  return paths.length ? el("div", { class: "hi-fresh" }, el("p", {}, say("notStarted")), exerciseLinks(paths)) : "";
}

function exerciseLinks(paths) {
  const shown = paths.length ? paths : [`${LANGUAGE}/w01.ipynb`];
  return el("ul", {}, shown.map((path) => el("li", {}, el("a", { href: exerciseUrl(path) },
    say("openExercise", { name: path.slice(3, -".ipynb".length) })))));
}

/** Paths of the exercises that JupyterLite of this site publishes, in both languages. */
async function publishedPaths() {
  const listings = await Promise.all(["vi", "en"].map((language) =>
    fetchJson(`lite/api/contents/${language}/all.json`)));
  return listings.flatMap((listing) => (Array.isArray(listing?.content) ? listing.content : []))
    .map((entry) => String(entry?.path ?? "")).filter((path) => /^(vi|en)\/[\w-]+\.ipynb$/.test(path)).sort();
}

async function fetchJson(path) {
  try {
    const answer = await fetch(new URL(path, ROOT));
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function start() {
  const sheet = el("link", { rel: "stylesheet", href: new URL("hand-in.css", import.meta.url).href });
  document.head.append(sheet);
  for (const mount of document.querySelectorAll("div.course-hand-in")) new HandInPage(mount).read();
}

start();
