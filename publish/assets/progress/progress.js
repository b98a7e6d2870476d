// The page "My progress": what this browser remembers of reading, self-checks, labs and exercises; takes it along
// as a file, brings it back, deletes it. Nothing leaves the browser.

import { courseOf, inspect } from "../hand-in/exercise.js";
import { clean, download, stamp } from "../hand-in/file.js";
import { restoreNotebooks } from "../hand-in/restore.js";
import { readNotebooks, removeNotebooks } from "../hand-in/storage.js";
import { ask, el, fileButton, message } from "../hand-in/view.js";
import { mergeLogs, readLogs, removeLogs, runs } from "./labs.js";
import { merge, read, remove, write } from "./record.js";
import { LANGUAGE, text } from "./texts.js";

const FORMAT = "course-progress/1";
const MAX_BYTES = 50e6;
const ROOT = new URL(document.documentElement.dataset.courseRoot ?? "../../", document.baseURI);

class ProgressPage {
  constructor(mount) {
    this.weeks = JSON.parse(mount.dataset.weeks);
    this.cards = el("div", { class: "pg-weeks" });
    this.outcome = el("div", { class: "hi-outcome", "aria-live": "polite" });
    mount.classList.add("course-hand-in"); // looks like the other page of one's own work
    mount.replaceChildren(el("p", {}, text("privacy")), this.cards,
      el("section", { class: "hi-card", "aria-labelledby": "pg-keep" },
        el("h2", { id: "pg-keep" }, text("keepTitle")),
        el("p", { class: "hi-actions" },
          el("button", { type: "button", class: "hi-button hi-main", onclick: () => this.attempt(() => this.take()) }, text("export")),
          fileButton("pg-file", ".json,application/json", text("import"),
            (file) => this.attempt(() => this.bring(file))),
          el("button", { type: "button", class: "hi-button", onclick: () => this.attempt(() => this.forget()) }, text("delete"))),
        this.outcome));
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.draw(); // back from another tab
    });
  }

  async attempt(work) {
    try {
      const said = await work();
      if (said) this.outcome.replaceChildren(...[said].flat());
    } catch (error) {
      this.outcome.replaceChildren(message("error", "", text("failed", { detail: error?.message ?? error })));
    }
    await this.draw();
  }

  /** The exercises in JupyterLite's storage, or null if it cannot be read. */
  async exercises() {
    try {
      return (await readNotebooks()).filter(({ content }) => courseOf(content));
    } catch {
      return null;
    }
  }

  async draw() {
    const [record, logs, stored] = [read(), readLogs(), await this.exercises()];
    const cards = await Promise.all(this.weeks.map(async (week) => {
      const seen = new Set(record.reading[week.week]?.sections ?? []);
      const answers = Object.values(record.quizzes[week.week] ?? {});
      const right = answers.filter((answer) => answer.right).length;
      const first = answers.filter((answer) => answer.first).length;
      const tried = week.labs.reduce((sum, lab) => sum + runs(logs, lab), 0);
      const sections = week.sections.filter((id) => seen.has(id)).length;
      return el("section", { class: "hi-card", "aria-labelledby": `pg-${week.week}`, "data-week": week.week },
        el("h2", { id: `pg-${week.week}` }, el("a", { href: this.page(week) }, week.title)),
        el("dl", { class: "pg-parts" },
          part("reading", sections, week.sections.length, text("readingOf", { n: sections, total: week.sections.length })),
          part("quiz", right, week.questions, text("quizOf", { n: right, total: week.questions }),
            answers.length ? text("quizFirst", { first }) : ""),
          part("lab", null, null, tried ? text("labRuns", { n: tried }) : text("labNone")),
          await this.exercise(week, stored)));
    }));
    this.cards.replaceChildren(...cards);
  }

  async exercise(week, stored) {
    if (!stored) return part("exercise", null, null, text("exerciseUnknown"));
    const versions = stored.filter(({ content, path }) =>
      courseOf(content).assignment === week.week && !path.includes(".backup-"));
    const reports = await Promise.all(versions.map(async ({ content }) =>
      inspect(content, await this.release(courseOf(content)))));
    const best = reports.sort((a, b) => b.recorded - a.recorded)[0];
    if (!best) return part("exercise", null, null, text("exerciseNone"));
    const total = best.answers.length;
    return part("exercise", best.recorded, total, text("exerciseOf", { n: best.recorded, total }),
      el("a", { href: new URL(`${LANGUAGE}/hand-in.html`, ROOT).href }, text("handIn")));
  }

  async release({ assignment, language }) {
    this.releases ??= new Map();
    const path = `${language === "en" ? "en" : "vi"}/${assignment}.ipynb`;
    if (!this.releases.has(path)) {
      const answer = await fetch(new URL(`lite/files/${path}`, ROOT)).catch(() => null);
      this.releases.set(path, answer?.ok ? await answer.json() : null);
    }
    return this.releases.get(path);
  }

  page(week) {
    return new URL(`${LANGUAGE}/${week.page}`, ROOT).href;
  }

  async take() {
    const made = new Date();
    const stored = (await this.exercises()) ?? [];
    const exercises = stored.map(({ path, content, saved }) => ({ path, saved, content: clean(content) }));
    const name = `${text("fileName")}_${stamp(made)}.json`;
    download(name, { format: FORMAT, made: made.toISOString(), ...read(), labs: readLogs(), exercises });
    return message("good", "", text("exported", { name, n: exercises.length }));
  }

  async bring(file) {
    const { name } = file;
    if (file.size > MAX_BYTES) return message("error", "", text("importBig", { name }));
    let data;
    try {
      data = JSON.parse(await file.text());
    } catch {
      data = null;
    }
    if (!String(data?.format).startsWith("course-progress/")) return message("error", "", text("importBad", { name }));
    if (data.format !== FORMAT) return message("error", "", text("importNewer", { name }));
    write(merge(read(), data));
    mergeLogs(data.labs);
    const entries = (Array.isArray(data.exercises) ? data.exercises : []).filter(({ path, content }) =>
      /^(vi|en)\/[\w.-]+\.ipynb$/.test(path) && Array.isArray(content?.cells) && courseOf(content));
    const said = [message("good", "", text("importedGood", { name }))];
    if (entries.length) {
      const made = new Date(data.made);
      said.push(await restoreNotebooks({ made: isNaN(made) ? new Date(0) : made, entries }));
    }
    return said;
  }

  async forget() {
    const stored = (await this.exercises()) ?? [];
    const box = el("input", { type: "checkbox" });
    const agreed = await ask(text("deleteTitle"), text("deleteOk"), el("p", {}, text("deleteAsk")),
      stored.length ? el("label", { class: "hi-include" }, box, text("deleteExercises", { n: stored.length })) : null);
    if (!agreed) return null;
    remove();
    removeLogs();
    if (box.checked) await removeNotebooks(stored.map(({ path }) => path));
    return message("good", "", text("deleted"));
  }
}

function part(name, value, total, ...words) {
  return el("div", { "data-part": name }, el("dt", {}, text(name)),
    el("dd", {}, total ? el("progress", { max: total, value, "aria-label": text(name) }) : null,
      words.filter(Boolean).map((word) => el("span", {}, word))));
}

for (const name of ["../hand-in/hand-in.css", "progress.css"]) {
  document.head.append(el("link", { rel: "stylesheet", href: new URL(name, import.meta.url).href }));
}
for (const mount of document.querySelectorAll("div.course-progress")) new ProgressPage(mount).draw();
