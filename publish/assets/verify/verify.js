// The verify page: choose or drop a certificate, or open it by the link of its QR code; see whether it holds
// and why. Everything from a credential goes into the page as text, never as HTML.

import { check, issuerId, SiteError } from "./check.js";
import { fromFile, fromFragment } from "./reading.js";
import { TEXTS } from "./texts.js";

const language = document.documentElement.lang.startsWith("en") ? "en" : "vi";

function say(key, details = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (_all, name) => {
    const value = details[name];
    return value instanceof Date ? value.toLocaleDateString(language, { dateStyle: "long" }) : String(value ?? "");
  });
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
  root.replaceChildren(zone, element("p", { className: "cv-private", text: say("private") }), result);

  let latest = 0; // a slow check of an earlier file must not overwrite a later one
  const run = async (read) => {
    const turn = ++latest;
    result.replaceChildren(element("p", { className: "cv-checking", text: say("checking") }));
    let view;
    try {
      const credential = await read();
      view = credential === null ? null : shown(credential, await check(credential));
    } catch (error) {
      view = failure(error);
    }
    if (turn !== latest) return;
    result.replaceChildren(...(view ? [view] : []));
    result.querySelector("h2")?.focus({ preventScroll: true });
    view?.scrollIntoView({ block: "nearest" });
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
    if (fragment.length > 200) run(() => fromFragment(fragment));
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
  const key = damaged ? "site-damaged" : Object.hasOwn(TEXTS[language], error.message) ? error.message : "not-json";
  return card("error", banner("warn", say("verdict-error"), say(key, { file: error.message })));
}

function shown(credential, report) {
  const unchecked = report.checks.some((item) => item.name === "status" && item.ok === null);
  const failed = report.checks.find((item) => item.ok === false);
  const [kind, title, sentence] = {
    valid: report.demo
      ? ["warn", say("verdict-valid-demo"), say(unchecked ? "about-valid-unchecked" : "about-valid")]
      : ["good", say("verdict-valid"), say(unchecked ? "about-valid-unchecked" : "about-valid")],
    unknown: ["warn", say("verdict-unknown"), say("about-unknown")],
    invalid: ["bad", say("verdict-invalid"), failed ? say(failed.why, failed) : ""],
  }[report.verdict];
  return card(
    report.verdict,
    report.demo && element("p", { className: "cv-demo", text: say("about-demo") }),
    banner(kind, title, sentence),
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
      element("dd", { text: issuerId(credential) }),
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
