// The verify page: choose or drop a certificate, or open it by the link of its QR code; see whether it holds
// and why. Everything from a credential goes into the page as text, never as HTML.

import { check } from "./check.js";
import { SiteError } from "./errors.js";
import { fromFile, fromFragment } from "./reading.js";
import { scanner } from "./scan.js";

const language = document.documentElement.lang.startsWith("en") ? "en" : "vi";
const texts = await (await fetch(new URL("texts.json", import.meta.url))).json();
const MONTHS = [
  ...["January", "February", "March", "April", "May", "June"],
  ...["July", "August", "September", "October", "November", "December"],
];

// The texts are those of `course verify`. {name} is filled in as plain text, never as HTML.
function say(key, details = {}) {
  return texts[key][language].replace(/\{(\w+)\}/g, (_all, name) => {
    const value = details[name];
    return value instanceof Date ? day(value) : String(value ?? "");
  });
}

// Dates are those of Vietnam, wherever the reader is.
function day(when) {
  const local = new Date(when.getTime() + 7 * 3600_000);
  const [year, month, date] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()];
  const two = (number) => String(number).padStart(2, "0");
  return language === "vi" ? `${two(date)}/${two(month + 1)}/${year}` : `${date} ${MONTHS[month]} ${year}`;
}

function element(tag, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children.filter(Boolean));
  return made;
}

function mount(root) {
  const input = element("input", { type: "file", accept: ".json,.pdf,application/json,application/pdf", className: "cv-input" });
  const zone = element(
    "label",
    { className: "cv-zone" },
    element("span", { className: "cv-button", text: say("choose") }),
    input,
    element("span", { className: "cv-drop", text: say("drop") }),
  );
  const result = element("div", { className: "cv-result" });
  result.setAttribute("aria-live", "polite");
  const scan = scanner(say, (fragment) => run(() => fromFragment(fragment)));
  root.replaceChildren(zone, scan, element("p", { className: "cv-private", text: say("private") }), result);

  let latest = 0; // a slow check of an earlier file must not overwrite a later one
  const run = async (read) => {
    const turn = ++latest;
    result.replaceChildren(element("p", { className: "cv-checking", text: say("checking") }));
    let view;
    try {
      const credential = await read();
      view = shown(credential, await check(credential));
    } catch (error) {
      view = failure(error);
    }
    if (turn !== latest) return;
    result.replaceChildren(view);
    result.querySelector("h2").focus({ preventScroll: true });
    view.scrollIntoView({ block: "nearest" });
  };

  input.addEventListener("change", () => {
    if (input.files[0]) run(() => fromFile(input.files[0]));
    input.value = "";
  });
  for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    root.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.toggle("cv-over", over);
    });
  }
  root.addEventListener("drop", (event) => {
    const file = event.dataTransfer?.files[0];
    if (file) run(() => fromFile(file));
  });
  const fromLink = () => {
    const fragment = location.hash.slice(1);
    if (/^\d+\./.test(fragment)) run(() => fromFragment(fragment));
  };
  addEventListener("hashchange", fromLink);
  fromLink();
}

function banner(kind, title, sentence) {
  const heading = element("h2", { className: "cv-verdict", text: title, tabIndex: -1 });
  const mark = element("span", { className: "cv-mark", text: { good: "✓", warn: "!", bad: "✕" }[kind] });
  mark.setAttribute("aria-hidden", "true");
  return element("div", { className: `cv-banner cv-${kind}` }, mark, element("div", {}, heading, element("p", { text: sentence })));
}

function card(verdict, ...children) {
  const made = element("section", { className: "cv-card" }, ...children);
  made.dataset.verdict = verdict;
  return made;
}

function failure(error) {
  const damaged = error instanceof SiteError;
  const key = damaged ? "site-damaged" : Object.hasOwn(texts, error.message) ? error.message : "not-json";
  return card("error", banner("warn", say("verdict-error"), say(key, { file: error.message })));
}

function shown(credential, report) {
  const unchecked = report.checks.some((item) => item.name === "status" && item.ok === null);
  const failed = report.checks.find((item) => item.ok === false);
  const [kind, sentence] = {
    valid: [report.demo ? "warn" : "good", say(unchecked ? "about-valid-unchecked" : "about-valid")],
    unknown: ["warn", say(report.trusted ? "about-unknown" : "about-unknown-key")],
    invalid: ["bad", failed ? say(failed.why, failed) : ""],
  }[report.verdict];
  return card(
    report.verdict,
    report.demo && element("p", { className: "cv-demo", text: say("about-demo") }),
    banner(kind, say(report.title), sentence),
    report.trusted ? content(credential, report) : element("p", { className: "cv-hidden", text: say("about-invalid-hidden") }),
    element("h3", { text: say("checks") }),
    element("ul", { className: "cv-checks" }, ...report.checks.map(line)),
    report.trusted && technical(credential),
  );
}

function line(item) {
  const kind = { true: "good", false: "bad", null: "warn" }[String(item.ok)];
  const mark = element("span", { className: `cv-dot cv-${kind}`, text: { good: "✓", warn: "!", bad: "✕" }[kind] });
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", say(`mark_${item.ok}`));
  return element("li", {}, mark, element("span", { text: say(item.why, item) }));
}

function content(credential, report) {
  const achievement = credential.credentialSubject?.achievement ?? {};
  const known = report.checks.find((item) => item.name === "issuer" && item.ok);
  const who = identities(credential);
  const rows = [
    [say("name"), who.name],
    [say("trainee"), who.identifier && who.identifier.replace(/^(\w{4})(\w{4})$/, "$1-$2")],
    [say("issuer"), known?.issuer ?? credential.issuer?.name],
    [say("criteria"), inLanguage(achievement.criteria?.narrative)],
    [say("issued"), date(credential.validFrom)],
    [say("until"), date(credential.validUntil)],
  ];
  return element(
    "div",
    { className: "cv-content" },
    element("p", { className: "cv-label", text: say("achievement") }),
    element("p", { className: "cv-achievement", text: inLanguage(achievement.name ?? credential.name) }),
    element("dl", {}, ...rows.filter(([, value]) => value).flatMap(([label, value]) => [element("dt", { text: label }), element("dd", { text: value })])),
    element("p", { className: "cv-compare", text: say("compare") }),
  );
}

function date(text) {
  const when = new Date(text ?? NaN);
  return Number.isNaN(when.getTime()) ? "" : day(when);
}

function technical(credential) {
  return element(
    "details",
    {},
    element("summary", { text: say("details") }),
    element(
      "dl",
      {},
      element("dt", { text: say("id") }),
      element("dd", { text: String(credential.id ?? "") }),
      element("dt", { text: say("key") }),
      element("dd", { text: String([credential.proof].flat()[0].verificationMethod) }),
    ),
    element("pre", { text: JSON.stringify(credential, null, 2), tabIndex: 0 }),
  );
}

// The subject's identities that are written in the open: the trainee number, and a name given with consent.
function identities(credential) {
  const open = [credential.credentialSubject?.identifier ?? []].flat().filter((item) => item?.hashed === false);
  return Object.fromEntries(open.map((item) => [item.identityType, String(item.identityHash)]));
}

// Our texts are "Vietnamese · English" in one string; show the page's half of it.
function inLanguage(text) {
  const halves = String(text ?? "").split(" · ");
  return halves.length === 2 ? halves[language === "en" ? 1 : 0] : halves.join(" · ");
}

for (const root of document.querySelectorAll(".course-verify")) {
  const style = element("link", { rel: "stylesheet", href: new URL("verify.css", import.meta.url).href });
  document.head.append(style);
  mount(root);
}
