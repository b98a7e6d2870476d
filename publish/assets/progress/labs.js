// The labs' experiment logs in this browser: their keys are the edition's, then the lab's name (see keptAs in
// linelab/widgets/front/dom.js). Here and in files they go by what follows the edition.

import { EDITION } from "../edition.js";

const PREFIX = `linelab:${EDITION}:`;

/** {name: text} of everything that labs keep here. */
export function readLogs() {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i));
    return Object.fromEntries(keys.filter((key) => key?.startsWith(PREFIX))
      .map((key) => [key.slice(PREFIX.length), localStorage.getItem(key)]));
  } catch {
    return {};
  }
}

/** How many plans of a lab such as lab01 were tried, on whatever line. */
export function runs(logs, lab) {
  return Object.entries(logs).filter(([name]) => name.startsWith(`${lab}-`))
    .reduce((sum, [, text]) => sum + (entriesOf(text)?.length ?? 0), 0);
}

/** Add logs from a file to those here; plans that are here stay as they are. */
export function mergeLogs(theirs) {
  const ours = readLogs();
  for (const [name, text] of Object.entries(theirs ?? {})) {
    if (!/^lab\d/.test(name) || typeof text !== "string") continue;
    const [mine, other] = [entriesOf(ours[name]), entriesOf(text)];
    if (!mine || !other) {
      if (ours[name] === undefined) localStorage.setItem(PREFIX + name, text);
      continue;
    }
    const known = new Set(mine.map((entry) => JSON.stringify(entry.plan)));
    const log = JSON.parse(ours[name]);
    for (const entry of other) {
      if (!known.has(JSON.stringify(entry.plan))) log.entries.push({ ...entry, no: ++log.count });
    }
    localStorage.setItem(PREFIX + name, JSON.stringify(log));
  }
}

export function removeLogs() {
  for (const name of Object.keys(readLogs())) localStorage.removeItem(PREFIX + name);
}

function entriesOf(text) {
  try {
    const log = JSON.parse(text);
    return Array.isArray(log?.entries) ? log.entries : undefined;
  } catch {
    return undefined;
  }
}
