// JupyterLite's notebooks in this browser. They lie in IndexedDB as localforage keeps them: one database
// for each edition of the course, an object store `files` without key path, key = path such as
// `vi/w01.ipynb`, value = a Jupyter contents model {content, last_modified, …}. A notebook gets there at its
// first save; until then JupyterLite shows the release from the server.

import { EDITION } from "../edition.js";

const STORE = "files";
const COPIES = "checkpoints"; // earlier versions, which JupyterLite can go back to

/** What went wrong with the storage; `kind` is blocked, quota, busy or failed. */
export class StorageError extends Error {
  constructor(kind, cause) {
    super(`${kind}: ${cause?.message ?? cause ?? ""}`);
    this.kind = kind;
  }
}

const DATABASE = `course-${EDITION}`; // as publish/layout.py tells JupyterLite

/** Every stored notebook: [{path, saved: Date|null, content}]. */
export async function readNotebooks() {
  const db = await openExisting(DATABASE);
  if (!db) return [];
  try {
    return db.objectStoreNames.contains(STORE) ? await readAll(db) : [];
  } finally {
    db.close();
  }
}

/** Store notebooks, all or none: [{path, content, saved: Date}]. */
export async function writeNotebooks(notebooks) {
  const db = await openForWriting(DATABASE);
  try {
    await new Promise((resolve, reject) => {
      const transaction = db.transaction(STORE, "readwrite");
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(asStorageError(transaction.error));
      try {
        for (const notebook of notebooks) transaction.objectStore(STORE).put(model(notebook), notebook.path);
      } catch (error) {
        reject(asStorageError(error));
        transaction.abort();
      }
    });
  } finally {
    db.close();
  }
}

/** Remove notebooks by their paths, with JupyterLite's copies of them. */
export async function removeNotebooks(paths) {
  const db = await openExisting(DATABASE);
  if (!db) return;
  try {
    const stores = [STORE, COPIES].filter((name) => db.objectStoreNames.contains(name));
    if (!stores.length) return;
    await new Promise((resolve, reject) => {
      const transaction = db.transaction(stores, "readwrite");
      transaction.oncomplete = resolve;
      transaction.onerror = transaction.onabort = () => reject(asStorageError(transaction.error));
      for (const store of stores) for (const path of paths) transaction.objectStore(store).delete(path);
    });
  } finally {
    db.close();
  }
}

function model({ path, content, saved }) {
  return {
    name: path.split("/").pop(), path, type: "notebook", format: "json", mimetype: "application/json",
    content, size: JSON.stringify(content).length, writable: true,
    created: saved.toISOString(), last_modified: saved.toISOString(),
  };
}

function readAll(db) {
  return new Promise((resolve, reject) => {
    const found = [];
    const request = db.transaction(STORE).objectStore(STORE).openCursor();
    request.onerror = () => reject(asStorageError(request.error));
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return resolve(found);
      const path = String(cursor.key);
      if (path.endsWith(".ipynb")) {
        const time = new Date(cursor.value?.last_modified ?? NaN);
        found.push({ path, content: notebook(cursor.value?.content), saved: isNaN(time) ? null : time });
      }
      cursor.continue();
    };
  });
}

function notebook(content) {
  try {
    const value = typeof content === "string" ? JSON.parse(content) : content;
    return Array.isArray(value?.cells) ? value : null;
  } catch {
    return null;
  }
}

// Opening a database that is not there would create it, and JupyterLite must find its own: so undo that.
function openExisting(name) {
  return open(name, undefined, (request) => request.transaction.abort()).catch((error) => {
    if (error.created) return null;
    throw error;
  });
}

async function openForWriting(name) {
  const create = (request) => {
    if (!request.result.objectStoreNames.contains(STORE)) request.result.createObjectStore(STORE);
  };
  const db = await open(name, undefined, create);
  if (db.objectStoreNames.contains(STORE)) return db;
  db.close();
  return open(name, db.version + 1, create);
}

function open(name, version, upgrade) {
  return new Promise((resolve, reject) => {
    let created = false;
    let request;
    try {
      request = indexedDB.open(name, version);
    } catch (error) {
      reject(new StorageError("blocked", error));
      return;
    }
    request.onupgradeneeded = () => {
      created = true;
      upgrade(request);
    };
    request.onblocked = () => reject(new StorageError("busy"));
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = (event) => {
      event.preventDefault();
      const error = asStorageError(request.error, "blocked");
      error.created = created;
      reject(error);
    };
  });
}

function asStorageError(error, otherwise = "failed") {
  if (error?.name === "QuotaExceededError") return new StorageError("quota", error);
  if (["SecurityError", "InvalidStateError", "NotAllowedError"].includes(error?.name)) {
    return new StorageError("blocked", error);
  }
  return new StorageError(otherwise, error);
}
