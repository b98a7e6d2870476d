// The hand-in file: one JSON text that carries the exercises, and what it takes to read one back.

import { courseOf } from "./exercise.js";

export const FORMAT = "course-hand-in/1";
const MAX_BYTES = 50_000_000;

/** Name of a hand-in file made at `time`: hand-in_K7P2QD4M_20261123-1040.json. */
export function fileName(trainee, time) {
  return `hand-in_${trainee}_${stamp(time).slice(0, 13)}.json`;
}

/** Local time as 20261123-104059, to name files by. */
export function stamp(time) {
  const two = (n) => String(n).padStart(2, "0");
  return `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}` +
    `-${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}

/** The hand-in of notebooks {"w01.ipynb": content}. */
export function handIn({ edition, trainee, language, made, notebooks }) {
  const cleaned = Object.fromEntries(Object.entries(notebooks).map(([name, nb]) => [name, clean(nb)]));
  return { format: FORMAT, edition, trainee, language, made: made.toISOString(), notebooks: cleaned };
}

/** The notebook without `attachments: null`, which JupyterLite writes and the notebook format forbids. */
export function clean(content) {
  const cells = content.cells.map((cell) => {
    if (cell?.attachments !== null) return cell;
    const { attachments, ...rest } = cell;
    return rest;
  });
  return { ...content, cells };
}

/**
 * Read a hand-in file that somebody chose.
 *
 * @returns {Promise<{made: Date, trainee: string, entries: [{path, content}]}>}
 * @throws {Error} whose message is the key of a text that says what is wrong
 */
export async function readHandIn(file) {
  if (file.size > MAX_BYTES) throw new Error("fileTooBig");
  let data;
  try {
    data = JSON.parse(await file.text());
  } catch {
    throw new Error("fileNotJson");
  }
  if (courseOf(data)) throw new Error("fileIsNotebook");
  if (typeof data?.format !== "string" || !data.format.startsWith("course-hand-in/")) throw new Error("fileForeign");
  if (data.format !== FORMAT) throw new Error("fileNewer");
  const entries = Object.entries(data.notebooks ?? {}).map(([name, content]) => {
    const course = Array.isArray(content?.cells) ? courseOf(content) : null;
    if (!course || name !== `${course.assignment}.ipynb`) throw new Error("fileDamaged");
    const language = ["vi", "en"].includes(course.language) ? course.language : data.language;
    if (!["vi", "en"].includes(language)) throw new Error("fileDamaged");
    return { path: `${language}/${name}`, content };
  });
  if (!entries.length) throw new Error("fileDamaged");
  const made = new Date(data.made);
  return { made: isNaN(made) ? new Date(0) : made, trainee: String(data.trainee ?? ""), entries };
}

/** Let the browser save a JSON text under a name. */
export function download(name, data, type = "application/json") {
  const url = URL.createObjectURL(new Blob([JSON.stringify(data, null, 1)], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
