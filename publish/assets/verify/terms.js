// Makes sure that the JSON people read and the statements that are signed are the same thing: pinned contexts
// only, plain terms only, nothing that no context defines. The twin of autograder/certify/terms.py.

import { hex, messageDigest, sha256 } from "./digest.js";
import { SiteError } from "./errors.js";

export const V2 = "https://www.w3.org/ns/credentials/v2";
const OB3 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

// A context decides what a signature means: each is pinned by its SHA-256, and no other is ever loaded.
const CONTEXTS = {
  [V2]: ["credentials-v2.json", "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"],
  [OB3]: ["ob-v3p0-context-3.0.3.json", "3d34f4d4ef1bce691106e63798beb5e7b862ba841423f5ee1e53ab7ddf3bca84"],
};
const PLAIN = /^[A-Za-z][A-Za-z0-9]*$/;
const MAX_DEPTH = 20;

const vendor = (path) => new URL(`../vendor/${path}`, import.meta.url).href;
const loaded = new Map();

async function context(url) {
  if (!Object.hasOwn(CONTEXTS, url)) throw new Error(`unknown context ${url}`);
  if (!loaded.has(url)) {
    const [file, digest] = CONTEXTS[url];
    const bytes = new Uint8Array(await (await fetch(vendor(`contexts/${file}`))).arrayBuffer());
    if (hex(await sha256(bytes)) !== digest) throw new SiteError(file);
    loaded.set(url, JSON.parse(new TextDecoder().decode(bytes)));
  }
  return { contextUrl: null, documentUrl: url, document: loaded.get(url) };
}

let processor;
function jsonld() {
  processor ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    // The bundle would register with a module loader of the page instead of giving its name.
    const { define } = globalThis;
    globalThis.define = undefined;
    script.src = vendor("jsonld/jsonld.min.js");
    script.onload = () => {
      globalThis.define = define;
      resolve(globalThis.jsonld);
    };
    script.onerror = () => reject(new SiteError("jsonld.min.js"));
    document.head.append(script);
  });
  return processor;
}

// Loads what checking needs, so that a damaged site is told apart from a bad credential.
export async function prepare() {
  try {
    await Promise.all([jsonld(), ...Object.keys(CONTEXTS).map(context)]);
  } catch (error) {
    throw error instanceof SiteError ? error : new SiteError(String(error.message ?? error));
  }
}

// Returns the path of what is wrong with the terms of an unsigned document or proof, or null.
export async function problem(json) {
  const named = json["@context"];
  const listed = Array.isArray(named) ? named : [named];
  const known = listed.every((url) => typeof url === "string" && Object.hasOwn(CONTEXTS, url));
  if (listed[0] !== V2 || !known || new Set(listed).size < listed.length) return "@context";
  const { "@context": _, ...body } = json;
  const spelled = spelling(body, "", 0);
  if (spelled) return spelled;
  try {
    const processing = await jsonld();
    const expanded = await processing.expand(json, { safe: true, documentLoader: context });
    const { "@context": __, ...back } = await processing.compact(expanded, named, { documentLoader: context });
    return difference(folded(body), folded(back), "");
  } catch (error) {
    const { property, term, id, relativeId, type } = error.details?.event?.details ?? {};
    return String(property ?? term ?? relativeId ?? id ?? type ?? error.message ?? "JSON-LD");
  }
}

// The RDFC-1.0 canonical N-Quads, as bytes.
export async function canonical(json) {
  const createMessageDigest = await messageDigest();
  const quads = await (await jsonld()).canonize(json, {
    algorithm: "RDFC-1.0",
    format: "application/n-quads",
    safe: true,
    documentLoader: context,
    canonizeOptions: createMessageDigest ? { createMessageDigest } : null,
  });
  return new TextEncoder().encode(quads);
}

function spelling(value, path, depth) {
  if (depth > MAX_DEPTH || value === null) return path || "null";
  if (Array.isArray(value)) {
    if (!value.length || value.some(Array.isArray)) return path;
    for (const inner of value) {
      const found = spelling(inner, path, depth + 1);
      if (found) return found;
    }
  } else if (typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      const here = path ? `${path}.${key}` : key || "empty key";
      if (!PLAIN.test(key)) return here;
      const types = key === "type" ? [inner].flat() : [];
      if (!types.every((name) => typeof name === "string" && PLAIN.test(name))) return here;
      const found = spelling(inner, here, depth + 1);
      if (found) return found;
    }
  }
  return null;
}

// JSON-LD takes a list of one and its element, and a lone {"id": X} and X, for the same thing.
function folded(value) {
  if (Array.isArray(value)) return value.length === 1 ? folded(value[0]) : value.map(folded);
  if (value === null || typeof value !== "object") return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === "id") return value.id;
  return Object.fromEntries(keys.map((key) => [key, folded(value[key])]));
}

function difference(ours, theirs, path) {
  if (typeof ours !== typeof theirs || Array.isArray(ours) !== Array.isArray(theirs)) return path || "document";
  if (ours === null || theirs === null || typeof ours !== "object") return ours === theirs ? null : path || "document";
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const here = Array.isArray(ours) ? path : path ? `${path}.${key}` : key;
    if (!Object.hasOwn(ours, key) || !Object.hasOwn(theirs, key)) return here;
    const found = difference(ours[key], theirs[key], here);
    if (found) return found;
  }
  return null;
}
