// SHA-256, Ed25519 and base58. WebCrypto where the browser has it; a page served by plain HTTP on a factory
// network, or an older browser, has not: then the pinned pure JavaScript of the site is used.

const vendor = (path) => new URL(`../vendor/noble/${path}`, import.meta.url).href;
const subtle = globalThis.crypto?.subtle;

export async function sha256(bytes) {
  if (subtle) return new Uint8Array(await subtle.digest("SHA-256", bytes));
  return (await import(vendor("hashes/sha2.js"))).sha256(bytes);
}

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

// What rdf-canonize needs to hash without WebCrypto; undefined leaves it to its own way.
export async function messageDigest() {
  if (subtle) return undefined;
  const { sha256: hash } = await import(vendor("hashes/sha2.js"));
  return () => {
    const state = hash.create();
    return {
      update: (text) => state.update(new TextEncoder().encode(text)),
      digest: async () => hex(state.digest()),
    };
  };
}

export async function ed25519Holds(publicKey, signature, message) {
  if (subtle) {
    try {
      const key = await subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      return await subtle.verify({ name: "Ed25519" }, key, signature, message);
    } catch (error) {
      if (error.name !== "NotSupportedError") return false;
    }
  }
  const [ed, { sha512 }] = await Promise.all([import(vendor("ed25519.js")), import(vendor("hashes/sha2.js"))]);
  ed.hashes.sha512 = sha512;
  try {
    return ed.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

// Multibase base58btc ("z…") to bytes; throws on anything else.
export function multibase(text) {
  if (typeof text !== "string" || text[0] !== "z" || text.length > 200) throw new Error("multibase");
  let number = 0n;
  for (const letter of text.slice(1)) {
    const digit = ALPHABET.indexOf(letter);
    if (digit < 0) throw new Error("base58");
    number = number * 58n + BigInt(digit);
  }
  const bytes = [];
  for (; number > 0n; number >>= 8n) bytes.unshift(Number(number & 255n));
  for (let i = 1; text[i] === "1"; i++) bytes.unshift(0);
  return Uint8Array.from(bytes);
}
