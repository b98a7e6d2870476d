// The labs' experiment logs in this browser: their keys begin with the lab's name (see linelab/widgets/front/log.js).

const PREFIX = "linelab:";

/** {key: text} of everything that labs keep here. */
export function readLogs() {
  try {
    const keys = Array.from({ length: localStorage.length }, (_, i) => localStorage.key(i));
    return Object.fromEntries(keys.filter((key) => key?.startsWith(PREFIX)).map((key) => [key, localStorage.getItem(key)]));
  } catch {
    return {};
  }
}

/** How many plans of a lab such as lab01 were tried, on whatever line. */
export function runs(logs, lab) {
  return Object.entries(logs).filter(([key]) => key.startsWith(`${PREFIX}${lab}-`))
    .reduce((sum, [, text]) => sum + (entriesOf(text)?.length ?? 0), 0);
}

/** Add logs from a file to those here; plans that are here stay as they are. */
export function mergeLogs(theirs) {
  const ours = readLogs();
  for (const [key, text] of Object.entries(theirs ?? {})) {
    if (!key.startsWith(PREFIX) || typeof text !== "string") continue;
    const [mine, other] = [entriesOf(ours[key]), entriesOf(text)];
    if (!mine || !other) {
      if (ours[key] === undefined) localStorage.setItem(key, text);
      continue;
    }
    const known = new Set(mine.map((entry) => JSON.stringify(entry.plan)));
    const log = JSON.parse(ours[key]);
    for (const entry of other) {
      if (!known.has(JSON.stringify(entry.plan))) log.entries.push({ ...entry, no: ++log.count });
    }
    localStorage.setItem(key, JSON.stringify(log));
  }
}

export function removeLogs() {
  for (const key of Object.keys(readLogs())) localStorage.removeItem(key);
}

function entriesOf(text) {
  try {
    const log = JSON.parse(text);
    return Array.isArray(log?.entries) ? log.entries : undefined;
  } catch {
    return undefined;
  }
}
