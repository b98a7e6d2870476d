// What this browser remembers of a trainee's reading and quizzes. It is kept here alone; the trainee can take it
// along as a file and delete it on the page "My progress". Labs and exercises keep their own records.

import { EDITION } from "../edition.js";

const KEY = `course:${EDITION}:progress`;
const VERSION = 1;

/** {reading: {week: {sections: [ids], last}}, quizzes: {week: {question: {right, first, tries, last}}}} */
export function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (kept?.version === VERSION) return { reading: plain(kept.reading), quizzes: plain(kept.quizzes) };
  } catch {
    // no storage, or not ours: as if nothing had been kept
  }
  return { reading: {}, quizzes: {} };
}

/** Keep it; false if the browser does not let us. */
export function write({ reading, quizzes }) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: VERSION, reading, quizzes }));
    return true;
  } catch {
    return false;
  }
}

export function remove() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // no storage: nothing to remove
  }
}

/** Note that the reader has come to the end of these sections of a week's page. */
export function noteReading(week, ids) {
  const record = read();
  const old = record.reading[week]?.sections ?? [];
  const sections = [...new Set([...old, ...ids])];
  if (sections.length === old.length) return true;
  record.reading[week] = { sections, last: new Date().toISOString() };
  return write(record);
}

/** Note an answer to a question; whether the first one was right stays as it was. */
export function noteAnswer(week, question, right) {
  const record = read();
  const quiz = (record.quizzes[week] ??= {});
  const old = quiz[question];
  quiz[question] = {
    right: Boolean(old?.right || right), first: old ? Boolean(old.first) : right,
    tries: (old?.tries ?? 0) + 1, last: new Date().toISOString(),
  };
  return write(record);
}

/** Two records as one: nothing that either holds is lost. */
export function merge(ours, theirs) {
  const reading = { ...ours.reading };
  for (const [week, their] of Object.entries(plain(theirs?.reading))) {
    const sections = [reading[week]?.sections, their?.sections].flatMap((x) => (Array.isArray(x) ? x : []));
    reading[week] = { sections: [...new Set(sections.map(String))], last: later(reading[week]?.last, their?.last) };
  }
  const quizzes = { ...ours.quizzes };
  for (const [week, questions] of Object.entries(plain(theirs?.quizzes))) {
    quizzes[week] = { ...quizzes[week] };
    for (const [question, their] of Object.entries(plain(questions))) {
      const our = quizzes[week][question];
      const earlier = our && (their?.last ?? "") >= (our.last ?? "") ? our : their;
      quizzes[week][question] = {
        right: Boolean(our?.right || their?.right), first: Boolean(earlier?.first),
        tries: Math.max(Number(our?.tries) || 0, Number(their?.tries) || 0), last: later(our?.last, their?.last),
      };
    }
  }
  return { reading, quizzes };
}

function later(a, b) {
  return [a, b].filter((x) => typeof x === "string").sort().pop() ?? "";
}

function plain(value) {
  return value && typeof value === "object" && !Array.isArray(value) ? value : {};
}
