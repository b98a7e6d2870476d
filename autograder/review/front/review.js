// The page on which a person marks free texts: the list of questions, then one answer after the other.
// A mark is saved as soon as each row of the rubric has its level, and again when it changes.

import * as server from "./server.js";
import { desk, el, head, tables } from "./view.js";
import { number, say, speak, time } from "./words.js";

const root = document.getElementById("review");
const KEYS = { 0: 0, 5: 0.5, 1: 1 };
const RENEW = 30_000; // milliseconds between two renewals of a claim
let session; // who marks, and what for
let table; // the question that is being marked; null on the list
let items = []; // its answers in this grader's order
let at = null; // the answer on the desk: {id, sheet, levels, comment, row, saved, saving}

function draw(...parts) {
  root.replaceChildren(...parts);
}

function shown() {
  return { total: items.length, done: items.filter((item) => !["open", "later"].includes(item.state)).length };
}

function fail(error) {
  const why = error instanceof server.Refusal ? say(error.kind, { why: error.why }) : String(error);
  status(why, "bad", ["overtaken", "taken"].includes(error.kind) ? [say("load"), () => enter(table, at?.id)] : null);
}

function status(words, kind = "", action = null) {
  let place = document.getElementById("status");
  if (!place) root.append((place = el("p", { id: "status", role: "status" })));
  place.className = kind;
  place.replaceChildren(words, action ? el("button", { type: "button", onclick: action[1] }, action[0]) : "");
}

/** Where one is, for a reload; without the token, which the browser keeps as a cookie by now. */
function address(place) {
  history.replaceState(null, "", location.pathname + place);
}

// ---- the list

async function list() {
  if (!(await leave())) return;
  at = table = null;
  session = await server.session();
  speak(session);
  document.title = say("title");
  address("");
  draw(head(session, null, null, act), tables(session, act));
}

async function enter(chosen, id) {
  table = chosen;
  items = (await server.queue(table)).items;
  const first = id ? items.find((item) => item.id === id) : nextOpen(-1);
  const look = items.find((item) => item.state === "mine");
  if (first ?? look) await open((first ?? look).id);
  else finished();
}

function finished() {
  at = null;
  const count = (state) => items.filter((item) => item.state === state).length;
  const waits = count("open");
  const done = count("later") ? say("wait_first", { count: count("later") }) : say("all_done");
  draw(head(session, table, shown(), act), el("main", { class: "list" },
    el("p", { class: "note" }, waits ? say("others_busy", { count: waits }) : done),
    el("p", {}, el("button", { type: "button", class: "main", onclick: list }, say("list")))));
}

/** The next answer that is open and that nobody reads, in order from a position, then from the start. */
function nextOpen(position) {
  const order = [...items.slice(position + 1), ...items.slice(0, position + 1)];
  return order.find((item) => item.state === "open" && !item.busy && item.id !== at?.id);
}

// ---- one answer

async function open(id) {
  const item = items.find((x) => x.id === id);
  let sheet;
  try {
    sheet = await server.open(table, id);
  } catch (error) {
    at = { id, sheet: null };
    draw(head(session, table, shown(), act), el("main", { class: "list" }, el("p", { id: "status", role: "status" }),
      el("p", {}, el("button", { type: "button", class: "main", onclick: () => move(1) }, say("after")))));
    if (error.kind === "taken") item.state = "done";
    fail(error);
    return;
  }
  item.state = sheet.state;
  const kept = draft.read(id, sheet.seen);
  at = { id, sheet, row: 0, saving: null, levels: { ...(kept?.levels ?? sheet.levels) }, comment: kept?.comment ?? sheet.comment };
  at.saved = mark();
  if (kept) at.saved = "";
  draw(head(session, table, shown(), act), desk(sheet, at, act));
  document.getElementById("comment").value = at.comment;
  document.title = `${sheet.code} · ${table.assignment}`;
  address(`#${table.assignment}/${table.question}/${id}`);
  window.scrollTo(0, 0);
  at.row = firstEmpty();
  refresh();
  if (sheet.busy) status(say("busy", { name: sheet.busy }), "part");
  else if (sheet.state === "mine") status(outside() ? say("outside", { points: number(sheet.points) }) : say("marked"), "good");
}

/** Whether the mark was entered as points alone, by another program or on the command line. */
function outside() {
  return at.sheet.points !== null && Object.keys(at.sheet.levels).length === 0;
}

function firstEmpty() {
  const empty = at.sheet.rubric.findIndex((row) => at.levels[row.id] === undefined);
  return empty < 0 ? at.sheet.rubric.length : empty;
}

function missing() {
  return at.sheet.rubric.filter((row) => at.levels[row.id] === undefined).length;
}

/** What would be saved now, to tell whether it is saved. */
function mark() {
  return JSON.stringify([at.sheet.rubric.map((row) => at.levels[row.id] ?? null), at.comment.trim()]);
}

function refresh() {
  const points = at.sheet.rubric.reduce((sum, row) => sum + row.points * (at.levels[row.id] ?? 0), 0);
  const given = at.sheet.rubric.length - missing();
  document.getElementById("points").textContent =
    say("points", { points: given ? number(points) : "–", most: number(at.sheet.most) });
  for (const [n, row] of [...document.querySelectorAll("[data-row]")].entries()) {
    row.classList.toggle("now", n === at.row);
    for (const input of row.querySelectorAll("input")) input.checked = at.levels[row.dataset.row] === Number(input.value);
  }
}

function give(id, share) {
  at.levels[id] = share;
  at.row = firstEmpty();
  changed();
}

function changed() {
  draft.keep();
  refresh();
  if (missing()) status(say("open_rows", { count: missing() }));
  else save().catch(() => {}); // what went wrong is said where it happened
}

/** Saves what is not saved yet, one save after the other. */
async function save() {
  if (!at?.sheet || missing() || mark() === at.saved) return at?.saving;
  if (at.saving) {
    await at.saving;
    return save();
  }
  const now = at;
  now.saving = write(now);
  try {
    await now.saving;
  } finally {
    now.saving = null;
  }
  return mark() === at.saved || at !== now ? undefined : save();
}

async function write(now) {
  const sent = mark();
  status(say("saving"));
  try {
    const said = await server.save(table, now.id, { levels: now.levels, comment: now.comment, seen: now.sheet.seen });
    now.sheet.seen = said.seen;
    now.sheet.points = said.points;
    now.sheet.levels = { ...now.levels };
    now.saved = sent;
    draft.drop(now.id);
    const item = items.find((x) => x.id === now.id);
    item.state = "mine";
    if (now === at) {
      const { total, done } = shown();
      document.getElementById("progress").textContent = say("progress", { done, total });
      document.querySelector(".top progress").value = done;
      status(say("saved", { time: time() }), "good");
    }
  } catch (error) {
    if (now === at) fail(error);
    throw error;
  }
}

/** Takes what is in the comment; true if all that can be saved is saved. */
async function leave() {
  if (!at?.sheet) return true;
  takeComment();
  try {
    await save();
    return true;
  } catch {
    return false; // it stands there what went wrong; nothing is lost
  }
}

function takeComment() {
  const box = document.getElementById("comment");
  if (box) at.comment = box.value;
  if (at.sheet && mark() !== at.saved) draft.keep();
}

async function done() {
  takeComment();
  if (missing()) {
    status(say("open_rows", { count: missing() }), "part");
    at.row = firstEmpty();
    refresh();
    return;
  }
  if (!(await leave())) return;
  await renewList();
  const next = nextOpen(items.findIndex((item) => item.id === at.id));
  if (next) await open(next.id);
  else finished();
}

/** To the neighbour in the order that is not another person's; what has no mark yet stays open. */
async function move(step) {
  if (!(await leave())) return;
  const position = items.findIndex((item) => item.id === at?.id);
  for (let i = 1; i <= items.length; i += 1) {
    const item = items[(((position + step * i) % items.length) + items.length) % items.length];
    if (["open", "mine"].includes(item.state)) return open(item.id);
  }
  return finished();
}

async function renewList() {
  try {
    items = (await server.queue(table)).items;
  } catch {
    // the old list does
  }
}

// ---- levels that are not saved yet outlive a reload; they hold nothing about a person

const draft = {
  key: (id) => `review:${session.role}:${session.grader}:${table.question}:${id}`,
  keep() {
    sessionStorage.setItem(draft.key(at.id), JSON.stringify({ seen: at.sheet.seen, levels: at.levels, comment: at.comment }));
  },
  read(id, seen) {
    const kept = JSON.parse(sessionStorage.getItem(draft.key(id)) ?? "null");
    return kept?.seen === seen ? kept : null;
  },
  drop(id) {
    sessionStorage.removeItem(draft.key(id));
  },
};

const act = {
  list: () => list().catch(fail),
  enter: (chosen) => enter(chosen).catch(fail),
  previous: () => move(-1).catch(fail),
  next: () => move(1).catch(fail),
  done: () => done().catch(fail),
  give,
  at(id) {
    at.row = at.sheet.rubric.findIndex((row) => row.id === id);
    refresh();
  },
  typed: takeComment,
  typed_out() {
    takeComment();
    changed();
  },
};

// ---- keys

document.addEventListener("keydown", (event) => {
  if (!at?.sheet || event.altKey || event.metaKey) return;
  const writes = event.target.tagName === "TEXTAREA";
  if (event.key === "Enter" && (event.ctrlKey || (!writes && event.target.tagName !== "BUTTON"))) act.done();
  else if (writes && event.key === "Escape") event.target.blur();
  else if (writes || event.ctrlKey) return;
  else if (event.key in KEYS) press(KEYS[event.key]);
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "c" || event.key === "C") document.getElementById("comment").focus();
  else if (event.key === "n" || event.key === "N") act.next();
  else if (event.key === "p" || event.key === "P") act.previous();
  else return;
  event.preventDefault();
});

/** Gives the row that is marked out its level. When all have theirs, none is, so that one key too many does no harm. */
function press(share) {
  if (at.row >= at.sheet.rubric.length) {
    status(say("all_rows"), "part");
    return;
  }
  const next = at.row + 1;
  give(at.sheet.rubric[at.row].id, share);
  if (!missing()) at.row = next;
  refresh();
}

function step(by) {
  at.row = Math.max(0, Math.min(at.row + by, at.sheet.rubric.length - 1));
  refresh();
}

// ---- claims, and what is not saved

setInterval(async () => {
  if (!at?.sheet || document.hidden) return;
  try {
    await server.claim(table, at.id);
  } catch {
    // the next one will do
  }
}, RENEW);

window.addEventListener("beforeunload", (event) => {
  if (!at?.sheet) return;
  takeComment();
  if (!missing() && mark() !== at.saved) event.preventDefault();
});

async function start() {
  session = await server.session();
  speak(session);
  const [assignment, question, id] = decodeURIComponent(location.hash.slice(1)).split("/");
  const named = session.tables.find((x) => x.assignment === assignment && x.question === question && x.total > 0);
  if (named) await enter(named, id);
  else await list();
}

start().catch((error) => {
  draw(el("main", { class: "list" }, el("p", { id: "status", role: "status" })));
  fail(error);
});
