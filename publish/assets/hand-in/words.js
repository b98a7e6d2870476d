// The page's words, numbers and times, in the page's language.

import { TEXTS } from "./texts.js";

export const LANGUAGE = document.documentElement.lang.startsWith("en") ? "en" : "vi";
const LOCALE = { vi: "vi-VN", en: "en-GB" }[LANGUAGE];

/** A text with its blanks {name} filled in. */
export function say(key, blanks = {}) {
  return TEXTS[LANGUAGE][key].replace(/\{(\w+)\}/g, (blank, name) => String(blanks[name] ?? blank));
}

/** Date and time, or a word for an unknown one. */
export function sayTime(time) {
  return time
    ? new Intl.DateTimeFormat(LOCALE, { day: "2-digit", month: "2-digit", year: "numeric",
      hour: "2-digit", minute: "2-digit" }).format(time)
    : say("savedUnknown");
}

/** Time of day with seconds. */
export function sayClock(time) {
  return new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" }).format(time);
}

/** An answer's value, as short as it can be read: number, choice, plan, or the start of a text. */
export function sayValue({ kind, value, unit }) {
  if (value === undefined) return "—";
  if (typeof value === "number") {
    const shown = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 6 }).format(value);
    return unit ? `${shown} ${unit}` : shown;
  }
  if (kind === "text") return `${short(value, 140)} (${say("words", { n: value.split(/\s+/).length })})`;
  if (value && typeof value === "object") {
    if (!Object.keys(value).length) return "—";
    return short(Object.entries(value).map(([name, setting]) => `${name} = ${JSON.stringify(setting)}`).join(", "));
  }
  return short(String(value));
}

/** The text, cut after `length` characters. */
export function short(text, length = 240) {
  return text.length > length ? `${text.slice(0, length).trimEnd()}…` : text;
}
