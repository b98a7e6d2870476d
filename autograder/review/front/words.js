// The page's texts and numbers, in its language.

let texts = {};
let language = "vi";

export function speak(given) {
  texts = given.texts;
  language = given.language;
  document.documentElement.lang = language;
}

/** The text of a key with its {fields} filled in. */
export function say(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function number(value, given = language) {
  return new Intl.NumberFormat(given, { maximumFractionDigits: 2 }).format(value);
}

export function time() {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" }).format(new Date());
}

/** A level as people write it. */
export const LEVELS = { 0: "0", 0.5: "½", 1: "1" };

/** Question 8, from the id q8. */
export function question(id) {
  return say("question", { number: id.replace(/^q(?=\d)/, "") });
}
