// Gets the credential out of what a person has: the JSON file, the PDF it is attached to, or the QR code's link.
// Throws an Error whose message is a key of the texts.

import { SiteError } from "./errors.js";

const MAX_JSON = 200_000;
const MAX_FILE = 20_000_000;

export async function fromFile(file) {
  if (file.size > MAX_FILE) throw new Error("too-large");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isPdf = latin1(bytes.subarray(0, 1024)).includes("%PDF-");
  return isPdf ? await fromPdf(bytes) : fromJson(bytes);
}

export function fromJson(bytes) {
  if (bytes.length > MAX_JSON) throw new Error("too-large");
  let json, text;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    json = JSON.parse(text);
  } catch {
    throw new Error("not-json");
  }
  if (hasDoubledKey(text)) throw new Error("not-json");
  if (json === null || typeof json !== "object" || Array.isArray(json)) throw new Error("not-json");
  return json;
}

// A key that is there twice reads differently in different programs. `text` is known to be JSON.
function hasDoubledKey(text) {
  const open = [];
  for (const [token, , colon] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") open.push(new Set());
    else if (token === "}" || token === "]") open.pop();
    else if (colon) {
      const key = JSON.parse(token.slice(0, -colon.length));
      if (open.at(-1).has(key)) return true;
      open.at(-1).add(key);
    }
  }
  return false;
}

// The part of the link behind "#", which browsers never send to a server: digits, for the QR code's sake, that
// are the JSON compressed with a dictionary (autograder/certify/link.py).
export async function fromFragment(fragment) {
  const digits = /^1\.(\d{40,4300})$/.exec(fragment)?.[1];
  if (!digits) throw new Error("bad-link");
  const known = await dictionary();
  try {
    const packed = [];
    for (let rest = BigInt(digits); rest > 1n; rest >>= 8n) packed.push(Number(rest & 255n));
    // Browsers take no dictionary: say it first, as a block that is stored, then cut it off.
    const length = known.length;
    const head = [0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255];
    const stream = new Uint8Array([...head, ...known, ...packed.reverse()]);
    return fromJson((await inflate(stream, "deflate-raw", MAX_JSON + length)).subarray(length));
  } catch {
    throw new Error("bad-link");
  }
}

async function dictionary() {
  try {
    const answer = await fetch(new URL("qr-1.txt", import.meta.url));
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  } catch {
    // said below
  }
  throw new SiteError("qr-1.txt");
}

// Finds the embedded file streams of a PDF without reading the rest of it. Exactly one may be a credential.
async function fromPdf(bytes) {
  const text = latin1(bytes);
  const found = [];
  for (const match of text.matchAll(/\/Type\s*\/EmbeddedFile\b/g)) {
    const open = text.indexOf("stream", match.index);
    const dictionary = text.slice(text.lastIndexOf(" obj", match.index), open);
    const start = open + (text.startsWith("\r\n", open + 6) ? 8 : 7);
    const close = text.indexOf("endstream", start);
    if (open < 0 || close < 0) continue;
    const length = Number(/\/Length\s+(\d+)(?!\s+\d+\s+R)/.exec(dictionary)?.[1] ?? close - start);
    try {
      const raw = bytes.subarray(start, start + length);
      found.push(fromJson(dictionary.includes("/FlateDecode") ? await inflate(raw, "deflate", MAX_JSON) : raw));
    } catch {
      // another attachment, or a damaged one: not a credential
    }
  }
  const credentials = found.filter((json) => Object.hasOwn(json, "@context"));
  if (credentials.length !== 1) throw new Error(credentials.length ? "many-in-pdf" : "none-in-pdf");
  return credentials[0];
}

// Decompresses, and stops at `limit` bytes: a small file may unpack to a huge one.
export async function inflate(bytes, format, limit) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      await reader.cancel();
      throw new Error("too-large");
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function latin1(bytes) {
  return new TextDecoder("latin1").decode(bytes);
}
