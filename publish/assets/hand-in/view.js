// Draws the page from data. Whatever comes out of a notebook becomes text, never markup.

import { StorageError } from "./storage.js";
import { say, sayTime, sayValue, short } from "./words.js";

/** An element with attributes and children (strings become text). */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A button to choose a file, as [input, label]; `take` gets the file. */
export function fileButton(id, accept, label, take) {
  const input = el("input", { type: "file", accept, id, class: "hi-file",
    onchange: () => {
      const [file] = input.files;
      input.value = ""; // so that the same file can be chosen again
      if (file) take(file);
    } });
  return [input, el("label", { class: "hi-button", for: id }, label)];
}

/** A boxed message; `kind` is info, good, warning or error. */
export function message(kind, title, ...children) {
  return el("div", { class: `hi-message hi-${kind}`, role: kind === "error" ? "alert" : undefined }, title ? el("p", { class: "hi-message-title" }, title) : null,
    ...children.map((child) => (typeof child === "string" ? el("p", {}, child) : child)));
}

/** What is wrong with the browser's storage, and what to do. */
export function storageMessage(error) {
  const kind = error instanceof StorageError ? error.kind : "failed";
  return message("error", say(`${kind}Title`), say(kind, { detail: error?.message ?? error }));
}

/** "Question 3", from the id q3. */
export function questionName(id) {
  return say("question", { n: id.replace(/^q(?=\d)/, "") });
}

/** The card of one exercise. `item`: {versions, chosen, included}; `act`: {include, choose, saveNotebook}. */
export function card(item, several, act, exerciseUrl) {
  const { report, path, saved, damaged } = item.chosen;
  const name = report.assignment;
  const heading = `hi-${name}`;
  const valid = Boolean(report.trainee);
  return el("section", { class: "hi-card", "aria-labelledby": heading },
    el("h2", { id: heading }, say("exercise", { name }), el("span", { class: "hi-title" }, short(report.title, 120))),
    several ? el("label", { class: "hi-include" },
      el("input", { type: "checkbox", id: `hi-include-${name}`, checked: item.included,
        onchange: (event) => act.include(name, event.target.checked) }), say("include")) : null,
    el("div", { class: "hi-facts" }, el("dl", {},
      fact("trainee", valid ? el("strong", { class: "hi-code" }, act.written(report.trainee)) : say("traineeNone")),
      fact("saved", sayTime(saved)),
      fact("progress", say("progressOf", { n: report.recorded, total: report.answers.length }),
        el("progress", { max: report.answers.length || 1, value: report.recorded, "aria-hidden": "true" })))),
    item.versions.length > 1 ? versions(item, act) : null,
    [...report.notices, ...(damaged ?? [])].map((notice) =>
      message("warning", "", say(`notice_${notice.key}`, shortened(notice)))),
    answers(report),
    el("p", { class: "hi-actions" },
      el("a", { class: "hi-button", href: exerciseUrl(path) }, say("open")),
      el("button", { type: "button", class: "hi-button", id: `hi-notebook-${name}`,
        onclick: () => act.saveNotebook(item.chosen) }, say("downloadNotebook"))));
}

function fact(key, ...children) {
  return el("div", {}, el("dt", {}, say(key)), el("dd", {}, ...children));
}

function versions(item, act) {
  const name = item.chosen.report.assignment;
  return el("fieldset", { class: "hi-versions" },
    el("legend", {}, say("versions", { n: item.versions.length })),
    item.versions.map((version, i) => {
      const { report, path, saved, backup } = version;
      const about = say("version", { language: say(`lang_${report.language}`), saved: sayTime(saved),
        recorded: report.recorded, total: report.answers.length });
      return el("label", {},
        el("input", { type: "radio", name: `hi-version-${name}`, id: `hi-version-${name}-${i}`, value: path,
          checked: version === item.chosen, onchange: () => act.choose(name, path) }),
        el("span", {}, about, backup ? ` (${say("versionBackup")})` : "", el("small", {}, path)));
    }));
}

function answers(report) {
  return el("table", { class: "hi-answers" },
    el("caption", {}, say("table", { name: report.assignment })),
    el("thead", {}, el("tr", {}, ["Question", "Answer", "State"].map((column) =>
      el("th", { scope: "col" }, say(`column${column}`))))),
    el("tbody", {}, report.answers.map((answer) => el("tr", { "data-question": answer.id, "data-state": answer.state },
      el("th", { scope: "row" }, questionName(answer.id), el("small", {}, short(answer.label, 120))),
      el("td", { class: "hi-value" }, sayValue(answer),
        answer.notes.map((note) => el("small", { class: "hi-note" }, say(`note_${note.key}`, shortened(note))))),
      el("td", { class: "hi-state" },
        el("span", { class: `hi-mark hi-${answer.state}` }, say(`state_${answer.state}`)))))));
}

function shortened(note) {
  return Object.fromEntries(Object.entries(note).map(([key, value]) => [key, short(String(value))]));
}

/** Ask in a dialog; resolves to true if the person agrees. Escape means no. */
export function ask(title, agree, ...children) {
  return new Promise((resolve) => {
    const dialog = el("dialog", { class: "course-hand-in hi-dialog", "aria-labelledby": "hi-dialog-title" },
      el("h2", { id: "hi-dialog-title" }, title),
      ...children,
      el("p", { class: "hi-actions" },
        el("button", { type: "button", class: "hi-button hi-main", onclick: () => dialog.close("yes") }, agree),
        el("button", { type: "button", class: "hi-button", autofocus: true, onclick: () => dialog.close() },
          say("cancel"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
