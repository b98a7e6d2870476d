// Draws the page from data. Whatever a trainee wrote becomes text, never markup.

import { LEVELS, number, question, say } from "./words.js";

/** An element with attributes and children; strings become text, null is left out. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const button = (label, action, attributes = {}) => el("button", { type: "button", onclick: action, ...attributes }, label);

/** The bar on top: where one is, and how far. */
export function head(session, table, shown, act) {
  const role = session.role === "first" ? null : el("span", { class: "role" }, say(`role_${session.role}`));
  return el("header", { class: "top" },
    table ? button(`← ${say("list")}`, act.list, { class: "quiet" }) : null,
    el("h1", {}, table ? `${table.assignment} · ${question(table.question)}` : say("title"),
      table ? el("span", { class: "about" }, table.label) : null),
    role,
    el("span", { class: "space" }),
    shown ? el("span", { class: "progress" },
      el("progress", { max: shown.total || 1, value: shown.done, "aria-hidden": "true" }),
      el("span", { id: "progress" }, say("progress", { done: shown.done, total: shown.total }))) : null,
    el("span", { class: "grader" }, say("grader", { name: session.grader })));
}

/** The list of questions with texts to mark. */
export function tables(session, act) {
  const rows = session.tables.filter((table) => table.total > 0);
  const cards = rows.map((table) => {
    const left = table.total - table.done;
    return el("li", { class: "card" },
      el("div", {}, el("h2", {}, `${table.assignment} · ${question(table.question)}`), el("p", {}, table.label)),
      el("div", { class: "progress" },
        el("progress", { max: table.total, value: table.done, "aria-hidden": "true" }),
        el("span", {}, say("progress", { done: table.done, total: table.total })),
        table.later ? el("small", {}, say("later", { count: table.later })) : null),
      button(left ? (table.done ? say("go_on") : say("start")) : say("look"), () => act.enter(table),
        { class: left ? "main" : "", "data-table": `${table.assignment}-${table.question}` }));
  });
  return el("main", { class: "list" },
    el("p", {}, say(session.formgrader ? "names" : "blind")),
    cards.length ? el("ul", {}, cards) : el("p", { class: "note" }, say(`nothing_${session.role}`)),
    session.formgrader ? el("p", {}, el("a", { href: session.formgrader }, say("formgrader"))) : null);
}

/** One answer with its rubric: two columns on a wide window. */
export function desk(sheet, mark, act) {
  const { language } = sheet;
  return el("main", { class: "desk" },
    el("div", { class: "read" },
      el("section", { class: "memo", "aria-labelledby": "memo-title" },
        el("div", { class: "line" },
          el("h2", { id: "memo-title" }, say("text")),
          el("strong", { class: "code", id: "code" }, sheet.code),
          sheet.name ? el("span", {}, sheet.name) : null,
          el("span", { class: "space" }),
          el("small", {}, say("words", { count: sheet.words }))),
        sheet.changed ? el("p", { class: "note" }, say("changed")) : null,
        el("div", { class: "text", lang: language, id: "text" }, sheet.text),
        reasons(sheet)),
      el("section", { class: "beside", "aria-labelledby": "beside-title" },
        el("h2", { id: "beside-title" }, say("beside")),
        el("table", {}, el("tbody", { lang: language }, sheet.others.map((other) => answer(other, language)))))),
    el("section", { class: "rubric", "aria-labelledby": "rubric-title" },
      el("div", { class: "line" }, el("h2", { id: "rubric-title" }, say("rubric")), el("span", { class: "space" }),
        el("output", { id: "points" })),
      sheet.marks.length ? earlier(sheet) : null,
      rubric(sheet, mark, act),
      el("label", { for: "comment" }, say("comment")),
      el("textarea", { id: "comment", rows: 3, maxlength: 5000, lang: language, oninput: act.typed, onchange: act.typed_out }),
      el("p", { id: "status", role: "status" }),
      el("div", { class: "actions" },
        button(say("before"), act.previous, { title: "p" }),
        button(say("after"), act.next, { title: "n" }),
        el("span", { class: "space" }),
        button([say("next_open"), " ", el("kbd", {}, "Enter")], act.done, { class: "main", id: "done" })),
      el("p", { class: "keys" }, keys())));
}

function keys() {
  const pairs = [["0 5 1", "key_level"], ["↑ ↓", "key_row"], ["C", "key_comment"], ["Enter", "key_enter"], ["N P", "key_move"]];
  return pairs.map(([key, words]) => el("span", {}, key.split(" ").map((k) => el("kbd", {}, k)), ` ${say(words)}`));
}

function rubric(sheet, mark, act) {
  const heads = [[0, "0"], [0.5, "5"], [1, "1"]].map(([level, key]) =>
    el("span", { class: "level-head" }, LEVELS[level], el("kbd", { title: say("key_level") }, key)));
  return el("div", { class: "rows" },
    el("div", { class: "row heads", "aria-hidden": "true" }, el("span", {}), heads),
    sheet.rubric.map((row) => el("div", { class: "row", role: "radiogroup", "data-row": row.id, "aria-labelledby": `row-${row.id}` },
      el("span", { class: "row-name", id: `row-${row.id}`, lang: sheet.language }, row.label,
        row.points === 1 ? null : el("small", {}, say("worth", { points: number(row.points) }))),
      row.levels.map((level) => el("label", { class: "level" },
        el("input", { type: "radio", name: row.id, value: level.share, checked: mark.levels[row.id] === level.share,
          onchange: () => act.give(row.id, level.share), onfocus: () => act.at(row.id) }),
        el("span", { class: "words" },
          el("span", { class: "only-read" }, `${LEVELS[level.share]}: `),
          el("span", { lang: sheet.language }, level.label),
          sheet.marks.length ? chips(sheet, row, level) : null))))));
}

/** Which of both marks gave this level. */
function chips(sheet, row, level) {
  const given = sheet.marks.map((mark, n) => (mark.levels[row.id] === level.share ? say(`given_${n + 1}`) : null));
  return el("span", { class: "chips" }, given.filter(Boolean).map((words) => el("span", { class: "given" }, words)));
}

/** Both marks that differ, where one settles them. */
function earlier(sheet) {
  return el("ul", { class: "earlier" }, sheet.marks.map((given, n) => el("li", {},
    el("span", { class: "given" }, say(`given_${n + 1}`)),
    ` ${say("points", { points: number(given.points), most: number(sheet.most) })}`,
    given.comment ? el("q", { lang: sheet.language }, given.comment) : null)));
}

function reasons(about) {
  return about.reasons.length ? el("ul", { class: "reasons" }, about.reasons.map((reason) => el("li", {}, reason.replaceAll(" %", "\u00a0%")))) : null;
}

function answer(other, language) {
  const share = other.most ? (other.points ?? 0) / other.most : 1;
  const kind = other.points === null ? "" : share > 0.99 ? "good" : share > 0 ? "part" : "bad";
  const points = other.points === null ? "–" : `${number(other.points)} / ${number(other.most)}`;
  return el("tr", {},
    el("th", { scope: "row" }, el("small", {}, question(other.question)), other.label),
    el("td", {}, other.plan ? plan(other.plan, language) : other.value, other.plan || kind !== "good" ? reasons(other) : null),
    el("td", { class: `n ${kind}` }, points));
}

function plan(given, language) {
  const money = (value) => (value === null ? "?" : number(value, language));
  return el("table", { class: "plan" },
    el("tbody", {}, given.rows.map((row) => el("tr", {},
      el("td", {}, row.label), el("td", { class: "n" }, `${row.setting} ${row.unit}`), el("td", { class: "n" }, money(row.cost)))),
    el("tr", { class: given.total !== null && given.total > given.budget ? "bad total" : "total" },
      el("td", { colspan: 2, lang: document.documentElement.lang }, say("total", { budget: money(given.budget) })),
      el("td", { class: "n" }, money(given.total)))));
}
