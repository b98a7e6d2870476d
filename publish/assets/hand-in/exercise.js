// What a stored exercise holds: which answers are recorded, which are missing, and what looks wrong. Pure
// functions of notebook data; the records are the outputs that linelab.answers writes.

import { isTraineeId, normalise } from "./trainee.js";

const ANSWER = "application/vnd.linelab.answer+json";
const BEGIN = "application/vnd.linelab.begin+json";

/** The course's own metadata of a notebook, or null if it is no exercise. */
export function courseOf(content) {
  const course = content?.metadata?.course;
  return course && typeof course.assignment === "string" && /^[\w-]+$/.test(course.assignment) ? course : null;
}

/**
 * Look through an exercise.
 *
 * @param {object} content notebook as stored
 * @param {object|null} release notebook as this site publishes it, or null if it cannot be had
 * @param {object|null} spoken the same in the language of the page, for the names of the questions
 * @returns {{assignment, edition, language, title, trainee, answers, notices, recorded}}
 *   `answers`: [{id, label, unit, kind, state: "recorded"|"missing"|"error", value, notes: [{key, …}]}]
 */
export function inspect(content, release, spoken = release) {
  const course = courseOf(content);
  const published = courseOf(spoken) ?? courseOf(release);
  const questions = published?.questions ?? course.questions ?? [];
  const cells = content.cells.filter((cell) => cell && typeof cell === "object");
  const releaseCells = release?.cells ?? null;
  const records = recordsOf(cells);
  const answers = questions.map((question) => inspectQuestion(question, cells, releaseCells, records));
  const notices = [];

  const trainee = inspectTrainee(cells, records.begin, notices);
  if (published && published.edition !== course.edition) {
    notices.push({ key: "edition", theirs: String(course.edition), ours: String(published.edition) });
  }
  if (outOfOrder(cells)) notices.push({ key: "order" });
  return {
    assignment: course.assignment,
    edition: String(course.edition ?? ""),
    language: course.language === "en" ? "en" : "vi",
    title: String(published?.title ?? course.title ?? ""),
    trainee,
    answers,
    notices,
    recorded: answers.filter((answer) => answer.state === "recorded").length,
  };
}

/** The text of a cell or of an output, which the format allows to be one string or a list of lines. */
export function textOf(source) {
  return Array.isArray(source) ? source.join("") : String(source ?? "");
}

/** What linelab recorded in cells: the last answer to each question, and how the notebook was begun. */
export function recordsOf(cells) {
  const answers = new Map();
  let begin = null;
  for (const cell of cells) {
    for (const output of cell.outputs ?? []) {
      const data = output?.data ?? {};
      if (data[BEGIN]) begin = { ...asObject(data[BEGIN]), cell };
      const record = asObject(data[ANSWER]);
      if (typeof record.id === "string") answers.set(record.id, { ...record, cell, output });
    }
  }
  return { answers, begin };
}

function asObject(value) {
  if (typeof value !== "string") return value && typeof value === "object" ? value : {};
  try {
    return asObject(JSON.parse(value) ?? {});
  } catch {
    return {};
  }
}

function inspectQuestion(question, cells, releaseCells, records) {
  const answer = {
    id: String(question.id), label: String(question.label ?? ""), unit: String(question.unit ?? ""),
    kind: question.kind, state: "missing", value: undefined, notes: [],
  };
  const name = question.kind === "text" ? question.grade_id : `${question.grade_id}-answer`;
  const own = cells.filter((cell) => cell.metadata?.nbgrader?.grade_id === name);
  const original = releaseCells?.find((cell) => cell.metadata?.nbgrader?.grade_id === name);
  if (own.length > 1) answer.notes.push({ key: "cellTwice" });
  if (!own.length && original) answer.notes.push({ key: "cellGone" });
  if (question.kind === "text") inspectText(answer, own, original);
  else inspectValue(answer, own, original, records.answers.get(answer.id));
  return answer;
}

function inspectText(answer, own, original) {
  if (!own.length) return;
  const written = textOf(own[0].source).trim();
  const letters = (text) => text.replace(/[^\p{L}\p{N}]/gu, "");
  if (!letters(written) || (original && letters(written) === letters(textOf(original.source)))) return;
  answer.state = "recorded";
  answer.value = written;
  if (!original) answer.notes.push({ key: "unchecked" });
}

function inspectValue(answer, own, original, record) {
  const outputs = own.flatMap((cell) => cell.outputs ?? []);
  const failure = outputs.find((output) => output?.output_type === "error");
  const refusal = outputs.map(saidNo).find(Boolean);
  if (record) {
    answer.state = "recorded";
    answer.value = record.value;
    const objection = saidNo(record.output);
    // a plan's objection follows the plan itself, which is shown already
    if (objection) answer.notes.push({ key: "said", text: objection.split("}. ").pop() });
    const expected = literalAnswer(textOf(record.cell.source), answer.id);
    if (expected !== undefined && !same(expected, record.value)) answer.notes.push({ key: "stale" });
    return;
  }
  if (failure) {
    answer.state = "error";
    answer.notes.push({ key: "said", text: `${failure.ename ?? ""}: ${failure.evalue ?? ""}` });
  } else if (refusal && !untouched(own, original)) {
    answer.state = "error";
    answer.notes.push({ key: "said", text: refusal });
  } else if (own.length && original && !untouched(own, original)) {
    answer.notes.push({ key: "notRun" });
  }
}

function untouched(own, original) {
  return Boolean(own.length && original) && textOf(own[0].source).trim() === textOf(original.source).trim();
}

// linelab marks what it objects to with ✗, as text beside the record or in its place.
function saidNo(output) {
  const said = textOf(output?.data?.["text/plain"]).trim();
  return said.startsWith("✗") ? said.slice(1).trim() : "";
}

function inspectTrainee(cells, begin, notices) {
  const source = cells.map((cell) => (cell.cell_type === "code" ? textOf(cell.source) : "")).join("\n");
  const typed = /^TRAINEE\s*=\s*(["'])(.*?)\1/m.exec(source)?.[2] ?? "";
  const recorded = begin ? normalise(begin.trainee ?? "") : "";
  if (!begin) notices.push({ key: typed.trim() ? "notBegun" : "noTrainee" });
  else if (!isTraineeId(recorded)) notices.push({ key: "badTrainee", given: recorded });
  else if (typed.trim() && normalise(typed) !== recorded) notices.push({ key: "traineeChanged", typed });
  return begin && isTraineeId(recorded) ? recorded : "";
}

// Grading runs the notebook from the top. If it was last run in another order, or in several sittings, what
// is shown here may differ from what grading finds. Locked test cells need not have been run.
function outOfOrder(cells) {
  const counts = cells
    .filter((cell) => cell.cell_type === "code" && !cell.metadata?.nbgrader?.grade)
    .map((cell) => cell.execution_count)
    .filter((count) => Number.isInteger(count));
  return counts.some((count, i) => i > 0 && count <= counts[i - 1]);
}

// The value that a cell would record, where its text alone tells: answer("q1", 37.5), or a name that is
// assigned one plain value in the cell. A calculation gives undefined: that cannot be known without running.
function literalAnswer(source, id) {
  const code = source.split("\n").filter((line) => !/^\s*#/.test(line)).join("\n");
  const call = new RegExp(`^answer\\(\\s*["']${id}["']\\s*,\\s*(.+)\\)\\s*(?:#.*)?$`, "m").exec(code);
  if (!call) return undefined;
  const argument = call[1].trim();
  if (!/^[A-Za-z_]\w*$/.test(argument)) return literal(argument);
  const assigned = [...code.matchAll(new RegExp(`^([ \\t]*)${argument}[ \\t]*([-+*/%]?)=(?!=)(.*)$`, "gm"))];
  const changedLater = new RegExp(`\\b${argument}[ \\t]*[.[]`).test(code);
  if (assigned.length !== 1 || assigned[0][1] || assigned[0][2] || changedLater) return undefined;
  return literal(assigned[0][3].replace(/\s+#.*$/, "").trim());
}

function literal(text) {
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return Number(text);
  const quoted = /^(["'])([^"'\\]*)\1$/.exec(text);
  if (quoted) return quoted[2];
  if (!/^\{.*\}$/.test(text)) return undefined;
  try {
    return JSON.parse(text.replace(/'/g, '"').replace(/,\s*\}$/, "}"));
  } catch {
    return undefined;
  }
}

function same(a, b) {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
