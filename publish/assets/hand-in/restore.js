// Puts the exercises of a hand-in file back into this browser's storage.

import { readHandIn, stamp } from "./file.js";
import { readNotebooks, writeNotebooks } from "./storage.js";
import { ask, el, message } from "./view.js";
import { say, sayTime } from "./words.js";

/**
 * Restore from a chosen file; asks before it replaces anything, and keeps what it replaces.
 *
 * @param {File} file
 * @returns {Promise<HTMLElement>} message that says what happened
 * @throws {StorageError}
 */
export async function restore(file) {
  let handIn;
  try {
    handIn = await readHandIn(file);
  } catch (error) {
    return message("error", "", say(error.message, { name: file.name }));
  }
  return restoreNotebooks(handIn);
}

/**
 * Put notebooks into this browser's storage, with the same care.
 *
 * @param {{made: Date, entries: [{path, content}]}} handIn
 * @returns {Promise<HTMLElement>} message that says what happened
 */
export async function restoreNotebooks(handIn) {
  const stored = new Map((await readNotebooks()).map((notebook) => [notebook.path, notebook]));
  const now = new Date();
  const writes = [];
  const backups = [];
  let same = 0;
  for (const { path, content } of handIn.entries) {
    const present = stored.get(path);
    if (present && sameContent(present.content, content)) {
      same += 1;
      continue;
    }
    if (present) {
      if (!(await mayReplace(present, handIn.made))) continue;
      const kept = path.replace(/\.ipynb$/, `.backup-${stamp(now)}.ipynb`);
      backups.push(kept);
      writes.push({ path: kept, content: present.content, saved: present.saved ?? now });
    }
    writes.push({ path, content, saved: handIn.made });
  }
  if (!writes.length) return message("info", "", say(same ? "restoreSame" : "restoreCancelled"));
  await writeNotebooks(writes);
  const restored = writes.map((notebook) => notebook.path).filter((path) => !backups.includes(path));
  return message("good", "", say("restored", { list: restored.join(", ") }),
    ...(backups.length ? [say("restoredBackup", { list: backups.join(", ") })] : []));
}

function mayReplace(present, made) {
  const newer = present.saved && present.saved > made;
  return ask(say("overwriteTitle"), say("overwriteOk"),
    el("p", {}, say("overwrite", { path: present.path, saved: sayTime(present.saved), made: sayTime(made) })),
    newer ? el("p", {}, el("strong", {}, say("overwriteNewer"))) : null,
    el("p", {}, say("overwriteKept")));
}

// JupyterLite orders keys anew and may add empty fields at a save: what the trainee made is what counts.
function sameContent(a, b) {
  const essence = (content) => JSON.stringify((content?.cells ?? []).map((cell) =>
    [cell.cell_type, [cell.source ?? ""].flat().join(""), cell.outputs?.length ?? 0]));
  return essence(a) === essence(b);
}
